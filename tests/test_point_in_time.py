"""Laws about time that hold for every strategy, on month ends and on days, from the tables to the ticket.

What comes after a row, and where a window ends or begins, changes nothing on or before it.
"""

from __future__ import annotations

import dataclasses
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests import config
from backtests.config import Config
from backtests.engine import kernel
from backtests.engine.book import prepare
from backtests.engine.result import Result
from backtests.runs import exposure, setup
from backtests.runs.runner import VariantRun
from backtests.runs.setup import Prepared, Setup
from data.build import build
from data.market import Market
from data.sources import bundled
from data.tables import Tables
from strategies.base import signals_of
from tests.histories import LAST, cut, days, disturbed
from tests.registry import held
from tests.test_invariants import ALL

ROOT = Path(__file__).resolve().parent.parent
HISTORIES = {"months": bundled.load, "days": days}
CUTS = [date(2014, 12, 31), date(2018, 7, 18)]  # the first is ten years before the end of the days
every_strategy = pytest.mark.parametrize("strategy", ALL.values(), ids=ALL)


@cache
def history(rows: str) -> Tables:
    return HISTORIES[rows]()


@cache
def market(rows: str, change: str = "", day: date = CUTS[0]) -> Market:
    tables = {"": history(rows), "cut": cut(history(rows), day), "disturbed": disturbed(history(rows), day)}[change]
    return build(tables, held(tables))


def upto(dates: np.ndarray, day: date) -> int:
    """How many rows there are up to a day."""
    return int(np.searchsorted(dates, np.datetime64(day), side="right"))


# ---- weights


def test_a_year_has_the_same_periods_whatever_the_history():
    assert market("days").periods_per_year == market("days", "cut").periods_per_year == 260.0
    assert market("months").periods_per_year == 12.0
    early, late = (market("days", "cut").dates, market("days").dates)
    years = [(len(dates) - 1) / ((dates[-1] - dates[0]).astype(int) / 365.25) for dates in (early, late)]
    assert years[1] - years[0] > 10  # so that a count of the window's own would differ


@every_strategy
@pytest.mark.parametrize("day", CUTS)
@pytest.mark.parametrize("change", ["cut", "disturbed"])
@pytest.mark.parametrize("rows", HISTORIES)
def test_what_comes_after_a_day_changes_no_weight_and_no_signal_on_or_before_it(strategy, rows, change, day):
    whole, other = market(rows), market(rows, change, day)
    n = upto(whole.dates, day)
    assert n < len(whole.dates)
    assert np.array_equal(strategy.targets(other)[:n], strategy.targets(whole)[:n])
    before, after = signals_of(strategy, whole), signals_of(strategy, other)
    for name, signal in before.items():
        assert np.array_equal(signal[:n], after[name][:n], equal_nan=True), name


def test_what_is_disturbed_changes_what_comes_after():
    for rows in HISTORIES:
        whole, other = market(rows), market(rows, "disturbed")
        n = upto(whole.dates, CUTS[0])
        changed = [name for name, one in ALL.items() if np.any(one.targets(whole)[n:] != one.targets(other)[n:])]
        assert len(changed) > 0.9 * len(ALL)


# ---- whole configurations


def thesis(start: date | None = None, end: date | None = None) -> Config:
    """config/thesis.yaml on another window."""
    one = config.load(ROOT / "config" / "thesis.yaml")
    return dataclasses.replace(one, data=one.data.model_copy(update={"start": start, "end": end}))


@pytest.fixture
def prepared(monkeypatch):
    """Set a configuration up on some tables."""

    def on(tables: Tables, start: date | None = None, end: date | None = None) -> Setup:
        monkeypatch.setattr(setup, "tables_of", lambda settings, instruments: tables)
        return setup.set_up(thesis(start, end))

    return on


START, LATER, EARLIER = date(2006, 1, 2), date(2011, 1, 3), date(2014, 12, 31)


def test_the_days_traded_change_no_weight_of_any_variant(prepared):
    whole = prepared(history("days"), START, date.fromisoformat(LAST)).variants
    late = prepared(history("days"), LATER, date.fromisoformat(LAST)).variants
    short = prepared(history("days"), START, EARLIER).variants
    known = prepared(cut(history("days"), EARLIER), START, EARLIER).variants
    for name, one in whole.items():
        n = upto(one.market.dates, EARLIER)
        for other in (late, short):
            assert np.array_equal(other[name].targets, one.targets), name
        assert np.array_equal(known[name].targets, one.targets[:n]), name
        assert known[name].span == short[name].span, name
        assert late[name].span.first >= one.span.first


def ran(one: Prepared, on: Config) -> Result:
    """A variant through the compiled ledger."""
    return kernel.engine(10**9)(
        prepare(one.market, one.targets, one.span.rows, setup.terms(one.variant, on, one.market))
    )


def exposed(one: Prepared, result: Result) -> pd.DataFrame:
    """A variant's row of the exposure table by date; a bucket it never held anything in has no column."""
    run = VariantRun(one.variant, one.market, one.span, "", result, {}, {}, 0.0, {}, ())
    return exposure.table(run).drop(columns="variant").set_index("date")


@pytest.mark.parametrize("rows", HISTORIES)
@pytest.mark.parametrize("change", [cut, disturbed])
def test_what_comes_after_a_day_changes_no_equity_position_or_exposure_on_or_before_it(prepared, rows, change):
    before = prepared(history(rows), START).variants
    after = prepared(change(history(rows), EARLIER), START).variants
    on, compared, turned = thesis(START), 0, 0
    for name, one in before.items():
        whole, other = ran(one, on), ran(after[name], on)
        if whole.dates[0] > np.datetime64(EARLIER) or one.span.rows.start != after[name].span.rows.start:
            continue  # its legs were not all there in between, so it trades a later stretch
        n = upto(whole.dates, EARLIER)
        assert np.array_equal(whole.equity[:n], other.equity[:n]), name
        assert np.array_equal(whole.units[:n], other.units[:n]), name
        was, is_ = exposed(one, whole).iloc[:n], exposed(after[name], other).iloc[:n]
        for column in was.columns.union(is_.columns):
            absent = np.full(n, np.nan if column in ("spread", "score") else 0.0)
            pair = [frame[column].to_numpy() if column in frame else absent for frame in (was, is_)]
            assert np.array_equal(*pair, equal_nan=True), (name, column)
        compared += 1
        turned += "spread" in was and quote(one, whole) != quote(after[name], other)
    assert compared > 0.8 * len(before)
    assert turned > 0  # what is held at the end differs, and is not what the past is told by


def quote(one: Prepared, result: Result) -> object:
    return exposure.quote(VariantRun(one.variant, one.market, one.span, "", result, {}, {}, 0.0, {}, ())).weights
