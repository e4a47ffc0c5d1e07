"""When did two markets, home and abroad, last look as they do now, and what did each variant do next?

Abroad is the first foreign country, in the order of the table, that a leg is of. The state of a row is five yields and
rates. Each is put in standard deviations of its own history up to now, and rows
are compared by Euclidean distance. The analogues of now are the rows closest to it, each six months or more from the
others and from now, so that what followed each of them over six months is known, and shares no bar with another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from backtests.engine.result import Result
from backtests.performance import metrics
from data.countries import BASE, Country
from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Window
from strategies.signals import change, macro

PARTS = 5  # of a state
COUNT = 10
APART = 6  # months
HORIZONS = (1, 3, 6)  # months
STILL = 1e-12


@dataclass(frozen=True)
class Analogue:
    """A past row whose state is close to that of now."""

    day: date
    distance: float  # root of the sum of squared differences, each in standard deviations
    state: Array  # (5,) decimals


@dataclass(frozen=True)
class Analogues:
    """Now and its analogues; `missing` says why there are none."""

    day: date
    names: tuple[str, ...]  # (5,) of the parts of a state, in order
    state: Array  # (5,)
    scores: Array  # (5,) standard deviations from the mean of all rows up to now
    rows: int  # on which the whole state is known
    effective: float | None = None  # how many uncorrelated parts the state amounts to
    closest: tuple[Analogue, ...] = ()  # by distance
    missing: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a variant earned in excess of cash after each analogue; NaN where it did not trade then."""

    after: Array  # (analogues, 3) over each of HORIZONS, fraction of equity
    worst: Array  # (analogues,) lowest cumulative return within the longest of them
    usual: tuple[float | None, ...]  # mean over every row of its run, of each horizon and of the worst mark
    rows: int  # of its run that the longest horizon followed
    overlap: bool  # whether two of the analogues are nearer each other than the longest horizon is long

    @property
    def count(self) -> int:
        """How many of the analogues it traded after."""
        return int((~np.isnan(self.worst)).sum())

    @property
    def average(self) -> tuple[float | None, ...]:
        """Mean over those analogues of each horizon, then of the worst mark; None where there are none."""
        known = self._known
        if not len(known):
            return (None,) * (len(HORIZONS) + 1)
        return tuple(float(mean) for mean in known.mean(axis=0))

    @property
    def error(self) -> tuple[float | None, ...]:
        """Standard error of each of those means, deviation over the root of the count; None of fewer than two."""
        known = self._known
        if len(known) < 2:
            return (None,) * (len(HORIZONS) + 1)
        errors: Array = known.std(axis=0, ddof=1) / np.sqrt(len(known))
        return tuple(float(error) for error in errors)

    @property
    def _known(self) -> Array:
        return np.asarray(np.column_stack([self.after, self.worst])[~np.isnan(self.worst)])


def abroad(market: Market) -> Country | None:
    """Return the foreign country of a state: that of a leg, or else of a curve; None where the data holds none."""
    held = [row for row in market.countries if row.currency != BASE and row.code in market.curves]
    traded = {market.countries.of(leg).code for leg in market.instruments}
    return next((row for row in held if row.code in traded), next(iter(held), None))


def names_of(home: Country, foreign: Country) -> tuple[str, ...]:
    """Return the names of the parts of a state.

    >>> from data.countries import COUNTRIES
    >>> names_of(COUNTRIES["us"], COUNTRIES["jp"])
    ('UST10 - JGB10', 'policy gap, 6m change', 'hedged pickup', 'US 2s10s', 'JGB 2s10s')
    """
    gap = f"{home.ticker}10 - {foreign.ticker}10"
    return gap, f"policy gap, {APART}m change", "hedged pickup", f"{home.label} 2s10s", f"{foreign.ticker} 2s10s"


def state(market: Market) -> Array:
    """State (T, 5) of each row as known on it, decimals, in the order of `names_of`; NaN where a part is not known.

    The pickup is a foreign investor's, after rolling a three-month currency hedge: UST10 less (US 3-month less the
    foreign overnight rate) less the foreign 10-year.
    """
    home, foreign = market.countries.home, abroad(market)
    if foreign is None:
        return np.full((len(market.dates), PARTS), np.nan)
    domestic, other = market.curves[home.code], market.curves[foreign.code]
    dollar, local = macro(market, f"{home.code}_overnight"), macro(market, f"{foreign.code}_overnight")
    parts = (
        domestic.at(10.0) - other.at(10.0),
        change(dollar - local, Window(f"{APART}M").bars(market)),
        domestic.at(10.0) - (domestic.at(0.25) - local) - other.at(10.0),
        domestic.at(10.0) - domestic.at(2.0),
        other.at(10.0) - other.at(2.0),
    )
    return np.column_stack(parts)


