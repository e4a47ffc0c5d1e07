"""A grid of settings around one variant: its axes, its cells by number, and the variant that a cell is.

Nothing is listed: a cell is a number, of which its place on every axis follows.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal, get_type_hints

import numpy as np
from numpy.typing import NDArray

from backtests.config.document import IN_PLACE_OF, Document, Loc
from backtests.config.model import Config, SweepSection, Variant
from backtests.config.variants import Around, as_variant, checked, own_bases, written
from data.errors import ConfigError, did_you_mean, shortened
from strategies import STRATEGIES
from strategies.base import Strategy, is_leg
from strategies.exits import scale_of

EXECUTION = ("rebalance.every", "rebalance.band", "currency", "fill", "costs")  # what targets do not depend on
WHOLE = ("legs", "overlays", "trade")
PREFIXES = ("params", "overlays", "trade")
SAME_IDEA = ("fill", "costs")  # what makes no other idea; a size does neither
EVERY = ("bar", "week", "month", "quarter", "year")
TRIED = 100  # values of an axis that are tried before anything runs
MOST = 1_000_000  # values of an axis
MOST_CELLS = 10**15  # of a grid: numbers that any machine counts exactly
MOST_COSTS = 1000.0  # times
DIGITS = 6  # of a value on an axis of equal ratios
OVER: Loc = ("sweep", "over")

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Axis:
    """One setting and the values it takes."""

    name: str
    values: tuple[Any, ...]
    kind: Literal["signal", "size", "execution"]

    @property
    def ordered(self) -> bool:
        """Whether its values come one after another: numbers, windows and periods do, None last; names do not."""
        given = [value for value in self.values if value is not None]
        return all(map(_is_number, given)) or all(map(_is_window, given)) or all(value in EVERY for value in given)

    @property
    def idea(self) -> bool:
        """Whether another value is another idea."""
        return self.kind != "size" and self.name not in SAME_IDEA


@dataclass(frozen=True)
class Grid:
    """Every combination of the axes' values, or a sample; what changes no target comes last, so neighbours share it."""

    config: Config
    base: Variant
    axes: tuple[Axis, ...]  # in the order of cells' numbers, the last one fastest
    names: tuple[str, ...]  # of the axes as written
    cells: Sequence[int]  # numbers of the cells that are run, ascending
    section: SweepSection

    @property
    def shape(self) -> tuple[int, ...]:
        """Values of each axis."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def count(self) -> int:
        """Cells of the whole grid."""
        return math.prod(self.shape)

    @property
    def sampled(self) -> bool:
        """Whether some of the combinations are run, not all."""
        return len(self.cells) < self.count

    @property
    def seed(self) -> int:
        """What draws a sample, and the cells that are looked at again."""
        return self.section.sample.seed if self.section.sample else 0

    def places(self, cells: Sequence[int] | Numbers) -> Numbers:
        """Return the place (k, axes) of cells on every axis."""
        numbers = np.asarray(cells, dtype=np.int64)
        return np.stack(np.unravel_index(numbers, self.shape), axis=1).astype(np.int64).reshape(len(numbers), -1)

    def settings(self, cell: int) -> dict[str, Any]:
        """Return the settings of a cell, in the order written."""
        place = self.places([cell])[0]
        chosen = {axis.name: axis.values[k] for axis, k in zip(self.axes, place, strict=True)}
        return {name: chosen[name] for name in self.names}

    def variant(self, settings: Mapping[str, Any]) -> Variant:
        """Return the base with these settings; a multiple of costs is no part of a variant.

        Raises
        ------
        ConfigError
            Settings that the strategy refuses.
        """
        return _variant(Document("sweep", {}), self.config, self.base, settings)


def grid(config: Config, section: SweepSection | None = None) -> Grid:
    """Return the grid of a configuration's sweep, or of another section on it.

    Raises
    ------
    ConfigError
        No sweep, no such variant, a setting there is not, values that are none.
    """
    section = section or config.sweep
    if section is None:
        raise ConfigError(f"{config.name} has no sweep; add one, like sweep: {{base: NAME, over: {{costs: [1, 2]}}}}")
    return _grid(Document("sweep", {}), config, section)


def section_of(
    config: Config,
    over: Mapping[str, Any] | None,
    base: str | None,
    sample: Mapping[str, int] | None,
    score: str | None,
) -> SweepSection:
    """Return the sweep of a configuration with what is given in its place, checked; raises as `grid`."""
    own = config.sweep.model_dump() if config.sweep else {}
    only = {"base": config.variants[0].name} if len(config.variants) == 1 else {}
    plain = {name: _plain(values) for name, values in over.items()} if over is not None else None
    given = {"base": base, "over": plain, "sample": dict(sample) if sample else None, "score": score}
    data = {**only, **own, **{key: value for key, value in given.items() if value is not None}}
    document = Document("sweep", {})
    section = checked(document, SweepSection, data, [("sweep",)])
    check(document, config, section)
    return section


def _plain(values: Any) -> Any:
    """Return values as YAML would give them: lists, where Python has tuples or arrays."""
    if isinstance(values, Mapping):
        return {key: _plain(value) for key, value in values.items()}
    if isinstance(values, np.ndarray | range | list | tuple):
        return [_plain(value) for value in (values.tolist() if isinstance(values, np.ndarray) else values)]
    return values


def check(document: Document, config: Config, section: SweepSection) -> None:
    """Refuse a sweep whose base, settings or values are none, by line.

    Every value is tried on the base, and where that refuses it, beside each value of another axis.
    """
    whole = _grid(document, config, section)
    for axis in whole.axes:
        others = [{other.name: value} for other in whole.axes if other is not axis for value in other.values[:TRIED]]
        for i, value in enumerate(axis.values[:TRIED]):
            told = _telling(document, axis.name, i)
            try:
                _variant(told, config, whole.base, {axis.name: value})
            except ConfigError:
                if not any(_takes(whole, {axis.name: value, **other}) for other in others):
                    raise


def _telling(document: Document, name: str, i: int) -> Document:
    """Return what tells of a value of an axis by the line it stands on."""
    line = document.line((*OVER, name, i))
    keys: list[str] = name.split(".")
    return Document(document.path, {}, {(*OVER, *keys[:end]): line for end in range(len(keys) + 1)})


def _takes(grid: Grid, settings: Mapping[str, Any]) -> bool:
    try:
        grid.variant(settings)
    except ConfigError:
        return False
    return True


def _grid(document: Document, config: Config, section: SweepSection) -> Grid:
    known = {variant.name: variant for variant in config.variants}
    if section.base not in known:
        what = f"'{shortened(section.base)}' is not a variant{did_you_mean(section.base, known)}"
        raise document.error(("sweep", "base"), what)
    base = known[section.base]
    size = f"params.{scale_of(base.strategy)}"
    axes = []
    for name, given in section.over.items():
        _check_name(document, name, base)
        kind: Any = "execution" if name in EXECUTION else "size" if name == size else "signal"
        axes.append(Axis(name, _values(document, name, given), kind))
    order = {"signal": 0, "size": 1, "execution": 2}
    placed = tuple(sorted(axes, key=lambda axis: order[axis.kind]))
    count = math.prod(len(axis.values) for axis in placed)
    if count > MOST_CELLS:
        raise document.error(OVER, f"has more cells than can be numbered, {count:.0e}; give fewer values")
    if count == 1:
        raise document.error(OVER, "is a single cell, which `divergence run` runs; give a setting two values or more")
    cells: Sequence[int] = range(count)
    if section.sample and section.sample.n < count:
        cells = sorted(random.Random(section.sample.seed).sample(range(count), section.sample.n))
    return Grid(config, base, placed, tuple(section.over), cells, section)


# ---- names and values of an axis


def _check_name(document: Document, name: str, base: Variant) -> None:
    first, _, rest = name.partition(".")
    if name in (*EXECUTION, *WHOLE) or (first == "params" and rest):
        return
    if first == "trade" and rest:
        return
    if first == "overlays" and rest:
        own = [key for overlay in base.overlays for key in overlay]
        overlay, _, param = rest.partition(".")
        if overlay in own and param:
            return
        raise document.error((*OVER, name), f"{base.name} has no overlay '{overlay}'{did_you_mean(overlay, own)}")
    known = [*EXECUTION, *WHOLE, *(f"params.{key}" for key in base.params)]
    raise document.error((*OVER, name), f"is no setting of a variant{did_you_mean(name, known)}")


def _values(document: Document, name: str, given: Any) -> tuple[Any, ...]:
    """Return the values of an axis, each once."""
    loc = (*OVER, name)
    if isinstance(given, dict):
        values = _spaced(document, loc, given)
    elif isinstance(given, list) and given:
        values = list(given)
    else:
        what = "expected a list of values, or {from: 1, to: 3, step: 0.1}, or {from: 1, to: 8, log: 8}"
        raise document.error(loc, f"is {shortened(given)}; {what}")
    seen: set[str] = set()
    for value in values:
        key = repr(float(value) if _is_number(value) else value)
        if key in seen:
            raise document.error(loc, f"names {shortened(value)} twice")
        seen.add(key)
        if name == "costs" and not (_is_number(value) and 0 <= value <= MOST_COSTS):
            what = f"is {shortened(value)}; expected a multiple of all costs from 0 to {MOST_COSTS:g}"
            raise document.error(loc, what)
    return tuple(values)


def _spaced(document: Document, loc: Loc, given: Mapping[str, Any]) -> list[Any]:
    """Return values at equal steps, of numbers or of windows of one unit, or at equal ratios."""
    unknown = set(given) - {"from", "to", "step", "log"}
    if unknown or not {"from", "to"} <= set(given) or len({"step", "log"} & set(given)) != 1:
        raise document.error(loc, "expected {from: 1, to: 3, step: 0.1} or {from: 1, to: 8, log: 8}")
    first, last = given["from"], given["to"]
    if "log" in given:
        count = given["log"]
        if not (_is_number(first) and _is_number(last) and 0 < first < last):
            raise document.error(
                loc, f"from {first} to {last} in equal ratios: expected numbers above 0, from below to"
            )
        if not isinstance(count, int) or isinstance(count, bool) or not 2 <= count <= MOST:
            raise document.error(loc, f"log is {shortened(count)}; expected how many values, from 2 to {MOST:,}")
        inner = (float(f"{value:.{DIGITS}g}") for value in np.geomspace(first, last, count)[1:-1])
        return [float(first), *inner, float(last)]
    ends = [first, last, given["step"]]
    unit = ""
    if all(map(_is_window, ends)) and len({end[-1] for end in ends}) == 1:
        unit, ends = first[-1], [float(end[:-1]) for end in ends]
    if not all(map(_is_number, ends)) or ends[2] <= 0 or ends[1] <= ends[0]:
        what = f"from {first} to {last} by {given['step']}: expected numbers, or windows of one unit, from below to"
        raise document.error(loc, what)
    start, stop, step = (Decimal(str(end)) for end in ends)
    count = int((stop - start) / step) + 1
    if count > MOST:
        raise document.error(loc, f"has {count:,} values; at most {MOST:,} are taken")
    steps = (start + k * step for k in range(count))
    return [f"{value.normalize():f}{unit}" for value in steps] if unit else [float(value) for value in steps]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_window(value: Any) -> bool:
    return isinstance(value, str) and value[-1:] in ("D", "M", "Y") and value[:-1].replace(".", "", 1).isdigit()


# ---- a cell as a variant


def _variant(document: Document, config: Config, base: Variant, settings: Mapping[str, Any]) -> Variant:
    around = Around(config.account, config.rebalance, config.fill, config.data.start, config.library, config.countries)
    raw = _unstated(written(base), base, config)
    for name, value in settings.items():
        _apply(document, raw, name, value)
    return as_variant(document, [OVER], base.name, raw, around)


def _unstated(raw: dict[str, Any], base: Variant, config: Config) -> dict[str, Any]:
    """Leave a basis that is the legs' own to be found again: the legs of a cell may be others."""
    own = own_bases([config.library[leg] for leg in base.strategy.legs], config.countries)
    if base.currency.kind == "fx_swap" and own == {base.currency.basis_bp}:
        raw["currency"] = "fx_swap"
    return raw


