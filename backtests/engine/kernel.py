"""The plain ledger compiled, and the statistics of many books in one pass each: the same functions, to the last bit.

`ledger.walk` and what it calls are compiled as they stand. For totals, the two functions by which they write their
lines are replaced by ones that add up all bars where nobody asks for them one by one. No fast mathematics and no sums
shared by threads: their number changes nothing. docs/decisions/0007-kernel.md says what it costs and when it pays.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, NamedTuple, get_type_hints

import numpy as np
from numpy.typing import NDArray

from backtests.engine import book as book_module
from backtests.engine import ledger, statistics
from backtests.engine.book import Book
from backtests.engine.ledger import Lines, Path, walk
from backtests.engine.result import BOOK_LINES, LINES, Result
from backtests.engine.statistics import STATISTICS, WORKING, measure
from data.pricing.bonds import Array
from strategies import compiled

WALK = (
    ledger.accrue, ledger.fill, ledger.trade, ledger.expected, ledger.decide, ledger.close, ledger.step, ledger.walk,
)  # fmt: skip
WORTH = 1_000_000  # bars times legs in all: below, the first compilation may cost more than runs ever save
CHUNK = 64  # books that a thread is given at a time
BY_BAR = ("cost", "roll", "notional", *BOOK_LINES)  # lines whose bars the statistics need, not their sums alone
BOOK_END = len(Book._fields)
LINES_END = BOOK_END + len(Lines._fields)
PATH_END = LINES_END + len(Path._fields)
DATES, NO_DATES = Book._fields.index("dates"), np.empty(0)
CASTS = [(i, kind if kind in (int, float, bool) else None) for i, kind in enumerate(get_type_hints(Book).values())]


# ---- which engine


def engine(work: int) -> Callable[[Book], Result]:
    """Return what walks books of `work` bars times legs in all the sooner; both answer the same to the last bit."""
    loaded = _every_line.cache_info().currsize > 0
    return run if loaded or work >= WORTH else ledger.run


def refusal(book: Book) -> str | None:
    """Why a book is left to the plain ledger; None where the kernel takes it."""
    if not _installed():
        return "numba is not installed"
    shape = book.price.shape
    if 0 in shape:
        return "it has no rows or no legs"
    for name, value in zip(Book._fields, book, strict=True):
        if name != "dates" and not _taken(value, shape):
            return f"its {name} is neither an array of floats or flags by row and leg nor a number"
    return None


@cache
def _installed() -> bool:
    return importlib.util.find_spec("numba") is not None


def _taken(value: object, shape: tuple[int, ...]) -> bool:
    if isinstance(value, np.ndarray):
        fits = value.shape == shape if value.ndim == 2 else value.ndim == 1 and len(value) in shape
        return fits and value.dtype.char in "d?"
    return isinstance(value, int | float)


# ---- one book, every line


def run(book: Book) -> Result:
    """Walk the book and return its result, as `ledger.run` does."""
    if refusal(book):
        return ledger.run(book)
    lines, path = ledger.blank(book)
    return ledger.result(book, lines, path, _every_line()(*_uniform(book), *lines, *path))


def _uniform(book: Book) -> list[Any]:
    """The fields of a book but its dates, in one type for all books: arrays contiguous and read-only."""
    fields: list[Any] = list(book)
    for i, cast in CASTS:
        value = fields[i]
        if cast:
            fields[i] = cast(value)
        elif value.flags.writeable or not value.flags.c_contiguous:
            fields[i] = np.ascontiguousarray(value).view()
            fields[i].flags.writeable = False
    fields[DATES] = NO_DATES
    return fields


# ---- many books: statistics and totals


@dataclass(frozen=True)
class Sweep:
    """What k books came to, in their order."""

    statistics: dict[str, Array]  # of STATISTICS (k,)
    lines: dict[str, Array]  # sum over all bars and legs (k,), USD
    ruined: NDArray[np.int64]  # (k,) row of ruin or -1
    refused: dict[int, str]  # number of a book that the plain ledger walked, and why


class Sums(NamedTuple):
    """What one book came to."""

    answer: Array  # of STATISTICS, then of LINES
    ruined: int
    refused: str | None


Visit = Callable[[int, Array, Array], None]  # a book's number, its equity (T,) and the cash credited (T,)


def sweep(books: Iterable[Book], threads: int = 1, visit: Visit = lambda number, equity, cash: None) -> Sweep:
    """Walk and measure every book; the same to the last bit on any number of threads.

    Books are taken as threads get to them, so they need not all exist at once. `visit` sees each book's path, from
    several threads, in memory that the next book uses again: it copies what it keeps.
    """
    rows: list[Sums] = []
    numbered = enumerate(books)

    def walked(chunk: Sequence[tuple[int, Book]]) -> list[Sums]:
        return _chunk(chunk, visit)

    with ThreadPoolExecutor(threads) as pool:
        while batch := list(islice(numbered, CHUNK * threads)):
            chunks = [batch[start : start + CHUNK] for start in range(0, len(batch), CHUNK)]
            for part in pool.map(walked, chunks) if threads > 1 else map(walked, chunks):
                rows += part
    names = (*STATISTICS, *LINES)
    answers = np.array([row.answer for row in rows]).reshape(-1, len(names)).T
    by_name = dict(zip(names, answers, strict=True))
    return Sweep(
        statistics={name: by_name[name] for name in STATISTICS},
        lines={name: by_name[name] for name in LINES},
        ruined=np.array([row.ruined for row in rows], dtype=np.int64),
        refused={number: row.refused for number, row in enumerate(rows) if row.refused},
    )


def _chunk(books: Sequence[tuple[int, Book]], visit: Visit) -> list[Sums]:
    """Walk books one after another, in the same memory as long as they are of one shape."""
    rows: list[Sums] = []
    shape: tuple[int, ...] = ()
    for number, book in books:
        reason = refusal(book)
        if reason:
            lines, path, ruined = _plain(book)
            work, answer = _memory(book)[2], _answer()
            measure(book, lines, path, work, answer)
        else:
            if shape != (*book.price.shape, book.lag):
                shape = (*book.price.shape, book.lag)
                own = _memory(book)
            (lines, path, work), answer = own, _answer()
            _cleared(lines, path)
            ruined = _totals()(*_uniform(book), *lines, *path, work, answer)
        rows.append(Sums(answer, ruined, reason))
        visit(number, path.equity, lines.cash)
    return rows


def _memory(book: Book) -> tuple[Lines, Path, Array]:
    """Memory of a walk: of lines whose bars nobody asks for, one row."""
    lines, path = ledger.blank(book)
    summed = {name: getattr(lines, name)[0] for name in Lines._fields if name not in BY_BAR}
    return lines._replace(**summed), path, np.empty((WORKING, len(book.price)))


def _cleared(lines: Lines, path: Path) -> None:
    """Forget the book before: what a walk does not write on every bar."""
    for line in lines:
        line.fill(0.0)
    path.held.fill(0.0)
    path.waiting.fill(False)


def _answer() -> Array:
    return np.empty(len(STATISTICS) + len(LINES))


def _plain(book: Book) -> tuple[Lines, Path, int]:
    lines, path = ledger.blank(book)
    return lines, path, walk(book, lines, path)


# ---- what is compiled


def borrowed(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arrays as they are; compiled, without counting references to them, which costs more than the walk."""
    return fields


