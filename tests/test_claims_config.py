"""Claims in a file: what they become, how they are written back, and every mistake as one line."""

from __future__ import annotations

import math
from datetime import date

import pytest

from backtests import config
from backtests.config.claims import (
    Change,
    Fact,
    Kill,
    Macro,
    PolicyRate,
    Ratio,
    Says,
    SellOff,
    Spread,
    Volatility,
    Yield,
)
from backtests.config.document import parse
from data.errors import ConfigError

BASE = """name: mine
variants:
  pair: {strategy: divergence}
claims:
"""
BOUNDS = "from: 2024-12-31, to: 2025-12-31"


def claims(text):
    lines = "".join(f"  {line}\n" for line in text.strip().splitlines())
    return config.resolve(parse(BASE + lines, "mine.yaml")).claims


def claim(measure, says, more=""):
    return claims(f"x: {{text: x, measure: {measure}, says: {says}, {BOUNDS}{more}}}")[0]


def refusal(text):
    with pytest.raises(ConfigError) as error:
        claims(text)
    assert "\n" not in str(error.value)
    return str(error.value)


TEN = Yield("UST10", "us", 10)
TWO = Yield("UST2", "us", 2)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("{yield: UST10}", TEN),
        ("{spread: [UST10, UST2]}", Spread("spread", TEN, TWO)),
        ("{slope: [UST2, UST10]}", Spread("slope", TEN, TWO)),
        ("{breakeven: [UST10, TIPS10]}", Spread("breakeven", TEN, Yield("TIPS10", "us_real", 10))),
        ("{policy_rate: jp}", PolicyRate("jp")),
        ("{sell_off: [UST10, JGB10]}", SellOff("UST10", "JGB10")),
        ("{yield: TLT}", Yield("TLT", "us", 25)),
    ],
)
def test_a_measure_is_what_is_written(measure, expected):
    assert claim(measure, "rises").measure == expected


def test_a_measure_of_measures_holds_them():
    ratio = claim("{ratio: [{volatility: UST30, of: prices}, {volatility: JGB30, of: prices, window: 3Y}]}", "rises")
    assert isinstance(ratio.measure, Ratio)
    first, over = ratio.measure.first, ratio.measure.over
    assert isinstance(first, Volatility) and isinstance(over, Volatility)
    assert (first.name, first.at, first.of, first.window.text) == ("UST30", None, "prices", "12M")
    assert (over.name, over.window.text) == ("JGB30", "3Y")
    moved = claim("{macro: jp_net_foreign_bonds, total: 12M, change: 6M}", "rises").measure
    assert isinstance(moved, Change) and isinstance(moved.of, Macro)
    assert (moved.over.text, moved.of.series, moved.of.total.text) == ("6M", "jp_net_foreign_bonds", "12M")


@pytest.mark.parametrize(
    ("measure", "says", "reads", "low", "high"),
    [
        ("{yield: UST10}", "rises", "change", 1e-9, math.inf),
        ("{yield: UST10}", "falls", "change", -math.inf, -1e-9),
        ("{yield: UST10}", "neither, within: 10", "change", -0.0010, 0.0010),  # bp
        ("{yield: UST10}", "{above: 4.75}", "end", 0.0475, math.inf),  # percent
        ("{slope: [UST2, UST10]}", "{below: 0.5}", "end", -math.inf, 0.005),  # percent, as a yield
        ("{volatility: UST10}", "{above: 90}", "end", 0.0090, math.inf),  # bp a year
        ("{volatility: UST10, of: prices}", "{between: [10, 14]}", "end", 0.10, 0.14),  # percent a year
        ("{macro: jp_debt_gdp}", "{equals: 260, to: 10}", "end", 2.55, 2.65),  # percent of GDP
        ("{macro: jp_net_foreign_bonds}", "{above: 1.5}", "end", 1.5, math.inf),  # trillion yen
        ("{macro: jp_debt_gdp}", "neither, within: 5", "change", -0.05, 0.05),  # points
        ("{correlation: [UST10, JGB10]}", "{above: 0.2}", "end", 0.2, math.inf),
        ("{sell_off: [UST10, JGB10]}", "{above: 20}", "end", 0.0020, math.inf),
        ("{policy_rate: us}", "{between: [-125, -75], of: change}", "change", -0.0125, -0.0075),
    ],
)
def test_a_bound_is_in_the_unit_of_its_measure(measure, says, reads, low, high):
    said = claim(measure, says).says
    assert said.reads == reads
    assert (said.low, said.high) == (pytest.approx(low), pytest.approx(high))


def test_a_sentence_is_true_of_a_figure_at_its_bound_only_where_the_bound_counts():
    assert not Says("above", 0.5, math.inf, closed=False, reads="end").holds(0.5)
    assert Says("equals", 2.55, 2.65, closed=True, reads="end").holds(2.65)
    assert not Says("equals", 2.55, 2.65, closed=True, reads="end").holds(2.6501)
    assert Kill("above", 0.0475).reached(4.75 / 100)
    assert not Kill("above", 0.0475).reached(0.0474)
    assert Kill("below", -0.0010).reached(-0.0010)


def test_a_fact_is_dated_and_known_from_its_day_on_or_later():
    text = "measure: {fact: {states: no such bond, holds: false, day: 2025-12-31, source: the Treasury}}"
    found = claims(f"x: {{text: x, {text}, from: 2025-12-31}}")[0]
    day = date(2025, 12, 31)
    assert found.measure == Fact("no such bond", False, None, "", day, day, "the Treasury")
    assert (found.says, found.last) == (None, None)


