"""The journal of a thesis: claims and dated trades as registered, and every verdict as it changed.

A line's body is plain data: figures are decimals, absent ones None, dates ISO. What a past day is judged by is what was
known on it, so that its bodies are the same whatever came later; only a restated series changes them, and then a line
is added and both stand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from backtests.config import Config, load
from backtests.runs.inputs import until
from backtests.runs.window import OutsideDataError
from backtests.thesis import chain, dated, fingerprints, scorecard
from backtests.thesis.about import about
from backtests.thesis.chain import Chain, Entry, Line
from backtests.thesis.claims import Judged
from backtests.thesis.history import History, history
from backtests.thesis.statements import kind_of, stated, unit
from data.errors import ConfigError

FOLDER = Path("journal")
REGISTERED = ("claim", "trade")  # kinds of lines that register; the others are verdicts
POINTS = 60  # of a path in a line


@dataclass(frozen=True)
class Moment:
    """A configuration's history as known on a day."""

    known: History
    day: date
    replay: bool  # the data goes on after it

    @property
    def last(self) -> date:
        """The last row known."""
        return self.known.market.dates[-1].astype(object)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Outcome:
    """What a command added to a journal."""

    chain: Chain  # as it is now
    added: tuple[Line, ...]
    torn: str  # the line that was torn and is replaced
    unregistered: tuple[str, ...] = ()  # claims and trades of the configuration that are not in it
    day: date | None = None  # as of which


def place(name: str) -> Path:
    """Return where the journal of a name is; a path to one is itself."""
    path = Path(name)
    return path if path.suffix == ".jsonl" or len(path.parts) > 1 else FOLDER / f"{name}.jsonl"


def opened(name: str) -> Chain:
    """Read a journal that must be there: by its name or file, or by the configuration whose name it has.

    Raises
    ------
    ConfigError
        None of that name.
    """
    own = FOLDER / f"{name}.jsonl"
    configured = Path(name).suffix.lower() in (".yaml", ".yml") and not own.is_file()
    path = place(load(Path(name)).name if configured else name)
    journal = chain.read(path)
    if not journal.lines and not journal.complaint and not path.is_file():
        known = sorted(other.stem for other in FOLDER.glob("*.jsonl"))
        there = f"; there are {', '.join(known)}" if known else "; `divergence journal register CONFIG` begins one"
        raise ConfigError(f"{path}: no such journal{there}")
    return journal


def moment(config: Config, as_of: date | None = None) -> Moment:
    """Return what was known on a day: by default the configuration's end, else the last row of the data.

    Raises
    ------
    ConfigError
        A day outside the data.
    """
    whole = history(config)
    first, last = (row.astype(object) for row in whole.market.dates[[0, -1]])
    day = as_of or config.data.end or last
    if not first <= day <= last:
        setting, where = ("--as-of", "") if as_of else ("data.end", config.places.get("data.end", ""))
        raise OutsideDataError(setting, day, config.data.source, first, last, where)
    dates = whole.market.dates
    row = max(int(np.searchsorted(dates, np.datetime64(day), side="right")) - 1, 0)
    if row == len(dates) - 1:
        return Moment(whole, day, replay=False)
    cut = replace(whole, tables=until(whole.tables, dates[row].astype(object)), market=whole.market.until(row))
    return Moment(cut, day, replay=day < last)


# ---- registering


def register(path: Path, config: Config, now: Moment, today: date | None = None) -> Outcome:
    """Write each claim and each dated trade that is not in the journal, or not as it now reads.

    Raises
    ------
    ConfigError
        A configuration without any.
    """
    if not config.claims and not dated.of(config):
        raise ConfigError(
            f"{config.name} states no claims and no trade with a hurdle; add claims:, or trade: to a variant"
        )
    bodies = [*_claims(config, now, today), *_trades(config, now, today)]

    def entries(before: Chain) -> list[Entry]:
        known = registered(before.lines)
        fresh = []
        for entry in bodies:
            former = known.get(key_of(entry.body))
            if former is None:
                fresh.append(entry)
            elif former["body"]["statement"] != entry.body["statement"]:
                fresh.append(replace(entry, body={**entry.body, "replaces": former["seq"]}))
        return fresh

    return _appended(path, entries, now)


