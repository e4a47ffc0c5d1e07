"""Fills and positions as the market has them: shares at the close of the day, face of bonds, beside index units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from backtests import config
from backtests.report import detail
from backtests.report.panels import panels
from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.snapshot import snapshot
from tests import own_world


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A run whose fund is its proxy until mid 2022 and has prices from then on, as its folder gives it back."""
    place = tmp_path_factory.mktemp("traded")
    own_world.write(place / "csv")
    fund = own_world.edv().loc["2022-06-01":].assign(Open=1.0, High=1.0, Low=1.0, Volume=1)
    fund["Open"] = fund["High"] = fund["Low"] = fund["Close"]
    fund.rename_axis("Date").to_csv(place / "csv" / "IEF.csv")
    text = own_world.config("csv").replace("weights: {UST10: 0.6}", "weights: {IEF: 0.6}")
    (place / "own.yaml").write_text(text)
    (place / "kept").mkdir()
    run_folder.write(snapshot(runner.run(config.load(place / "own.yaml"))), place / "kept")
    return run_folder.load(place / "kept")


def of(frame, variant, instrument):
    rows = frame[(frame["variant"] == variant) & (frame["instrument"] == instrument)]
    return rows.set_index("date")


def test_a_fund_after_its_proxy_fills_in_shares_at_the_close_of_the_day(stored):
    fills = of(stored.trades, "bond", "IEF")
    priced = fills.loc["2022-06-01":]
    closes = own_world.edv()["Close"].reindex(pd.DatetimeIndex(priced.index))
    assert len(priced) > 3
    assert priced["quoted_price"].tolist() == closes.tolist()
    assert (priced["quantity"].abs() * priced["quoted_price"]).to_numpy() == pytest.approx(
        priced["notional_usd"].to_numpy(), rel=1e-12
    )
    assert (np.sign(priced["quantity"]) == np.sign(priced["units"])).all()
    assert not np.allclose(priced["price"], priced["quoted_price"], rtol=0.01)  # the engine's is a total-return index


def test_the_page_lists_them_in_shares_at_the_close(stored):
    told = detail.data(panels(stored))
    fills = of(stored.trades, "bond", "IEF").loc["2022-06-01":]
    quotes = [told["quotes"][k] for k in np.cumsum(told["trades"]["bond"]["quote"])]
    closes = {told["days"][day]: price for day, leg, price, *_ in quotes if told["instruments"][leg] == "IEF"}
    assert [closes[str(day.date())] for day in fills.index] == fills["quoted_price"].tolist()
    assert told["trades"]["bond"]["units"][-1] == pytest.approx(fills["quantity"].iloc[-1], rel=1e-5)


def test_while_it_is_modelled_neither_shares_nor_a_price_are_known(stored):
    modelled = of(stored.trades, "bond", "IEF").loc[:"2022-05-31"]
    assert len(modelled) > 3 and modelled[["quantity", "quoted_price"]].isna().all(axis=None)


def test_a_bond_is_its_face_in_its_own_currency(stored):
    fills = of(stored.trades, "gilt_vs_bund", "UKT10")
    assert (fills["quantity"] * fills["fx"]).abs().to_numpy() == pytest.approx(fills["notional_usd"].to_numpy())
    assert fills["quoted_price"].isna().all()


def test_shares_held_grow_with_what_is_distributed_between_fills(stored):
    held = of(stored.positions, "edv_vs_ust", "EDV").loc["2022-03-10":"2022-03-25"]
    assert (held["units"] == held["units"].iloc[0]).all()
    ratio = held["quantity"].iloc[-1] / held["quantity"].iloc[0]
    assert ratio == pytest.approx(np.exp(own_world.RATE * (len(held) - 1)), rel=2e-4)
