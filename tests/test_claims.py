"""The article's claims: every figure that the tables hold worked out again from them, and what was known when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from backtests.report import claim_words as words
from backtests.thesis import scorecard
from backtests.thesis.claims import CANNOT, PARTS
from data.build import build
from data.errors import DataError
from tests import theses
from tests.theses import JUNE, LAST, ROOT, THESIS, Y2024, Y2025

BP = 1e4
LAGS = {  # days from the end of a period until its figure may be used
    "us_core_cpi_yoy": 15, "jp_core_cpi_yoy": 25, "fed_treasuries_share": 120, "boj_jgb_share": 85, "jp_debt_gdp": 365,
    "us_debt_gdp": 365, "boj_assets_gdp": 120, "fed_assets_gdp": 120, "jp_net_foreign_bonds": 45,
}  # fmt: skip


@pytest.fixture(scope="module")
def quotes() -> pd.DataFrame:
    """The published yields and rates, percent, straight from the file."""
    return pd.read_csv(ROOT / "data/bundled/month_end_markets.csv", index_col="date")


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    """The published macro figures, straight from the file."""
    return pd.read_csv(ROOT / "data/bundled/month_end_macro.csv", index_col="date")


@pytest.fixture(scope="module")
def rows():
    return theses.card()


def known(published, name, day):
    """The last figure out by a day, and all before it."""
    values = published[name].dropna()
    out = pd.to_datetime(values.index) + pd.Timedelta(days=LAGS[name])
    if name == "us_core_cpi_yoy":  # the government was shut in October 2025: November's came out on 18 December
        out = out.where(pd.Index(values.index) != "2025-11-30", pd.Timestamp("2025-12-18"))
    return values[out <= pd.Timestamp(day)]


def yields(name):
    return lambda q, p, day: q[name][day]


def less(first, second):
    return lambda q, p, day: first(q, p, day) - second(q, p, day)


def figure(name, back=0):
    return lambda q, p, day: known(p, name, day).iloc[-1 - back]


def slope(curve, short, long):
    return less(yields(f"{curve}_{long}y"), yields(f"{curve}_{short}y"))


def a_year(name):
    """A market series less itself twelve month ends before."""
    return lambda q, p, day: q[name][:day].iloc[-1] - q[name][:day].iloc[-13]


def moves(q, name, day, n):
    return q[name][:day].diff().tail(n)


def volatility(name):
    return lambda q, p, day: moves(q, name, day, 12).std() * np.sqrt(12) * 100  # bp


def ratio(name, other):
    return lambda q, p, day: moves(q, name, day, 12).std() / moves(q, other, day, 12).std()


def beta(q, p, day):
    return np.polyfit(moves(q, "jp_10y", day, 36), moves(q, "us_10y", day, 36), 1)[0]


def assets_over_a_year(q, p, day):
    """The figure known on a day less the one known on the month end twelve before."""
    before = (pd.Timestamp(day) - pd.DateOffset(years=1)) + pd.offsets.MonthEnd(0)
    return known(p, "boj_assets_gdp", day).iloc[-1] - known(p, "boj_assets_gdp", before).iloc[-1]


FROM_THE_TABLES = {  # claim -> its level on a day, in the unit of the tables
    "us_yields_2025": yields("us_10y"), "us_yields_2026": yields("us_10y"),
    "jgbs_sold_off_2025": yields("jp_10y"), "jgbs_sell_off_2026": yields("jp_10y"),
    "fed_cuts": yields("us_overnight"), "out_of_step_us": yields("us_overnight"),
    "fed_cuts_expected": less(yields("us_1y"), yields("us_overnight")),
    "boj_exit": yields("jp_overnight"), "out_of_step_japan": yields("jp_overnight"),
    "boj_exit_faster_rate": a_year("jp_overnight"), "boj_exit_faster_assets": assets_over_a_year,
    "us_inflation": figure("us_core_cpi_yoy"), "jp_inflation": figure("jp_core_cpi_yoy"),
    "jp_expectations_policy": volatility("jp_2y"),
    "jp_expectations_inflation": lambda q, p, day: (
        known(p, "jp_core_cpi_yoy", day).iloc[-1] - known(p, "jp_core_cpi_yoy", day).iloc[-13]
    ),
    "calmer_yield": ratio("us_30y", "jp_30y"), "haven_stronger_ratio": ratio("us_10y", "jp_10y"),
    "haven_stronger_beta": beta,
    "flows": lambda q, p, day: known(p, "jp_net_foreign_bonds", day).tail(12).sum(),
    "jp_debt": figure("jp_debt_gdp"), "debt_capacity": less(figure("jp_debt_gdp"), figure("us_debt_gdp")),
    "fed_share": figure("fed_treasuries_share"), "boj_share": figure("boj_jgb_share"),
    "deeper_footprint": less(figure("boj_assets_gdp"), figure("fed_assets_gdp")),
    "less_leeway": less(yields("us_overnight"), yields("jp_overnight")),
    "tips": less(yields("us_10y"), yields("us_real_10y")), "short_bonds": slope("jp", 5, 30),
    "us_steepens": slope("us", 2, 10), "jgb_2s10s": slope("jp", 2, 10), "jgb_10s30s": slope("jp", 10, 30),
}  # fmt: skip
FROM_PRICES = {"us_volatility", "jgb_volatility", "calmer_price", "haven", "article_pays", "signals_pay"}
FACTS = {
    "us_volatility_days", "jgb_volatility_days", "fifty_year", "fed_share_marketable", "boj_share_with_bills",
}  # fmt: skip
IN_UNITS = {"calmer_yield", "haven_stronger_ratio", "haven_stronger_beta", "flows"}  # of the measure, not percent
IN_BP = {"jp_expectations_policy"}


def test_every_claim_is_worked_out_again_here_or_is_a_fact_or_rests_on_prices():
    assert set(theses.card()) == FROM_THE_TABLES.keys() | FROM_PRICES | FACTS


@pytest.mark.parametrize("key", FROM_THE_TABLES)
def test_a_figure_is_that_of_the_published_tables(rows, quotes, published, key):
    level = FROM_THE_TABLES[key]
    scale = 1.0 if key in IN_UNITS else BP if key in IN_BP else 100.0
    for reading in filter(None, (rows[key].stated, rows[key].since)):
        assert reading.end * scale == pytest.approx(level(quotes, published, reading.last), abs=1e-9)
        assert reading.start * scale == pytest.approx(level(quotes, published, reading.first), abs=1e-9)


@pytest.mark.parametrize(
    ("key", "start", "end", "text"),
    [
        ("us_yields_2025", 4.58, 4.18, "holds"), ("jgbs_sold_off_2025", 1.11, 2.07, "holds"),
        ("us_yields_2026", 4.18, 4.75, "fails so far"), ("jgbs_sell_off_2026", 2.07, 2.80, "holds so far"),
    ],
)  # fmt: skip
def test_the_first_sentence_holds_in_2025_and_half_of_it_since(rows, key, start, end, text):
    reading = rows[key].stated
    assert [round(100 * reading.start, 2), round(100 * reading.end, 2)] == [start, end]
    assert reading.verdict.text == text
    assert rows[key].since is None  # the second window is the claim that follows


def test_what_a_definition_decides_has_a_row_for_each(rows):
    without, with_ = rows["boj_share"], rows["boj_share_with_bills"]
    assert round(100 * without.stated.end, 2) == 50.94
    assert [without.happened.text, with_.happened.text] == ["holds", "fails"]
    assert (with_.stated.end, with_.stated.last) == (46.0, "2025-03-31")
    assert without.claim.text == with_.claim.text
    assert {without.claim.definition, with_.claim.definition} == {"without bills", "with bills"}
    texts = [words.name(row) for row in rows.values()]
    assert len(texts) == len(set(texts))


def test_what_did_not_happen_fails_and_a_price_does_not_say_who_bought(rows):
    assert rows["fifty_year"].happened.text == "fails"
    for key in ("tips", "short_bonds"):
        reading = rows[key].stated
        assert reading.verdict.word == CANNOT
        assert "a price does not say who bought" in reading.verdict.why
        assert None not in (reading.start, reading.end, reading.forward.value, reading.trade.excess)
        assert reading.forward.verdict.word != CANNOT


def test_nothing_is_untestable_for_want_of_a_figure_that_comes_along(rows):
    cannot = {key: row.happened.why for key, row in rows.items() if row.happened.word == CANNOT}
    assert cannot.keys() == {"tips", "short_bonds", "haven", "debt_capacity", "jp_expectations_inflation"}
    assert cannot["haven"].startswith("undecided")
    assert cannot["debt_capacity"].startswith("too few independent observations: 2 crossings")
    assert "no Japanese breakeven" in cannot["jp_expectations_inflation"]


def test_the_us_slope_fails_against_its_forward_since_january(rows):
    since = rows["us_steepens"].since
    assert [round(since.start * BP), round(since.end * BP), round(since.forward.value * BP)] == [71, 47, 76]
    assert since.forward.verdict.text == since.verdict.text == since.trade.verdict.text == "fails so far"


def test_the_us_slope_beat_the_forward_of_34_bp(rows, quotes):
    quoted = quotes.loc["2024-12-31"]
    tenors = {1: "us_1y", 2: "us_2y", 3: "us_3y", 5: "us_5y", 7: "us_7y", 10: "us_10y", 20: "us_20y"}
    tenors = {0.5: "us_6m", **tenors}
    halves = np.arange(1, 23) / 2
    par = np.interp(halves, list(tenors), [quoted[name] / 100 for name in tenors.values()])
    discount = [1.0]
    for y in par:  # each par bond in turn: 1 = y/2 * (sum of the factors) + the last factor
        discount.append((1 - y / 2 * sum(discount[1:])) / (1 + y / 2))
    year = np.array(discount[2:])
    ten, two = (2 * (year[0] - year[2 * m]) / year[1 : 2 * m + 1].sum() for m in (10, 2))
    forward = rows["us_steepens"].stated.forward
    assert forward.value * BP == pytest.approx((ten - two) * BP, abs=0.02)  # the window has 365 days, a year 365.25
    assert round(forward.value * BP) == 34
    assert forward.verdict.word == "holds"


def test_the_forward_of_a_yield_is_that_of_the_curve(rows, quotes):
    """A year ahead of a curve that rises, the 10-year yield is above the day's, by less than the whole slope."""
    for key, curve in (("us_yields_2025", "us"), ("jgbs_sold_off_2025", "jp")):
        forward = rows[key].stated.forward.value * 100
        ten, one = (quotes[f"{curve}_{years}y"]["2024-12-31"] for years in (10, 1))
        assert ten < forward < ten + (ten - one)
    assert rows["us_yields_2025"].stated.forward.verdict.text == "holds"


