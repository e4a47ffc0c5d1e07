"""Parameters of strategies, of overlays and of parts of a blend: as written, as refused, and as help shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, replace
from textwrap import indent

import pytest

from backtests import config
from backtests.config import Parameter
from strategies import BUILT_IN, OVERLAYS, STRATEGIES
from strategies.base import Window
from strategies.blend import Blend, Part
from strategies.breakeven import Breakeven
from strategies.curve import Box, Butterfly
from strategies.divergence import Divergence
from strategies.hold import Hold
from strategies.macro import DebtCapacity, Policy
from strategies.overlays import DurationCap, GrossCap, Smooth, VolatilityTarget
from strategies.relative_value import Carry, Reversion
from strategies.thesis import Thesis
from tests.config_files import refusal, variants

SIZE = "expected a number above 0, 40 at most"


def strategy(folder, written: str):
    return variants(folder, f"  a: {{{written}}}\n")["a"].strategy


# ---- of a strategy


@pytest.mark.parametrize(
    ("written", "strategy_"),
    [
        ("strategy: policy", Policy()),
        ("strategy: policy, params: {}", Policy()),
        ("strategy: policy, params: {long: UST5, duration: 2}", Policy(long="UST5", duration=2.0)),
        ("strategy: policy, params: {duration: }", Policy()),
        ("strategy: policy, params: {duration: 40}", Policy(duration=40.0)),
        (
            "strategy: divergence, params: {sizing: volatility, volatility: .1, window: 60D}",
            Divergence(sizing="volatility", volatility=0.1, window=Window("60D")),
        ),
        (
            "strategy: divergence, params: {sizing: beta, window: 1.5Y}",
            Divergence(sizing="beta", window=Window("1.5Y")),
        ),
        ("strategy: divergence, params: {sizing: beta, window: }", Divergence(sizing="beta")),
        ("strategy: divergence, params: {hedge: pca}", Divergence(hedge="pca")),
        ("strategy: policy, params: {hedge: beta, window: 24M}", Policy(hedge="beta", window=Window("24M"))),
        ("strategy: butterfly, params: {hedge: pca}", Butterfly(hedge="pca")),
        ("strategy: box, params: {hedge: beta, window: 1Y}", Box(hedge="beta", window=Window("1Y"))),
        ("strategy: reversion, params: {lookback: 24M}", Reversion(lookback=Window("24M"))),
        ("strategy: debt_capacity, params: {footprint: support}", DebtCapacity(footprint="support")),
        ("strategy: breakeven, params: {hedge: beta}", Breakeven(hedge="beta")),
        ("strategy: hold, params: {weights: {UST10: -1, 2561.T: 0.5}}", Hold({"UST10": -1.0, "2561.T": 0.5})),
        ("strategy: thesis", Thesis()),
        ("strategy: thesis, params: {without: policy}", Thesis(without="policy")),
        ("strategy: thesis, params: {without: }", Thesis()),
    ],
)  # fmt: skip
def test_parameters_are_those_of_the_strategy_and_the_rest_have_their_defaults(tmp_path, written, strategy_):
    assert strategy(tmp_path, written) == strategy_


def test_every_strategy_and_every_overlay_can_be_named(tmp_path):
    text = "".join(f"  {name}: {{strategy: {name}}}\n" for name in BUILT_IN if name != "debt_capacity")
    text += "  debt_capacity: {strategy: debt_capacity, params: {footprint: ignored}}\n"
    text += "".join(f"  laid_{name}: {{strategy: policy, overlays: [{{{name}: }}]}}\n" for name in OVERLAYS)
    chosen = variants(tmp_path, text)
    assert {name: type(variant.strategy) for name, variant in chosen.items()} == {
        **BUILT_IN,
        **{f"laid_{name}": kind for name, kind in OVERLAYS.items()},
    }
    assert {variant.strategy_name for variant in chosen.values()} == set(BUILT_IN)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("policie", "unknown strategy 'policie'; did you mean 'policy'?"),
        ("Policy", "unknown strategy 'Policy'; did you mean 'policy'?"),
        ("xyz", "unknown strategy 'xyz'; known: article, blend, box, "),
        ("5", "is 5; expected text"),
        ("", "is empty; expected text"),
    ],
)
def test_an_unknown_strategy_is_reported_with_its_line(tmp_path, written, words):
    message = refusal(tmp_path, f"name: run\nvariants:\n  a:\n    strategy: {written}\n  b: {{extends: a}}\n")
    assert message.startswith(f"run.yaml:4: variants.a.strategy: {words}")


@pytest.mark.parametrize(
    ("strategy_", "params", "words"),
    [
        ("policy", "", "params: is empty; expected keys and values"),
        ("policy", "[long]", "params: is ['long']; expected keys and values"),
        ("policy", "{scal: 1}", "params.scal: unknown key; did you mean 'scale'?"),
        ("policy", "{zzz: 1}", "params.zzz: unknown key; known: duration, dv01_usd, "),
        ("policy", "{parts: {p: {strategy: none}}}", "params.parts: unknown key; known: duration, dv01_usd, "),
        ("policy", "{inner: 1}", "params.inner: unknown key; known: duration, dv01_usd, "),
        ("policy", "{long: }", "params.long: is empty; expected text"),
        ("policy", "{long: 10}", "params.long: is 10; expected text"),
        ("policy", "{long: UST1O}", "params.long: unknown instrument 'UST1O'; did you mean 'UST10'?"),
        ("policy", "{long: JGB10}", "JGB10 is named twice; the legs must differ"),
        ("policy", "{duration: '5'}", "params.duration: is '5'; expected a number"),
        ("policy", "{duration: true}", "params.duration: is True; expected a number"),
        ("policy", "{duration: .nan}", "params.duration: is nan; expected a finite number"),
        ("policy", "{duration: .inf}", "params.duration: is inf; expected a finite number"),
        ("policy", "{duration: 0}", f"is 0; {SIZE} (swap the legs to turn the trade)"),
        ("policy", "{duration: -5}", f"is -5; {SIZE} (swap the legs to turn the trade)"),
        ("policy", "{duration: 40.5}", f"is 40.5; {SIZE}: 5 is the duration of a five-year bond held once"),
        ("policy", "{weight: 1}", "is not used by sizing: duration, which takes duration"),
        ("policy", "{sizing: size}", "params.sizing: 'size' is not one of notional, duration, volatility, beta"),
        ("curve", "{trade: flatener}", "params.trade: 'flatener' is not one of steepener, flattener; did you mean 'fl"),
        ("curve", "{trade: }", "params.trade: empty is not one of steepener, flattener"),
        ("curve", "{hedge: betas}", "params.hedge: 'betas' is not one of dv01, beta, pca; did you mean 'beta'?"),
        ("curve", "{hedge: }", "params.hedge: empty is not one of dv01, beta, pca"),
        ("curve", "{window: 12M}", "params.window: window is not used by hedge: dv01, which estimates nothing"),
        ("policy", "{hedge: pc}", "params.hedge: 'pc' is not one of dv01, beta, pca"),
        ("policy", "{hedge: pca, sizing: beta}", "params.hedge: hedge is not used by sizing: beta; it is "),
        ("policy", "{hedge: dv01, window: 12M}", "params.window: window is not used by hedge: dv01"),
        ("policy", "{window: 12M}", "params.window: window is not used by sizing: duration, which takes duration"),
        ("policy", "{hedge: pca, weight: 1}", "params.weight: weight is not used by sizing: duration, which takes "),
        ("trend_curve", "{hedge: pca}", "params.hedge: unknown key; known: "),
        ("debt_capacity", "{}", "params.footprint: is missing; add it"),
        ("debt_capacity", "{footprint: 5}", "params.footprint: 5 is not one of support, distortion, ignored"),
        ("thesis", "{without: carry}", "params.without: 'carry' is not one of policy, inflation, safe_haven, "),
        ("hold", "{weights: {}}", "is empty; name at least one"),
        ("hold", "{weights: }", "params.weights: is empty; expected keys and values"),
        ("hold", "{weights: UST10}", "params.weights: is 'UST10'; expected keys and values"),
        ("hold", "{weights: {UST10: a}}", "params.weights.UST10: is 'a'; expected a number"),
        ("hold", "{weights: {UST10: -.inf}}", "params.weights.UST10: is -inf; expected a finite number"),
        ("hold", "{weights: {UST10: 0}}", "is 0; expected a number other than 0, 40 at most"),
        ("hold", "{weights: {UST10: 1, USTT: 1}}", "params.weights.USTT: unknown instrument 'USTT'; did you mean "),
    ],
)  # fmt: skip
def test_an_invalid_parameter_is_reported_with_its_line(tmp_path, strategy_, params, words):
    message = refusal(tmp_path, f"name: run\nvariants:\n  a:\n    strategy: {strategy_}\n    params: {params}\n")
    assert message.startswith("run.yaml:5: variants.a.params")
    assert words in message


@pytest.mark.parametrize("window", ["36", "M", "3 M", "3W", "0M", "-3M", "m3", "3m", "[3M]", "2000-01-31", ".5M"])
@pytest.mark.parametrize("where", ["params: {sizing: beta, window: W}", "overlays: [{smooth: {window: W}}]"])
def test_a_window_is_a_number_and_a_unit(tmp_path, window, where):
    text = f"name: run\nvariants:\n  a:\n    strategy: divergence\n    {where.replace('W', window)}\n"
    message = refusal(tmp_path, text)
    assert message.startswith("run.yaml:5: variants.a.")
    assert message.endswith("is not a window; write a number and D, M or Y, like 60D, 36M or 3Y")


@dataclass(frozen=True)
class Own(Hold):
    """A strategy of a user's own, whose parameters are of plain types."""

    count: int = 3
    ratio: float | None = None
    steady: bool = False


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ("{count: 1.5}", "params.count: is 1.5; expected a whole number"),
        ("{count: '1'}", "params.count: is '1'; expected a whole number"),
        ("{ratio: a}", "params.ratio: is 'a'; expected a number"),
        ("{steady: 1}", "params.steady: is 1; expected true or false"),
        ("{cuont: 1}", "params.cuont: unknown key; did you mean 'count'?"),
    ],
)
def test_a_strategy_of_a_users_own_is_checked_and_described_by_its_types(tmp_path, monkeypatch, params, words):
    monkeypatch.setitem(STRATEGIES, "one_of_my_own", Own)
    text = "name: run\nvariants:\n  a:\n    strategy: one_of_my_own\n    params: "
    assert refusal(tmp_path, f"{text}{params}\n") == f"run.yaml:5: variants.a.{words}"
    own = strategy(tmp_path, "strategy: one_of_my_own, params: {count: 5, ratio: 2, steady: true}")
    assert own == Own(count=5, ratio=2.0, steady=True)
    assert config.describe("one_of_my_own")[1:] == [
        Parameter("count", "int", "3"),
        Parameter("ratio", "float | None", "none"),
        Parameter("steady", "bool", "False"),
    ]
    with pytest.raises(FrozenInstanceError):
        config.describe("one_of_my_own")[1].unit = "x"


