"""When choices are made, what each is made on, and what it is tested on: from dates alone.

A bar is named by the row on which it ends. A choice is made at the close of a row and tested on the bars after it. Of
the bars up to that row those whose outcome reaches into the test are purged, and as many more as the embargo has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from backtests.performance.refusals import MINIMUM
from data.errors import ConfigError
from data.market import Flags
from strategies.exits import Length

FEWEST = 10  # folds; fewer say nothing of a rule that chooses

Dates = NDArray[np.datetime64]


@dataclass(frozen=True)
class Plan:
    """How long is trained, how long tested, and how often."""

    train: str = "10Y"
    test: str = "12M"
    step: str = "12M"
    window: Literal["anchored", "rolling"] = "anchored"


@dataclass(frozen=True)
class Fold:
    """A choice; bars by the rows on which they end."""

    number: int
    decided: int  # row at whose close it is made, and from which it is traded
    train: slice  # bars that it is made on
    test: slice  # bars after it, as long as the test is
    held: slice  # of these, those until the next choice


def folds(dates: Dates, monthly: bool, plan: Plan, outcome: int = 1, embargo: int = 1) -> tuple[Fold, ...]:
    """Return every fold whose test ends within `dates` (T,), whose first row is the start of the first bar.

    `outcome` is how many bars what is learned from a bar spans, its own included; `embargo` how many more are left out
    between the last of them and the test. On month ends a month's row is its end, whatever its day.

    Raises
    ------
    ConfigError
        Fewer than ten folds, a step longer than the test, or so little to train on that nothing is told.
    """
    first = _month_end(dates[0]) if monthly else dates[0]
    last = _month_end(dates[-1]) if monthly else dates[-1]
    start = _later(first, plan.train, 1, monthly)
    if _later(start, plan.step, 1, monthly) > _later(start, plan.test, 1, monthly):
        raise ConfigError(
            f"walkforward.step is {plan.step}, longer than the test, {plan.test}: what is between would be tested by "
            "nothing; give a step that is no longer"
        )
    days: list[np.datetime64] = []
    while _later(day := _later(start, plan.step, len(days), monthly), plan.test, 1, monthly) <= last:
        days.append(day)
    _check(days, dates, plan)
    planned: list[Fold] = []
    rows = [_row(dates, day) for day in days]
    for k, (day, decided) in enumerate(zip(days, rows, strict=True)):
        end = _row(dates, _later(day, plan.test, 1, monthly))
        begin = 0
        if plan.window == "rolling":
            begin = _row(dates, _later(first, plan.step, k, monthly))
        train = slice(begin + 1, decided - (outcome - 1) - embargo + 1)
        until = rows[k + 1] if k + 1 < len(rows) else end
        planned.append(Fold(k, decided, train, slice(decided + 1, end + 1), slice(decided + 1, until + 1)))
        bars = max(train.stop - train.start, 0)
        if bars < MINIMUM:
            raise ConfigError(
                f"walkforward: the choice of {dates[decided]} would be made on {bars} bars, after {outcome - 1} purged "
                f"and {embargo} embargoed; at least {MINIMUM} are needed: give a longer train"
            )
    return tuple(planned)


def _check(days: list[np.datetime64], dates: Dates, plan: Plan) -> None:
    if len(days) < FEWEST:
        raise ConfigError(
            f"walkforward: {len(days)} fold{'' if len(days) == 1 else 's'} of {plan.train} training and {plan.test} "
            f"test, stepping {plan.step}, fit in {dates[0]} to {dates[-1]}; at least {FEWEST} are needed: give a "
            "shorter train, test or step, or more history"
        )


def _later(day: np.datetime64, length: str, times: int, monthly: bool) -> np.datetime64:
    """Return the day `times` lengths after another; on month ends, whole months after one are a month end."""
    if not times:
        return day
    later = day
    if length[-1] == "D":
        later = day + np.timedelta64(int(length[:-1]) * times, "D")
    else:
        later = Length(f"{int(length[:-1]) * times}{length[-1]}").after(day)
    return _month_end(later) if monthly and length[-1] != "D" else later


def _month_end(day: np.datetime64) -> np.datetime64:
    return np.datetime64((day.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1)


def _row(dates: Dates, day: np.datetime64) -> int:
    """The last row on or before a day."""
    return int(np.searchsorted(dates, day, side="right")) - 1


def training(bars: int, tests: Iterable[slice], outcome: int = 1, embargo: int = 1) -> Flags:
    """Return which of `bars` may be learned from where others, before and after them, are tested.

    Left out are the tests, and on either side of each the bars whose outcome overlaps one of the test's, and the
    embargo.
    """
    allowed = np.ones(bars, dtype=bool)
    gap = outcome - 1 + embargo
    for test in tests:
        allowed[max(test.start - gap, 0) : test.stop + gap] = False
    return allowed
