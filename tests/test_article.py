"""The article's book: what it holds as written, of which country it is net long, and where the signals disagree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from backtests import config
from backtests.cli import sheet as sheet_command
from backtests.runs import runner
from backtests.thesis import books
from backtests.ticket import make
from data.countries import COUNTRIES
from strategies.article import Article
from strategies.base import ParameterError
from strategies.thesis import Signals, Thesis
from tests import theses

PARTS = {  # part: its long leg, its short leg
    "tens": ("UST10", "JGB10"), "funds": ("TLT", "2561.T"), "us_steepener": ("UST2", "UST10"),
    "jgb_flattener": ("JGB30", "JGB10"), "tips": ("TIPS10", "UST10"), "short_jgbs": ("JGB2", "JGB20"),
}  # fmt: skip


@pytest.fixture(scope="module")
def own(market):
    return market.select(Article().legs)


@pytest.fixture(scope="module")
def run():
    """The two books and the haven, on the bundled figures."""
    whole = config.load(theses.ROOT / "config/thesis.yaml")
    kept = ("article", "signals", "thesis", "safe_haven")
    chosen = tuple(one for one in whole.variants if one.name in kept)
    return runner.run(replace(whole, variants=chosen, benchmarks=(), claims=(), engine="ledger"))


def test_each_part_is_long_one_leg_and_short_the_other_at_equal_duration(own):
    rows = np.flatnonzero(own.dates >= np.datetime64("2009-03-31"))
    for name, weights in Article().components(own).items():
        years = weights[rows] * own.duration[rows]
        long, short = (own.column(leg) for leg in PARTS[name])
        assert (years[:, long] > 0).all()
        assert years[:, long] == pytest.approx(-years[:, short])
        assert np.count_nonzero(weights[rows].any(axis=0)) == 2


def test_each_part_has_the_volatility_asked_for_over_the_last_three_years(own):
    t = len(own.dates) - 1
    for weights in Article().components(own).values():
        moves = own.price[t - 35 : t + 1] / own.price[t - 36 : t] - 1.0 - own.funding[t - 35 : t + 1]
        earned = 6.0 * np.where(weights[t] != 0, moves, 0.0) @ weights[t]
        assert np.std(earned, ddof=1) * np.sqrt(12) == pytest.approx(0.05)


def test_the_book_is_the_mean_of_its_parts_and_one_may_be_left_out(own):
    whole = Article()
    parts = whole.components(own)
    assert list(parts) == list(PARTS)
    assert whole.targets(own) == pytest.approx(sum(parts.values()))
    without = Article(without="funds")
    assert "TLT" not in without.legs
    rest = sum(weights for name, weights in parts.items() if name != "funds") * 6.0 / 5.0
    columns = [own.column(leg) for leg in without.legs]
    assert without.targets(own.select(without.legs)) == pytest.approx(rest[:, columns])
    with pytest.raises(ParameterError, match="without is 'carry'; expected one of tens"):
        Article(without="carry")


def test_signals_and_its_former_name_are_one_book(market):
    legs = market.select(Signals().legs)
    assert np.array_equal(Signals().targets(legs), Thesis().targets(legs))
    assert Thesis().legs == Signals().legs


# ---- net of which country


def test_the_article_is_net_long_treasuries_and_short_jgbs_on_the_ticket_of_its_day(capsys):
    whole = config.load(theses.ROOT / "config/thesis.yaml")
    article = tuple(one for one in whole.variants if one.name == "article")
    ticket = make(replace(whole, variants=article, benchmarks=()), date(2025, 12, 31))
    (sheet,) = ticket.sheets
    countries = {leg.name: leg.currency for leg in sheet.legs}
    net = {
        currency: sum(leg.dv01 for leg in sheet.legs if countries[leg.name] == currency) for currency in ("USD", "JPY")
    }
    assert net["USD"] > 0 > net["JPY"]
    assert net["USD"] == pytest.approx(-net["JPY"], rel=1e-6)
    by_leg = {leg.name: leg.weight for leg in sheet.legs}
    assert by_leg["UST10"] < 0 < by_leg["UST2"]  # the steepener and the breakeven sell what the first part buys
    sheet_command.details(sheet, None, ticket)
    assert "net long Treasuries 2.0 years, short JGBs 2.0" in capsys.readouterr().out


def test_net_duration_is_that_of_the_units_held(run):
    (own,) = [one for one in run.variants if one.variant.name == "article"]
    net = books.net(own, run)
    t, rows = -1, own.span.rows
    each = (
        own.result.units[t] * (own.market.price * own.market.fx * own.market.duration)[rows][t] / own.result.equity[t]
    )
    us = [leg.currency == "USD" for leg in own.market.instruments]
    assert net.last["us"] == pytest.approx(each[us].sum())
    assert net.last["jp"] == pytest.approx(each[~np.array(us)].sum())
    assert net.last["us"] == pytest.approx(-net.last["jp"], abs=0.01)
    assert round(net.last["us"], 1) == 2.2


def test_the_two_books_disagree_since_january_and_say_so(run):
    told = books.books(run)
    assert [net.variant for net in told.nets] == ["article", "signals"]  # not the former name of the second
    assert told.apart == books.Apart("article", "signals", "us", date(2026, 1, 31))
    article, signals = ({str(day): y for day, y in zip(net.dates, net.years["us"], strict=True)} for net in told.nets)
    assert article["2025-12-31"] > 0 and signals["2025-12-31"] > 0
    assert all(signals[day] < 0 < article[day] for day in signals if day >= "2026-01-31")
    lines = books.sentences(told, COUNTRIES, "month ends")
    assert lines == [
        "article is net long Treasuries 2.2 years, short JGBs 2.2.",
        "signals is net short Treasuries 0.7 years, long JGBs 0.7.",
        "The two disagree since 2026-01-31: article is net long Treasuries, signals net short.",
        "safe_haven has owned JGBs against Treasuries on 98 % of month ends since 1999-09-30.",
    ]


def test_the_share_owned_is_that_of_the_rows_on_which_the_signal_says_so(run):
    (own,) = [one for one in run.variants if one.variant.name == "safe_haven"]
    signal = own.variant.strategy.signal(own.market)[own.span.rows]
    (owned,) = books.books(run).owned
    assert (owned.country, owned.against, owned.share) == ("jp", "us", (signal < 0).mean())


@pytest.mark.parametrize(
    ("years", "text"),
    [
        ({"us": 2.04, "jp": -2.04}, "net long Treasuries 2.0 years, short JGBs 2.0"),
        ({"us": -0.7, "jp": 0.7}, "net short Treasuries 0.7 years, long JGBs 0.7"),
        ({"us": 1.0, "jp": 2.0}, "net long Treasuries 1.0 years, and JGBs 2.0"),
        ({"us": 0.01, "jp": -1.0}, "net short JGBs 1.0 years"),
        ({"us": 0.0}, "net flat in every country"),
    ],
)
def test_a_net_duration_is_told_in_words(years, text):
    assert books.words(years, COUNTRIES) == text


def test_books_on_one_side_say_so():
    dates = np.array(["2025-12-31", "2026-01-31"], dtype="datetime64[D]")
    long = np.array([1.0, 1.0])
    nets = tuple(books.Net(name, dates, {"us": long, "jp": -long}) for name in ("article", "signals"))
    assert books._apart(*nets) is None
    lines = books.sentences(SimpleNamespace(nets=nets, apart=None, owned=()), COUNTRIES, "month ends")
    assert lines[-1] == "The two are on the same side of every country."
