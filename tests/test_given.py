"""Series from Python run beside the bundled ones, a folder's or the store's, and are judged as those are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from backtests import api
from data.errors import ConfigError, DataError
from tests import own_world
from tests.config_files import BASE

LISTED = "kind: listed, currency: USD, half_spread_bp: 3, borrow_bp: 60"
ON_BUNDLED = f"""
name: given
instruments: {{EDV: {{{LISTED}}}}}
variants:
  edv: {{strategy: hold, params: {{weights: {{EDV: 0.5}}}}}}
  bond: {{strategy: hold, params: {{weights: {{UST10: 0.6}}}}}}
"""


@pytest.fixture
def here(tmp_path):
    (tmp_path / "run.yaml").write_text(ON_BUNDLED)
    return tmp_path / "run.yaml"


def market_of(settings):
    from backtests.runs.setup import set_up

    return set_up(settings).market


def test_prices_run_on_the_bundled_month_ends_at_each_months_last_close(here):
    market = market_of(api.load(here, prices={"EDV": own_world.edv()}))
    i = market.column("EDV")
    adjusted = own_world.edv()["Adj Close"]
    by_month = adjusted.groupby(adjusted.index.to_period("M")).last()
    rows = market.exists[:, i]
    assert market.dates[rows].astype("datetime64[M]").astype(str).tolist() == by_month.index.astype(str).tolist()
    assert market.price[rows, i] == pytest.approx(by_month.to_numpy(), rel=1e-12)


def test_what_stands_beside_them_is_not_moved_by_a_bit(here, tmp_path):
    plain = tmp_path / "plain.yaml"
    plain.write_text("name: given\nvariants: {bond: {strategy: hold, params: {weights: {UST10: 0.6}}}}\n")
    beside = api.run(api.load(here, prices={"EDV": own_world.edv()})).equity["bond"]
    alone = api.run(plain).equity["bond"]
    assert beside.dropna().tolist() == alone.tolist()


def test_a_run_on_them_says_where_they_came_from(here):
    results = api.run(api.load(here, prices={"EDV": own_world.edv()}))
    (record,) = [r for r in results.stored.manifest["data"]["series"] if r["series"] == "EDV"]
    assert (record["source"], results.stored.manifest["data"]["source"]) == ("from Python", "bundled")


def test_a_series_is_closes_unless_it_is_called_adjusted(here):
    closes = own_world.edv()["Close"]
    with pytest.raises(DataError, match=r"error EDV .*closes alone: .*data.allow: \[EDV:no_distributions\]"):
        market_of(api.load(here, prices={"EDV": closes}))
    accepted = market_of(api.load(here, "data.distributions=none", prices={"EDV": closes}))
    adjusted = market_of(api.load(here, prices={"EDV": closes.rename("adjusted")}))
    i = accepted.column("EDV")
    np.testing.assert_allclose(accepted.price[:, i], adjusted.price[:, i], rtol=1e-12)
    assert np.isfinite(accepted.quoted[:, i]).any() and np.isnan(adjusted.quoted[:, i]).all()


def test_prices_of_a_built_in_name_go_before_its_proxy(tmp_path):
    (tmp_path / "run.yaml").write_text("name: a\nvariants: {a: {strategy: hold, params: {weights: {TLT: 0.5}}}}\n")
    market = market_of(api.load(tmp_path / "run.yaml", prices={"TLT": own_world.edv()}))
    traded = market.exists[:, 0] & ~market.proxy[:, 0]
    assert market.dates[traded].astype("datetime64[M]").astype(str)[[0, -1]].tolist() == ["2021-02", "2023-12"]


def test_a_whole_country_may_come_from_python(tmp_path):
    (tmp_path / "run.yaml").write_text("name: a\nvariants: {a: {strategy: hold, params: {weights: {DBR10: 0.5}}}}\n")
    world = own_world.series()
    given = {"curves": {"de": world["bund"]}, "fx": {"EUR": world["eurusd"]["value"]}, "rates": {"estr": world["estr"]}}
    market = market_of(api.load(tmp_path / "run.yaml", **given))
    rows = market.exists[:, 0]
    assert str(market.dates[rows][0]) == "2021-01-31" and str(market.dates[rows][-1]) == "2023-12-31"
    last = pd.Timestamp("2022-05-31")
    row = list(market.dates.astype(str)).index("2022-05-31")
    assert market.curves["de"].at(10.0)[row] == pytest.approx(world["bund"].loc[last, "10Y"] / 100)
    assert market.fx[row, 0] == world["eurusd"].loc[last, "value"]


def test_what_is_wrong_with_them_stops_the_run_as_any_series(tmp_path):
    (tmp_path / "run.yaml").write_text("name: a\nvariants: {a: {strategy: hold, params: {weights: {UKT10: 0.5}}}}\n")
    world = own_world.series()
    given = {"curves": {"uk": world["gilt"]}, "rates": {"GBP": world["sonia"]["value"]}}
    with pytest.raises(DataError, match=r"error gbpusd .*data.allow: \[gbpusd:inverted\]"):
        market_of(api.load(tmp_path / "run.yaml", fx={"GBP": 1 / world["gbpusd"]["value"]}, **given))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"prices": {"EVD": own_world.edv()}}, r"prices\['EVD'\]: no listed instrument; .* add it under"),
        ({"prices": {"TLT": own_world.edv()[[]]}}, r"prices\['TLT'\]: no column close and none adjusted; it has"),
        ({"prices": {"TLT": own_world.edv().reset_index(drop=True)}}, r"prices\['TLT'\]: its index is not of dates"),
        ({"prices": {"TLT": pd.concat([own_world.edv()] * 2)}}, r"prices\['TLT'\]: 2021-01-04 stands there twice"),
        ({"prices": {"TLT": own_world.edv().assign(Close="x")}}, r"prices\['TLT'\]: holds what is no number"),
        ({"prices": {"TLT": own_world.edv() * np.nan}}, r"prices\['TLT'\]: holds no value"),
        ({"curves": {"bond": own_world.edv()}}, r"curves\['bond'\]: the column 'Close' is no tenor; expected years"),
        (
            {"curves": {"bond": own_world.edv()[[]].assign(**{"10Y": 1.0})}},
            r"curves\['bond'\]: no such series; did you",
        ),
        ({"fx": {"EURUSD": own_world.edv()["Close"]}}, r"fx\['EURUSD'\]: no such series; did you mean 'eurusd'"),
        ({"rates": {"USD": own_world.edv()}}, r"rates\['USD'\]: has 2 columns; expected a series, or one column"),
    ],
)
def test_each_misnaming_is_one_line_with_the_remedy(tmp_path, given, words):
    (tmp_path / "run.yaml").write_text(BASE)
    with pytest.raises(ConfigError, match=words) as refused:
        api.load(tmp_path / "run.yaml", **given)
    assert "\n" not in str(refused.value)
