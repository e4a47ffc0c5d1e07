"""What the page says in detail: months, the best and worst bars and their contributors, significance, trades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtests.performance.extremes import Contributor, ExtremeBar
from backtests.performance.verdicts import SIGNIFICANT, Interval, sentence
from backtests.performance.verdicts_many import BestOfMany
from backtests.report.format import ABSENT, MINUS, Payload, darkest, millions, number, percent, registered
from backtests.report.panels import Panels, VariantPanel
from backtests.report.tables import LINE_NAMES, span
from backtests.runs.significance import CASH, Significance

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DIGITS = 8  # significant, of what can be downloaded
RETURN_PARTS = 10**8  # of 1, in which a month's return can be downloaded
EXACT = 12  # significant, of what goes into a product
SAME = 1e-9  # relative: shares at their close come to the notional
FORMER = "An earlier version judged it; run it again for a verdict."
OF_MANY = ("p", "consistent", "step_down", "haircut")
ALL = 0.95  # share of figures whose shade is not yet the darkest


@dataclass(frozen=True)
class BarRow:
    """An extreme bar: its return and P&L, and in words the contributors and the events it belongs to."""

    day: str
    numbers: list[str]
    words: list[str]


@dataclass(frozen=True)
class Bars:
    """A variant's best and worst bars."""

    name: str
    best: list[BarRow]
    worst: list[BarRow]


@dataclass(frozen=True)
class SignificanceRow:
    """The intervals and tests of a variant, and what they come to."""

    name: str
    cells: list[str]
    sentence: str


@dataclass(frozen=True)
class Selection:
    """How far the best variant was chosen from many: what was counted, its verdict, overfitting, a row per SPA test."""

    trials: str
    best: str  # "" where an earlier version judged it
    beside: str
    overfitting: str
    spa: list[list[str]]
    bars: str


def bars(panels: Panels) -> list[Bars]:
    """Return the best and the worst bars of each variant, and their contributors."""
    return [
        Bars(variant.name, [_bar(bar) for bar in variant.best], [_bar(bar) for bar in variant.worst])
        for variant in panels.variants
    ]


def _bar(bar: ExtremeBar) -> BarRow:
    within = f"{_leg(bar.leg.name)} {_line(bar.within)}: {_dollars(bar.within.usd)}"
    return BarRow(
        day=bar.day,
        numbers=[percent(bar.excess, 2), millions(bar.usd)],
        words=[
            f"{_leg(bar.leg.name)} {_share(bar.leg)}", f"{_line(bar.line)} {_share(bar.line)}", within,
            "; ".join(bar.events) or ABSENT,
        ],
    )  # fmt: skip


def _leg(name: str) -> str:
    return "margin" if name == "book" else name


def _line(part: Contributor) -> str:
    return LINE_NAMES[part.name]


def _share(part: Contributor) -> str:
    return f"{millions(part.usd)} ({percent(part.share, 0)} %)"


def _dollars(usd: float) -> str:
    """Return USD in thousands with its sign: +$412k."""
    return f"{MINUS if usd < 0 else '+'}${number(abs(usd), 0, 1e-3)}k"


def inference(panels: Panels) -> list[SignificanceRow]:
    """Return the significance of each variant: intervals, tests and a sentence; none where a run stored none."""
    best = panels.choice.best_of_many if panels.choice else None
    return [_significance(variant, variant.significance, best) for variant in panels.variants if variant.significance]


def _significance(variant: VariantPanel, significance: Significance, best: BestOfMany | None) -> SignificanceRow:
    lo, track = variant.figures.get("sharpe_lo"), significance.track_record
    ranges = [
        _range(significance.excess_return),
        _range(significance.sharpe),
        number(lo),
        _range(significance.excess_drawdown),
    ]
    of_many = significance.one_of_many
    tests = [
        number(significance.hac.t),
        percent(significance.hac.p, 0),
        percent(significance.probabilistic_sharpe.probability, 0),
        percent(of_many.p if of_many else None, 0),
        percent(significance.deflated_sharpe.probability, 0),
        number(of_many.haircut if of_many else None),
    ]
    tests.append(number(track.years if track else None, 0))
    return SignificanceRow(variant.name, [*ranges, *tests], _words(significance, best))


