"""Fetching from a server that fails in every way we know; every failure is one line, or a correct table."""

from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest

from data.sources import http
from tests.faults import Faults, cut_short, drip, flood, page, redirect, reset, silence, status
from tests.fetched import FAST, complaint, hurry

BODY = b"Date,10 Yr\n06/30/2026,4.44\n"


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    hurry(monkeypatch)


@pytest.fixture
def web() -> Iterator[Faults]:
    with Faults() as faults:
        yield faults


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    """Seconds that were waited between attempts, which nobody waits."""
    waits: list[float] = []
    monkeypatch.setattr(http, "sleep", waits.append)
    return waits


# One address


def test_an_answer_comes_back_whole_and_we_say_who_asks(web):
    assert http.get(web.serve("/a", page(BODY)), policy=FAST) == BODY
    assert web.headers[0]["User-Agent"] == http.HEADERS["User-Agent"]


def test_headers_of_a_caller_are_sent(web):
    http.get(web.serve("/a", page(BODY)), headers={"Accept": "application/json"}, policy=FAST)
    assert web.headers[0]["Accept"] == "application/json"


@pytest.mark.parametrize(
    "failure",
    [
        status(429), status(500), status(502), status(503), status(504),
        silence(5.0), reset(b"Date"), cut_short(b"Date,1", 100),
    ],
    ids=["429", "500", "502", "503", "504", "silence", "reset", "cut short"],
)  # fmt: skip
def test_what_passes_is_asked_again(web, failure):
    assert http.get(web.serve("/a", failure, page(BODY)), policy=FAST) == BODY
    assert len(web.asked) == 2


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (status(429), "127.0.0.1 answers 429 Too Many Requests (3 attempts); try again later, or import files instead"),
        (status(500), "127.0.0.1 answers 500 Internal Server Error (3 attempts)"),
        (silence(5.0), "127.0.0.1 did not answer within 1 s (3 attempts)"),
        (reset(b"Date"), "127.0.0.1 broke off in the middle of its answer (3 attempts)"),
        (cut_short(b"Date,10 Yr\n", 1), "127.0.0.1 broke off in the middle of its answer (3 attempts)"),
        (page(b"no zip", Content_Encoding="gzip"), "127.0.0.1 broke off in the middle of its answer (3 attempts)"),
    ],
)
def test_what_does_not_pass_is_told_in_one_line(web, failure, words):
    assert complaint(http.get, web.serve("/a", failure), policy=FAST).startswith(words)
    assert len(web.asked) == 3


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(404), "127.0.0.1 answers 404 Not Found for "),
        (status(403), "127.0.0.1 refuses the request (403 Forbidden); try again later, or import files"),
        (status(401), "127.0.0.1 refuses the request (401 Unauthorized)"),
        (status(204), "127.0.0.1 answers 204 No Content for "),
        (redirect("ftp://127.0.0.1/a.csv"), "127.0.0.1 redirects to what is not http or https"),
        (redirect("file:///etc/passwd"), "127.0.0.1 redirects to what is not http or https"),
        (redirect("/a"), "127.0.0.1 redirects more than 5 times"),
    ],
)
def test_what_will_not_pass_is_asked_once(web, answer, words):
    said = complaint(http.get, web.serve("/a", answer), policy=FAST)
    assert said.startswith(words)
    assert "divergence data import PATH" in said
    assert set(web.asked) == {"/a"}


def test_a_redirect_to_the_new_address_is_followed(web):
    web.serve("/new", page(BODY))
    assert http.get(web.serve("/old", redirect("/new")), policy=FAST) == BODY


def test_waits_double_with_jitter(web, slept):
    policy = http.Policy(attempts=4, backoff=1.0, longest=3.0)
    complaint(http.get, web.serve("/a", status(500)), policy=policy)
    assert len(slept) == 3
    assert 1.0 <= slept[0] <= 2.0 <= slept[1] <= 3.0 == slept[2]
    complaint(http.get, web.serve("/a", status(500)), policy=policy)
    assert slept[3] != slept[0]