def test_the_level_at_which_a_claim_is_given_up_is_the_first_row_that_reaches_it(rows, quotes):
    path = quotes["us_10y"]["2026-01-01":]
    assert rows["us_yields_2026"].stated.killed == path[path >= 4.58].index[0] == "2026-07-31"
    assert theses.card(JUNE)["us_yields_2026"].stated.killed is None


def test_what_rests_on_old_figures_is_marked(rows):
    (age,) = rows["boj_share"].since.stale
    assert age == "boj_jgb_share, by quarter, last of 2025-06-30, 396 days old (limit 240)"
    assert rows["boj_share"].stated.stale == ()
    assert all(not row.stated.stale for row in rows.values())


# ---- prices and trades


def test_a_volatility_is_what_the_window_realised_and_says_so(rows, market):
    days = list(market.dates.astype(str))
    for key, name in (("us_volatility", "UST25"), ("jgb_volatility", "JGB40")):
        i, a, b = market.column(name), days.index("2024-12-31"), days.index("2025-12-31")
        earned = market.price[a + 1 : b + 1, i] / market.price[a:b, i] - 1 - market.funding[a + 1 : b + 1, i]
        reading = rows[key].stated
        assert reading.end == pytest.approx(np.std(earned, ddof=1) * np.sqrt(12))
        assert (reading.evidence.count, reading.evidence.of) == (12, "moves, as realised")
        assert reading.verdict.text == "fails"
    calmer = rows["calmer_price"].stated
    thirty = [market.price[:, market.column(name)] for name in ("UST30", "JGB30")]
    funded = [market.funding[:, market.column(name)] for name in ("UST30", "JGB30")]
    a, b = days.index("2024-12-31"), days.index("2025-12-31")
    us, jp = (np.std(p[a + 1 : b + 1] / p[a:b] - 1 - f[a + 1 : b + 1]) for p, f in zip(thirty, funded, strict=True))
    assert calmer.end == pytest.approx(us / jp)