def _words(significance: Significance, best: BestOfMany | None) -> str:
    """Say whether the Sharpe ratio is above 0, by its interval; then whether it is as the best of many, by its p."""
    low, high, of_many = significance.sharpe.low, significance.sharpe.high, significance.one_of_many
    if low is None or high is None:
        return sentence(significance.sharpe)
    level = f"{100 * (1 - significance.sharpe.level):.3g}"
    if low <= 0 <= high:
        return f"Not significant at the {level} % level: zero is inside."
    if high < 0:
        return f"Significantly negative at the {level} % level."
    alone = f"Significant at the {level} % level by itself"
    if of_many is None or of_many.p is None or best is None:
        return f"{alone}."
    if best.clusters < 2:
        return f"{alone}; nothing was chosen from."
    if of_many.p <= SIGNIFICANT:
        return f"{alone}, and as the best of {best.ideas:,} ideas."
    return f"{alone}, but not as the best of {best.ideas:,} ideas."


def _range(interval: Interval) -> str:
    return span(interval) or ABSENT


def choice(panels: Panels) -> Selection | None:
    """Return, in words, how far the best variant was chosen from many."""
    choice = panels.choice
    if choice is None:
        return None
    rows = [
        [
            "overnight cash" if name == CASH else name, choice.best.get(name, ABSENT),
            *(number(p) for p in (test.lower, test.consistent, test.upper)),
            sentence(test) if choice.best_of_many else FORMER,
        ]
        for name, test in choice.spa.items()
    ]  # fmt: skip
    count, overfitting, best = number(choice.overfitting.bars, 0), sentence(choice.overfitting), choice.best_of_many
    if best is None:
        return Selection(f"{choice.trials} distinct Sharpe ratios. {FORMER}", "", "", overfitting, rows, count)
    tried = _trials(best, panels.run.manifest)
    return Selection(tried, sentence(best), _beside(panels, best), overfitting, rows, count)


def _trials(best: BestOfMany, manifest: Payload) -> str:
    """Say what was counted: ideas of the run, and those of the registry with its size and age."""
    earlier, told = best.ideas - best.here, manifest.get("trials")
    text = f"{best.ideas:,} idea{'s' * (best.ideas != 1)}: {best.here} of this run"
    text += f" and {earlier:,} tried before, under whatever name" if earlier else "; none was tried before"
    untested = best.ideas - best.tested
    text += f"; {untested:,} without a path that can be tested" if untested > 0 else ""
    return f"{text} (registered: {registered(told, manifest['created'][:10])})" if told else text


def _beside(panels: Panels, best: BestOfMany) -> str:
    """Say what other figures make of the same question, and why they differ; no verdict."""
    own = next((variant.significance for variant in panels.variants if variant.name == best.variant), None)
    of_many = own.one_of_many if own else None
    if own is None or of_many is None or of_many.p is None or best.clusters < 2:
        return ""
    like = f"{of_many.members} ideas like it" if of_many.members > 1 else "it alone"
    deflated = own.deflated_sharpe
    deflated = own.deflated_sharpe
    return (
        f"Beside it: p is {number(of_many.consistent, 3)} where clusters too poor to be the best are not counted "
        f"(Hansen); {number(of_many.step_down, 3)} for its own path in place of its cluster's ({like}), all ideas "
        "tested (Romano and Wolf). Its deflated Sharpe ratio is "
        f"{percent(deflated.probability, 0)} %: it takes what the best shows on average where none has skill, a Sharpe "
        f"ratio of {number(deflated.hurdle)}, as fixed."
    )


def data(panels: Panels) -> Payload:
    """Return what the page's script lists and offers for download: trades, months and figures, as decimals."""
    figures = {variant.name: _figures(variant) for variant in panels.variants}
    keys = list(dict.fromkeys(key for row in figures.values() for key in row))
    return {
        "name": panels.run.manifest["name"],
        **_trades(panels),
        "parts": RETURN_PARTS,
        "months": {variant.name: _months(variant) for variant in panels.variants},
        "figures": {"keys": keys, "rows": {name: [row.get(key) for key in keys] for name, row in figures.items()}},
    }


