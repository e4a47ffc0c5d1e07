"""Servers that mean harm: each ends within its deadline, in little memory, and leaves the store as it was."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from data.errors import SourceError
from data.series import Delivery
from data.sources import bounded, http, registry
from data.store import Store
from tests.faults import Answer, Faults, endless, packed, page, raw, redirect, silence, status
from tests.publishers import complaint

OK = b"HTTP/1.1 200 OK\r\n"
BODY = b"Effective Date,Rate Type,Rate (%)\n08/19/2025,SOFR,4.33\n"
DEADLINE = 1.0
QUICK = http.Policy(attempts=3, timeout=5.0, deadline=DEADLINE, backoff=0.05, longest=0.5)
DIGITS = ("\u00b2", "\u0663", "9" * 400, "-1", "-9999999", "1e400", "Mon, 99 Foo 99999 99:99:99 +9999", "nan", "")
ZEROS = b"0" * 2**20


def many(pieces: int) -> bytes:
    """A gzip file that unpacks to a megabyte for each piece."""
    return gzip.compress(ZEROS * pieces)


HOSTILE: dict[str, Answer] = {
    "headers that drip": endless(OK, b"X", 0.05),
    "headers that do not end": endless(OK, b"X-Header: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"),
    "one header that does not end": endless(OK + b"X: ", b"a" * 1000),
    "a body that drips": endless(OK + b"Content-Length: 1000000\r\n\r\n", b"1", 0.05),
    "a body that does not end": endless(OK + b"\r\n", b"1" * 2**16),
    "chunks that drip": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n1\r\n", 0.05),
    "a chunk's length that does not end": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 1000),
    "go on, for ever": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "silence": silence(60.0),
    "a redirect that drips": endless(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 99999\r\n", b"X", 0.05),
    "a status that is none": raw(b"HTTP/1.1 999999 Bad\r\n\r\n"),
    "no HTTP": raw(b"\x00\xff" * 5000),
    "a gzip bomb": packed(ZEROS * 200, "gzip"),
    "a gzip bomb in another": packed(ZEROS * 200, "gzip", "gzip"),
    "packed ten times": packed(BODY, *["gzip"] * 10),
    "another packing": page(BODY, Content_Encoding="br"),
    "half a gzip file": page(gzip.compress(BODY * 1000)[:-9], Content_Encoding="gzip"),
    "busy, for ever": status(503, Retry_After="0"),
    **{f"Retry-After {words[:12]!r}": status(503, Retry_After=words) for words in DIGITS[3:]},
}


@pytest.fixture(autouse=True)
def without_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def web():
    with Faults() as faults:
        yield faults


@pytest.mark.parametrize("harm", HOSTILE)
def test_every_source_ends_within_its_deadline(web, harm):
    start = time.monotonic()
    complaint(http.get, web.serve("/a", HOSTILE[harm]), kind=SourceError, policy=QUICK)
    assert time.monotonic() - start < DEADLINE + 0.5


@pytest.mark.parametrize("wait", DIGITS)
def test_a_wait_that_is_no_number_is_no_traceback(web, wait):
    answer = raw(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: " + wait.encode() + b"\r\n\r\n")
    complaint(http.get, web.serve("/a", answer), kind=SourceError, policy=QUICK)


def test_retries_and_redirects_share_the_deadline(web):
    start = time.monotonic()
    policy = http.Policy(attempts=50, timeout=5.0, deadline=DEADLINE, backoff=0.01, longest=0.2)
    web.serve("/b", endless(b"HTTP/1.1 503 Busy\r\nContent-Length: 50\r\n\r\n", b"1", 0.2))
    said = complaint(http.get, web.serve("/a", redirect("/b")), kind=SourceError, policy=policy)
    assert "try again later" in said
    assert time.monotonic() - start < DEADLINE + 0.5


def test_all_that_a_source_is_asked_for_shares_its_deadline(web, monkeypatch):
    monkeypatch.setattr(registry, "DEADLINE", DEADLINE)
    slow = endless(OK + b"\r\n", b"1", 0.2)
    address = web.serve("/a", slow)

    def feed() -> list[Delivery]:
        for _ in range(100):  # as many years
            with pytest.raises(SourceError):
                http.get(address, policy=http.Policy(attempts=1, deadline=0.4))
        return []

    start = time.monotonic()
    assert registry.Job("treasury", feed).fetch() == []
    assert time.monotonic() - start < DEADLINE + 1.0
    assert len(web.asked) <= 4


def test_a_packed_answer_is_unpacked_once_and_no_further_than_its_bound(web, monkeypatch):
    assert http.get(web.serve("/a", packed(BODY, "gzip")), policy=QUICK) == BODY
    assert http.get(web.serve("/two", page(gzip.compress(BODY) * 2, Content_Encoding="gzip")), policy=QUICK) == BODY * 2
    monkeypatch.setattr(http, "ANSWER", 2**20)
    assert http.get(web.serve("/b", packed(ZEROS[:-1] + b"\n", "gzip")), policy=QUICK)[-1:] == b"\n"
    said = complaint(http.get, web.serve("/c", packed(ZEROS + b"\n", "gzip")), kind=SourceError, policy=QUICK)
    assert "sends more than 1 MB" in said


@pytest.mark.parametrize("cut", [1, 3, 20])
@pytest.mark.parametrize("begin", [OK + b"Content-Length: %d\r\n\r\n" % len(BODY), OK + b"Connection: close\r\n\r\n"])
def test_a_body_cut_inside_its_last_number_is_refused(web, begin, cut):
    said = complaint(http.get, web.serve("/a", raw(begin + BODY[:-cut])), kind=SourceError, policy=QUICK)
    assert "broke off in the middle of its answer" in said
    assert http.get(web.serve("/b", raw(begin + BODY)), policy=QUICK) == BODY


@pytest.mark.parametrize(
    ("where", "followed"),
    [
        ("/b", True), ("{root}/b", True), ("http://localhost:{port}/b", False), ("http://127.0.0.2:{port}/b", False),
        ("http://127.0.0.1:1/b", False), ("//127.0.0.2:{port}/b", False), ("http://user@127.0.0.2/b", False),
    ],
)  # fmt: skip
def test_a_redirect_leads_to_no_other_host(web, where, followed):
    web.serve("/b", page(BODY))
    place = where.format(root=web.root, port=web.root.rpartition(":")[2])
    address = web.serve("/a", redirect(place))
    if followed:
        assert http.get(address, policy=QUICK) == BODY
    else:
        said = complaint(http.get, address, kind=SourceError, policy=QUICK)
        assert "which is not where it was asked; set that address in the configuration" in said
        assert web.asked == ["/a"]


@pytest.mark.parametrize("url", ["http://[", "http://", "ftp://x.org/", "x", "http://\ud800/", "http://x\x00y/"])
def test_an_address_that_is_none_is_said(url):
    complaint(http.get, url, kind=SourceError, policy=QUICK)


def test_what_is_left_of_a_deadline_is_never_more_than_the_sources(monkeypatch):
    monkeypatch.setattr(bounded, "monotonic", lambda: 100.0)
    assert bounded.end(60.0) == 160.0
    with bounded.within(5.0):
        assert bounded.end(60.0) == 105.0
        assert bounded.end(2.0) == 102.0
    assert bounded.end(60.0) == 160.0


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["a gzip bomb", "a body that does not end", "a table", "nonsense"])
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_the_command_stays_small_and_the_store_is_unharmed(web, here, harm):
    """What is parsed is as large as an answer may be."""
    store = Store(here / "home")
    frame = pd.DataFrame({"value": 5.3}, index=pd.bdate_range("2024-01-01", periods=200))
    store.put(Delivery("sofr", "a test", frame), datetime.now(UTC))
    before = {path: path.read_bytes() for path in sorted(store.folder.rglob("*")) if path.is_file()}
    large = {
        "a table": b"Effective Date,Rate Type,Rate (%)\n"
        + b"08/19/2025,SOFR,4.33\n" * 390_000
        + b"08/20/2025,SOFR,x\n",
        "nonsense": b"," * (http.ANSWER - 1) + b"\n",
    }
    answer = page(large[harm]) if harm in large else HOSTILE[harm]
    address = web.serve("/a", answer)
    (here / "run.yaml").write_text(
        f"name: x\nvariants: {{a: {{strategy: policy}}}}\nsources: {{nyfed: '{address}?{{start}}&{{end}}'}}\n"
    )
    code = (
        "from pathlib import Path; from backtests.cli.app import app\n"
        "try: app(['data', 'update', 'sofr', '--config', 'run.yaml', '--quiet'], standalone_mode=False)\n"
        "finally: print('peak', Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "DIVERGENCE_HOME": str(here / "home"), "PYTHONPATH": str(Path(__file__).parents[1])},
    ) as updating:  # fmt: skip
        out, _ = updating.communicate(timeout=90)
    assert {path: path.read_bytes() for path in sorted(store.folder.rglob("*")) if path.is_file()} == before
    assert int(out.rpartition("peak ")[2]) < 300 * 1024, out
