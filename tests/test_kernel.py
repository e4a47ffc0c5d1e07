"""The compiled ledger is the plain one to the last bit, and its statistics are those of `metrics`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from backtests.engine import kernel, ledger
from backtests.engine.result import LINES, Result
from backtests.performance import metrics
from strategies import compiled
from tests.books import random_book

ROOT = Path(__file__).resolve().parent.parent
BOOKS = [random_book(seed) for seed in range(300)]
EXACT = ("excess_return", "volatility", "sharpe", "sortino", "best_bar", "worst_bar", "hit_rate", "total_return")
DAYS = ("sharpe_lo", "var_95", "es_95", "longest_drawdown_days", "start", "end", "ruined")  # what a sweep does not tell


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return [ledger.run(book) for book in BOOKS]


@pytest.fixture(scope="module")
def sweep() -> kernel.Sweep:
    return kernel.sweep(BOOKS)


def same(first: Result, second: Result) -> list[str]:
    """Names of what differs in a bit."""
    pairs = {name: (value, getattr(second, name)) for name, value in vars(first).items()}
    return [
        name for name, (a, b) in pairs.items() if (a.tobytes() != b.tobytes() if isinstance(a, np.ndarray) else a != b)
    ]


def test_every_line_of_any_book_is_the_plain_ledgers_to_the_last_bit(results):
    for seed, (book, plain) in enumerate(zip(BOOKS, results, strict=True)):
        assert same(plain, kernel.run(book)) == [], seed


def test_the_books_hold_every_feature(results):
    seen = set()
    for book, result in zip(BOOKS, results, strict=True):
        seen |= {name for name in LINES if result.line(name).any()}
        seen |= {
            f"lag {book.lag}",
            "band" if book.band.any() else "no band",
            "capital" if book.fixed_base else "equity",
        }
        seen |= {"ruin"} if result.ruined is not None else {"survival"}
        seen |= {"holiday"} if not book.tradable.all() else {"open"}
        seen |= {"lots"} if book.lot.any() else {"any size"}
        seen |= {"lots that drift"} if (np.diff(book.lot, axis=0) != 0).any() else set()
        seen |= {"withheld"} if (book.income_long != book.income_short).any() else set()
        seen |= {"exposed"} if book.fx_exposed.any() else {"covered"}
        seen |= {"basis"} if (book.funding_long != book.funding_short).any() else {"no basis"}
        seen |= {"longer than a block"} if len(book.dates) > 130 else {"short"}
    assert seen == {
        *LINES, "lag 0", "lag 1", "lag 2", "band", "no band", "capital", "equity", "ruin", "survival", "holiday",
        "open", "lots", "lots that drift", "any size", "withheld", "exposed", "covered", "basis", "no basis",
        "longer than a block", "short",
    }  # fmt: skip


def test_the_statistics_are_those_of_metrics(results, sweep):
    for k, (book, result) in enumerate(zip(BOOKS, results, strict=True)):
        told = metrics.summary(
            {name: values[k] for name, values in sweep.statistics.items()},
            book.dates,
            book.capital,
            252.0,
            sweep.lines["cash"][k],
        )
        figures = metrics.figures(result, 252.0)
        assert {name for name in figures if name not in told} - set(DAYS) == {
            f"{drawdown}_{day}"
            for drawdown in ("drawdown", "excess_drawdown")
            for day in ("peak", "trough", "recovery")
        }
        for name, value in told.items():
            assert (value is None) == (figures[name] is None), (k, name)
            if name in EXACT:
                assert value == figures[name], (k, name)
            elif value is not None:
                scale = book.capital if name in ("pnl", "trading_pnl", "interest") else 1.0
                assert value == pytest.approx(figures[name], rel=1e-12, abs=1e-12 * scale), (k, name)


def test_the_totals_are_the_sums_of_the_lines(results, sweep):
    for k, result in enumerate(results):
        for name in LINES:
            scale = np.abs(result.line(name)).sum()
            assert sweep.lines[name][k] == pytest.approx(result.line(name).sum(), rel=0, abs=1e-12 * scale + 1e-300)
        assert sweep.ruined[k] == (-1 if result.ruined is None else result.ruined)


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_no_bit(sweep, threads):
    other = kernel.sweep(iter(BOOKS), threads)
    for first, second in ((sweep.statistics, other.statistics), (sweep.lines, other.lines)):
        for name in first:
            assert first[name].tobytes() == second[name].tobytes(), name
    assert (sweep.ruined == other.ruined).all()


@pytest.mark.parametrize("threads", [1, 3])
def test_whoever_looks_on_sees_every_books_own_path(results, threads):
    seen = {}

    def look(number: int, equity: np.ndarray, cash: np.ndarray) -> None:
        seen[number] = equity.copy(), cash.copy()

    kernel.sweep(BOOKS, threads, look)
    assert sorted(seen) == list(range(len(BOOKS)))
    for k, result in enumerate(results):
        assert seen[k][0].tobytes() == result.equity.tobytes()
        assert seen[k][1].tobytes() == result.cash.tobytes()


def test_no_books_come_to_nothing():
    nothing = kernel.sweep([])
    assert all(len(values) == 0 for values in (*nothing.statistics.values(), *nothing.lines.values(), nothing.ruined))
    assert nothing.refused == {}


def test_how_an_array_lies_in_memory_changes_nothing():
    book = BOOKS[17]
    turned = book._replace(
        price=np.asfortranarray(book.price), fx=book.fx.copy(), targets=np.repeat(book.targets, 2, 1)[:, ::2]
    )
    assert same(kernel.run(book), kernel.run(turned)) == []
    frozen = book._replace(price=book.price.copy())
    frozen.price.flags.writeable = False
    assert same(kernel.run(book), kernel.run(frozen)) == []
    assert turned.price.flags.f_contiguous  # nothing given was changed
    assert turned.fx.flags.writeable


def test_whole_numbers_are_numbers():
    book = BOOKS[17]._replace(capital=1_000_000, lag=int(BOOKS[17].lag))
    assert same(ledger.run(book), kernel.run(book)) == []


# ---- what the kernel does not take


REFUSED = {
    "its price is neither": lambda book: {"price": book.price.astype(np.float32)},
    "its lot is neither": lambda book: {"lot": book.lot.astype(int)},
    "its spread is neither": lambda book: {"spread": np.vstack([book.spread, book.spread])},
    "its cash is neither": lambda book: {"cash": np.append(book.cash, [0.0, 0.0])},
    "its capital is neither": lambda book: {"capital": str(book.capital)},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_the_kernel_cannot_take_is_said_by_name(reason):
    book = BOOKS[17]
    assert kernel.refusal(book) is None
    assert (kernel.refusal(book._replace(**REFUSED[reason](book))) or "").startswith(reason)


def test_a_refused_book_is_walked_by_the_plain_ledger(results):
    odd = BOOKS[17]._replace(lot=BOOKS[17].lot.astype(int))
    assert same(results[17], kernel.run(odd)) == []
    seen = {}
    mixed = kernel.sweep([BOOKS[16], odd, BOOKS[18]], 1, lambda number, equity, cash: seen.update({number: equity[-1]}))
    sound = kernel.sweep(BOOKS[16:19])
    assert list(mixed.refused) == [1]
    assert seen[1] == results[17].equity[-1]
    for name in mixed.statistics:
        np.testing.assert_allclose(mixed.statistics[name], sound.statistics[name], rtol=1e-12, atol=1e-12)


def test_without_numba_everything_still_runs(monkeypatch, results):
    monkeypatch.setattr(kernel, "_installed", lambda: False)
    assert kernel.refusal(BOOKS[3]) == "numba is not installed"
    assert same(results[3], kernel.run(BOOKS[3])) == []
    assert set(kernel.sweep(BOOKS[:2]).refused) == {0, 1}


# ---- when it is used, and what is kept


def test_small_work_does_not_load_numba():
    code = (
        "from backtests.engine import kernel, ledger\nimport sys\n"
        "assert kernel.engine(kernel.WORTH - 1) is ledger.run and kernel.engine(kernel.WORTH) is kernel.run\n"
        "print('numba' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.split() == ["False"]


def test_once_it_is_loaded_it_walks_everything():
    kernel.run(BOOKS[0])
    assert kernel.engine(1) is kernel.run


@pytest.mark.slow
def test_what_is_compiled_once_is_read_from_disk_by_the_next_process(tmp_path):
    code = (
        "from backtests.engine import kernel, ledger\nfrom strategies import compiled, signals\n"
        "from tests.books import random_book\nimport numpy as np\n"
        "book = random_book(17)\nsame = kernel.run(book).equity.tobytes() == ledger.run(book).equity.tobytes()\n"
        "totals = kernel.sweep([book]).lines['price'][0]\ncompiled.load()\n"
        "score = signals.expanding_score(book.price[:, 0], 5)\n"
        "entries = [kernel._every_line(), kernel._totals(), compiled.load()['expanding_score']]\n"
        "print(same, float(totals).hex(), sum(len(entry.stats.cache_hits) for entry in entries))"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    answers = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
        ).stdout.split()
        for _ in range(2)
    ]
    assert answers[0][:2] == answers[1][:2] == ["True", answers[0][1]]
    assert [answer[2] for answer in answers] == ["0", "3"]


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop():
    class Nowhere:
        def enable_caching(self) -> None:
            raise RuntimeError("cannot cache function 'walk': no locator available")

    compiled._keep(Nowhere())
