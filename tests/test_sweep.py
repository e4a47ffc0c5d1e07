"""A sweep's cells are what runs of the same settings come to, whatever the threads, and however often it is resumed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from backtests import config
from backtests.config import SweepSection
from backtests.engine import kernel
from backtests.runs import runner
from backtests.sweeps import conclude, prove, run, store
from backtests.sweeps.banks import Banks, banks
from backtests.sweeps.plan import books
from backtests.sweeps.walk import walk
from data.build import build
from data.errors import ConfigError, ReconciliationError
from tests.histories import days

BASE = {
    "name": "grid",
    "data": {"start": "2005-01-31", "end": "2024-12-31"},
    "variants": {"fade": {"strategy": "reversion", "params": {"long": "UST10", "short": "JGB10", "duration": 4.0}}},
}
EVERY_KIND = {
    "params.lookback": ["12M", "3Y"],
    "params.enter": {"from": 1, "to": 2, "step": 0.5},
    "params.duration": {"from": 2, "to": 8, "log": 3},
    "trade.stop_bp": [15, None],
    "overlays": [[], [{"smooth": {"window": "3M"}}], [{"gross_cap": {"gross": 0.9}}]],
    "legs": [["UST10", "JGB10"], ["UST30", "JGB30"]],
    "rebalance.every": ["month", "quarter"],
    "rebalance.band": [0.0, 0.2],
    "costs": [1, 3],
    "currency": ["repo", "unhedged", {"fx_swap": {"basis_bp": -30}}],
    "fill": ["same_close", "next_close"],
}


def written(folder: Path, over: dict, **changed) -> Path:
    """A configuration with a sweep, as a file."""
    text = {**BASE, **{key: value for key, value in changed.items() if key != "sample"}}
    text["sweep"] = {"base": "fade", "over": over, **({"sample": changed["sample"]} if "sample" in changed else {})}
    path = folder / "grid.yaml"
    path.write_text(as_yaml(text))
    return path


def as_yaml(data: dict) -> str:
    """JSON is YAML, but for dates, which stand without quotes."""
    return re.sub(r'"(\d{4}-\d\d-\d\d)"', r"\1", json.dumps(data, indent=1))


def grid_of(folder: Path, over: dict, **changed) -> config.Grid:
    return config.grid(config.load(written(folder, over, **changed)))


@pytest.fixture(scope="module")
def every_kind(tmp_path_factory):
    """A grid of every kind of setting, a sample of it, and what walking it came to."""
    grid = grid_of(tmp_path_factory.mktemp("kinds"), EVERY_KIND, sample={"n": 240, "seed": 5})
    shared = banks(grid)
    return grid, shared, shared.part(0, grid.cells)


def test_a_cells_book_is_the_one_that_a_run_is_given_but_for_the_last_bit_of_a_size(every_kind):
    grid, shared, part = every_kind
    assert part.refused == {}
    differing = set()
    for row, book in zip(part.run, books(part), strict=True):
        whole = prove.book_of(grid, shared.market, grid.cells[row])
        for name, made, long in zip(book._fields, book, whole, strict=True):
            if name == "targets":
                assert np.abs(made - long).max() <= 4e-16 * np.abs(long).max(initial=1.0)
            elif np.asarray(made).tobytes() != np.ascontiguousarray(long).tobytes():
                differing.add(name)
    assert differing == set()


def test_the_sample_holds_every_value_of_every_setting(every_kind):
    grid, _, part = every_kind
    places = grid.places(part.cells)
    assert [len(np.unique(places[:, i])) for i in range(places.shape[1])] == list(grid.shape)


def test_figures_are_those_of_a_configuration_with_the_cells_as_variants(tmp_path, every_kind):
    grid, _, part = every_kind
    figures = walk(part)
    rows = list(range(0, len(part.cells), 6))
    text, names = json.loads(json.dumps(BASE)), {}
    text["variants"] = {}
    costly: dict[str, bool] = {}
    for row in rows:
        settings = grid.settings(int(part.cells[row]))
        names[f"cell-{row}"] = row
        costly[f"cell-{row}"] = settings["costs"] == 3
        legs = settings["legs"]
        text["variants"][f"cell-{row}"] = {
            "strategy": "reversion",
            "params": {"long": legs[0], "short": legs[1]}
            | {name: settings[f"params.{name}"] for name in ("lookback", "enter", "duration")},
            "overlays": settings["overlays"], "currency": settings["currency"], "fill": settings["fill"],
            "rebalance": {name: settings[f"rebalance.{name}"] for name in ("every", "band")},
            **({"trade": {"stop_bp": settings["trade.stop_bp"]}} if settings["trade.stop_bp"] else {}),
        }  # fmt: skip
    half_spreads = {"UST10": 0.1, "JGB10": 0.25, "UST30": 0.15, "JGB30": 0.75}
    for tripled in (False, True):
        own = {name: variant for name, variant in text["variants"].items() if costly[name] == tripled}
        dear = {name: {"half_spread_bp": 3 * spread} for name, spread in half_spreads.items()} if tripled else {}
        path = tmp_path / "cells.yaml"
        path.write_text(as_yaml({**text, "variants": own, "instruments": dear}))
        for variant in runner.run(config.load(path)).variants:
            row = names[variant.variant.name]
            for name in prove.COMPARED:
                told, given = variant.figures[name], figures.metrics[name][row]
                scale = 1e7 if name in prove.IN_MONEY else 1.0
                assert (told is None and np.isnan(given)) or abs(told - given) <= 1e-9 * scale, (row, name)
            assert (str(figures.start[row]), str(figures.end[row])) == (
                variant.figures["start"], variant.figures["end"],
            )  # fmt: skip


def test_a_figure_that_is_no_runs_fails_the_sweep(every_kind):
    grid, shared, part = every_kind
    figures = walk(part)
    given = {name: float(values[3]) for name, values in figures.metrics.items()}
    assert prove.prove(grid, shared.market, {int(part.cells[3]): given})[0].difference < 1e-12
    with pytest.raises(ReconciliationError, match="volatility is"):
        prove.prove(grid, shared.market, {int(part.cells[3]): {**given, "volatility": given["volatility"] + 1e-8}})


def test_on_days_and_in_whole_lots_a_cells_book_is_a_runs_to_the_bit(tmp_path):
    over = {
        "params.weight": [0.2, 0.3, 0.55], "rebalance.every": ["week", "month"], "rebalance.band": [0.0, 0.1],
        "trade.stop_pct": [1.0, None], "currency": ["repo", "unhedged"],
    }  # fmt: skip
    pair = {"strategy": "divergence", "params": {"long": "TLT", "short": "JGB20", "sizing": "notional", "weight": 0.5}}
    grid = grid_of(tmp_path, over, variants={"fade": pair}, data={})
    tables = days()
    market = build(tables, [grid.config.library[name] for name in ("TLT", "JGB20")])
    part = Banks(grid, tables, market).part(0, grid.cells)
    assert market.daily and market.lot.any() and part.refused == {}
    assert len(part.factors) == 1
    for cell, book in zip(grid.cells, books(part), strict=True):
        whole = prove.book_of(grid, market, cell)
        for name, value, run_value in zip(book._fields, book, whole, strict=True):
            assert np.asarray(value).tobytes() == np.ascontiguousarray(run_value).tobytes(), (cell, name)


def test_sizes_of_one_signal_share_it(every_kind):
    _, _, part = every_kind
    assert len(part.signals) < len(part.cells) / 2


# ---- numbers and values


def test_values_at_equal_steps_and_at_equal_ratios(tmp_path):
    over = {
        "params.enter": {"from": 1, "to": 3, "step": 0.1},
        "params.duration": {"from": 1, "to": 8, "log": 4},
        "params.lookback": {"from": "12M", "to": "60M", "step": "12M"},
    }
    values = {axis.name: axis.values for axis in grid_of(tmp_path, over).axes}
    assert values["params.enter"] == tuple(k / 10 for k in range(10, 31))
    assert values["params.duration"] == (1.0, 2.0, 4.0, 8.0)
    assert values["params.lookback"] == ("12M", "24M", "36M", "48M", "60M")


def test_every_combination_is_a_cell_of_its_own(tmp_path):
    grid = grid_of(tmp_path, {"costs": [1, 2], "params.enter": [1, 2, 3], "rebalance.every": ["month", "quarter"]})
    cells = [tuple(grid.settings(cell).values()) for cell in grid.cells]
    assert len(set(cells)) == grid.count == 12
    assert list(grid.settings(0)) == ["costs", "params.enter", "rebalance.every"]


def test_a_sample_of_a_grid_too_large_to_list_is_drawn_by_its_seed(tmp_path):
    over = {f"params.{name}": {"from": 1, "to": 30, "step": 0.001} for name in ("enter", "leave", "duration")}
    first, again, other = (
        grid_of(tmp_path, over, sample={"n": 50, "seed": seed}).cells for seed in (1, 1, 2)
    )  # fmt: skip
    assert list(first) == list(again) == sorted(set(first))
    assert list(first) != list(other)
    assert len(first) == 50 and max(first) > 10**12


def test_what_no_strategy_takes_is_left_out_and_counted(tmp_path):
    grid = grid_of(tmp_path, {"params.enter": [1, 2], "params.leave": [0.5, 1.5]})
    swept = conclude.conclude(grid, banks(grid))
    frame = swept.table.to_pandas()
    (note,) = swept.notes
    assert note.startswith("not run: ") and "leave" in note and swept.notes[note] == 1
    assert frame["sharpe"].isna().tolist() == frame["note"].notna().tolist()


def test_a_value_that_needs_another_settings_company_is_taken(tmp_path):
    grid = grid_of(tmp_path, {"params.enter": [0.4, 2], "params.leave": [0.1, 0.5]})
    assert [bool(note) for note in conclude.conclude(grid, banks(grid)).table["note"].to_pylist()] == [
        False,
        True,
        False,
        False,
    ]


def test_a_book_that_the_kernel_refuses_is_walked_plainly_and_named(tmp_path, monkeypatch):
    grid = grid_of(tmp_path, {"params.enter": [1, 2]})
    shared = banks(grid)
    expected = walk(shared.part(0, grid.cells)).metrics["sharpe"]
    monkeypatch.setattr(kernel, "refusal", lambda book: "it is a test")
    swept = conclude.conclude(grid, shared)
    assert swept.notes == {"in the plain ledger: it is a test": 2}
    assert np.array_equal(swept.table["sharpe"].to_numpy(), expected)


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"params.entr": [1, 2]}, r"grid.yaml:\d+: sweep.over.params.entr: unknown key; did you mean 'enter'"),
        ({"params.enter": [1, -2]}, r"sweep.over.params.enter: .*is -2"),
        ({"params.enter": [1, 1]}, "names 1 twice"),
        ({"params.enter": 3}, "expected a list of values"),
        ({"params.enter": {"from": 1, "to": 3}}, "expected {from: 1"),
        ({"params.enter": [1]}, "a single cell, which `divergence run` runs"),
        ({"paramz.enter": [1, 2]}, "is no setting of a variant; did you mean 'params.enter'"),
        ({"currency": ["repo", "dollars"]}, "'dollars' is not repo, unhedged"),
        ({"legs": [["UST10", "JGB10"], ["UST10", "JGB99"]]}, "unknown instrument 'JGB99'"),
        ({"legs": [["UST10"], ["UST30", "JGB30"]]}, r"expected 2 instruments: \[long, short\]"),
        ({"costs": [1, -1]}, "expected a multiple of all costs"),
        ({"overlays.smooth.window": ["3M", "6M"]}, "fade has no overlay 'smooth'"),
        ({"trade.stop_bq": [1, 2]}, "unknown key; did you mean 'stop_bp'"),
    ],
)
def test_what_is_wrong_with_a_sweep_is_one_line(tmp_path, over, words):
    with pytest.raises(ConfigError, match=words):
        config.load(written(tmp_path, over))


def test_a_base_that_is_no_variant_and_a_configuration_without_a_sweep(tmp_path):
    settings = config.load(written(tmp_path, {"costs": [1, 2]}))
    with pytest.raises(ConfigError, match="'fadd' is not a variant; did you mean 'fade'"):
        config.grid(settings, SweepSection(base="fadd", over={"costs": [1, 2]}))
    with pytest.raises(ConfigError, match="has no sweep"):
        config.grid(config.load(Path(__file__).parent.parent / "config.yaml"))


def test_a_billion_cells_are_refused_before_anything_is_looked_at(tmp_path):
    over = {f"params.{name}": {"from": 1, "to": 11, "step": 0.01} for name in ("enter", "leave", "duration")}
    with pytest.raises(ConfigError, match="1,003,003,001 cells are more than one machine runs"):
        run.check_size(grid_of(tmp_path, over))


# ---- on disk


def swept_to(folder: Path, grid: config.Grid, threads: int) -> bytes:
    shared = banks(grid)
    own = store.Folder.begin(folder, grid, {"identity": store.identity(grid, shared.tables), "state": "running"})
    conclude.conclude(grid, shared, own, threads)
    return (folder / store.TABLE).read_bytes()


def test_one_thread_and_two_write_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "CELLS", 50)
    grid = grid_of(tmp_path, EVERY_KIND, sample={"n": 230, "seed": 1})
    assert swept_to(tmp_path / "a", grid, 1) == swept_to(tmp_path / "b", grid, 2)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "config.yaml", "effects.parquet", "manifest.json", "paths.parquet", "sweep.parquet",
    ]  # fmt: skip
    assert (tmp_path / "a/paths.parquet").read_bytes() == (tmp_path / "b/paths.parquet").read_bytes()
    assert json.loads((tmp_path / "a/manifest.json").read_text())["state"] == "complete"


def test_of_a_sample_the_best_are_scored_with_the_neighbours_they_lack(tmp_path):
    over = {"params.lookback": ["12M", "18M", "24M", "30M"], "params.enter": {"from": 1, "to": 2, "step": 0.25}}
    whole, some = grid_of(tmp_path, over), grid_of(tmp_path, over, sample={"n": 4, "seed": 1})
    expected = conclude.conclude(whole, banks(whole)).table.to_pandas().set_index("cell")["plateau"]
    swept = conclude.conclude(some, banks(some))
    frame = swept.table.to_pandas().set_index("cell")["plateau"]
    assert frame.to_dict() == expected[frame.index].to_dict()
    assert len({trial.idea for trial in swept.trials}) == len(swept.trials) > 4
    assert swept.judged.plateau is None
