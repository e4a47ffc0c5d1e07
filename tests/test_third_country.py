"""A country that nobody thought of: annual coupons, spot rates, its own day count, close and exchange rate.

Its figures come from files of its own, read by a configuration that trades its 10-year against Treasuries.
"""

from __future__ import annotations

import re
from contextlib import chdir
from datetime import date

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813  # its own short name

from backtests import config
from backtests.report import html
from backtests.report.panels import panels
from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.snapshot import snapshot
from data.calendars import check_same_close
from data.countries import COUNTRIES
from data.errors import DataError
from data.pricing.bonds import par_duration, price
from data.pricing.forwards import forward_par
from data.store import Store
from tests import third_country
from tests.command import divergence as command

LEGS = ("NZ10", "UST10")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return third_country.place(tmp_path_factory.mktemp("third"))


@pytest.fixture(scope="module")
def settings(place):
    return config.load(place / "third.yaml")


@pytest.fixture(scope="module")
def run(settings):
    return runner.run(settings)


@pytest.fixture(scope="module")
def stored(run, tmp_path_factory):
    """The run as its folder gives it back."""
    folder = tmp_path_factory.mktemp("stored")
    run_folder.write(snapshot(run), folder)
    return run_folder.load(folder)


def variant(run, name):
    return next(one for one in run.variants if one.variant.name == name)


# ------------------------------------------------------------------ by hand, from the files
SPOT = third_country.spot()


def par_by_hand(day) -> dict[int, float]:
    """Par yields of a day at each tenor, coupon by coupon: annual, from continuous spot rates, straight between."""

    def factor(years: int) -> float:
        row = SPOT.loc[str(day)]
        low = max(tenor for tenor in third_country.TENORS if tenor <= years)
        high = min(tenor for tenor in third_country.TENORS if tenor >= years)
        a, b = row[f"{low}Y"] / 100, row[f"{high}Y"] / 100
        rate = a if high == low else a + (b - a) * (years - low) / (high - low)
        return float(np.exp(-rate * years))

    return {tenor: (1 - factor(tenor)) / sum(factor(k) for k in range(1, tenor + 1)) for tenor in third_country.TENORS}


def value_by_hand(coupon: float, yield_: float, life: float) -> float:
    """Dirty price of 1 of face that pays once a year, payment by payment."""
    times = [life - k for k in range(int(np.ceil(life)))]
    return sum((coupon + (time == life)) * (1 + yield_) ** -time for time in times)


def test_the_market_s_curve_is_the_par_curve_of_the_spot_rates(run):
    curve = run.market.curves["nz"]
    assert curve.coupons == 1
    for day in ("2021-01-04", "2022-06-23", "2023-12-29"):
        row = list(curve.dates.astype(str)).index(day)
        assert curve.yields[row].tolist() == pytest.approx(list(par_by_hand(day).values()), rel=1e-12)


def test_one_bar_of_the_par_bond_index_by_hand(run):
    market, i = run.market, run.market.column("NZ10")
    rows = market.dates.astype(str).tolist()
    for before, after in (("2021-03-01", "2021-03-02"), ("2022-06-23", "2022-06-27")):  # over a weekend and a holiday
        days = (date.fromisoformat(after) - date.fromisoformat(before)).days
        bought, now = par_by_hand(before), par_by_hand(after)
        life = 10 - days / 365.25
        aged = now[7] + (now[10] - now[7]) * (life - 7) / 3
        earned = market.price[rows.index(after), i] / market.price[rows.index(before), i]
        assert earned == pytest.approx(value_by_hand(bought[10], aged, life), rel=1e-12)


def test_on_a_holiday_of_its_own_its_price_is_carried_and_cannot_be_traded(run):
    row, i = run.market.dates.astype(str).tolist().index("2022-06-24"), run.market.column("NZ10")
    assert run.market.price[row, i] == run.market.price[row - 1, i]
    assert run.market.tradable[row].tolist() == [False, True]


# ------------------------------------------------------------------ against QuantLib
def quantlib_bond(coupon: float, years: int = 10):
    schedule = ql.Schedule(
        ql.Date(15, 2, 2024), ql.Date(15, 2, 2024 + years), ql.Period(ql.Annual), ql.NullCalendar(),
        ql.Unadjusted, ql.Unadjusted, ql.DateGeneration.Backward, False,
    )  # fmt: skip
    isma = ql.ActualActual(ql.ActualActual.ISMA, schedule)
    return ql.FixedRateBond(0, 100.0, schedule, [coupon], isma), schedule, isma