def test_treasuries_in_japans_worst_months_are_counted_and_averaged(rows, market):
    us, jp = (pd.Series(market.price[:, market.column(name)]).pct_change() for name in ("UST10", "JGB10"))
    table = pd.DataFrame({"us": us - market.funding[:, market.column("UST10")]})
    table["jp"] = jp - market.funding[:, market.column("JGB10")]
    table = table.dropna().reset_index(drop=True)
    bad = table["jp"] <= table["jp"].quantile(0.1)
    sell_offs = int((bad & ~bad.shift(fill_value=False)).sum())
    reading = rows["haven"].stated
    assert reading.end == pytest.approx(table.loc[bad, "us"].mean())
    assert reading.evidence.count == sell_offs
    assert f"({bad.sum()} bars)" in reading.evidence.of
    assert reading.evidence.low < reading.end < 0 < reading.evidence.high


def held(market, front, back, sign, first, last, free=False):
    """Return over cash of a DV01-neutral pair rebalanced at every close, every dollar by hand."""
    columns = [market.column(front), market.column(back)]
    rows = range(list(market.dates.astype(str)).index(first), list(market.dates.astype(str)).index(last) + 1)
    names = ("price", "fx", "funding", "borrow", "roll", "spread", "duration")
    price, fx, fund, borrow, roll, spread, duration = (getattr(market, name)[:, columns] for name in names)
    scale = 0.0 if free else 1.0
    wealth, growth, units = 1.0, 1.0, np.zeros(2)
    for t in rows:
        before = wealth
        if t > rows[0]:
            notional = units * price[t - 1]
            local = units * (price[t] - price[t - 1]) - notional * fund[t]
            local -= scale * (np.abs(notional) * roll[t] + np.maximum(-notional, 0) * borrow[t])
            days = (market.dates[t] - market.dates[t - 1]).astype(int)
            longs = np.maximum(notional, 0) @ fx[t - 1]
            wealth += local @ fx[t] + before * market.cash[t]
            wealth -= scale * max(0.0, longs - before) * 0.0005 * days / 360  # what equity does not pay for, in repo
        wanted = np.array([sign, -sign]) * 5.0 / duration[t] * wealth / (price[t] * fx[t])
        wealth -= scale * np.abs(wanted - units) @ (price[t] * fx[t] * spread[t])
        units = wanted
        growth *= wealth / before - (market.cash[t] if t > rows[0] else 0.0)
    return growth - 1.0


