"""A journal as rows: what was registered, what the last verdict is, and how each verdict is marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.config.claims import Unit
from backtests.report.format import ABSENT, number, percent, signed
from backtests.thesis.chain import Line
from backtests.thesis.claims import CANNOT
from backtests.thesis.journal import REGISTERED, key_of, verdict_of

MARKS = ("holds", "fails", "killed", "cannot", "none")  # what a row can be; holds and fails may be so far
PLAIN = Unit("%", 100.0, "points", 100.0, 100.0, 1)  # of what a trade made
HEADINGS = (
    "claim or trade",
    "registered",
    "verdict",
    "as of",
    "level, change",
    "hurdle",
    "kill",
    "paid, %",
    "in-sample",
)


@dataclass(frozen=True)
class Item:
    """A claim or trade of a journal; bodies are plain data, as lines hold them."""

    begun: Line  # that registers it, the last such
    verdicts: tuple[Line, ...]  # since then, by the day they are of
    now: Mapping[str, Any] | None = None  # its verdict today, which no line holds

    @property
    def body(self) -> Mapping[str, Any]:
        """What was registered."""
        return self.begun["body"]  # type: ignore[no-any-return]

    @property
    def last(self) -> Mapping[str, Any] | None:
        """The body of the last verdict there is."""
        return self.now or (self.verdicts[-1]["body"] if self.verdicts else None)

    @property
    def unit(self) -> Unit:
        """How its figures are shown."""
        return Unit(**self.body["unit"]) if "unit" in self.body else PLAIN

    @property
    def name(self) -> str:
        """Its sentence with its definition, or the trade's name."""
        if "variant" in self.body:
            return str(self.body["variant"])
        text, definition = self.body["text"], self.body["definition"]
        return f"{text} ({definition})" if definition else str(text)

    @property
    def unwritten(self) -> bool:
        """Whether today's verdict is another than the last that a line holds."""
        written = self.verdicts[-1]["body"] if self.verdicts else None
        return self.now is not None and (written is None or verdict_of(written) != verdict_of(self.now))

    @property
    def in_sample(self) -> bool:
        """Whether it was registered after its window had begun."""
        return bool(self.body["in_sample"])


def items(lines: Iterable[Line], now: Mapping[str, Mapping[str, Any]] | None = None) -> list[Item]:
    """Return what is registered, in order, with its verdicts; `now` holds today's bodies by key."""
    begun: dict[str, Line] = {}
    verdicts: dict[str, list[Line]] = {}
    for line in lines:
        key = key_of(line["body"])
        if line["kind"] in REGISTERED:
            begun[key], verdicts[key] = line, []
        elif line["kind"] == "verdict" and key in verdicts:
            verdicts[key].append(line)
    return [
        Item(line, tuple(sorted(verdicts[key], key=lambda v: (v["body"]["as_of"], v["seq"]))), (now or {}).get(key))
        for key, line in begun.items()
    ]


