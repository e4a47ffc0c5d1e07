"""What a check found wrong with a series that a run uses stops the run, wherever the values come from."""

from __future__ import annotations

import json
from contextlib import chdir
from datetime import UTC, datetime

import pandas as pd
import pytest

from backtests import config
from backtests.runs import gate, setup
from data.errors import DataError
from data.quality import check
from data.quality.finding import NAMES
from data.series import Delivery, price_spec
from data.sources import folder
from data.store import Store
from tests import own_world
from tests.command import divergence as command
from tests.config_files import BASE, load, refusal

NOW = datetime(2024, 1, 2, tzinfo=UTC)
TRADES = """
name: gated
data: {source: store%s}
fill: next_close
instruments:
  EDV: {kind: listed, currency: USD, half_spread_bp: 3, borrow_bp: 60}
variants:
  a: {strategy: hold, params: {weights: {%s}}}
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Every series of the made-up world as it is stored when nothing is wrong with it."""
    place = tmp_path_factory.mktemp("sound") / "csv"
    own_world.write(place)
    listed = {name: price_spec(name, "USD") for name in ("EDV", "GLD", "FXY")}
    yen = pd.DataFrame({"value": 110.0 + own_world.T % 7}, own_world.DAYS)
    given = {part.series: part for part in folder.deliveries(place, listed=listed)}
    jgb = given["bund"].frame * 0.2 + 0.3
    return given | {
        "usdjpy": Delivery("usdjpy", "made up", yen),
        "yen_call": Delivery("yen_call", "made up", given["estr"].frame),
        "jgb": Delivery("jgb", "made up", jgb),
    }


