"""The instruments of one configuration: overrides of built-in ones, additions, and what is refused of both."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from data.build import build
from data.instruments import LIBRARY, Instrument, Step
from tests.config_files import BASE, load, refusal

BP = 1e-4


def library(folder, text: str) -> dict[str, Instrument]:
    return dict(load(folder, f"{BASE}instruments:\n{text}\n").library)


# ---- overrides


@pytest.mark.parametrize(
    ("name", "written", "values"),
    [
        ("UST10", "half_spread_bp: 0.3", {"half_spread": 0.3 * BP}),
        ("UST10", "half_spread_bp: 0", {"half_spread": 0.0}),
        ("UST10", "borrow_bp: 7", {"borrow": 7 * BP}),
        ("UST10", "borrow_bp: 0", {"borrow": 0.0}),
        ("UST10", "maturity: 9.5", {"maturity": 9.5}),
        ("UST10", "rolls_per_year: 0", {"rolls_per_year": 0.0}),
        ("UST10", "rolldown: false", {"rolldown": False}),
        ("UST10", "multiplier: 2", {"multiplier": 2.0}),
        ("UST10", "kind: par_bond, currency: USD, curve: us", {}),
        ("UST10", "", {}),
        ("UST10", "maturity: , half_spread_bp: , borrow_bp: , lot: ", {}),
        ("TLT", "fee_bp: 20, lot: 10", {"fee": 20 * BP, "lot": 10.0}),
        ("TLT", "fee_bp: 0, lot: 0", {"fee": 0.0, "lot": 0.0}),
        ("TLT", "exchange: ARCX, listed_on: 2003-01-02", {"exchange": "ARCX", "listed_on": date(2003, 1, 2)}),
        ("236A.T", "maturity: 8", {"maturity": 8.0}),
        ("JPY", "half_spread_bp: 1", {"half_spread": 1 * BP}),
        ("JGB10", "initial_margin: 4", {"initial_margin": 0.04}),
        ("TLT", "initial_margin: 0", {"initial_margin": 0.0}),
        ("TY", "initial_margin: 2500", {"initial_margin": 2500.0}),
    ],
)
def test_an_override_changes_what_it_names_in_decimals_and_nothing_else(tmp_path, name, written, values):
    instruments = library(tmp_path, f"  {name}: {{{written}}}")
    assert instruments == LIBRARY | {name: replace(LIBRARY[name], **values)}


def test_a_borrow_rate_takes_the_place_of_the_built_in_steps(tmp_path):
    assert LIBRARY["JGB10"].borrow_steps
    chosen = library(tmp_path, "  JGB10: {borrow_bp: 12}")["JGB10"]
    assert (chosen.borrow, chosen.borrow_steps) == (12 * BP, ())


def test_borrow_steps_take_the_place_of_the_built_in_ones_and_leave_the_rate_before_them(tmp_path):
    text = "  JGB10:\n    borrow_bp:\n      - {from: 2010-03-31, bp: 30}\n      - {from: 2010-05-01, bp: 0}\n"
    text += "      - {from: 2010-07-31, bp: 2.5}"
    chosen = library(tmp_path, text)["JGB10"]
    steps = (Step(date(2010, 3, 31), 30 * BP), Step(date(2010, 5, 1), 0.0), Step(date(2010, 7, 31), 2.5 * BP))
    assert chosen == replace(LIBRARY["JGB10"], borrow_steps=steps)
    assert library(tmp_path, "  JGB10: {borrow_bp: []}")["JGB10"] == replace(LIBRARY["JGB10"], borrow_steps=())


def test_a_borrow_step_applies_from_the_bar_that_ends_on_its_date(tmp_path, tables):
    text = "  JGB10: {borrow_bp: [{from: 2010-03-31, bp: 30}, {from: 2010-05-01, bp: 0}, {from: 2010-07-31, bp: 2.5}]}"
    market = build(tables, (library(tmp_path, text)["JGB10"],))
    months = market.dates.astype("datetime64[M]")
    year = np.flatnonzero((months >= np.datetime64("2010-02")) & (months <= np.datetime64("2010-08")))
    days = np.diff(market.dates)[year - 1].astype(float)
    assert market.borrow[year, 0] * 365 / days == pytest.approx(np.array([10, 30, 30, 0, 0, 2.5, 2.5]) * BP)


# ---- additions

BOND = "currency: JPY, curve: jp, maturity: 8, half_spread_bp: 1, rolls_per_year: 3, borrow_bp: 4"
LINKER = "currency: USD, curve: us_real, maturity: 8, half_spread_bp: 1, rolls_per_year: 3, borrow_bp: 4"
FUND = "currency: USD, curve: us, maturity: 24, half_spread_bp: 3, borrow_bp: 60, fee_bp: 6"
FUTURE = "currency: JPY, curve: jp, maturity: 10, half_spread_bp: 2, face: 50000000"


@pytest.mark.parametrize(
    ("written", "instrument"),
    [
        (
            f"kind: par_bond, {BOND}",
            Instrument("NEW", "par_bond", "JPY", "jp", 8.0, 1 * BP, 3.0, 4 * BP),
        ),
        (
            f"kind: inflation_bond, {LINKER}",
            Instrument("NEW", "inflation_bond", "USD", "us_real", 8.0, 1 * BP, 3.0, 4 * BP),
        ),
        (
            f"kind: listed, {FUND}",
            Instrument("NEW", "listed", "USD", "us", 24.0, 3 * BP, borrow=60 * BP, fee=6 * BP),
        ),
        (
            f"kind: future, {FUTURE}",
            Instrument("NEW", "future", "JPY", "jp", 10.0, 2 * BP, 4.0, lot=1.0, face=5e7),
        ),
        (
            f"kind: future, {FUTURE}, lot: 0, rolls_per_year: 2, listed_on: 2014-04-07",
            Instrument("NEW", "future", "JPY", "jp", 10.0, 2 * BP, 2.0, listed_on=date(2014, 4, 7), face=5e7),
        ),
        (
            f"kind: future, {FUTURE}, initial_margin: 900000",
            Instrument("NEW", "future", "JPY", "jp", 10.0, 2 * BP, 4.0, lot=1.0, face=5e7, initial_margin=900_000.0),
        ),
        ("kind: cash, currency: JPY, half_spread_bp: 0.5", Instrument("NEW", "cash", "JPY", half_spread=0.5 * BP)),
        ("kind: cash, currency: USD, half_spread_bp: 0", Instrument("NEW", "cash", "USD")),
        (
            f"kind: listed, {FUND}, lot: 5, exchange: ARCX, listed_on: 2008-01-29, multiplier: 3, rolldown: false",
            Instrument(
                "NEW", "listed", "USD", "us", 24.0, 3 * BP, 0.0, 60 * BP, (), False, 5.0, 6 * BP, "ARCX",
                date(2008, 1, 29), 3.0,
            ),
        ),
        (
            f"kind: par_bond, {BOND.replace('borrow_bp: 4', 'borrow_bp: [{from: 2020-01-01, bp: 4}]')}",
            Instrument("NEW", "par_bond", "JPY", "jp", 8.0, 1 * BP, 3.0, 0.0, (Step(date(2020, 1, 1), 4 * BP),)),
        ),
    ],
)  # fmt: skip
def test_an_addition_says_what_it_is_and_what_it_costs(tmp_path, written, instrument):
    assert library(tmp_path, f"  NEW: {{{written}}}") == LIBRARY | {"NEW": instrument}


COSTS = "half_spread_bp, rolls_per_year, borrow_bp"


@pytest.mark.parametrize(
    ("written", "missing"),
    [
        ("kind: par_bond", f"a new par_bond needs currency, curve, maturity, {COSTS} too"),
        ("kind: inflation_bond", f"a new inflation_bond needs currency, curve, maturity, {COSTS} too"),
        ("kind: listed", "a new listed needs currency, half_spread_bp, borrow_bp too"),
        ("kind: future", "a new future needs currency, curve, maturity, half_spread_bp, face too"),
        ("kind: cash", "a new cash needs currency, half_spread_bp too"),
        ("kind: cash, currency: USD", "a new cash needs half_spread_bp too"),
        ("kind: cash, half_spread_bp: 0", "a new cash needs currency too"),
        ("half_spread_bp: 0", "is not built in; did you mean 'JGB10'? (a new one needs kind: par_bond, ...)"),
        ("kind: ", "is not built in; did you mean 'JGB10'? (a new one needs kind: par_bond, ...)"),
    ],
)
def test_an_incomplete_addition_is_refused_with_what_it_lacks(tmp_path, written, missing):
    text = f"{BASE}instruments:\n  UST10: {{}}\n  JGB100:\n    {{{written}}}\n"
    assert refusal(tmp_path, text) == f"run.yaml:5: instruments.JGB100: {missing}"


@pytest.mark.parametrize(
    ("kind", "complete", "key"),
    [
        *(("par_bond", BOND, key) for key in ("currency", "curve", "maturity", *COSTS.split(", "))),
        *(("inflation_bond", LINKER, key) for key in ("currency", "curve", "maturity", *COSTS.split(", "))),
        *(("listed", FUND, key) for key in ("currency", "half_spread_bp", "borrow_bp")),
        *(("future", FUTURE, key) for key in ("currency", "curve", "maturity", "half_spread_bp", "face")),
    ],
)  # fmt: skip
def test_each_thing_an_addition_needs_is_named_alone(tmp_path, kind, complete, key):
    given = ", ".join(part for part in complete.split(", ") if not part.startswith(f"{key}:"))
    message = refusal(tmp_path, f"{BASE}instruments: {{NEW: {{kind: {kind}, {given}}}}}")
    assert message == f"run.yaml:3: instruments.NEW: a new {kind} needs {key} too"


# ---- what makes no sense


@pytest.mark.parametrize(
    ("name", "written", "where", "words"),
    [
        ("UST10", "kind: listed", ".kind", "UST10 is a USD par_bond; give another instrument its own name"),
        ("JGB10", "kind: inflation_bond", ".kind", "JGB10 is a JPY par_bond; give another instrument its own name"),
        ("UST10", "currency: JPY", ".currency", "UST10 is a USD par_bond; give another instrument its own name"),
        ("TLT", "currency: JPY", ".currency", "TLT is a USD listed; give another instrument its own name"),
        ("JPY", "currency: USD", ".currency", "JPY is a JPY cash; give another instrument its own name"),
        ("UST10", "curve: jp", "", "UST10: the curve jp is in JPY, not USD"),
        ("JGB10", "curve: us", "", "JGB10: the curve us is in USD, not JPY"),
        ("UST10", "curve: us_real", "", "UST10: a bond on the curve us_real is an inflation_bond"),
        ("TIPS10", "curve: us", "", "TIPS10: an inflation_bond is priced on a real curve, like us_real, not us"),
        ("JPY", "curve: jp", "", "JPY: cash has no curve and no maturity"),
        ("JPY", "maturity: 1", "", "JPY: cash has no curve and no maturity"),
        (
            "UST10", "maturity: 9.75", "",
            "UST10: a par_bond needs a curve and a maturity that is a positive multiple of 0.5 years; "
            "got curve 'us', maturity 9.75",
        ),
        (
            "JGB10", "borrow_bp: [{from: 2021-01-01, bp: 1}, {from: 2020-01-01, bp: 2}]", "",
            "JGB10: borrow steps must ascend; 2020-01-01 does not come after the step before it",
        ),
        (
            "JGB10", "borrow_bp: [{from: 2021-01-01, bp: 1}, {from: 2021-01-01, bp: 2}]", "",
            "JGB10: borrow steps must ascend; 2021-01-01 does not come after the step before it",
        ),
        ("UST10", "initial_margin: 0.02", ".initial_margin", "is percent of notional: write 2 for 2 %; got 0.02"),
        ("TLT", "initial_margin: 101", ".initial_margin", "is percent of notional: write at most 100; got 101"),
        ("UST10", "face: 100000", "", "UST10: a par_bond has no face; that is of a future's contract"),
        ("TY", "borrow_bp: 5", "", "TY: nothing is borrowed to be short of a future; leave borrow out"),
        ("TY", "curve: us_real", "", "TY: a future is priced on a nominal curve, not on us_real"),
        ("NEW", f"kind: listed, {FUND}".replace("us", "jp"), "", "NEW: the curve jp is in JPY, not USD"),
        ("NEW", f"kind: par_bond, {BOND}".replace("JPY", "USD"), "", "NEW: the curve jp is in JPY, not USD"),
        ("X", "kind: cash, currency: USD, curve: us, half_spread_bp: 1", "", "X: cash has no curve and no maturity"),
    ],
)  # fmt: skip
def test_an_instrument_that_makes_no_sense_is_refused_by_name(tmp_path, name, written, where, words):
    text = f"{BASE}instruments:\n  {name}: {{{written}}}\n"
    assert refusal(tmp_path, text) == f"run.yaml:4: instruments.{name}{where}: {words}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("UST1O", "is not built in; did you mean 'UST10'? (a new one needs kind: par_bond, ...)"),
        ("ust10", "is not built in; did you mean 'UST10'? (a new one needs kind: par_bond, ...)"),
        ("2561T", "is not built in; did you mean '2561.T'? (a new one needs kind: par_bond, ...)"),
        *(
            (name, f"'{name}' is not a name; use letters, digits, - _ . and start with a letter or digit (64 at most)")
            for name in ("a b", "-x", ".x", "_x", "x/y", "Ü", "x:y", "<b>", "A" * 65)
        ),
    ],
)
def test_an_invalid_or_misspelt_name_is_reported(tmp_path, name, words):
    text = f'{BASE}instruments:\n  "{name}": {{}}\n'
    assert refusal(tmp_path, text) == f"run.yaml:4: instruments.{name}: {words}"


@pytest.mark.parametrize("name", ["a", "9", "1482.T", "A-b_c.D", "x" * 64])
def test_a_name_may_hold_dots_dashes_and_64_letters_and_be_traded(tmp_path, name):
    text = f"name: run\ninstruments: {{'{name}': {{kind: listed, {FUND}}}}}\n"
    text += f"variants:\n  a: {{strategy: hold, params: {{weights: {{'{name}': 1}}}}}}\n"
    chosen = load(tmp_path, text)
    assert chosen.variants[0].strategy.legs == (name,)
    assert chosen.library[name].name == name
