"""Write the generated parts of docs/strategies.md, parameters as the code has them and figures as a run makes them, and
of docs/thesis.md, the claims of config/thesis.yaml.

    python docs/generate.py

Each part stands between `<!-- begin: NAME -->` and `<!-- end -->`; the rest of the page is written by hand. A test
holds the page to what this makes.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from backtests import config
from backtests.config import Parameter, describe
from backtests.performance import metrics
from backtests.report import claim_words as words
from backtests.report.format import drawdown, month, number, percent
from backtests.runs import runner
from backtests.runs.runner import Run, VariantRun
from backtests.runs.setup import set_up
from backtests.thesis.books import books, sentences
from backtests.thesis.history import history
from backtests.thesis.scorecard import judge
from data.market import Market
from docs.blocks import filled
from strategies import BUILT_IN, OVERLAYS
from strategies.base import signals_of
from strategies.curve import HedgedTrade
from strategies.divergence import Divergence
from strategies.hedges import RULES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/strategies.md"
CLAIMS = ROOT / "docs/thesis.md"
CONFIG = ROOT / "config/thesis.yaml"
DEFAULTS = ROOT / "config.yaml"

BLENDS = ("blend", "article", "signals", "thesis")  # their parts' signals stand in the parts' own sections
BENCHMARK, PLAIN = "ust10_financed", "pair"
HIGHEST = 5


def blocks(run: Run) -> dict[str, str]:
    """Return every generated part of the page by name."""
    made = {"parameters pair": _parameters(_shared())}
    for name in (*BUILT_IN, *OVERLAYS):
        own = describe(name) if name in OVERLAYS else [one for one in describe(name) if one not in _shared()]
        made[f"parameters {name}"] = _parameters(own, of_a_pair=name in BUILT_IN and len(own) < len(describe(name)))
        made[f"earned {name}"] = _earned(using(run, name), run)
    for name in ("article", "signals"):
        made[f"earned {name}"] += _parts(_named(run)[name]) + _books(run)
    made["earned safe_haven"] += "".join(f"- {line}\n" for line in _told(run, "has owned"))
    return made | {"hedges": hedge_ratios(), "overview": _overview(run), "highest": _highest(run)}


def using(run: Run, name: str) -> list[VariantRun]:
    """Return the variants of a strategy; of an overlay, those it is laid over beside the same without any."""
    found = [one for one in run.variants if name in (one.variant.strategy_name, *_overlays(one))]
    if name in OVERLAYS:
        beneath = [(one.variant.strategy_name, one.variant.params) for one in found]
        bare = [one for one in run.variants if not one.variant.overlays]
        found = [one for one in bare if (one.variant.strategy_name, one.variant.params) in beneath] + found
    return found


def _overlays(one: VariantRun) -> list[str]:
    return [name for overlay in one.variant.overlays for name in overlay]


def _named(run: Run) -> dict[str, VariantRun]:
    return {one.variant.name: one for one in run.variants}


# ---- parameters


def _shared() -> list[Parameter]:
    return describe("divergence")


def _parameters(own: Sequence[Parameter], of_a_pair: bool = False) -> str:
    lead = "Those of a [pair](#pairs)" if of_a_pair else ""
    if not own:
        return f"{lead}.\n"
    rows = [(f"`{one.name}`", one.meaning, one.default.replace("'", ""), one.unit.replace(" | ", ", ")) for one in own]
    head = ("parameter", "what it is for", "default", "unit")
    return (f"{lead}, and:\n\n" if lead else "") + _table(head, rows, left=4)


# ---- what hedges what


def hedge_ratios() -> str:
    """Ratios of each trade of config.yaml that takes a hedge, by rule: mean, lowest, highest while all are known."""
    ready = set_up(config.load(DEFAULTS)).variants
    rows, seen = [], []
    for name, prepared in ready.items():
        strategy = prepared.variant.strategy
        by_duration = isinstance(strategy, Divergence) and strategy.sizing == "duration"
        if (by_duration or isinstance(strategy, HedgedTrade)) and strategy not in seen:
            seen.append(strategy)
            rows += [(f"`{name}`", *cells) for cells in _by_hedge(strategy, prepared.market, prepared.span.rows)]
    return _table(("variant", "hedging leg", *RULES), rows, left=2)


def _by_hedge(strategy: HedgedTrade | Divergence, market: Market, rows: slice) -> list[tuple[str, ...]]:
    """The years of duration of each hedging leg per year of its anchor, a row a leg, a cell a rule."""
    sides = strategy.anchors if isinstance(strategy, HedgedTrade) else {strategy.long: (strategy.short,)}
    years = {rule: replace(strategy, hedge=rule).targets(market)[rows] * market.duration[rows] for rule in RULES}
    held = np.all([each.any(axis=1) for each in (np.nan_to_num(each) for each in years.values())], axis=0)
    lines = []
    for anchor, others in sides.items():
        for leg in others:
            i, j = market.column(anchor), market.column(leg)
            ratios = [np.abs(each[held, j] / each[held, i]) for each in years.values()]
            plain = number(ratios[0].mean())
            cells = [f"{number(each.mean())} ({number(each.min())} to {number(each.max())})" for each in ratios[1:]]
            lines.append((f"{leg} against {anchor}", plain, *cells))
    return lines


# ---- what a strategy earned


def _earned(runs: Sequence[VariantRun], run: Run) -> str:
    head = (
        "variant", "excess", "volatility", "Sharpe", "a bar later", "max drawdown", "window",
        f"since {month(str(run.config.thesis_date))}", "best years", "worst years",
    )  # fmt: skip
    rows = []
    for one in runs:
        f = one.figures
        years = sorted(_years(one).items(), key=lambda item: item[1])
        rows.append((
            _called(one), percent(f["excess_return"], 2), percent(f["volatility"], 2), number(f["sharpe"]),
            number(f["sharpe_next_bar"]), f"{percent(f['excess_drawdown'])}, {drawdown(f)}",
            f"{month(str(f['start']))} to {month(str(f['end']))}", percent(f["thesis_excess_return"], 2),
            _listed(years[:-3:-1]), _listed(years[:2]),
        ))  # fmt: skip
    signals = "".join(_signals(one) for one in runs)
    return _table(head, rows) + (f"\n{signals}" if signals else "")


def _years(one: VariantRun) -> dict[int, float]:
    return {year: excess for year, (_, excess) in metrics.calendar_years(one.result).items()}


def _listed(years: Iterable[tuple[int, float]]) -> str:
    return ", ".join(f"{year} ({percent(excess)})" for year, excess in years)


def _called(one: VariantRun) -> str:
    """A variant's name and what it sets that is not the default."""
    defaults = {item.name: item.default for item in describe(one.variant.strategy_name)}
    given = {key: value for key, value in one.variant.params.items() if not isinstance(value, Mapping)}
    unusual = [
        f"{key}: {value}"
        for key, value in given.items()
        if str(value) != defaults[key] and not defaults[key].startswith(f"{value} (")
    ]
    text = ", ".join([*unusual, *_overlays(one)])
    return f"`{one.variant.name}`" + (f" ({text})" if text else "")


