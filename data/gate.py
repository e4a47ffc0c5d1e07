"""Gate: what a delivery must be before it is stored: of the unit, the direction and the basis that its series has."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from data import splits
from data.errors import DataError
from data.quality import check, levels, quarantine, units
from data.quality.finding import Finding
from data.series import Delivery, Spec

OFF = 12.0  # times the level known: nearer a hundredfold than a change of rates
HUNDRED = (30.0, 400.0)  # what is taken for a hundredfold
MUCH, EXACT = 5.0, (60.0, 160.0)  # percent that a rate seldom is; a factor that is a hundred and no rise of rates
TINY = {"curve": 0.3, "rate": 0.1}  # percent: where no level is known, less than this may be decimals
YIELDS = (-5.0, 25.0)  # percent a year: beyond is an error, not a market
STRANGE = 3.0  # percentage points, on average: another country's curve
CONTINUES = 15  # days within which a delivery's first row follows what is stored
STEP = {"curve": 1.5, "rate": 3.0}  # percentage points from one to the other that no market takes
SIGNS = (0.15, 0.85)  # share of negative values that changes have and levels have not


def admitted(
    delivery: Delivery, spec: Spec, stored: pd.DataFrame | None, today: date
) -> tuple[Delivery, list[Finding]]:
    """Return a delivery as it may be stored, prices before a split brought to the basis after it; and warnings.

    Raises
    ------
    DataError
        What would be stored as something that it is not; in one line, with the remedy.
    """
    findings: list[Finding] = []
    if spec.kind == "price":
        delivery, findings = splits.on_one_basis(delivery, spec, stored)
    frame, removed = quarantine(spec, delivery.frame)
    if frame.dropna(how="all").empty:
        raise DataError(f"{delivery.source}: {removed[0] if removed else f'{spec.name} has no value'}; nothing is left")
    where = f"{delivery.source}: {spec.name}"
    if spec.kind in TINY:
        _check_unit(where, spec, frame, stored, delivery.said.get("unit"))
        _check_whose(where, spec, frame, stored, delivery.sure)
    if spec.kind == "fx":
        _check_direction(where, spec, frame, stored)
    if stored is not None and spec.kind in STEP:
        _check_step(where, spec, frame, stored)
    errors = [f for f in check(spec, frame, today + timedelta(days=1)) if f.level == "error"]
    if errors:
        raise DataError(f"{delivery.source}: {errors[0]}")
    return delivery, findings


def _check_unit(where: str, spec: Spec, frame: pd.DataFrame, stored: pd.DataFrame | None, said: str | None) -> None:
    """Refuse yields and rates that are not in percent, by what they are known to have been, or else by their size."""
    values, known = levels.pairs(spec, frame, stored)
    factor = levels.scale(values, known)
    own = frame.to_numpy(dtype=float)
    own = own[~np.isnan(own)]
    largest, usual = float(np.abs(own).max()), float(np.median(np.abs(own)))
    about = f"{where} is {usual:.3g} by its median"
    if len(known):
        about += f", where {float(np.median(np.abs(known))):.3g} percent is known of the same months"
    if _are_changes(own, known, factor):
        raise DataError(
            f"{about}, and it is above and below 0 alike: changes, not levels; export the levels themselves"
        )
    if said in ("decimal", "bp") and factor is not None and not 1 / OFF < factor < OFF:
        raise DataError(f"{about}, after --unit {said}, as said now or of an earlier file; is it in percent already?")
    _check_range(where, frame, usual)
    if said:
        return
    if factor is not None and (factor < 1 / OFF or (factor > OFF and (usual > MUCH or EXACT[0] < factor < EXACT[1]))):
        if 1 / HUNDRED[1] < factor < 1 / HUNDRED[0]:
            raise DataError(f"{about}: decimals? say --unit decimal, or --unit percent if that is what it is")
        if factor > OFF:
            raise DataError(f"{about}: basis points? say --unit bp, or --unit percent if that is what it is")
        raise DataError(f"{about}; say its unit: --unit percent|decimal|bp")
    if factor is None and largest < TINY[spec.kind] and (not len(known) or largest < np.median(np.abs(known)) / OFF):
        raise DataError(
            f"{where}: no value is above {largest:g}, which may be percent or decimals (4.25 % is 4.25 here); say "
            "which: "
            "--unit percent|decimal"
        )


def _are_changes(own: levels.Array, known: levels.Array, factor: float | None) -> bool:
    """Whether values lie on both sides of 0 and are small, where levels lie on one side."""
    low, high = SIGNS
    return (
        factor is not None and factor < 1 / OFF and low < float((own < 0).mean()) < high and (known > 0).mean() > high
    )


def _check_range(where: str, frame: pd.DataFrame, usual: float) -> None:
    low, high = YIELDS
    values = frame.to_numpy(dtype=float)
    beyond = np.argwhere((values < low) | (values > high))
    if len(beyond):
        row, k = beyond[0]
        hint = "basis points? say --unit bp" if usual > high else "correct or remove the row"
        raise DataError(
            f"{where} {frame.columns[k]} on {frame.index[row].date()} is {values[row, k]:g}; expected between {low:g} "
            "and "
            f"{high:g} percent: {hint}"
        )


def _check_whose(where: str, spec: Spec, frame: pd.DataFrame, stored: pd.DataFrame | None, sure: bool) -> None:
    """Ask whose yields those are that are far off the country's."""
    values, known = levels.pairs(spec, frame, stored)
    if sure or not len(values):
        return
    off = float(np.abs(values - known).mean())
    if off > STRANGE:
        raise DataError(
            f"{where}: yields of {np.median(values):.3g} by their median, where those of {spec.name} were "
            f"{np.median(known):.3g} in the "
            f"same months; say whose they are: --as NAME, or --as {spec.name} if they are its"
        )


