"""What strategies with a reason want, worked out again with pandas from the bundled columns, or by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from data.build import build
from data.errors import ConfigError
from data.market import Market
from strategies.base import Strategy, Window
from strategies.breakeven import Breakeven
from strategies.macro import DebtCapacity, HedgedPickup, Inflation, Policy, SafeHaven, pickup
from strategies.relative_value import Carry, LegMomentum, Momentum, Reversion, Value
from tests.month_ends import MACRO, M, signal
from tests.test_strategies import durations, excess, weights

LAGS = {"us_core_cpi_yoy": 15}  # debt 365, balance sheets 120, Japan's prices 32 and from 2018 25
LATE = {"us_core_cpi_yoy": {"2025-09-30": "2025-10-24", "2025-11-30": "2025-12-18"}}


def published(name: str) -> pd.Series:
    """A macro column as it was known at each month end."""
    values = MACRO[name].dropna()
    lag = pd.Series(LAGS.get(name, 365 if "debt" in name else 120), values.index)
    if name == "jp_core_cpi_yoy":
        lag[:] = np.where(values.index.year < 2018, 32, 25)
    out = values.index + pd.to_timedelta(lag.to_numpy(), unit="D")
    out = pd.DatetimeIndex(
        [LATE.get(name, {}).get(str(end.date()), day) for end, day in zip(values.index, out, strict=True)]
    )
    known = [values[(out <= day) & (out >= day - pd.Timedelta(days=400))] for day in M.index]
    return pd.Series([one.iloc[-1] if len(one) else np.nan for one in known], M.index)


def agree(strategy, market: Market, expected: pd.Series) -> None:
    """The signal on every month end, missing where the expected one is."""
    actual = signal(strategy, market)
    assert actual.notna().sum() > 100
    pd.testing.assert_series_equal(actual, expected, check_names=False, rtol=1e-9, atol=1e-9)


def whole_at(values: pd.Series, scale: float) -> pd.Series:
    return (values / scale).clip(-1, 1)


def told(market: Market, **macro: np.ndarray) -> Market:
    """The market in which these series were known."""
    return dataclasses.replace(market, macro={**market.macro, **macro})


def ramp(market: Market, by_row: float) -> np.ndarray:
    return 0.03 + by_row * np.arange(len(market.dates))


def directions(strategy: Strategy, market: Market) -> tuple[float, ...]:
    """Sign of each leg's weight on the last row."""
    return tuple(float(np.sign(weight[-1])) for weight in weights(strategy, market, *strategy.legs))


LONG_THE_FIRST, SHORT_THE_FIRST = (1.0, -1.0), (-1.0, 1.0)

# ---- policy


def test_after_the_feds_cuts_and_the_boj_hikes_of_2025_policy_is_long_treasuries(market):
    # month averages, 2025-06 to 2025-12: federal funds 4.33 -> 3.7206, call rate 0.477 -> 0.557
    assert signal(Policy(), market)["2025-12-31"] == pytest.approx((0.557 - 0.477) - (3.7206 - 4.33), abs=1e-9)
    assert directions(Policy(), market.until(list(M.index.strftime("%Y-%m")).index("2025-12"))) == LONG_THE_FIRST


def test_policy_is_the_change_of_the_overnight_gap_over_six_months(market):
    agree(Policy(), market, whole_at((M.jp_overnight - M.us_overnight).diff(6), 0.01))
    slow = Policy(lookback=Window("12M"), scale=0.02)
    agree(slow, market, whole_at((M.jp_overnight - M.us_overnight).diff(12), 0.02))


def test_policy_by_the_market_is_what_two_years_say_is_to_come(market):
    # 2025-12: JGB 2y 1.167 less 0.557, Treasury 2y 3.47 less 3.7206
    policy = Policy(measure="market")
    assert signal(policy, market)["2025-12-31"] == pytest.approx((1.167 - 0.557) - (3.47 - 3.7206), abs=1e-9)
    agree(policy, market, whole_at((M.jp_2y - M.jp_overnight) - (M.us_2y - M.us_overnight), 0.01))