@dataclass(frozen=True)
class Elsewhere(Hold):
    """A strategy of a user's own that by itself trades what no file has added."""

    weights: Mapping[str, float] = field(default_factory=lambda: {"ELSEWHERE": 1.0})


def test_an_unknown_instrument_of_a_default_is_reported_at_the_parameters(tmp_path, monkeypatch):
    monkeypatch.setitem(STRATEGIES, "elsewhere_of_my_own", Elsewhere)
    text = "name: run\nvariants:\n  a:\n    strategy: elsewhere_of_my_own\n    params: {}\n"
    message = refusal(tmp_path, text)
    assert message.startswith("run.yaml:5: variants.a.params: unknown instrument 'ELSEWHERE'; known: 236A.T, ")
    assert message.endswith("; one of your own is described under instruments")


# ---- overlays


def test_overlays_are_laid_in_their_order_with_their_own_parameters(tmp_path):
    overlays = "[{gross_cap: {gross: 3}}, {volatility_target: {volatility: .1, window: 6M, largest: 2}}, {smooth: {}}]"
    laid = VolatilityTarget(GrossCap(Policy(), 3.0), 0.1, Window("6M"), 2.0)
    assert strategy(tmp_path, f"strategy: policy, overlays: {overlays}") == Smooth(laid)


