"""A walk-forward in words, in the terminal's tables and as a page, from what `backtests.walkforwards.record` gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backtests.report import html
from backtests.report import walkforward_plots as plots
from backtests.report.format import ABSENT, Row, millions, number, percent, signed

Record = Mapping[str, Any]

LABELS = {
    "walkforward": "chosen as it goes", "best": "in-sample best", "default": "default", "benchmark": "benchmark",
}  # fmt: skip
HEADINGS = (
    ("History", "same bars"), ("Sharpe", ""), ("95 %", "of the Sharpe"), ("Excess", "% a year"), ("Vol", "% a year"),
    ("Drawdown", "%"), ("Turnover", "× a year"), ("Costs", "% a year"), ("Trading P&L", "USD m"),
)  # fmt: skip
AFTER = (
    ("before", "Sharpe"), ("plateau", "Sharpe"), ("after", "Sharpe"), ("after", "% over cash"),
    ("beaten", "% of cells"),
)  # fmt: skip
LEGEND = (
    "before, plateau: the cell's Sharpe ratio on what it was chosen on, the lower median of it and its neighbours';",
    "after: of the chain until the next choice, and % over cash; beaten: % of the other cells that did worse then.",
)
RESULTS_LEGEND = (
    "excess, vol, costs: % a year, excess over cash; 95 %: of the Sharpe ratio; drawdown: largest, %; turnover: times",
    "equity a year, one side; trading P&L: USD m, without interest on equity.",
)


# ---- sentences


def sentence(record: Record) -> str:
    """Say in one sentence what choosing on the past was worth, and what hindsight adds to it."""
    own, best = record["results"]["walkforward"], record["results"]["best"]
    span = f"from {own['start']} to {own['end']}"
    if own["sharpe"] is None:
        return f"Chosen every {record['plan']['step']} on what came before, {record['base']} earned nothing {span}."
    low, high = number(own["sharpe_low"]), number(own["sharpe_high"])
    interval = "no interval" if own["sharpe_low"] is None else f"95 % {low} to {high}"
    return (
        f"Chosen every {record['plan']['step']} on what came before, {record['base']} has a Sharpe ratio of "
        f"{number(own['sharpe'])} ({interval}) {span}, {_told(own)}; the best of {record['cells']:,} cells, picked "
        f"with hindsight on the same bars, shows {number(best['sharpe'])}."
    )


def _told(own: Mapping[str, Any]) -> str:
    if own["sharpe_low"] is None:
        return "of which no interval can be given"
    if own["sharpe_low"] > 0:
        return "significantly above 0"
    return "significantly below 0" if own["sharpe_high"] < 0 else "which cannot be told from 0"


def notes(record: Record) -> list[str]:
    """Say how it was chosen, how stable the choices were, and what the figures are not."""
    return [_efficiency(record), _stable(record), _paths(record), *_rules(record)]


def _efficiency(record: Record) -> str:
    mean, outside = record["in_sample_mean"], record["results"]["walkforward"]["sharpe"]
    if record["efficiency"] is None:
        return f"No efficiency: the chosen cells have {number(mean)} on average before they were chosen."
    return (
        f"Efficiency {number(record['efficiency'])}: a Sharpe ratio of {number(outside)} after the choices, over "
        f"{number(mean)}, the average of the chosen cells before them."
    )


def _stable(record: Record) -> str:
    stable, count = record["stability"], len(record["folds"])
    axes = ", ".join(f"{_short(name)} {percent(share, 0)} %" for name, share in stable["axes"].items())
    cells = f"{stable['cells']} cell{'s' if stable['cells'] != 1 else ''}"
    return f"{count} choices, of {cells}; {percent(stable['kept'], 0)} % repeat the one before; by setting: {axes}."


def _paths(record: Record) -> str:
    own = record["cpcv"]
    if own["low"] is None:
        return "Cross-validation gives no Sharpe ratio: nothing moved."
    return (
        f"Cross-validation, purged, {own['groups']} groups, {own['out']} out: {own['splits']} splits, "
        f"{len(own['paths'])} paths of the same bars with Sharpe ratios from {number(own['low'])} to "
        f"{number(own['high'])}, median {number(own['median'])}; what changing cells costs is left out. It is a range "
        "over paths, not a confidence interval."
    )


def _rules(record: Record) -> Iterator[str]:
    plan, window = record["plan"], record["window"]
    back = f"the last {plan['train']} before it"
    if plan["window"] == "anchored":
        back = f"all bars before it, {plan['train']} at least"
    bars = f"{record['embargo']} bar{'s' if record['embargo'] != 1 else ''}"
    yield (
        f"Each choice is made on {back}, less the last {bars}, and holds for {plan['step']}; positions and costs are "
        "carried from one to the next. Sizes, costs and fills are the base's own: another is the same idea, and is not "
        "chosen."
    )
    yield (
        f"Every cell trades from {window['first']} to {window['last']}{_decided(window)}; what is left after the last "
        f"whole test is not used. Two engines agree to {record['reconciliation']:.0e} of capital."
    )
    if record["no_benchmark"]:
        yield f"No benchmark: {record['no_benchmark']}."


def _decided(window: Mapping[str, Any]) -> str:
    """Which cell cuts the others' history short, where one does."""
    parts = [
        f"{verb} with {_said(window[key])}, others {other} {window[day]}"
        for verb, other, key, day, own in (
            ("begins", "as early as", "begins_settings", "earliest", "first"),
            ("ends", "as late as", "ends_settings", "latest", "last"),
        )
        if window[day] != window[own]
    ]
    return f" (it {' and '.join(parts)})" if parts else ""


