"""A ticket in words, for the terminal and its page."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from backtests.report.format import ABSENT, MINUS, number, percent, signed
from backtests.ticket.analogues import Outcome
from backtests.ticket.buckets import BUCKETS
from backtests.ticket.futures import Quote
from backtests.ticket.levels import Level, Levels
from backtests.ticket.marks import MONTHS
from backtests.ticket.orders import Line
from backtests.ticket.sheet import Leg, Sheet
from data.pricing.contracts import TICKS
from strategies.exits import DatedTrade

EIGHTHS = ("", "⅛", "¼", "⅜", "½", "⅝", "¾", "⅞")
WHOLE_POINTS = 1 / 256  # the smallest part of a point that 32nds and their eighths tell
SURE = 2.0  # standard errors
SOME = 0.005  # of a DV01: less is not told


def headline(sheet: Sheet) -> str:
    """Return what is bought and sold, `Buy 132 TU, sell 77 TY`, and where holdings were given what is held after."""
    ordered = any(line.order is not None for line in sheet.lines)
    trades = [(line, line.quantity if line.order is None else line.order) for line in sheet.lines]
    words = [f"buy {_size(line, size)}" for line, size in trades if size > 0]
    words += [f"sell {_size(line, -size)}" for line, size in trades if size < 0]
    target = " and ".join(signed_size(line) for line in sheet.lines if line.quantity) or "nothing"
    if not words:
        return f"No orders, hold {target}" if ordered else "Hold nothing"
    text = ", ".join(words) + (f", to hold {target}" if ordered else "")
    return text[0].upper() + text[1:]


def _size(line: Line, quantity: float) -> str:
    if line.unit.of in ("contracts", "shares"):
        return f"{number(quantity, 0)} {line.unit.instrument}"
    return f"{number(quantity, 2, 1e-6)} m {line.unit.of} of {line.unit.instrument}"


def flat(sheet: Sheet) -> str:
    """Return why nothing is wanted: its trade is not open, or its strategy is flat."""
    if isinstance(sheet.variant.strategy, DatedTrade):
        return f"Its trade is not open on {sheet.day}"
    return f"It wants nothing on {sheet.day}"


def spread_name(levels: Levels) -> str:
    """Return the spread as a formula: `UST10 − UST2`."""
    text = ""
    for name, weight in sorted(levels.weights.items(), key=lambda item: -item[1]):
        size = "" if abs(abs(weight) - 1.0) < 5e-3 else f"{number(abs(weight))} "
        joint = f"{MINUS}" if weight < 0 and not text else f" {MINUS} " if weight < 0 else " + " if text else ""
        text += f"{joint}{size}{name}"
    return text


def quoted(price: float | None, instrument: str) -> str:
    """Return a price per 100 as its market has it: in points, 32nds and their eighths where it ticks in these.

    >>> quoted(103.59765625, "TU"), quoted(110.453125, "TY"), quoted(100.0, "UST10"), quoted(None, "TY")
    ('103-19⅛', '110-14½', '100.00', '–')
    """
    tick = TICKS.get(instrument)
    if price is None or price != price:
        return ABSENT
    if tick is None or (1 / tick) % 32:  # whole hundredths
        return number(price, 2)
    eighths = round(round(price / tick) * tick / WHOLE_POINTS)
    points, rest = divmod(eighths, 256)
    return f"{points}-{floor(rest / 8):02d}{EIGHTHS[rest % 8]}"


def breakeven(sheet: Sheet) -> str:
    """Return the break-even with its sign and what it means."""
    move, why = sheet.breakeven
    if move is None:
        return f"{ABSENT} ({why})"
    size = number(abs(move), 1, 1e4)
    may = f"may move {size} bp against it" if move >= 0 else f"must move {size} bp in its favour"
    return f"{signed(move, 1, 1e4)} bp: it {may} in three months"


def hurdle(levels: Levels) -> str:
    """Return where the forward is, and how much of a gain it already holds."""
    name = spread_name(levels)
    here = f"{name} is {number(levels.spread_bp, 1)} bp"
    if levels.forward_bp is None or levels.hurdle_bp is None:
        return f"{here}; no forward for {levels.horizon}: {levels.why_no_forward}"
    wins = "gain" if levels.hurdle_bp >= 0 else "loss"
    return (
        f"{here}, its forward for {levels.horizon} {number(levels.forward_bp, 1)}: the forward holds a {wins} of "
        f"{number(abs(levels.hurdle_bp), 1)} bp"
    )


def after_analogues(outcome: Outcome, months: int, place: int) -> str:
    """Return whether what followed the analogues stands out from what followed any row, over one horizon."""
    average, error, usual = outcome.average[place], outcome.error[place], outcome.usual[place]
    rows = f"The {outcome.count} closest rows"
    if average is None or error is None or usual is None:
        return f"{rows} are too few to be compared with any row."
    gap = average - usual
    if abs(gap) < SURE * error:
        return f"{rows} did no better and no worse than any row over {months} months, within two standard errors."
    word = "better" if gap > 0 else "worse"
    return f"{rows} did {word} than any row over {months} months, by more than two standard errors."


def overlapping(outcomes: Sequence[Outcome | None]) -> str:
    """Return whether what followed the analogues shares bars."""
    if any(outcome.overlap for outcome in outcomes if outcome):
        return "what followed some of them overlaps, so the standard errors are too small"
    return "what followed them does not overlap, for they are six months or more apart"


def level_rows(levels: Levels, lines: Sequence[Line], usd: float) -> list[list[str]]:
    """Return a row a level: name, spread, then yield and price by leg, P&L at once in USD and in % of capital."""
    standing = {leg: line.unit.instrument for line in lines for leg in line.legs}
    return [_level_row(level, standing, usd) for level in levels.levels]


def _level_row(level: Level, standing: dict[str, str], usd: float) -> list[str]:
    at = {leg: quoted(price, standing.get(leg, leg)) for leg, price in level.prices.items()}
    by_leg = [f"{number(yield_, 3, 100)}  {at[leg]}" for leg, yield_ in level.yields.items()]
    return [
        level.name, number(level.spread_bp, 1), *by_leg, signed(round(level.usd), 0),
        signed(level.usd / usd if usd else None, 2, 100),
    ]  # fmt: skip


BUCKETS_MEAN = (
    "Key rates: DV01 in USD, gained as that par yield falls by a basis point; before: of what is held; after: of the",
    "targets; in lots: of whole contracts, by their cheapest bonds, and face; residual: target less lots, a contract",
    "counted whole in its legs' bucket: what rounding leaves.",
)
LEVELS_MEAN = (
    "Levels are reached at once: each leg's yield moves by its share of the spread's move, h over h.h, h its DV01 over",
    "the largest; prices are per 100 of what it is traded in, a future's its cheapest bond over the factor.",
)
NO_STOP = "the variant states no trade, so it has no stop and no target"


def signed_size(line: Line) -> str:
    """Return a line with its sign: `−77 TY`, `−1,021 m JGB2`."""
    if line.unit.of in ("contracts", "shares"):
        return f"{signed(line.quantity, 0)} {line.unit.instrument}"
    return f"{signed(line.quantity, 2, 1e-6)} m {line.unit.instrument}"


def bucket_notes(sheet: Sheet) -> list[str]:
    """Say what residual is, what stands in no bucket, and where contracts stand on other key rates than their legs."""
    notes = []
    for line in sheet.lines:
        if line.unit.of != "contracts" or not line.quantity or line.unit.bucket is None:
            continue
        parts = dict(zip(BUCKETS, line.unit.key_rates / line.unit.key_rates.sum(), strict=True))
        if parts[line.unit.bucket] < 0.5:
            shares = [f"{number(100 * part, 0)} % at {years:g}" for years, part in parts.items() if part > SOME]
            legs = " and ".join(line.legs) or "nothing"
            own = [leg for leg in sheet.legs if leg.name in line.legs and leg.name in sheet.nearer]
            nearer = [_nearer(leg, sheet.nearer[leg.name]) for leg in own]
            at = " and ".join(shares)
            notes.append(f"{line.unit.instrument} stands for {legs}, but its DV01 stands {at} years{''.join(nearer)}")
    without = [leg for leg in sheet.legs if leg.units and leg.dv01 is None]
    floating = [line.unit.instrument for line in sheet.lines if line.unit.curve is None and line.dv01]
    if without or floating:
        names = [*(leg.name for leg in without), *floating]
        notes.append(f"in no bucket, for want of a curve: {', '.join(names)}")
    return notes


def _nearer(leg: Leg, quote: Quote) -> str:
    return f"; nearer {leg.name} is {quote.contract.name}: {signed((leg.dv01 or 0.0) / quote.dv01, 0)}"


def marks(sheet: Sheet) -> str:
    """Return the worst of the last 60 months at this size, the 99 % day where rows are days, the worst on record."""
    stated, worst = sheet.marks, sheet.marks.worst
    if worst is None or stated.worst_month is None:
        return "worst month: nothing is held, or no month is known"
    known = "" if len(stated.months) == MONTHS else f"{len(stated.months)} of "
    size = f"{signed(worst.value, 1, 100)} % of capital ({worst.when})"
    text = f"worst of {known}the last {MONTHS} months at this size: {size}"
    if stated.tail_day is not None:
        text += f"; one day in a hundred of them loses {number(-stated.tail_day, 2, 100)} % or more"
    record = f"; worst on record: month {signed(stated.worst_month.value, 1, 100)} ({stated.worst_month.when})"
    if stated.worst_day is not None:
        return f"{text}{record}, day {signed(stated.worst_day.value, 1, 100)} ({stated.worst_day.when})"
    return f"{text}{record}, day needs daily data"


def contract(quote: Quote) -> str:
    """Return what a contract is taken to be."""
    years = quote.contract.maturity
    read = "its yield" if quote.tenor == years else f"the {quote.tenor:g}-year's yield, the nearest quoted,"
    return (
        f"{quote.contract.name}: {quote.name}, as a {years:g}-year par bond at {read} {percent(quote.yield_, 2)} %; "
        f"conversion factor {quote.factor:.4f}, DV01 USD {quote.dv01:.2f} a contract."
    )


def margin(sheet: Sheet) -> str:
    """Return the initial margin of what is to be held, by line where there are several."""
    held = [line for line in sheet.lines if line.quantity]
    total = sum(line.margin for line in held)
    parts = ", ".join(f"{line.unit.instrument} {number(line.margin, 0)}" for line in held)
    text = f"initial margin: USD {number(total, 0)}, {number(total / sheet.base, 1, 100)} % of capital"
    return f"{text} ({parts}; nothing of one offset by another)" if len(held) > 1 else text