def test_a_childs_overlays_take_the_place_of_its_parents(tmp_path):
    text = "  a: {strategy: policy, overlays: [{smooth: }, {gross_cap: }]}\n"
    text += "  b: {extends: a, overlays: [{duration_cap: {duration: 3}}]}\n  c: {extends: a, overlays: []}\n"
    chosen = variants(tmp_path, text)
    assert (chosen["b"].strategy, chosen["c"].strategy) == (DurationCap(Policy(), 3.0), Policy())
    assert chosen["b"].overlays == ({"duration_cap": {"duration": 3.0}},)
    assert chosen["a"].overlays == ({"smooth": {"window": "3M"}}, {"gross_cap": {"gross": 5.0}})


def test_ten_overlays_are_laid_and_an_eleventh_is_refused(tmp_path):
    text = "  a:\n    strategy: policy\n    overlays: ["
    assert len(variants(tmp_path, f"{text}{'{smooth: }, ' * 10}]\n")["a"].overlays) == 10
    message = refusal(tmp_path, f"name: run\nvariants:\n{text}{'{smooth: }, ' * 11}]\n")
    assert message == "run.yaml:5: variants.a.overlays: has 11 entries; expected at most 10"


@pytest.mark.parametrize(
    ("overlay", "line", "words"),
    [
        ("smoth:\n          window: 3M", 7, "overlays.1.smoth: unknown overlay 'smoth'; did you mean 'smooth'?"),
        ("xyz:", 7, "overlays.1.xyz: unknown overlay 'xyz'; known: duration_cap, gross_cap, smooth, volatility_target"),
        ("smooth:\n        gross_cap:", 7, "overlays.1: an overlay is one name and its parameters"),
        ("{}", 7, "overlays.1: an overlay is one name and its parameters"),
        ("smooth", 7, "overlays.1: is 'smooth'; expected keys and values"),
        ("smooth: 3M", 7, "overlays.1.smooth: is '3M'; expected keys and values"),
        ("smooth:\n          windo: 3M", 8, "overlays.1.smooth.windo: unknown key; did you mean 'window'?"),
        ("smooth:\n          inner: a", 8, "overlays.1.smooth.inner: unknown key; known: window"),
        ("gross_cap:\n          gross: a", 8, "overlays.1.gross_cap.gross: is 'a'; expected a number"),
        ("gross_cap:\n          gross: 0", 8, "is 0; expected a number above 0, 1000 at most"),
        (
            "volatility_target:\n          window: 3M\n          largest: -1",
            9,
            "expected a number above 0, 1000 at most",
        ),
    ],
)
def test_an_invalid_overlay_is_reported_with_its_line(tmp_path, overlay, line, words):
    text = "name: run\nvariants:\n  a:\n    strategy: policy\n    overlays:\n      - smooth:\n      - "
    for child in ("", "  b: {extends: a, params: {scale: 2}}\n"):
        message = refusal(tmp_path, f"{text}{overlay}\n{child}")
        assert message.startswith(f"run.yaml:{line}: variants.a.overlays.1")
        assert message.endswith(words)