@pytest.mark.parametrize(
    ("key", "front", "back", "sign"),
    [
        ("us_steepens", "UST2", "UST10", 1.0), ("jgb_2s10s", "JGB2", "JGB10", -1.0),
        ("jgb_10s30s", "JGB10", "JGB30", -1.0), ("short_bonds", "JGB5", "JGB30", 1.0),
    ],
)  # fmt: skip
def test_what_a_trade_made_is_what_a_hand_held_book_makes(rows, market, key, front, back, sign):
    for reading in filter(None, (rows[key].stated, rows[key].since)):
        by_hand = held(market, front, back, sign, reading.first, reading.last)
        assert reading.trade.excess == pytest.approx(by_hand, abs=2e-9)
        assert reading.trade.verdict.word == ("holds" if by_hand > 0 else "fails")


def test_the_us_steepener_lost_six_tenths_of_a_percent_in_2025_and_costs_on_top(rows, market):
    assert round(100 * held(market, "UST2", "UST10", 1.0, "2024-12-31", "2025-12-31", free=True), 1) == -0.6
    trade = rows["us_steepens"].stated.trade
    assert round(100 * trade.excess, 2) == -0.75
    assert trade.verdict.word == "fails"


def test_the_parts_of_a_trade_sum_to_what_it_made_and_say_what_lost_it(rows):
    for row in rows.values():
        for reading in filter(None, (row.stated, row.since)):
            if reading.trade and reading.trade.parts:
                assert tuple(reading.trade.parts) == PARTS
                assert sum(reading.trade.parts.values()) == pytest.approx(reading.trade.excess, abs=1e-12)
    steep = rows["us_steepens"].stated.trade.parts
    assert steep["curve"] > 0 > steep["carry"] + steep["rolldown"]  # it steepened, and the way there cost more
    assert steep["fx"] == 0.0