def test_a_retry_is_a_warning_in_the_log_and_an_answer_is_told(web, slept, caplog):
    with caplog.at_level(logging.INFO, logger="data"):
        http.get(web.serve("/a", status(503), page(BODY)), policy=FAST)
    retry, fetched = caplog.records
    assert (retry.levelname, fetched.levelname) == ("WARNING", "INFO")
    assert retry.getMessage().startswith("127.0.0.1 answers 503 Service Unavailable; attempt 2 of 3 in ")
    assert fetched.getMessage().startswith(f"fetched {web.root}/a: {len(BODY)} bytes in ")


def test_retry_after_in_seconds_is_honoured(web, slept):
    http.get(web.serve("/a", status(429, Retry_After="3"), page(BODY)), policy=FAST)
    assert 3.0 <= slept[0] <= 3.0 + FAST.backoff


def test_retry_after_as_a_date_is_honoured(web, slept):
    until = datetime.now(UTC) + timedelta(seconds=4)
    http.get(web.serve("/a", status(503, Retry_After=format_datetime(until, usegmt=True)), page(BODY)), policy=FAST)
    assert 2.5 <= slept[0] <= 4.0 + FAST.backoff


@pytest.mark.parametrize("header", ["soon", "-3", "Mon, 01 Jan 2024 00:00:00 GMT"])
def test_a_retry_after_that_says_nothing_or_is_over_delays_nothing(web, slept, header):
    assert http.get(web.serve("/a", status(503, Retry_After=header), page(BODY)), policy=FAST) == BODY
    assert slept[0] <= 2 * FAST.backoff


def test_a_source_that_asks_for_a_long_wait_is_left_alone(web, slept):
    said = complaint(http.get, web.serve("/a", status(429, Retry_After="3600"), page(BODY)), policy=FAST)
    assert said.startswith("127.0.0.1 answers 429 Too Many Requests and asks to wait 3600 s; try again after that")
    assert slept == []
    assert len(web.asked) == 1


def test_an_answer_in_drips_ends_at_its_deadline(web):
    policy = http.Policy(attempts=1, timeout=0.3, deadline=0.2)
    said = complaint(http.get, web.serve("/a", drip(100, 0.05)), policy=policy)
    assert said.startswith("127.0.0.1 was not done answering after 0.2 s")


def test_an_answer_too_large_for_a_table_is_not_taken(web, monkeypatch):
    monkeypatch.setattr(http, "ANSWER", 2 * 2**20)
    said = complaint(http.get, web.serve("/a", flood(8 * 2**20)), policy=FAST)
    assert said.startswith("127.0.0.1 sends more than 2 MB, which is no table")
    assert len(web.asked) == 1


def test_requests_to_one_host_keep_their_distance(web):
    address = web.serve("/a", page(BODY))
    for _ in range(3):
        http.get(address, pause=0.1, policy=FAST)
    assert min(np.diff(web.times)) >= 0.09


def test_a_host_that_is_not_there_means_offline_at_once(slept):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said = complaint(http.get, f"http://127.0.0.1:{port}/a", policy=FAST)
    assert said == "cannot reach 127.0.0.1; are you offline? import files instead: divergence data import PATH"
    said = complaint(http.get, "https://nobody.invalid/a", policy=FAST)
    assert said == "cannot reach nobody.invalid; are you offline? import files instead: divergence data import PATH"
    assert slept == []


def test_a_host_that_speaks_no_tls_is_not_trusted(web):
    said = complaint(http.get, web.serve("/a", page(BODY)).replace("http:", "https:"), policy=FAST)
    assert said.startswith("127.0.0.1 cannot be trusted (")


def test_a_connection_that_breaks_while_it_is_made_is_tried_again():
    done = threading.Event()

    def refuse() -> None:
        while not done.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        thread = threading.Thread(target=refuse)
        thread.start()
        try:
            said = complaint(http.get, f"https://127.0.0.1:{server.getsockname()[1]}/a", policy=FAST)
        finally:
            done.set()
            thread.join()
    assert said.startswith("127.0.0.1 broke off while connecting (3 attempts)")


@pytest.mark.parametrize("address", ["ftp://example.org/a", "file:///etc/passwd", "example.org/a", "https:///a", ""])
def test_only_the_web_is_asked(address):
    assert "is not an http or https address" in complaint(http.get, address)


def test_an_address_with_a_placeholder_nobody_fills_is_told():
    assert "an address may use {year}" in complaint(http.fill, "https://example.org/{month}", year=2026)
