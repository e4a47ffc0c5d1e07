"""Registering and judging: on what was known, once, and as it was for ever; a stranger's thesis from a folder."""

from __future__ import annotations

import json
import shutil
from contextlib import chdir
from datetime import date

import pytest

from backtests import config
from backtests.thesis import chain, journal
from data.errors import ConfigError
from tests.test_claims_stranger import MINE, folder  # noqa: F401  # a fixture

TRADES = """
  apart_trade: {strategy: divergence, params: {long: DBR10, short: UKT10, duration: 5},
    trade: {entry: 2023-12-29, exit: 2024-06-28}}
  gilt_trade: {strategy: divergence, params: {long: UKT10, short: DBR10, duration: 5},
    trade: {entry: 2023-06-30, stop_bp: 8, target_bp: 500}}
claims:"""
DAY = date(2023, 12, 29)


def until(place, day):
    """Drop from a folder of files what is dated after a day."""
    for file in (place / "csv").glob("*.csv"):
        head, *rows = file.read_text().splitlines()
        iso = [row.split(",")[0] for row in rows]
        iso = [f"{d[6:]}-{d[:2]}-{d[3:5]}" if "/" in d else d for d in iso]
        kept = [row for row, own in zip(rows, iso, strict=True) if own <= str(day)]
        file.write_text("\n".join([head, *kept]) + "\n")


@pytest.fixture
def place(folder, tmp_path):  # noqa: F811
    """The stranger's files, to change, with two dated trades among the variants."""
    shutil.copytree(folder / "csv", tmp_path / "csv")
    (tmp_path / "mine.yaml").write_text(MINE.replace("\nclaims:", TRADES, 1))
    with chdir(tmp_path):
        yield tmp_path


@pytest.fixture
def path(place):
    return place / "journal/channel.jsonl"


def own(place):
    return config.load(place / "mine.yaml")


def register(path, settings, day=None, **given):
    return journal.register(path, settings, journal.moment(settings, day), **given)


def judge(path, settings, day=None):
    return journal.judge(path, settings, journal.moment(settings, day))


def verdicts(path, key):
    lines = chain.read(path).lines
    return [line for line in lines if line["kind"] == "verdict" and journal.key_of(line["body"]) == key]


def edit(place, old, new):
    file = place / "mine.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_each_claim_and_each_trade_with_a_hurdle_is_registered_once(place, path):
    assert len(register(path, own(place), DAY).added) == 7
    assert register(path, own(place), DAY).added == ()
    assert list(journal.registered(chain.read(path).lines)) == [
        "claim gilts_sell_off", "claim apart", "claim steeper", "claim boe", "claim calmer",
        "variant apart_trade", "variant gilt_trade",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("today", "late"),
    [(date(2023, 12, 29), {"gilts_sell_off", "apart", "steeper"}), (date(2023, 12, 30), None)],
)
def test_a_window_that_began_before_the_datas_last_day_or_today_is_in_sample(place, path, today, late):
    register(path, own(place), DAY, today=today)
    claims = [line["body"] for line in chain.read(path).lines if line["kind"] == "claim"]
    in_sample = {body["claim"] for body in claims if body["in_sample"]}
    assert in_sample == (late or {body["claim"] for body in claims})


def test_judging_twice_on_the_same_data_writes_nothing(place, path):
    register(path, own(place))
    assert len(judge(path, own(place)).added) == 7
    before = path.read_bytes()
    assert judge(path, own(place)).added == ()
    assert path.read_bytes() == before


@pytest.mark.parametrize(("frequency", "day"), [("daily", DAY), ("monthly", date(2023, 12, 13)), ("weekly", DAY)])
def test_a_past_days_bodies_are_the_same_after_later_data(place, path, tmp_path, frequency, day):
    edit(place, "data: {source: csv}", f"data: {{source: csv, frequency: {frequency}}}")
    for name in ("csv", "mine.yaml"):
        source, target = place / name, tmp_path / "then" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, (target.parent.mkdir(exist_ok=True), target)[1])
    then = tmp_path / "then"
    until(then, day)
    with chdir(then):
        last = journal.moment(own(then)).day  # of a month under way there is no row
        live = register(then / "x.jsonl", own(then)).added + judge(then / "x.jsonl", own(then)).added
    past = register(path, own(place), last).added + judge(path, own(place), last).added
    assert [line["body"] for line in live] == [line["body"] for line in past]
    assert [line["data"] for line in live] == [line["data"] for line in past]
    assert not any("replay" in line for line in live)
    assert all(line["replay"] is True for line in past)