def test_whichever_bank_cuts_its_bonds_are_bought(market):
    fed = told(market, us_overnight=ramp(market, -1e-4), jp_overnight=ramp(market, 0.0))
    boj = told(market, us_overnight=ramp(market, 0.0), jp_overnight=ramp(market, -1e-4))
    assert directions(Policy(), fed) == directions(Policy("JGB10", "UST10"), boj) == LONG_THE_FIRST
    assert directions(Policy(), boj) == directions(Policy("JGB10", "UST10"), fed) == SHORT_THE_FIRST
    assert signal(Policy(), fed).iloc[-1] == pytest.approx(0.06)  # six months of a basis point over 100


# ---- inflation


def test_inflation_is_the_gap_as_published(market):
    gap = published("jp_core_cpi_yoy") - published("us_core_cpi_yoy")
    agree(Inflation(), market, whole_at(gap.diff(3), 0.01))
    agree(Inflation(measure="level"), market, whole_at(gap, 0.01))


def test_inflation_at_a_month_end_is_that_of_the_month_before(market):
    # at the end of 2025-09 August is out: Japan 2.7, US 3.11; at the end of 2025-06 May: 3.7 and 2.77
    level, change = (signal(Inflation(measure=one), market) for one in ("level", "change"))
    assert level["2025-09-30"] == pytest.approx(2.7 - 3.11)
    assert change["2025-09-30"] == -1.0  # -0.41 - 0.93 is below -1
    assert change["2025-12-31"] == pytest.approx((3.0 - 2.6) - (2.7 - 3.11))


@pytest.mark.parametrize("name", LAGS)
def test_a_months_inflation_is_not_in_the_signal_at_its_end_but_at_the_end_of_the_next(tables, market, name):
    surprise = tables.macro[name].copy()
    surprise["2019-05-31"] += 0.003
    other = build(dataclasses.replace(tables, macro={**tables.macro, name: surprise}), market.instruments)
    level = Inflation(measure="level", scale=0.1)
    changed = signal(level, other) - signal(level, market)
    assert list(changed.index[changed.abs() > 1e-9].strftime("%Y-%m")) == ["2019-06"]
    assert changed["2019-06-30"] == pytest.approx(0.03 if name[:2] == "jp" else -0.03)


@pytest.mark.parametrize("measure", ["change", "level"])
def test_the_market_whose_inflation_is_lower_or_falls_is_bought(market, measure):
    falling = told(market, us_core_cpi_yoy=ramp(market, -1e-5), jp_core_cpi_yoy=ramp(market, 0.0))
    assert directions(Inflation(measure=measure), falling) == LONG_THE_FIRST
    assert directions(Inflation("JGB10", "UST10", measure=measure), falling) == SHORT_THE_FIRST


# ---- risk


def test_the_haven_is_the_yield_that_has_moved_less(market):
    us, jp = (M[name].diff().rolling(12).std() for name in ("us_10y", "jp_10y"))
    agree(SafeHaven(), market, np.sign(jp - us))
    agree(SafeHaven(measure="inverse"), market, (1 / us - 1 / jp) / (1 / us + 1 / jp))


def test_the_calmer_market_is_bought(market):
    rough, calm = np.resize([0.03, 0.02], len(market.dates)), np.resize([0.0302, 0.03], len(market.dates))

    def drawn(us: np.ndarray, jp: np.ndarray) -> Market:
        curves = {
            name: dataclasses.replace(market.curves[name], yields=np.tile(y[:, None], market.curves[name].tenors.size))
            for name, y in (("us", us), ("jp", jp))
        }
        return dataclasses.replace(market, curves={**market.curves, **curves})

    for haven in (SafeHaven(), SafeHaven(measure="inverse")):
        assert directions(haven, drawn(us=calm, jp=rough)) == LONG_THE_FIRST
        assert directions(haven, drawn(us=rough, jp=calm)) == SHORT_THE_FIRST
    # changes of 100 bp against 2 bp: weights as 50 to 1
    assert signal(SafeHaven(measure="inverse"), drawn(calm, rough)).iloc[-1] == pytest.approx(49 / 51)


