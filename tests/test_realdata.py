"""Against real daily history, where it is at hand: what the product says must be what happened."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from backtests import config
from backtests.performance import metrics
from backtests.runs import runner
from data import assemble
from data.build import build
from data.calendars import reference_cpi
from data.instruments import LIBRARY
from data.sources import bundled, files
from data.store import Store
from data.tracking import tracking
from strategies.base import keeps_prefix_law
from tests import command
from tests.registry import REGISTERED, held

ROOT = Path(__file__).resolve().parent.parent
REAL = ROOT.parent / "shared" / "data"
FILES = [
    "mof/jgbcme_all.csv", "ust/cmt_daily.csv", "ust/real_curve_daily.csv", "fx/usdjpy_daily.csv",
    "rates/us_overnight_rates_daily.csv", "rates/jp_call_rate_monthly.csv", "rates/us_cpi_nsa_monthly.csv",
    "etf/TLT.csv", "etf/IEF.csv", "etf/SHY.csv", "etf/TIP.csv",
]  # fmt: skip
TODAY = date(2026, 9, 1)
# Total returns of TLT as published, 2003 to 2024, percent
TLT = [
    1.6,
    8.7,
    8.6,
    0.7,
    10.3,
    34.0,
    -21.8,
    9.0,
    34.0,
    2.4,
    -13.4,
    27.3,
    -1.8,
    1.2,
    9.2,
    -1.6,
    14.1,
    18.2,
    -4.6,
    -31.2,
]
TLT += [2.8, -8.1]

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not REAL.is_dir(), reason=f"no daily history in {REAL.name}/ beside the checkout"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    from datetime import UTC, datetime

    store = Store(tmp_path_factory.mktemp("store"))
    for name in FILES:
        for delivery in files.read(REAL / name):
            store.put(delivery, datetime(2026, 9, 1, tzinfo=UTC))
    return store


@pytest.fixture(scope="module")
def daily(store):
    return assemble.load(store, "daily", ["TLT", "IEF", "SHY", "TIP"], TODAY)


class Experiment(NamedTuple):
    """config/daily.yaml by the command: its folder, its answer, how long it took, and the run itself."""

    folder: Path
    answer: command.Answer
    seconds: float
    run: runner.Run


@pytest.fixture(scope="module")
def experiment(store, tmp_path_factory) -> Experiment:
    folder, runs, run = tmp_path_factory.mktemp("daily") / "run", [], runner.Begun.finish
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIVERGENCE_HOME", str(store.folder))
        patch.setattr(runner.Begun, "finish", lambda *given: runs.append(run(*given)) or runs[-1])
        start = time.monotonic()
        answer = command.divergence("run", ROOT / "config/daily.yaml", "--out", folder, "-q")
    return Experiment(folder, answer, time.monotonic() - start, runs[0])


@pytest.fixture(scope="module")
def by_month() -> runner.Run:
    """config/daily.yaml on the bundled month ends."""
    settings = ["data.source=bundled", "data.frequency=native", "data.start=2006-02-28"]
    return runner.run(config.load(ROOT / "config/daily.yaml", settings))


@pytest.fixture
def run(store, monkeypatch, tmp_path):
    """Run a configuration on the stored history."""
    monkeypatch.setenv("DIVERGENCE_HOME", str(store.folder))

    def go(text: str | Path, *settings: str) -> runner.Run:
        path = text
        if isinstance(text, str):
            path = tmp_path / "real.yaml"
            path.write_text(text)
        return runner.run(config.load(path, settings))

    return go


def test_the_daily_experiment_ends_well_in_under_a_minute(experiment):
    assert experiment.answer.status == 0
    assert experiment.seconds < 60
    manifest = json.loads((experiment.folder / "manifest.json").read_text())
    assert manifest["reconciliation"] <= 1e-9
    assert manifest["engine"] == "backtrader"
    assert {one["series"] for one in manifest["data"]["series"]} >= {"jgb", "ust", "usdjpy", "fed_funds", "TLT"}
    assert (experiment.folder / "report.html").stat().st_size < 4e6
    assert "TLT against its proxy" in experiment.answer.out


CORRECTED = {("2025-05-31", 3.0), ("2025-05-31", 7.0)}  # of the bundled US curve, by its publisher, since


def test_month_ends_of_the_store_are_the_bundled_ones(daily, store):
    ours, theirs = assemble.load(store, "monthly", [], TODAY), bundled.load()
    rows = slice("1999-09-30", "2026-04-30")  # the daily funds rate in these files ends in May 2026
    for curve in ("us", "jp", "us_real"):
        along = theirs.yields[curve].dropna(how="all").loc[rows]
        stored = ours.yields[curve].loc[rows, along.columns]
        assert stored.index.equals(along.index.astype(stored.index.dtype)), curve
        both = (stored.notna() & along.notna().to_numpy()).to_numpy()  # editions may differ in what they hold
        assert both.mean() > 0.9 * along.notna().to_numpy().mean(), curve
        apart = np.abs(stored.to_numpy() - along.to_numpy())
        assert [
            (str(stored.index[t].date()), stored.columns[k])
            for t, k in np.argwhere(both & (apart > 1e-12))
            if (str(stored.index[t].date()), stored.columns[k]) not in CORRECTED
        ] == [], curve
    assert (ours.fx["JPY"].loc[rows] - theirs.fx["JPY"].loc[rows]).abs().max() < 0.011
    for currency in ("USD", "JPY"):
        assert (ours.overnight[currency].loc[rows] - theirs.overnight[currency].loc[rows]).abs().max() < 2e-6


def test_month_ends_of_the_store_trade_like_the_bundled_ones(run, by_month):
    stored = run(ROOT / "config/daily.yaml", "data.frequency=monthly", "data.start=2006-02-28")
    for a, b in zip(stored.variants, by_month.variants, strict=True):
        if "TLT" not in a.market.names:  # priced in the store, a proxy in the bundled figures
            assert a.figures["excess_return"] == pytest.approx(b.figures["excess_return"], abs=2e-5), a.variant.name
            assert a.figures["excess_drawdown"] == pytest.approx(b.figures["excess_drawdown"], abs=1e-4)


def test_daily_rows_tell_the_month_ends_story(experiment, by_month):
    """What daily rows change is said in docs/data.md; these are the bounds it states."""
    for a, b in zip(experiment.run.variants, by_month.variants, strict=True):
        x, y = _monthly(a.result), _monthly(b.result)
        both = pd.concat([x, y], axis=1, join="inner").dropna()
        own_volatility = a.variant.name == "ust10_jgb10_volpar"
        assert both.corr().iloc[0, 1] > 0.985, a.variant.name
        assert abs(both.diff(axis=1).iloc[:, 1].mean() * 12) < (0.004 if own_volatility else 0.0010), a.variant.name


def _monthly(result) -> pd.Series:
    path = pd.Series(metrics.excess_index(result), index=pd.DatetimeIndex(result.dates))
    return path.groupby(pd.DatetimeIndex(path.index).to_period("M")).last().pct_change()


# Monthly, 2006-02 to 2025-09: at least this correlation, at most this tracking error a year
@pytest.mark.parametrize(("name", "correlation", "error"), [("TLT", 0.99, 0.02), ("IEF", 0.99, 0.01)])
def test_a_proxy_tracks_its_fund(daily, name, correlation, error):
    (found,) = tracking(daily, [LIBRARY[name]], date(2006, 2, 1))
    assert found.months >= 230
    assert found.correlation >= correlation
    assert found.error <= error


def test_funds_and_their_proxies_are_as_the_docs_say(daily):
    words = " ".join((ROOT / "docs/data.md").read_text(encoding="utf-8").split())
    for name, since in (("TLT", date(2006, 2, 1)), ("IEF", date(2006, 2, 1)), ("TIP", date(2009, 1, 1))):
        (found,) = tracking(daily, [LIBRARY[name]], since)
        assert str(found) in words


HOLD_TLT = """
name: tlt
data: {source: store, frequency: daily, start: 2002-12-31, end: 2024-12-31}
rebalance: {every: bar}
variants: {tlt: {strategy: hold, params: {weights: {TLT: 1.0}}, fill: same_close}}
instruments: {TLT: {half_spread_bp: 0, borrow_bp: 0}}
"""


@pytest.mark.parametrize("distributions", ["reinvested", "paid"])
def test_tlt_through_the_engine_is_tlt_as_published(run, distributions):
    (one,) = run(HOLD_TLT, f"data.distributions={distributions}").variants
    earned = {year: total * 100 for year, (total, _) in metrics.calendar_years(one.result).items()}
    for year, published in zip(range(2003, 2025), TLT, strict=True):
        assert earned[year] == pytest.approx(published, abs=0.1 if year > 2014 else 0.7), year
    assert one.figures["max_drawdown"] == pytest.approx(0.4835, abs=0.0005)
    assert (one.figures["drawdown_peak"], one.figures["drawdown_trough"]) == ("2020-08-04", "2023-10-19")
    income = one.result.income.sum()
    assert (income > 1e6) if distributions == "paid" else (income == 0)


def test_a_short_of_an_etf_pays_what_a_long_is_paid(run):
    text = HOLD_TLT.replace(
        "{tlt: {strategy: hold, params: {weights: {TLT: 1.0}}, fill: same_close}}",
        "{long: {strategy: hold, params: {weights: {TLT: 1.0}}, fill: same_close}, "
        "short: {extends: long, params: {weights: {TLT: -1.0}}}}",
    )
    text += "account: {cash_interest: false, withholding: 0.3, size_on: capital}\n"
    long, short = run(text, "data.distributions=paid", "data.start=2015-01-02", "data.end=2016-12-30").variants
    assert (long.result.units[-1, 0] > 0) and (short.result.units[-1, 0] < 0)
    assert long.result.income.sum() == pytest.approx(-0.7 * short.result.income.sum(), rel=2e-3)  # lots round
    assert long.result.income.sum() > 0


def test_known_days_are_in_the_history(daily):
    jgb, ust = daily.yields["jp"], daily.yields["us"]
    assert jgb.loc["2026-06-30", 10.0] == pytest.approx(0.0269)
    moves = {
        ("2013-04-04", 30.0): -27,
        ("2016-01-29", 10.0): -12.5,
        ("2024-08-05", 10.0): -19,
        ("2026-01-20", 30.0): 20,
    }
    for (day, tenor), bp in moves.items():
        series = jgb[tenor].dropna()
        assert (series.diff().loc[day] * 1e4) == pytest.approx(bp, abs=6.5), day
    assert ust.loc["2020-03-09", 10.0] == pytest.approx(0.0054)


def test_every_strategy_keeps_the_prefix_law_on_daily_rows(daily):
    market = build(daily, held(daily))
    for name, strategy in REGISTERED.items():
        for t in (0, 9000, 11500, 13001, len(market.dates) - 1):
            assert keeps_prefix_law(strategy, market, t), (name, t)


def test_nothing_later_changes_anything_earlier_on_real_days(daily):
    names = ["UST10", "JGB10", "TLT", "TIPS10", "JPY"]
    instruments = [LIBRARY[name] for name in names]
    whole = build(daily, instruments)
    cut = int(np.flatnonzero(whole.dates == np.datetime64("2013-06-28"))[0])
    later = pd.Timestamp(whole.dates[cut + 1])

    def bent(values):
        changed = values.copy()
        changed.loc[later:] *= 1.05
        return changed

    other = build(
        replace(
            daily,
            yields={name: bent(frame) for name, frame in daily.yields.items()},
            fx={name: bent(rate) for name, rate in daily.fx.items()},
            overnight={name: bent(rate) for name, rate in daily.overnight.items()},
            prices={name: bent(frame) for name, frame in daily.prices.items()},
        ),
        instruments,
    )
    for name in ("price", "duration", "funding", "roll", "fx", "spread", "lot"):
        np.testing.assert_array_equal(getattr(whole, name)[: cut + 1], getattr(other, name)[: cut + 1], err_msg=name)


def test_the_breakeven_accrues_the_index_of_two_and_three_months_before(daily):
    """June 2022: CPI of April over March, 289.109 over 287.504 (BLS), spread over the month's days."""
    days = np.array(["2022-05-31", "2022-06-30"], dtype="datetime64[D]")
    base = reference_cpi(daily.cpi, days)
    assert base[1] / base[0] == pytest.approx(289.109 / 287.504, rel=1e-12)
    market = build(daily, [LIBRARY["TIPS10"]])
    inside = (market.dates >= days[0]) & (market.dates <= days[1])
    path = reference_cpi(daily.cpi, market.dates[inside])
    assert np.prod(path[1:] / path[:-1]) == pytest.approx(289.109 / 287.504, rel=1e-12)
    ratio = market.price[inside, 0]
    flat = build(replace(daily, cpi=daily.cpi * 0 + 300.0), [LIBRARY["TIPS10"]]).price[inside, 0]
    assert (ratio[-1] / ratio[0]) / (flat[-1] / flat[0]) == pytest.approx(289.109 / 287.504, rel=1e-12)


def test_deciding_and_filling_on_one_close_across_the_markets_is_refused(run):
    text = (ROOT / "config/daily.yaml").read_text()
    with pytest.raises(Exception, match=r"UST10 of 2006.* is stamped .* 16:00 .*after JGB10 fills at .* 15:00 JST"):
        run(text, "fill=same_close")
