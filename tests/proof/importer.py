"""The importer on a hundred thousand tables: no traceback, nothing that takes long, no stored value that is not there.

    PYTHONPATH=. python tests/proof/importer.py [HOW MANY]

Prints how many were read and how many answered.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from tests.tables import imported, tables

MANY = 100_000


def main(many: int) -> None:
    """Import `many` tables."""
    ended: Counter[str] = Counter()

    @settings(
        max_examples=many, deadline=10_000, database=None, phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(drawn=tables())
    def run(drawn) -> None:
        with tempfile.TemporaryDirectory() as folder:
            ended[imported(drawn, Path(folder))] += 1

    run()
    print(f"{sum(ended.values())} tables: {ended['read']} read, {ended['answered']} answered in one line")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MANY)
