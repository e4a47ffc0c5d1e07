"""The levels of a trade: now, its forward at the horizon, stop and target; as spread, as yields and as prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from backtests.config import Variant
from backtests.runs.exposure import combination
from backtests.ticket.futures import Quote
from data.instruments import BP, Instrument
from data.market import Market
from data.pricing.bonds import Array, price
from data.pricing.curves import DAYS_A_YEAR
from data.pricing.forwards import hurdle_yield
from strategies.exits import DatedTrade, Length, Trade, hedge_of

QUARTER = 0.25  # years: the horizon where the trade states none
ALONG = 24  # rows of month ends of the spread's history, or the days of as many months
SMALL = 1e-12


@dataclass(frozen=True)
class Level:
    """One level of the spread, reached at once: every leg moves by its share."""

    name: str
    gain_bp: float  # of the spread since the opening, + in its favour
    spread_bp: float
    yields: Mapping[str, float]  # by leg
    prices: Mapping[str, float]  # by leg, of what it is traded in: per 100 of a bond or a future
    usd: float  # from where it stands now


@dataclass(frozen=True)
class Levels:
    """A position's spread: the combination of its legs' yields that it gains or loses by."""

    weights: Mapping[str, float]  # by leg, of its yield
    rises: bool  # whether it gains as the spread rises
    spread_bp: float  # now
    horizon: date
    trade: bool  # whether a dated trade states its horizon, stop and target
    opened: date | None  # of a dated trade
    forward_bp: float | None  # of the spread at the horizon; None where a curve does not reach
    hurdle_bp: float | None  # gain from now that the forward already holds, negative: that it holds against it
    levels: tuple[Level, ...]
    days: tuple[date, ...]  # of the history
    history: tuple[float, ...]  # bp
    why_no_forward: str = ""


def levels(
    variant: Variant, market: Market, t: int, usd: Mapping[str, float], base: float, quotes: Mapping[str, Quote]
) -> Levels | str:
    """Return the levels of a position of `usd` by leg on row `t`, or why it has none.

    `quotes` are of the legs that are traded in contracts.

    A spread's gain of g basis points moves leg i's yield by -g h_i / h.h, h the DV01 of each leg over the largest: the
    least move that brings it about, in which every leg moves by its share.
    """
    held = [name for name, value in usd.items() if value]
    legs = [market.instruments[market.column(name)] for name in held]
    without = [leg.name for leg in legs if leg.curve is None]
    if not held:
        return "nothing is held"
    if without:
        return f"{' and '.join(without)} has no yield"
    trade = _open_trade(variant, market, t)
    columns = [market.column(name) for name in held]
    dv01 = np.array([usd[name] for name in held]) * market.duration[t, columns] * BP
    hedge = hedge_of(dv01) if trade is None else trade.hedge[columns]
    largest = int(np.abs(hedge).argmax())
    weight = combination(legs, dv01, market.countries).weights.get(held[largest], 0.0)
    rises = weight * hedge[largest] < 0
    side = -1.0 if rises else 1.0  # of h, to the spread as it is quoted
    table = np.column_stack([market.curves[str(leg.curve)].at(leg.maturity) for leg in legs])
    path = side * table @ hedge / BP
    horizon, years = _horizon(variant, market, t, trade)
    forward, why = _forward(market, t, legs, hedge, years)
    forward = None if forward is None else side * forward
    opened = float(path[trade.opened] if trade else path[t])
    view = _View(market, t, held, hedge, side, table[t], float(path[t]), usd, quotes)
    gains = [("Now", side * (opened - float(path[t]))), *_gates(variant, path, side, trade, t, dv01, base)]
    if trade and trade.opened != t:
        gains.append(("Entry", 0.0))
    if forward is not None:
        gains.append(("Forward", side * (opened - forward)))
    rows = [view.level(name, gain, opened) for name, gain in gains]
    shown = _shown(market, t, path)
    return Levels(
        weights={name: float(side * h) for name, h in zip(held, hedge, strict=True)},
        rises=rises,
        spread_bp=float(path[t]),
        horizon=horizon,
        trade=isinstance(variant.strategy, DatedTrade),
        opened=_day(market, trade.opened) if trade else None,
        forward_bp=forward,
        hurdle_bp=None if forward is None else side * (float(path[t]) - forward),
        levels=tuple(sorted(rows, key=lambda level: (-level.gain_bp, level.name))),
        days=tuple(_day(market, k) for k in shown),
        history=tuple(float(path[k]) for k in shown),
        why_no_forward=why,
    )


def _day(market: Market, row: int) -> date:
    day: date = market.dates[row].astype("datetime64[D]").astype(object)
    return day


def _shown(market: Market, t: int, path: Array) -> list[int]:
    """Rows of the spread's history that are told: two years, up to and including row `t`."""
    first = max(0, t - round(ALONG / 12 * market.periods_per_year))
    return [k for k in range(first, t + 1) if np.isfinite(path[k])]