# ---- debt


def standing(values: pd.Series) -> pd.Series:
    """Score against all months known, five years of them at least."""
    known = values.dropna()
    return ((known - known.expanding(60).mean()) / known.expanding(60).std()).reindex(values.index)


@pytest.mark.parametrize(
    ("footprint", "measure"),
    [
        ("support", "assets"),
        ("support", "share"),
        ("distortion", "assets"),
        ("distortion", "share"),
        ("ignored", "assets"),
    ],
)
def test_debt_capacity_is_the_mean_of_two_scores_against_all_history(market, footprint, measure):
    debt = standing(published("jp_debt_gdp") - published("us_debt_gdp"))
    assets = published("boj_assets_gdp") - published("fed_assets_gdp")
    bank = standing(assets if measure == "assets" else -published("fed_treasuries_share"))
    mean = {"support": (debt - bank) / 2, "distortion": (debt + bank) / 2, "ignored": debt}[footprint]
    agree(DebtCapacity(footprint=footprint, measure=measure), market, whole_at(mean, 2.0))


def test_a_measure_of_a_footprint_that_is_ignored_is_refused():
    with pytest.raises(ValueError, match="measure is not used by footprint: ignored"):
        DebtCapacity(footprint="ignored", measure="share")


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        (Breakeven(linker="UST5"), "UST5 is not inflation-linked"),
        (Breakeven(nominal="TIPS5"), "TIPS5 is inflation-linked"),
        (HedgedPickup(long="TIPS10"), "TIPS10 is inflation-linked"),
    ],
)
def test_a_linker_is_a_linker_and_a_nominal_bond_is_not(market, strategy, told):
    with pytest.raises(ConfigError, match=told):
        strategy.targets(market)


def test_the_country_whose_debt_grows_is_sold_and_a_footprint_supports_or_distorts(market):
    flat, up = ramp(market, 0.0), ramp(market, 1e-3)
    series = dict.fromkeys(("us_debt_gdp", "jp_debt_gdp", "fed_assets_gdp", "boj_assets_gdp"), flat)
    indebted, bought = told(market, **{**series, "jp_debt_gdp": up}), told(market, **{**series, "boj_assets_gdp": up})
    for footprint in ("support", "distortion", "ignored"):
        assert directions(DebtCapacity(footprint=footprint), indebted) == LONG_THE_FIRST
    assert directions(DebtCapacity(footprint="support"), bought) == SHORT_THE_FIRST  # of JGBs, which are supported
    assert directions(DebtCapacity(footprint="distortion"), bought) == LONG_THE_FIRST
    assert directions(DebtCapacity(footprint="ignored"), bought) == (0.0, 0.0)
    fed = told(market, **series, fed_treasuries_share=up)
    assert directions(DebtCapacity(footprint="support", measure="share"), fed) == LONG_THE_FIRST
    assert directions(DebtCapacity("JGB10", "UST10", footprint="support", measure="share"), fed) == SHORT_THE_FIRST


# ---- the hedged pickup

TREASURY_PICKUP = M.us_10y - (M.us_3m - M.jp_overnight) - M.jp_10y


@pytest.mark.parametrize(("day", "percent"), [("2014", 1.9), ("2021", 1.3), ("2023", -2.2), ("2025", -1.0)])
def test_the_hedged_pickup_of_known_year_ends(market, day, percent):
    # published figures
    levels = pd.Series(pickup(market, "UST10", "JGB10"), M.index)
    assert round(100 * levels[f"{day}-12-31"], 1) == percent


def test_the_pickup_is_positive_for_treasuries_and_negated_where_the_jgb_is_long(market):
    agree(HedgedPickup(), market, whole_at(TREASURY_PICKUP, 0.01))
    agree(HedgedPickup(measure="change"), market, whole_at(TREASURY_PICKUP.diff(6), 0.01))
    agree(HedgedPickup("JGB10", "UST10"), market, whole_at(-TREASURY_PICKUP, 0.01))
    turned = HedgedPickup("JGB10", "UST10").targets(market)
    assert turned == pytest.approx(HedgedPickup().targets(market), abs=1e-12)


