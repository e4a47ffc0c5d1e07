"""Conversion factors against those that the exchanges published."""

from __future__ import annotations

from datetime import date

import pytest

from data.errors import DataError
from data.pricing.bonds import price
from data.pricing.contracts import conversion_factor, par_factor

# published figures: contract, delivery month, maturity, coupon %, factor
CHICAGO = [
    ("TU", "2011-09", "2013-06-15", 1.125, 0.9201),
    ("TU", "2011-09", "2013-06-30", 3.375, 0.9569),
    ("TU", "2011-09", "2013-08-15", 0.75, 0.9063),
    ("FV", "2011-09", "2015-11-30", 1.375, 0.8317),
    ("FV", "2011-09", "2016-01-31", 2.0, 0.8493),
    ("FV", "2008-12", "2013-10-31", 2.75, 0.8653),
    ("TY", "2011-09", "2018-03-31", 2.875, 0.8338),
    ("TY", "2008-12", "2018-11-15", 3.75, 0.8357),
    ("US", "2011-09", "2026-11-15", 6.5, 1.0490),
    ("US", "2011-09", "2027-08-15", 6.375, 1.0377),
    ("US", "2008-12", "2038-05-15", 4.5, 0.7943),
]
TOKYO = [
    ("JB", "2016-03", "2023-03-20", 0.6, 0.695006),
    ("JB", "2016-03", "2023-06-20", 0.8, 0.697881),
    ("JB", "2016-03", "2023-12-20", 0.6, 0.669189),
    ("JB", "2016-03", "2024-12-20", 0.5, 0.629786),
    ("JB", "2016-03", "2024-12-20", 0.3, 0.616327),
    ("JB", "2016-03", "2025-03-20", 0.4, 0.614901),
    ("JB", "2016-03", "2025-12-20", 0.3, 0.583818),
    ("JB", "2016-06", "2023-06-20", 0.8, 0.706302),
    ("JB", "2016-06", "2023-09-20", 0.6, 0.686265),
    ("JB", "2016-09", "2023-12-20", 0.6, 0.686265),
]


@pytest.mark.parametrize(("contract", "delivery", "maturity", "coupon", "factor"), [*CHICAGO, *TOKYO])
def test_a_factor_is_the_one_that_was_published(contract, delivery, maturity, coupon, factor):
    month = date.fromisoformat(f"{delivery}-01")
    assert conversion_factor(coupon / 100, month, date.fromisoformat(maturity), contract) == factor
    assert conversion_factor(coupon / 100, month.replace(day=20), date.fromisoformat(maturity), contract) == factor


@pytest.mark.parametrize("contract", ["TU", "FV", "TY", "TN", "US", "UB", "JB"])
def test_a_bond_of_the_notional_coupon_counts_as_one(contract):
    for quarter in range(1, 40):
        year, month = divmod(3 * quarter + 5, 12)
        assert conversion_factor(0.06, date(2020, 6, 1), date(2020 + year, month + 1, 20), contract) == pytest.approx(
            1.0, abs=2e-4 if quarter % 2 else 1e-12
        )


def test_a_par_bonds_factor_is_a_published_one_before_it_is_rounded():
    # 7 years of .6 % in Tokyo, to the day
    assert float(par_factor(0.006, 7.0)) == pytest.approx(0.695006, abs=1e-6)
    assert float(par_factor(0.03, 9.5)) == float(price(0.03, 0.06, 9.5))
    assert float(par_factor(0.06, 6.5)) == pytest.approx(1.0, rel=1e-14)
    assert float(par_factor(0.06, 7.0, 1)) == pytest.approx(1.0, rel=1e-14)  # one coupon a year


def test_a_contract_there_is_not_and_a_bond_that_has_ended_are_refused():
    with pytest.raises(DataError, match="unknown contract 'TX'; known: FV, JB"):
        conversion_factor(0.04, date(2025, 9, 1), date(2033, 2, 15), "TX")
    with pytest.raises(DataError, match="a bond to 2025-09-30 cannot be delivered into TY of 2025-09: no life is left"):
        conversion_factor(0.04, date(2025, 9, 1), date(2025, 9, 30), "TY")
