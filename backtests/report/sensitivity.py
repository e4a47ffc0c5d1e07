"""The sensitivity of variants in words and in the tables of the terminal, from `backtests.sensitivities.record`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.report.format import ABSENT, Payload, number, signed

Record = Mapping[str, Any]  # what `backtests.sensitivities.record` gives

MOVERS = 3  # conventions shown beside a variant
WIDTH = 12  # characters of a bar to each side
OWN = "it is the configuration's own"
HEADINGS = (
    "variant", "Sharpe", "excess", *("moves it most", "then", "then")[:MOVERS], "worst", "best", "1st half", "2nd half",
    "costs ×", "borrow",
)  # fmt: skip
LEGEND = (
    "excess: % a year over cash; then what moves the Sharpe ratio most, and by how much; worst, best: Sharpe with all",
    "assumptions about the world at their worst or best at once (its own choices and its window left alone);",
    "costs ×, borrow: multiple of all trading and roll costs, and extra borrow on all shorts in bp a year, at which",
    "the excess return is 0.",
)
DETAILS = ("  scenario", "Sharpe", "excess", "change", "lower" + " " * (2 * WIDTH - 9) + "higher")
NOUNS = {
    "interpolation": "the interpolation", "fill": "the fill", "costs": "trading costs",
    "rolls": "how often bonds are rolled", "borrow": "the borrow fee", "funding": "the funding spread",
    "repo": "the repo spread", "basis": "the currency basis", "duration": "the funds' duration",
    "published": "when figures are published", "currency": "the currency", "sizing": "sizing", "hedge": "the hedge",
    "lookback": "its look-backs", "scale": "the scale of its signal", "stops": "its stops and targets",
    "rebalance": "rebalancing", "start": "its start",
}  # fmt: skip
WINDOWS = {"first_half": "in its first half", "second_half": "in its second half", "without_2022": "without 2022"}
SMALL_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SHARES = ((0.23, 0.27, "a quarter"), (0.31, 0.36, "a third"), (0.45, 0.55, "half"), (0.64, 0.69, "two thirds"))

WORDS = ("label", "lowLabel", "highLabel")  # of a bar


@dataclass(frozen=True)
class SensitivityTable:
    """What the report says of a variant: a sentence, a row of cells per scenario that applies, and notes."""

    name: str
    sentence: str
    rows: list[list[str]]
    notes: list[str]


def named(record: Record, key: str) -> str:
    """Return a scenario by its group and label: `funding +25 bp`."""
    scenario = record["cases"][key]
    return f"{record['groups'][scenario['group']]['label']} {scenario['label']}"


def share(value: float) -> str:
    """Return a share in words where it is a round one.

    >>> share(0.48), share(0.4), share(1.2)
    ('half', '40 %', '120 %')
    """
    return next((word for low, high, word in SHARES if low <= value <= high), f"{value:.0%}".replace("%", " %"))


# ---- one sentence


def sentence(record: Record, name: str) -> str:
    """Say what the sign of a variant's result depends on: the world, its own choices, a part of its history."""
    variant = record["variants"][name]
    if variant["base"]["sharpe"] is None:
        return "It never traded, or its return never varied."
    world, own, window = (_turning(record, variant, about) for about in ("world", "trade", "window"))
    parts = [_world(record, variant, world), _own(record, variant, own, world)]
    if window:
        parts.append(f"the sign is the other {_listed([_part(record, variant, key) for key in window])}")
    return f"{'; '.join(parts)}{'' if world else _most(record, variant)}."


def _turning(record: Record, variant: Mapping[str, Any], about: str) -> list[str]:
    """Scenarios after which the excess return has another sign: of each group the mildest, of windows all."""
    cases, gains = variant["cases"], variant["base"]["excess_return"] > 0
    turning = [
        key
        for key in cases
        if record["groups"][record["cases"][key]["group"]]["about"] == about
        and (cases[key]["excess_return"] > 0) != gains
    ]
    if about == "window":
        return turning
    mildest: dict[str, str] = {}
    for key in sorted(turning, key=lambda key: abs(cases[key]["return_change"])):
        mildest.setdefault(record["cases"][key]["group"], key)
    return list(mildest.values())


def _world(record: Record, variant: Mapping[str, Any], keys: Sequence[str]) -> str:
    sign = f"its sign ({_percent(variant['base']['excess_return'])} % a year as run)"
    if not keys:
        return f"No assumption about the world changes {sign}{_together(variant)}"
    hooks = _listed([_hook(record, variant, key) for key in keys])
    return f"{_count(keys)} about the world {'changes' if len(keys) == 1 else 'change'} {sign}: {hooks}"