# ---- prices alone


def by_hand(score: pd.Series, enter: float, leave: float) -> pd.Series:
    """Positions entered beyond `enter`, left within `leave`: forward, from each entry to the first exit."""
    position = pd.Series(0.0, score.index)
    for side in (1, -1):
        inside = False
        for day, value in (side * score).items():
            inside = (value > leave and inside) or value > enter
            position[day] += side * inside
    return position.where(score.notna())


@pytest.mark.parametrize(("months", "enter", "leave"), [(12, 2.0, 0.5), (24, 1.0, 0.0)])
def test_reversion_fades_a_gap_that_is_far_from_its_year(market, months, enter, leave):
    gap = M.us_10y - M.jp_10y
    score = (gap - gap.rolling(months).mean()) / gap.rolling(months).std()
    expected = by_hand(score, enter, leave)
    assert {-1.0, 0.0, 1.0} == set(expected.dropna())
    agree(Reversion(lookback=Window(f"{months}M"), enter=enter, leave=leave), market, expected)


def test_a_gap_unusually_wide_is_a_long_leg_unusually_cheap(market):
    assert signal(Reversion(), market)["2022-03-31"] == 1.0  # Treasuries at 2.32 %, up from 1.52 in a quarter
    assert signal(Reversion("JGB10", "UST10"), market)["2022-03-31"] == -1.0


def trend(returns: pd.Series) -> pd.Series:
    """Mean of 2, 3 and 12 months' return, each in deviations of the last 12 months."""
    scores = [
        (returns.rolling(n).sum() / (returns.rolling(12).std() * np.sqrt(n))).clip(-1, 1) for n in (2, 3, 12)
    ]  # 21 days are a month, and two rows are the least
    return sum(scores) / 3


def pair_returns(market: Market, *legs: str) -> list[pd.Series]:
    return [pd.Series(excess(market, leg).to_numpy(), M.index) for leg in legs]


def test_momentum_follows_the_pair_at_the_sizes_it_had(market):
    us, jp = pair_returns(market, "UST10", "JGB10")
    d_us, d_jp = (pd.Series(one, M.index) for one in durations(market, "UST10", "JGB10"))
    agree(Momentum(), market, trend(5 / d_us.shift() * us - 5 / d_jp.shift() * jp))


def test_leg_momentum_follows_each_leg_by_itself(market):
    strategy = LegMomentum(duration=4.0)
    us, jp = (trend(one) for one in pair_returns(market, "UST10", "JGB10"))
    d_us, d_jp = durations(market, "UST10", "JGB10")
    long, short = weights(strategy, market, "UST10", "JGB10")
    assert long == pytest.approx((us * 4 / d_us).fillna(0).to_numpy(), abs=1e-9)
    assert short == pytest.approx((jp * 4 / d_jp).fillna(0).to_numpy(), abs=1e-9)
    assert ((long > 0) & (short > 0)).any() and ((long < 0) & (short < 0)).any()


AGED = {  # yield of the 10-year three months on, on each day's own tenors
    "2000-12-31": ("us_7y", 7), "2024-12-31": ("us_7y", 7), "2025-12-31": ("us_7y", 7), "2026-06-30": ("us_7y", 7),
}  # fmt: skip


@pytest.mark.parametrize("day", AGED)
def test_carry_is_what_each_leg_pays_a_year_for_its_risk(market, by_coupons, day):
    row = M.loc[day]
    name, years = AGED[day]
    us_aged = row.us_10y - (row.us_10y - row[name]) * 0.25 / (10 - years)
    jp_aged = row.jp_10y - (row.jp_10y - row.jp_9y) * 0.25
    us_risk, jp_risk = (one.rolling(36).std()[day] * 12**0.5 for one in pair_returns(market, "UST10", "JGB10"))
    us = by_coupons(row.us_10y, us_aged, 9.75) - 1 - row.us_overnight * 91.3125 / 360
    jp = by_coupons(row.jp_10y, jp_aged, 9.75) - 1 - row.jp_overnight * 91.3125 / 365
    expected = 4 * us / us_risk - 4 * jp / jp_risk
    assert 0.05 < abs(expected) < 2
    assert signal(Carry(scale=2.0), market)[day] == pytest.approx(expected / 2, rel=1e-9)


