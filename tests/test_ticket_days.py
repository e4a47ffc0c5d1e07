"""The ticket of a day: nothing later than it, its signals, its inputs and their ages, and days like it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from backtests.runs.inputs import MACRO_LIMIT, until
from backtests.ticket.analogues import APART, find_analogues, state
from data.build import build
from data.errors import ConfigError
from data.instruments import LIBRARY
from data.market import Market
from tests import histories
from tests.tickets import BOND, CALL, FED, HEAD, JGB10, NEW_YEAR, PAIR, UST10, daily, only

# ---- when


def test_a_quarterly_variant_decides_as_the_quarter_ends(ticket):
    text = "rebalance: {every: quarter}\n" + BOND
    assert only(ticket(text, date(2025, 12, 31))).scheduled
    assert not only(ticket(text, date(2025, 11, 30))).scheduled


def test_a_day_between_two_rows_is_the_row_before(ticket):
    made = ticket(BOND, date(2025, 12, 30))
    assert (made.day, only(made).day) == (date(2025, 11, 30), date(2025, 11, 30))


def test_the_configurations_end_is_the_day_unless_one_is_named(ticket):
    text = "data: {end: 2020-12-31}\n" + BOND
    assert ticket(text, None).day == date(2020, 12, 31)
    assert ticket(text).day == NEW_YEAR


def test_a_day_before_the_data_is_refused(ticket):
    with pytest.raises(ConfigError, match="--as-of is 1990-01-01, before 1992-12-31"):
        ticket(BOND, date(1990, 1, 1))


def test_a_leg_whose_yield_is_no_longer_quoted_has_no_target_and_says_since_when(ticket, serving, gappy_tables):
    serving(gappy_tables)
    text = "variants: {x: {strategy: hold, params: {weights: {TLT: 1.0}}}}\n"
    sheet = only(ticket(text, None))
    assert (sheet.missing, sheet.legs) == ("TLT has no yield or price after 2026-01-31", ())
    assert only(ticket(text)).missing == ""


def test_on_days_a_market_on_holiday_decides_on_its_last_session(ticket, serving, tables):
    days = daily(tables)
    jgb = days.yields["jp"].loc[:"2025-12-29"]
    serving(replace(days, yields={**days.yields, "jp": jgb}))
    sheet = only(ticket(PAIR))
    assert (sheet.missing, sheet.day) == ("", date(2025, 12, 29))
    serving(replace(days, yields={**days.yields, "jp": jgb.loc[:"2025-12-19"]}))
    assert only(ticket(PAIR)).missing == "JGB10 has no yield or price after 2025-12-19"


EVERYTHING = """
variants:
  pair: {strategy: divergence, params: {sizing: volatility}}
  gap: {strategy: inflation}
  debt: {strategy: debt_capacity, params: {footprint: distortion}}
  tips: {strategy: hold, params: {weights: {TIPS10: 0.5, TLT: 0.5}}}
  box: {strategy: box, currency: unhedged}
  steep: {strategy: curve, params: {trade: steepener}, trade: {horizon: 6M, target_bp: 40, stop_bp: 30, trail_bp: 50}}