def find_analogues(market: Market) -> Analogues:
    """Return the analogues of a market's last row; nothing later exists to be used."""
    now = len(market.dates) - 1
    today, foreign = market.dates[now].astype(object), abroad(market)
    values = state(market)
    if foreign is None:
        return Analogues(today, (), values[now], values[now], 0, missing="the data holds no curve of another country")
    names = names_of(market.countries.home, foreign)
    known = np.asarray(~np.isnan(values).any(axis=1))
    if not known[now] or known.sum() < 2:
        absent = [name for name, value in zip(names, values[now], strict=True) if np.isnan(value)]
        why = f"{', '.join(absent)} is not known on {today}" if absent else "too little history"
        return Analogues(today, names, values[now], np.full(PARTS, np.nan), int(known.sum()), missing=why)
    history = values[known]
    deviation = history.std(axis=0, ddof=1)
    scores = np.divide(values - history.mean(axis=0), deviation, out=np.zeros_like(values), where=deviation > STILL)
    distance = np.where(known, np.sqrt(((scores - scores[now]) ** 2).sum(axis=1)), np.inf)
    return Analogues(
        today,
        names,
        values[now],
        scores[now],
        int(known.sum()),
        effective_number(history),
        tuple(
            Analogue(market.dates[row].astype(object), float(distance[row]), values[row])
            for row in _closest_rows(distance, bars(market, APART))
        ),
    )


def effective_number(history: Array) -> float | None:
    """Return how many uncorrelated series `history (rows, parts)` amounts to; None where a part never varies.

    `(sum of e)^2 / sum of e^2`, e the eigenvalues of the correlation matrix: the number of parts where none are
    correlated, 1 where all move as one.

    >>> effective_number(np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]))
    2.0
    """
    if len(history) < 2 or (history.std(axis=0) <= STILL).any():
        return None
    values = np.linalg.eigvalsh(np.corrcoef(history, rowvar=False))
    return float(values.sum() ** 2 / (values**2).sum())


def _closest_rows(distance: Array, apart: int) -> list[int]:
    """Rows in order of distance, each at least `apart` rows from those before it and from the last row."""
    chosen: list[int] = []
    for row in np.argsort(distance, kind="stable"):
        far = all(abs(row - other) >= apart for other in (len(distance) - 1, *chosen))
        if far and np.isfinite(distance[row]):
            chosen.append(int(row))
        if len(chosen) == COUNT:
            break
    return chosen


def bars(market: Market, months: int) -> int:
    """Rows that `months` months have on a market, rounded half up, at least 1."""
    return max(1, int(np.floor(months * market.periods_per_year / 12.0 + 0.5)))


def outcome(result: Result, closest: Sequence[Analogue], market: Market) -> Outcome:
    """Return what a variant's own run earned after each analogue, and after any row, in excess of cash."""
    excess = metrics.excess_returns(result)
    lengths = [bars(market, months) for months in HORIZONS]
    longest = max(lengths)
    starts = np.arange(max(0, len(excess) - longest + 1))
    paths = np.cumprod(1.0 + excess[starts[:, None] + np.arange(longest)], axis=1) - 1.0
    marks = np.column_stack([*(paths[:, n - 1] for n in lengths), paths.min(axis=1, initial=np.inf)])
    followed = np.full((len(closest), marks.shape[1]), np.nan)
    for k, analogue in enumerate(closest):
        row = int(np.searchsorted(result.dates, np.datetime64(analogue.day)))
        if row < len(marks) and result.dates[row] == np.datetime64(analogue.day):
            followed[k] = marks[row]
    usual = tuple(float(mean) for mean in marks.mean(axis=0)) if len(marks) else (None,) * (len(HORIZONS) + 1)
    rows = np.sort(np.searchsorted(market.dates, [np.datetime64(analogue.day) for analogue in closest]))
    return Outcome(
        followed[:, :-1], followed[:, -1], usual, len(marks), bool((np.diff(rows) < longest).any())
    )  # fmt: skip