def _apply(document: Document, raw: dict[str, Any], name: str, value: Any) -> None:
    """Write a setting into a variant's section."""
    first, _, rest = name.partition(".")
    if name == "costs":
        return
    if name == "legs":
        raw["params"] = {**raw["params"], **_legs(document, raw["strategy"], value)}
    elif first == "overlays" and rest:
        overlay, _, param = rest.partition(".")
        raw["overlays"] = [
            {key: _with(inner, param.split("."), value) if key == overlay else inner for key, inner in item.items()}
            for item in raw["overlays"]
        ]
    elif first == "trade" and rest:
        trade = {key: own for key, own in raw.get("trade", {}).items() if key != rest}
        if value is not None:
            trade[rest] = value
        if trade or "trade" in raw:
            raw["trade"] = trade
    elif rest:
        raw[first] = _with(raw[first], rest.split("."), value)
    else:
        raw[name] = value


def _with(inside: Mapping[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    """Return a mapping with a value at a place inside it; None takes away what stood there."""
    key, further = keys[0], keys[1:]
    other = {name: own for name, own in inside.items() if name not in (key, IN_PLACE_OF.get(key))}
    if further:
        within = inside.get(key)
        return {**other, key: _with(within if isinstance(within, Mapping) else {}, further, value)}
    return other if value is None else {**other, key: value}


def _legs(document: Document, strategy: str, value: Any) -> dict[str, str]:
    """Return legs by the names of the parameters they are."""
    params = _leg_params(STRATEGIES[strategy])
    if not params:
        raise document.error((*OVER, "legs"), f"{strategy} has no legs by name; sweep params, such as params.weights")
    if not isinstance(value, list) or len(value) != len(params) or not all(isinstance(leg, str) for leg in value):
        what = f"is {shortened(value)}; expected {len(params)} instruments: [{', '.join(params)}]"
        raise document.error((*OVER, "legs"), what)
    return dict(zip(params, value, strict=True))


@cache
def _leg_params(kind: type[Strategy]) -> list[str]:
    """The parameters of a strategy that are its legs, in their order."""
    return [name for name, hint in get_type_hints(kind, include_extras=True).items() if is_leg(hint)]