"""


def changed_after(tables, day: date):
    """The same history up to a day, and another one after it."""
    after = pd.Timestamp(day) + pd.Timedelta(days=1)

    def shaken(values):
        values = values.copy()
        values.loc[after:] = values.loc[after:] * 0.7 + 0.001
        return values

    return replace(
        tables,
        yields={name: shaken(frame) for name, frame in tables.yields.items()},
        fx={name: shaken(rate) for name, rate in tables.fx.items()},
        overnight={name: shaken(rate) for name, rate in tables.overnight.items()},
        cpi=shaken(tables.cpi),
        macro={name: shaken(series) for name, series in tables.macro.items()},
    )


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2024, 7, 15)])
@pytest.mark.parametrize("rows", ["months", "days"])
def test_what_comes_after_the_day_changes_nothing(tmp_path, printed, serving, tables, day, rows):
    tables = tables if rows == "months" else daily(tables, "2019-01-01")
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + EVERYTHING)
    tickets, written = [], []
    for history in (tables, changed_after(tables, day), until(tables, day)):
        serving(history)
        tickets.append(printed(path, "--as-of", day, "--quiet", "--out", tmp_path / "t.json"))
        written.append((tmp_path / "t.json").read_text())
    assert tickets[0][0] == 0
    assert tickets[0] == tickets[1] == tickets[2]
    assert written[0] == written[1] == written[2]
    serving(changed_after(tables, date(2024, 6, 1)))
    assert printed(path, "--as-of", day, "--quiet") != tickets[0]  # the change is one that shows


@pytest.mark.parametrize("day", [date(2019, 10, 31), date(2020, 4, 15)])  # a month's end, and the middle of one
def test_on_days_what_comes_after_changes_nothing_where_a_rate_is_a_months_average(tmp_path, printed, serving, day):
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + EVERYTHING)
    whole, tickets = histories.days(), []
    for history in (whole, histories.disturbed(whole, day), histories.cut(whole, day)):
        serving(history)
        tickets.append(printed(path, "--as-of", day, "--quiet"))
    assert tickets[0][0] == 0
    assert tickets[0] == tickets[1] == tickets[2]


def test_the_average_of_a_month_under_way_is_not_known_yet():
    whole = histories.days()
    middle, end = until(whole, date(2020, 4, 15)), until(whole, date(2020, 4, 30))
    own, known = whole.overnight["JPY"], whole.known_overnight["JPY"]
    assert own["2020-04-15"] != known["2020-04-15"]
    assert middle.overnight["JPY"].equals(own[:"2020-03-31"].combine_first(known["2020-04-01":"2020-04-15"]))
    assert end.overnight["JPY"].equals(own[:"2020-04-30"])
    assert middle.overnight["USD"].equals(whole.overnight["USD"][:"2020-04-15"])


# ---- signals and inputs


def test_a_signal_is_set_against_its_own_known_history(ticket):
    sheet = only(ticket("variants: {x: {strategy: inflation}}\n"))
    values = sheet.variant.strategy.signal(sheet.market)
    known = values[~np.isnan(values)]
    (signal,) = sheet.signals
    assert (signal.name, signal.value, signal.rows) == ("signal", values[-1], len(known))
    assert signal.score == pytest.approx((values[-1] - known.mean()) / known.std(ddof=1))
    assert signal.percentile == pytest.approx(np.mean(known <= values[-1]))


def test_a_macro_figure_counts_from_its_publication(ticket):
    gap = "variants: {x: {strategy: inflation}}\n"
    found = {one.series.split(",")[0]: one.last for one in ticket(gap, date(2025, 12, 20)).inputs}
    assert found["us_core_cpi_yoy"] == date(2025, 11, 30)  # out on the 15th
    assert found["jp_core_cpi_yoy"] == date(2025, 10, 31)  # November's comes out on the 25th
    assert "us_debt_gdp" not in found


def test_a_stale_figure_is_marked_by_the_limit_of_its_frequency(ticket, serving, tables):
    silent = tables.macro["jp_core_cpi_yoy"].mask(tables.macro["jp_core_cpi_yoy"].index > "2026-02-28")
    serving(replace(tables, macro={**tables.macro, "jp_core_cpi_yoy": silent}))
    text = "variants: {x: {strategy: inflation}, y: {strategy: debt_capacity, params: {footprint: ignored}}}\n"
    found = {one.series: one for one in ticket(text, date(2026, 6, 30)).inputs}
    japan = found["jp_core_cpi_yoy, by month"]
    assert (japan.last, japan.days, japan.limit, japan.stale) == (date(2026, 2, 28), 122, MACRO_LIMIT["month"], True)
    assert japan.used_by == ("x",)
    assert not found["us_core_cpi_yoy, by month"].stale
    assert not found["us_debt_gdp, by year"].stale
    assert found["us_debt_gdp, by year"].used_by == ("y",)


def test_month_ends_are_stale_after_thirty_five_days(ticket):
    ages = {day: {one.stale for one in ticket(BOND, date(2026, 9, day)).inputs} for day in (4, 5)}
    assert ages == {4: {False}, 5: {True}}


def test_a_trade_on_prices_alone_rests_on_no_macro_figure_and_tips_on_the_price_index(ticket):
    plain = {one.series for one in ticket(PAIR).inputs}
    assert plain == {"UST10, curve us", "JGB10, curve jp", "overnight USD", "overnight JPY", "USDJPY"}
    tips = ticket("variants: {x: {strategy: hold, params: {weights: {TIPS10: 1.0}}}}\n").inputs
    assert {one.series: one.last for one in tips}["us_cpi, by month"] == date(2025, 11, 30)


# ---- analogues


@pytest.fixture
def short_market(tables) -> Market:
    return build(until(tables, NEW_YEAR), (LIBRARY["UST10"], LIBRARY["JGB10"]))


def test_the_state_of_a_row_is_five_figures_of_that_row(short_market):
    now = state(short_market)[-1]
    policy = (FED - CALL) - (0.0433 - 0.00477)  # against June 2025
    pickup = UST10 - (0.0367 - CALL) - JGB10
    assert now == pytest.approx([UST10 - JGB10, policy, pickup, UST10 - 0.0347, JGB10 - 0.01167], abs=1e-12)


def test_analogues_are_the_closest_rows_six_months_apart_from_each_other_and_from_now(short_market):
    values, found = state(short_market), find_analogues(short_market)
    rows = [t for t in range(len(values)) if not np.isnan(values[t]).any()]
    scale = [np.std([values[t][k] for t in rows], ddof=1) for k in range(5)]
    now = len(values) - 1
    away = {t: sum(((values[t][k] - values[now][k]) / scale[k]) ** 2 for k in range(5)) ** 0.5 for t in rows}
    chosen: list[int] = []
    while len(chosen) < 10:
        free = [t for t in rows if all(abs(t - other) >= APART for other in [now, *chosen])]
        chosen.append(min(free, key=away.__getitem__))
    assert [np.datetime64(one.day) for one in found.closest] == list(short_market.dates[chosen])
    assert [one.distance for one in found.closest] == pytest.approx([away[t] for t in chosen])


def test_without_the_three_month_bill_there_are_no_analogues(tables):
    without = replace(tables, yields={**tables.yields, "us": tables.yields["us"].drop(columns=[0.25])})
    early = build(until(without, date(2003, 12, 31)), (LIBRARY["UST10"], LIBRARY["JGB10"]))
    assert find_analogues(early).missing == "hedged pickup is not known on 2003-12-31"
    assert find_analogues(early).closest == ()


def test_what_followed_is_the_variant_s_own_return_in_excess_of_cash(ticket):
    made = ticket(PAIR)
    result, (outcome,) = only(made).result, made.outcomes
    first = made.analogues.closest[0].day
    t = int(np.flatnonzero(result.dates == np.datetime64(first))[0])
    grown, marks = 1.0, []
    for k in range(t + 1, t + 7):
        grown *= 1 + (result.equity[k] - result.cash[k]) / result.equity[k - 1] - 1
        marks.append(grown - 1)
    assert outcome.after[0] == pytest.approx([marks[0], marks[2], marks[5]])
    assert outcome.worst[0] == pytest.approx(min(marks))
    assert outcome.count == 10
    assert outcome.average[2] == pytest.approx(outcome.after[:, 2].mean())


def test_a_variant_that_did_not_trade_then_has_no_return(ticket):
    made = ticket("data: {start: 2023-12-31}\n" + PAIR)
    (outcome,) = made.outcomes
    traded = [one.day >= date(2023, 12, 31) for one in made.analogues.closest]
    assert any(traded)
    assert not all(traded)
    assert (~np.isnan(outcome.worst)).tolist() == traded
    assert outcome.count == sum(traded)
