"""Of a country that nobody thought of: what is refused before a run starts, and what can be overridden."""

from __future__ import annotations

import re
from contextlib import chdir

import pytest

from backtests import config
from backtests.runs import setup
from data.countries import code_of
from data.errors import DataError
from data.sources import files
from tests import third_country
from tests.command import divergence as command


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return third_country.place(tmp_path_factory.mktemp("third"))


@pytest.fixture(scope="module")
def settings(place):
    return config.load(place / "third.yaml")


# ------------------------------------------------------------------ what is refused
REMEDY = "another country is added under `countries:` in the configuration"


def test_a_country_of_no_configuration_is_refused_before_the_run_starts(place):
    with chdir(place):
        status, out, err = command("run", "unknown.yaml", "--out", "unknown")
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert "unknown.yaml:7: instruments.NZ10.currency: unknown currency 'NZD'; known: USD, JPY, EUR, GBP;" in line
    assert line.endswith(REMEDY)
    assert not (place / "unknown").exists()


def test_a_file_of_no_country_is_refused_before_the_run_starts(place):
    text = "name: x\ndata: {source: csv}\nvariants: {a: {strategy: hold, params: {weights: {UST10: 1.0}}}}\n"
    (place / "plain.yaml").write_text(text)
    with chdir(place):
        status, out, err = command("run", "plain.yaml", "--out", "plain")
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert "southland.csv" in line
    assert "a file of its name, of bund, eurusd, estr, gilt, gbpusd, sonia, or of a country that you add" in line


def test_a_column_of_another_country_in_a_month_end_table_is_refused_rather_than_left_out(tmp_path):
    path = tmp_path / "months.csv"
    path.write_text("date,us_10y,nz_10y\n2024-01-31,4.0,5.0\n")
    with pytest.raises(DataError, match="the column 'nz_10y' is of the curve 'nz'; known here: us, us_real, jp; put"):
        files.read(path)


def test_what_is_stored_of_it_changes_nothing_for_those_who_do_not_trade_it(place):
    trades = "name: x\ndata: {source: csv}\nvariants: {a: {strategy: hold, params: {weights: {UST10: 1.0}}}}\n"
    (place / "home.yaml").write_text(third_country.COUNTRY + trades)
    tables = setup.set_up(config.load(place / "home.yaml")).tables
    assert (list(tables.yields), list(tables.fx), list(tables.overnight)) == (["us"], [], ["USD"])


def test_bonds_without_history_are_refused_with_what_the_data_holds(place):
    text = "name: x\nvariants: {a: {strategy: hold, params: {weights: {DBR10: 1.0}}}}\n"
    (place / "bund.yaml").write_text(text)
    with chdir(place):
        status, _, err = command("run", "bund.yaml", "--out", "bund")
    assert status == 2
    words = "DBR10: the bundled data holds no curve 'de', only us, us_real, jp; give a folder or a store that holds"
    assert f"{words} the series bund" in err


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("compounding: continuous", "spot rates need their compounding: 1, 2 or continuous"),
        ("quotes: spot", "par yields are compounded 1 times a year"),
        ("currency: NZD", "a new country needs currency too"),
        ("fx: usdnzd", "NZD needs the series of its exchange rate, fx, and fx_quoted"),
        ("close: 16:45 Pacific/Auckland", "a new country needs close too"),
    ],
)
def test_a_country_that_leaves_out_what_it_needs_is_refused_by_its_line(tmp_path, written, words):
    lines = [line for line in third_country.COUNTRY.splitlines() if line.strip() != written]
    assert len(lines) == len(third_country.COUNTRY.splitlines()) - 1
    (tmp_path / "x.yaml").write_text("\n".join(lines) + third_country.TRADES.replace("source: csv", "source: bundled"))
    with pytest.raises(DataError.__base__, match=re.escape(words)) as refusal:
        config.load(tmp_path / "x.yaml")
    assert re.match(r"\S+x.yaml:3: countries.nz: ", str(refusal.value))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "16:45 Pacific/Auckland",
            "at noon",
            "close is 'at noon'; write a time and a time zone, like 17:30 Europe/Berlin",
        ),
        ("Pacific/Auckland", "Pacific/Aukland", "close: no time zone 'Pacific/Aukland'"),
        ("  nz:", "  nz_real:", "a code that ends with _real"),
        ("currency: NZD", "currency: JPY", "nz has another day_count than jp, but both are in JPY"),
        ("nominal: southland", "nominal: usdjpy", "the series usdjpy is a fx"),
        ("nominal: southland", "nominal: TLT", "the series TLT is a listed name's prices"),
        ("basis_bp: 12", "basis_bp: 12\n    calendar: XXXX", "no calendar of the exchange 'XXXX'"),
        ("day_count: 360", "day_count: 364", "countries.nz.day_count"),
        ("coupons: 1", "coupons: 3", "countries.nz.coupons"),
        ("money: kiwi", "money: yen", "another currency is called yen too"),
    ],
)
def test_a_country_that_makes_no_sense_is_refused(tmp_path, old, new, words):
    text = third_country.COUNTRY.replace(old, new) + third_country.TRADES.replace("source: csv", "source: bundled")
    assert text != third_country.COUNTRY + third_country.TRADES
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(DataError.__base__, match=re.escape(words)):
        config.load(tmp_path / "x.yaml")


def test_a_bond_between_two_coupons_is_no_par_bond(tmp_path):
    text = third_country.COUNTRY + third_country.TRADES.replace("maturity: 10", "maturity: 9.5")
    (tmp_path / "x.yaml").write_text(text.replace("source: csv", "source: bundled"))
    with pytest.raises(DataError.__base__, match=r"so a maturity is a multiple of 1 years; got 9\.5"):
        config.load(tmp_path / "x.yaml")


# ------------------------------------------------------------------ what is overridden
def test_a_built_in_country_can_be_overridden_but_for_its_currency(tmp_path):
    trades = "name: x\nvariants: {a: {strategy: hold, params: {weights: {JPY: 1.0}}, currency: fx_swap}}\n"
    (tmp_path / "x.yaml").write_text(f"countries: {{jp: {{basis_bp: -35, label: Nippon}}}}\n{trades}")
    settings = config.load(tmp_path / "x.yaml")
    assert settings.variants[0].currency.basis_bp == -35.0
    assert (settings.countries["jp"].label, settings.countries["jp"].day_count) == ("Nippon", 365.0)
    assert [row.code for row in settings.countries] == ["us", "jp", "de", "uk"]
    (tmp_path / "y.yaml").write_text(f"countries: {{jp: {{currency: EUR}}}}\n{trades}")
    with pytest.raises(DataError.__base__, match=r"countries\.jp: currency is JPY; give another country its own code"):
        config.load(tmp_path / "y.yaml")


def test_two_curves_may_share_a_currency(settings):
    table = settings.countries
    twin = table.adding(type(table["nz"])(**{**vars(table["nz"]), "code": "north", "nominal": "north", "real": None}))
    assert twin.of_curve("north").currency == twin.of_currency("NZD").currency == "NZD"
    assert twin.of_currency("NZD").code == "nz"
    assert code_of("north") in twin