def _said(settings: Mapping[str, str | None]) -> str:
    return ", ".join(f"{_short(name)} {'none' if value is None else _brief(value)}" for name, value in settings.items())


def _short(name: str) -> str:
    return name.removeprefix("params.")


# ---- tables


def results(record: Record) -> list[Row]:
    """Return the chain, then what stands beside it."""
    return [Row(_label(key, own), _figures(own)) for key, own in record["results"].items()]


def _label(key: str, own: Mapping[str, Any]) -> str:
    return f"{LABELS[key]}, {own['variant']}" if key in ("default", "benchmark") else LABELS[key]


def _figures(own: Mapping[str, Any]) -> list[str]:
    low = own["sharpe_low"]
    return [
        number(own["sharpe"]), ABSENT if low is None else f"{signed(low)} to {signed(own['sharpe_high'])}",
        percent(own["excess_return"], 2), percent(own["volatility"]), percent(own["excess_drawdown"]),
        number(own["turnover"]), percent(own["cost_drag"], 2), millions(own["trading_pnl"]),
    ]  # fmt: skip


def fold_headings(record: Record) -> list[tuple[str, str]]:
    """Return the headings of the table of folds, with their units."""
    return [("Chosen at", "the close of"), *((_short(name), "") for name in record["axes"]), *AFTER]


def folds(record: Record) -> list[Row]:
    """Return a row per choice."""
    return [
        Row(
            fold["decided"],
            [
                *(ABSENT if value is None else _brief(value) for value in fold["settings"].values()),
                number(fold["in_sample"]), number(fold["plateau"]), number(fold["out_of_sample"]),
                percent(fold["return"]), percent(fold["share_below"], 0),
            ],
        )
        for fold in record["folds"]
    ]  # fmt: skip


def _brief(value: str) -> str:
    return value.removesuffix(".0") if value.replace(".", "", 1).isdigit() else value


# ---- the page


def page(record: Record, days: Sequence[str], paths: Mapping[str, Sequence[float | None]]) -> str:
    """Return the walk-forward as one HTML document; `paths` are growths of 1 over cash on `days`."""
    changed = [
        fold["decided"]
        for before, fold in zip(record["folds"], record["folds"][1:], strict=False)
        if fold["cell"] != before["cell"]
    ]
    return html.render(
        "walkforward.html",
        title=f"{record['name']}: walk-forward of {record['base']}",
        record=record,
        sentence=sentence(record),
        notes=notes(record),
        headings=HEADINGS,
        results=results(record),
        fold_headings=fold_headings(record),
        folds=folds(record),
        growth=plots.growth(days, paths, changed),
        choices=[plots.choices(record, name) for name in record["axes"]],
        strip=plots.strip(record),
        css=html.asset("report.css"),
        script=html.plain_script(),
    )
