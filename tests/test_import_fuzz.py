"""Whatever file comes, the importer ends in a series or in one line; it stores no value that is not in the file."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from tests.tables import imported, tables

ENDED: Counter[str] = Counter()


@settings(max_examples=200, deadline=5000, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(drawn=tables())
def test_a_file_ends_in_its_own_values_or_in_one_line(drawn):
    with tempfile.TemporaryDirectory() as folder:
        ENDED[imported(drawn, Path(folder))] += 1


def test_both_ends_were_reached():
    assert ENDED["read"] > 10
    assert ENDED["answered"] > 10