def _trades(panels: Panels) -> Payload:
    """Return quotes, of a day and an instrument each, and each variant's trades: steps from quote to quote, and units.

    Notional is units times price times fx, and cost a rate of it: neither is said trade by trade. Listed names with a
    stored price are told in shares at the day's own close; contracts are those of variants that trade some.
    """
    trades = _in_shares(panels.run.trades)
    days, day = np.unique(pd.to_datetime(trades["date"]).to_numpy().astype("datetime64[D]"), return_inverse=True)
    legs, leg = np.unique(trades["instrument"].to_numpy(dtype=str), return_inverse=True)
    rate = (trades["cost_usd"] / trades["notional_usd"]).fillna(0.0)
    exact = [[float(f"{value:.{EXACT}g}") for value in column] for column in (trades["price"], trades["fx"], rate)]
    quotes, quote = np.unique(np.column_stack([day, leg, *exact]), axis=0, return_inverse=True)
    units = np.array([float(f"{value:.{DIGITS}g}") for value in trades["units"]])
    contracts = _contracts(panels, trades)
    of = trades["variant"].to_numpy()
    own = {variant.name: of == variant.name for variant in panels.variants}
    return {
        "days": np.datetime_as_string(days).tolist(),
        "instruments": legs.tolist(),
        "quotes": [[int(row[0]), int(row[1]), *row[2:].tolist()] for row in quotes],
        "trades": {
            name: {
                "quote": np.diff(quote.ravel()[rows], prepend=0).tolist(),
                "units": units[rows].tolist(),
                **({"contracts": contracts[rows].tolist()} if (contracts[rows] != np.array(None)).any() else {}),
            }
            for name, rows in own.items()
        },
    }


def _contracts(panels: Panels, trades: pd.DataFrame) -> np.ndarray:
    """Return the contracts of each trade (k,), + bought; None of what is no future, or one traded in any amount."""
    futures = [name for name, leg in panels.run.manifest["legs"].items() if leg["kind"] == "future"]
    whole = trades["instrument"].isin(futures) & trades["quantity"].notna() if futures else np.zeros(len(trades), bool)
    return np.array([int(trades["quantity"].iloc[i]) if told else None for i, told in enumerate(whole)], dtype=object)


def _in_shares(trades: pd.DataFrame) -> pd.DataFrame:
    """Return trades with shares and their close in place of index units and level, where they come to the notional."""
    if "quoted_price" not in trades:  # a run of an earlier version
        return trades
    worth = (trades["quantity"] * trades["quoted_price"] * trades["fx"]).abs()
    told = (worth - trades["notional_usd"]).abs() <= SAME * trades["notional_usd"]
    return trades.assign(
        units=trades["quantity"].where(told, trades["units"]), price=trades["quoted_price"].where(told, trades["price"])
    )


def _months(variant: VariantPanel) -> Payload:
    """Return a variant's months in order, and where they start, null where no bar ends in one; years, the latest first.

    With them go the sizes from which the shade of a month, and of a year, is the darkest.
    """
    if not variant.months:
        return {"first": [0, 1], "values": [], "years": [], "darkest": [RETURN_PARTS, RETURN_PARTS]}
    known = {(year, month): value for year, months in variant.months.items() for month, value in months.items()}
    first, last = min(known), max(known)
    every = [divmod(at, 12) for at in range(first[0] * 12 + first[1] - 1, last[0] * 12 + last[1])]
    values = [known.get((year, month + 1)) for year, month in every]
    return {
        "first": list(first),
        "values": [None if value is None else _parts(value) for value in values],
        "years": [[year, _parts(variant.years[year][1])] for year in sorted(variant.months, reverse=True)],
        "darkest": [
            max(1, _parts(darkest(known.values(), ALL))),
            max(1, _parts(darkest((excess for _, excess in variant.years.values()), ALL))),
        ],
    }


def _parts(value: float) -> int:
    return round(value * RETURN_PARTS)


def _figures(variant: VariantPanel) -> Payload:
    """Figures as stored; of inference the ranges and the tests' own."""
    plain = {name: value for name, value in variant.figures.items() if not isinstance(value, dict)}
    significance = variant.significance
    if significance is None:
        return plain
    ranges = (significance.excess_return, significance.sharpe, significance.excess_drawdown)
    spans = {f"{interval.figure}_{end}": getattr(interval, end) for interval in ranges for end in ("low", "high")}
    probabilities = {
        name: getattr(significance, name).probability for name in ("probabilistic_sharpe", "deflated_sharpe")
    }
    of_many = significance.one_of_many
    many = {f"{key}_of_many": getattr(of_many, key) for key in OF_MANY} if of_many else {}
    return {**plain, **spans, **many, "hac_t": significance.hac.t, "hac_p": significance.hac.p, **probabilities}
