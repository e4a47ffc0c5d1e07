"""What is said of a sensitivity: on the terminal, in the record, in the table, on the page, in the picture."""

from __future__ import annotations

import json
import sys
from functools import partial
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from backtests import cli
from backtests.report import sensitivity as words
from backtests.report import tornado
from backtests.sensitivities import GROUPS, SCENARIOS, measure, record, tidy
from backtests.sensitivities.scenarios import ABROAD
from tests.sensitive import HEAD, PAIR, VARIANTS, loaded, one_variant


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    return partial(loaded, tmp_path_factory)


@pytest.fixture(scope="module")
def measured(load):
    return {one.name: one for one in measure(load(VARIANTS)).variants}


# ---- what is said of it


def test_measuring_twice_gives_the_same(load):
    text = one_variant(PAIR)
    assert record(measure(load(text))) == record(measure(load(text)))


def test_measuring_one_variant_gives_what_measuring_all_does(load, measured):
    (one,) = measure(load(VARIANTS), ["funds"]).variants
    assert one == measured["funds"]


def test_the_record_is_plain_json(load):
    done = measure(load(VARIANTS), ["pair", "yen"])
    again = json.loads(json.dumps(record(done), allow_nan=False))
    assert again == record(done)
    pair = again["variants"]["pair"]
    assert list(pair["cases"]) == [row.scenario.key for row in done.variants[0].rows]
    for group in pair["groups"]:
        assert group["low"] <= pair["base"]["sharpe"] <= group["high"]
        assert group["low"] < group["high"]


def test_the_tidy_table_holds_every_row(load):
    done = measure(load(VARIANTS), ["pair", "bond"])
    frame = tidy(done)
    for one in done.variants:
        mine = frame[frame.variant == one.name]
        assert list(mine["case"]) == ["base", *(row.scenario.key for row in one.rows), "worst", "best"]
    assert not frame.sharpe.isna().any()


def test_a_bar_to_the_left_lowers(load):
    plain = record(measure(load(VARIANTS), ["pair"]))
    for line in words.details(plain, "pair"):
        if line[-1].strip("│ "):
            left, right = line[-1].split("│")
            assert bool(left.strip()) == line[3].startswith("−")
            assert bool(right.strip()) == line[3].startswith("+")


def test_pictures_hold_six_variants_each(load, tmp_path):
    tornado.save(record(measure(load(VARIANTS))), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tornado-2.png", "tornado.png"]
    with Image.open(tmp_path / "tornado.png") as picture:
        assert picture.size == (3200, 1800)


def test_the_picture_draws_a_bar_from_the_lowest_to_the_highest(load):
    plain = record(measure(load(VARIANTS), ["pair"]))
    (axis,) = tornado.draw(plain, ["pair"]).axes
    one = plain["variants"]["pair"]
    widths = [bar.get_width() for bar in axis.patches]
    assert widths[0] == pytest.approx(one["worst"]["sharpe"] - one["base"]["sharpe"])
    assert widths[3] == pytest.approx(one["groups"][0]["high"] - one["base"]["sharpe"])
    assert [label.get_text() for label in axis.get_yticklabels()][:1] == ["all together"]


# ---- the command


@pytest.fixture
def divergence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(f"{HEAD}{one_variant(PAIR)}  steep: {{strategy: curve}}\n")

    def run(*given: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["divergence", "sensitivity", "c.yaml", *given])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out, printed.err

    return run


def test_the_command_prints_a_line_and_a_sentence_per_variant_and_writes_nothing(divergence, tmp_path):
    status, out, err = divergence()
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[:3]] == ["variant", "pair", "steep"]
    assert [line.split(":")[0] for line in out.splitlines()[-2:]] == ["pair", "steep"]
    assert "[1/2] pair" in err
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


def test_one_variant_is_shown_whole(divergence, measured):
    status, out, err = divergence("--variant", "pair", "--quiet")
    assert (status, err) == (0, "")
    assert "steep" not in out
    for found in measured["pair"].rows:
        label = found.scenario.label.replace(ABROAD, "JGBs")
        assert f"  {GROUPS[found.scenario.group].label} {label}" in out
    assert "left out: basis 0 bp, basis −50 bp, basis −100 bp: it is not funded by a currency swap" in out


def test_settings_reach_it(divergence):
    as_is, settled = (divergence("-q", *given)[1] for given in ((), ("--set", "data.interpolation=pchip")))
    assert "interpolation pchip" not in settled
    assert as_is != settled


def test_a_folder_holds_figures_and_pictures(divergence, tmp_path):
    assert divergence("--out", "found", "-q")[0] == 0
    folder = tmp_path / "found"
    assert sorted(path.name for path in folder.iterdir()) == ["sensitivity.json", "sensitivity.parquet", "tornado.png"]
    stored = json.loads((folder / "sensitivity.json").read_text(encoding="utf-8"))
    frame = pd.read_parquet(folder / "sensitivity.parquet").set_index(["variant", "case"])
    for name, key in product(stored["variants"], ("next_bar", "costs_2")):
        assert frame.loc[(name, key), "sharpe"] == stored["variants"][name]["cases"][key]["sharpe"]
    assert all(one["sentence"].endswith(".") for one in stored["variants"].values())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--variant", "stepe", "--out", "new"], "error: 'stepe' is not a variant of s; did you mean 'steep'?"),
        (["--out", "full"], "error: --out full: already exists; choose a folder that does not, or remove it"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_two(divergence, tmp_path, given, message):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("keep")
    status, out, err = divergence("-q", *given)
    assert (status, out, err) == (2, "", f"{message}\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.yaml", "full"]


# ---- the page


def test_the_page_names_every_group_and_every_scenario():
    text = (Path(__file__).resolve().parent.parent / "docs/sensitivity.md").read_text(encoding="utf-8")
    for group in GROUPS.values():
        scenarios = [scenario for scenario in SCENARIOS if GROUPS[scenario.group] is group]
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {group.label} |")]
        assert all(scenario.label in line for scenario in scenarios), line


def test_every_group_and_every_part_of_history_has_its_words():
    assert set(words.NOUNS) == {key for key, group in GROUPS.items() if group.about != "window"}
    assert set(words.WINDOWS) == {scenario.key for scenario in SCENARIOS if scenario.group == "window"}
