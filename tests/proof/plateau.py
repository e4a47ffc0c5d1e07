"""How often the plateau test is right: on noise, on a planted plateau, on a planted spike. A few minutes.

A grid of 10 by 10 cells, whose neighbours' paths correlate as those of neighbouring settings do; monthly returns, 120
and 320 of them. Prints a line each; `tests/test_sweep_judge.py` holds a small version.

    python tests/proof/plateau.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.grids import grid_of_two, planted, verdicts

DRAWS = 400


def main() -> None:
    grid = grid_of_two(10)
    for months in (120, 320):
        for name, sharpe in (("noise", None), ("plateau", "plateau"), ("spike", "spike"), ("spike at an end", "end")):
            told = [verdicts(grid, planted(10, months, sharpe, seed), seed) for seed in range(DRAWS)]
            accepted = np.mean([judged.plateau.accepted for judged in told])
            print(f"{months} months, {name:16} accepted {accepted:.3f}")
        print(f"{months} months, plateau above an equally high spike {above(grid, months):.3f}")


def above(grid: object, months: int) -> float:
    """How often a planted plateau scores higher than a spike as high."""
    hits = 0
    for seed in range(DRAWS):
        judged = verdicts(grid, planted(10, months, "both", seed), seed)
        place = grid.places([judged.plateau.row])[0]
        hits += bool((place[0] <= 4) and (place[1] <= 4))
    return hits / DRAWS


if __name__ == "__main__":
    main()