def registered(lines: Iterable[Line]) -> dict[str, Line]:
    """Return the line that registers each claim and trade, the last of each, by key."""
    return {key_of(line["body"]): line for line in lines if line["kind"] in REGISTERED}


def key_of(body: Mapping[str, Any]) -> str:
    """Return what a body is about: a claim's key, or a variant's name."""
    return f"variant {body['variant']}" if "variant" in body else f"claim {body['claim']}"


def _claims(config: Config, now: Moment, today: date | None) -> list[Entry]:
    entries = []
    for claim in config.claims:
        plain = stated(claim, config)
        body = {
            "claim": claim.key,
            "text": claim.text,
            "number": claim.number or None,
            "definition": claim.definition or None,
            "measure": about(claim.measure, now.known),
            "kind": kind_of(claim.measure),
            "unit": unit(claim.measure),
            "window": [str(claim.first), str(claim.last) if claim.last else None],
            "states": plain,
            "statement": hashlib.sha256(chain.canonical(plain)).hexdigest(),
            "note": claim.note or None,
        }
        entries.append(_registering("claim", body, fingerprints.of_claim(claim, now.known), now, today))
    return entries


def _trades(config: Config, now: Moment, today: date | None) -> list[Entry]:
    entries = []
    for variant in dated.of(config):
        plain = dated.stated(variant, config)
        body = {
            "variant": variant.name,
            "strategy": variant.strategy_name,
            "window": dated.window(variant, now.day),
            "kind": "trade",
            "states": plain,
            "statement": hashlib.sha256(chain.canonical(plain)).hexdigest(),
        }
        entries.append(_registering("trade", body, fingerprints.of_variant(variant, now.known), now, today))
    return entries


def _registering(kind: str, body: dict[str, Any], names: Sequence[str], now: Moment, today: date | None) -> Entry:
    whole = {**body, "as_of": str(now.day), **_late(body, now.day, today)}
    return Entry(kind, whole, _data(now, names, now.last), now.replay)


def _late(body: Mapping[str, Any], day: date, today: date | None) -> dict[str, Any]:
    """Whether a window began before the data's last day, or before today: what it says is in-sample for ever."""
    first = date.fromisoformat(body["window"][0])
    today = today or datetime.now(UTC).date()
    why = f"the data's last day, {day}" if first < day else f"it was registered, on {today}" if first < today else ""
    return {"in_sample": bool(why), "why": f"its window began {first}, before {why}" if why else None}


def _data(now: Moment, names: Sequence[str], to: date) -> dict[str, Any]:
    """Return what a line rests on: source, last day, and the hash of each series' rows as known on `to`."""
    return {
        "source": Path(now.known.tables.source).name,  # of a folder; where it lies is nobody's business
        "frequency": now.known.tables.frequency,
        "last": str(now.last),
        "to": str(to),
        "series": fingerprints.rows(names, now.known, to),
    }


# ---- judging


def judge(path: Path, config: Config, now: Moment) -> Outcome:
    """Judge what is registered, and write what changed: a verdict, or the data under one that did not.

    Raises
    ------
    ConfigError
        Nothing registered, or a claim that is not what was registered.
    BrokenError
        A journal in which a line is broken.
    """
    before = opened(str(path))
    if before.broken:
        raise chain.BrokenError(f"{before.broken}; nothing is added to it, see `divergence journal verify`")
    known = registered(before.lines)
    bodies = judged(config, now, known)
    missing = tuple(key for key in bodies if key not in known)
    if len(missing) == len(bodies):
        raise ConfigError(f"{path}: nothing that {config.name} states is registered; `divergence journal register` it")
    check_stated(path, known, config)

    def entries(before: Chain) -> list[Entry]:
        begun = registered(before.lines)
        wanted = (_changed(before.lines, begun[key], body, names, now) for key, (body, names) in bodies.items()
                  if key in begun)  # fmt: skip
        return [entry for entry in wanted if entry]

    return replace(_appended(path, entries, now), unregistered=missing)


def _appended(path: Path, entries: Callable[[Chain], list[Entry]], now: Moment) -> Outcome:
    asked: list[Chain] = []

    def noted(before: Chain) -> list[Entry]:
        asked.append(before)
        return entries(before)

    after = chain.append(path, noted)
    return Outcome(after, after.lines[len(asked[0].lines) :], asked[0].torn, day=now.day)