@pytest.mark.parametrize("yield_", [-0.004, 0.0001, 0.045, 0.12])
@pytest.mark.parametrize("settle", ["2024-02-15", "2024-02-16", "2024-08-31", "2027-01-10", "2033-12-01"])
def test_an_annual_bond_has_quantlib_s_dirty_price(settle, yield_):
    bond, schedule, isma = quantlib_bond(0.045)
    day = ql.Date(settle, "%Y-%m-%d")
    before, after = schedule.previousDate(day + 1), schedule.nextDate(day + 1)
    life = sum(coupon > day for coupon in schedule) - 1 + (after - day) / (after - before)
    rate = ql.InterestRate(yield_, isma, ql.Compounded, ql.Annual)
    expected = ql.BondFunctions.cleanPrice(bond, rate, day) + bond.accruedAmount(day)
    assert 100 * float(price(0.045, yield_, life, 1)) == pytest.approx(expected, abs=1e-9, rel=0)


def test_the_bond_s_duration_is_quantlib_s(run):
    for row in (0, 300, -1):
        y = par_by_hand(run.market.dates[row])[10]
        bond, schedule, isma = quantlib_bond(y)
        rate = ql.InterestRate(y, isma, ql.Compounded, ql.Annual)
        expected = ql.BondFunctions.duration(bond, rate, ql.Duration.Modified, schedule.startDate())
        assert float(par_duration(y, 10.0, 1)) == pytest.approx(expected, abs=1e-8, rel=0)
        assert run.market.duration[row, run.market.column("NZ10")] == pytest.approx(expected, abs=1e-8, rel=0)


def test_a_forward_of_an_annual_curve_is_that_of_its_spot_rates(run):
    row = run.market.dates.astype(str).tolist().index("2022-03-01")
    par = par_by_hand("2022-03-01")
    factors, paid = [1.0], 0.0
    for k in range(1, 8):  # whole years up to the 7-year, whose par yields are straight between the quotes
        y = float(np.interp(k, list(par), list(par.values())))
        factors.append((1 - y * paid) / (1 + y))
        paid += factors[-1]
    expected = (factors[2] - factors[7]) / sum(factors[3:8])
    assert forward_par(run.market.curves["nz"], 2.0, 5.0)[row] == pytest.approx(expected, rel=1e-12)


# ------------------------------------------------------------------ the ledger
def test_both_engines_agree(run, settings):
    assert settings.engine == "backtrader"  # which the ledger repeats
    assert 0 < max(one.gap for one in run.variants) < 1e-9


@pytest.mark.parametrize(("name", "basis"), [("pair", 0.0), ("pair_swapped", 0.0012), ("pair_dear", 0.0040)])
def test_a_long_is_funded_at_its_own_rate_and_basis_by_its_own_day_count(run, name, basis):
    one = variant(run, name)
    result, market, rows = one.result, one.market, one.span.rows
    t, i = 400, market.column("NZ10")
    row = rows.start + t
    days = (market.dates[row] - market.dates[row - 1]).astype(int)
    position = third_country.DAYS.get_loc(str(market.dates[row - 1]))
    fixing = 0.015 + round(position / 400, 3) / 100  # the file's, of the row before
    fx = 1 / round(1.55 + 0.1 * np.sin((position + 1) / 60), 4)
    notional = result.units[t - 1, i] * market.price[row - 1, i]
    assert notional > 0
    expected = -notional * (fixing + basis) * days / 360 * fx
    assert result.funding[t, i] == pytest.approx(expected, rel=1e-12)


def test_an_unhedged_long_bears_the_exchange_rate_as_quoted_and_pays_dollars(run):
    one = variant(run, "pair_unhedged")
    result, market, rows = one.result, one.market, one.span.rows
    t, i = 400, market.column("NZ10")
    row = rows.start + t
    position = third_country.DAYS.get_loc(str(market.dates[row]))
    before, now = (1 / round(1.55 + 0.1 * np.sin(k / 60), 4) for k in (position - 1, position))
    notional = result.units[t - 1, i] * market.price[row - 1, i]
    assert result.fx[t, i] == pytest.approx(notional * (now - before), rel=1e-9)
    days = (market.dates[row] - market.dates[row - 1]).astype(int)
    dollars = round(0.1 + (position - 1) / 160, 2) / 100
    assert result.funding[t, i] == pytest.approx(-notional * dollars * days / 360 * before, rel=1e-9)


