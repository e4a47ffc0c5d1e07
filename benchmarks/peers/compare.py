"""The compiled ledger beside other backtesters, each in an environment of its own, on the same arrays and clock.

What all can do is compared: price changes at targets of equity, filled at the close on which they are decided,
fractions of a unit, nothing else. Financing, borrow, roll, income, costs, exchange rates and margin are switched off
here; the others have them not at all, or otherwise. Final equity and largest drawdown must agree before a ratio is
told. Times are of the processor, the least of several rounds: other work on the machine changes them less than the
wall's. Ours always hold the twenty statistics and the totals by line.

    python benchmarks/peers/compare.py FOLDER [PEER...]    # makes FOLDER/PEER, an environment, where it is not there
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from backtests.engine import kernel
from backtests.engine.book import Book, decisions
from data.pricing.bonds import Array

HERE = Path(__file__).resolve().parent
PEERS = {
    "backtrader": "backtrader==1.9.78.123 numpy==2.4.6 pandas==3.1.1",
    "bt": "bt==1.4.1",
    "vectorbt": "vectorbt==1.2.0",
}
BARS, CAPITAL, CELLS, ROUNDS = 5040, 1e7, 1000, 5
ALIKE = 1e-9  # of capital, and of a drawdown


def arrays(bars: int, legs: int, clock: str) -> dict[str, Array]:
    """Made-up closes of some legs, the rows on which they are traded, and weights for many cells."""
    rng = np.random.default_rng(0)
    dates = np.arange("2004-01-01", "2060-01-01", dtype="datetime64[D]")
    dates = dates[np.is_busday(dates)][:bars]
    price = 100 * np.exp(np.cumsum(rng.normal(0, 0.004, (bars, legs)), axis=0))
    decides = np.ones(bars, dtype=bool) if clock == "daily" else decisions(dates, "month", 252.0)
    decides[0] = True
    sizes = np.linspace(0.5, 1.5, CELLS)[:, None]
    weights = sizes * np.tile([0.6, -0.5], legs // 2) * 2 / legs
    return {"dates": dates, "price": price, "decides": decides, "weights": weights, "capital": np.array(CAPITAL)}


def books(given: dict[str, Array]) -> list[Book]:
    """The same, as the ledger takes it, a book a cell."""
    price, bars = given["price"], len(given["price"])
    none, flat = np.zeros(price.shape), np.zeros(bars)
    legs = price.shape[1]
    book = Book(
        dates=given["dates"], price=price, fx=np.ones(price.shape), fx_exposed=np.zeros(legs), funding_long=none,
        funding_short=none, borrow=none, roll=none, income_long=none, income_short=none, spread=none, lot=none,
        tradable=np.ones(price.shape, dtype=bool), listed=np.zeros(legs, dtype=bool), bond=np.zeros(legs, dtype=bool),
        cash=flat, margin=flat, repo=flat, targets=none, decides=given["decides"], lag=0, band=flat, capital=CAPITAL,
        fixed_base=False,
    )  # fmt: skip
    return [book._replace(targets=np.tile(weights, (bars, 1))) for weights in given["weights"]]


def ours(given: dict[str, Array]) -> tuple[float, list[float], list[float]]:
    """Milliseconds a cell, final equity and largest drawdown of every cell."""
    cells, took = books(given), []
    for _ in range(ROUNDS):
        start = time.process_time()
        kernel.sweep(cells)
        took.append(time.process_time() - start)
    paths: dict[int, Array] = {}
    kernel.sweep(cells, visit=lambda number, equity, cash: paths.__setitem__(number, equity.copy()))
    finals = [float(paths[k][-1]) for k in range(len(cells))]
    drawdowns = [float(np.max(1 - paths[k] / np.maximum.accumulate(paths[k]))) for k in range(len(cells))]
    return 1000 * min(took) / len(cells), finals, drawdowns


def environment(folder: Path, peer: str) -> Path:
    """The Python of a peer's environment, made where it is not there."""
    python = folder.resolve() / peer / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / peer], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS[peer].split()], check=True)
    return python


def theirs(python: Path, folder: Path, peer: str, given: dict[str, Array]) -> dict[str, Any]:
    """What a peer answers: milliseconds a cell, and final equity and largest drawdown of the cells it ran."""
    place = folder / "arrays.npz"
    np.savez(place, **given)
    answer = subprocess.run([python, HERE / f"peer_{peer}.py", place], check=True, capture_output=True, text=True)
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def compare(folder: Path, peer: str, bars: int, legs: int, clock: str) -> tuple[float, float]:
    """Print a line of a peer beside ours; return milliseconds of either."""
    given = arrays(bars, legs, clock)
    own, finals, drawdowns = ours(given)
    told = theirs(environment(folder, peer), folder, peer, given)
    count = len(told["final"])
    gap = float(np.abs(np.array(told["final"]) - finals[:count]).max() / CAPITAL)
    deep = float(np.abs(np.array(told["drawdown"]) - drawdowns[:count]).max())
    if max(gap, deep) > ALIKE:
        raise SystemExit(
            f"{peer}, {clock}: final equity is {gap:.1e} of capital apart, the largest drawdown {deep:.1e}"
        )
    cost = told["milliseconds"][0]
    if "statistics" in told:
        more, count_of = told["milliseconds"][1], len(told["statistics"])
        _agree(peer, clock, told["statistics"], kernel.sweep(books(given)).statistics)
        print(f"{peer:10} {clock:7} with {count_of} statistics {more:.2f} ms: {more / own:,.1f} times", flush=True)
    print(
        f"{peer:10} {clock:7} {bars:6,} bars {legs} legs  {cost:9.2f} ms, ours {own:.3f}: {cost / own:9,.1f} times  "
        f"(apart: equity {gap:.0e}, drawdown {deep:.0e}; cells run {count})",
        flush=True,
    )
    return cost, own


def _agree(peer: str, clock: str, theirs: dict[str, list[float]], ours: dict[str, Array]) -> None:
    """Stop where a statistic is not ours."""
    for name, values in theirs.items():
        apart = float(np.abs(np.array(values) - ours[name]).max())
        if apart > ALIKE * float(np.abs(ours[name]).max()):
            raise SystemExit(f"{peer}, {clock}: {name} is {apart:.1e} apart")


def main(folder: Path, peers: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for peer in peers or PEERS:
        for clock in ("monthly", "daily"):
            cost, own = compare(folder, peer, BARS, 2, clock)
            half, own_half = compare(folder, peer, BARS // 2, 2, clock)
            wide, own_wide = compare(folder, peer, BARS, 4, clock)
            print(f"  twice the bars {cost / half:.2f}, ours {own / own_half:.2f}", end="; ")
            print(f"twice the legs {wide / cost:.2f}, ours {own_wide / own:.2f}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
