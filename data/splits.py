"""Splits and distributions: whether the prices of a delivery stand on one basis, and what they leave out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from data.errors import DataError
from data.quality import quarantine
from data.quality.finding import Finding
from data.series import Delivery, Spec

RATIOS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 50.0, 100.0, 1000.0)
NEAR = 0.06  # of a split's ratio: the day's own move
RAW = ("open", "high", "low", "close", "dividend")
SAME = 1e-6  # relative, of adjusted and close
A_YEAR = 200  # rows without a distribution that are mentioned


def on_one_basis(delivery: Delivery, spec: Spec, stored: pd.DataFrame | None) -> tuple[Delivery, list[Finding]]:
    """Return prices with those before a split divided by it, where the split's own column says so; and warnings.

    Raises
    ------
    DataError
        A jump by a split's ratio that no split explains; prices that are returns.
    """
    frame = delivery.frame
    priced = frame[[name for name in ("close", "adjusted") if name in frame and frame[name].notna().any()]]
    if priced.empty:
        raise DataError(f"{delivery.source}: holds no price of {spec.name}")
    main = "close" if "close" in priced else "adjusted"
    if (frame[main].dropna() <= 0).mean() > 0.2:
        raise DataError(
            f"{delivery.source}: {spec.name}: many prices are 0 or below: returns, not prices? export the prices"
        )
    notes = []
    for day, ratio in jumps(spec, frame, main):
        stated = _stated(frame, day, ratio)
        if stated is None:
            _refuse(delivery, spec, frame, main, day, ratio)
        columns = [name for name in RAW if name in frame]
        if main == "close" and any(day == other for other, _ in jumps(spec, frame, "adjusted")):
            columns.append("adjusted")
        frame = frame.copy()
        frame.loc[frame.index < day, columns] *= ratio
        notes.append(f"prices before {day.date()} times {ratio:.6g}: the file's own split of that day")
    _check_beside(delivery, spec, frame, main, stored)
    part = replace(delivery, frame=frame, notes=(*delivery.notes, *notes))
    return part, _distributions(spec, frame)


def jumps(spec: Spec, frame: pd.DataFrame, column: str) -> list[tuple[pd.Timestamp, float]]:
    """Return the days on which a price changes by a split's ratio, and the ratio: 0.5 where it halves."""
    if column not in frame:
        return []
    sound, _ = quarantine(spec, frame[[column]].dropna())
    values = sound[column].dropna()
    ratio = values.to_numpy()[1:] / values.to_numpy()[:-1]
    return [
        (values.index[i + 1], own) for i, change in enumerate(ratio.tolist()) if (own := _split(change)) is not None
    ]


def _split(change: float) -> float | None:
    """Return the split's ratio that a change is near: 0.504 is 0.5."""
    large = max(change, 1 / change)
    near = next((ratio for ratio in RATIOS if abs(large / ratio - 1) < (0.02 if ratio == 1.5 else NEAR)), None)
    return None if near is None else near if change > 1 else 1 / near


def _stated(frame: pd.DataFrame, day: pd.Timestamp, ratio: float) -> float | None:
    """Return the split that the file states on a jump's day, where the two agree."""
    if "split" not in frame:
        return None
    stated = frame["split"].get(day)
    return stated if stated is not None and stated > 0 and abs(stated * ratio - 1) < NEAR else None


def _refuse(delivery: Delivery, spec: Spec, frame: pd.DataFrame, main: str, day: pd.Timestamp, ratio: float) -> None:
    before, after = frame[main].loc[: day - pd.Timedelta(days=1)].dropna().iloc[-1], frame[main].loc[day]
    factor = f"{1 / ratio:g} for 1" if ratio < 1 else f"1 for {ratio:g}"
    raise DataError(
        f"{delivery.source}: {spec.name}: {main} goes from {before:g} to {after:g} on {day.date()}, as a split of "
        f"{factor} would have "
        "it, and no split of that day is in the file; import prices adjusted for splits, or with the column of the "
        "splits"
    )


def _check_beside(delivery: Delivery, spec: Spec, frame: pd.DataFrame, main: str, stored: pd.DataFrame | None) -> None:
    """Refuse prices that go on at a split's ratio from what is stored."""
    if stored is None or main not in stored:
        return
    own = frame[main].dropna()
    before = stored[main].dropna().loc[: own.index[0] - pd.Timedelta(days=1)].tail(1)
    if not len(before) or (own.index[0] - before.index[0]).days > 10:
        return
    ratio = _split(float(own.iloc[0] / before.iloc[0]))
    if ratio is not None:
        raise DataError(
            f"{delivery.source}: {spec.name}: {main} is {own.iloc[0]:g} on {own.index[0].date()} and stored as "
            f"{before.iloc[0]:g} on "
            f"{before.index[0].date()}: a split between? import the whole history, adjusted for it"
        )


def _distributions(spec: Spec, frame: pd.DataFrame) -> list[Finding]:
    """Return a warning where what was distributed is in no price."""
    first, last = frame.index[0].date(), frame.index[-1].date()
    close, adjusted = (
        frame[name] if name in frame else pd.Series(np.nan, frame.index) for name in ("close", "adjusted")
    )
    paid = frame["dividend"] if "dividend" in frame else pd.Series(np.nan, frame.index)
    if adjusted.isna().all():
        if (paid > 0).any():
            return []
        message = (
            "no_distributions: closes only, a price return without what was distributed; if they are adjusted for it "
            "say "
            "--columns adjusted=NAME, else trade them with data.distributions: paid"
        )
        return [Finding("warning", spec.name, first, last, message)]
    if unadjusted(frame):
        message = (
            f"not_adjusted: adjusted equals close although {int((paid > 0).sum())} dividends are paid; a run on it "
            "needs "
            "data.distributions: paid, or import prices that are adjusted"
        )
        return [Finding("warning", spec.name, first, last, message)]
    same = (close - adjusted).abs() <= SAME * close.abs()
    if len(frame) > A_YEAR and close.notna().any() and same[close.notna()].all() and not paid.notna().any():
        message = "adjusted equals close on every day: nothing was distributed, or it is not adjusted for what was"
        return [Finding("warning", spec.name, first, last, message)]
    return []


def unadjusted(frame: pd.DataFrame) -> bool:
    """Whether adjusted prices equal the closes although dividends are paid after the first row."""
    if not {"close", "adjusted", "dividend"} <= set(frame.columns):
        return False
    both = frame[["close", "adjusted"]].dropna()
    paid = frame["dividend"].iloc[1:] > 0
    return bool(len(both) and paid.any() and np.allclose(both["close"], both["adjusted"], rtol=SAME, atol=0.0))
