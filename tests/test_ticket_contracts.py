"""The ticket's contracts: each leg in that of its own bucket, key-rate DV01 before and after, what rounding leaves."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from backtests import config
from backtests.ticket import make
from backtests.ticket.buckets import BUCKETS, bucket_of, key_rates, shares
from backtests.ticket.futures import choose
from data.build import build
from data.instruments import LIBRARY
from data.pricing.bonds import par_duration
from tests.tickets import BOND, NEW_YEAR, PAIR, UST10, YEN, only

ROOT = Path(__file__).resolve().parent.parent
STEEPENER = "variants: {s: {strategy: curve, params: {front: UST2, back: UST10, trade: steepener}}}\n"
SUPER_LONG = "variants: {s: {strategy: curve, params: {front: JGB2, back: JGB30, trade: flattener}}}\n"


def lines(sheet):
    return {line.unit.instrument: line for line in sheet.lines}


# ---- key rates


@pytest.mark.parametrize("maturity", [0.5, 2, 3, 4.5, 6.5, 7, 10, 15, 25, 30, 40])
def test_five_key_rates_that_move_together_are_a_parallel_move(maturity):
    assert shares(maturity).sum() == pytest.approx(1.0)
    assert (shares(maturity) >= 0).all()
    total = key_rates(0.04, maturity).sum()
    assert total == pytest.approx(float(par_duration(0.04, maturity)) * 1e-4, rel=1e-6)


def test_a_key_rate_moves_its_own_maturity_whole_and_its_neighbours_not_at_all():
    for k, years in enumerate(BUCKETS):
        assert shares(years).tolist() == [float(i == k) for i in range(5)]


def test_a_key_rate_dv01_is_the_bond_repriced_with_that_rate_bumped(by_coupons):
    for k, weight in ((1, 0.7), (2, 0.3)):  # six and a half years: 3.5 of 5 from the ten, 1.5 of 5 from the five
        bump = weight * 0.5e-4
        gain = by_coupons(0.0425, 0.0425 - bump, 6.5) - by_coupons(0.0425, 0.0425 + bump, 6.5)
        assert key_rates(0.0425, 6.5)[k] == pytest.approx(gain, rel=1e-9)


def test_every_contract_stands_in_the_bucket_of_its_own_bond():
    stands = {code: bucket_of(LIBRARY[code].maturity) for code in ("TU", "FV", "TY", "TN", "US", "UB", "JB")}
    assert stands == {"TU": 2, "FV": 5, "TY": 10, "TN": 10, "US": 20, "UB": 30, "JB": 10}


# ---- which contract


def test_a_steepener_is_traded_in_two_year_and_ten_year_contracts(ticket):
    sheet = only(ticket(STEEPENER))
    traded = lines(sheet)
    assert list(traded) == ["TU", "TY"]
    assert [line.legs for line in traded.values()] == [("UST2",), ("UST10",)]
    assert traded["TU"].quantity > 0 > traded["TY"].quantity
    for line in traded.values():
        assert line.quantity == round(line.quantity)
        assert abs(line.dv01 - np.sign(line.quantity) * 5000) < line.unit.dv01 / 2


def test_a_contract_nearer_the_leg_s_own_maturity_is_told_beside_it(ticket, printed, tmp_path):
    sheet = only(ticket(STEEPENER))
    (nearer,) = sheet.nearer.values()
    assert (list(sheet.nearer), nearer.contract.name) == (["UST10"], "TN")
    told = printed(tmp_path / "t.yaml", "--as-of", NEW_YEAR, "-q")[1]
    lots = round(sheet.legs[1].dv01 / nearer.dv01)
    words = f"TY stands for UST10, but its DV01 stands 70 % at 5 and 30 % at 10 years; nearer UST10 is TN: −{-lots}"
    assert words in told
    assert not only(ticket("variants: {x: {strategy: hold, params: {weights: {UST7: 0.3}}}}\n")).nearer


NOMINAL = [name for name, leg in LIBRARY.items() if leg.curve in ("us", "jp") and leg.kind in ("par_bond", "listed")]


@pytest.mark.parametrize("sides", [(1.0, -1.0), (-1.0, 1.0)])
def test_no_contract_is_traded_against_itself_whatever_two_legs(tables, sides):
    market = build(tables, tuple(LIBRARY[name] for name in (*NOMINAL, "TU", "TY", "JB")))
    for pair in combinations(market.names, 2):
        chosen = choose(market, len(market.dates) - 1, dict(zip(pair, sides, strict=True)), LIBRARY)
        codes = [choice.quote.contract.name for choice in chosen.values() if choice.quote]
        assert len(codes) == len(set(codes)), pair
        assert all(choice.quote or choice.why_none for choice in chosen.values()), pair


def test_of_two_legs_in_one_bucket_the_longer_takes_the_longer_contract_or_face(tables):
    market = build(tables, tuple(LIBRARY[name] for name in ("UST2", "UST3", "UST7", "UST10")))
    last = len(market.dates) - 1
    tens = choose(market, last, {"UST10": 1.0, "UST7": -1.0}, LIBRARY)
    assert {leg: choice.quote.contract.name for leg, choice in tens.items()} == {"UST7": "TY", "UST10": "TN"}
    twos = choose(market, last, {"UST2": 1.0, "UST3": -1.0}, LIBRARY)
    assert (twos["UST2"].quote.contract.name, twos["UST3"].quote) == ("TU", None)
    assert twos["UST3"].why_none == "TU is the other side's"
    alike = choose(market, last, {"UST2": 1.0, "UST3": 1.0}, LIBRARY)
    assert [choice.quote.contract.name for choice in alike.values()] == ["TU", "TU"]


def test_where_no_contract_fits_the_leg_is_traded_in_face_and_that_is_said(ticket, printed, tmp_path):
    sheet = only(ticket(SUPER_LONG))
    for line, leg in zip(sheet.lines, sheet.legs, strict=True):
        assert (line.unit.of, line.unit.instrument) == ("face", leg.name)
        assert line.quantity == pytest.approx(leg.notional, abs=500)
        assert (leg.future, leg.contracts) == (None, None)
    assert [line.why_face for line in sheet.lines] == [
        "no contract is on JGBs of 2 years", "no contract is on JGBs of 30 years",
    ]  # fmt: skip
    assert all(row.half is None for row in sheet.buckets)
    told = printed(tmp_path / "t.yaml", "--as-of", NEW_YEAR, "-q")[1]
    assert "JGB2 in face: no contract is on JGBs of 2 years" in told


def test_a_contract_that_is_not_listed_yet_is_not_traded(ticket):
    text = "variants: {x: {strategy: hold, params: {weights: {UST30: 0.3}}}}\n"
    assert list(lines(only(ticket(text, date(2009, 12, 31))))) == ["UST30"]
    assert list(lines(only(ticket(text, date(2010, 1, 31))))) == ["UB"]
    early = only(ticket(text, date(2009, 12, 31)))
    assert early.lines[0].why_face == "UB is listed since 2010-01-11"


def test_real_yields_have_no_future(ticket):
    sheet = only(ticket("variants: {x: {strategy: hold, params: {weights: {TIPS10: 0.5}}}}\n"))
    assert [line.why_face for line in sheet.lines] == ["no future is on TIPS"]
    assert {row.curve for row in sheet.buckets} == {"us_real"}


# ---- before, after, residual


@pytest.mark.parametrize("path", ["config.yaml", "config/thesis.yaml"])
def test_what_rounding_leaves_is_under_half_a_contract_in_every_bucket(path):
    sheets = make(config.load(ROOT / path), NEW_YEAR).sheets
    seen = 0
    for sheet in sheets:
        for row in sheet.buckets:
            if row.half is not None:
                seen += 1
                assert abs(row.residual) <= row.half * (1 + 1e-9), (sheet.variant.name, row)
            else:  # face, to the nearest thousand
                assert abs(row.residual) < 1.0, (sheet.variant.name, row)
    assert seen > 10


def test_after_is_the_key_rate_dv01_of_the_targets_and_sums_to_the_legs(ticket):
    sheet = only(ticket(PAIR))
    for curve, leg in (("us", sheet.legs[0]), ("jp", sheet.legs[1])):
        rows = {row.years: row for row in sheet.buckets if row.curve == curve}
        assert list(rows) == list(BUCKETS)
        assert rows[10].after == pytest.approx(leg.dv01, rel=1e-6)
        assert [rows[years].after for years in (2, 5, 20, 30)] == [0, 0, 0, 0]
        assert all(row.before is None for row in rows.values())


def test_in_lots_a_contract_stands_where_its_cheapest_bond_does(ticket):
    sheet = only(ticket(BOND))
    (line,) = sheet.lines
    rows = {row.years: row for row in sheet.buckets}
    assert rows[5].lots == pytest.approx(0.7 * line.dv01, rel=1e-6)  # TY's bond has six and a half years
    assert rows[10].lots == pytest.approx(0.3 * line.dv01, rel=1e-6)
    assert rows[10].residual == pytest.approx(sheet.legs[0].dv01 - line.dv01)
    assert rows[10].half == pytest.approx(line.unit.dv01 / 2)


def test_before_is_the_key_rate_dv01_of_what_is_held(ticket, by_coupons):
    held = "instrument,quantity,of\nUST10,2000000,face\nJGB10,-100000000,face\nTY,3,contracts\n"
    sheet = only(ticket(PAIR, held=held))
    before = {(row.curve, row.years): row.before for row in sheet.buckets}
    bond = 2e6 * (by_coupons(UST10, UST10 - 5e-5, 10) - by_coupons(UST10, UST10 + 5e-5, 10))
    ty = only(ticket(BOND)).lines[0].unit.dv01 * 3
    assert before["us", 10] == pytest.approx(bond + 0.3 * ty, rel=1e-6)
    assert before["us", 5] == pytest.approx(0.7 * ty, rel=1e-6)
    jgb = -1e8 / YEN * float(par_duration(0.02066, 10)) * 1e-4
    assert before["jp", 10] == pytest.approx(jgb, rel=1e-6)


def test_a_fund_counts_in_the_buckets_of_its_proxy(ticket):
    sheet = only(ticket("variants: {x: {strategy: hold, params: {weights: {TLT: 1.0}}}}\n"))
    rows = {row.years: row.after for row in sheet.buckets}
    assert rows[20] == pytest.approx(rows[30], rel=1e-5)  # 25 years, half way
    assert rows[20] + rows[30] == pytest.approx(sheet.legs[0].dv01, rel=1e-6)
    assert list(lines(sheet)) == ["UB"]


# ---- margin


def test_margin_is_an_amount_a_contract_and_a_share_of_a_bond(ticket, printed, tmp_path):
    box = "variants: {s: {strategy: box}}\n"
    margins = {line.unit.instrument: line for line in only(ticket(box)).lines}
    for code in ("TU", "TY"):
        assert margins[code].margin == pytest.approx(abs(margins[code].quantity) * LIBRARY[code].initial_margin)
    assert margins["JB"].margin == pytest.approx(abs(margins["JB"].quantity) * LIBRARY["JB"].initial_margin / YEN)
    assert margins["JGB2"].margin == pytest.approx(abs(margins["JGB2"].quantity) * 0.03 / YEN)
    total = sum(line.margin for line in margins.values())
    told = printed(tmp_path / "t.yaml", "--as-of", NEW_YEAR, "-q")[1]
    assert f"initial margin: USD {total:,.0f}, {total / 1e5:.1f} % of capital" in told
    doubled = f"instruments: {{TU: {{initial_margin: {2 * LIBRARY['TU'].initial_margin:g}}}}}\n{box}"
    again = {line.unit.instrument: line.margin for line in only(ticket(doubled)).lines}
    assert again["TU"] == pytest.approx(2 * margins["TU"].margin)