def _count(keys: Sequence[str]) -> str:
    return f"{_number(keys).capitalize()} assumption{'s' * (len(keys) > 1)}"


def _own(record: Record, variant: Mapping[str, Any], keys: Sequence[str], world: Sequence[str]) -> str:
    if not keys:
        return "no choice of its own does" if world else "nor does any choice of its own"
    does = "choice of its own does" if len(keys) == 1 else "choices of its own do"
    return f"{_number(keys)} {does}: {_listed([_hook(record, variant, key) for key in keys])}"


def _number(keys: Sequence[str]) -> str:
    return SMALL_NUMBERS[len(keys) - 1] if len(keys) <= len(SMALL_NUMBERS) else str(len(keys))


def _hook(record: Record, variant: Mapping[str, Any], key: str) -> str:
    scenario = record["cases"][key]
    return f"{NOUNS[scenario['group']]} ({scenario['label']}: {_percent(variant['cases'][key]['excess_return'])})"


def _part(record: Record, variant: Mapping[str, Any], key: str) -> str:
    label = record["cases"][key]["label"]
    return f"{WINDOWS.get(key, f'in {label}')} ({_percent(variant['cases'][key]['excess_return'])})"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _together(variant: Mapping[str, Any]) -> str:
    """Whether all assumptions at once would change the sign that none changes alone."""
    gains = variant["base"]["excess_return"] > 0
    which, together = ("worst", variant["worst"]) if gains else ("best", variant["best"])
    if (together["excess_return"] > 0) == gains:
        return f", nor do all at their {which} together ({_percent(together['excess_return'])})"
    return f", but all at their {which} together do ({_percent(together['excess_return'])})"


def _most(record: Record, variant: Mapping[str, Any]) -> str:
    if variant["largest"] is None or variant["share"] is None:
        return ""
    scenario = record["cases"][variant["largest"]]
    outcome = "gain" if variant["base"]["excess_return"] > 0 else "loss"
    after, earned = variant["cases"][variant["largest"]]["excess_return"], variant["base"]["excess_return"]
    moving = f"; the largest effect is that of {NOUNS[scenario['group']]}: {scenario['label']}"
    if abs(variant["share"]) > 1:
        return f"{moving} takes it from {_percent(earned)} to {_percent(after)} % a year"
    verb = f"takes {share(variant['share'])} of" if variant["share"] > 0 else f"adds {share(-variant['share'])} to"
    return f"{moving} {verb} its {outcome} of {number(abs(earned), 2, 100)} % a year"


def _percent(value: float) -> str:
    """A return in percent with its sign, to a digit more where two would make it nothing."""
    return signed(value, 2 if abs(value) >= 5e-5 else 3, 100)


# ---- tables


def rows(record: Record) -> list[list[str]]:
    """Return a line per variant: its figures, what moves them most, and how far all that goes."""
    return [_row(record, name, variant) for name, variant in record["variants"].items()]


def _row(record: Record, name: str, variant: Mapping[str, Any]) -> list[str]:
    moved = [group for group in variant["groups"] if record["groups"][group["group"]]["about"] == "world"]
    moved = sorted(moved, key=lambda group: -abs(group["change"]))[:MOVERS]
    movers = [f"{named(record, group['mover'])} {signed(group['change'])}" for group in moved]
    cost = variant["breakeven_cost"]["value"]
    halves = [variant["cases"].get(key, {}).get("sharpe") for key in ("first_half", "second_half")]
    return [
        name,
        number(variant["base"]["sharpe"]), number(variant["base"]["excess_return"], 2, 100),
        *movers, *[ABSENT] * (MOVERS - len(movers)),
        number(variant["worst"]["sharpe"]), number(variant["best"]["sharpe"]), *map(number, halves),
        number(cost, 2 if cost and cost < 1 else 1), number(variant["breakeven_borrow"]["value"], 0, 1e4),
    ]  # fmt: skip


