"""What hedged what: ratios and loadings of a run, beside what was traded and numpy's own decomposition."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.report import hedges, html
from backtests.report.panels import panels
from backtests.runs import hedged, runner
from backtests.runs.snapshot import tables
from tests.config_files import load

TEXT = """
name: hedged
data: {start: 2015-01-31}
engine: ledger
variants:
  plain: {strategy: curve, params: {front: UST2, back: UST10}}
  beta: {extends: plain, params: {hedge: beta}}
  pca: {extends: plain, params: {hedge: pca, window: 24M}, overlays: [{gross_cap: {gross: 3}}]}
  fly: {strategy: butterfly, params: {hedge: pca}}
  pair: {strategy: divergence, params: {hedge: beta}}
  both: {strategy: blend, params: {parts: {steep: {strategy: curve, params: {hedge: beta}}, own: {strategy: hold}}}}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return runner.run(load(tmp_path_factory.mktemp("hedged"), TEXT))


@pytest.fixture(scope="module")
def legs(run):
    return {variant.variant.name: hedged.described(variant) for variant in run.variants}


def changes(run, maturity: float, rows: int) -> np.ndarray:
    return np.diff(run.market.curves["us"].at(maturity))[-rows:]


def test_only_an_estimated_hedge_is_described(legs):
    assert {name: len(found) for name, found in legs.items()} == {
        "plain": 0, "beta": 1, "pca": 1, "fly": 2, "pair": 1, "both": 1,
    }  # fmt: skip
    assert legs["both"][0]["part"] == "steep"
    assert [leg["leg"] for leg in legs["fly"]] == ["UST2", "UST10"]
    assert {leg["dv01"] for leg in legs["fly"]} == {0.5}


def test_a_beta_is_the_slope_over_its_window(run, legs):
    (leg,) = legs["beta"]
    two, ten = changes(run, 2, 36), changes(run, 10, 36)
    assert leg["ratio"] == pytest.approx(np.cov(two, ten)[0, 1] / ten.var(ddof=1), rel=1e-9)
    assert (leg["first"], leg["last"]) == (str(run.market.dates[-37]), str(run.market.dates[-1]))
    assert leg["dv01"] == 1.0


def test_loadings_are_those_of_the_first_component_and_their_ratio_hedges(run, legs):
    (leg,) = legs["pca"]
    moves = np.diff(run.market.curves["us"].yields, axis=0)[-24:]
    quoted = ~np.isnan(moves).any(axis=0)
    _, vectors = np.linalg.eigh(np.cov(moves[:, quoted].T))
    first = vectors[:, -1] * np.sign(vectors[:, -1].sum())
    tenors = list(run.market.curves["us"].tenors[quoted])
    assert leg["loadings"] == pytest.approx([first[tenors.index(10.0)]], rel=1e-9)
    assert leg["anchor_loadings"] == pytest.approx([first[tenors.index(2.0)]], rel=1e-9)
    assert leg["ratio"] == pytest.approx(first[tenors.index(2.0)] / first[tenors.index(10.0)], rel=1e-9)


@pytest.mark.parametrize("name", ["beta", "pca", "fly", "pair"])
def test_the_last_ratio_is_what_is_held(run, legs, name):
    (variant,) = (each for each in run.variants if each.variant.name == name)
    market, weights = variant.market, variant.variant.strategy.targets(variant.market)[-1]
    years = dict(zip(market.names, weights * market.duration[-1], strict=True))
    for leg in legs[name]:
        assert leg["ratio"] == pytest.approx(-years[leg["leg"]] / years[leg["anchor"]], rel=1e-9)
        assert leg["low"] <= leg["mean"] <= leg["high"]


def test_the_page_shows_them_and_a_run_without_any_shows_nothing(run):
    content = panels(tables(run))
    rows = hedges.rows(content)
    assert [row.name for row in rows] == ["beta", "pca", "fly", "fly", "pair", "both"]
    assert rows[5].cells[0] == "steep: UST10 against UST2"
    assert ">What hedged what</h3>" in html.page(content)
    content.run.manifest["variants"]["pca"].pop("hedge_legs")  # as in a folder of before
    assert "pca" not in [row.name for row in hedges.rows(content)]