def _signals(one: VariantRun) -> str:
    """One line a signal: how strong it was, and how often it changed its mind."""
    if one.variant.strategy_name in BLENDS:
        return ""
    lines = []
    for name, signal in signals_of(one.variant.strategy, one.market).items():
        values = signal[one.span.rows]
        changes = int((np.diff(np.sign(values[values != 0.0])) != 0).sum())
        whose = f"`{one.variant.name}`" + (f", {name}" if name != "signal" else "")
        lines.append(
            f"- Signal of {whose}: mean {number(values.mean())}, mean size {number(np.abs(values).mean())}, "
            f"positive on {percent((values > 0).mean(), 0)} % of rows, "
            f"{changes} change{'s' * (changes != 1)} of side.\n"
        )
    return "".join(lines)


def _parts(thesis: VariantRun) -> str:
    """What each part of a book made, % of capital a year."""
    years = metrics.years(thesis.result.dates)
    made = {name: float(pnl.sum()) / thesis.result.capital / years for name, pnl in thesis.components.items()}
    listed = ", ".join(f"{name} {percent(value, 2)}" for name, value in made.items())
    return f"\nBy part, % of the starting capital a year: {listed}.\n"


def _books(run: Run) -> str:
    """Of which country each of the two books is net long on the last row, and since when they disagree."""
    return f"\n{' '.join(_told(run, 'net long', 'net short', 'the same side'))}\n"


def _told(run: Run, *words: str) -> list[str]:
    lines = sentences(books(run), run.config.countries, "month ends")
    return [line for line in lines if any(word in line for word in words)]


# ---- all of them


def _ideas(run: Run) -> list[VariantRun]:
    return [one for one in run.variants if one.variant.name not in run.config.benchmarks]


def _ranked(run: Run) -> list[VariantRun]:
    return sorted(_ideas(run), key=lambda one: -_sharpe(one))


def _sharpe(one: VariantRun) -> float:
    value = one.figures["sharpe"]
    assert isinstance(value, float), one.variant.name
    return value