def test_a_verdict_that_changes_is_written_and_one_that_stays_is_not(place, path):
    register(path, own(place), DAY)
    judge(path, own(place), date(2024, 1, 31))
    (first,) = verdicts(path, "claim calmer")
    assert first["body"]["happened"]["verdict"] == "holds so far"
    judge(path, own(place), date(2024, 2, 29))
    assert len(verdicts(path, "claim calmer")) == 1
    judge(path, own(place), date(2024, 6, 28))
    assert [line["body"]["happened"]["verdict"] for line in verdicts(path, "claim calmer")] == ["holds so far", "holds"]
    assert len(verdicts(path, "claim gilts_sell_off")) == 1


def test_a_restated_series_under_an_unchanged_verdict_adds_a_line_and_keeps_both(place, path):
    register(path, own(place))
    judge(path, own(place))
    file = place / "csv/gilt.csv"
    row = next(line for line in file.read_text().splitlines() if line.startswith("2023-06-30"))
    cells = row.split(",")
    file.write_text(file.read_text().replace(row, ",".join([cells[0], *(f"{float(c) + 0.01:.4f}" for c in cells[1:])])))
    judge(path, own(place))
    old, new = verdicts(path, "claim gilts_sell_off")
    assert journal.verdict_of(old["body"]) == journal.verdict_of(new["body"])
    assert new["data"]["restated"] == ["curve uk"]
    assert len(verdicts(path, "claim boe")) == 1  # overnight rates alone
    assert judge(path, own(place)).added == ()


def test_data_restated_after_a_claims_window_restates_nothing(place, path):
    register(path, own(place))
    judge(path, own(place))
    file = place / "csv/gilt.csv"
    file.write_text(file.read_text().replace("2024-12-30,", "2024-12-30,9"))
    (line,) = verdicts(path, "claim gilts_sell_off")
    assert line["data"]["to"] == "2023-12-29"


def test_a_changed_claim_is_refused_until_it_is_registered_again(place, path):
    register(path, own(place), DAY)
    edit(place, "kill: {below: 2}", "kill: {below: 1}")
    with pytest.raises(ConfigError, match=r"claim gilts_sell_off is not what line 1 .* \(kill\)"):
        judge(path, own(place))
    (line,) = register(path, own(place)).added
    assert line["body"]["replaces"] == 1
    assert line["body"]["in_sample"] is True
    judge(path, own(place))
    assert len(verdicts(path, "claim gilts_sell_off")) == 1


def test_a_claim_that_is_not_registered_is_named_and_not_judged(place, path):
    register(path, own(place))
    edit(
        place,
        "  boe: {",
        "  again: {text: Gilts again, measure: {yield: UKT10}, says: rises, from: 2024-06-28}\n  boe: {",
    )
    outcome = judge(path, own(place))
    assert outcome.unregistered == ("claim again",)
    assert len(outcome.added) == 7


def test_a_dated_trade_is_judged_by_its_forward_and_by_what_it_paid(place, path):
    register(path, own(place))
    judge(path, own(place))
    (line,) = verdicts(path, "variant gilt_trade")
    body = line["body"]
    trip = body["trips"][-1]
    assert (body["closed_by"], body["killed"]) == ("stop", trip["close"])
    assert body["beat_forward"]["gain_bp"] == pytest.approx(sum(each["gain_bp"] for each in body["trips"]))
    (other,) = verdicts(path, "variant apart_trade")
    assert other["body"]["closed_by"] == "exit"
    assert sum(other["body"]["paid"]["parts"].values()) == pytest.approx(other["body"]["paid"]["excess"])


