"""The chain of a journal: whatever is done to its file is named, and nothing that was whole is lost."""

from __future__ import annotations

import hashlib
import json

import pytest

from backtests.thesis import chain
from backtests.thesis.chain import GENESIS, Entry
from data.errors import ConfigError, SourceError
from tests.proof import journal as attack


def entries(*texts):
    return lambda before: [Entry("note", {"claim": text, "value": 0.1}, {"last": "2025-12-31"}) for text in texts]


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "mine.jsonl"
    chain.append(place, entries("a", "b", "c"))
    return place


def test_a_line_is_its_canonical_json_and_its_hash_is_anybodys_to_work_out(path):
    head = GENESIS
    for number, raw in enumerate(path.read_bytes().splitlines(), 1):
        line = json.loads(raw)
        assert list(line) == ["body", "data", "hash", "kind", "prev", "seq", "time", "version"]
        own = line.pop("hash")
        text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert own == hashlib.sha256(text.encode()).hexdigest()
        assert (line["prev"], line["seq"]) == (head, number)
        head = own
    assert chain.read(path).head == head


def test_a_flip_in_any_byte_is_named_by_its_line(tmp_path):
    place = tmp_path / "flipped.jsonl"
    attack.few(place)
    count, missed = attack.flips(place, step=7)
    assert count > 200
    assert missed == 0


def test_two_writers_at_once_leave_whole_lines_of_one_chain(tmp_path):
    assert attack.together(tmp_path / "both.jsonl", 12)


def test_a_kill_loses_at_most_the_line_being_written(tmp_path):
    lost, _ = attack.kills(tmp_path / "killed.jsonl", 2)
    assert lost == 0


def test_a_torn_last_line_is_named_and_replaced_by_the_next_write(path):
    whole = chain.read(path).lines
    content = path.read_bytes()
    path.write_bytes(content[:-40])
    torn = chain.read(path)
    assert torn.lines == whole[:2]
    assert "line 3 is torn" in torn.torn
    after = chain.append(path, entries("d"))
    assert "line 3 is torn" in after.torn
    again = chain.read(path)
    assert not again.complaint
    assert [line["body"]["claim"] for line in again.lines] == ["a", "b", "d"]


@pytest.mark.parametrize("end", range(1, 400, 37))
def test_a_tail_torn_anywhere_is_replaced(path, end):
    content = path.read_bytes()
    start = content[:-1].rfind(b"\n") + 1
    path.write_bytes(content[: min(start + end, len(content) - 1)])
    chain.append(path, entries("d"))
    assert not chain.read(path).complaint
    assert len(chain.read(path).lines) == 3


def test_a_cut_tail_or_a_rewritten_chain_is_seen_against_the_head_that_was_kept(path):
    kept = chain.read(path).head
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]))
    assert not chain.read(path).complaint  # a chain alone cannot see it
    assert "tail was cut" in chain.against(chain.read(path), kept)
    path.unlink()
    chain.append(path, entries("a", "b", "changed"))
    assert not chain.read(path).complaint
    assert "rewritten" in chain.against(chain.read(path), kept)


def test_a_head_kept_earlier_stays_one_as_the_journal_grows(path):
    kept = chain.read(path).head
    chain.append(path, entries("d"))
    assert chain.against(chain.read(path), kept) == ""
    assert chain.against(chain.read(path), kept[:16].upper()) == ""


@pytest.mark.parametrize("head", ["", "e7c1", "not a hash at all", "g" * 64, "0" * 65])
def test_what_is_no_hash_is_refused_as_a_head(path, head):
    with pytest.raises(ConfigError, match="hex digits"):
        chain.against(chain.read(path), head)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda lines: [lines[0], lines[2]], "line 2 does not follow line 1"),
        (lambda lines: [lines[1], lines[2]], "line 1 is not the first"),
        (lambda lines: [lines[1], lines[0], lines[2]], "line 1 is not the first"),
        (lambda lines: [*lines, lines[2]], "line 4 does not follow line 3"),
        (lambda lines: [lines[0], b"\n", *lines[1:]], "line 2 is not a line"),
        (lambda lines: [lines[0].replace(b'"seq":1', b'"seq": 1'), *lines[1:]], "line 1 was changed"),
        (lambda lines: [b"[" * 100_000 + b"\n", *lines], "line 1 is not a line"),
        (lambda lines: [lines[0], b'{"hash":NaN}\n'], "line 2 is not a line"),
        (lambda lines: [lines[0], b"\xff\xfe\n"], "line 2 is not a line"),
        (lambda lines: [lines[0], b'"text"\n'], "line 2 is not a line"),
    ],
)
def test_what_was_done_to_lines_is_named(path, change, told):
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    assert told in chain.read(path).broken


def test_nothing_is_added_to_a_broken_journal(path):
    content = path.read_bytes().replace(b'"a"', b'"x"', 1)
    path.write_bytes(content)
    with pytest.raises(chain.BrokenError, match="line 1 was changed"):
        chain.append(path, entries("d"))
    assert path.read_bytes() == content


def test_what_json_does_not_have_is_not_written(path):
    content = path.read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        chain.append(path, lambda _: [Entry("note", {"value": float("nan")}, {})])
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_one_line(tmp_path):
    (tmp_path / "x.jsonl").mkdir()
    with pytest.raises(SourceError, match="cannot be read"):
        chain.append(tmp_path / "x.jsonl", entries("a"))