def details(record: Record, name: str) -> list[list[str]]:
    """Return every scenario that applies to a variant, those about the world first, the largest change on top."""
    variant = record["variants"][name]
    base = variant["base"]
    most = max((abs(row["change"]) for row in variant["cases"].values()), default=0.0)
    lines = [["  as run", number(base["sharpe"]), number(base["excess_return"], 2, 100), "", ""]]
    for about in ("world", "trade", "window"):
        keys = [key for key in variant["cases"] if record["groups"][record["cases"][key]["group"]]["about"] == about]
        for key in sorted(keys, key=lambda key: -abs(variant["cases"][key]["change"])):
            lines.append(_detail(record, variant, key, most))
        if about == "world":
            for which in ("worst", "best"):
                together = variant[which]
                figures = [number(together["sharpe"]), number(together["excess_return"], 2, 100)]
                lines.append([f"  all at their {which}", *figures, "", ""])
    return lines


def _detail(record: Record, variant: Mapping[str, Any], key: str, most: float) -> list[str]:
    row, window = variant["cases"][key], record["cases"][key]["group"] == "window"
    part = f" (on {row['bars']} bars)" if row["bars"] != variant["base"]["bars"] and not window else ""
    return [
        f"  {named(record, key)}{part}", number(row["sharpe"]), number(row["excess_return"], 2, 100),
        signed(row["change"]), bar(row["change"], most),
    ]  # fmt: skip


def bar(change: float, most: float) -> str:
    """Return a change as a bar to the left or the right of a line, `most` being a whole one.

    >>> bar(-0.5, 1.0), bar(0.25, 1.0)
    ('      ██████│            ', '            │███         ')
    """
    size = round(WIDTH * abs(change) / most) if most else 0
    left, right = (size, 0) if change < 0 else (0, size)
    return f"{'█' * left:>{WIDTH}}│{'█' * right:<{WIDTH}}"


def notes(record: Record, name: str) -> list[str]:
    """Return what belongs under a variant's table: where it breaks even, and what is left out and why."""
    variant = record["variants"][name]
    cost, borrow = variant["breakeven_cost"], variant["breakeven_borrow"]
    at = f"{number(cost['value'], 2)} times its costs" if cost["value"] is not None else f"none; {cost['reason']}"
    fee = f"{number(borrow['value'], 0, 1e4)} bp a year" if borrow["value"] is not None else f"none; {borrow['reason']}"
    lines = [f"  break-even cost: {at}", f"  break-even extra borrow on all shorts: {fee}"]
    reasons: dict[str, list[str]] = {}
    for key, reason in variant["absent"].items():
        if reason != OWN:
            reasons.setdefault(reason, []).append(named(record, key))
    return [*lines, *(f"  left out: {', '.join(keys)}: {reason}" for reason, keys in reasons.items())]


# ---- the report


def page(record: Record) -> list[SensitivityTable]:
    """Return what the report says of each variant."""
    return [
        SensitivityTable(
            name=name,
            sentence=sentence(record, name),
            rows=[[cell.strip() for cell in row[:4]] for row in details(record, name)],
            notes=[note.strip() for note in notes(record, name)],
        )
        for name in record["variants"]
    ]


def tornado(record: Record) -> Payload:
    """Return the bars of each variant's tornado, widest first, for the page to draw; words by their place in a list."""
    bars = {name: _bars(record, variant) for name, variant in record["variants"].items()}
    words = sorted({bar[key] for own in bars.values() for bar in own for key in WORDS})
    place = {word: i for i, word in enumerate(words)}
    return {
        "words": words,
        "variants": {
            name: {"base": variant["base"]["sharpe"], "bars": [_coded(bar, place) for bar in bars[name]]}
            for name, variant in record["variants"].items()
        },
    }


def _coded(bar: Payload, place: Mapping[str, int]) -> Payload:
    """A bar whose words are places in a list and whose ends are rounded beyond what is seen."""
    return {
        **bar, **{key: place[bar[key]] for key in WORDS}, **{key: round(bar[key], 5) for key in ("low", "high")},
    }  # fmt: skip


def _bars(record: Record, variant: Mapping[str, Any]) -> list[Payload]:
    together = {"low": variant["worst"]["sharpe"], "high": variant["best"]["sharpe"]}
    bars = [{"label": "all together", "world": True, "lowLabel": "all worst", "highLabel": "all best", **together}]
    for group in variant["groups"]:
        ends = {
            f"{side}Label": named(record, group[key]) if group[key] else ""
            for side, key in (("low", "lowest"), ("high", "highest"))
        }
        about = record["groups"][group["group"]]
        world = about["about"] == "world"
        bars.append({"label": about["label"], "world": world, "low": group["low"], "high": group["high"], **ends})
    return [bar for bar in bars if bar["low"] is not None and bar["high"] is not None]
