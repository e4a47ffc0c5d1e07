"""The table of countries: what stands in it, what is refused, and that nothing else names a country."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from datetime import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.build import build
from data.countries import BASE, COUNTRIES, Close, Countries, Country
from data.errors import DataError
from data.instruments import LIBRARY, Instrument, check_country
from data.pricing.contracts import NAMES
from data.pricing.curves import Curve
from data.series import SPECS, spec_of, specs_of
from tests.test_build import made_up

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path for package in ("data", "strategies", "backtests") for path in (ROOT / package).rglob("*.py"))
US, JAPAN, GERMANY, UK = COUNTRIES

NAMED_THERE = {  # where a country may be named, and why
    "data/countries.py": "the table",
    "data/instruments.py": "the library of instruments",
    "data/pricing/contracts.py": "the contracts of exchanges, by their codes",
    "data/series.py": "the series that sources publish",
    "data/sources/": "publishers and their files",
    "data/quality/": "what is known of a publisher's series by its name",
    "data/exchanges.py": "exchanges and their zones",
    "data/calendars.py": "when macro series are published, by their names",
    "backtests/config/model.py": "examples of what may be written",
    "backtests/config/claim_sections.py": "examples of what may be written",
    "strategies/thesis.py": "the parts of the thesis: defaults",
    "strategies/article.py": "the parts of the article: defaults",
}
WORDS = {
    *(
        word
        for row in COUNTRIES
        for word in (row.code, row.code.upper(), row.label, row.place, row.currency, row.money)
    ),
    *(word for row in COUNTRIES for word in (*row.curves, *row.series, row.bonds, row.linkers, row.pair, row.calendar)),
    *(close.zone for row in COUNTRIES for close in row.close),
}
MACRO = re.compile(rf"({'|'.join(row.code for row in COUNTRIES)})_[a-z_]+")  # us_overnight


def named(path: Path) -> list[str]:
    """Every text of a file that is a word of the table, or a country's series by its code, and nothing else."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [f"line {node.lineno}: {node.value}" for node in texts if node.value in WORDS or MACRO.fullmatch(node.value)]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_the_table_sources_and_defaults_name_a_country_a_currency_or_a_curve(path):
    if not any(relative(path).startswith(place) for place in NAMED_THERE):
        assert named(path) == []


def test_every_exception_is_one():
    for place in NAMED_THERE:
        assert any(named(path) for path in MODULES if relative(path).startswith(place)), place


# ------------------------------------------------------------------ the table
def test_the_table_is_that_of_the_design():
    # docs/conventions.md
    assert [(row.code, row.currency, row.day_count, row.coupons, row.fx_quoted) for row in COUNTRIES] == [
        ("us", "USD", 360.0, 2, None),
        ("jp", "JPY", 365.0, 2, "units_per_usd"),
        ("de", "EUR", 360.0, 1, "usd_per_unit"),
        ("uk", "GBP", 365.0, 2, "usd_per_unit"),
    ]
    assert list(COUNTRIES.curves.items())[:3] == [("us", "ust"), ("us_real", "tips"), ("jp", "jgb")]
    assert [row.pair for row in COUNTRIES if row.fx] == ["USDJPY", "EURUSD", "GBPUSD"]
    assert COUNTRIES.home is US
    assert BASE == "USD"


def test_every_series_of_the_table_is_known_and_those_without_a_source_come_from_files():
    assert {spec_of(name).name for row in COUNTRIES for name in row.series} >= {"ust", "fed_funds", "bund", "sonia"}
    assert set(specs_of(COUNTRIES)) == {"bund", "estr", "eurusd", "gilt", "sonia", "gbpusd"}
    assert not set(specs_of(COUNTRIES)) & set(SPECS)
    assert spec_of("bund").about == "Germany par yields, compounded 1 times a year"


@pytest.mark.parametrize(
    ("look_up", "what"),
    [(COUNTRIES.of_curve, "curve"), (COUNTRIES.of_currency, "currency"), (COUNTRIES.__getitem__, "country")],
)
def test_a_miss_names_what_there_is_and_the_remedy(look_up, what):
    remedy = "another country is added under `countries:` in the configuration"
    with pytest.raises(DataError, match=rf"^unknown {what} 'XX'; known: \w+, .*; {remedy}$"):
        look_up("XX")


def test_a_real_curve_is_no_curve_of_a_country_without_one():
    with pytest.raises(DataError, match="unknown curve 'jp_real'"):
        COUNTRIES.of_curve("jp_real")


