"""The first words of a report: the best and the worst, what cannot be told from cash, and what the variants share."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from backtests.performance.verdicts import SIGNIFICANT
from backtests.report.format import drawdown, number, percent
from backtests.report.panels import Panels, VariantPanel
from backtests.report.tables import lead, sentence

ALIKE = 0.5  # share of variance from which on a variant is said to be its benchmark at heart
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def verdict(panels: Panels) -> Markup:
    """Return what the run comes to in a few sentences, names in bold."""
    judged = [
        v for v in panels.variants if not v.benchmark and v.figures["sharpe"] is not None and not v.figures["ruined"]
    ]
    if len(judged) < 2:
        name = lead(panels.run.metrics, panels.run.manifest["benchmarks"])
        return Markup("{}").format(sentence(name, panels.run.metrics[name]))
    ranked = sorted(judged, key=lambda variant: -variant.figures["sharpe"])
    sentences = [
        _best(ranked),
        _worst(ranked[-1]),
        _ruined(panels),
        _cash(ranked),
        _picked(panels),
        _shared(ranked, panels),
    ]
    return Markup(" ").join(filter(None, sentences))


def counted(count: int) -> str:
    """Return a number as a word where it is small.

    >>> counted(2), counted(40)
    ('two', '40')
    """
    return WORDS[count] if count < len(WORDS) else f"{count:,}"


def _bold(name: str) -> Markup:
    return Markup("<strong>{}</strong>").format(name)


def _best(ranked: Sequence[VariantPanel]) -> Markup:
    best = ranked[0]
    figures = best.figures
    when = f", {drawdown(figures)}" if figures["excess_drawdown_peak"] else ""
    return Markup(
        "Of {} variants the best by Sharpe ratio, {}, {} {} % a year over cash at {} % volatility, a Sharpe ratio of "
        "{}; its largest drawdown was {} %{}."
    ).format(
        counted(len(ranked)), _bold(best.name), _verb(figures["excess_return"]),
        percent(abs(figures["excess_return"])), percent(figures["volatility"]), number(figures["sharpe"]),
        percent(figures["excess_drawdown"]), when,
    )  # fmt: skip


def _worst(variant: VariantPanel) -> Markup:
    figures = variant.figures
    return Markup("The worst, {}, {} {} % a year, a Sharpe ratio of {}.").format(
        _bold(variant.name), _verb(figures["excess_return"]), percent(abs(figures["excess_return"])),
        number(figures["sharpe"]),
    )  # fmt: skip


def _verb(gain: float) -> str:
    return "made" if gain >= 0 else "lost"


def _ruined(panels: Panels) -> Markup:
    lost = [variant.name for variant in panels.variants if variant.figures["ruined"]]
    if not lost:
        return Markup()
    return Markup("{} lost all {} capital.").format(_listed(lost), "its" if len(lost) == 1 else "their")


def _cash(ranked: Sequence[VariantPanel]) -> Markup:
    """Say whose own range of the Sharpe ratio holds zero; whether the best is better than luck is said elsewhere."""
    ranges = {v.name: v.significance.sharpe for v in ranked if v.significance}
    known = {name: (r.low, r.high) for name, r in ranges.items() if r.low is not None and r.high is not None}
    if not known:
        return Markup()
    apart = [name for name, (low, high) in known.items() if not low <= 0 <= high]
    if not apart:
        return Markup("None can be told apart from cash: the 95 % range of each Sharpe ratio holds zero.")
    rest = len(known) - len(apart)
    if not rest:
        return Markup("Each, taken alone, can be told apart from cash.")
    return Markup("Taken alone, {} can be told apart from cash, the other {} cannot.").format(
        _listed(apart), counted(rest)
    )


def _picked(panels: Panels) -> Markup:
    """Say what picking the best of everything tried leaves of it: where this and a range disagree, this speaks."""
    of = panels.choice.best_of_many if panels.choice else None
    if of is None or of.p is None or of.clusters < 2:
        return Markup()
    shown = of.alone and of.p <= SIGNIFICANT
    return Markup("As the best of {} ideas p is {}, and that speaks: {} is shown to beat cash.").format(
        f"{of.ideas:,}", f"{of.p:.3f}", _bold(str(of.variant)) if shown else "none"
    )


def _shared(ranked: Sequence[VariantPanel], panels: Panels) -> Markup:
    """Say which benchmark more than half of the variance of the most variants is shared with."""
    by_benchmark: dict[str, dict[str, float]] = {}
    for benchmark in panels.run.manifest["benchmarks"]:
        correlations = {v.name: v.figures["against"].get(benchmark, {}).get("correlation") for v in ranked}
        by_benchmark[benchmark] = {name: c for name, c in correlations.items() if c is not None and c * c >= ALIKE}
    if not any(by_benchmark.values()):
        return Markup()
    benchmark = max(by_benchmark, key=lambda name: len(by_benchmark[name]))
    sizes = sorted(c * c for c in by_benchmark[benchmark].values())
    alike = list(by_benchmark[benchmark])
    who = _listed(alike) if len(alike) <= 2 else counted(len(alike)).capitalize()
    span = percent(sizes[0], 0) if len(sizes) == 1 else f"{percent(sizes[0], 0)} to {percent(sizes[-1], 0)}"
    return Markup("{} {} mostly {}: {} % of {} variance is shared with it.").format(
        who, "is" if len(alike) == 1 else "are", _bold(benchmark), span, "its" if len(alike) == 1 else "their"
    )


def _listed(names: Sequence[str]) -> Markup:
    bold = [_bold(name) for name in names[:4]]
    if len(names) > len(bold):
        return Markup(", ").join(bold) + Markup(" and {} more").format(len(names) - len(bold))
    return Markup(" and ").join([Markup(", ").join(bold[:-1]), bold[-1]] if len(bold) > 1 else bold)
