"""What a ticket writes: positions that go in again as holdings and leave no orders, whole or not at all."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from backtests import config
from backtests.ticket import make, output
from backtests.ticket import ticket as ticket_module
from data.errors import ConfigError
from tests.tickets import BOND, HEAD, NEW_YEAR, PAIR, only

ROOT = Path(__file__).resolve().parent.parent
TWO = BOND.replace("}}}}", "}}}, other: {strategy: hold, params: {weights: {JGB30: 0.2, TIPS10: 0.1}}}}")


def written(folder: Path, made, kind: str) -> Path:
    path = folder / f"out{kind}"
    path.write_text(output.text(made, path))
    return path


@pytest.mark.parametrize("kind", [".csv", ".json"])
@pytest.mark.parametrize("name", ["config.yaml", "config/thesis.yaml"])
def test_what_is_written_goes_in_again_and_leaves_no_order(tmp_path, kind, name):
    settings = config.load(ROOT / name)
    first = make(settings, NEW_YEAR)
    again = make(settings, NEW_YEAR, written(tmp_path, first, kind))
    assert sum(len(sheet.lines) for sheet in again.sheets) == sum(len(sheet.lines) for sheet in first.sheets) > 15
    for sheet in again.sheets:
        assert [line.order for line in sheet.lines] == [0.0] * len(sheet.lines), sheet.variant.name
        assert all(line.held == line.quantity for line in sheet.lines)
        assert all(row.before == pytest.approx(row.lots) for row in sheet.buckets)
    third = make(settings, NEW_YEAR, written(tmp_path, again, kind))
    assert output.positions(third) == output.positions(again)


@pytest.mark.parametrize("kind", [".csv", ".json"])
def test_orders_from_other_holdings_lead_to_what_is_written(ticket, tmp_path, kind):
    held = "instrument,quantity,of\nUST10,1000000,face\nFV,4,contracts\n"
    made = ticket(PAIR, held=held)
    sheet = only(made)
    assert {line.unit.instrument: line.order for line in sheet.lines}["FV"] == -4
    after = {row["instrument"]: row["quantity"] for row in output.positions(made)}
    assert after["FV"] == 0
    for line in sheet.lines:
        assert after[line.unit.instrument] == line.held + line.order
    again = make(config.load(tmp_path / "t.yaml"), NEW_YEAR, written(tmp_path, made, kind))
    assert not any(line.order for line in only(again).lines)


def test_shares_go_out_and_in_again(ticket, serving, tables, tmp_path):
    days = pd.date_range("2020-01-31", "2025-12-31", freq="ME")
    prices = pd.DataFrame({"price": 87.3, "income": 0.0}, index=days)
    serving(replace(tables, prices={"TLT": prices}))
    made = ticket(
        "variants: {x: {strategy: hold, params: {weights: {TLT: 0.5, JPY: -0.2}}}}\n",
        held="instrument,units\nTLT,100\n",
    )
    lines = {line.unit.instrument: line for line in only(made).lines}
    assert (lines["TLT"].unit.of, lines["JPY"].unit.of) == ("shares", "notional")
    again = make(config.load(tmp_path / "t.yaml"), NEW_YEAR, written(tmp_path, made, ".csv"))
    assert [line.order for line in only(again).lines] == [0, 0]


def test_inside_the_band_what_is_written_is_what_is_held(ticket):
    banded = "rebalance: {every: month, band: 0.1}\n" + BOND
    wanted = only(ticket(BOND)).lines[0].quantity
    near = round(wanted * 0.95)
    made = ticket(banded, held=f"instrument,quantity,of\nTY,{near},contracts\n")
    assert only(made).inside_band
    assert [row["quantity"] for row in output.positions(made)] == [near]
    far = only(ticket(banded, held=f"instrument,quantity,of\nTY,{round(wanted * 0.8)},contracts\n"))
    assert not far.inside_band
    assert far.lines[0].order == wanted - round(wanted * 0.8)


def test_without_a_target_what_is_held_stays_in_the_file(ticket, serving, gappy_tables, tmp_path):
    serving(gappy_tables)
    text = "variants: {x: {strategy: hold, params: {weights: {TLT: 1.0}}}}\n"
    made = ticket(text, None, held="instrument,quantity,of\nUB,7,contracts\n")
    assert only(made).missing
    (row,) = output.positions(made)
    assert (row["instrument"], row["quantity"], row["of"]) == ("UB", 7.0, "contracts")
    again = make(config.load(tmp_path / "t.yaml"), None, written(tmp_path, made, ".csv"))
    assert output.positions(again) == output.positions(made)


def test_the_command_writes_both_kinds_and_says_where(printed, tmp_path):
    for name in ("t.csv", "t.json"):
        out = tmp_path / name
        status, said, _ = printed(
            ROOT / "config.yaml", "--as-of", NEW_YEAR, "--variant", "us_2s10s_steepener", "--out", out, "-q"
        )
        assert status == 0
        assert said.splitlines()[-1] == f"positions: {out}"
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted({"t.csv", name})
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    assert [(row["variant"], row["instrument"], row["of"]) for row in rows] == [
        ("us_2s10s_steepener", "TU", "contracts"), ("us_2s10s_steepener", "TY", "contracts"),
    ]  # fmt: skip
    document = json.loads((tmp_path / "t.json").read_text())
    assert list(document["variants"]) == ["us_2s10s_steepener"]
    assert {row["instrument"]: row["quantity"] for row in document["positions"]} == {
        row["instrument"]: int(row["quantity"]) for row in rows
    }
    for name in ("t.csv", "t.json"):
        words = (
            ROOT / "config.yaml",
            "--as-of",
            NEW_YEAR,
            "--variant",
            "us_2s10s_steepener",
            "--holdings",
            tmp_path / name,
        )
        assert "what is held is what is wanted: no orders" in printed(*words, "-q")[1]


def test_a_closed_trade_has_no_tables_of_nothing(printed, tmp_path):
    pair = "{strategy: divergence, params: {long: UST10, short: JGB10, duration: 5}, trade: "
    closed = f"name: dated\nvariants: {{closed: {pair}{{entry: 2024-01-31, exit: 2024-06-28}}}}}}\n"
    (tmp_path / "dated.yaml").write_text(closed)
    tables = ("local notional", "same DV01", "\n  break-even: ", "Key rates:")
    status, closed, _ = printed(tmp_path / "dated.yaml", "-q")
    assert status == 0
    assert "  Hold nothing\n  Its trade is not open on 2026-07-31.\n" in closed
    assert not any(heading in closed for heading in tables)
    status, there, _ = printed(tmp_path / "dated.yaml", "--as-of", "2024-03-31", "-q")
    assert status == 0
    assert all(heading in there for heading in tables)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "t.txt"], "--out: t.txt ends neither in .csv nor in .json"),
        (["--out", "no/t.csv"], "there is no folder"),
        (["--out", "taken.csv"], "taken.csv cannot be written"),
    ],
)
def test_a_file_that_cannot_be_written_is_one_line_and_leaves_nothing(printed, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken.csv").mkdir()
    status, out, err = printed(ROOT / "config.yaml", "--variant", "ust10_financed", "-q", *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert [path.name for path in tmp_path.rglob("*")] == ["taken.csv"]


# ---- only what is asked for


def test_only_the_variants_asked_for_are_worked_out(monkeypatch, printed, tmp_path):
    seen = []

    def watched(variant, *rest):
        seen.append(variant.name)
        return original(variant, *rest)

    original = ticket_module.make_sheet
    monkeypatch.setattr(ticket_module, "make_sheet", watched)
    held = tmp_path / "held.csv"
    held.write_text("variant,instrument,units\nust10_financed,UST10,11000\ntlt_hold,TLT,5\n")
    words = ("--as-of", NEW_YEAR, "--variant", "tlt_hold", "--holdings", held)
    status, out, err = printed(ROOT / "config.yaml", *words)
    assert (status, seen) == (0, ["tlt_hold"])
    assert "[1/1] tlt_hold" in err
    assert "ust10_financed" not in out
    assert "UST10, curve us" not in out


def test_a_variant_s_ticket_is_the_same_whoever_else_is_asked_for(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + TWO)
    alone, both = (make(config.load(path), NEW_YEAR, only=names) for names in (["bond"], []))
    assert only(alone).lines == both.sheets[0].lines
    assert only(alone).levels == both.sheets[0].levels
    with pytest.raises(ConfigError, match="'bnd' is not a variant of t; did you mean 'bond'"):
        make(config.load(path), NEW_YEAR, only=["bnd"])


# ---- what may be held


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("instrument,quantity\nUST10,1\n", "line 1: no column of; the header is variant,instrument,quantity,of"),
        ("instrument,quantity,of,units\nUST10,1,face,2\n", "line 1: unknown column 'units'"),
        ("instrument,quantity,of\nUST10,1,contracts\n", "line 2: UST10 is counted in face; got 'contracts'"),
        ("instrument,quantity,of\nTY,1,face\n", "line 2: TY is counted in contracts; got 'face'"),
        ("instrument,quantity,of\nTY,1.5,contracts\n", "line 2: 1.5 contracts of TY; expected a whole number"),
        ("instrument,quantity,of\nTY,one,contracts\n", "line 2: quantity is 'one'; expected a plain number"),
        ("instrument,quantity,of\nTLT,5,shares\n", "TLT is counted in notional here, not in shares; restate it"),
        ("{", "is not JSON"),
        ('{"a": 1}', "has no list 'positions'"),
        ('{"positions": [5]}', "positions[0]: is 5; expected {variant, instrument, quantity, of}"),
        ('{"positions": [{"instrument": "TY", "quantity": 2}]}', "positions[0]: no column of"),
        ('{"positions": [{"instrument": "TY", "quantity": null, "of": "contracts"}]}', "quantity is 'None'"),
        ('{"positions": [{"instrument": ["TY"], "quantity": 2, "of": "contracts"}]}', "unknown instrument"),
    ],
)  # fmt: skip
def test_holdings_in_contracts_and_face_that_cannot_be_used_are_refused(ticket, text, message):
    with pytest.raises(ConfigError) as refusal:
        ticket(BOND, held=text)
    assert message in str(refusal.value)


def test_units_face_and_contracts_are_the_same_position_in_other_words(ticket):
    price = only(ticket(BOND)).legs[0].price
    in_units = only(ticket(BOND, held="instrument,units\nUST10,10000\n")).lines
    in_face = only(ticket(BOND, held=f"instrument,quantity,of\nUST10,{10_000 * price!r},face\n")).lines
    assert [line.order for line in in_units] == pytest.approx([line.order for line in in_face])
    assert in_units[0].order == pytest.approx(6_000_000 - 10_000 * price, abs=501)