def test_claims_come_back_as_they_were_written():
    text = f"""
a: {{text: 'a: b', measure: {{spread: [UST10, {{policy_rate: us}}]}}, says: {{above: -1}}, {BOUNDS}, trade: pair}}
b: {{text: b, measure: {{yield: UST10}}, says: falls, from: 2025-12-31, hurdle: forward, kill: {{above: 4.75}}}}
c: {{text: c, measure: {{fact: {{{FACT}, value: 46.0, source: s}}}}, says: {{above: 50}}, from: 2025-03-31}}
"""
    document = BASE + "".join(f"  {line}\n" for line in text.strip().splitlines())
    first = config.resolve(parse(document, "mine.yaml"))
    again = config.resolve(parse(config.dump(first), "again.yaml"))
    assert again.claims == first.claims
    assert len(first.claims) == 3
    assert "claims" not in config.resolved(config.resolve(parse(BASE.replace("claims:\n", ""), "none.yaml")))


YIELD, FACT = "measure: {yield: UST10}", "states: so, day: 2025-01-01"
LATE = "from: 2026-01-01"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (f"{YIELD}, sais: falls", "sais: unknown key; did you mean 'says'?"),
        (f"{YIELD}", ": says nothing; add says: rises"),
        (f"{YIELD}, says: sinks", ".says: 'sinks' is not one of rises, falls, neither"),
        (f"{YIELD}, says: neither", ".says: neither needs within"),
        (f"{YIELD}, says: falls, within: 5", ".within: neither needs within"),
        (f"{YIELD}, says: {{equals: 4}}", ".says: equals needs the rounding"),
        (f"{YIELD}, says: {{between: [5, 4]}}", "write the lower bound first"),
        (f"{YIELD}, says: {{abov: 4}}", ".says.abov: unknown key; did you mean 'above'?"),
        (f"{YIELD}, says: falls, {LATE}, to: 2025-01-01", ".to: 2025-01-01 is before from, 2026-01-01"),
        (f"{YIELD}, says: falls, {LATE}, to: 2026-01-01", ".to: its window is one day, over which nothing changes"),
        (f"{YIELD}, says: falls, from: yesterday", ".from: is 'yesterday'; expected a date"),
        (f"{YIELD}, says: falls, trade: pear", ".trade: 'pear' is not a variant; did you mean 'pair'?"),
        (f"{YIELD}, says: {{above: 4}}, hurdle: forward", ".hurdle: is beaten by what rises or falls"),
        (f"{YIELD}, says: falls, kill: {{over: 4}}", ".kill.over: unknown key"),
        ("measure: {policy_rate: us}, says: falls, hurdle: forward", "has a forward; leave it out"),
        ("measure: {yield: UST01}, says: falls", ".measure.yield: unknown instrument 'UST01'"),
        ("measure: {yield: JPY}, says: falls", "JPY has no curve, so no yield"),
        ("measure: {}, says: falls", ".measure: measures nothing; write one of yield"),
        ("measure: {yield: UST2, macro: us_cpi}, says: falls", ".measure: measures both yield and macro; keep one"),
        ("measure: {yield: UST2, window: 6M}, says: falls", "window is not used by yield"),
        ("measure: {slope: [UST10, UST2]}, says: falls", "UST10 has 10 years and UST2 2; the shorter"),
        ("measure: {slope: [UST2, JGB10]}, says: falls", "lie on two curves; write spread"),
        ("measure: {slope: [UST2]}, says: falls", ".measure.slope: has 1 entries; expected at least 2"),
        ("measure: {breakeven: [TIPS10, UST10]}, says: falls", "in that order: [UST10, TIPS10]"),
        ("measure: {macro: jp_dept_gdp}, says: falls", ".measure.macro: unknown series"),
        ("measure: {policy_rate: eu}, says: falls", ".measure.policy_rate: unknown country 'eu'"),
        ("measure: {spread: [UST10, {macro: us_debt_gdp}]}, says: falls", "are in % and % of GDP; take alike"),
        ("measure: {spread: [UST10, {yeld: UST2}]}, says: falls", ".spread.1.yeld: unknown key"),
        ("measure: {return: pear}, says: {above: 0}", ".measure.return: 'pear' is not a variant"),
        ("measure: {volatility: UST10, window: year}, says: falls", ".measure.window: 'year' is not a window"),
        ("measure: {ratio: [UST10, {sell_off: [UST10, JGB10]}]}, says: falls", "a sell_off stands alone"),
        (f"measure: {{fact: {{{FACT}, source: s}}}}", "decides nothing; write one of holds, value"),
        (f"measure: {{fact: {{{FACT}, source: s, holds: true}}}}, says: rises", "true or false already"),
        (f"measure: {{fact: {{{FACT}, source: s, value: 1}}}}, says: rises", "does not move"),
        (f"measure: {{fact: {{{FACT}, holds: true}}}}", ".fact.source: is missing"),
    ],
)
def test_a_mistake_is_one_line_that_says_where_and_what_to_do(said, words):
    message = refusal(f"x: {{text: x, {said}{'' if 'from' in said else f', {BOUNDS}'}}}")
    assert message.startswith("mine.yaml:5: claims.x")
    assert words in message


def test_a_claim_without_anything_that_can_decide_it_says_why_and_keeps_its_measure():
    found = claims("x: {text: x, measure: {yield: UST10}, cannot: a price does not say who bought, from: 2025-01-01}")[
        0
    ]
    assert (found.says, found.cannot) == (None, "a price does not say who bought")
