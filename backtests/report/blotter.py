"""Round trips as the page tells them: what they come to in a sentence or two, and each as its script draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import Any

import numpy as np
import pandas as pd

from backtests.performance import trip_ranges
from backtests.report.format import Figures, Payload, number, percent, signed
from backtests.report.panels import MANY, Panels, VariantPanel
from backtests.runs.significance import SEED

LEVELS = 200  # of a variant's common scale at least; a path is some 30 pixels high
SEEN = {"monthly": "at month ends", "weekly": "at week ends", "daily": "at closes"}
UNSTORED = "This run stored no round trips; run it again to see them."
REENTRY = {"never": "once only", "turn": "again once the position turned"}


@dataclass(frozen=True)
class Words:
    """What a variant's round trips come to."""

    name: str
    headline: str
    moves: str  # of its spread, against the forwards, and what is open
    terms: str  # of its dated trade
    overshot: str  # by how much stops were


def trips_of(panels: Panels, variant: VariantPanel) -> pd.DataFrame:
    """Return the stored trips of a variant, in the order of time."""
    trips = panels.run.round_trips
    return trips[trips["variant"] == variant.name]


def shown(panels: Panels) -> list[VariantPanel]:
    """Return the variants whose trips a page carries: all, or of many the first by Sharpe ratio."""
    return panels.variants[:MANY]


def words(panels: Panels) -> list[Words]:
    """Return what the trips of each variant shown come to."""
    return [_words(panels, variant) for variant in shown(panels)]


def _words(panels: Panels, variant: VariantPanel) -> Words:
    trips = trips_of(panels, variant)
    trade = trade_of(panels.run.config, variant.name)
    closed = trips[trips["reason"] != "open"]
    if closed.empty:
        return Words(variant.name, _without(variant, trips), "", terms(trade), "")
    place = SEEN.get(panels.run.manifest["data"]["frequency"], "at closes")
    open_trip = _open(trips)
    sentences = [_moves(closed, _curves(panels, variant)), _beaten(closed), f"One is {open_trip}." if open_trip else ""]
    return Words(
        name=variant.name,
        headline=headline(variant.figures, closed["pnl_usd"].to_numpy(dtype=float)),
        moves=" ".join(sentence for sentence in sentences if sentence),
        terms=terms(trade),
        overshot=_overshot(closed, trade, place),
    )


