"""How often the plateau test is right: on noise, on a planted plateau, beside a spike as high. Some minutes.

A grid of 8 by 8 cells whose noise correlates by 0, .5 and .9; 120 and 320 months; a block of nine cells, or one cell,
with a Sharpe ratio of .9. Prints a line each; tests/test_sweep_judge.py holds a small version.

    python tests/proof/plateau.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from backtests.sweeps.judge import Plateau
from tests.grids import grid_of_two, planted, plateau_of

SIZE, DRAWS = 8, 100
GRID = grid_of_two(SIZE)


def told(months: int, what: str, alike: float) -> list[Plateau]:
    return [plateau_of(GRID, planted(SIZE, months, what, seed, alike=alike), seed) for seed in range(DRAWS)]


def main() -> None:
    for alike in (0.0, 0.5, 0.9):
        for months in (120, 320):
            noise, block = told(months, "", alike), told(months, "plateau", alike)
            shares = [np.mean([each.accepted for each in group]) for group in (noise, block)]
            found = np.mean([each.p <= 0.05 for each in block])
            above = [
                np.mean([GRID.places([each.row])[0].max() <= 3 for each in told(months, what, alike)])
                for what in ("plateau spike", "plateau end")
            ]
            print(
                f"correlation {alike:.1f}, {months} months: noise accepted {shares[0]:.3f}, plateau {shares[1]:.3f} "
                f"(p <= .05 in {found:.3f}), above a spike {above[0]:.3f}, above one at the end {above[1]:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
