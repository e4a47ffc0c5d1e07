"""Choosing on the past, on records of which the truth is known: turns, overlaps, spikes, noise.

python tests/proof/walkforward.py [DRAWS]    # writes tests/proof/walkforward.txt; a few minutes at 2,000 draws
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests import forward

DRAWS = 2000
FIRST = 1_000_000  # other records than those of tests/test_walkforward.py


def lines(draws: int) -> Iterator[tuple[str, bool]]:
    """What was asked and what came out, and whether that is enough."""
    seeds = range(FIRST, FIRST + draws)
    turned = np.array([forward.turning(seed, True) for seed in seeds])
    share = float(np.mean(turned < 0.3))
    yield (
        f"a Sharpe ratio of .9 that turns to -.9 at mid-sample, 3 x 3 of 5 x 5 cells, 320 bars: out of sample below .3 "
        f"of in sample in {share:.1%} of {draws:,} records, asked 95 %",
        share >= 0.95,
    )
    lasted = np.array([forward.turning(seed, False) for seed in seeds])
    share = float(np.mean(lasted >= 0.3))
    yield f"one that lasts: at least .3 in {share:.1%} of {draws:,}, asked 95 %", share >= 0.95
    leaking = np.array([forward.nearest(seed, 1, 0) for seed in seeds])
    purged = np.array([forward.nearest(seed, 12, 1) for seed in seeds])
    error = float(purged.std(ddof=1) / np.sqrt(draws))
    yield (
        f"the nearest outcome of 12 bars held through the test, on noise of 320 bars: mean Sharpe ratio "
        f"{leaking.mean():.2f} unpurged, asked above .5; {purged.mean():+.3f} purged and embargoed, two errors are "
        f"{2 * error:.3f} ({draws:,} records)",
        leaking.mean() > 0.5 and abs(purged.mean()) <= 2 * error,
    )
    for at_the_end, where in ((False, "inside"), (True, "in a corner of")):
        share = float(np.mean([forward.plateau_beats_spike(seed, at_the_end) for seed in seeds]))
        yield (
            f"a plateau of .9 over 120 bars beats a spike as high {where} a grid of 9 x 9 in {share:.1%} of {draws:,}, "
            "asked 90 %",
            share >= 0.9,
        )
    outside, inside, best = np.array([forward.on_noise(seed) for seed in seeds]).T
    error = float(outside.std(ddof=1) / np.sqrt(draws))
    yield (
        f"noise, 25 cells, 320 bars: mean Sharpe ratio {outside.mean():+.3f} out of sample, two errors are "
        f"{2 * error:.3f}; {inside.mean():.2f} in sample, {best.mean():.2f} the best with hindsight ({draws:,})",
        abs(outside.mean()) <= 2 * error,
    )


def main(draws: int = DRAWS) -> int:
    """Print and keep what came out; return 1 where something is not as asked."""
    told, sound = [], True
    for line, enough in lines(draws):
        told.append(line if enough else f"NOT AS ASKED: {line}")
        sound &= enough
        print(told[-1], flush=True)
    Path(__file__).with_suffix(".txt").write_text("\n".join(told) + "\n", encoding="utf-8")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:2])))
