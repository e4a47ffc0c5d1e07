"""The store: nothing is lost or overwritten in silence, damage is named, a crash leaves the old state whole."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import pointer
from data import store as stores
from data.errors import DataError, SourceError
from data.series import Delivery
from data.store import Store

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2024, 2, 1, 12, tzinfo=UTC)
DAYS = pd.bdate_range("2024-01-01", periods=20)


def yields(level: float = 4.0, days: pd.DatetimeIndex = DAYS, **columns: float) -> Delivery:
    """Treasury yields that creep up from `level`, in percent."""
    creep = np.arange(len(days)) / 100
    frame = pd.DataFrame({"2": level + creep, "10": level + 0.5 + creep, **columns}, index=days)
    return Delivery("ust", "a test", frame)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "home")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_is_put_is_read_back(store):
    change = store.put(yields(), NOW)
    assert (change.added, change.restated, change.kept) == (40, 0, 0)
    read = store.read("ust")
    assert list(read.frame.columns) == ["2", "10"]
    np.testing.assert_array_equal(read.frame.to_numpy(), yields().frame.to_numpy())
    assert (read.source, read.fetched, read.vintages) == ("a test", NOW, 1)


def test_the_same_delivery_twice_changes_nothing(store):
    store.put(yields(), NOW)
    before = content(store.folder)
    change = store.put(yields(), NOW)
    assert (change.added, change.restated) == (0, 0)
    assert content(store.folder) == before


def test_new_rows_and_new_columns_are_added(store):
    store.put(yields(days=DAYS[:10]), NOW)
    change = store.put(yields(days=DAYS), NOW)
    assert (change.added, change.restated, change.kept) == (20, 0, 0)
    change = store.put(yields(**{"30": 5.0}), NOW)
    assert change.added == 20
    assert list(store.read("ust").frame.columns) == ["2", "10", "30"]


def test_a_restated_value_is_a_later_vintage_and_the_old_one_is_kept(store):
    store.put(yields(), NOW)
    corrected = yields().frame.copy()
    corrected.loc["2024-01-10", "10"] = 4.99
    change = store.put(Delivery("ust", "a correction", corrected), NOW)
    assert (change.added, change.restated) == (0, 1)
    assert store.read("ust").frame.loc["2024-01-10", "10"] == 4.99
    assert store.read("ust").restated == 1
    _, rows = store._load("ust")
    told = rows[(rows["date"] == "2024-01-10") & (rows["column"] == "10")]
    assert told["vintage"].tolist() == [0, 1]
    assert told["value"].tolist() == [pytest.approx(4.57), 4.99]


def test_rows_no_longer_published_stay(store):
    store.put(yields(), NOW)
    fewer = yields().frame.drop(index=DAYS[5:8])
    fewer.loc[DAYS[9], "10"] = np.nan
    change = store.put(Delivery("ust", "a worse day", fewer), NOW)
    assert (change.added, change.restated, change.kept) == (0, 0, 7)
    np.testing.assert_array_equal(store.read("ust").frame.to_numpy(), yields().frame.to_numpy())


def test_a_file_that_changes_everything_is_taken_for_the_wrong_one(store):
    store.put(yields(), NOW)
    before = content(store.folder)
    with pytest.raises(DataError, match=r"a test: 40 of ust's stored values would change; more likely a wrong file"):
        store.put(yields(level=3.0), NOW)
    assert content(store.folder) == before
    assert store.put(yields(level=3.0), NOW, restated_share=1.0).restated == 40


def test_adjusted_prices_may_change_whole(store):
    def prices(factor: float) -> Delivery:
        close = 90 + np.arange(20) / 10
        return Delivery("TLT", "a test", pd.DataFrame({"close": close, "adjusted": close * factor}, index=DAYS))

    store.put(prices(1.0), NOW)
    assert store.put(prices(0.997), NOW).restated == 20
    assert store.read("TLT").frame["close"].iloc[0] == 90


def test_an_impossible_value_is_kept_out_and_said(store):
    ticks = pd.DataFrame({"close": 100 + np.arange(20) / 10, "adjusted": 100 + np.arange(20) / 10}, index=DAYS)
    ticks.loc[DAYS[7], ["close", "adjusted"]] *= 100
    change = store.put(Delivery("TLT", "a test", ticks), NOW)
    assert change.findings
    assert change.findings[0].level == "error"
    assert store.read("TLT").frame["close"].max() < 103


def test_what_is_left_out_is_a_warning_in_the_log(store, caplog):
    with caplog.at_level(logging.INFO, logger="data"):
        store.put(yields(), NOW)
        store.put(Delivery("ust", "a test", pd.DataFrame({"10": np.inf}, index=DAYS[-1:])), NOW)
    first, second, left_out = caplog.records
    assert first.getMessage() == "ust from a test: 40 new values, 0 restated, 0 kept that it lacks"
    assert second.getMessage() == "ust from a test: 0 new values, 0 restated, 0 kept that it lacks"
    assert (left_out.levelname, left_out.getMessage()[:20]) == ("WARNING", "left out: error ust ")


def test_nothing_is_printed_until_an_application_listens(tmp_path):
    code = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import pandas as pd
from data.series import Delivery
from data.store import Store
frame = pd.DataFrame({"10": [4.0, 4.1, float("inf")]}, index=pd.bdate_range("2024-01-01", periods=3))
assert Store(Path(sys.argv[1])).put(Delivery("ust", "a test", frame), datetime.now(UTC)).findings
"""
    command = [sys.executable, "-c", code, str(tmp_path / "home")]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert (answer.stdout, answer.stderr) == ("", "")