@pytest.mark.parametrize("written", ["", "{smooth: }", "smooth"])
def test_overlays_are_a_list(tmp_path, written):
    message = refusal(tmp_path, f"name: run\nvariants:\n  a:\n    strategy: policy\n    overlays: {written}\n")
    assert message.startswith("run.yaml:5: variants.a.overlays: is ")
    assert message.endswith("; expected a list")


# ---- parts of a blend


def test_parts_are_strategies_with_their_parameters_and_weights(tmp_path):
    parts = "{p: {strategy: policy, params: {scale: 2}, weight: -0.5}, "
    parts += "q: {strategy: blend, params: {parts: {r: {strategy: hold}}}}}"
    expected = Blend({"p": Part(Policy(scale=2.0), -0.5), "q": Part(Blend({"r": Part(Hold())}), 1.0)})
    assert strategy(tmp_path, f"strategy: blend, params: {{parts: {parts}}}") == expected
    assert strategy(tmp_path, "strategy: blend") == Blend({"policy": Part(Policy(), 0.5), "carry": Part(Carry(), 0.5)})


def test_parts_are_merged_along_a_chain(tmp_path):
    text = "  a: {strategy: blend, params: {parts: {p: {strategy: policy, params: {scale: 2}}, q: {strategy: hold}}}}\n"
    text += "  b: {extends: a, params: {parts: {p: {weight: 3, params: {duration: 4}}, r: {strategy: carry}}}}\n"
    parts = {"p": Part(Policy(scale=2.0, duration=4.0), 3.0), "q": Part(Hold()), "r": Part(Carry())}
    assert variants(tmp_path, text)["b"].strategy == Blend(parts)


PART = "variants:\n  a:\n    strategy: blend\n    params:\n      parts:\n        p: {strategy: hold}\n        q:\n"
NESTED = "strategy: blend\nparams:\n  parts:\n    r:\n      strategy: "