@pytest.fixture
def stored(sound, tmp_path, monkeypatch):
    """A store that an older version filled: nothing that is judged today kept a series out."""
    monkeypatch.setenv("DIVERGENCE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("data.vintages.quarantine", lambda spec, frame: (frame, []))

    def fill(series="ust", change=lambda frame: frame):
        for name, part in sound.items():
            frame = change(part.frame.copy()) if name == series else part.frame
            Store(tmp_path / "home").put(Delivery(name, "made up", frame, spec=part.spec), NOW)

    return fill


def set_up(tmp_path, weights="UST10: 0.5", data=""):
    return setup.set_up(load(tmp_path, TRADES % (data, weights)))


def split(frame, columns):
    frame.loc["2022-06-01":, columns] /= 5
    return frame


def halfway(frame):
    frame.loc["2022-06-01":] /= 100
    return frame


def tick(frame):
    frame.loc["2022-06-01", "10"] = 31.0
    return frame


WRONG = {
    "yields in decimals": ("ust", lambda frame: frame / 100, "UST10: 0.5", "ust:decimals"),
    "halfway in decimals": (
        "ust", lambda frame: halfway(frame), "UST10: 0.5", "ust:decimals",
    ),
    "dollars per yen": ("usdjpy", lambda frame: 1 / frame, "JGB10: 0.5", "usdjpy:inverted"),
    "pounds per dollar": ("gbpusd", lambda frame: 1 / frame, "UKT10: 0.5", "gbpusd:inverted"),
    "a split in both prices": ("EDV", lambda frame: split(frame, ["close", "adjusted"]), "EDV: 0.5", "EDV:split"),
    "a split in the closes": ("EDV", lambda frame: split(frame, ["close"]), "EDV: 0.5", "EDV:split"),
    "a value no market made": ("ust", tick, "UST10: 0.5", "ust:tick"),
    "closes alone": ("EDV", lambda frame: frame[["close"]], "EDV: 0.5", "EDV:no_distributions"),
}  # fmt: skip


@pytest.mark.parametrize(("series", "change", "weights", "key"), WRONG.values(), ids=list(WRONG))
def test_it_is_found_at_the_run_and_stops_it(stored, tmp_path, series, change, weights, key):
    stored(series, change)
    with pytest.raises(DataError) as stopped:
        set_up(tmp_path, weights)
    message = str(stopped.value)
    assert message.startswith(f"error {series} 202") and "\n" not in message
    assert f"; to run on it all the same: data.allow: [{key}]" in message


@pytest.mark.parametrize(("series", "change", "weights", "key"), WRONG.values(), ids=list(WRONG))
def test_it_stops_no_run_that_does_not_use_it_or_ends_before_it(stored, tmp_path, series, change, weights, key):
    stored(series, change)
    if series != "ust":
        set_up(tmp_path)
    if key == "EDV:split":
        set_up(tmp_path, weights, ", end: 2022-03-31")


def test_nothing_stops_what_is_sound(stored, tmp_path):
    stored()
    set_up(tmp_path, "EDV: 0.2, UST10: 0.2, JGB10: 0.2, UKT10: 0.2, DBR10: 0.2")


def test_what_is_allowed_runs_and_is_told(stored, tmp_path):
    stored("EDV", lambda frame: split(frame, ["close"]))
    (tmp_path / "run.yaml").write_text(TRADES % (", allow: ['EDV:split']", "EDV: 0.5"))
    with chdir(tmp_path):
        answer = command("run", "run.yaml", "-q", "--out", "out")
    assert answer.status == 0, answer.err
    told = "ALLOWED: error EDV 2022-06-01: close goes from"
    assert told in answer.out
    stated = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [line for line in stated["notices"] if line.startswith(told)]
    assert told in (tmp_path / "out" / "report.html").read_text()
    assert config.load(tmp_path / "out" / "config.yaml").data.allow == ["EDV:split"]


def test_a_ticket_tells_what_is_allowed_too(stored, tmp_path):
    stored("EDV", lambda frame: split(frame, ["close"]))
    (tmp_path / "run.yaml").write_text(TRADES % (", allow: ['EDV:split']", "EDV: 0.5"))
    with chdir(tmp_path):
        assert "\nALLOWED: error EDV 2022-06-01: close goes" in command("ticket", "run.yaml", "-q").out


def test_the_command_ends_with_2_and_leaves_nothing(stored, tmp_path):
    stored("EDV", lambda frame: split(frame, ["close"]))
    (tmp_path / "run.yaml").write_text(TRADES % ("", "EDV: 0.5"))
    with chdir(tmp_path):
        answer = command("run", "run.yaml", "-q", "--out", "out")
    assert answer.status == 2 and not (tmp_path / "out").exists()
    assert answer.err.startswith("error: error EDV 2022-06-01: close goes from") and answer.err.count("\n") == 1


def test_closes_alone_are_a_price_return_that_is_accepted_by_saying_so(stored, tmp_path):
    stored("EDV", lambda frame: frame[["close"]])
    price = set_up(tmp_path, "EDV: 0.5", ", distributions: none").market.price[:, 0]
    assert price == pytest.approx(own_world.edv()["Close"].to_numpy(), rel=1e-12)


@pytest.mark.parametrize(("series", "weights"), [("ust", "UST10: 0.5"), ("EDV", "EDV: 0.5")])
def test_weekly_bars_are_read_for_what_they_are_and_never_traded_as_days(stored, tmp_path, series, weights):
    stored(series, lambda frame: frame[frame.index.day_of_week == 4])
    assert set_up(tmp_path, weights).market.periods_per_year == 52
    with pytest.raises(DataError, match=r"weekly rows, not daily ones; set data.frequency: weekly, monthly or native"):
        set_up(tmp_path, weights, ", frequency: daily")


def test_weekly_series_are_what_a_weekly_run_takes(stored, tmp_path):
    stored("ust", lambda frame: frame[frame.index.day_of_week == 4])
    set_up(tmp_path, "UST10: 0.5", ", frequency: weekly")


@pytest.mark.parametrize(
    ("allow", "words"),
    [
        ("usdjpy", "data.allow.0: 'usdjpy' is not a series and a finding, like usdjpy:inverted"),
        ("usdjpi:inverted", "data.allow.0: unknown series 'usdjpi'; did you mean 'usdjpy'?"),
        ("usdjpy:invertd", "data.allow.0: unknown finding 'invertd'; did you mean 'inverted'?"),
    ],
)
def test_a_misspelt_allowance_is_one_line(tmp_path, allow, words):
    assert words in refusal(tmp_path, f"{BASE}data:\n  allow: ['{allow}']\n")


def test_an_empty_allowance_is_not_written_out(tmp_path):
    assert "allow" not in config.dump(load(tmp_path, BASE))


def test_a_run_uses_the_money_of_its_legs_and_of_the_book(tmp_path):
    settings = load(tmp_path, BASE)
    legs = [settings.library[name] for name in ("UST10", "TLT", "JPY", "TIPS10")]
    assert gate.series_of(settings, legs) == {
        "ust", "tips", "us_cpi", "fed_funds", "sofr", "fed_funds_month", "TLT", "usdjpy", "yen_call", "yen_call_month",
    }  # fmt: skip


def test_every_finding_has_a_name_of_the_list(stored, sound, tmp_path):
    frames = [(name, part.spec, part.frame) for name, part in sound.items()]
    for series, change, _, _ in WRONG.values():
        frames.append((series, sound[series].spec, change(sound[series].frame.copy())))
    seen = {f.name for name, spec, frame in frames for f in check(spec or name, frame, NOW.date())}
    assert seen <= set(NAMES) and len(seen) > 8


def test_verify_opens_with_its_total_then_errors_then_the_latest(stored, tmp_path):
    stored("EDV", lambda frame: split(frame, ["close"]))
    lines = command("data", "verify").out.splitlines()
    assert lines[0].startswith("14 series: 1 error, ")
    assert lines[1].startswith("error EDV 2022-06-01: close goes") and lines[1].endswith("[EDV:split]")
    recent = command("data", "verify", "--since", "2023-12-01").out.splitlines()
    assert recent[1] == lines[1] and len(recent) < len(lines)
    assert recent[-1].endswith(" before 2023-12-01 not listed")