def test_value_is_the_real_yield_after_the_inflation_last_published(market):
    us, jp = M.us_10y - published("us_core_cpi_yoy"), M.jp_10y - published("jp_core_cpi_yoy")
    agree(Value(), market, whole_at(us - jp, 0.02))
    # 2022-03: 2.32 less 6.42 of February; 0.218 less 0.6
    assert signal(Value(scale=0.05), market)["2022-03-31"] == pytest.approx(
        ((2.32 - 6.42) - (0.218 - 0.6)) / 5, abs=0.01
    )


@pytest.mark.parametrize("strategy", [Policy, Inflation, HedgedPickup, Value])
def test_legs_of_one_country_are_refused(market, strategy):
    with pytest.raises(ConfigError, match="UST10 and UST2 are of one country; this strategy compares two"):
        strategy("UST10", "UST2").targets(market)


# ---- inflation-linked against nominal


def test_a_long_breakeven_is_long_the_linker_at_equal_duration(market):
    linker, nominal = weights(Breakeven(duration=4.0), market, "TIPS10", "UST10")
    d_linker, d_nominal = durations(market, "TIPS10", "UST10")
    held = linker != 0
    assert held.sum() > 200
    assert (linker * d_linker)[held] == pytest.approx(4.0) and (nominal * d_nominal)[held] == pytest.approx(-4.0)
    assert Breakeven(trade="short").targets(market) == pytest.approx(-Breakeven().targets(market))


def test_a_breakeven_by_beta_is_hedged_halfway_to_eight_tenths(market):
    linker, nominal = weights(Breakeven(hedge="beta"), market, "TIPS10", "UST10")
    d_linker, d_nominal = durations(market, "TIPS10", "UST10")
    moves = M[["us_real_10y", "us_10y"]].diff()
    for day in ("2008-12-31", "2015-06-30", "2022-12-31", "2025-12-31"):
        t = M.index.get_loc(day)
        covariance = np.cov(moves.iloc[t - 35 : t + 1].T.to_numpy())
        ratio = -(nominal * d_nominal)[t] / (linker * d_linker)[t]
        assert ratio == pytest.approx((covariance[0, 1] / covariance[1, 1] + 0.8) / 2, rel=1e-9)
        assert linker[t] > 0 and 0.5 < ratio < 1.2


# ---- what does not hold yet


def test_a_tenor_that_vanishes_is_no_move_of_a_haven(gappy):
    # As if the 3- and 7-year ended 2025-05: between 5 and 10 years, quoted at both ends, 7 fell by 17 bp, not by 23.
    us, jp = M.us_7y.diff(), M.jp_10y.diff()
    before, after = (M.us_5y[day] * 0.6 + M.us_10y[day] * 0.4 for day in ("2025-05-31", "2025-06-30"))
    us["2025-06-30"] = after - before
    s_us, s_jp = (one.rolling(12).std()["2025-06-30"] for one in (us, jp))
    inverse = signal(SafeHaven("UST7", "JGB10", measure="inverse"), gappy)
    assert inverse["2025-06-30"] == pytest.approx((s_jp - s_us) / (s_jp + s_us), rel=1e-9)


def test_the_real_yield_of_an_inflation_linked_bond_is_its_yield(market):
    # 2025-12: TIPS 1.93; JGB 2.066 less the 3.0 of November
    assert signal(Value("TIPS10", "JGB10", scale=0.1), market)["2025-12-31"] == pytest.approx(
        (1.93 - (2.066 - 3.0)) / 10
    )