@pytest.mark.parametrize(
    ("part", "line", "words"),
    [
        ("strategy: polcy", 8, "q.strategy: unknown strategy 'polcy'; did you mean 'policy'?"),
        ("strategy: policy\nwieght: 1", 9, "q.wieght: unknown key; did you mean 'weight'?"),
        ("weight: 1", 7, "q.strategy: is missing; add it"),
        ("strategy: policy\nweight: much", 9, "q.weight: is 'much'; expected a number"),
        ("strategy: policy\nweight: 0", 9, "is 0; expected a number other than 0, 40 at most"),
        ("strategy: policy\nweight: -40.5", 9, "is -40.5; expected a number other than 0, 40 at most"),
        ("strategy: policy\nparams: ", 9, "q.params: is empty; expected keys and values"),
        ("strategy: policy\nparams:\n  scal: 1", 10, "q.params.scal: unknown key; did you mean 'scale'?"),
        ("strategy: policy\nparams:\n  scale: a", 10, "q.params.scale: is 'a'; expected a number"),
        ("strategy: policy\nparams:\n  scale: 0", 10, "is 0; expected a number above 0, 1000 at most"),
        ("strategy: policy\nparams:\n  long: X", 10, "q.params.long: unknown instrument 'X'; known: 236A.T, "),
        (
            "strategy: hold\nparams:\n  weights:\n    UST2: 1\n    UST1: 1", 12,
            "q.params.weights.UST1: unknown instrument 'UST1'; did you mean 'UST2'?",
        ),
        (f"{NESTED}hodl", 12, "q.params.parts.r.strategy: unknown strategy 'hodl'; did you mean 'hold'?"),
        (
            f"{NESTED}policy\n      params: {{long: UST1O}}", 13,
            "q.params.parts.r.params.long: unknown instrument 'UST1O'; did you mean 'UST10'?",
        ),
    ],
)  # fmt: skip
def test_an_invalid_part_is_reported_with_its_line(tmp_path, part, line, words):
    message = refusal(tmp_path, f"{PART}{indent(part, ' ' * 10)}\nname: run\n")
    assert message.startswith(f"run.yaml:{line}: variants.a.params.parts.q")
    assert words in message


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ("{}", "is empty; name at least one"),
        ("", "params.parts: is empty; expected keys and values"),
        ("[policy]", "params.parts: is ['policy']; expected keys and values"),
        ("{p: policy}", "params.parts.p: is 'policy'; expected keys and values"),
        ("{p: }", "params.parts.p: is empty; expected keys and values"),
        ("{'a b': {strategy: policy}}", "params.parts.a b: 'a b' is not a name; use letters, digits, "),
    ],
)
def test_parts_have_names_and_sections(tmp_path, parts, words):
    message = refusal(tmp_path, f"name: run\nvariants:\n  a:\n    strategy: blend\n    params: {{parts: {parts}}}\n")
    assert message.startswith("run.yaml:5: variants.a.params")
    assert words in message


# ---- for people

LEG, WINDOW = "instrument", "window: 60D, 36M, 3Y"
YEARS = "years of duration contribution"


def test_parameters_are_described_with_their_units_and_defaults():
    assert [replace(parameter, meaning="") for parameter in config.describe("reversion")] == [
        Parameter("long", LEG, "UST10"),
        Parameter("short", LEG, "JGB10"),
        Parameter("sizing", "notional | duration | volatility | beta", "duration"),
        Parameter("weight", "fraction of equity", "1.0 (sizing: notional)"),
        Parameter("duration", YEARS, "5.0 (sizing: duration or beta)"),
        Parameter("dv01_usd", "USD per basis point", "none (sizing: duration or beta)"),
        Parameter("volatility", "a year, 0.05 is 5 %", "0.05 (sizing: volatility)"),
        Parameter("window", WINDOW, "36M (sizing: volatility or beta, or hedge: beta or pca)"),
        Parameter("hedge", "dv01 | beta | pca", "dv01 (sizing: duration)"),
        Parameter("lookback", WINDOW, "12M"),
        Parameter("enter", "standard deviations", "2.0"),
        Parameter("leave", "standard deviations", "0.5"),
    ]  # fmt: skip


def test_a_default_is_shown_as_it_would_be_written():
    shown = {
        (name, each.name): each.default
        for name in ("debt_capacity", "hold", "blend", "thesis", "curve", "volatility_target", "smooth")
        for each in config.describe(name)
    }
    assert shown["debt_capacity", "footprint"] == "none: must be given"
    assert shown["hold", "weights"] == "{'UST10': 1.0}"
    assert shown["blend", "parts"] == "0.5 policy, 0.5 carry"
    assert shown["thesis", "without"] == "none"
    assert shown["curve", "trade"] == "steepener"
    assert (shown["volatility_target", "volatility"], shown["smooth", "window"]) == ("0.05", "3M")
    assert [each.name for each in config.describe("volatility_target")] == ["volatility", "window", "largest"]


def test_units_come_from_the_annotation_or_from_the_choices():
    units = {each.name: each.unit for each in [*config.describe("curve"), *config.describe("blend")]}
    assert units["trade"] == "steepener | flattener"
    assert units["parts"] == "name: {strategy, params, weight}"
    thesis = config.describe("thesis")
    assert thesis[0].unit.startswith("policy | inflation | safe_haven | ")