def _overview(run: Run) -> str:
    ranked = _ranked(run)
    named = _named(run)
    bars = [one.variant.name for one in ranked if _sharpe(one) > _sharpe(named[BENCHMARK])]
    gained = sum(float(one.figures["thesis_excess_return"] or 0.0) > 0 for one in ranked)
    lower = sum(float(one.figures["sharpe_next_bar"] or 0.0) < _sharpe(one) for one in ranked)
    return (
        f"- {len(ranked)} variants of {len(BUILT_IN)} strategies, two benchmarks besides. Sharpe ratio: highest "
        f"{number(_sharpe(ranked[0]))} (`{ranked[0].variant.name}`), median "
        f"{number(statistics.median(map(_sharpe, ranked)))}, lowest {number(_sharpe(ranked[-1]))} "
        f"(`{ranked[-1].variant.name}`).\n"
        f"- {sum(_sharpe(one) > 0 for one in ranked)} of {len(ranked)} are above 0 after costs. Above "
        f"{number(_sharpe(named[BENCHMARK]))}, what a Treasury held on borrowed money earned (`{BENCHMARK}`): "
        f"{', '.join(f'`{name}`' for name in bars) or 'none'}.\n"
        f"- Filled a month later, {lower} of {len(ranked)} have a lower Sharpe ratio.\n"
        f"- Since {month(str(run.config.thesis_date))}, after the thesis was written: {gained} of {len(ranked)} "
        f"above 0, in {_months_since(run)} months.\n"
    )


def _months_since(run: Run) -> int:
    return int((run.variants[0].result.dates >= np.datetime64(str(run.config.thesis_date))).sum())


def _highest(run: Run) -> str:
    ideas, named = _ideas(run), _named(run)
    head = (
        "variant", "Sharpe", "t", "chance × variants", "first half", "second half", "without its three best years",
        f"correlation with `{BENCHMARK}`", f"with `{PLAIN}`", "nearest of another strategy",
    )  # fmt: skip
    rows = []
    for one in _ranked(run)[:HIGHEST]:
        x = metrics.excess_returns(one.result)
        t = _sharpe(one) * math.sqrt(len(x) / float(one.figures["periods_per_year"] or 1.0))
        chance = min(1.0, math.erfc(abs(t) / math.sqrt(2.0)) * len(ideas))
        others = [other for other in ideas if other.variant.strategy_name not in (one.variant.strategy_name, *BLENDS)]
        near = max(others, key=lambda other: abs(_correlation(one, other)))
        rows.append((
            f"`{one.variant.name}`", number(_sharpe(one)), number(t, 1), number(chance),
            number(metrics.sharpe(x[: len(x) // 2], 12.0)), number(metrics.sharpe(x[len(x) // 2 :], 12.0)),
            number(metrics.sharpe(x[~_best_years(one, x, 3)], 12.0)),
            number(_correlation(one, named[BENCHMARK])), number(_correlation(one, named[PLAIN])),
            f"`{near.variant.name}` ({number(_correlation(one, near))})",
        ))  # fmt: skip
    return _table(head, rows)


def _best_years(one: VariantRun, x: np.ndarray, count: int) -> np.ndarray:
    """Bars (T-1,) that end in one of the calendar years in which the most was earned."""
    year = one.result.dates[1:].astype("datetime64[Y]")
    earned = {y: float(x[year == y].sum()) for y in np.unique(year)}
    return np.isin(year, sorted(earned, key=lambda y: earned[y])[-count:])


def _correlation(one: VariantRun, other: VariantRun) -> float:
    """Correlation of excess returns on the bars both have."""
    value = metrics.against(one.result, other.result, 12.0)["correlation"]
    return float(value or 0.0)


# ---- the claims


def claims() -> dict[str, str]:
    """Return the generated part of docs/thesis.md: each claim, what it is measured by, and what would make it true."""
    settings = config.load(CONFIG)
    known = history(settings)
    judged = judge(settings.claims, known, settings.data.end or known.market.dates[-1].astype(object))
    rows = [
        (f"`{row.claim.key}`", words.name(row), row.claim.number or "–", row.about, words.condition_of(row))
        for row in judged
    ]
    return {"claims": _table(("claim", "sentence", "thesis says", "measured by", "true if"), rows, left=5)}


# ---- markdown


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return a table whose first `left` columns are words, the others figures."""
    rule = ["---" if i < left else "---:" for i in range(len(head))]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *rows))


def main() -> None:
    """Rewrite the pages in place and say whether anything changed."""
    for page, made in ((PAGE, blocks(runner.run(config.load(CONFIG)))), (CLAIMS, claims())):
        text = page.read_text(encoding="utf-8")
        new = filled(text, made)
        page.write_text(new, encoding="utf-8")
        print(f"{page.relative_to(ROOT)}: {'as it was' if new == text else 'rewritten'}")


if __name__ == "__main__":
    main()
