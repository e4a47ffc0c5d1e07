"""A finished run as tables and plain values: what its folder keeps, and what every page and comparison reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.config import countries_in, resolved
from backtests.engine.result import lots_held
from backtests.performance import attribution, components, round_trips
from backtests.runs import exposure, significance, stress
from backtests.runs.manifest import manifest
from backtests.runs.runner import Run, VariantRun
from backtests.runs.significance import Choice, Judged, Significance
from backtests.runs.stress import Shock
from backtests.runs.trials import NO_TRIALS, Trials
from data.countries import Countries, Country


@dataclass(frozen=True)
class StoredRun:
    """A run, whether just finished or read from its folder."""

    config: dict[str, Any]  # resolved, as YAML has it
    manifest: dict[str, Any]
    metrics: dict[str, dict[str, Any]]  # variant -> figures, and `against`, by benchmark
    significance: dict[str, Significance]  # by variant; {} where a version had none
    choice: Choice | None  # what choosing the best variant is worth; None likewise
    sensitivity: dict[str, Any] | None  # every variant under every disputable convention; None likewise
    equity: pd.DataFrame  # dates x variants, USD; NaN where a variant does not trade
    positions: pd.DataFrame  # date, variant, instrument, units, weight, and as traded; empty where a version had none
    trades: pd.DataFrame  # date, variant, instrument, units, price, fx, notional_usd, cost_usd, and as traded
    attribution: pd.DataFrame  # date, variant, instrument, line, usd
    components: pd.DataFrame  # date, variant, component, instrument, usd: of blends
    stress: pd.DataFrame  # variant, shock, instrument, usd
    exposure: pd.DataFrame  # date, variant, and what was held, a column a series
    round_trips: pd.DataFrame  # variant, and what `round_trips.RoundTrip` says of each
    folder: Path | None = None  # where it is kept

    @property
    def countries(self) -> Countries:
        """The table of countries of its configuration."""
        return countries_in(self.config)

    @property
    def shocked(self) -> tuple[Country, ...]:
        """Its countries: those whose curves it had."""
        return stress.shocked(set(self.stress["shock"]), self.countries)

    @property
    def shocks(self) -> tuple[Shock, ...]:
        """The shocks that it stored."""
        stored = set(self.stress["shock"])
        return tuple(shock for shock in stress.shocks_of(self.shocked) if shock.name in stored)


def snapshot(
    run: Run,
    sensitivity: dict[str, Any] | None = None,
    trials: Trials = NO_TRIALS,
    now: datetime | None = None,
) -> StoredRun:
    """Return a run as its folder will give it back.

    `sensitivity` is what `sensitivities.record` gives; `trials` is what is registered beside it; `now` is the time it
    was made.
    """
    return judged(replace(tables(run, now), sensitivity=sensitivity), significance.judge(run, trials))


def judged(run: StoredRun, judgement: Judged) -> StoredRun:
    """Return a stored run with what is significant of it."""
    return replace(run, significance=judgement.variants, choice=judgement.choice)


def tables(run: Run, now: datetime | None = None) -> StoredRun:
    """Return a run without what takes longest: its sensitivity and its significance."""
    return StoredRun(
        config=resolved(run.config),
        manifest=manifest(run, now or datetime.now(UTC)),
        metrics={
            variant_run.variant.name: {**variant_run.figures, "against": variant_run.against}
            for variant_run in run.variants
        },
        significance={},
        choice=None,
        sensitivity=None,
        equity=_equity(run),
        positions=_table(run, _positions),
        trades=_table(run, _trades),
        attribution=_table(run, _attribution),
        components=_table(run, _components),
        stress=_table(run, stress.tidy),
        exposure=_table(run, exposure.table),
        round_trips=round_trips.table({variant_run.variant.name: variant_run.trips for variant_run in run.variants}),
    )


def _equity(run: Run) -> pd.DataFrame:
    paths = {
        variant_run.variant.name: pd.Series(variant_run.result.equity, index=variant_run.result.dates)
        for variant_run in run.variants
    }
    frame = pd.DataFrame(paths).rename_axis("date")
    return frame.set_axis(pd.DatetimeIndex(frame.index).as_unit("ms"))


def _table(run: Run, of: Callable[[VariantRun], pd.DataFrame]) -> pd.DataFrame:
    """One table of all variants; dates and texts in the types in which Parquet gives them back."""
    frame = pd.concat([of(variant_run) for variant_run in run.variants], ignore_index=True)
    dates = {"date": "datetime64[ms]"} if "date" in frame else {}
    texts = {name: "str" for name in ("variant", "component", "instrument", "line", "shock") if name in frame}
    return frame.astype({**dates, **texts})


def _attribution(run: VariantRun) -> pd.DataFrame:
    return attribution.tidy(run.variant.name, run.result, run.market, run.span.rows)


def _components(run: VariantRun) -> pd.DataFrame:
    return components.tidy(run.variant.name, run.result.dates, run.market.names, run.components)


def _long(run: VariantRun, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row per date and instrument."""
    rows, legs = run.result.units.shape
    frame = pd.DataFrame({"date": np.repeat(run.result.dates, legs), "variant": run.variant.name})
    frame["instrument"] = np.tile(np.array(run.market.names, dtype=object), rows)
    for name, values in columns.items():
        frame[name] = values.reshape(-1)
    return frame


def _positions(run: VariantRun) -> pd.DataFrame:
    result = run.result
    traded = _as_traded(run, result.units, _contracts(run))
    return _long(run, {"units": result.units, "weight": result.weights, **traded})


def _trades(run: VariantRun) -> pd.DataFrame:
    result = run.result
    change, bought = np.diff(result.units, axis=0, prepend=0.0), np.diff(_contracts(run), axis=0, prepend=0.0)
    market = {name: getattr(run.market, name)[run.span.rows] for name in ("price", "fx")}
    money = {"notional_usd": result.notional, "cost_usd": -result.cost}
    frame = _long(run, {"units": change, **market, **money, **_as_traded(run, change, bought)})
    return frame[result.traded.reshape(-1) > 0].reset_index(drop=True)


def _as_traded(run: VariantRun, units: np.ndarray, contracts: np.ndarray) -> dict[str, np.ndarray]:
    """What index units (T, n) were in the market on the day: `quantity` and `quoted_price`, NaN where not known.

    Shares at the day's own close of a listed name whose price is stored; of a future its contracts; of a bond its face,
    of cash its amount, both in local currency and quoted at no price: a par bond is worth its face.
    """
    market, rows = run.market, run.span.rows
    listed, future = (np.array([leg.kind == kind for leg in market.instruments]) for kind in ("listed", "future"))
    scale = np.array([leg.multiplier for leg in market.instruments])
    local, quoted = units * market.price[rows], market.quoted[rows]
    shares = np.divide(local, quoted * scale, out=np.full(local.shape, np.nan), where=np.isfinite(quoted))
    return {"quantity": np.where(listed, shares, np.where(future, contracts, local)), "quoted_price": quoted}


def _contracts(run: VariantRun) -> np.ndarray:
    """Contracts (T, n) of futures held after each row, + long; NaN where they were traded in any amount."""
    each = np.array([leg.lot for leg in run.market.instruments])
    held = lots_held(run.result, run.market.lot[run.span.rows])
    return np.where(run.result.units == 0.0, 0.0, held * each)
