"""The data commands as a user meets them: import, status, verify, update, and a run on what was stored."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.store import Store
from tests.faults import Faults, cut_short, page, reset, status

DAYS = pd.bdate_range("2020-01-01", "2023-12-29")


pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.fixture
def home(here, monkeypatch):
    monkeypatch.setenv("DIVERGENCE_HOME", str(here / "home"))
    return here / "home"


def walk(level: float, seed: int, days: pd.DatetimeIndex = DAYS) -> np.ndarray:
    return (level + 0.03 * np.cumsum(np.random.default_rng(seed).normal(size=len(days)))).round(3)


def fred(days: pd.DatetimeIndex = DAYS, **columns) -> str:
    return pd.DataFrame(columns, index=days.rename("observation_date")).to_csv()


def mof(days: pd.DatetimeIndex = DAYS) -> str:
    tenors = [*range(1, 11), 15, 20, 25, 30, 40]
    lines = ["Interest Rate,,,,,,,,,,,,,,,(Unit : %)", "Date," + ",".join(f"{tenor}Y" for tenor in tenors)]
    move = walk(0.0, 2, days)
    for day, change in zip(days, move, strict=True):
        values = ",".join(f"{2 + tenor / 20 + change:.3f}" for tenor in tenors)
        lines.append(f"{day.year}/{day.month}/{day.day},{values}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def official(tmp_path):
    """Files of made-up history in the formats of the official sources."""
    folder = tmp_path / "files"
    folder.mkdir()
    every_day = pd.date_range(DAYS[0], DAYS[-1])
    months = pd.date_range("2020-01-01", "2023-12-01", freq="MS")
    texts = {
        "jgb.csv": mof(),
        "ust.csv": fred(DGS2=walk(4, 1), DGS5=walk(4.1, 1), DGS10=walk(4.3, 1), DGS20=walk(4.5, 1), DGS30=walk(4.6, 1)),
        "fx.csv": fred(DEXJPUS=(walk(110, 3) + 0.0).round(2)),
        "funds.csv": fred(every_day, DFF=np.full(len(every_day), 1.58)),
        "call.csv": fred(months, IRSTCI01JPM156N=np.full(len(months), -0.03)),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder


CONFIG = """
name: stored
data: {source: store, frequency: daily, start: 2023-01-03}
variants: {pair: {strategy: divergence, params: {long: UST10, short: JGB10}}}
"""


def test_imported_files_are_recognised_listed_checked_and_traded(divergence, official, home):
    code, out, err = divergence("data", "import", *sorted(official.iterdir()))
    assert (code, err) == (0, "")
    assert "jgb.csv: jgb" in out
    assert "ust 2020-01-01 to 2023-12-29: 5,215 new values" in out
    code, out, _ = divergence("data", "status")
    assert code == 0
    stored = out.split("bundled")[0]
    assert all(f"\n{name} " in stored for name in ("jgb", "ust", "usdjpy", "fed_funds", "yen_call_month"))
    code, out, _ = divergence("data", "verify")
    assert code == 0
    assert "5 series: 0 errors" in out
    Path("stored.yaml").write_text(CONFIG)
    code, out, _ = divergence("run", "stored.yaml", "-q")
    assert code == 0
    assert out.splitlines()[1].startswith("pair ")


@pytest.mark.slow
def test_a_folder_of_files_is_a_source_of_its_own(divergence, official, home):
    Path("beside.yaml").write_text(CONFIG.replace("source: store", "source: files"))
    code, out, _ = divergence("run", "beside.yaml", "-q", "--out", "x")
    assert code == 0
    assert out.splitlines()[1].startswith("pair ")
    assert not home.exists()
    divergence("data", "import", *sorted(official.iterdir()))
    Path("stored.yaml").write_text(CONFIG)
    divergence("run", "stored.yaml", "-q", "--out", "y")
    assert Path("x/metrics.json").read_text() == Path("y/metrics.json").read_text()
    divergence("run", "x/config.yaml", "-q", "--out", "z")
    assert Path("x/metrics.json").read_text() == Path("z/metrics.json").read_text()


@pytest.mark.slow
def test_our_own_month_ends_in_a_folder_are_the_bundled_run(divergence, home):
    from data.sources import bundled

    Path("own").mkdir()
    for name in (bundled.MARKETS, bundled.MACRO):
        Path("own", name).write_bytes((bundled.FOLDER / name).read_bytes())
    text = CONFIG.replace("frequency: daily, start: 2023-01-03", "start: 1999-09-30")
    Path("own.yaml").write_text(text.replace("source: store", "source: own"))
    Path("along.yaml").write_text(text.replace("source: store", "source: bundled"))
    divergence("run", "own.yaml", "-q", "--out", "x")
    divergence("run", "along.yaml", "-q", "--out", "y")
    ours, theirs = (json.loads(Path(name, "metrics.json").read_text())["variants"]["pair"] for name in "xy")
    assert ours["pnl"] == pytest.approx(theirs["pnl"], rel=1e-9)


def test_an_empty_folder_is_no_source(divergence, home):
    Path("none").mkdir()
    Path("none.yaml").write_text(CONFIG.replace("source: store", "source: none"))
    code, _, err = divergence("run", "none.yaml", "-q")
    assert code == 2
    assert "holds no CSV files" in err


def test_a_run_without_history_says_how_to_get_it(divergence, home):
    Path("stored.yaml").write_text(CONFIG)
    code, out, err = divergence("run", "stored.yaml", "-q")
    assert (code, out) == (2, "")
    assert "lacks ust, jgb, usdjpy" in err
    assert "divergence data update" in err
    assert not Path("runs").exists()


def test_daily_rows_are_not_to_be_had_from_month_ends(divergence, home):
    Path("stored.yaml").write_text(CONFIG.replace("source: store", "source: bundled"))
    code, _, err = divergence("run", "stored.yaml", "-q")
    assert code == 2
    assert "the bundled figures are month ends; set data.source: store" in err


def test_what_cannot_be_recognised_does_not_stop_the_rest(divergence, official, home):
    (official / "letter.csv").write_text("Dear,Sir\n1,2\n")
    code, out, err = divergence("data", "import", official / "letter.csv", official / "fx.csv", official / "none.csv")
    assert code == 2
    assert err.count("error: ") == 2
    assert "usdjpy 2020-01-01" in out
    assert Store(home).names() == ["usdjpy"]


def test_a_wrong_file_is_refused_unless_it_is_meant(divergence, official, home):
    divergence("data", "import", official / "fx.csv")
    (official / "fx.csv").write_text(fred(DEXJPUS=(walk(130, 9)).round(2)))
    code, _, err = divergence("data", "import", official / "fx.csv")
    assert code == 2
    assert "more likely a wrong file than a restated history" in err
    assert Store(home).read("usdjpy").restated == 0
    code, out, _ = divergence("data", "import", "--restated", official / "fx.csv")
    assert code == 0
    assert "restated (the old ones are kept as an earlier vintage)" in out


def test_verify_ends_with_one_where_something_cannot_be_true(divergence, official, home, monkeypatch):
    divergence("data", "import", official / "funds.csv")
    decimals = Store(home).read("fed_funds").frame / 100
    from datetime import UTC, datetime

    from data.series import Delivery

    Store(home).put(Delivery("fed_funds", "a test", decimals), datetime.now(UTC), restated_share=1.0)
    code, out, _ = divergence("data", "verify")
    assert code == 1
    assert out.startswith("1 series: 1 error")
    assert out.splitlines()[1].startswith("error fed_funds")


def test_an_update_keeps_what_worked_and_names_what_failed(divergence, official, home):
    answers = {
        "/fx?id=DEXJPUS": [page((official / "fx.csv").read_text())],
        "/fx?id=DFF": [status(404)],
    }
    with Faults(answers=answers) as server:
        Path("here.yaml").write_text(CONFIG + f'sources: {{fred: "{server.root}/fx?id={{id}}"}}\n')
        code, out, err = divergence("data", "update", "usdjpy", "fed_funds", "--config", "here.yaml")
    assert code == 3
    assert "usdjpy 2020-01-01 to 2023-12-29: 1,043 new values" in out
    assert "1 of 2 sources answered" in out
    assert "failed: fed_funds; what was stored before is unharmed" in err
    assert [line for line in err.splitlines() if line.startswith("error: fed_funds: ")]
    assert Store(home).names() == ["usdjpy"]


GOOD = "observation_date,DEXJPUS\n" + "".join(
    f"{day:%Y-%m-%d},{110 + i / 100:.2f}\n" for i, day in enumerate(DAYS[:60])
)
FAULTS = {
    "429": status(429),
    "429 for an hour": status(429, Retry_After="3600"),
    "500": status(500),
    "404": status(404),
    "reset": reset(b"observation_date,DEX"),
    "cut short": cut_short(GOOD.encode()[:300], 500),
    "a web page": page("<!doctype html><title>Moved</title>", kind="text/html"),
    "empty": page(""),
    "half a line": page(GOOD[:-9]),
    "renamed": page(GOOD.replace("DEXJPUS", "YEN")),
    "no number": page(GOOD.replace("110.05", "yen")),
    "a day to come": page(GOOD + "2999-01-04,111.00\n"),
    "two values for a day": page(GOOD + f"{DAYS[3]:%Y-%m-%d},99.00\n"),
    "another history": page(GOOD.replace(",110.", ",119.")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_source_is_one_line_and_leaves_the_store_unharmed(divergence, home, monkeypatch, fault):
    monkeypatch.setattr("data.sources.http.sleep", lambda seconds: None)
    with Faults(answers={"/fx?id=DEXJPUS": [page(GOOD), FAULTS[fault]]}) as server:
        Path("here.yaml").write_text(CONFIG + f'sources: {{fred: "{server.root}/fx?id={{id}}"}}\n')
        assert divergence("data", "update", "usdjpy", "--config", "here.yaml", "-q")[0] == 0
        before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        code, _, err = divergence("data", "update", "usdjpy", "--config", "here.yaml", "-q")
    assert code == 3
    complaints = [line for line in err.splitlines() if line.startswith("error: usdjpy: ")]
    assert len(complaints) == 1
    assert err.splitlines()[-1] == "failed: usdjpy; what was stored before is unharmed"
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_a_tick_from_a_source_is_left_out_and_the_rest_kept(divergence, home):
    tick = GOOD.replace(",110.20", ",11020")
    with Faults(answers={"/fx?id=DEXJPUS": [page(tick)]}) as server:
        Path("here.yaml").write_text(CONFIG + f'sources: {{fred: "{server.root}/fx?id={{id}}"}}\n')
        code, out, _ = divergence("data", "update", "usdjpy", "--config", "here.yaml", "-q")
    assert code == 0
    assert "left out: error usdjpy" in out
    frame = Store(home).read("usdjpy").frame
    assert (len(frame), frame.max().item() < 111) == (59, True)


def test_yesterdays_good_rows_survive_a_worse_answer(divergence, official, home):
    good = (official / "fx.csv").read_text()
    worse = "\n".join(line for line in good.splitlines() if not line.startswith("2021-03"))
    with Faults(answers={"/fx?id=DEXJPUS": [page(good), page(worse + "\n")]}) as server:
        Path("here.yaml").write_text(CONFIG + f'sources: {{fred: "{server.root}/fx?id={{id}}"}}\n')
        divergence("data", "update", "usdjpy", "--config", "here.yaml")
        before = Store(home).read("usdjpy").frame
        code, out, _ = divergence("data", "update", "usdjpy", "--config", "here.yaml")
    assert code == 0
    assert "23 no longer published, kept" in out
    pd.testing.assert_frame_equal(Store(home).read("usdjpy").frame, before)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["data", "update", "usdjpx"], "no source delivers 'usdjpx'; did you mean 'usdjpy'?"),
        (
            ["data", "update", "usdjpy", "--config", "here.yaml"],
            "here.yaml:5: sources.fred: the address must hold {id}",
        ),
        (["data", "import", "."], "folder"),
    ],
)
def test_bad_words_are_one_line(divergence, home, words, said):
    Path("here.yaml").write_text(CONFIG + 'sources: {fred: "http://127.0.0.1:9/{x}"}\n')
    code, _, err = divergence(*words)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1
    assert not home.exists()
