"""A strategy with one of its own choices changed: sizing rule, hedge, look-backs, scale of its signal, stops, start.

Each returns the same strategy where it has no such choice, and looks through whatever is laid over it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Any, cast

from data.errors import ConfigError
from strategies import hedges
from strategies.base import Strategy, Window
from strategies.blend import Blend
from strategies.breakeven import Breakeven
from strategies.curve import HedgedTrade
from strategies.exits import DatedTrade
from strategies.overlays import Overlay
from strategies.pairs import Pair
from strategies.sizing import DEFAULTS, Rule
from strategies.thesis import Thesis

SCALES = ("scale", "enter", "leave", "exit")  # parameters that say how large a signal must be
STOPS = ("stop_bp", "trail_bp", "target_bp", "stop_pct", "target_pct")
BREAKEVEN: dict[hedges.Rule, str] = {"dv01": "duration", "beta": "beta"}  # what a breakeven calls them
LONGEST = 99_999.0  # number of a window

# ---- sizing and hedge


def rule_of(strategy: Strategy) -> Rule | None:
    """Return the sizing rule of a pair, under whatever is laid over it; None of any other strategy."""
    if isinstance(strategy, Overlay):
        return rule_of(strategy.inner)
    return strategy.sizing if isinstance(strategy, Pair) else None


def sized(strategy: Strategy, rule: Rule | None) -> Strategy:
    """Return a strategy sized by another rule: the sizes that carry over are kept, the others are the rule's own."""
    if rule is None or rule == rule_of(strategy):
        return strategy
    if isinstance(strategy, Overlay):
        return replace(strategy, inner=sized(strategy.inner, rule))
    assert isinstance(strategy, Pair)
    sizes = {"hedge", *(name for sizes in DEFAULTS.values() for name in sizes)}
    kept: dict[str, Any] = {
        param.name: getattr(strategy, param.name) if param.name in DEFAULTS[rule] else None
        for param in fields(strategy)
        if param.name in sizes
    }
    return cast("Strategy", replace(cast("Pair", strategy), sizing=rule, **kept))


def hedge_of(strategy: Strategy) -> hedges.Rule | None:
    """Return how a strategy hedges one leg with the others; None of one that does not say."""
    if isinstance(strategy, Overlay):
        return hedge_of(strategy.inner)
    if isinstance(strategy, Pair):
        return (strategy.hedge or "dv01") if strategy.sizing == "duration" else None
    if isinstance(strategy, Breakeven):
        return "dv01" if strategy.hedge == "duration" else "beta"
    return strategy.hedge if isinstance(strategy, HedgedTrade) else None


def hedged(strategy: Strategy, rule: hedges.Rule | None) -> Strategy:
    """Return a strategy hedged by another rule, over its own window where it has one.

    Raises
    ------
    ConfigError
        A rule that the strategy does not take.
    """
    if rule is None or rule == hedge_of(strategy):
        return strategy
    if isinstance(strategy, Overlay):
        return replace(strategy, inner=hedged(strategy.inner, rule))
    if isinstance(strategy, Breakeven):
        if rule not in BREAKEVEN:
            raise ConfigError(f"a breakeven takes no hedge: {rule}")
        return _with(strategy, {"hedge": BREAKEVEN[rule]})
    return _with(strategy, {"hedge": rule, **({"window": None} if rule == "dv01" else {})})


# ---- what a signal looks back on, and how large it must be


def looking_back(strategy: Strategy, times: float) -> Strategy:
    """Return a strategy whose look-backs and windows, those of its parts and overlays too, are so many times as long.

    >>> from strategies.macro import Policy
    >>> looking_back(Policy(), 1.5).lookback
    Window(text='9M')
    """
    return strategy if times == 1.0 else _throughout(strategy, lambda each: _windows(each, times))


def _windows(strategy: Strategy, times: float) -> dict[str, Any]:
    windows = {name: value for name, value in _parameters(strategy).items() if isinstance(value, Window)}
    default = _window_by_default(strategy)
    if default is not None:
        windows["window"] = default
    return {name: _longer(window, times) for name, window in windows.items()}


def _window_by_default(strategy: Strategy) -> Window | None:
    """The window of a sizing rule or a hedge that was left to its default."""
    if getattr(strategy, "window", None) is not None:
        return None
    if isinstance(strategy, Pair) and "window" in DEFAULTS[strategy.sizing]:
        return cast("Window", DEFAULTS[strategy.sizing]["window"])
    estimated = isinstance(strategy, (Pair, HedgedTrade)) and strategy.hedge in ("beta", "pca")
    return hedges.WINDOW if estimated else None


def _longer(window: Window, times: float) -> Window:
    number = min(float(window.text[:-1]) * times, LONGEST)
    return Window(f"{number:.6f}".rstrip("0").rstrip(".") + window.text[-1])


def scaled(strategy: Strategy, times: float) -> Strategy:
    """Return a strategy whose signals, those of its parts too, must be so many times as large to count as much.

    >>> from strategies.relative_value import Reversion
    >>> scaled(Reversion(), 0.5).enter, scaled(Reversion(), 0.5).leave
    (1.0, 0.25)
    """
    return strategy if times == 1.0 else _throughout(strategy, lambda each: _scales(each, times))


def _scales(strategy: Strategy, times: float) -> dict[str, Any]:
    values = _parameters(strategy)
    return {name: values[name] * times for name in SCALES if isinstance(values.get(name), float)}


# ---- dated trades


def stopped(strategy: Strategy, times: float) -> Strategy:
    """Return a dated trade whose stops and targets are so many times as far away."""
    if times == 1.0 or not isinstance(strategy, DatedTrade):
        return strategy
    given = {name: getattr(strategy.terms, name) for name in STOPS}
    further = {name: value * times for name, value in given.items() if value is not None}
    return replace(strategy, terms=replace(strategy.terms, **further)) if further else strategy


def starting(strategy: Strategy, day: date) -> Strategy:
    """Return a dated trade that is flat before a day."""
    return replace(strategy, start=day) if isinstance(strategy, DatedTrade) and strategy.start else strategy


# ---- strategies within strategies


def _throughout(strategy: Strategy, change: Callable[[Strategy], dict[str, Any]]) -> Strategy:
    """Return a strategy with what `change` says of it, of what it is laid over, and of each of its parts."""
    whole: Strategy = strategy.blend if isinstance(strategy, Thesis) else strategy
    changed = change(whole)
    if isinstance(whole, Overlay):
        changed["inner"] = _throughout(whole.inner, change)
    if isinstance(whole, Blend):
        parts = whole.parts.items()
        changed["parts"] = {name: replace(part, strategy=_throughout(part.strategy, change)) for name, part in parts}
    result = _with(whole, changed)
    return strategy if result == whole else result


def _with(strategy: Strategy, changed: Mapping[str, Any]) -> Strategy:
    try:
        return cast("Strategy", replace(cast("Any", strategy), **changed))
    except ValueError as error:
        raise ConfigError(f"its strategy refuses it: {error}") from None


def _parameters(strategy: Strategy) -> dict[str, Any]:
    return {param.name: getattr(strategy, param.name) for param in fields(cast("Any", strategy))}
