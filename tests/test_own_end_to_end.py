"""Listed names, a gilt of spot rates and a Bund of annual coupons beside Treasuries, under their own names everywhere.

One book, from a folder, from the store and from Python.
"""

from __future__ import annotations

import json
from contextlib import chdir
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from backtests import api
from backtests.runs.setup import listed_of
from data.pricing.bonds import par_duration
from data.sources import folder
from data.store import Store
from tests import own_world
from tests.command import divergence as command

NOW = datetime(2024, 1, 2, tzinfo=UTC)
LEGS = ("UST10", "EDV", "GLD", "FXY", "UKT10", "DBR10")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The files, and a configuration of each source."""
    where = tmp_path_factory.mktemp("world")
    own_world.write(where / "csv")
    for source, name in (("csv", "folder"), ("store", "stored")):
        (where / f"{name}.yaml").write_text(own_world.config(source))
    settings = api.load(where / "folder.yaml")
    store = Store(where / "home", settings.countries)
    for delivery in folder.deliveries(where / "csv", settings.countries, listed_of(settings)):
        store.put(delivery, NOW)
    return where


def from_python(place):
    """The home curve from a folder, everything else as frames."""
    home = place / "home_only"
    if not home.exists():
        home.mkdir()
        for name, frame in own_world.treasury().items():
            frame.to_csv(home / f"{name}.csv")
        (place / "python.yaml").write_text(own_world.config("home_only"))
    world = own_world.series()
    return api.load(
        place / "python.yaml",
        prices={name: world[name] for name in ("EDV", "GLD", "FXY")},
        curves={"de": world["bund"], "gilt": world["gilt"]},
        fx={"EUR": world["eurusd"]["value"], "gbpusd": world["gbpusd"]},
        rates={"estr": world["estr"], "GBP": world["sonia"]["value"]},
    )


@pytest.fixture(scope="module")
def runs(place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIVERGENCE_HOME", str(place / "home"))
        return {
            "folder": api.run(place / "folder.yaml"),
            "store": api.run(place / "stored.yaml"),
            "Python": api.run(from_python(place)),
        }


def test_a_folder_a_store_and_python_give_the_same_book_to_the_last_bit(runs):
    for name in ("store", "Python"):
        pd.testing.assert_frame_equal(runs[name].equity, runs["folder"].equity, check_exact=True)
        pd.testing.assert_frame_equal(runs[name].trades, runs["folder"].trades, check_exact=True)


@pytest.mark.parametrize("source", ["folder", "store", "Python"])
def test_both_engines_agree_and_every_leg_traded(runs, source):
    manifest = runs[source].stored.manifest
    assert manifest["reconciliation"] < 1e-9
    assert set(runs[source].trades["instrument"]) == set(LEGS)
    assert set(manifest["legs"]) == set(LEGS)


def test_the_gilt_is_the_par_bond_of_its_spot_rates_and_the_bund_pays_once_a_year(place):
    from backtests.runs.setup import set_up

    market = set_up(api.load(place / "folder.yaml")).market
    row = list(market.dates.astype(str)).index("2022-06-01")
    spot = own_world.series()["gilt"].loc["2022-06-01"] / 100
    years = np.arange(1, 21) / 2
    known = [float(name.removesuffix("Y")) for name in spot.index]
    factors = np.exp(-np.interp(years, known, spot.to_numpy()) * years)
    par = 2 * (1 - factors[-1]) / factors.sum()
    assert market.curves["uk"].at(10.0)[row] == pytest.approx(par, rel=1e-12)
    bund = own_world.series()["bund"].loc["2022-06-01", "10Y"] / 100
    assert market.duration[row, market.column("DBR10")] == pytest.approx(par_duration(bund, 10.0, 1), rel=1e-12)


def test_the_unhedged_bund_bears_the_euro_by_hand(runs):
    lines = runs["folder"].attribution
    fx = lines[(lines["variant"] == "bund_unhedged") & (lines["line"] == "fx")].set_index("date")["usd"]
    held = runs["folder"].positions
    held = held[held["variant"] == "bund_unhedged"].set_index("date")
    euro = own_world.series()["eurusd"]["value"]
    day, before = pd.Timestamp("2022-06-02"), pd.Timestamp("2022-06-01")
    assert fx[day] == pytest.approx(held.loc[before, "quantity"] * (euro[day] - euro[before]), rel=1e-9)


def test_terminal_page_and_ticket_call_them_by_their_own_names(place):
    with chdir(place):
        answer = command("run", "folder.yaml", "-q", "--out", "out")
        ticket = command("ticket", "folder.yaml", "-q")
    assert answer.status == ticket.status == 0, answer.err + ticket.err
    assert "  FXY has prices from 2021-10-01: gold\n" in answer.out
    page = (place / "out" / "report.html").read_text()
    for words in ("de 10y par yield", "uk 10y par yield", "its own prices", "no curve", "euro +10 %", "pound −10 %"):
        assert words in page, words
    for words in ("EDV, own price", "DBR10, curve de", "EURUSD", "GBPUSD", "shares"):
        assert words in ticket.out, words
    stated = json.loads((place / "out" / "manifest.json").read_text())
    assert {name: leg["currency"] for name, leg in stated["legs"].items() if leg["currency"] != "USD"} == {
        "UKT10": "GBP",
        "DBR10": "EUR",
    }


MISNAMED = {
    "an instrument": ("weights: {GLD: 0.5", "weights: {GDL: 0.5", "unknown instrument 'GDL'; did you mean 'GLD'?"),
    "a currency": ("FXY: {kind: listed, currency: USD", "FXY: {kind: listed, currency: USA", "unknown currency 'USA'"),
    "a kind": ("GLD: {kind: listed", "GLD: {kind: lsted", "'lsted' is not one of"),
    "what is quoted": ("quotes: spot", "quotes: spt", "'spt' is not one of par, spot"),
    "a key": ("distributions: none", "distribution: none", "unknown key; did you mean 'distributions'?"),
    "a duration left out": (", duration: 24", "", "EDV has no duration to be sized by; give instruments.EDV.duration"),
    "half a proxy": (", duration: 24", ", curve: us", "a proxy is curve, maturity and fee_bp; add maturity, fee_bp"),
    "what pays nothing": (", distributions: none", "", "data.allow: [GLD:no_distributions]"),
}


@pytest.mark.parametrize(("written", "instead", "words"), MISNAMED.values(), ids=list(MISNAMED))
def test_each_misnaming_is_one_line_with_the_remedy(place, written, instead, words):
    text = own_world.config("csv")
    assert text.count(written) == 1
    (place / "wrong.yaml").write_text(text.replace(written, instead))
    with chdir(place):
        answer = command("run", "wrong.yaml", "-q", "--out", "never")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert words in answer.err
    assert not (place / "never").exists()


def test_a_file_that_is_not_there_is_asked_for_by_its_name(place, tmp_path):
    own_world.write(tmp_path / "csv")
    (tmp_path / "run.yaml").write_text(own_world.config("csv"))
    for name, words in (("GLD", "put its prices there as GLD.csv"), ("eurusd", "lacks eurusd")):
        (tmp_path / "csv" / f"{name}.csv").unlink()
        with chdir(tmp_path):
            answer = command("run", "run.yaml", "-q", "--out", "never")
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert words in answer.err


def test_what_a_folder_lacks_is_told_of_that_folder_and_not_of_a_store(place, tmp_path):
    own_world.write(tmp_path / "csv")
    (tmp_path / "run.yaml").write_text(own_world.config("csv"))
    (tmp_path / "csv" / "eurusd.csv").unlink()
    with chdir(tmp_path):
        told = command("run", "run.yaml", "-q", "--out", "never").err
    assert f"the folder {tmp_path / 'csv'} lacks eurusd; put files of them there" in told
    assert told.endswith("; eurusd: a file of that name, NAME.csv\n")
    assert "data update" not in told and "store" not in told


def test_an_ambiguous_file_of_a_folder_is_not_answered_with_an_option_that_run_has_not(place, tmp_path):
    own_world.write(tmp_path / "csv")
    (tmp_path / "run.yaml").write_text(own_world.config("csv"))
    (tmp_path / "csv" / "GLD.csv").write_text("Datum;Close\n02.01.2015;100,010\n13.01.2015;100,110\n")
    with chdir(tmp_path):
        told = command("run", "run.yaml", "-q", "--out", "never").err
    assert "--decimal comma|point (of `divergence data import`, for data.source: store; in a folder" in told
