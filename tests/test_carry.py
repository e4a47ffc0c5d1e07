"""What holding a leg pays, by currency treatment: every rate by hand."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.engine.carry import carry_ahead, extra_borrow, flat_borrow, funding, funding_spread
from data.build import build
from data.instruments import LIBRARY

T = 300  # a row of the bundled month ends on which both curves are quoted


@pytest.fixture(scope="module")
def pair(tables):
    return build(tables, [LIBRARY["UST10"], LIBRARY["JGB10"]])


@pytest.fixture(scope="module")
def days(pair):
    return float((pair.dates[T] - pair.dates[T - 1]).astype(int))


def test_dearer_funding_is_counted_by_each_legs_own_days_and_paid_in_its_currency(pair, days):
    usd, jpy = funding_spread(pair, 0.0010, "repo")[T]
    assert usd == pytest.approx(0.0010 * days / 360, rel=1e-14)
    assert jpy == pytest.approx(0.0010 * days / 365 * pair.fx[T, 1], rel=1e-14)


def test_dearer_funding_of_an_unhedged_leg_is_in_dollars_at_the_bars_start(pair, days):
    jpy = funding_spread(pair, 0.0010, "unhedged")[T, 1]
    assert jpy == pytest.approx(0.0010 * days / 360 * pair.fx[T - 1, 1], rel=1e-14)


def test_a_swap_basis_is_paid_by_foreign_longs_alone(pair, days):
    long, short = (rates[T] for rates in funding(pair, "fx_swap", -0.0020))
    own = pair.funding[T] * pair.fx[T]
    assert long == pytest.approx([own[0], own[1] - 0.0020 * days / 365 * pair.fx[T, 1]], rel=1e-12)
    assert short == pytest.approx(own, rel=1e-14)


def test_borrow_without_steps_is_the_rate_before_the_first(pair, days):
    t = int(np.flatnonzero(pair.dates > np.datetime64("2023-06-01"))[0])  # within a step of 50 bp
    bar = float((pair.dates[t] - pair.dates[t - 1]).astype(int))
    assert flat_borrow(pair)[t] == pytest.approx([0.0005 * bar / 360, 0.0010 * bar / 365], rel=1e-12)
    assert pair.borrow[t, 1] == pytest.approx(0.0050 * bar / 365, rel=1e-12)
    assert extra_borrow(pair, 0.01)[t] == pytest.approx([0.01 * bar / 360, 0.01 * bar / 365], rel=1e-14)


def test_carry_ahead_of_a_foreign_leg_is_financed_as_its_treatment_says(pair):
    long, short, flat = (np.full(len(pair.dates), weight) for weight in (0.5, -0.5, 0.0))

    def ahead(weights, treatment):
        return carry_ahead(pair, "JGB10", 0.25, weights, treatment, -0.0020)[T]

    own = ahead(long, "repo")
    days = 0.25 * 365.25
    yen, dollars = pair.macro["jp_overnight"][T], pair.macro["us_overnight"][T]
    assert ahead(long, "fx_swap") == pytest.approx(own + 0.0020 * days / 365, rel=1e-12)
    assert ahead(short, "fx_swap") == own
    assert ahead(long, "unhedged") == pytest.approx(own + yen * days / 365 - dollars * days / 360, rel=1e-12)
    assert ahead(short, "unhedged") == ahead(long, "unhedged")
    assert ahead(flat, "unhedged") == own
    assert ahead(flat, "fx_swap") == own
