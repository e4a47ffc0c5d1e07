"""The page of a sweep: the ranking, maps of its settings, and what its best is worth, from the sweep's folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from backtests.config import Grid
from backtests.report import html
from backtests.report import sweep_plots as plots
from backtests.report.format import ABSENT, Payload, number, percent
from backtests.sweeps import fan, store
from backtests.sweeps.judge import WIDE, sample
from backtests.sweeps.paths import representatives
from data.disk import replace_text
from data.errors import SourceError
from data.pricing.bonds import Array

PAGE = "sweep.html"
RANKED = 30
MOST = 5000  # cells a page carries
HIGHEST = 1000  # of them the best
LINES = 300  # of the parallel coordinates, a third of them the best
DIGITS = 4  # significant, of a figure that the script reads
SHOWN = 80  # letters of a value
MEASURES = ("sharpe", "plateau", "spike")
HEADINGS = (
    ("Sharpe", ""), ("Plateau", "Sharpe"), ("Spike", "errors"), ("Neighb.", "known"), ("Excess", "% a year"),
    ("Vol", "% a year"), ("Drawdown", "%"), ("Turnover", "× a year"), ("Engines", "apart, of capital"),
)  # fmt: skip
FIGURES = ("sharpe", "plateau", "spike", "neighbours", "excess_return", "volatility", "excess_drawdown", "turnover")


@dataclass(frozen=True)
class _Table:
    """A sweep's table as the page needs it."""

    cells: NDArray[np.int64]  # (N,)
    places: NDArray[np.int64]  # (N, axes) in the order of the settings as written
    figures: Mapping[str, Array]  # (N,) each, NaN where there is none
    score: Array  # (N,) what the sweep ranks by
    ideas: NDArray[np.int64]  # (K,) rows, one for each idea


def write(folder: Path, grid: Grid) -> Path:
    """Write the page of a complete sweep into its folder.

    Raises
    ------
    SourceError
        A folder that cannot be read or written.
    """
    path = folder / PAGE
    try:
        table, effects = store.read_table(folder, ["cell", "idea", *FIGURES]), store.read_effects(folder)
        replace_text(path, page(grid, store.read_manifest(folder), table, effects.to_pylist(), fan.read(folder)))
    except (OSError, pa.ArrowException, KeyError) as error:
        why = getattr(error, "strerror", None) or error
        raise SourceError(f"{path}: cannot be drawn ({why}); `divergence report {folder}` draws it again") from None
    return path


def page(
    grid: Grid,
    manifest: Mapping[str, Any],
    table: pa.Table,
    effects: Sequence[Mapping[str, Any]],
    kept: fan.Kept | None = None,
) -> str:
    """Return the sweep as one HTML document; `kept` are the paths of its folder, None where it has none."""
    own = _table(grid, manifest, table)
    ranked = own.ideas[store.in_order(own.score[own.ideas])][:RANKED]
    ranked = ranked[~np.isnan(own.score[ranked])]
    drawn = plots.effects(effects)
    embedded = _embedded(own, ranked, grid.seed)
    fanned = fan.fan(kept, manifest["best"][: plots.FIRST]) if kept else None
    return html.render(
        "sweep.html",
        title=f"{manifest['name']}: sweep of {manifest['base']}",
        manifest=manifest,
        count=len(own.cells),
        headings=[("Cell", ""), *(_heading(name) for name in grid.names), *HEADINGS],
        ranked=[_ranked(grid, own, row, _proved(manifest)) for row in ranked.tolist()],
        worth=list(worth(manifest["judged"])),
        notes=list(notes(manifest)),
        effects=drawn,
        known=int((~np.isnan(own.figures["sharpe"])).sum()),
        embedded=len(embedded),
        spikes=bool((~np.isnan(own.figures["spike"][embedded])).any()),
        wide=f"{WIDE:g}",
        lines=min(LINES, len(embedded)),
        kept=kept is not None,
        growth=list(plots.growth_words(fanned, manifest["ideas"])) if fanned else [],
        data=html.embedded(
            _data(grid, manifest, own, embedded, ranked, _by_effect(grid, effects))
            | {"growth": plots.growth(fanned) if fanned else None}
        ),
        plotly=html.plotly_script(),
        css=html.asset("report.css"),
        script=html.script("page", "table", "rail", "kit", "sweep"),
    )


# ---- the table


def _table(grid: Grid, manifest: Mapping[str, Any], table: pa.Table) -> _Table:
    figures = {name: table[name].to_numpy(zero_copy_only=False).astype(float) for name in FIGURES}
    cells = table["cell"].to_numpy().astype(np.int64)
    at = {axis.name: i for i, axis in enumerate(grid.axes)}
    places = grid.places(cells)[:, [at[name] for name in grid.names]]
    ideas = np.concatenate([_ideas(chunk) for chunk in table["idea"].chunks])
    score = figures["plateau" if manifest["score"] == "plateau" else "sharpe"]
    return _Table(cells, places, figures, score, representatives(grid, ideas))


def _ideas(column: pa.DictionaryArray) -> NDArray[np.uint64]:
    """Return the ideas of rows as numbers, 0 of a cell that is not run; a name is read once, however many have it."""
    names = np.array([0, *(int(name, 16) for name in column.dictionary.to_pylist())], dtype=np.uint64)
    return np.asarray(names[column.indices.fill_null(-1).to_numpy(zero_copy_only=False) + 1])


def _proved(manifest: Mapping[str, Any]) -> dict[int, float]:
    return {proof["cell"]: proof["gap"] for proof in manifest["proved"]}