def _check_direction(where: str, spec: Spec, frame: pd.DataFrame, stored: pd.DataFrame | None) -> None:
    """Refuse an exchange rate that is quoted the other way."""
    usual = float(np.nanmedian(frame.to_numpy(dtype=float)))
    low, high = units.FX.get(spec.name, (units.LOWEST_FX.get(spec.name, 0.0), np.inf))
    values, known = levels.pairs(spec, frame, stored)
    turned = 1 / high < usual < 1 / low if spec.name in units.FX else usual < low
    if len(values):
        near, far = np.median(values * known), np.median(values / known)
        turned = turned or (abs(np.log(near)) < np.log(1.3) and abs(np.log(far)) > np.log(1.3))
    if turned:
        raise DataError(
            f"{where} is {usual:.6g} by its median, {spec.unit} upside down; expected {spec.unit}: export it the "
            "other way, or "
            "divide 1 by each value"
        )
    if not low <= usual <= high:
        raise DataError(
            f"{where} is {usual:g} by its median; expected {low:g} to {high:g} {spec.unit}; is it another currency?"
        )


def _check_step(where: str, spec: Spec, frame: pd.DataFrame, stored: pd.DataFrame) -> None:
    """Refuse a delivery that goes on, or ends, at another level than what is stored beside it."""
    columns = [column for column in frame if column in stored]
    for outer, inner in ((stored[stored.index < frame.index[0]].tail(1), frame.head(1)),
                         (stored[stored.index > frame.index[-1]].head(1), frame.tail(1))):  # fmt: skip
        if not len(outer) or not columns or abs((outer.index[0] - inner.index[0]).days) > CONTINUES:
            continue
        step = (inner[columns].to_numpy() - outer[columns].to_numpy())[0]
        step = step[~np.isnan(step)]
        if len(step) and float(np.median(np.abs(step))) > STEP[spec.kind]:
            raise DataError(
                f"{where} on {inner.index[0].date()} is {np.median(step):+.3g} points off what is stored of "
                f"{outer.index[0].date()}; more "
                "likely another series or unit (--unit), or dates in another order (--dates)"
            )
