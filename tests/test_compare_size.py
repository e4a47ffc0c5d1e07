"""A comparison of many variants: its JSON and its page grow with their number, and say which pairs they keep."""

from __future__ import annotations

import json

import numpy as np
import pytest

from backtests import comparison
from backtests.comparison.record import NEAREST, PAIRS
from backtests.report import compare as words
from tests.browsing import Page
from tests.test_compare import candidate, track

BARS = 60


def compared(count: int) -> comparison.Comparison:
    """So many variants that share one factor, each to another degree, and a benchmark."""
    rng = np.random.default_rng(5)
    shared, own = rng.normal(0.002, 0.02, BARS), rng.normal(0.002, 0.02, (count, BARS))
    paths = [100.0 * np.cumprod(1.0 + share * shared + (1 - share) * own[k])
             for k, share in enumerate(np.linspace(-1.0, 1.0, count))]  # fmt: skip
    made = [candidate(f"v{k:03d}", track(path)) for k, path in enumerate(paths[:-1])]
    bench = candidate("bench", track(paths[-1]), benchmark=True)
    return comparison.compare([comparison.Source("x", "x.yaml", {"data": {}}, {}, (*made, bench))])


@pytest.fixture(scope="module")
def by_count() -> dict[int, comparison.Comparison]:
    return {count: compared(count) for count in (15, PAIRS, PAIRS + 1, 60, 90)}


def size(made: comparison.Comparison) -> int:
    return len(json.dumps(comparison.record(made), indent=2, default=float))


def test_the_json_grows_with_the_number_of_variants(by_count):
    sizes = {count: size(made) for count, made in by_count.items()}
    per = {count: whole / count for count, whole in sizes.items()}
    assert per[60] < 1.25 * per[15] and per[90] < per[60]
    more = (sizes[90] - sizes[60]) / 30, (sizes[60] - sizes[PAIRS + 1]) / (59 - PAIRS)
    assert more[0] == pytest.approx(more[1], rel=0.03)


def test_of_a_few_every_pair_is_kept(by_count):
    for count in (15, PAIRS):
        record = comparison.record(by_count[count])
        for key, values in (
            ("correlation", by_count[count].correlation),
            ("drawdown_overlap", by_count[count].overlap),
        ):
            assert record[key] == {"names": list(record["variants"]), "values": [list(line) for line in values]}
        assert not any("most_alike" in variant for variant in record["variants"].values())


def test_of_many_the_pairs_of_the_first_and_the_nearest_of_each_are(by_count):
    made = by_count[60]
    record, whole = comparison.record(made), np.array(made.correlation, dtype=float)
    names = list(record["variants"])
    assert record["correlation"]["names"] == record["drawdown_overlap"]["names"] == names[:PAIRS]
    np.testing.assert_array_equal(np.array(record["correlation"]["values"], dtype=float), whole[:PAIRS, :PAIRS])
    for i, name in enumerate(names):
        others = {other: whole[i, j] for j, other in enumerate(names) if other not in (name, "bench")}
        ranked = sorted(others, key=others.get, reverse=True)
        most, least = record["variants"][name]["most_alike"], record["variants"][name]["least_alike"]
        assert [one["name"] for one in (*most, *least)] == [*ranked[:NEAREST], ranked[-1]]
        assert most[0]["correlation"] == others[ranked[0]]
        assert most[0]["drawdown_overlap"] == made.overlap[i][names.index(ranked[0])]
    pairs = record["pairs"]["most_alike"]
    own = whole[:-1, :-1][np.triu_indices(len(names) - 1, 1)]
    assert pairs["correlation"] == own.max()  # of all, not of the first


@pytest.mark.browser
def test_the_page_of_many_says_who_is_nearest_and_that_of_a_few_has_every_pair(by_count, browser, tmp_path):
    for count, pairs in ((PAIRS, PAIRS), (60, PAIRS)):
        path = tmp_path / f"{count}.html"
        record = comparison.record(by_count[count])
        path.write_text(words.page(record, comparison.series(by_count[count])), encoding="utf-8")
        page = Page(browser, path, 1440)
        assert page.view.locator("#correlation tbody tr").count() == pairs
        assert page.view.locator("#overlap tbody td").count() == pairs**2
        told = page.view.locator("#nearest tbody tr")
        assert told.count() == (0 if count == pairs else PAIRS)  # the others are shown on demand
        if count > pairs:
            name, variant = next(iter(record["variants"].items()))
            nearest = variant["most_alike"][0]
            cells = told.first.locator("th, td").all_inner_texts()
            assert cells[0] == name and cells[1].startswith(f"{nearest['name']} ({nearest['correlation']:.2f}")
        assert page.complaints == []


def test_a_variant_that_is_like_no_other_has_no_nearest(by_count):
    record = comparison.record(by_count[PAIRS + 1])
    name = next(iter(record["variants"]))
    record["variants"][name] |= {"most_alike": [], "least_alike": []}
    assert words.alike.nearest(record)[0].cells == ["–"] * 4
