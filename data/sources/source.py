"""Source: where series come from. Each publisher's module describes its own as one value, `SOURCE`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from data.series import VALUE, Delivery

Header = tuple[str, ...]
Parser = Callable[[bytes, str, date | None], list[Delivery]]  # content, path, last day that is no mistake


@dataclass(frozen=True)
class Feed:
    """What one job of `data update` fetches."""

    series: tuple[str, ...]
    fetch: Callable[[str], list[Delivery]]  # given the source's address, or the one that replaces it


@dataclass(frozen=True)
class Place:
    """Which column of which series a column of a file fills."""

    series: str
    column: str = VALUE


@dataclass(frozen=True)
class Format:
    """A kind of file: what it is called, how its header is recognised, and how it is read.

    Where `columns` says which places a header's names fill, a file that a person saved again, with other dates, marks
    or delimiters, is read by them; `parse` reads what the publisher itself wrote.
    """

    name: str
    recognise: Callable[[Header], bool]
    parse: Parser
    columns: Callable[[Header], Mapping[str, Place]] | None = None
    only: tuple[str, str] | None = None  # the rows that count: a column and what it must hold


def single(parse: Callable[[bytes, str, date | None], Delivery]) -> Parser:
    """Return the parser of files that hold a single series."""

    def parser(data: bytes, source: str, today: date | None) -> list[Delivery]:
        return [parse(data, source, today)]

    return parser


@dataclass(frozen=True)
class Source:
    """A publisher: the series it offers, its address, and its files."""

    name: str  # as under `sources:` of a configuration
    feeds: tuple[Feed, ...] = ()
    address: str = ""  # with {placeholders}; blank where it cannot be replaced
    formats: tuple[Format, ...] = ()