def test_a_series_nobody_knows_is_refused(store):
    with pytest.raises(DataError, match="did you mean 'ust'"):
        store.put(Delivery("usts", "a test", yields().frame), NOW)


def test_a_series_that_is_not_stored_says_how_to_get_it(store):
    with pytest.raises(DataError, match="divergence data update jgb"):
        store.read("jgb")


@pytest.mark.parametrize("harm", ["a byte", "cut short", "gone", "pointer", "pointer gone bad"])
def test_damage_is_named_with_the_remedy(store, harm):
    store.put(yields(), NOW)
    pointer = store.folder / "series/ust/current.json"
    path = pointer.parent / json.loads(pointer.read_text())["file"]
    if harm == "a byte":
        bytes_ = bytearray(path.read_bytes())
        bytes_[100] ^= 1
        path.write_bytes(bytes_)
    elif harm == "cut short":
        path.write_bytes(path.read_bytes()[:-10])
    elif harm == "gone":
        path.unlink()
    else:
        pointer.write_text("{" if harm == "pointer" else "{}")
    with pytest.raises(SourceError, match=r"is damaged .*; remove the folder .*ust and update or import") as error:
        store.read("ust")
    assert "\n" not in str(error.value)


def flips(home: Path, count: int) -> list[tuple[Path, int]]:
    """Bits to flip, spread evenly over the files of a store: each file, and the bit's place in it."""
    paths = [path for path in sorted(home.glob("series/*/*")) if path.is_file()]
    bits = [(path, 8 * path.stat().st_size) for path in paths]
    each = -(-count // len(bits))
    return [(path, (2 * i + 1) * size // (2 * each)) for path, size in bits for i in range(each)]


def test_every_flipped_bit_of_every_file_is_reported(store, divergence, monkeypatch):
    monkeypatch.setenv("DIVERGENCE_HOME", str(store.folder))
    store.put(yields(days=DAYS[:10]), NOW)
    store.put(yields(), NOW)
    store.put(adjusted(DAYS, 0.97), NOW)
    assert divergence("data", "status").status == 0
    tried = flips(store.folder, 60)
    assert len(tried) >= 60
    assert len({path for path, _ in tried}) == 5  # a pointer and its file each, and the state before of one
    for path, bit in tried:
        whole = path.read_bytes()
        harmed = bytearray(whole)
        harmed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(harmed)
        answer = divergence("data", "status")
        path.write_bytes(whole)
        assert (answer.status, answer.err.count("\n")) == (3, 1), (path, bit)
        assert str(path) in answer.err
        assert "is damaged" in answer.err
    assert divergence("data", "verify").err == ""


def test_every_bit_of_a_pointer_counts(store):
    store.put(yields(), NOW)
    path = store.folder / "series/ust/current.json"
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        harmed = bytearray(whole)
        harmed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(harmed)
        with pytest.raises(ValueError):
            pointer.read(path)


def test_a_pointer_of_an_earlier_version_has_no_hash_and_gets_one(store):
    store.put(yields(), NOW)
    path = store.folder / "series/ust/current.json"
    former = {key: value for key, value in json.loads(path.read_text()).items() if key != "check"}
    path.write_text(json.dumps(former, indent=1))
    assert len(store.read("ust").frame) == 20
    store.put(yields(**{"30": 5.0}), NOW)
    assert "check" in json.loads(path.read_text())
    assert store.read("ust").vintages == 2


def test_what_killed_writers_left_is_swept_by_the_next(store):
    store.put(yields(), NOW)
    store.put(adjusted(DAYS, 0.97), NOW)
    for name in (".4242.parquet", ".current.json-abc"):
        (store.folder / "series/TLT" / name).write_bytes(b"half")
    (store.folder / "series/TLT/.mine").write_bytes(b"keep")
    store.put(yields(), NOW)
    assert sorted(path.name for path in (store.folder / "series/TLT").glob(".*")) == [".mine"]


def test_a_folder_in_the_store_that_is_no_series_is_named(store, divergence, monkeypatch):
    monkeypatch.setenv("DIVERGENCE_HOME", str(store.folder))
    store.put(yields(), NOW)
    (store.folder / "series/zzz").mkdir()
    (store.folder / "series/zzz/current.json").write_text("{}")
    answer = divergence("data", "status")
    assert (answer.status, answer.err.count("\n")) == (3, 1)
    assert "zzz" in answer.err
    assert "ust" in answer.out


def test_a_full_disk_leaves_the_old_state(store, monkeypatch):
    store.put(yields(days=DAYS[:10]), NOW)
    before = content(store.folder)

    def full(self, path, **options):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(SourceError, match=r"No space left on device.*unharmed"):
        store.put(yields(), NOW)
    monkeypatch.undo()
    assert len(store.read("ust").frame) == 10
    assert content(store.folder) == before


WRITER = """
import sys, time
from datetime import UTC, datetime
import numpy as np, pandas as pd
from pathlib import Path
from data.series import Delivery
from data.store import Store
store, step = Store(Path(sys.argv[1])), 0
days = pd.bdate_range("1990-01-01", periods=4000)
print("ready", flush=True)
while True:
    step += 1
    frame = pd.DataFrame({"2": 4.0, "10": 4.5}, index=days[: 1000 + 10 * (step % 300)])
    store.put(Delivery("ust", f"step {step}", frame), datetime.now(UTC))
"""


def test_a_process_killed_while_writing_leaves_a_readable_store(store):
    store.put(yields(), NOW)
    first = store.read("ust").frame
    for wait in (0.05, 0.11, 0.17, 0.23):
        command = [sys.executable, "-c", WRITER, str(store.folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as writer:
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(wait)
            os.kill(writer.pid, signal.SIGKILL)
        after = store.read("ust").frame
        pd.testing.assert_frame_equal(after.loc[first.index], first)  # old values intact
    assert store.put(yields(level=4.0), NOW).added == 0  # the lock went with its holder
    leftovers = [path.name for path in (store.folder / "series/ust").iterdir() if path.name.startswith(".")]
    store.put(yields(**{"30": 5.0}), NOW)
    assert [name for name in leftovers if (store.folder / "series/ust" / name).suffix == ".parquet" and
            (store.folder / "series/ust" / name).exists()] == []  # fmt: skip


def test_two_at_once_take_turns_and_lose_nothing(store):
    code = """
import sys
from datetime import UTC, datetime
import pandas as pd
from pathlib import Path
from data.series import Delivery
from data.store import Store
store, column = Store(Path(sys.argv[1])), sys.argv[2]
for n in range(1, 16):
    frame = pd.DataFrame({column: 4.0}, index=pd.bdate_range("2020-01-01", periods=10 * n))
    store.put(Delivery("ust", column, frame), datetime.now(UTC))
"""
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(store.folder), column], cwd=ROOT) for column in ("2", "10")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert store.read("ust").frame.notna().sum().tolist() == [150, 150]
    assert store.read("ust").vintages == 30


def test_a_store_that_is_held_too_long_is_said(store, monkeypatch):
    from filelock import FileLock

    monkeypatch.setattr(stores, "LOCK_SECONDS", 0.05)
    store.folder.mkdir()
    with FileLock(store.folder / "store.lock"), pytest.raises(SourceError, match="another update has held the store"):
        store.put(yields(), NOW)


def test_the_store_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("DIVERGENCE_HOME", str(tmp_path / "mine"))
    assert stores.home() == tmp_path / "mine"
    monkeypatch.delenv("DIVERGENCE_HOME")
    assert stores.home().name == "divergence"


def test_month_ends_and_daily_rows_are_kept_apart(store):
    months = yields(days=pd.date_range("2020-01-31", periods=20, freq="ME"))
    store.put(yields(), NOW)
    with pytest.raises(DataError, match="month ends of ust, of which the store holds daily rows; keep them apart"):
        store.put(months, NOW)
    other = Store(store.folder / "other")
    other.put(months, NOW)
    with pytest.raises(DataError, match="daily rows of ust, of which the store holds month ends"):
        other.put(yields(), NOW)


def test_a_short_delivery_is_judged_beside_what_is_stored(store):
    store.put(yields(), NOW)
    days = pd.bdate_range(DAYS[-1] + pd.offsets.BDay(), periods=3)
    tick = pd.DataFrame({"2": [4.2, 4.2, 4.21], "10": [4.7, 470.0, 4.71]}, index=days)
    tick.loc[days[1], "2"] = 420.0
    change = store.put(Delivery("ust", "a short file", tick), NOW)
    assert change.findings
    assert change.findings[0].level == "error"
    assert change.added == 4
    assert store.read("ust").frame.max().max() < 5


def test_what_is_stored_is_not_lost_to_a_delivery_beside_it(store):
    store.put(yields(days=DAYS[:10]), NOW)
    store.put(yields(level=4.1, days=DAYS[10:]), NOW)
    assert len(store.read("ust").frame) == 20


def adjusted(days: pd.DatetimeIndex, basis: float) -> Delivery:
    close = 90 + np.arange(len(DAYS))[DAYS.get_indexer(days)] / 10
    return Delivery("TLT", "a test", pd.DataFrame({"close": close, "adjusted": close * basis}, index=days))


def test_two_bases_of_adjusted_prices_make_no_return(store):
    store.put(adjusted(DAYS[:12], 0.97), NOW)
    store.put(adjusted(DAYS[8:], 0.95), NOW)
    frame = store.read("TLT").frame
    np.testing.assert_allclose(frame["adjusted"] / frame["close"], 0.95, rtol=1e-12)
    assert store.read("TLT").restated == 12


def test_adjusted_prices_that_share_no_day_are_refused(store):
    store.put(adjusted(DAYS[:12], 0.97), NOW)
    with pytest.raises(DataError, match=r"share no day with those stored .*; import a file that overlaps them"):
        store.put(adjusted(DAYS[12:], 1.0), NOW)
