"""Passwords and keys in addresses stay out of every line, log and file."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import pandas as pd
import pytest

from backtests import config
from backtests.cli import terminal
from data.errors import ConfigError, SourceError, redacted, shortened
from data.series import Delivery
from data.sources import http
from data.store import Store
from tests.command import SMALL
from tests.faults import Faults, page, redirect, status
from tests.publishers import SOFR, complaint

WORD = "hunter2"
ADDRESSES = (
    f"https://me:{WORD}@x.org/a", f"https://{WORD}@x.org/a", f"https://me:p@{WORD}@x.org/a",
    f"https://x.org/a?id=1&api_key={WORD}", f"https://x.org/a?token={WORD}&id=1", f"https://x.org/?apikey={WORD}#x",
    f"https://x.org/?access_token={WORD}", f"https://x.org/?X-Amz-Signature={WORD}", f"https://x.org/?Password={WORD}",
    f"https://x.org/?client_secret={WORD}",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_they_are_left_out_of_every_line_and_error(address, capsys):
    assert WORD not in redacted(f"{address} is not read; see {address}")
    assert WORD not in shortened(f"{'x' * 30} {address} {'y' * 100}")
    assert WORD not in str(SourceError(f"'{address}' is not read"))
    assert WORD not in Delivery("ust", address, pd.DataFrame({"10": []}, index=pd.DatetimeIndex([])), (address,)).source
    for words in (terminal.say, terminal.talk, terminal.complain):
        words(f"{address} is not read")
    terminal.table(("source",), [(address,)])
    out, err = capsys.readouterr()
    assert WORD not in out + err
    record = logging.LogRecord("data", logging.INFO, "", 1, "fetched %s", (address,), None)
    assert WORD not in terminal.Formatter("%(message)s").format(record)


def test_an_address_without_any_is_as_it_was():
    for text in ("https://x.org/a?id=DGS10&monkey=1", "me@x.org", "no address", "https://x.org/{year}/all?type={type}"):
        assert redacted(text) == text.replace("monkey=1", "monkey=***")  # rather too much than too little


def text_of(address: str) -> str:
    return f"{SMALL}\nsources: {{nyfed: '{address}'}}\n"


@pytest.mark.parametrize("answer", [page(SOFR), page("x"), status(404), status(401), status(503), redirect("ftp://x/")])
def test_an_update_keeps_them_to_itself(divergence, here, monkeypatch, caplog, answer):
    monkeypatch.setenv("DIVERGENCE_HOME", str(here / "home"))
    monkeypatch.setattr(http, "sleep", lambda seconds: None)
    with Faults() as web, caplog.at_level(logging.DEBUG):
        address = web.serve("/a", answer).replace("://", f"://me:{WORD}@")
        (here / "run.yaml").write_text(text_of(f"{address}?from={{start}}&to={{end}}&api_key={WORD}"))
        answered = divergence("data", "update", "sofr", "--config", "run.yaml")
        assert web.headers[0]["Authorization"].startswith("Basic ")  # but the source is told
        assert WORD in web.asked[0]
    shown = divergence("data", "status")
    assert WORD not in answered.out + answered.err + shown.out + shown.err
    own = [terminal.Formatter().format(record) for record in caplog.records]
    assert WORD not in " ".join(own)
    kept = [path for path in (here / "home").rglob("*") if path.is_file()]
    assert not [path for path in kept if WORD.encode() in path.read_bytes()]


def test_a_run_folder_does_not_hold_them(divergence, here, no_pictures):
    address = f"https://me:{WORD}@x.org/a?from={{start}}&to={{end}}&token={WORD}"
    (here / "run.yaml").write_text(text_of(address))
    assert config.load(here / "run.yaml").addresses["nyfed"] == address
    assert divergence("run", "run.yaml", "--out", "kept", "--quiet").status == 0
    assert not [path for path in (here / "kept").rglob("*") if path.is_file() and WORD.encode() in path.read_bytes()]
    assert "https://***@x.org/a?from={start}&to={end}&token=***" in (here / "kept/config.yaml").read_text()
    assert divergence("config", "check", "kept/config.yaml").status == 0


@pytest.mark.parametrize(
    "address",
    [*ADDRESSES, f"https://me:{WORD} @x.org", f"ftp://me:{WORD}@x.org", "https://" + "x" * 500 + f":{WORD}@y"],
)
def test_a_complaint_does_not_repeat_them(tmp_path, address):
    path = tmp_path / "run.yaml"
    path.write_text(text_of(address))
    assert WORD not in complaint(config.load, path, kind=ConfigError)
    path.write_text(SMALL)
    assert WORD not in complaint(config.load, path, [f"sources.nyfed={address}"], kind=ConfigError)


def test_a_store_of_an_earlier_version_that_kept_them_does_not_show_them(tmp_path):
    store = Store(tmp_path)
    frame = pd.DataFrame({"value": 5.0}, index=pd.bdate_range("2024-01-01", periods=20))
    store.put(Delivery("sofr", "a test", frame), datetime.now(UTC))
    pointer = tmp_path / "series/sofr/current.json"
    state = json.loads(pointer.read_text())
    del state["check"]
    state["vintages"][0]["source"] = ADDRESSES[0]
    pointer.write_text(json.dumps(state, indent=1))
    assert store.read("sofr").source == "https://***@x.org/a"
