"""A listed name of the user's own: where it exists, what it is sized and priced by, and what is refused."""

from __future__ import annotations

from contextlib import chdir
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from backtests import config
from backtests.performance.repricing import PARTS, parts
from backtests.runs import exposure, runner, setup, stress
from backtests.runs import folder as run_folder
from backtests.runs.snapshot import snapshot
from backtests.ticket import make
from data.errors import ConfigError, DataError
from data.instruments import BP, Instrument
from data.series import Delivery, price_spec
from data.sources import registry, yahoo
from data.store import Store
from strategies.signals import carry_and_roll, yield_of
from strategies.sizing import duration_of
from tests import own_world
from tests.command import divergence as command
from tests.config_files import BASE, load, refusal
from tests.test_imports import FRAME, MORNING_AFTER, FakeTicker

NOW = datetime(2024, 1, 2, tzinfo=UTC)
OWN = "instruments:\n  EDV: "
LISTED = "kind: listed, currency: USD, half_spread_bp: 3, borrow_bp: 60"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    own_world.write(folder / "csv")
    (folder / "own.yaml").write_text(own_world.config("csv"))
    return folder


@pytest.fixture(scope="module")
def run(place):
    return runner.run(config.load(place / "own.yaml"))


def variant(run, name):
    return next(own for own in run.variants if own.variant.name == name)


# ------------------------------------------------------------------ what the configuration says
def test_curve_and_maturity_may_be_left_out_and_a_share_is_then_the_lot(tmp_path):
    own = load(tmp_path, f"{BASE}{OWN}{{{LISTED}}}\n").library["EDV"]
    assert (own.curve, own.maturity, own.lot, own.unmodelled) == (None, 0.0, 1.0, True)


def test_a_name_with_a_proxy_is_as_it_was(tmp_path):
    own = load(tmp_path, f"{BASE}{OWN}{{{LISTED}, curve: us, maturity: 24, fee_bp: 6}}\n").library["EDV"]
    assert own == Instrument("EDV", "listed", "USD", "us", 24.0, half_spread=3 * BP, borrow=60 * BP, fee=6 * BP)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (f"{LISTED}, curve: us", "instruments.EDV.curve: a proxy is curve, maturity and fee_bp; add maturity, fee_bp"),
        (f"{LISTED}, maturity: 24", "instruments.EDV.maturity: a proxy is curve, maturity and fee_bp; add curve"),
        (f"{LISTED}, curve: us, maturity: 24, fee_bp: 6, duration: 3", "its duration is that of its proxy"),
        (f"{LISTED}, exchange: NYSE1", "instruments.EDV.exchange: no exchange 'NYSE1'; did you mean 'NYSE'?"),
        (LISTED.replace("USD", "SEK"), "unknown currency 'SEK'; known: USD, JPY, EUR, GBP; another country is added"),
        ("kind: listed, currency: USD, half_spread_bp: 3", "a new listed needs borrow_bp too"),
        (f"{LISTED}, distributions: paid", "'paid' is not one of none"),
        (f"{LISTED}, duration: 0", "is 0; expected above 0"),
    ],
)
def test_what_makes_no_sense_is_one_line(tmp_path, keys, words):
    assert words in refusal(tmp_path, f"{BASE}{OWN}{{{keys}}}\n")


def test_a_name_that_is_another_series_is_refused(tmp_path):
    told = refusal(tmp_path, f"{BASE}instruments:\n  usdjpy: {{{LISTED}}}\n")
    assert told.startswith("run.yaml:4: instruments.usdjpy: 'usdjpy' is a fx series, not a listed name")


def test_a_bond_has_no_symbol(tmp_path):
    told = refusal(tmp_path, f"{BASE}instruments: {{UST10: {{symbol: T10}}}}\n")
    assert told.endswith("UST10: symbol is of listed names, and it is a par_bond; leave it out")


# ------------------------------------------------------------------ where it exists, and at what price
def test_it_has_its_adjusted_closes_and_never_a_proxy(run):
    market, i = run.market, run.market.column("EDV")
    adjusted = own_world.edv()["Adj Close"].to_numpy()
    assert market.exists[:, i].all() and not market.proxy[:, i].any()
    assert market.price[:, i] == pytest.approx(adjusted, rel=1e-12)
    assert market.quoted[:, i].tolist() == own_world.edv()["Close"].tolist()
    assert set(market.duration[:, i]) == {24.0}