def test_a_swap_without_a_basis_takes_the_currency_s_own(settings):
    stated = {one.name: one.currency.basis_bp for one in settings.variants}
    assert (stated["pair_swapped"], stated["pair_dear"]) == (12.0, 40.0)
    assert {row.currency: row.basis_bp for row in COUNTRIES} == {"USD": 0.0, "JPY": -20.0, "EUR": 0.0, "GBP": 0.0}


# ------------------------------------------------------------------ shocks and exposure
def test_it_is_shocked_by_its_own_country_and_stands_still_in_another_s(stored):
    pair = stored.stress[stored.stress["variant"] == "pair"].pivot_table(
        index="shock", columns="instrument", values="usd"
    )
    assert pair.loc["us_up_100", "NZ10"] == 0.0
    assert pair.loc["us_up_100", "UST10"] > 1e5
    assert pair.loc["nz_up_100", "UST10"] == 0.0
    assert pair.loc["nz_up_100", "NZ10"] < -1e5
    assert pair.loc["up_100"].tolist() == [pair.loc["nz_up_100", "NZ10"], pair.loc["us_up_100", "UST10"]]


def test_a_shock_reprices_its_annual_bond(run, stored):
    one = variant(run, "pair")
    y, i = par_by_hand(one.span.last)[10], one.market.column("NZ10")
    row = one.span.rows.stop - 1
    usd = one.result.units[-1, i] * one.market.price[row, i] * one.market.fx[row, i]
    shown = panels(stored).variants[0].shocks["nz_up_100"].legs["NZ10"]
    assert shown == pytest.approx(usd * (value_by_hand(y, y + 0.01, 10) - 1), rel=1e-9)


def test_the_shocks_are_of_its_countries_and_its_currency(stored):
    assert [(shock.name, shock.label) for shock in stored.shocks] == [
        ("up_100", "both +100 bp"), ("down_100", "both −100 bp"), ("us_up_100", "US +100 bp"),
        ("us_down_100", "US −100 bp"), ("nz_up_100", "Southland +100 bp"), ("nz_down_100", "Southland −100 bp"),
        ("steeper", "both steeper"), ("flatter", "both flatter"), ("kiwi_up_10", "kiwi +10 %"),
        ("kiwi_down_10", "kiwi −10 %"),
    ]  # fmt: skip
    shocks = panels(stored).variants
    assert shocks[0].shocks["kiwi_up_10"].total == 0.0
    assert shocks[1].shocks["kiwi_up_10"].total > 1e5  # the unhedged long


def test_it_has_a_column_of_dv01_after_the_countries_before_it(stored, run):
    columns = [name for name in stored.exposure if name.startswith("dv01 ")]
    assert columns == ["dv01 us 7-12", "dv01 nz 7-12"]
    pair = stored.exposure[stored.exposure["variant"] == "pair"]
    one, i = variant(run, "pair"), run.market.column("NZ10")
    row = one.span.rows.stop - 1
    each = one.result.units[-1, i] * (one.market.price * one.market.fx * one.market.duration)[row, i] * 1e-4
    assert pair["dv01 nz 7-12"].iloc[-1] == pytest.approx(each, rel=1e-6)
    assert each == pytest.approx(4000, rel=0.2)


# ------------------------------------------------------------------ the clock
def test_it_closes_at_its_own_time(settings):
    assert f"{settings.countries['nz'].closes(date(2023, 1, 5)):%H:%M %Z}" == "16:45 NZDT"
    assert f"{settings.countries['nz'].closes(date(2023, 7, 5)):%H:%M %Z}" == "16:45 NZST"
    closes = {row.code: f"{row.closes(date(2023, 7, 5)):%H:%M %Z}" for row in COUNTRIES}
    assert closes == {"us": "16:00 EDT", "jp": "15:00 JST", "de": "17:30 CEST", "uk": "16:30 BST"}


