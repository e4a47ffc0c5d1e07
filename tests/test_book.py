"""What an engine is given: the window, the currency treatment, the cap on gross weights, and the clock."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from backtests.engine import backtrader_engine, ledger
from backtests.engine.book import Book, Terms, capped, decisions, prepare
from backtests.engine.result import Result
from data.instruments import Instrument
from data.market import Market

TREASURY = Instrument("US", "par_bond", "USD", "us", 10.0)
JGB = Instrument("JP", "par_bond", "JPY", "jp", 10.0)
NOTHING_EARNED = Terms(capital=1000.0, cash_interest=False)


def made_up(
    dates: list[str], usd_price: list[float], jpy_price: list[float], usd_per_yen: list[float], **rates
) -> Market:
    """A market of one Treasury and one JGB; every rate and cost is 0 unless given as (T,) or (T, n)."""
    shape = (len(dates), 2)

    def table(name: str, flat: float = 0.0) -> np.ndarray:
        values = np.asarray(rates.get(name, flat), dtype=float)
        return np.array(np.broadcast_to(values[:, None] if values.ndim == 1 else values, shape))

    return Market(
        dates=np.array(dates, dtype="datetime64[D]"),
        instruments=(TREASURY, JGB),
        price=np.column_stack([usd_price, jpy_price]).astype(float),
        fx=np.column_stack([np.ones(len(dates)), usd_per_yen]).astype(float),
        duration=table("duration", 8.0),
        **{name: table(name) for name in ("funding", "borrow", "roll", "income", "spread", "lot")},
        exists=np.ones(shape, bool),
        tradable=np.ones(shape, bool),
        proxy=np.zeros(shape, bool),
        no_rolldown=np.zeros(shape, bool),
        usd=np.asarray(rates.get("usd", np.zeros(len(dates))), dtype=float),
        cash=np.asarray(rates.get("cash", np.zeros(len(dates))), dtype=float),
        curves={},
        macro={},
        periods_per_year=rates.get("periods_per_year", 12.0),
    )  # fmt: skip


MONTHS = ["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"]
YEN = [0.01, 0.008, 0.0125, 0.01]  # USD per yen


def flat_yen_market(**rates) -> Market:
    """Prices that never move; only the yen does."""
    return made_up(MONTHS, [100.0] * 4, [100.0] * 4, YEN, **rates)


def results_of(market: Market, weights: list[float], terms: Terms, once: bool = True) -> list[Result]:
    """What both engines make of constant weights, decided on the first row only or on every row."""
    book = prepare(market, np.tile(weights, (len(market.dates), 1)), slice(0, len(market.dates)), terms)
    if once:
        book = book._replace(decides=np.arange(len(market.dates)) == 0)
    return [ledger.run(book), backtrader_engine.run(book)]


# ---- currency treatments


def test_a_repo_short_earns_nothing_whatever_the_yen_does():
    for result in results_of(flat_yen_market(), [0.0, -1.0], NOTHING_EARNED):
        assert result.equity.tolist() == [1000.0] * 4


def test_an_unhedged_short_loses_what_the_yen_gains():
    for result in results_of(
        flat_yen_market(), [0.0, -1.0], Terms(capital=1000.0, cash_interest=False, currency="unhedged")
    ):
        gains = 1.0 - (np.array(YEN) / YEN[0] - 1.0)  # per dollar of notional at the start
        np.testing.assert_allclose(result.equity, 1000.0 * gains, rtol=1e-14)
        assert not result.price.any()  # all of it is the line `fx`


def test_repo_converts_a_jgbs_gain_at_the_yen_of_its_bars_end():
    market = made_up(MONTHS[:2], [100.0, 100.0], [100.0, 110.0], [0.01, 0.008])
    for result in results_of(market, [0.0, 1.0], NOTHING_EARNED):
        # 1000 USD buy 1000 units of 1 USD; 10 yen each are worth 8 cents at the end
        assert result.equity[-1] == pytest.approx(1000.0 + 1000 * 10 * 0.008, abs=1e-10)


def test_repo_pays_the_local_rate_at_the_yen_of_the_bars_end():
    market = flat_yen_market(funding=[0.0, 0.01, 0.0, 0.0])
    for result in results_of(market, [0.0, 1.0], NOTHING_EARNED):
        assert result.funding[:, 1].tolist() == pytest.approx([0.0, -1000 * 100 * 0.01 * 0.008, 0.0, 0.0], abs=1e-12)


def test_unhedged_pays_the_dollar_rate_at_the_yen_of_the_bars_start():
    market = flat_yen_market(funding=[0.0, 0.5, 0.5, 0.5], usd=[0.0, 0.01, 0.0, 0.0])
    for result in results_of(market, [0.0, 1.0], Terms(capital=1000.0, cash_interest=False, currency="unhedged")):
        assert result.funding[:, 1].tolist() == pytest.approx([0.0, -1000 * 100 * 0.01 * 0.01, 0.0, 0.0], abs=1e-12)


def swapped(basis: float) -> Terms:
    return Terms(capital=1000.0, cash_interest=False, currency="fx_swap", basis=basis)


def test_a_swapped_yen_long_gains_the_basis_against_repo():
    market = flat_yen_market(funding=[0.0, 0.01, 0.01, 0.01])
    repo, _ = results_of(market, [0.0, 1.0], NOTHING_EARNED)
    for result in results_of(market, [0.0, 1.0], swapped(-0.0365)):
        # 31 days of 3.65 % a year, act/365, on 100 000 yen, received at the yen of the bar's end
        gained = result.funding[:, 1] - repo.funding[:, 1]
        days = np.array([0, 31, 29, 31])
        np.testing.assert_allclose(gained, 100_000 * 0.0365 / 365 * days * np.array(YEN), rtol=1e-12)


def test_a_swapped_yen_short_is_a_repo_short():
    market = flat_yen_market(funding=[0.0, 0.01, 0.01, 0.01])
    repo = results_of(market, [0.0, -1.0], NOTHING_EARNED)
    for hedged, swap in zip(repo, results_of(market, [0.0, -1.0], swapped(-0.0365)), strict=True):
        assert np.array_equal(hedged.equity, swap.equity)
        assert hedged.funding.any()


@pytest.mark.parametrize("currency", ["repo", "unhedged", "fx_swap"])
@pytest.mark.parametrize("weight", [1.0, -1.0])
def test_the_treatment_of_the_yen_does_not_touch_a_dollar_leg(currency, weight):
    dollar_rate = [0.0, 0.01, 0.02, 0.01]
    prices = [100.0, 103.0, 99.0, 101.0]
    market = made_up(MONTHS, prices, [100.0] * 4, YEN, funding=dollar_rate, usd=dollar_rate)
    repo, _ = results_of(market, [weight, 0.0], NOTHING_EARNED)
    for result in results_of(market, [weight, 0.0], Terms(capital=1000.0, cash_interest=False, currency=currency)):
        np.testing.assert_allclose(result.equity, repo.equity, rtol=1e-13)


# ---- the window


def whole(market: Market, **terms) -> Book:
    return prepare(market, np.ones((len(market.dates), 2)), slice(1, 4), Terms(**terms))


def test_a_window_keeps_its_rows_and_nothing_of_the_rest():
    market = made_up(MONTHS, [1, 2, 3, 4], [5, 6, 7, 8], YEN)
    book = prepare(market, np.arange(8.0).reshape(4, 2), slice(1, 3), Terms())
    assert book.dates.astype(str).tolist() == MONTHS[1:3]
    assert book.price.tolist() == [[2, 6], [3, 7]]
    assert book.targets.tolist() == [[2, 3], [4, 5]]


def test_nothing_is_earned_over_the_bar_that_ends_where_the_window_begins():
    book = whole(flat_yen_market(cash=[0.0, 0.02, 0.03, 0.04]), margin_spread=0.36, repo_spread=0.036)
    assert book.cash.tolist() == [0.0, 0.03, 0.04]
    assert book.margin.tolist() == pytest.approx([0.0, 29 * 0.001, 31 * 0.001], rel=1e-14)  # act/360
    assert book.repo.tolist() == pytest.approx([0.0, 29 * 0.0001, 31 * 0.0001], rel=1e-14)


def test_a_book_without_interest_on_cash_still_pays_for_its_positions():
    rates = {
        "cash": [0.0, 0.02, 0.03, 0.04],
        "funding": [0.0, 0.01, 0.01, 0.01],
        "usd": [0.0, 0.01, 0.01, 0.01],
    }
    book = whole(flat_yen_market(**rates), cash_interest=False)
    assert not book.cash.any()
    assert (book.funding_long > 0).all()


def test_a_window_does_not_change_the_market_it_is_cut_from():
    market = flat_yen_market(cash=[0.0, 0.02, 0.03, 0.04])
    whole(market)
    assert market.cash.tolist() == [0.0, 0.02, 0.03, 0.04]


# ---- the cap on gross weights


def test_weights_above_the_cap_are_scaled_down_together():
    assert capped(np.array([[3.0, -1.0]]), 2.0).tolist() == [[1.5, -0.5]]


def test_weights_at_or_below_the_cap_are_left_alone():
    weights = np.array([[1.5, -0.5], [0.3, 0.1], [0.0, 0.0]])
    assert capped(weights, 2.0).tolist() == weights.tolist()


def test_each_row_is_capped_on_its_own():
    assert capped(np.array([[4.0, 0.0], [1.0, 0.0]]), 2.0).tolist() == [[2.0, 0.0], [1.0, 0.0]]


# ---- the clock


def fired(dates: list[str], every: str, periods_per_year: float) -> list[str]:
    days = np.array(dates, dtype="datetime64[D]")
    return [str(day) for day in days[decisions(days, every, periods_per_year)]]


MONTH_ENDS = [str(day.date()) for day in pd.date_range("2023-11-30", "2025-01-31", freq="ME")]


@pytest.mark.parametrize("every", ["bar", "week", "month"])
def test_month_ends_all_decide_down_to_a_month(every):
    assert fired(MONTH_ENDS, every, 12.0) == MONTH_ENDS


def test_month_ends_decide_on_the_row_that_ends_a_quarter():
    expected = ["2023-11-30", "2023-12-31", "2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31"]
    assert fired(MONTH_ENDS, "quarter", 12.0) == expected


def test_month_ends_decide_on_the_row_that_ends_a_year():
    assert fired(MONTH_ENDS, "year", 12.0) == ["2023-11-30", "2023-12-31", "2024-12-31"]


def test_months_that_end_on_their_last_business_day_decide_too():
    ends = ["2024-01-31", "2024-02-29", "2024-03-29", "2024-04-30", "2024-05-31", "2024-06-28", "2024-07-31"]
    assert fired(ends, "month", 12.0) == ends
    assert fired(ends, "quarter", 12.0) == ["2024-01-31", "2024-03-29", "2024-06-28"]


FRIDAYS = [str(day.date()) for day in pd.date_range("2024-02-16", "2024-05-10", freq="W-FRI")]


@pytest.mark.parametrize("every", ["bar", "week"])
def test_week_ends_all_decide_down_to_a_week(every):
    assert fired(FRIDAYS, every, 52.0) == FRIDAYS


def test_week_ends_decide_on_the_last_one_of_a_month():
    assert fired(FRIDAYS, "month", 52.0) == ["2024-02-16", "2024-02-23", "2024-03-29", "2024-04-26"]


def test_week_ends_decide_on_the_last_one_of_a_quarter_and_of_a_year():
    year = [str(day.date()) for day in pd.date_range("2024-01-05", "2025-01-10", freq="W-FRI")]
    assert fired(year, "quarter", 52.0) == [
        "2024-01-05",
        "2024-03-29",
        "2024-06-28",
        "2024-09-27",
        "2024-12-27",
    ]
    assert fired(year, "year", 52.0) == ["2024-01-05", "2024-12-27"]


def test_a_week_cut_short_by_a_holiday_still_ends_its_month():
    # Good Friday 2016 was 25 March: that week ended on the Thursday, and the next on Friday 1 April.
    weeks = ["2016-03-11", "2016-03-18", "2016-03-24", "2016-04-01", "2016-04-08"]
    assert fired(weeks, "month", 52.0) == ["2016-03-11", "2016-03-24"]


DAYS = [
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2024-03-04",
    "2024-03-28",
    "2024-04-01",
    "2024-04-02",
    "2025-01-06",
]


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("bar", DAYS),
        ("week", ["2024-02-28", "2024-03-04", "2024-03-28", "2024-04-01", "2025-01-06"]),
        ("month", ["2024-02-28", "2024-03-01", "2024-04-01", "2025-01-06"]),
        ("quarter", ["2024-02-28", "2024-04-01", "2025-01-06"]),
        ("year", ["2024-02-28", "2025-01-06"]),
    ],
)
def test_days_decide_on_the_first_bar_of_a_new_period(every, expected):
    assert fired(DAYS, every, 252.0) == expected


@pytest.mark.parametrize(("monday", "fires"), [("2024-03-03", False), ("2024-03-04", True)])
def test_a_week_begins_on_monday(monday, fires):
    assert (monday in fired(["2024-03-02", monday], "week", 259.8)) is fires


def test_daily_decisions_need_no_later_row():
    days = np.array([str(day.date()) for day in pd.bdate_range("2023-12-20", "2024-04-10")], dtype="datetime64[D]")
    for every in ("week", "month", "quarter", "year"):
        whole = decisions(days, every, 252.0)
        assert all(np.array_equal(decisions(days[: t + 1], every, 252.0), whole[: t + 1]) for t in range(len(days)))


def test_a_period_is_decided_once_on_any_calendar():
    for frequency, periods_per_year in (("B", 261.0), ("W-FRI", 52.0), ("ME", 12.0)):
        days = pd.date_range("2019-01-01", "2024-12-31", freq=frequency).to_numpy().astype("datetime64[D]")
        months = days[decisions(days, "quarter", periods_per_year)].astype("datetime64[M]").astype(int) // 3
        assert len(months) - len(set(months)) <= 1  # only the first quarter may fire twice: at its start and its end
        assert set(months) == set(range(months[0], months[-1] + 1))


@pytest.mark.parametrize("periods_per_year", [12.0, 52.0, 252.0])
def test_the_first_row_decides_though_no_period_ends_or_begins_there(periods_per_year):
    assert fired(["2024-02-14", "2024-02-15"], "year", periods_per_year) == ["2024-02-14"]