def test_it_exists_only_where_it_has_prices_and_the_window_says_so(run):
    market, i = run.market, run.market.column("FXY")
    first = np.datetime64("2021-10-01")
    assert market.exists[:, i].tolist() == (market.dates >= first).tolist()
    assert np.isnan(market.price[market.dates < first, i]).all()
    span = variant(run, "gold").span
    assert (str(span.first), span.reason) == ("2021-10-01", "FXY has prices from 2021-10-01")


def test_one_that_pays_nothing_is_its_closes(run):
    i = run.market.column("GLD")
    assert run.market.price[:, i] == pytest.approx(own_world.gld()["Close"].to_numpy(), rel=1e-12)
    assert not run.market.income[:, i].any()


def test_a_hole_in_its_prices_ends_it_and_makes_no_return(place, tmp_path):
    own_world.write(tmp_path / "csv")
    prices = own_world.gld()
    prices.drop(prices.loc["2022-03-01":"2022-05-31"].index).rename_axis("Date").to_csv(tmp_path / "csv" / "GLD.csv")
    (tmp_path / "own.yaml").write_text(own_world.config("csv"))
    market = setup.set_up(config.load(tmp_path / "own.yaml")).market
    i, gap = (
        market.column("GLD"),
        (market.dates > np.datetime64("2022-03-15")) & (market.dates < np.datetime64("2022-06-01")),
    )
    assert not market.exists[gap, i].any() and not market.proxy[:, i].any()
    assert market.price[-1, i] == pytest.approx(prices["Close"].iloc[-1])


def test_priced_nowhere_and_without_a_proxy_it_is_refused_with_the_remedy(tmp_path):
    told = f"name: own\n{OWN}{{{LISTED}}}\nvariants: {{a: {{strategy: hold, params: {{weights: {{EDV: 1}}}}}}}}\n"
    with pytest.raises(ConfigError, match=r"EDV has no prices in the bundled data and no proxy, .* set data.source"):
        setup.set_up(load(tmp_path, told))


def test_only_the_money_of_another_country_is_needed_for_a_name_in_it(tmp_path):
    own_world.write(tmp_path / "csv")
    for name in ("bund", "gilt", "eurusd", "estr", "EDV", "GLD", "FXY"):
        (tmp_path / "csv" / f"{name}.csv").unlink()
    own_world.gld().rename_axis("Date").to_csv(tmp_path / "csv" / "VGOV.csv")
    text = (
        "name: own\ndata: {source: csv}\ninstruments:\n"
        "  VGOV: {kind: listed, currency: GBP, half_spread_bp: 3, borrow_bp: 60, distributions: none}\n"
        "variants: {a: {strategy: hold, params: {weights: {VGOV: 0.5}}}}\n"
    )
    market = setup.set_up(load(tmp_path, text)).market
    assert market.fx[-1, 0] == pytest.approx(own_world.series()["gbpusd"]["value"].iloc[-1])
    (tmp_path / "csv" / "gbpusd.csv").unlink()
    with pytest.raises(DataError, match="lacks gbpusd"):
        setup.set_up(load(tmp_path, text))


# ------------------------------------------------------------------ what has no curve, no duration
def test_sizing_by_duration_needs_one_given(run):
    assert duration_of(run.market, "EDV").tolist() == [24.0] * len(run.market.dates)
    with pytest.raises(ConfigError, match=r"GLD has no duration to be sized by; give instruments.GLD.duration"):
        duration_of(run.market, "GLD")


def test_equal_duration_uses_the_one_given(run):
    prepared = run.setup.variants["edv_vs_ust"]
    i = prepared.market.column("EDV")
    assert prepared.targets[-1, i] == pytest.approx(-4.0 / 24.0)


def test_a_yield_or_a_carry_of_it_is_not_known(run):
    with pytest.raises(ConfigError, match="EDV has no curve, so no yield"):
        yield_of(run.market, "EDV")
    assert np.isnan(carry_and_roll(run.market, "EDV", 0.25)).all()


def test_all_it_earns_is_attributed_to_its_own_price(run):
    by_part = parts(run.market, "EDV")
    price = run.market.price[:, run.market.column("EDV")]
    assert by_part["tracking"][1:] == pytest.approx(price[1:] / price[:-1] - 1, abs=1e-15)
    assert all(not by_part[name].any() for name in PARTS if name != "tracking")


