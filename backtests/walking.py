"""A walk-forward for use from Python: the same numbers as the command's, as tables and a page."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from backtests.config import Config, section_of
from backtests.config import load as read_config
from backtests.report import display
from backtests.report import walkforward as words
from backtests.report.waiting import waiting
from backtests.runs import tried
from backtests.walkforwards import keep, record, walk
from backtests.walkforwards.folds import Plan
from data.disk import replace_text


def walkforward(
    what: Config | str | Path = "config.yaml",
    over: Mapping[str, Any] | None = None,
    base: str | None = None,
    sample: Mapping[str, int] | None = None,
    train: str | None = None,
    test: str | None = None,
    step: str | None = None,
    window: str | None = None,
    runs: str | Path | None = None,
) -> WalkForward:
    """Choose among the settings of a sweep on the past alone, and see what the choices earned after.

    Parameters
    ----------
    what
        A configuration; what it says under `sweep` and `walkforward` holds where nothing is said here.
    over, base, sample
        As `sweep` takes them.
    train, test, step, window
        As the keys of `walkforward`: `10Y`, `12M`, `12M`, `anchored` or `rolling`.
    runs
        A folder that holds runs, in whose registry of trials every idea counts.

    Raises
    ------
    ConfigError, DataError
        What `divergence walkforward` refuses.
    """
    settings = what if isinstance(what, Config) else read_config(Path(what))
    given = {"train": train, "test": test, "step": step, "window": window}
    stated = {**settings.walkforward.model_dump(), **{key: value for key, value in given.items() if value is not None}}
    whole = walk.ideas_of(settings, section_of(settings, over, base, sample, None))
    plan = Plan(**type(settings.walkforward).model_validate(stated).model_dump())
    with waiting("walk-forward") as progress:
        walked = walk.run(whole, plan, progress)
    if runs is not None:
        now = datetime.now(UTC)
        told = tried.tried(Path(runs), keep.trials(walked, now), now)
        for line in (*told.complaints, *tried.register(told)):
            warnings.warn(line, stacklevel=2)
    return WalkForward(walked)


@dataclass(frozen=True)
class WalkForward:
    """What was chosen when, and what it earned. Fractions are decimals, money is USD."""

    walked: walk.Walked

    @cached_property
    def record(self) -> dict[str, Any]:
        """Everything, as `divergence walkforward --json` prints it."""
        stated = record.record(self.walked)
        return {**stated, "sentence": words.sentence(stated)}

    @property
    def sentence(self) -> str:
        """What choosing on the past was worth, and what hindsight adds, in one sentence."""
        return str(self.record["sentence"])

    @property
    def folds(self) -> pd.DataFrame:
        """A row per choice: when, on what, which settings, and the Sharpe ratio before and after."""
        return record.folds_table(self.record["folds"])

    @property
    def equity(self) -> pd.DataFrame:
        """Dates by `walkforward`, `best`, `default` and, where there is one, `benchmark`."""
        return record.equity(self.walked)

    @property
    def paths(self) -> pd.DataFrame:
        """Excess returns of the nine cross-validated paths."""
        return record.crossed(self.walked)

    @property
    def metrics(self) -> pd.DataFrame:
        """A row per history of `equity`, a column per figure."""
        return pd.DataFrame.from_dict(self.record["results"], orient="index").drop(columns=["settings"])

    def report(self, path: str | Path) -> Path:
        """Write the page, one HTML file."""
        replace_text(Path(path), drawn(self.walked, self.record))
        return Path(path)

    def __repr__(self) -> str:
        """The sentence."""
        return self.sentence

    def _repr_html_(self) -> str:
        return display.block(self.sentence, self.folds[["decided", "in_sample", "out_of_sample"]].round(2))


def drawn(walked: walk.Walked, stated: Mapping[str, Any]) -> str:
    """Return the page of a walk-forward."""
    table = record.growth(walked)
    days = [f"{day:%Y-%m-%d}" for day in table.index]
    paths = {str(name): [None if value != value else float(value) for value in table[name]] for name in table}
    return words.page(stated, days, paths)
