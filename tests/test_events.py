"""Named windows of history: which bars belong to them, what a variant did in them, and whether the dates are true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.performance import metrics
from backtests.performance.events import (
    EVENTS,
    FED_CUTS,
    FED_HIKES,
    REGIMES,
    Event,
    Regime,
    Stretch,
    between,
    during,
    event_pnl,
    regime_pnl,
    under,
)

BY_NAME = {one.name: one for one in EVENTS}
RULE = {one.name: one for one in REGIMES}
BOJ = [one for one in REGIMES if one.bank == "Bank of Japan"]
FED = [one for one in REGIMES if one.bank == "Federal Reserve"]


@dataclass(frozen=True)
class Track:
    dates: np.ndarray
    capital: float
    equity: np.ndarray
    cash: np.ndarray


def month_ends(first: str, last: str) -> np.ndarray:
    """The last calendar day of every month from `first` to `last`."""
    months = np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1)
    return (months + 1).astype("datetime64[D]") - 1


def weekdays(first: str, last: str) -> np.ndarray:
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    return days[np.is_busday(days)]


def flat(dates: np.ndarray) -> Track:
    return Track(dates, 100.0, np.full(len(dates), 100.0), np.zeros(len(dates)))


def ends(dates: np.ndarray, bars: np.ndarray) -> list[str]:
    return [str(day) for day in dates[1:][bars]]


# ------------------------------------------------------------------ which bars belong
@pytest.mark.parametrize(
    ("name", "months"),
    [
        ("jgb_1998", ["1998-10-31", "1998-11-30", "1998-12-31", "1999-01-31", "1999-02-28"]),
        ("var_shock", ["2003-06-30", "2003-07-31", "2003-08-31", "2003-09-30"]),
        ("crisis_2008", ["2008-09-30", "2008-10-31", "2008-11-30", "2008-12-31"]),
        ("qqe_announced", ["2013-04-30"]),
        ("taper", ["2013-05-31", "2013-06-30", "2013-07-31", "2013-08-31"]),
        ("nirp", ["2016-01-31", "2016-02-29"]),
        ("march_2020", ["2020-03-31"]),
        ("ycc_band", ["2022-12-31"]),
        ("august_2024", ["2024-08-31"]),  # five days, no month end among them: the month that holds them
        ("tariffs", ["2025-04-30"]),
        ("super_long_2026", ["2026-01-31"]),
    ],
)
def test_on_month_ends_an_event_is_the_months_that_end_in_it_or_the_one_that_holds_it(name, months):
    dates = month_ends("1992-12", "2026-06")
    assert ends(dates, during(dates, BY_NAME[name])) == months


def test_on_week_ends_a_few_days_are_the_weeks_that_hold_them():
    fridays = np.arange("2024-07-05", "2024-09-01", 7, dtype="datetime64[D]")
    bars = during(fridays, BY_NAME["august_2024"])
    assert [str(day) for day in fridays[1:][bars]] == ["2024-08-02", "2024-08-09"]  # the fifth was a Monday


def test_on_days_an_event_is_the_days_that_end_in_it():
    dates = weekdays("2024-07-01", "2024-09-30")
    days = ["2024-08-01", "2024-08-02", "2024-08-05"]
    assert ends(dates, during(dates, BY_NAME["august_2024"])) == days


def test_an_event_on_a_weekend_is_the_bar_over_it():
    weekend = Event("w", "weekend", date(2024, 8, 3), date(2024, 8, 4))
    dates = weekdays("2024-07-29", "2024-08-09")
    assert ends(dates, during(dates, weekend)) == ["2024-08-05"]


def test_the_bar_before_an_event_and_the_bar_after_it_do_not_belong_to_it():
    dates = month_ends("2008-01", "2009-06")
    taken = ends(dates, during(dates, Event("e", "e", date(2008, 10, 1), date(2008, 12, 31))))
    assert taken == ["2008-10-31", "2008-11-30", "2008-12-31"]


@pytest.mark.parametrize(("first", "last"), [("2010-01", "2019-12"), ("2024-08", "2026-06"), ("1993-01", "2024-07")])
def test_an_event_outside_the_history_has_no_bars_and_is_absent(first, last):
    dates = month_ends(first, last)
    assert not during(dates, BY_NAME["august_2024"]).any()
    assert event_pnl(flat(dates), {}, BY_NAME["august_2024"]) is None


@pytest.mark.parametrize(
    ("first", "last", "bars", "partly"),
    [
        ("2008-08", "2009-06", 4, False),
        ("2008-09", "2009-06", 3, True),  # the bar that ends in September 2008 is before the history
        ("2008-11", "2009-06", 1, True),
        ("2000-01", "2008-12", 4, False),
        ("2000-01", "2008-11", 3, True),
        ("2000-01", "2008-09", 1, True),
    ],
)
def test_an_event_the_history_holds_a_part_of_says_so(first, last, bars, partly):
    found = event_pnl(flat(month_ends(first, last)), {}, BY_NAME["crisis_2008"])
    assert (found.bars, found.partly) == (bars, partly)


@pytest.mark.parametrize(("first", "partly"), [("2022-12-19", False), ("2022-12-20", True)])
def test_the_bar_that_ends_on_the_first_day_of_an_event_belongs_to_it(first, partly):
    assert event_pnl(flat(weekdays(first, "2023-01-31")), {}, BY_NAME["ycc_band"]).partly is partly


def test_a_history_that_starts_on_the_last_day_of_an_event_does_not_reach_it():
    assert event_pnl(flat(month_ends("2008-12", "2010-01")), {}, BY_NAME["crisis_2008"]) is None


def test_an_event_that_ends_between_two_bars_is_whole_without_the_second():
    found = event_pnl(flat(month_ends("2013-01", "2013-08")), {}, BY_NAME["taper"])  # it ends on 2013-09-17
    assert (found.bars, found.partly, found.last) == (4, False, "2013-08-31")


def test_a_single_row_has_no_bars():
    alone = flat(month_ends("2008-10", "2008-10"))
    assert event_pnl(alone, {}, BY_NAME["crisis_2008"]) is None
    assert regime_pnl(alone, {}, 12.0, RULE["before_qqe"]) is None


# ------------------------------------------------------------------ what it did
def test_an_event_worked_by_hand():
    """From 110: two bars of cash 1 each; E 110 -> 121 -> 104.5. Excess 10/110 and -17.5/121 (16.5 lost, 1 earned)."""
    dates = month_ends("2020-01", "2020-05")
    track = Track(dates, 100.0, np.array([100.0, 110.0, 121.0, 104.5, 200.0]), np.array([0.0, 1.0, 1.0, 1.0, 1.0]))
    legs = {"A": np.array([7.0, 1.0, 6.0, -9.0, 50.0]), "B": np.array([0.0, 9.0, 4.0, -8.5, 45.5])}
    found = event_pnl(track, legs, Event("e", "e", date(2020, 3, 1), date(2020, 4, 30)))
    assert found.pnl == pytest.approx((1 + 10 / 110) * (1 - 17.5 / 121) - 1, rel=1e-14)
    assert found.drawdown == pytest.approx(17.5 / 121, rel=1e-14)
    assert (found.first, found.last, found.bars, found.partly) == ("2020-02-29", "2020-04-30", 2, False)
    assert found.legs == {"A": -3.0, "B": -4.5}


def test_the_drawdown_inside_an_event_forgets_the_peak_before_it():
    dates = month_ends("2020-01", "2020-04")
    track = Track(dates, 100.0, np.array([100.0, 50.0, 55.0, 60.0]), np.zeros(4))
    assert event_pnl(track, {}, Event("e", "e", date(2020, 3, 1), date(2020, 4, 30))).drawdown == 0.0


def test_the_opening_costs_belong_to_the_first_bar_of_the_history_and_to_no_other():
    dates = month_ends("2020-01", "2020-04")
    legs = {"A": np.array([-5.0, 1.0, 2.0, 4.0])}
    first = event_pnl(flat(dates), legs, Event("e", "e", date(2020, 2, 1), date(2020, 2, 29)))
    second = event_pnl(flat(dates), legs, Event("e", "e", date(2020, 3, 1), date(2020, 4, 30)))
    assert (first.legs["A"], second.legs["A"]) == (-4.0, 6.0)


def test_a_regime_is_the_metrics_of_its_own_bars():
    dates = month_ends("2013-01", "2017-12")
    rng = np.random.default_rng(7)
    equity = 100.0 * np.cumprod(np.concatenate([[1.0], 1.0 + rng.normal(0.004, 0.02, len(dates) - 1)]))
    track = Track(dates, 100.0, equity, np.full(len(dates), 0.1))
    found = regime_pnl(track, {}, 12.0, RULE["qqe"])
    a, b = np.flatnonzero(np.isin(dates, np.array(["2013-03-31", "2016-08-31"], dtype="datetime64[D]")))
    cut = Track(dates[a : b + 1], equity[a], equity[a : b + 1], track.cash[a : b + 1])
    x, r = metrics.excess_returns(cut), metrics.returns(cut)
    assert found.bars == len(x) == 41
    assert (found.first, found.last) == ("2013-03-31", "2016-08-31")
    assert found.years == pytest.approx(metrics.years(cut.dates), rel=1e-14)
    assert found.excess_return == pytest.approx(12 * x.mean(), rel=1e-12)
    assert found.volatility == pytest.approx(r.std(ddof=1) * 12**0.5, rel=1e-12)
    assert found.sharpe == pytest.approx(metrics.sharpe(x, 12.0), rel=1e-12)


@pytest.mark.parametrize(("last", "known"), [("2017-08", False), ("2017-09", True)])
def test_a_regime_of_fewer_than_twelve_bars_has_no_sharpe_ratio(last, known):
    dates = month_ends("2016-09", last)  # YCC from the bar that ends in October
    track = Track(dates, 100.0, np.linspace(100.0, 110.0, len(dates)) ** 1.5, np.zeros(len(dates)))
    found = regime_pnl(track, {}, 12.0, RULE["ycc"])
    assert found.bars == (12 if known else 11)
    assert (found.sharpe is not None) is known
    assert found.volatility is not None


def test_a_regime_in_two_stretches_counts_both_and_not_what_lies_between():
    regime = Regime("r", "r", "bank", (Stretch(date(2020, 1, 1), date(2020, 2, 29)), Stretch(date(2020, 5, 1), None)))
    dates = month_ends("2019-12", "2020-06")
    assert ends(dates, under(dates, regime)) == ["2020-01-31", "2020-02-29", "2020-05-31", "2020-06-30"]
    found = regime_pnl(flat(dates), {"A": np.arange(7.0)}, 12.0, regime)
    assert found.legs["A"] == 1 + 2 + 5 + 6
    assert found.years == pytest.approx((31 + 29 + 31 + 30) / 365.25)


calendars = st.lists(st.dates(date(1990, 1, 1), date(2030, 1, 1)), min_size=2, max_size=60, unique=True).map(
    lambda days: np.array(sorted(days), dtype="datetime64[D]")
)


@given(dates=calendars)
def test_every_bar_belongs_to_one_regime_of_the_bank_of_japan(dates):
    assert (sum(under(dates, regime).astype(int) for regime in BOJ) == 1).all()


@given(dates=calendars)
def test_since_1994_every_bar_belongs_to_one_regime_of_the_federal_reserve(dates):
    since = dates[1:] >= np.datetime64("1994-02-04")
    assert (sum(under(dates, regime).astype(int) for regime in FED) == since).all()


@given(dates=calendars, seed=st.integers(0, 99))
def test_what_legs_made_under_all_regimes_is_all_they_made(dates, seed):
    legs = {"A": np.random.default_rng(seed).normal(size=len(dates))}
    regimes = [found for regime in BOJ if (found := regime_pnl(flat(dates), legs, 12.0, regime))]
    assert sum(one.legs["A"] for one in regimes) == pytest.approx(legs["A"].sum(), abs=1e-12)


# ------------------------------------------------------------------ whether the dates are true
def test_names_are_unique_and_windows_in_order():
    assert len({one.name for one in (*EVENTS, *REGIMES)}) == len(EVENTS) + len(REGIMES)
    assert [one.first for one in EVENTS] == sorted(one.first for one in EVENTS)


def test_between_two_cycles_the_bank_is_on_hold():
    held = between((Stretch(date(2020, 5, 1), date(2020, 5, 9)), Stretch(date(2020, 1, 1), date(2020, 2, 2))))
    assert held == (Stretch(date(2020, 2, 3), date(2020, 4, 30)), Stretch(date(2020, 5, 10), None))


def overnight(market, day: date, months: int) -> float:
    """The funds rate's average of the month that is `months` after a day's; row 0 of a rate has no bar."""
    wanted = np.datetime64(day, "M") + months
    at = market.dates.astype("datetime64[M]") == wanted
    return float(market.macro["us_overnight"][at][0])


@pytest.mark.parametrize(
    ("stretch", "sign"), [*((one, 1) for one in FED_HIKES), *((one, -1) for one in FED_CUTS)], ids=str
)
def test_the_funds_rate_rose_over_every_cycle_of_hikes_and_fell_over_every_cycle_of_cuts(market, stretch, sign):
    change = overnight(market, stretch.last, 1) - overnight(market, stretch.first, -1)
    assert sign * change > 0.005


@pytest.mark.parametrize("stretch", between(FED_HIKES + FED_CUTS), ids=str)
def test_the_funds_rate_hardly_moved_while_the_bank_was_on_hold(market, stretch):
    last = stretch.last or date(2026, 5, 31)
    change = overnight(market, last, -1) - overnight(market, stretch.first, 1)
    assert abs(change) < 0.0035  # one move of 25 bp, as in 1997, and what the average strays by


def earned(market, name: str, event: str) -> float:
    """Local return of an instrument over the bars of an event."""
    price = market.price[:, market.column(name)]
    bars = np.flatnonzero(during(market.dates, BY_NAME[event]))
    return float(price[bars[-1] + 1] / price[bars[0]] - 1.0)


@pytest.mark.parametrize(
    ("event", "name", "sign"),
    [
        ("jgb_1998", "JGB10", -1),
        ("var_shock", "JGB10", -1),
        ("crisis_2008", "UST10", 1),
        ("taper", "UST10", -1),
        ("nirp", "JGB10", 1),
        ("march_2020", "UST10", 1),
        ("selloff_2022", "UST10", -1),
        ("ycc_band", "JGB10", -1),
        ("super_long_2026", "JGB30", -1),
    ],
)
def test_the_bond_an_event_is_named_for_moved_as_its_name_says(market, event, name, sign):
    assert sign * earned(market, name, event) > 0.005
