"""The scorecard: figures known from elsewhere, what was known when, and every way a verdict can come about."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from backtests.report import thesis as page
from backtests.thesis import scorecard
from backtests.thesis.claims import CLAIMS, Claim, above, below, changes, falls, rises, within
from backtests.thesis.measures import (
    Evidence,
    Measure,
    difference,
    distinct,
    sign_changes,
    slope,
    volatility,
    yield_volatility,
)
from backtests.thesis.scorecard import CANNOT
from data.build import build
from data.errors import DataError
from data.instruments import LIBRARY
from strategies import STRATEGIES
from strategies.curve import CurveTrade

ROOT = Path(__file__).resolve().parent.parent
BUNDLED = ROOT / "data/bundled"
THESIS, LAST = date(2026, 1, 1), date(2026, 6, 30)
Y2024, Y2025 = date(2024, 12, 31), date(2025, 12, 31)
BP = 1e4


@pytest.fixture(scope="module")
def quotes() -> pd.DataFrame:
    """The published figures, percent, straight from the file."""
    return pd.read_csv(BUNDLED / "month_end_markets.csv", index_col="date")


@pytest.fixture(scope="module")
def rows(market):
    return {row.claim.key: row for row in scorecard.scorecard(market, LAST, THESIS)}


# ---- figures known from elsewhere


@pytest.mark.parametrize(
    ("key", "curve", "short", "long", "stated", "since", "words"),
    [
        ("us_steepens", "us", 2, 10, (33, 71), (71, 30), ("holds", "fails")),
        ("jgb_2s10s", "jp", 2, 10, (51, 90), (90, 131), ("fails", "fails")),
        ("jgb_10s30s", "jp", 10, 30, (114, 129), (129, 118), ("fails", "holds")),
    ],
)
def test_slopes_are_those_of_the_published_yields(rows, quotes, key, curve, short, long, stated, since, words):
    published = 100 * (quotes[f"{curve}_{long}y"] - quotes[f"{curve}_{short}y"])
    readings = (rows[key].stated, rows[key].since)
    for reading, figures, word, days in zip(
        readings, (stated, since), words, [(Y2024, Y2025), (Y2025, LAST)], strict=True
    ):
        assert [reading.start * BP, reading.end * BP] == pytest.approx([published[str(day)] for day in days])
        assert (round(reading.start * BP), round(reading.end * BP)) == figures
        assert reading.verdict.word == word


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
    [("us_steepens", "UST2", "UST10", 1.0), ("jgb_2s10s", "JGB2", "JGB10", -1.0)],
)
def test_what_a_trade_made_is_what_a_hand_held_book_makes(rows, market, key, front, back, sign):
    row = rows[key]
    for reading in (row.stated, row.since):
        by_hand = held(market, front, back, sign, reading.first, reading.last)
        assert reading.trade.excess == pytest.approx(by_hand, abs=2e-9)
        assert reading.trade.verdict.word == ("holds" if by_hand > 0 else "fails")


def test_the_us_steepener_lost_six_tenths_of_a_percent_in_2025_and_costs_on_top(rows, market):
    assert round(100 * held(market, "UST2", "UST10", 1.0, "2024-12-31", "2025-12-31", free=True), 1) == -0.6
    trade = rows["us_steepens"].stated.trade
    assert round(100 * trade.excess, 2) == -0.75
    assert trade.verdict.word == "fails"


def test_a_year_of_month_ends_refutes_18_percent_for_jgbs_and_leaves_12_percent_for_treasuries_open(rows, market):
    i, a, b = (
        market.column("JGB40"),
        *(list(market.dates.astype(str)).index(day) for day in ("2024-12-31", "2025-12-31")),
    )
    moves = market.price[a + 1 : b + 1, i] / market.price[a:b, i] - 1 - market.funding[a + 1 : b + 1, i]
    reading = rows["jgb_volatility"].stated
    assert reading.end == pytest.approx(np.std(moves, ddof=1) * np.sqrt(12))
    # (n - 1) s^2 / sigma^2 is chi-square: each bound is the sigma at which s stands on a 2.5 % tail
    for bound, tail in ((reading.evidence.low, 0.975), (reading.evidence.high, 0.025)):
        assert stats.chi2.cdf(11 * (reading.end / bound) ** 2, 11) == pytest.approx(tail)
    assert reading.evidence.high < 0.16
    assert reading.verdict.word == "fails"
    open_ = rows["us_volatility"].stated
    assert open_.evidence.low < 0.12 < open_.evidence.high
    assert open_.verdict.word == CANNOT
    assert "12 moves" in open_.verdict.why


def test_the_interval_of_a_volatility_ratio_ends_where_the_test_of_equal_variance_turns(rows, market):
    reading = rows["calmer_yield"].stated
    b = list(market.dates.astype(str)).index("2025-12-31")
    us, jp = (np.diff(market.curves[name].at(30.0)[b - 12 : b + 1]) for name in ("us", "jp"))
    assert reading.end == pytest.approx(us.std(ddof=1) / jp.std(ddof=1))
    for bound in (reading.evidence.low, reading.evidence.high):
        scaled = us / bound  # of the same variance as jp at the bound: sum and difference are then uncorrelated
        assert stats.pearsonr(scaled + jp, scaled - jp).pvalue == pytest.approx(0.05)
    assert reading.evidence.low < reading.end < reading.evidence.high


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
    assert reading.end < 0
    assert reading.verdict.word == CANNOT  # the interval reaches above 0


def test_the_boj_left_negative_rates_in_march_2024(rows, quotes):
    rate = quotes["jp_overnight"]
    assert rate["2024-02-29"] < 0 < rate["2024-03-31":].min()
    assert rows["boj_exit"].stated.verdict.word == "holds"
    assert rows["boj_exit"].stated.held_since == "2024-03-31"


def test_japans_debt_is_236_percent_as_known_and_229_6_in_the_figure_to_come(rows, tables, market):
    debt = tables.macro["jp_debt_gdp"].dropna()
    assert debt.iloc[-2:].to_list() == pytest.approx([2.361, 2.296])
    assert rows["jp_debt"].since.end == debt.iloc[-2]  # the year 2025 counts as known from 2026-12-31
    assert "229.6" in rows["jp_debt"].claim.note
    assert rows["jp_debt"].stated.verdict.word == rows["jp_debt"].since.verdict.word == "fails"


def test_debt_has_too_few_observations_and_says_how_many(rows, tables):
    gap = (tables.macro["jp_debt_gdp"] - tables.macro["us_debt_gdp"]).dropna()[:"2024-12-31"]
    side = (gap > gap.mean()).astype(int)
    found = rows["debt_capacity"].stated
    assert found.evidence.count == int(side.diff().abs().sum()) == 2
    assert f"{len(gap)} annual points" in found.verdict.why
    assert found.verdict.word == CANNOT
    assert found.verdict.why.startswith("too few independent observations: 2 ")


def test_a_year_that_is_not_over_is_so_far(rows, quotes):
    found = rows["fed_cuts"].stated
    assert found.change * BP == pytest.approx(
        100 * (quotes["us_overnight"]["2026-06-30"] - quotes["us_overnight"]["2025-12-31"])
    )
    assert found.verdict == scorecard.Verdict(CANNOT, "window open to 2026-12-31: this is so far")
    assert rows["fed_cuts"].since is None


def test_every_verdict_is_one_of_three_and_says_why_where_it_is_the_third(rows):
    for row in rows.values():
        for reading in filter(None, (row.stated, row.since)):
            verdicts = [reading.verdict, *(part.verdict for part in (reading.forward, reading.trade) if part)]
            assert all(one.word in ("holds", "fails", CANNOT) for one in verdicts)
            assert all((one.word == CANNOT) == bool(one.why) for one in verdicts)


def test_every_claim_names_a_strategy_there_is_and_trades_with_it():
    assert len({claim.key for claim in CLAIMS}) == len(CLAIMS)
    for claim in CLAIMS:
        assert claim.strategy in STRATEGIES
        assert claim.trade is None or type(claim.trade) is STRATEGIES[claim.strategy]


def test_on_days_a_claims_trade_fills_at_the_next_close_and_once_a_month(market):
    from backtests.thesis.scorecard import _terms

    days = replace(market, periods_per_year=252.0)
    assert (_terms(days).lag, _terms(days).every) == (1, "month")
    assert (_terms(market).lag, _terms(market).every) == (0, "month")


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
def test_nothing_later_than_the_day_asked_about_counts(tables, market, day):
    known = scorecard.scorecard(market, day, THESIS)
    library = [LIBRARY[name] for name in scorecard.legs()]
    changed = build(spoiled(tables, str(day)), library)
    assert not np.array_equal(changed.price, market.select(scorecard.legs()).price, equal_nan=True)
    assert scorecard.scorecard(changed, day, THESIS) == known
    assert scorecard.scorecard(build(cut(tables, str(day)), library), day, THESIS) == known


def test_a_day_between_two_rows_is_judged_on_the_row_before(market):
    between = scorecard.scorecard(market, date(2026, 5, 15), THESIS)
    assert between == scorecard.scorecard(market, date(2026, 4, 30), THESIS)


def test_before_the_thesis_nothing_is_read_since(market):
    assert all(row.since is None for row in scorecard.scorecard(market, Y2025, THESIS))
    with pytest.raises(DataError, match="the data begins on 1992-12-31"):
        scorecard.scorecard(market, date(1990, 1, 1), THESIS)


# ---- how a verdict comes about


def made(values, evidence=None):
    """A measure of given values by month end; others are 0."""

    def series(market):
        result = np.zeros(len(market.dates))
        for day, value in values.items():
            result[market.dates == np.datetime64(day)] = value
        return result

    return Measure("a made-up figure", "%", series, evidence=evidence and (lambda market: evidence))


def judged(market, *words, as_of=LAST, first=Y2024, last=Y2025, **more):
    claim = Claim("x", "x", "x", first, last, *words, **more)
    return scorecard.scorecard(market, as_of, THESIS, [claim])[0]


@pytest.mark.parametrize(
    ("condition", "start", "end", "word"),
    [
        (rises(), 0.01, 0.02, "holds"), (rises(), 0.02, 0.01, "fails"), (rises(), 0.01, 0.01 + 1e-12, "fails"),
        (falls(), 0.02, 0.01, "holds"), (falls(), 0.01, 0.01, "fails"),
        (changes(-0.0125, -0.0075), 0.04, 0.03, "holds"), (changes(-0.0125, -0.0075), 0.04, 0.02, "fails"),
        (within(0.01, 0.02), 0.0, 0.015, "holds"), (within(0.01, 0.02), 0.0, 0.02, "fails"),
        (above(0.0), -1.0, 0.001, "holds"), (above(0.0), 1.0, 0.0, "fails"), (below(0.0), 1.0, -0.1, "holds"),
    ],
)  # fmt: skip
def test_a_condition_is_read_at_the_end_or_over_the_window(market, condition, start, end, word):
    measure = made({"2024-12-31": start, "2025-12-31": end, "2025-06-30": 9.0, "2026-06-30": -9.0})
    assert judged(market, measure, condition).stated.verdict == scorecard.Verdict(word)


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.11, 0.13, "holds"), (0.05, 0.09, "fails"), (0.15, 0.2, "fails"), (0.05, 0.12, CANNOT), (0.05, 0.3, CANNOT)],
)
def test_an_estimate_decides_only_where_its_whole_interval_does(market, low, high, word):
    measure = made({"2025-12-31": (low + high) / 2}, Evidence(20, "moves", low, high))
    verdict = judged(market, measure, within(0.10, 0.14)).stated.verdict
    assert verdict.word == word
    assert verdict.why == ("undecided: 20 moves leave both answers inside the 95 % interval" if word == CANNOT else "")


def test_a_window_open_not_reached_or_without_data_cannot_be_tested(market):
    rate = made({"2026-06-30": 0.01, "2025-12-31": 0.03})
    assert judged(market, rate, falls(), first=Y2025, last=date(2027, 1, 1)).stated.verdict.why.startswith(
        "window open"
    )
    late = judged(market, rate, falls(), first=date(2027, 1, 1), last=date(2028, 1, 1)).stated
    assert late.verdict == scorecard.Verdict(CANNOT, "window not reached: it begins 2027-01-01")
    hole = judged(market, made({"2025-12-31": np.nan}), above(-1.0)).stated
    assert hole.verdict.why == "no data: nothing is known on 2025-12-31, the last value is of 2025-11-30"
    blank = judged(market, made({"2024-12-31": np.nan}), rises()).stated
    assert blank.verdict.why == "no data: nothing is known on 2024-12-31"
    early = judged(market, rate, rises(), first=date(1980, 1, 1)).stated
    assert early.verdict.why == "no data: no row within a month of the window's start, 1980-01-01"


def test_a_window_that_ends_after_the_rows_do_is_not_judged_on_an_old_row(market):
    short = market.until(list(market.dates.astype(str)).index("2025-09-30"))
    verdict = judged(short, made({}), above(-1.0), as_of=date(2026, 1, 5)).stated.verdict
    assert verdict.why == "no data: no row within a month of the window's end, 2025-12-31"


def test_an_open_window_is_open_for_the_forward_and_the_trade_too(market):
    row = judged(market, slope("us", 2, 10), rises(), "curve", CurveTrade(), as_of=date(2025, 6, 30))
    assert [row.stated.verdict.word, row.stated.forward.verdict.word, row.stated.trade.verdict.word] == [CANNOT] * 3
    assert row.stated.trade.excess == pytest.approx(held(market, "UST2", "UST10", 1.0, "2024-12-31", "2025-06-30"))


def test_a_claim_says_itself_what_is_missing_and_shows_its_measure_all_the_same(market):
    row = judged(market, made({"2025-12-31": 0.5}), why_not="no data: nobody counts them")
    assert row.stated.verdict == scorecard.Verdict(CANNOT, "no data: nobody counts them")
    assert row.stated.end == 0.5
    assert row.since is None
    assert judged(market, why_not="no data at all").stated.end is None


def test_a_series_a_curve_or_a_leg_that_the_data_lacks_is_no_data(tables):
    bare = replace(
        tables,
        macro={"jp_debt_gdp": tables.macro["jp_debt_gdp"]},
        yields={name: frame for name, frame in tables.yields.items() if name != "us_real"},
    )
    market = build(bare, [LIBRARY[name] for name in ("UST2", "UST10", "JGB10")])
    rows = {row.claim.key: row.stated for row in scorecard.scorecard(market, LAST, THESIS)}
    for key in ("us_inflation", "fed_share", "tips", "jgb_volatility", "debt_capacity"):
        assert rows[key].verdict.word == CANNOT
    assert rows["tips"].trade.verdict.why == "no data: TIPS10 cannot be priced"
    assert rows["us_steepens"].verdict.word == "holds"


def test_a_trade_whose_leg_is_born_inside_the_window_is_not_run(market):
    trade = CurveTrade("JGB30", "JGB40", "flattener")
    row = judged(market, made({}), above(-1.0), "curve", trade, first=date(2006, 12, 31), last=date(2008, 12, 31))
    assert row.stated.trade == scorecard.Trade(
        None, scorecard.Verdict(CANNOT, "no data: a leg or the signal is missing inside the window")
    )


def test_observations_are_counted_on_values_not_on_rows():
    assert distinct(np.array([np.nan, 1.0, 1.0, 2.0, 2.0, 1.0])).tolist() == [1.0, 2.0, 1.0]
    assert distinct(np.array([np.nan])).tolist() == []
    assert sign_changes(np.array([1.0, 0.0, 2.0, -1.0, -3.0, 0.0, 4.0])) == 2
    assert sign_changes(np.array([])) == 0


def test_enough_observations_and_no_condition_is_still_no_verdict(market):
    measure = difference("jp_debt_gdp", "us_debt_gdp", "a gap", "%")
    assert judged(market, measure, needs=2).stated.verdict.why == "no condition is declared"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"last": date(2020, 1, 1)}, "its window ends 2020-01-01, before it begins"),
        ({}, "give a measure and a condition"),
        ({"needs": 3, "measure": slope("us", 2, 10), "condition": rises()}, "its measure counts nothing"),
    ],
)
def test_a_claim_that_could_never_be_judged_is_refused(more, words):
    with pytest.raises(ValueError, match=words):
        Claim("x", "x", "x", **{"first": Y2024, "last": Y2025, **more})


def test_a_misspelt_curve_is_named():
    with pytest.raises(DataError, match="unknown curve 'us_rael'; did you mean 'us_real'"):
        slope("us_rael", 5, 10)


def test_yield_volatility_is_that_of_changes_in_yield(market, quotes):
    changes_ = quotes["jp_10y"][:"2025-12-31"].diff().tail(12)
    b = list(market.dates.astype(str)).index("2025-12-31")
    assert yield_volatility("jp", 10.0).series(market)[b] == pytest.approx(changes_.std() * np.sqrt(12) / 100)
    assert volatility("JGB10").legs == ("JGB10",)


# ---- another claim


def test_one_entry_adds_a_claim():
    text = (ROOT / "docs/thesis.md").read_text(encoding="utf-8")
    space = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "docs/thesis.md", "exec"), space)  # its last block asserts the verdict
    assert space["row"].claim.key == "us_10s30s"


def test_the_page_of_measures_is_the_table_of_claims():
    text = (ROOT / "docs/thesis.md").read_text(encoding="utf-8")
    for claim in CLAIMS:
        about = claim.measure.about if claim.measure else "nothing there is"
        line = f"| `{claim.key}` | {claim.text} | {claim.number} | {about} | {page.condition_of(claim)} |"
        assert line in text