def test_a_fill_at_its_close_is_refused_beside_treasuries_on_daily_rows(place, settings):
    legs = [settings.library[name] for name in LEGS]
    with pytest.raises(DataError, match=r"UST10 of 2023-01-05 is stamped .* after NZ10 fills at 2023-01-05 16:45 NZDT"):
        check_same_close("pair", legs, date(2023, 1, 5), settings.countries)
    check_same_close("alone", legs[:1], date(2023, 1, 5), settings.countries)
    with chdir(place):
        answer = command("run", "third.yaml", "--set", "fill=same_close", "--out", "refused", "--quiet")
    assert (answer.status, answer.out) == (2, "")
    assert "looks ahead" in answer.err
    assert not (place / "refused").exists()


# ------------------------------------------------------------------ what a reader sees
def test_the_page_names_it_and_draws_it_in_its_own_colour(stored):
    page = html.page(panels(stored))
    words = re.sub(r"<[^>]+>", " ", page)
    assert "DV01 Southland" in words
    assert re.search(r"DV01, in USD a bp, of [−\d,]+ in the US, [\d,]+ in Southland", words)
    assert "averaged over the US and Southland" in words
    assert '"name":"Southland 7\\u201312"' in page
    assert '{"pattern":"-","7-12":"#117733"}' in page
    assert '"countries":{"NZ10":"#117733","UST10":"#0072B2"}' in page
    assert "kiwi +10 %" in words


def test_the_command_runs_it_and_its_folder_is_read_again(place, no_pictures):
    with chdir(place):
        status, _, err = command("run", "third.yaml", "--out", "ran", "--quiet")
        assert (status, err) == (0, "")
        assert command("report", "ran").status == 0
        again = command("run", "ran/config.yaml", "--set", f"data.source={place / 'csv'}", "--out", "again", "--quiet")
        assert again.status == 0
    first, second = (run_folder.load(place / name) for name in ("ran", "again"))
    assert first.config["countries"]["nz"]["compounding"] == "continuous"
    assert first.equity.equals(second.equity)


def test_the_ticket_has_its_inputs_and_no_future_of_it(place):
    with chdir(place):
        status, out, _ = command("ticket", "third.yaml", "-q")
    assert status == 0
    legs = [line for line in out.splitlines() if re.match(r" +NZ10 +[+−]\d\.\d{3} ", line)]
    assert legs
    assert all(" – " in line for line in legs)
    assert "NZ10 in face: no contract is on" in out
    assert "TY: CBOT" in out
    assert "JGB" not in out
    for name in ("NZ10, curve nz", "overnight NZD", "USDNZD", "overnight USD"):
        assert re.search(rf"^{name} +2023-12-29", out, re.MULTILINE), name
    assert "UST10 - NZ10" in out
    assert "NZ 2s10s" in out


def test_the_sensitivity_and_the_comparison_take_it(place):
    with chdir(place):
        assert command("sensitivity", "third.yaml", "--variant", "pair_swapped", "--quiet").status == 0
        assert command("compare", "third.yaml", "--quiet").status == 0


# ------------------------------------------------------------------ other rows, and the store
@pytest.mark.parametrize("frequency", ["weekly", "monthly"])
def test_coarser_rows_are_made_of_it(place, frequency):
    settings = config.load(place / "third.yaml", [f"data.frequency={frequency}", "fill=same_close"])
    done = runner.run(settings)
    assert max(one.gap for one in done.variants) < 1e-9


def test_the_store_takes_its_files_and_knows_them_without_the_configuration(place, monkeypatch, tmp_path, run):
    monkeypatch.setenv("DIVERGENCE_HOME", str(tmp_path))
    with chdir(place):
        paths = [f"csv/{name}.csv" for name in ("southland", "southland_cash", "usdnzd", "ust", "fed_funds")]
        assert command("data", "import", *paths).status == 2  # nobody says what they are
        assert command("data", "import", *paths, "--config", "third.yaml").status == 0
        status, out, _ = command("data", "status")
        assert status == 0
        assert re.search(r"^southland +2021-01-04 +2023-12-29", out, re.MULTILINE)
        assert command("data", "verify").status == 0
        settings = config.load(place / "third.yaml", ["data.source=store"])
    assert Store(tmp_path).read("southland").spec.about == "Southland spot yields, compounded continuously"
    done = runner.run(settings)
    assert np.array_equal(variant(done, "pair").result.equity, variant(run, "pair").result.equity)