def judged(config: Config, now: Moment, known: Mapping[str, Line]) -> dict[str, tuple[dict[str, Any], tuple[str, ...]]]:
    """Return the body of every claim's and dated trade's verdict on a day, with the series that it rests on, by key.

    `known` are the lines that register them: a trade without an entry is followed from its registration on.
    """
    answers = scorecard.judge(config.claims, now.known, now.day) if config.claims else ()
    bodies: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {}
    for answer in answers:
        body = {**answer.body(), "as_of": str(now.day), "path": _path(answer)}
        bodies[f"claim {answer.claim.key}"] = body, fingerprints.of_claim(answer.claim, now.known)
    for variant in dated.of(config):
        key = f"variant {variant.name}"
        window = known[key]["body"]["window"] if key in known else dated.window(variant, now.day)
        body = dated.body(variant, now.known, now.day, date.fromisoformat(str(window[0])))
        bodies[key] = body, fingerprints.of_variant(variant, now.known)
    return bodies


def _path(answer: Judged) -> list[list[Any]]:
    """Return a measure from its window's first row to the last judged, at ends of months, of many of years."""
    if answer.path is None or answer.stated.end is None:
        return []
    first, last = answer.stated.first, answer.stated.last
    known = zip(answer.path.dates, answer.path.values, strict=True)
    inner = [(day, value) for day, value in known if first < day < last and value is not None]
    monthly, yearly = ({day[:length]: (day, value) for day, value in inner} for length in (7, 4))  # the last of each
    points = (monthly if len(monthly) <= POINTS else yearly).values()
    start = [[first, answer.stated.start]] if answer.stated.start is not None and first < last else []
    return [*start, *(list(point) for point in points), [last, answer.stated.end]]


def check_stated(path: Path, known: Mapping[str, Line], config: Config) -> None:
    """Refuse a claim or trade that is not what was registered."""
    plain: dict[str, dict[str, Any]] = {f"claim {claim.key}": stated(claim, config) for claim in config.claims}
    plain |= {f"variant {variant.name}": dated.stated(variant, config) for variant in dated.of(config)}
    for key, now in plain.items():
        line = known.get(key)
        if line is None or line["body"]["states"] == now:
            continue
        then = line["body"]["states"]
        other = next((name for name in now if now[name] != then.get(name)), "states")
        raise ConfigError(
            f"{config.name}: {key} is not what line {line['seq']} of {path} registered ({other}); put it back, or "
            "register it again, when both stand"
        )


def _changed(
    lines: Sequence[Line], begun: Line, body: Mapping[str, Any], names: Sequence[str], now: Moment
) -> Entry | None:
    """Return the verdict as an entry where it is the first, differs from the one before, or its data were restated."""
    key, day = key_of(body), str(now.day)
    body = {**body, "in_sample": begun["body"]["in_sample"]}
    former = [
        line
        for line in lines[begun["seq"] :]
        if line["kind"] == "verdict" and key_of(line["body"]) == key and line["body"]["as_of"] <= day
    ]
    data = _data(now, names, min(now.last, _end(body)))
    if not former:
        return Entry("verdict", body, data, now.replay)
    before = former[-1]
    then = before["data"]["series"]
    again = fingerprints.rows(then, now.known, date.fromisoformat(before["data"]["to"]))
    restated = sorted(name for name in then if then[name] != again[name])
    if verdict_of(before["body"]) == verdict_of(body) and not restated:
        return None
    return Entry("verdict", body, {**data, **({"restated": restated} if restated else {})}, now.replay)


def _end(body: Mapping[str, Any]) -> date:
    return date.fromisoformat(body["window"][1]) if body["window"][1] else date.max


def verdict_of(body: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what of a body is its verdict: the three answers, and whether it was given up."""
    answers = (body[name] for name in ("happened", "beat_forward", "paid"))
    return (*(answer and answer["verdict"] for answer in answers), body["killed"], body.get("closed_by"))


def told_late(config: Config) -> str:
    """Return which of a configuration's claims its journal has as in-sample, in a sentence; empty where none is."""
    path = place(config.name)
    known = registered(chain.read(path).lines)
    keys = [claim.key for claim in config.claims]
    late = [key for key in keys if (line := known.get(f"claim {key}")) and line["body"].get("in_sample")]
    if not late:
        return ""
    names = "every claim" if len(late) == len(keys) else ", ".join(late)
    return f"In-sample, registered in {path} after the window had begun: {names}."
