"""The two books of a thesis, the trades it names and what its reasons say today: of which country each is net long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from backtests.runs.exposure import dv01
from backtests.runs.runner import Run, VariantRun
from data.countries import Countries
from data.instruments import BP
from data.pricing.bonds import Array
from strategies.article import Article
from strategies.macro import SafeHaven
from strategies.thesis import Signals, Thesis

FLAT = 0.05  # years: a net duration below it is neither long nor short


@dataclass(frozen=True)
class Net:
    """Net duration of a variant by country, as held at each close of its window."""

    variant: str
    dates: NDArray[np.datetime64]  # (T,) days
    years: Mapping[str, Array]  # country -> (T,) years of equity, + long

    @property
    def last(self) -> dict[str, float]:
        """On the last row."""
        return {code: float(path[-1]) for code, path in self.years.items()}


@dataclass(frozen=True)
class Apart:
    """Two books that are long and short of a country on their last common row, and since when without a break."""

    first: str
    other: str
    long: str  # the country that the first is long and the other short
    since: date


@dataclass(frozen=True)
class Owned:
    """Which of two markets a signal has owned, in what share of its rows."""

    variant: str
    country: str  # of the one owned more often
    against: str
    share: float
    since: date
    rows: int


@dataclass(frozen=True)
class Books:
    """What a run's books are net of, where two disagree, and what its signals of a haven have owned."""

    nets: tuple[Net, ...] = ()
    apart: Apart | None = None
    owned: tuple[Owned, ...] = ()


def books(run: Run) -> Books:
    """Return the whole books of a run: its article, and its signals under one name."""
    whole = [own for own in run.variants if not own.variant.overlays and _whole(own)]
    nets = tuple(net(own, run) for own in whole)
    kinds = {type(own.variant.strategy): net_ for own, net_ in zip(whole, nets, strict=True)}
    article, signals = kinds.get(Article), kinds.get(Signals)
    apart = (_apart(article, signals) or _apart(signals, article)) if article and signals else None
    return Books(nets, apart, tuple(_owned(own) for own in run.variants if isinstance(own.variant.strategy, SafeHaven)))


def _whole(own: VariantRun) -> bool:
    strategy = own.variant.strategy
    return isinstance(strategy, Article | Signals) and not isinstance(strategy, Thesis) and strategy.without is None


def net(own: VariantRun, run: Run) -> Net:
    """Return a variant's net duration by country: DV01 over equity, inflation bonds by their real yield."""
    each = dv01(own.market, own.span.rows, own.result.units) / (own.result.equity[:, None] * BP)
    years: dict[str, Array] = {}
    for i, leg in enumerate(own.market.instruments):
        code = run.config.countries.of(leg).code
        years[code] = years.get(code, np.zeros(len(each))) + each[:, i]
    return Net(own.variant.name, own.result.dates, years)


def _apart(first: Net, other: Net) -> Apart | None:
    common, a, b = np.intersect1d(first.dates, other.dates, return_indices=True)
    for code in first.years:
        if code not in other.years or not len(common):
            continue
        mine, yours = first.years[code][a], other.years[code][b]
        opposed = (np.minimum(np.abs(mine), np.abs(yours)) >= FLAT) & (mine * yours < 0)
        if opposed[-1] and mine[-1] > 0:
            agreed = np.flatnonzero(~opposed)
            since = common[agreed[-1] + 1 if agreed.size else 0]
            return Apart(first.variant, other.variant, code, since.astype("datetime64[D]").astype(object))
    return None


def _owned(own: VariantRun) -> Owned:
    strategy, rows = own.variant.strategy, own.span.rows
    assert isinstance(strategy, SafeHaven)
    signal = strategy.signal(own.market)[rows]
    long, short = (own.market.country(leg).code for leg in (strategy.long, strategy.short))
    share = float((signal > 0).mean()), float((signal < 0).mean())
    country, against, most = (long, short, share[0]) if share[0] >= share[1] else (short, long, share[1])
    return Owned(own.variant.name, country, against, most, own.span.first, len(signal))


# ---- in words


def words(years: Mapping[str, float], countries: Countries) -> str:
    """Return a net duration in words: net long Treasuries 2.0 years, short JGBs 2.0."""
    sides = [(code, value) for code, value in years.items() if abs(value) >= FLAT]
    if not sides:
        return "net flat in every country"
    told: list[str] = []
    previous = ""
    for code, value in sides:
        side = "long" if value > 0 else "short"
        unit = "" if told else " years"
        told.append(f"{side if side != previous else 'and'} {countries[code].bonds} {abs(value):.1f}{unit}")
        previous = side
    return f"net {', '.join(told)}"


def sentences(books_: Books, countries: Countries, rows: str) -> list[str]:
    """Return what there is to say of the books, a sentence each; `rows` is what a row is called: month ends."""
    lines = [f"{net_.variant} is {words(net_.last, countries)}." for net_ in books_.nets]
    apart = books_.apart
    if apart:
        bonds = countries[apart.long].bonds
        lines.append(
            f"The two disagree since {apart.since}: {apart.first} is net long {bonds}, {apart.other} net short."
        )
    elif len(books_.nets) > 1:
        lines.append("The two are on the same side of every country.")
    return lines + _haven(books_.owned, countries, rows)


def _haven(owned: Iterable[Owned], countries: Countries, rows: str) -> list[str]:
    return [
        f"{own.variant} has owned {countries[own.country].bonds} against {countries[own.against].bonds} on "
        f"{100 * own.share:.0f} % of {rows} since {own.since}."
        for own in owned
    ]