def answer(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what a verdict hangs on: that it happened; of a trade that it beat the forward, else that it paid."""
    answers = (body[name] for name in ("happened", "beat_forward", "paid"))
    return next((own for own in answers if own), None)


def mark(body: Mapping[str, Any] | None) -> str:
    """Return which of MARKS a verdict is."""
    own = answer(body) if body else None
    if body is None or own is None:
        return "none"
    if body["killed"]:
        return "killed"
    return "cannot" if own["verdict"] == CANNOT else str(own["verdict"].split()[0])


def word(body: Mapping[str, Any] | None) -> str:
    """Return a verdict in words."""
    own = answer(body) if body else None
    if body is None or own is None:
        return "not judged yet"
    if body["killed"]:
        return f"given up {body['killed']}"
    closed = f", closed by {body['closed_by']}" if body.get("closed_by") else ""
    return f"{'cannot be tested' if own['verdict'] == CANNOT else own['verdict']}{closed}"


def level(item: Item) -> str:
    """Return the last value and its change over the window."""
    body = item.last
    if body is None:
        return ABSENT
    if "variant" in body and "trips" in body:
        gain = (body["beat_forward"] or {}).get("gain_bp")
        return f"{signed(gain, 0)} bp" if gain is not None else ABSENT
    if body["end"] is None:
        return ABSENT
    unit = item.unit
    text = f"{number(body['end'], unit.digits, unit.scale)} {unit.level or '×'}"
    if body["start"] is None or body["rows"][0] == body["rows"][1]:
        return text.rstrip(" ×") if unit.level else text
    moved = signed(body["end"] - body["start"], 0 if unit.moves == 1e4 else unit.digits, unit.moves)
    return f"{text}, {moved} {unit.change}".rstrip()


def hurdle(item: Item) -> str:
    """Return what had to be beaten: the forward, or what the claim says."""
    body, unit = item.last, item.unit
    beat = body["beat_forward"] if body else None
    if beat and "hurdle_bp" in beat:
        return f"{signed(beat['hurdle_bp'], 0)} bp"
    if beat and beat.get("forward") is not None:
        return f"{number(beat['forward'], unit.digits, unit.scale)} {unit.level}".rstrip()
    bounds = [number(bound, unit.digits, unit.scale) for bound in says(item)]
    return f"{' to '.join(bounds)} {unit.level}".rstrip() if bounds else ABSENT


def says(item: Item) -> list[float]:
    """Return the finite bounds of what a claim says, as levels of its measure."""
    stated = item.body["states"].get("says")
    if not stated:
        return []
    start = item.last["start"] if item.last and stated["reads"] == "change" else None
    if stated["reads"] == "change" and start is None:
        return []
    return [(start or 0.0) + bound for bound in (stated["low"], stated["high"]) if bound is not None]


def kill(item: Item) -> str:
    """Return the level at which it is given up."""
    stated = item.body["states"].get("kill")
    unit = item.unit
    return f"{number(stated['level'], unit.digits, unit.scale)} {unit.level}".rstrip() if stated else ""


def paid(body: Mapping[str, Any] | None) -> float | None:
    """Return what the trade made over cash, a fraction of capital."""
    own = body["paid"] if body else None
    return own["excess"] if own else None


def table(rows: Sequence[Item]) -> list[list[str]]:
    """Return a line each for the terminal."""
    return [
        [
            item.name, item.body["as_of"], f"{word(item.last)}{' (in no line yet)' if item.unwritten else ''}",
            item.last["as_of"] if item.last else "", level(item),
            hurdle(item), kill(item), percent(paid(item.last), 2), "in-sample" if item.in_sample else "",
        ]
        for item in rows
    ]  # fmt: skip


def what(line: Line) -> tuple[str, str]:
    """Return what a line is, and what it says, in a few words."""
    body = line["body"]
    key = body.get("variant") if "variant" in body else body.get("claim")
    if line["kind"] in REGISTERED:
        tail = f", in place of line {body['replaces']}" if "replaces" in body else ""
        return "registered", f"{key}{tail}{': in-sample' if body['in_sample'] else ''}"
    marked = "restated" if line["data"].get("restated") else "given up" if body["killed"] else "verdict"
    return marked, f"{key} {word(body)}{' (in-sample)' if body['in_sample'] else ''}"


def registered(rows: Sequence[Item]) -> str:
    """Return what is registered, without its number: `claims and trades`, or of a single one which of them."""
    if len(rows) != 1:
        return "claims and trades"
    return "trade" if "variant" in rows[0].body else "claim"


def _open(count: int, rows: int) -> str:
    if rows == 1:
        return "this verdict is so far, its window open"
    return f"{count} of these verdicts {'is so far, its window' if count == 1 else 'are so far, their windows'} open"


def verdict(rows: Sequence[Item], lines: Sequence[Line]) -> str:
    """Return a journal in a few sentences."""
    count = Counter(mark(item.last) for item in rows)
    far = sum((answer(item.last) or {}).get("verdict", "").endswith("so far") for item in rows if item.last)
    many = ("hold", "fail", "were given up", "cannot be tested", "are not judged yet")
    single = ("holds", "fails", "was given up", "cannot be tested", "is not judged yet")
    held = [
        f"{count[name]} {single[i] if count[name] == 1 else many[i]}" for i, name in enumerate(MARKS) if count[name]
    ]
    subject = f"Of {len(rows)} claims and trades {', '.join(held)}" if rows else "Nothing is registered"
    if len(rows) == 1:
        subject = f"The one {registered(rows)} {held[0].removeprefix('1 ')}"
    parts = [f"{subject}{f'; {_open(far, len(rows))}' if far else ''}."]
    late = sum(item.in_sample for item in rows)
    if late:
        who = "It is" if len(rows) == 1 else f"{late} {'is' if late == 1 else 'are'}"
        parts.append(f"{who} in-sample: registered after the window had begun.")
    return " ".join([*parts, _known(lines)])


def _known(lines: Sequence[Line]) -> str:
    replayed = [line for line in lines if line.get("replay")]
    if not replayed:
        return "Every line was recorded live." if lines else ""
    if len(replayed) == len(lines):
        return f"Every line was replayed: written from {lines[0]['time'][:10]} on, when what followed was known."
    live = next(line for line in lines if not line.get("replay"))
    return f"{len(replayed)} of {len(lines)} lines were replayed; those live were written from {live['time'][:10]} on."