def test_a_trades_round_trips_are_those_of_its_window(rows):
    trade = rows["us_steepens"].stated.trade
    (trip,) = trade.trips
    assert (trip.reason, str(trip.open), str(trip.close)) == ("open", "2024-12-31", "2025-12-31")
    assert trip.gain_bp == pytest.approx(38, abs=1)
    assert all(row.stated.trade.trips for row in rows.values() if row.stated.trade and row.stated.trade.parts)


def test_a_variants_return_is_that_of_its_trade(rows):
    for key in ("article_pays", "signals_pay"):
        reading = rows[key].stated
        assert reading.end == reading.trade.excess
        assert reading.verdict.text == ("holds so far" if reading.end > 0 else "fails so far")


# ---- what was known when


def spoiled(tables, day):
    """The tables with every figure after a day changed."""

    def later(frame):
        changed = frame.copy()
        changed[changed.index > pd.Timestamp(day)] *= 1.07
        return changed

    return replace(
        tables,
        yields={name: later(frame) for name, frame in tables.yields.items()},
        fx={name: later(rate) for name, rate in tables.fx.items()},
        overnight={name: later(rate) for name, rate in tables.overnight.items()},
        cpi=later(tables.cpi),
        macro={name: later(values) for name, values in tables.macro.items()},
    )


def cut(tables, day):
    """The tables with everything after a day left out."""
    return replace(
        tables,
        yields={name: frame[:day] for name, frame in tables.yields.items()},
        fx={name: rate[:day] for name, rate in tables.fx.items()},
        overnight={name: rate[:day] for name, rate in tables.overnight.items()},
        cpi=tables.cpi[:day],
        macro={name: values[:day] for name, values in tables.macro.items()},
    )


@pytest.mark.parametrize("day", [date(2012, 6, 30), date(2025, 6, 30), Y2025, date(2026, 3, 31)])
def test_nothing_later_than_the_day_asked_about_counts(day):
    now = theses.known()
    judged = scorecard.judge(theses.article().claims, now, day)
    for change in (spoiled, cut):
        tables = change(now.tables, str(day))
        other = replace(now, tables=tables, market=build(tables, now.market.instruments))
        if change is spoiled:
            assert not np.array_equal(other.market.price, now.market.price, equal_nan=True)
        assert scorecard.judge(theses.article().claims, other, day) == judged


def test_a_day_between_two_rows_is_judged_on_the_row_before():
    between, before = theses.card(date(2026, 5, 15)), theses.card(date(2026, 4, 30))
    for key, row in before.items():
        assert replace(between[key].stated, stale=()) == replace(row.stated, stale=())


def test_before_the_thesis_nothing_is_read_since():
    assert all(row.since is None for row in theses.card(Y2025).values())
    with pytest.raises(DataError, match="the data begins on 1992-12-31"):
        theses.card(date(1990, 1, 1))


def test_judging_is_pure_and_says_the_same_in_plain_data(rows):
    import json

    again = scorecard.judge(theses.article().claims, theses.article(), LAST)
    bodies = [row.body() for row in again]
    assert bodies == [row.body() for row in rows.values()]
    assert json.loads(json.dumps(bodies, allow_nan=False)) == bodies
    first = {body["claim"]: body for body in bodies}["us_yields_2026"]
    assert first["happened"] == {"verdict": "fails so far", "why": None}
    assert first["paid"]["variant"] == "ust10_financed"
    assert first["killed"] == "2026-07-31"


def test_the_thesis_date_and_the_year_before_are_rows(rows):
    assert theses.article().thesis_date == THESIS
    assert {row.stated.first for row in rows.values()} >= {str(Y2024), str(Y2025)}
