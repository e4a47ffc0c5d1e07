"""Choices as one book: what each chosen cell wants while its choice holds, positions and costs carried across seams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backtests.engine.book import Book

BY_COLUMN = ("fx_exposed", "listed", "bond")
BY_BOTH = (
    "price", "fx", "funding_long", "funding_short", "borrow", "roll", "income_long", "income_short", "spread", "lot",
    "tradable",
)  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A cell's book on all rows of the chain, what each of its columns is, and the rows on which it decides."""

    book: Book
    columns: tuple[object, ...]  # equal where one holding is another's: leg, and how it is funded
    rows: slice


def stitched(pieces: Sequence[Piece]) -> Book:
    """Return the book that follows each piece on its rows, which follow one another.

    A holding that two pieces share is one column: a new choice trades the difference alone. Where a piece differs from
    the one before, its first row decides whatever its clock and band say.
    """
    columns: dict[object, tuple[Book, int]] = {}
    for piece in pieces:
        for i, column in enumerate(piece.columns):
            columns.setdefault(column, (piece.book, i))
    place = {column: i for i, column in enumerate(columns)}
    first = pieces[0].book
    targets = np.zeros((len(first.dates), len(columns)))
    decides, band = first.decides.copy(), first.band.copy()
    for k, piece in enumerate(pieces):
        own, rows = piece.book, piece.rows
        targets[rows, [place[column] for column in piece.columns]] = own.targets[rows]
        decides[rows], band[rows] = own.decides[rows], own.band[rows]
        if k and piece.book is not pieces[k - 1].book:
            decides[rows.start], band[rows.start] = True, 0.0
    fields: dict[str, Any] = {
        name: np.ascontiguousarray(np.column_stack([getattr(book, name)[:, i] for book, i in columns.values()]))
        for name in BY_BOTH
    }
    fields |= {name: np.array([getattr(book, name)[i] for book, i in columns.values()]) for name in BY_COLUMN}
    fields |= {"targets": targets, "decides": decides, "band": band}
    for value in fields.values():
        value.flags.writeable = False
    return first._replace(**fields)
