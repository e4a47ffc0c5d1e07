"""What a reader of a run must know before its figures, a line each: on the terminal and at the top of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from backtests.engine.book import decisions
from backtests.performance import financing
from backtests.runs import gate
from backtests.runs.inputs import Input, inputs, rests_on, until
from backtests.runs.runner import Run, VariantRun
from data.instruments import LIBRARY, Instrument
from strategies.base import signals_of

NAMED = 4  # variants or legs that a line names; the others are counted
EDGES = ("; ", ", and the signal needs ")  # between the two ends of a window, and before a warm-up


def notices(run: Run) -> list[str]:
    """Return every notice of a run, what was allowed first."""
    parts = (_allowed, _priced_nowhere, _proxies, _cuts, _called, _stale, _windows)
    return [line for part in parts for line in part(run)]


def _allowed(run: Run) -> list[str]:
    lines = gate.allowed(run.config, run.tables, run.market.instruments)
    return [f"ALLOWED: {line}" for line in lines]


def _listed(run: Run) -> list[Instrument]:
    return [leg for leg in run.market.instruments if leg.kind == "listed"]


def _priced_nowhere(run: Run) -> list[str]:
    """Names of the configuration's own that are all proxy."""
    own = [leg for leg in _listed(run) if leg.name not in LIBRARY and leg.name not in run.tables.prices]
    return [
        f"{leg.name} is priced nowhere in the {run.tables.source} data: modelled throughout as {leg.curve} "
        f"{leg.maturity:g} years less its fee"
        for leg in own
    ]


def _proxies(run: Run) -> list[str]:
    """Share of the bars traded on which a listed leg is modelled from its curve."""
    shares = []
    for leg in _listed(run):
        users = [own for own in run.variants if leg.name in own.market.names]
        rows = slice(min(own.span.rows.start for own in users), max(own.span.rows.stop for own in users))
        modelled = run.market.proxy[rows, run.market.column(leg.name)]
        if modelled.any():
            shares.append(f"{leg.name} {percent(modelled.mean())} of its bars")
    return [f"By proxy, not by prices: {', '.join(shares)}"] if shares else []


def _cuts(run: Run) -> list[str]:
    """Decisions whose targets the largest gross cut, of how many."""
    cuts = []
    for own in run.variants:
        count, of = cut(run, own)
        if count:
            cuts.append(f"{own.variant.name} {count:,} of {of:,}")
    most = f"{run.config.account.max_gross:g}"
    return [f"Cut to a gross of {most} (account.max_gross), decisions: {listed(cuts)}"] if cuts else []


def _called(run: Run) -> list[str]:
    """Variants whose equity was once below their initial margin."""
    short = []
    for own in run.variants:
        of = financing.margin(own.market, own.span.rows, own.result)
        rows = int((of.free < 0).sum())
        if rows and own.result.ruined is None:
            worst = f"{of.dates[of.worst]}, USD {-of.free[of.worst] / 1e6:,.2f} m"
            short.append(f"{own.variant.name} on {rows:,} of {len(of.free):,} rows, worst {worst}")
    return [f"Equity was below initial margin: {listed(short)}"] if short else []


def cut(run: Run, own: VariantRun) -> tuple[int, int]:
    """Return how many of a variant's decisions are cut by the largest gross, and how many there are."""
    rows = own.span.rows
    gross = np.abs(run.setup.variants[own.variant.name].targets[rows]).sum(axis=1)
    decides = decisions(own.market.dates[rows], own.variant.rebalance.every, own.market.periods_per_year)
    return int((decides & (gross > run.config.account.max_gross)).sum()), int(decides.sum())


def _stale(run: Run) -> list[str]:
    """Inputs that are old on the last row traded."""
    last = max(own.span.rows.stop for own in run.variants) - 1
    day = run.market.dates[last].astype(object)
    latest = [own for own in run.variants if own.span.rows.stop - 1 == last]
    legs = {own.variant.name: own.market.names for own in latest}
    macro = {own.variant.name: _macro(run, own) for own in latest}
    held = [name for name in run.market.names if any(name in names for names in legs.values())]
    market = run.market.select(held).until(last)
    stale = [row for row in inputs(until(run.tables, day), market, day, legs, macro) if row.stale]
    return [f"STALE on {day}: {_age(row)}; used by {listed(row.used_by)}" for row in stale]


def _age(row: Input) -> str:
    if row.last is None:
        return f"{row.series}, never known"
    return f"{row.series}, last of {row.last}, {row.days} days old (limit {row.limit})"


def _macro(run: Run, own: VariantRun) -> tuple[str, ...]:
    """Macro series that a variant's signals rest on; none of a strategy without signals."""
    strategy = own.variant.strategy
    signals = signals_of(strategy, own.market)
    if not signals:
        return ()
    return rests_on(strategy, own.market, run.setup.variants[own.variant.name].targets, signals)


def _windows(run: Run) -> list[str]:
    """What began or ended a window, once each, and whose."""
    by_cause: dict[str, list[str]] = {}
    for own in run.variants:
        for part in filter(None, own.span.reason.split(EDGES[0])):
            cause, _, need = part.partition(EDGES[1])
            warmup = f" ({need.removesuffix(' rows')} rows of signal)" if need else ""
            by_cause.setdefault(cause, []).append(f"{own.variant.name}{warmup}")
    return [f"{cause[0].upper()}{cause[1:]}: {listed(names)}" for cause, names in by_cause.items()]


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are.

    >>> listed(["a", "b"]), listed(["a", "b", "c", "d", "e", "f"])
    ('a, b', 'a, b, c, d and 2 more')
    """
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def percent(share: float) -> str:
    """Return a share in percent, never rounded to all or to none.

    >>> percent(1.0), percent(0.996), percent(0.624), percent(0.001)
    ('100 %', '99 %', '62 %', '1 %')
    """
    whole = round(100 * share)
    return f"{min(max(whole, 1), 99) if 0 < share < 1 else whole} %"


def headed(lines: Iterable[str]) -> list[str]:
    """Return the lines under their count; nothing where there are none.

    >>> headed(["a", "b"]), headed([])
    (['2 notices:', '  a', '  b'], [])
    """
    rows = list(lines)
    return [f"{len(rows)} notice{'' if len(rows) == 1 else 's'}:", *(f"  {row}" for row in rows)] if rows else []
