"""How often the plateau test is right: on noise, on a planted plateau, beside a spike as high. Half an hour.

A grid of 8 by 8 cells whose noise correlates by 0, .5 and .9, and from month to month by 0, .2 or .4; 120 and 320
months; a block of nine cells, or one cell, with a Sharpe ratio of .9. Prints a line each; fails where noise is accepted
so often that a true rate of 5.5 % would come to it once in a hundred times. tests/test_sweep_judge.py holds a small
version.

    python tests/proof/plateau.py [NOISE] [PLANTED]    # records of each kind, of the second a tenth as many
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.stats import binom

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from backtests.sweeps import judge
from backtests.sweeps.judge import Plateau
from tests.grids import grid_of_two, planted, plateau_of

SIZE, NOISE, DRAWS = 8, 1000, 399
FIRST = 1_000_000  # other records than those of tests/test_sweep_judge.py
DRAWN = 10_000_000  # between the seed of a record and that of its draws
MOST, RARELY = 0.055, 0.01
GRID = grid_of_two(SIZE)


def told(count: int, months: int, what: str, alike: float, persistent: float = 0.0) -> list[Plateau]:
    records = range(FIRST, FIRST + count)
    return [
        plateau_of(GRID, planted(SIZE, months, what, seed, alike=alike, persistent=persistent), DRAWN + seed)
        for seed in records
    ]


def on_noise(count: int, alike: float, months: int, persistent: float) -> bool:
    """Say how often noise is accepted, and whether that is seldom enough."""
    noise = told(count, months, "", alike, persistent)
    share = float(np.mean([each.accepted for each in noise]))
    reached = float(np.mean([each.p <= 0.05 for each in noise]))
    error = np.sqrt(0.05 * 0.95 / count)
    enough = binom.sf(round(share * count) - 1, count, MOST) >= RARELY
    print(
        f"{'' if enough else 'NOT AS ASKED: '}noise, correlation {alike:.1f}, {persistent:.1f} from month to month, "
        f"{months} months: accepted {share:.4f}, error {error:.4f} (p <= .05 in {reached:.4f}; {count:,} records)",
        flush=True,
    )
    return bool(enough)


def on_skill(count: int, alike: float, months: int) -> None:
    """Say how often a block is accepted, and how often it is above a spike as high."""
    block = told(count, months, "plateau", alike)
    accepted, found = (np.mean([ok(each) for each in block]) for ok in (_accepted, lambda each: each.p <= 0.05))
    above = [
        np.mean([GRID.places([each.row])[0].max() <= 3 for each in told(count, months, what, alike)])
        for what in ("plateau spike", "plateau end")
    ]
    print(
        f"plateau, correlation {alike:.1f}, {months} months: accepted {accepted:.3f} (p <= .05 in {found:.3f}), above "
        f"a spike {above[0]:.3f}, above one at the end {above[1]:.3f} ({count:,} records)",
        flush=True,
    )


def _accepted(each: Plateau) -> bool:
    return each.accepted


def main(noise: int = NOISE, planted: int | None = None) -> int:
    judge.DRAWS = DRAWS
    sound, planted = True, planted or -(-noise // 10)
    for alike in (0.0, 0.5, 0.9):
        for months in (120, 320):
            sound &= on_noise(noise, alike, months, 0.0)
            on_skill(planted, alike, months)
    for persistent in (0.2, 0.4):
        for months in (120, 320):
            sound &= on_noise(noise, 0.5, months, persistent)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:3])))