def put(line: Array, t: int, i: int, amount: float) -> None:
    """In place of the ledger's: into the row of the bar, or into the sum where the line holds only that."""
    if line.ndim == 1:
        line[i] += amount
    else:
        line[t, i] += amount


def add(line: Array, t: int, i: int, amount: float) -> None:
    """In place of the ledger's, likewise."""
    if line.ndim == 1:
        line[i] += amount
    else:
        line[t, i] += amount


def every_line(*fields: Any) -> int:
    """Walk a book, given as its fields, those of the lines and those of the path."""
    plain = borrowed(fields)
    return walk(Book(*plain[:BOOK_END]), Lines(*plain[BOOK_END:LINES_END]), Path(*plain[LINES_END:PATH_END]))


def totals(*fields: Any) -> int:
    """Walk a book likewise and measure it: what follows the path is memory to work in, and where the answer goes."""
    plain = borrowed(fields)
    book, lines = Book(*plain[:BOOK_END]), Lines(*plain[BOOK_END:LINES_END])
    path = Path(*plain[LINES_END:PATH_END])
    ruined = walk(book, lines, path)
    measure(book, lines, path, *plain[PATH_END:])
    return ruined


@cache
def _every_line() -> Any:
    functions = (ledger.put, ledger.add, *WALK, every_line)
    return compiled.jit(functions, every_line, {"borrowed": _borrowed()}, [book_module])


@cache
def _totals() -> Any:
    functions = (put, add, *WALK, *compiled.ARITHMETIC, *statistics.MEASURE, totals)
    return compiled.jit(functions, totals, {"borrowed": _borrowed()}, [book_module])


def _borrowed() -> Any:
    """Return `borrowed` for compiled code.

    Python holds the arrays while it runs. Tables of the book, its lines and its path have as many legs, those of the
    book as many rows (`refusal` looks): said once, a place in them is worked out once.
    """
    from numba.core import cgutils, types
    from numba.extending import intrinsic

    tools: Any = cgutils

    @intrinsic
    def borrowed(typing_context: Any, fields: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            values: list[Any] = []
            shape: list[Any] = []
            for i, kind in enumerate(fields.types):
                value = builder.extract_value(arguments[0], i)
                if isinstance(kind, types.Array):
                    array = context.make_array(kind)(context, builder, value)
                    array.meminfo = tools.get_null_value(array.meminfo.type)
                    array.parent = tools.get_null_value(array.parent.type)
                    if kind.ndim == 2 and i < PATH_END:
                        own = tools.unpack_tuple(builder, array.shape)
                        shape = shape or own
                        array.shape = tools.pack_array(builder, [(shape if i < BOOK_END else own)[0], shape[1]])
                    value = array._getvalue()
                values.append(value)
            return context.make_tuple(builder, fields, values)

        return fields(fields), build

    return borrowed