def _ranked(grid: Grid, own: _Table, row: int, proved: Mapping[int, float]) -> tuple[str, list[str]]:
    cell = int(own.cells[row])
    known = {name: None if np.isnan(column[row]) else float(column[row]) for name, column in own.figures.items()}
    return f"{cell:,}", [
        *(said(value) for value in grid.settings(cell).values()),
        number(known["sharpe"]), number(known["plateau"]), number(known["spike"], 1), number(known["neighbours"], 0),
        percent(known["excess_return"], 2), percent(known["volatility"]), percent(known["excess_drawdown"]),
        number(known["turnover"]), f"{proved[cell]:.0e}" if cell in proved else ABSENT,
    ]  # fmt: skip


def short(name: str) -> str:
    """Return a setting's name as a heading has it."""
    return name.removeprefix("params.")


def _heading(name: str) -> tuple[str, str]:
    """Return the last part of a setting's name, and what it is a part of."""
    *whole, last = short(name).rsplit(".", 1)
    return last, " ".join(whole)


def said(value: Any) -> str:
    """Return a setting's value as people read it, however long it is as written."""
    if value is None:
        return "none"
    text = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else store.text(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


# ---- words


def worth(judged: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what the best is worth, figure by figure."""
    best, plateau = judged["best"], judged["plateau"]
    if best is None:
        return
    yield "Sharpe ratio of the best", number(best["sharpe"])
    if best["reason"]:
        yield "Not judged", best["reason"]
        return
    band = f"{number(best['noise'])} on average, {number(best['noise_low'])} to {number(best['noise_high'])} in 90 %"
    yield "Best of as many without skill", band
    yield "p of the best of many", number(best["p"], 3)
    yield "p, step-down", number(best["step_down"], 3)
    yield "Effective number", f"{number(best['effective'], 1)} independent ideas, of {judged['tested']:,} tested"
    yield "Haircut Sharpe ratio", number(best["haircut"])
    hurdle = f"over a hurdle of {number(best['hurdle'])}, of {best['clusters']:,} clusters"
    yield "Deflated Sharpe ratio", f"{number(best['deflated'], 3)}, {hurdle}"
    if plateau:
        verdict = "stands out" if plateau["accepted"] else "does not stand out"
        spike = ABSENT if plateau["spike"] is None else f"{number(plateau['spike'], 1)} errors"
        yield "Highest plateau", f"{number(plateau['score'])}, p {number(plateau['p'], 3)}, spike {spike}: {verdict}"
    yield "Months", f"{judged['months']:,}"


def notes(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the page rests on, and what it leaves out."""
    if manifest["sample"] or manifest["cells"] < manifest["grid"]:
        yield f"{manifest['cells']:,} cells drawn by a seed, of {manifest['grid']:,} combinations."
    for why, count in manifest["notes"].items():
        yield f"{count:,} cell{'s' if count != 1 else ''}: {why}."
    if manifest["proved"]:
        gap, difference = (max(proof[key] for proof in manifest["proved"]) for key in ("gap", "difference"))
        yield (
            f"{len(manifest['proved']):,} cells were run in two engines, which agree to {gap:.0e} of capital; the "
            f"sweep's figures are a run's to {difference:.0e}."
        )
    yield f"Data: {manifest['data']['source']}, {manifest['data']['frequency']}, seed {manifest['seed']}."


# ---- what the script draws


def _embedded(own: _Table, ranked: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return the rows that the page carries: all, or the best and others drawn by the seed."""
    first = [*ranked.tolist(), *store.in_order(own.score)[:HIGHEST].tolist()]
    return sample(len(own.cells), first, seed, MOST)


def _by_effect(grid: Grid, effects: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the settings, that which moves the median most first; those of one value last."""
    medians: dict[str, list[float]] = {name: [] for name in grid.names}
    values = dict.fromkeys(grid.names, 0)
    for row in effects:
        values[row["setting"]] += 1
        if row["median"] is not None:
            medians[row["setting"]].append(row["median"])
    moves = [max(own) - min(own) if own else 0.0 for own in medians.values()]
    single = [values[name] < 2 for name in grid.names]
    return sorted(range(len(grid.names)), key=lambda i: (single[i], -moves[i]))


def _data(
    grid: Grid,
    manifest: Mapping[str, Any],
    own: _Table,
    rows: NDArray[np.int64],
    ranked: NDArray[np.int64],
    by_effect: list[int],
) -> Payload:
    axes = {axis.name: axis for axis in grid.axes}
    used = [np.unique(own.places[rows, i], return_inverse=True) for i in range(len(grid.names))]  # of what is embedded
    at = {int(row): i for i, row in enumerate(rows)}
    best = [at[row] for row in ranked.tolist()]
    order = store.in_order(own.score[rows])
    first = [*best, *order[: LINES // 3].tolist()]
    lines = sample(len(rows), first[: LINES // 3], grid.seed, LINES)
    return {
        "axes": [
            {"name": short(name), "values": [said(axes[name].values[k]) for k in values.tolist()]}
            for name, (values, _) in zip(grid.names, used, strict=True)
        ],
        "byEffect": by_effect,
        "score": "plateau" if manifest["score"] == "plateau" else "sharpe",
        "cells": own.cells[rows].tolist(),
        "places": [places.tolist() for _, places in used],
        "measures": {name: [_brief(value) for value in own.figures[name][rows].tolist()] for name in MEASURES},
        "best": best[:5],
        "lines": sorted(lines.tolist(), key=lambda i: np.nan_to_num(own.score[rows[i]], nan=-np.inf)),
        "wide": WIDE,
        "histogram": plots.histogram(own.figures["sharpe"][own.ideas], manifest["judged"]),
    }


def _brief(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.{DIGITS}g}")
