"""The ticket's orders from what is held, and the command that prints them."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtests import config
from data.errors import ConfigError
from tests.tickets import BOND, PAIR, YEN, only

ROOT = Path(__file__).resolve().parent.parent


# ---- orders


def test_an_order_is_the_target_less_what_is_held(ticket):
    sheet = only(ticket(PAIR, held="instrument,units\nUST10,10000\nJGB10,-1\n"))
    face, yen = sheet.lines
    long, short = sheet.legs
    assert (face.unit.of, yen.unit.of) == ("face", "face")
    assert face.held == pytest.approx(10_000 * long.price)
    assert face.quantity == pytest.approx(long.notional, abs=500)
    assert face.order == pytest.approx(face.quantity - face.held)
    assert yen.order == pytest.approx(yen.quantity + short.price)
    half_spread = 0.25e-4 * 5_000_000 / 0.5559961906176276 / 1e6  # yield half-spread times duration, 5 / weight
    assert yen.cost == pytest.approx(abs(yen.order_usd) * half_spread, rel=1e-6)


def test_a_leg_held_that_the_target_does_not_name_is_closed(ticket):
    sheet = only(ticket(BOND, held="instrument,units\nJGB30,-2500.5\n"))
    assert [leg.name for leg in sheet.legs] == ["UST10"]
    contract, closed = sheet.lines
    assert (contract.unit.instrument, contract.legs, contract.order) == ("TY", ("UST10",), contract.quantity)
    price = sheet_price(ticket, "JGB30")
    assert (closed.unit.instrument, closed.legs, closed.quantity) == ("JGB30", (), 0)
    assert closed.order == pytest.approx(2500.5 * price)
    assert closed.order_usd == pytest.approx(2500.5 * price / YEN)


def test_inside_the_band_nothing_trades(ticket):
    target = only(ticket(BOND)).legs[0].units
    banded = "rebalance: {every: month, band: 0.1}\n" + BOND
    near = only(ticket(banded, held=f"instrument,units\nUST10,{target * 0.95:.3f}\n"))
    assert near.inside_band
    assert near.lines[0].order == 0
    assert near.legs[0].units == pytest.approx(target)
    far = only(ticket(banded, held=f"instrument,units\nUST10,{target * 0.85:.3f}\n"))
    assert not far.inside_band
    assert far.lines[0].order == pytest.approx(0.15 * target * far.legs[0].price, abs=501)


def sheet_price(ticket, name):
    return only(ticket(BOND.replace("UST10", name))).legs[0].price


TWO = BOND.replace("}}}}", "}}}, other: {strategy: hold}}")


def test_each_variant_has_its_own_holdings(ticket):
    made = ticket(TWO, held="variant,instrument,units\nother,UST10,5\n\nbond,UST10,7\n")
    assert [line.held / sheet.legs[0].price for sheet in made.sheets for line in sheet.lines] == pytest.approx([7, 5])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "held.csv: is empty; write a header variant,instrument,units and a row for each position"),
        ("variant;units\n", "line 1: 'variant;units' is one column; separate columns with commas"),
        ("instrument,unit\n", "held.csv, line 1: unknown column 'unit'; did you mean 'units'?"),
        ("instrument\nUST10\n", "held.csv, line 1: no column units; the header is variant,instrument,units"),
        ("instrument,units,units\n", "held.csv, line 1: column 'units' is listed twice; remove one"),
        ("instrument,units\n\ntlt,5\n", "held.csv, line 3: unknown instrument 'tlt'; did you mean 'TLT'?"),
        ("instrument,units\nUST10,1e3\nUST10,2\n", "line 3: UST10 of bond is listed twice; keep one"),
        ("instrument,units\nUST10,\"1,000\"\n", "line 2: units is '1,000'; expected a plain number, like -1250.5"),
        ("instrument,units\nUST10,nan\n", "line 2: units is 'nan'"),
        ("instrument,units\nUST10,\u0661\n", "line 2: units is '\u0661'"),
        ("instrument,units\nUST10\n", "line 2: 1 fields where the header has 2; write instrument,units"),
        ("variant,instrument,units\nbnd,UST10,1\n", "line 2: unknown variant 'bnd'; did you mean 'bond'?"),
    ],
)  # fmt: skip
def test_holdings_that_cannot_be_used_are_refused_by_line(ticket, text, message):
    with pytest.raises(ConfigError) as refusal:
        ticket(BOND, held=text)
    assert message in str(refusal.value)


def test_a_header_may_be_in_capitals(ticket):
    (sheet,) = ticket(BOND, held="Instrument, Units\nUST10,7\n").sheets
    assert sheet.lines[0].held == pytest.approx(7 * sheet.legs[0].price)


def test_holdings_without_a_variant_need_a_configuration_of_one(ticket):
    with pytest.raises(ConfigError, match="no column variant, but the configuration has 2 variants; add the column"):
        ticket(TWO, held="instrument,units\nUST10,1\n")


# ---- the command


def test_the_command_prints_every_variant_and_writes_nothing(printed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = printed(ROOT / "config.yaml", "--as-of", "2025-12-31")
    assert status == 0
    assert list(tmp_path.iterdir()) == []
    assert "[1/15] ust10_jgb10_volpar" in err
    lines = out.splitlines()
    assert lines[0] == "us-jgb-divergence: ticket of 2025-12-31"
    names = [one.name for one in config.load(ROOT / "config.yaml").variants]
    table = next(i for i, line in enumerate(lines) if line.startswith("variant"))
    assert [line.split()[0] for line in lines[table + 1 : table + 16]] == names
    assert [line.split(":")[0] for line in lines if "; row 2025-12-31, a decision row" in line] == names
    assert "STALE" not in out
    assert "day needs daily data" in out


def test_details_can_be_had_of_one_variant(printed, serving, gappy_tables):
    serving(gappy_tables)
    status, out, err = printed(ROOT / "config.yaml", "--quiet", "--variant", "tlt_hold")
    assert (status, err) == (0, "")
    told = [line for line in out.splitlines() if "no target now: " in line or "; row " in line]
    assert told == ["tlt_hold: hold, repo; no target now: TLT has no yield or price after 2026-01-31"]
    assert "STALE: TLT, curve us: last known 2026-01-31, 181 days old (limit 35); used by 1 variant." in out


def test_orders_are_printed_where_holdings_are_given(printed, tmp_path):
    held = tmp_path / "held.csv"
    held.write_text("variant,instrument,units\nust10_financed,UST10,11000\nust10_financed,JGB5,-10\n")
    path = ROOT / "config.yaml"
    out = printed(path, "--as-of", "2025-12-31", "--variant", "ust10_financed", "--holdings", held, "-q")[1]
    lines = out.splitlines()
    table = next(i for i, line in enumerate(lines) if line.startswith("  trade"))
    assert lines[table + 1].split()[:3] == ["UST10", "UST10", "+6,000,000"]
    held_face, order = (float(cell.replace(",", "")) for cell in lines[table + 1].split()[7:9])
    assert (held_face + order, held_face) == (6_000_000, pytest.approx(5_612_370, abs=10))
    assert lines[table + 2].split()[0:4] == ["JGB5", "no", "leg", "0"]
    assert "  UST10 in face: it is held itself" in lines


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--variant", "tlt_hodl"], "--variant: 'tlt_hodl' is not a variant of"),
        (["--as-of", "31.12.2025"], "31.12.2025"),
        (["--as-of", "1990-01-01"], "--as-of is 1990-01-01, before 1999-09-30"),
        (["--holdings", "nowhere.csv"], "nowhere.csv: cannot be read (No such file or directory)"),
    ],
)
def test_mistakes_are_one_line_and_status_two(printed, words, message):
    status, out, err = printed(ROOT / "config.yaml", *words, "--quiet")
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err