def plain(**given) -> Country:
    whole = {
        "code": "fr", "label": "France", "currency": "EUR", "day_count": 360.0, "coupons": 1, "nominal": "oat",
        "close": (Close(time(17, 35), "Europe/Paris"),), "overnight": ("estr",),
        "fx": "eurusd", "fx_quoted": "usd_per_unit",
    }  # fmt: skip
    return Country(**{**whole, **given})


def test_a_second_country_of_a_currency_shares_its_money():
    table = COUNTRIES.adding(plain())
    bond = Instrument("OAT10", "par_bond", "EUR", "fr", 10.0)
    check_country(bond, table)
    assert (table.of(bond).code, table.of_currency("EUR").code) == ("fr", "de")
    with pytest.raises(DataError, match="fr has another fx than de, but both are in EUR"):
        COUNTRIES.adding(plain(fx="usdeur"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"quotes": "spot"}, "spot rates need their compounding"),
        ({"compounding": 2}, "par yields are compounded 1 times a year"),
        ({"fx_quoted": None}, "EUR needs the series of its exchange rate"),
        ({"currency": "USD"}, "USD is the currency of the book"),
        ({"code": "fr_real"}, "names a country's real curve"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(given, words):
    with pytest.raises(DataError, match=words):
        plain(**given)


def test_a_table_has_each_code_once_and_a_home():
    with pytest.raises(DataError, match="'jp' stands twice"):
        Countries((US, JAPAN, replace(JAPAN, currency="JPX", money="other yen")))
    with pytest.raises(DataError, match="no country is in USD"):
        Countries((JAPAN, GERMANY))


@pytest.mark.parametrize(
    ("kind", "currency", "curve", "words"),
    [
        ("par_bond", "EUR", "uk", "the curve uk is in GBP, not EUR"),
        ("cash", "XXX", None, "unknown currency 'XXX'"),
        ("par_bond", "EUR", "fr", "unknown curve 'fr'"),
    ],
)
def test_an_instrument_of_no_country_or_of_two_is_refused(kind, currency, curve, words):
    with pytest.raises(DataError, match=words):
        check_country(Instrument("X", kind, currency, curve, 10.0 if curve else 0.0), COUNTRIES)


def test_an_inflation_bond_needs_a_price_index():
    table = COUNTRIES.adding(replace(UK, real="linkers"))
    with pytest.raises(DataError, match="no price index of the UK comes along"):
        check_country(Instrument("UKTI10", "inflation_bond", "GBP", "uk_real", 10.0), table)


# ------------------------------------------------------------------ Germany, from made-up figures
def test_bunds_pay_once_a_year_and_the_euro_is_quoted_in_dollars():
    months = pd.date_range("2020-01-31", "2021-12-31", freq="ME")
    flat = pd.DataFrame(0.03, months, [1.0, 2.0, 3.0, 5.0, 7.0, 10.0])
    euro, rate = pd.Series(np.linspace(1.0, 1.2, 24), months), pd.Series(0.02, months)
    tables = made_up(flat, yields={"us": flat, "de": flat}, fx={"EUR": euro}, overnight={BASE: rate, "EUR": rate})
    market = build(tables, [LIBRARY["DBR10"], LIBRARY["UST10"]])
    assert market.fx[:, 0].tolist() == euro.tolist()
    days = (months[1:] - months[:-1]).days.to_numpy()
    np.testing.assert_allclose(market.funding[1:, 0], 0.02 * days / 360, rtol=1e-15)
    np.testing.assert_allclose(market.price[1:, 0] / market.price[:-1, 0], 1.03 ** (days / 365.25), rtol=1e-12)
    np.testing.assert_allclose(market.price[1:, 1] / market.price[:-1, 1], 1.015 ** (2 * days / 365.25), rtol=1e-12)
    assert market.duration[0].tolist() == pytest.approx([(1 - 1.03**-10) / 0.03, (1 - 1.015**-20) / 0.03], rel=1e-12)


def test_a_bar_may_be_longer_where_coupons_are_rarer():
    far = np.array(["2020-01-31", "2020-10-31"], "datetime64[D]")
    for coupons, words in ((1, None), (2, "shorter than half a year"), (4, "shorter than a quarter")):
        curve = Curve("x", far, np.array([7.0, 10.0]), np.full((2, 2), 0.03), coupons=coupons)
        if words is None:
            assert np.isfinite(curve.bars(10.0).aged[1])
        else:
            with pytest.raises(DataError, match=words):
                curve.bars(10.0)


def test_the_ticket_s_futures_are_those_of_the_table():
    assert {code for row in COUNTRIES for code in row.futures} == set(NAMES)
