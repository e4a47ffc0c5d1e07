"""Figures that others published, beside ours on the bundled month ends."""

from __future__ import annotations

import numpy as np
import pytest

from data.build import build
from data.instruments import LIBRARY, Instrument
from data.pricing.forwards import forward_par


def row(market, day: str) -> int:
    (t,) = np.flatnonzero(market.dates == np.datetime64(day))
    return int(t)


@pytest.mark.parametrize(
    ("years", "ours", "published"),
    [(5.0, -2.40, -2.44), (8.5, -5.35, -5.49)],  # NOMURA-BPI Government of 2025, 3 to 7 and 7 to 11 years, percent
)
def test_japanese_bonds_lost_in_2025_what_the_index_of_their_maturities_lost(tables, years, ours, published):
    bond = Instrument("BOND", "par_bond", "JPY", "jp", years)
    market = build(tables, [bond])
    price = market.price[:, 0]
    made = 100 * (price[row(market, "2025-12-31")] / price[row(market, "2024-12-31")] - 1)
    assert made == pytest.approx(ours, abs=0.005)
    assert made == pytest.approx(published, abs=0.15)


def test_the_forward_slope_is_that_of_the_fed_s_zero_curve(tables):
    """Guerkaynak, Sack and Wright's curve of 2024-12-31: one-year-forward par 2s10s 35.6 bp, spot 33.7."""
    market = build(tables, [LIBRARY["UST10"]])
    curve, t = market.curves["us"], row(market, "2024-12-31")
    ahead = 1e4 * (forward_par(curve, 1.0, 10.0) - forward_par(curve, 1.0, 2.0))[t]
    spot = 1e4 * (curve.at(10.0) - curve.at(2.0))[t]
    assert spot == pytest.approx(33.0, abs=0.01)
    assert ahead == pytest.approx(33.6, abs=0.05)
    assert ahead == pytest.approx(35.6, abs=3.0)


YEAR_ENDS = {  # of 2000 to 2025, percent, as the H.15 and the Ministry of Finance state them
    "us": "5.12 5.07 3.83 4.27 4.24 4.39 4.71 4.04 2.25 3.85 3.30 1.89 1.78 3.04 2.17 2.27 2.45 2.40 2.69 1.92 0.93 "
    "1.52 3.88 3.88 4.58 4.18",
    "jp": "1.650 1.369 .906 1.363 1.437 1.473 1.678 1.502 1.177 1.289 1.127 .987 .794 .736 .325 .267 .043 .047 .013 "
    "-.015 .035 .089 .454 .647 1.111 2.066",
}


@pytest.mark.parametrize("curve", YEAR_ENDS)
def test_ten_year_yields_at_year_ends_are_the_published_ones(market, curve):
    ours = [market.curves[curve].at(10.0)[row(market, f"{year}-12-31")] for year in range(2000, 2026)]
    assert 100 * np.array(ours) == pytest.approx([float(text) for text in YEAR_ENDS[curve].split()], abs=1e-9)


@pytest.mark.parametrize(("tenor", "day", "percent"), [(3.0, "2025-05-31", 3.87), (7.0, "2025-05-31", 4.18)])
def test_the_cells_that_the_second_edition_corrects_are_the_month_s_last_day(tables, tenor, day, percent):
    assert 100 * tables.yields["us"].loc[day, tenor] == pytest.approx(percent, abs=1e-9)