def test_a_strangers_thesis_goes_through_register_judge_show_and_verify(divergence, place):
    status, out, err = divergence("journal", "register", "mine.yaml")
    assert (status, err) == (0, "")
    head = next(line for line in out.splitlines() if line.startswith("head ")).split()[1]
    assert "in-sample" in out
    status, out, err = divergence("journal", "judge", "mine.yaml", "--json")
    assert (status, len(json.loads(out)["added"])) == (0, 7)
    status, out, err = divergence("journal", "show", "channel", "--config", "mine.yaml")
    assert (status, err) == (0, "")
    assert "Gilts sell off" in out and "in-sample" in out
    page = (place / "journal/channel.html").read_text()
    assert page.count('<li id="row-') == 7
    assert page.count('class="tag">in-sample') == 7
    assert divergence("journal", "verify", "channel", "--head", head).status == 0
    assert json.loads(divergence("journal", "show", "channel", "--json").out)["complaint"] is None


@pytest.mark.usefixtures("no_pictures")
def test_the_scorecard_says_which_claims_were_registered_late(divergence, place, path):
    register(path, own(place), DAY, today=DAY)
    status, out, err = divergence("thesis", "mine.yaml", "--out", "x", "-q")
    assert status == 0, err
    told = "In-sample, registered in journal/channel.jsonl after the window had begun: gilts_sell_off, apart, steeper."
    assert told in out
    assert told in (place / "x/thesis.html").read_text()
    assert json.loads((place / "x/scorecard.json").read_text())["in_sample"] == told


def test_verify_names_a_flipped_byte_a_cut_tail_and_a_missing_journal(divergence, place, path):
    divergence("journal", "register", "mine.yaml")
    head = chain.read(path).head
    content = path.read_bytes()
    path.write_bytes(content.replace(b"Gilts sell", b"Gilts seln", 1))
    status, out, err = divergence("journal", "verify", "channel")
    assert (status, out) == (1, "")
    assert "line 1 was changed" in err
    assert divergence("journal", "show", "channel").status == 1
    assert "The chain is broken" in (place / "journal/channel.html").read_text()
    assert divergence("journal", "judge", "mine.yaml").status == 1
    path.write_bytes(b"".join(content.splitlines(keepends=True)[:-1]))
    assert divergence("journal", "verify", "channel").status == 0
    status, _, err = divergence("journal", "verify", "channel", "--head", head)
    assert (status, "the tail was cut" in err) == (1, True)
    status, _, err = divergence("journal", "verify", "chanel")
    assert (status, "no such journal; there are channel" in err) == (2, True)


@pytest.mark.parametrize("command", ["register", "judge"])
def test_a_day_outside_the_data_is_refused(divergence, place, command):
    divergence("journal", "register", "mine.yaml")
    status, _, err = divergence("journal", command, "mine.yaml", "--as-of", "2030-01-01")
    assert status == 2
    assert "--as-of is 2030-01-01, outside the" in err


def test_a_line_that_chains_but_is_no_journals_is_one_line(divergence, place, path):
    chain.append(path, lambda _: [chain.Entry("claim", {"claim": "x"}, {})])
    status, _, err = divergence("journal", "show", "channel")
    assert (status, err.count("\n")) == (2, 1)
    assert "holds what no journal of this version does" in err


def test_show_and_verify_take_the_configuration_that_was_registered(place, divergence):
    divergence("journal", "register", "mine.yaml")
    by_name, by_file = divergence("journal", "show", "channel"), divergence("journal", "show", "mine.yaml")
    assert by_name.status == by_file.status == 0
    assert by_file.out == by_name.out
    assert divergence("journal", "verify", "mine.yaml").out == divergence("journal", "verify", "channel").out
    shutil.copy(place / "journal/channel.jsonl", place / "journal/mine.yaml.jsonl")
    assert "mine.yaml.html" in divergence("journal", "show", "mine.yaml").out
    status, _, err = divergence("journal", "show", "other.yaml")
    assert (status, err.count("\n")) == (2, 1)
    assert "other.yaml" in err


def test_a_journal_of_one_claim_speaks_of_one(place, divergence):
    (place / "one.yaml").write_text(MINE[: MINE.index("  apart:")])
    divergence("journal", "register", "one.yaml")
    divergence("journal", "judge", "one.yaml")
    shown = divergence("journal", "show", "one.yaml").out
    assert "The one claim " in shown
    assert "claims and trades" not in shown