def _forward(
    market: Market, t: int, legs: Sequence[Instrument], hedge: Array, years: float
) -> tuple[float | None, str]:
    """h.f in basis points, what the curves imply for h.y in so many years; or None, and why."""
    forwards = [hurdle_yield(market.curves[str(leg.curve)].until(t), t, years, leg.maturity) for leg in legs]
    beyond = [leg.name for leg, forward in zip(legs, forwards, strict=True) if forward is None]
    if beyond:
        return None, f"no curve reaches {years:.2g} years beyond the maturity of {' and '.join(beyond)}"
    return float(np.array(forwards, dtype=float) @ hedge) / BP, ""


def _open_trade(variant: Variant, market: Market, t: int) -> Trade | None:
    """The dated trade that is open on a row."""
    if not isinstance(variant.strategy, DatedTrade):
        return None
    past = market.until(t)
    return next((trade for trade in reversed(variant.strategy.trades(past)) if trade.reason == "open"), None)


def _horizon(variant: Variant, market: Market, t: int, trade: Trade | None) -> tuple[date, float]:
    """The day at which a trade ends, and years until then: that of its terms, or else in three months."""
    now = market.dates[t].astype("datetime64[D]")
    end, years = Length("3M").after(now), QUARTER
    if trade is not None and isinstance(variant.strategy, DatedTrade):
        terms = variant.strategy.terms
        ends: list[np.datetime64] = [np.datetime64(terms.exit, "D")] if terms.exit else []
        if terms.horizon:
            ends.append(terms.horizon.after(market.dates[trade.opened].astype("datetime64[D]")))
        if ends:
            end = max(now, min(ends))
            years = float((end - now).astype(int)) / DAYS_A_YEAR
    return end.astype(object), years


def _gates(
    variant: Variant, path: Array, side: float, trade: Trade | None, t: int, dv01: Array, base: float
) -> list[tuple[str, float]]:
    """Gains since the opening, in bp, at which a dated trade closes; gates in percent by the larger side's DV01."""
    if trade is None or not isinstance(variant.strategy, DatedTrade):
        return []
    terms = variant.strategy.terms
    risk = max(float(dv01[dv01 > 0].sum()), float(-dv01[dv01 < 0].sum()))
    percent = base / 100.0 / risk if risk > SMALL else np.nan  # bp of one percent of capital
    gates = []
    if terms.target_bp is not None:
        gates.append(("Target", terms.target_bp))
    if terms.target_pct is not None:
        gates.append((f"Target, {terms.target_pct:g} %", terms.target_pct * percent))
    if terms.trail_bp is not None:
        gained = side * (path[trade.opened] - path[trade.opened : t + 1])
        gates.append(("Trail", max(0.0, float(np.nanmax(gained))) - terms.trail_bp))
    if terms.stop_bp is not None:
        gates.append(("Stop", -terms.stop_bp))
    if terms.stop_pct is not None:
        gates.append((f"Stop, {terms.stop_pct:g} %", -terms.stop_pct * percent))
    return [(name, gain) for name, gain in gates if np.isfinite(gain)]


@dataclass(frozen=True)
class _View:
    """A position as its levels are told."""

    market: Market
    t: int
    held: Sequence[str]
    hedge: Array  # (legs,) h
    side: float
    now: Array  # (legs,) yields
    spread: float  # bp, now
    usd: Mapping[str, float]
    quotes: Mapping[str, Quote]

    def level(self, name: str, gain: float, opened: float) -> Level:
        """Return the level at which the spread has gained so much since it stood at `opened`."""
        spread = opened - self.side * gain
        moves = self.side * (spread - self.spread) * BP * self.hedge / float(self.hedge @ self.hedge)
        prices, usd = {}, 0.0
        for i, leg in enumerate(self.held):
            instrument, coupons = self.market.instruments[self.market.column(leg)], self.market.country(leg).coupons
            worth = float(price(self.now[i], self.now[i] + moves[i], instrument.maturity, coupons))
            quote = self.quotes.get(leg)
            prices[leg] = 100.0 * worth if quote is None else quote.price(float(moves[i]))
            usd += self.usd[leg] * (worth - 1.0)
        yields = {leg: float(self.now[i] + moves[i]) for i, leg in enumerate(self.held)}
        return Level(name, float(gain), float(spread), yields, prices, float(usd))