def test_shocks_of_rates_say_nothing_of_it_and_those_of_currencies_do(run):
    table = stress.tidy(variant(run, "edv_vs_ust")).set_index(["shock", "instrument"])["usd"]
    assert np.isnan(table["us_up_100", "EDV"]) and table["us_up_100", "UST10"] < 0
    assert table["euro_up_10", "EDV"] == 0.0


def test_its_duration_counts_in_no_spread_of_yields(run):
    assert exposure.quote(variant(run, "edv_vs_ust")).weights == {"UST10": 1.0}
    assert exposure.quote(variant(run, "gold")).why_none == exposure.NO_CURVE


def test_the_page_and_the_folder_hold_it(run, tmp_path):
    run_folder.write(snapshot(run), tmp_path)
    stored = run_folder.load(tmp_path)
    from backtests.report import html
    from backtests.report.panels import panels

    page = html.page(panels(stored))
    assert "no curve" in page and "its own prices" in page and "no proxy, duration given as 24" in page


def test_the_ticket_counts_it_in_shares(place):
    sheets = {sheet.variant.name: sheet for sheet in make(config.load(place / "own.yaml")).sheets}
    legs = {leg.name: leg for leg in sheets["edv_vs_ust"].legs + sheets["gold"].legs}
    assert legs["EDV"].unit == legs["GLD"].unit == "shares"
    assert legs["EDV"].units == pytest.approx(-np.floor(1e7 * 4 / 24 / own_world.edv()["Close"].iloc[-1]))
    assert legs["GLD"].dv01 is None and legs["EDV"].dv01 == pytest.approx(-4000, rel=1e-3)
    assert legs["EDV"].contracts is None


# ------------------------------------------------------------------ how it comes into a store
def test_its_prices_are_asked_of_yahoo_under_its_symbol(tmp_path):
    text = f"{BASE}{OWN}{{{LISTED}, symbol: EDV.X}}\n  TLT: {{symbol: TLT2}}\n"
    jobs = setup.fetched_of(load(tmp_path, text))
    assert {name: own.symbol for name, own in jobs.items()} == {"EDV": "EDV.X", "TLT": "TLT2"}
    (job,) = registry.jobs(["EDV"], {}, jobs)
    assert (job.name, job.feed.args, job.feed.keywords["spec"].unit) == ("EDV", ("EDV.X",), "USD")
    with pytest.raises(DataError, match="no source delivers 'EVD'; did you mean 'EDV'"):
        registry.jobs(["EVD"], {}, jobs)


def test_what_yahoo_answers_is_stored_under_its_name_and_known_without_the_configuration(tmp_path):
    spec = price_spec("EDV", "USD", "ARCX")
    (delivery,) = yahoo.fetch("EDV.X", ticker=FakeTicker(FRAME), now=MORNING_AFTER, spec=spec)
    Store(tmp_path).put(delivery, NOW)
    history = Store(tmp_path).read("EDV")
    assert (history.spec, len(history.frame)) == (spec, len(delivery.frame))


def test_data_update_asks_for_it(tmp_path, monkeypatch):
    monkeypatch.setenv("DIVERGENCE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(yahoo, "_yfinance", lambda symbol: FakeTicker(FRAME))
    (tmp_path / "own.yaml").write_text(f"{BASE}{OWN}{{{LISTED}}}\n")
    with chdir(tmp_path):
        answer = command("data", "update", "EDV", "--config", "own.yaml", "-q")
    assert answer.status == 0, answer.err
    assert Store(tmp_path / "home").names() == ["EDV"]


def test_a_store_that_holds_it_in_another_currency_refuses(tmp_path):
    frame = pd.DataFrame({"close": [1.0, 2.0]}, pd.DatetimeIndex(["2024-01-02", "2024-01-03"]))
    given = Delivery("EDV", "here", frame, spec=price_spec("EDV", "USD"))
    Store(tmp_path).put(given, NOW)
    with pytest.raises(DataError, match="EDV is stored as price in USD, not price in GBP; give it another name"):
        Store(tmp_path).put(replace(given, spec=price_spec("EDV", "GBP")), NOW)
