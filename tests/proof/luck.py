"""How often noise passes the tests of selection, and how often skill does: every cell of docs/luck.md.

python tests/proof/luck.py [MINUTES] [WORKERS]

Rounds of records are made until the time is over, or every cell has what it asks for; after each the counts so far are
written to tests/proof/luck.txt and into docs/luck.md. It goes on from the records that the
file has: delete it to begin anew.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numba  # noqa: F401  # loaded, the draws run compiled
import numpy as np

from tests import fields

RESULT = Path(__file__).with_suffix(".txt")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "luck.md"
PART = re.compile(r"(<!-- begin: luck -->\n).*?(<!-- end -->)", re.DOTALL)
MINUTES = 60.0
DRAWS = 499  # of each record
ROUND = 100  # records of a cell; a quarter where they are large
LARGE = 100  # columns
BARS = (120, 320)
COLUMNS = (1, 3, 20, 45, 200)
AUTOCORRELATIONS = (0.0, 0.2, 0.4)


class Cell(NamedTuple):
    """A share that is measured: what of, within which bounds it is asked to be, on how many records."""

    what: str
    hit: Callable[[int], bool]  # of a record's seed
    low: float
    high: float
    asked: int
    round: int = ROUND


def noise(bars: int, columns: int, autocorrelation: float, late: bool, seed: int) -> bool:
    """Whether the best of noise is called significant."""
    table = fields.field(seed, bars, columns, autocorrelation, late)
    return fields.judge(table, seed, DRAWS).best <= 0.05


def skill(sharpe: float, autocorrelation: float, seed: int) -> bool:
    """Whether a planted Sharpe ratio is found among 45 columns over 320 bars."""
    table = fields.planted(fields.field(seed, 320, 45, autocorrelation), sharpe)
    return fields.judge(table, seed, DRAWS).first <= 0.05


def crowd(columns: int, correlation: float, seed: int) -> bool:
    """Whether 150 copies of a column move the hurdle by at most 6 %, and the p-value by at most .05."""
    table = fields.field(seed, 320, columns)
    more = np.hstack([table, fields.copies(table[:, -1], correlation, 150, seed)])
    alone, crowded = (fields.judge(each, seed, 999) for each in (table, more))
    return abs(crowded.hurdle / alone.hurdle - 1) <= 0.06 and abs(crowded.best - alone.best) <= 0.05


def band(sharpe: float, below: bool, seed: int) -> bool:
    """Whether the probability of overfitting of 20 columns over 320 bars is inside the band of noise, or below it."""
    inside, lower = fields.overfit(fields.planted(fields.field(seed, 320, 20), sharpe), seed)
    return lower if below else inside


def cells() -> Iterator[Cell]:
    """Every cell, in the order of the table."""
    for bars in BARS:
        for columns in COLUMNS:
            for autocorrelation in AUTOCORRELATIONS:
                a_round = ROUND // 4 if columns > LARGE else ROUND
                for late in (False, True) if columns > 1 else (False,):
                    what = f"best of {columns:3d} of noise, {bars} bars, autocorrelation {autocorrelation:.1f}"
                    what += ", half of them late" if late else ""
                    yield Cell(what, partial(noise, bars, columns, autocorrelation, late), 0.03, 0.07, 1500, a_round)
    for columns in (3, 20, 45):
        for correlation in (0.95, 0.99, 0.9999):
            what = f"hurdle and p stay where 150 copies (correlation {correlation}) join {columns:2d} columns"
            yield Cell(what, partial(crowd, columns, correlation), 0.95, 1.0, 500, ROUND // 4)
    for sharpe, autocorrelation, low, high in ((0.9, 0.0, 0.85, 1), (0.9, 0.2, 0.65, 1), (0.3, 0.0, 0, 0.3)):
        what = f"Sharpe ratio of {sharpe} found among 45, 320 bars, autocorrelation {autocorrelation}"
        yield Cell(what, partial(skill, sharpe, autocorrelation), low, high, 500)
    yield Cell(
        "overfitting of noise inside its band, 20 columns, 320 bars",
        partial(band, 0.0, False),
        0.86,
        0.94,
        200,
        ROUND // 4,
    )
    yield Cell(
        "Sharpe ratio of 0.9 among 20, 320 bars: overfitting below it",
        partial(band, 0.9, True),
        0.8,
        1.0,
        200,
        ROUND // 4,
    )


def count(index: int, first: int) -> int:
    """How many of a round's records hit, from a first seed on."""
    cell = list(cells())[index]
    return sum(cell.hit(1_000_000 * index + seed) for seed in range(first, first + cell.round))


def table(hits: list[int], records: list[int]) -> str:
    """Every cell measured: its share, two binomial errors, what was asked, and records."""
    lines = [f"{'':78s} share   ± 2 se  asked        records"]
    for cell, hit, n in zip(cells(), hits, records, strict=True):
        if n:
            share = hit / n
            error = 2 * (max(share * (1 - share), 0.5 / n) / n) ** 0.5
            inside = "" if cell.low - error <= share <= cell.high + error else "  outside"
            short = "" if n >= cell.asked else f" of {cell.asked:,} asked"
            asked = f"{cell.low:.2f} - {cell.high:.2f}"
            lines.append(f"{cell.what:78s} {share:.4f}  {error:.3f}   {asked}  {n:5,d}{short}{inside}")
    return "\n".join(lines) + "\n"


def known(every: list[Cell]) -> tuple[list[int], list[int]]:
    """Return the hits and the records of each cell that were measured before."""
    lines = RESULT.read_text(encoding="utf-8").splitlines()[1:] if RESULT.exists() else []
    told = {line[:78].strip(): line[78:].split() for line in lines}
    records = [int(told[cell.what][5].replace(",", "")) if cell.what in told else 0 for cell in every]
    shares = [float(told[cell.what][0]) if cell.what in told else 0.0 for cell in every]
    return [round(share * n) for share, n in zip(shares, records, strict=True)], records


def write(text: str) -> None:
    """Keep the table beside this script, and in the page."""
    RESULT.write_text(text, encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    part = f"```text\n{text}```\n"
    PAGE.write_text(PART.sub(lambda match: f"{match[1]}{part}{match[2]}", page), encoding="utf-8")


def main(minutes: float = MINUTES, workers: int = 1) -> int:
    """Measure; return 1 where a cell is outside by more than two binomial errors."""
    every = list(cells())
    hits, records = known(every)
    until = time.monotonic() + 60 * minutes
    with ProcessPoolExecutor(workers) as pool:
        while time.monotonic() < until:
            due = [i for i, cell in enumerate(every) if records[i] < cell.asked]
            if not due:
                break
            fewest = min(records[i] for i in due)
            due = [i for i in due if records[i] == fewest]
            for i, hit in zip(due, pool.map(count, due, [records[i] for i in due]), strict=True):
                hits[i] += hit
                records[i] += every[i].round
                write(table(hits, records))
    sys.stdout.write(table(hits, records))
    spread = [2 * (0.25 / max(n, 1)) ** 0.5 for n in records]
    shares = [hit / max(n, 1) for hit, n in zip(hits, records, strict=True)]
    return int(any(not c.low - e <= s <= c.high + e for c, s, e in zip(every, shares, spread, strict=True)))


if __name__ == "__main__":
    sys.exit(main(*(convert(given) for convert, given in zip((float, int), sys.argv[1:], strict=False))))