def trade_of(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the dated trade of a variant as the configuration has it; {} where it is none."""
    stated: Mapping[str, Any] = config["variants"].get(name, {}).get("trade") or {}
    return stated


def _without(variant: VariantPanel, trips: pd.DataFrame) -> str:
    """Say why there is no table."""
    if "trips" not in variant.figures:
        return UNSTORED
    if trips.empty:
        return "No round trip: it never held a position."
    return f"One round trip, {_open(trips)}."


def _open(trips: pd.DataFrame) -> str:
    """Return, in words, the trip that is still open; nothing where there is none."""
    if trips.empty or trips.iloc[-1]["reason"] != "open":
        return ""
    trip = trips.iloc[-1]
    since, until = (str(trip[name])[:10] for name in ("open", "close"))
    gain = f"{_gain(trip['gain_bp'], trip['hurdle_bp'])}, " if pd.notna(trip["gain_bp"]) else ""
    return f"open since {since}: {gain}P&L {thousands(trip['pnl_usd'])} by {until}"


def _gain(gain: float, hurdle: float) -> str:
    if pd.isna(hurdle):
        return f"{signed(gain, 0)} bp (its forwards do not reach so far)"
    return f"{signed(gain, 0)} bp against a hurdle of {signed(hurdle, 0)} bp"


def thousands(usd: float) -> str:
    """Return USD in thousands.

    >>> thousands(-1234567.0)
    'USD −1,235 k'
    """
    return f"USD {number(usd, 0, 1e-3)} k"


def headline(figures: Figures, usd: np.ndarray) -> str:
    """Return how many of the closed trips, of P&L `usd (trips,)`, made money, and winners against losers."""
    count, wins = len(usd), int((usd > 0).sum())
    hit = trip_ranges.hit_rate(wins, count)
    share = f"{percent(wins / count, 0)} %, 95 % range {percent(hit.low, 0)} to {percent(hit.high, 0)}"
    text = f"{wins or 'None'} of {count:,} round trip{'' if count == 1 else 's'} made money ({share})"
    if figures["payoff"] is None:
        return f"{text}."
    drawn = trip_ranges.payoff(usd, SEED)
    span = f"{number(drawn.low, 1)} to {number(drawn.high, 1)}" if drawn.reason is None else _absent(drawn.reason)
    return f"{text}; the mean winner made {number(figures['payoff'], 1)} times the mean loser ({span})."


def _absent(reason: str) -> str:
    return f"{reason}: no range"


def _curves(panels: Panels, variant: VariantPanel) -> set[str]:
    legs = panels.run.manifest["legs"]
    return {str(legs[leg]["curve"]) for leg in variant.described["legs"]}


def _moves(closed: pd.DataFrame, curves: set[str]) -> str:
    """Return how often the spread moved in favour, and how often by more than the forwards held."""
    gain, hurdle = closed["gain_bp"].astype(float), closed["hurdle_bp"].astype(float)
    if not gain.notna().any():
        return "A leg has no yield, so there is no spread to tell: lows, highs and paths are P&L."
    what = "curve" if len(curves) == 1 else "spread"
    known = int((gain.notna() & hurdle.notna()).sum())
    if not known:
        return f"The {what} moved its way in {int((gain > 0).sum())}; the forwards reach none of its hurdles."
    of = "" if known == len(closed) else f" of the {known} that have a hurdle"
    return (
        f"The {what} moved its way in {int((gain > 0).sum())}; in {int((gain > hurdle).sum())}{of} it beat the forward."
    )


def _beaten(closed: pd.DataFrame) -> str:
    """Return the latest trip whose spread moved in favour, by less than the forwards held, and which lost."""
    gain, hurdle = closed["gain_bp"].astype(float), closed["hurdle_bp"].astype(float)
    rows = closed[(gain.round() > 0) & (hurdle.round() > gain.round()) & (closed["pnl_usd"] < 0)]
    if rows.empty:
        return ""
    trip = rows.iloc[-1]
    asked = number(trip["hurdle_bp"], 0)
    return (
        f"That of {str(trip['open'])[:7]} gained {number(trip['gain_bp'], 0)} bp and lost: its forward asked {asked}."
    )


def terms(trade: Mapping[str, Any]) -> str:
    """Return a dated trade in words; nothing where there is none."""
    if not trade:
        return ""
    gates = [
        f"{gate} {number(trade[key], digits)} {unit}"
        for gate in ("target", "stop", "trail")
        for key, unit, digits in ((f"{gate}_bp", "bp", 0), (f"{gate}_pct", "%", 1))
        if trade.get(key) is not None
    ]
    days = [f"{name} {trade[name]}" for name in ("entry", "exit", "horizon") if trade.get(name)]
    again = trade.get("reenter") or ("never" if trade.get("entry") else "turn")
    parts = [*days, *gates, f"entered {REENTRY.get(again, f'again {again} after it closed')}"]
    return f"Dated trade: {', '.join(parts)}."


def _overshot(closed: pd.DataFrame, trade: Mapping[str, Any], place: str) -> str:
    """Return by how much stops in basis points were overshot when they were seen."""
    stop = trade.get("stop_bp")
    gain = closed.loc[closed["reason"] == "stop", "decision_gain_bp"].dropna().astype(float)
    if stop is None or gain.empty:
        return ""
    over = -float(stop) - gain
    count, size = f"{len(gain)} stop{'' if len(gain) == 1 else 's'}", number(stop, 0)
    beyond = f"{number(over.mean(), 0)} bp on average, {number(over.max(), 0)} at most"
    return f"{count} of {size} bp {'was' if len(gain) == 1 else 'were'} overshot by {beyond}: a stop is seen {place}."


def line(figures: Figures, trips: pd.DataFrame) -> str:
    """Return a variant's trips as the terminal says them."""
    if trips.empty:
        return "no round trip: it never held a position."
    parts = [f"{figures['trips']:,} round trip{'' if figures['trips'] == 1 else 's'}"]
    if figures["trips"]:
        payoff = number(figures["payoff"], 1) if figures["payoff"] is not None else "none"
        parts += [f"{percent(figures['trip_hit_rate'], 0)} % made money", f"payoff {payoff}"]
        parts += [f"expectancy {thousands(figures['expectancy'])}"]
    text = ", ".join(parts) if figures["trips"] else "no round trip closed"
    return f"{text}; {_open(trips)}." if _open(trips) else f"{text}."


# ---- what the script draws


def payload(panels: Panels, days: Sequence[str]) -> Payload:
    """Return the trips of the variants shown; days are rows of `days`, the page's own calendar."""
    row = {day: i for i, day in enumerate(days)}
    tables = {variant.name: trips_of(panels, variant) for variant in shown(panels)}
    reasons = sorted({str(reason) for trips in tables.values() for reason in trips["reason"]})
    return {
        "reasons": reasons,
        "variants": {
            name: _variant(trips, trade_of(panels.run.config, name), row, reasons)
            for name, trips in tables.items()
            if (trips["reason"] != "open").any()
        },
    }


def _variant(trips: pd.DataFrame, trade: Mapping[str, Any], row: Mapping[str, int], reasons: Sequence[str]) -> Payload:
    """Return a variant's trips, latest first; lows and highs in the unit of its paths."""
    in_bp = bool(trips["gain_bp"].notna().any())
    unit = "bp" if in_bp else "usd"
    paths = [path for path in trips.loc[trips["path_unit"] == unit, "path"] if path is not None and len(path)]
    ends = np.concatenate(paths) if paths else np.zeros(1)
    digits = _digits(float(np.ptp(np.append(ends, 0.0))))
    rows = [_trip(trip, unit, digits, row, reasons) for trip in trips.iloc[::-1].to_dict("records")]
    gates = {name: trade[f"{name}_bp"] for name in ("target", "stop") if in_bp and trade.get(f"{name}_bp") is not None}
    return {"unit": unit, "parts": 10.0**digits if digits < 0 else 10**digits, **gates, "trips": rows}


def _digits(size: float) -> int:
    """Return how many decimals tell the levels of a scale apart; below 0 for whole tens and more."""
    return ceil(log10(LEVELS / size)) if size else 0


def _trip(trip: Mapping[Any, Any], unit: str, digits: int, row: Mapping[str, int], reasons: Sequence[str]) -> list[Any]:
    """Return a trip: first row, rows to its close, reason, side, figures, steps of its path and rows between them."""
    opened, closed = (row[str(trip[name])[:10]] for name in ("open", "close"))
    figures = [_short(trip[name], 2) for name in ("gain_bp", "hurdle_bp")]
    figures += [_short(trip[name], 0) for name in ("carry_usd", "rolldown_usd", "pnl_usd")]
    figures += [_short(trip[f"{name}_{unit}"], 2 if unit == "bp" else 0) for name in ("mae", "mfe")]
    steps, between = [], []
    if trip["path_unit"] == unit and trip["path"] is not None:
        whole = np.round(np.asarray(trip["path"]) * 10.0**digits).astype(int)
        steps = np.diff(whole, prepend=0).tolist()
        start = np.datetime64(str(trip["open"])[:10])
        rows = [row[str(start + int(after))] for after in trip["path_days"]]
        between = np.diff(rows, prepend=opened).tolist()
    gaps = [between] if any(gap != 1 for gap in between[1:]) or between[:1] not in ([], [0]) else []
    return [opened, closed - opened, reasons.index(trip["reason"]), int(trip["side"]), *figures, steps, *gaps]


def _short(value: Any, digits: int) -> float | int | None:
    """Return a figure to so many decimals; None where there is none."""
    if value is None or not np.isfinite(value):
        return None
    return round(float(value)) if digits == 0 else round(float(value), digits)
