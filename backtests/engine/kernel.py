"""The plain ledger compiled, and the statistics of many books in one pass each: the same functions, to the last bit.

`ledger.walk` and what it calls are compiled as they stand. For totals, the two functions by which they write their lines
are replaced: a line of one row holds the sum over all bars. No fast mathematics, no shared sums: threads change nothing.
docs/decisions/0007-kernel.md says what it costs and when it pays.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtests.engine import book as book_module
from backtests.engine import ledger, statistics
from backtests.engine.book import Book
from backtests.engine.ledger import Lines, Path, walk
from backtests.engine.result import BOOK_LINES, LINES, Result
from backtests.engine.statistics import STATISTICS, measure
from data.pricing.bonds import Array
from strategies import compiled

WALK = (ledger.accrue, ledger.fill, ledger.trade, ledger.expected, ledger.decide, ledger.close, ledger.walk)
WORTH = 500_000  # bars times legs in all: the plain ledger takes as long for them as numba takes to load
CHUNK = 64  # books that a thread is given at a time
BY_BAR = ("cost", "roll", "notional", *BOOK_LINES)  # lines whose bars the statistics need, not their sums alone
BOOK_END = len(Book._fields)
LINES_END = BOOK_END + len(Lines._fields)
PATH_END = LINES_END + len(Path._fields)
NO_DATES = np.empty(0)


# ---- which engine


def engine(work: int) -> Callable[[Book], Result]:
    """Return what walks books of `work` bars times legs in all the sooner; both answer the same to the last bit."""
    return run if work >= WORTH else ledger.run


def refusal(book: Book) -> str | None:
    """Why a book is left to the plain ledger; None where the kernel takes it."""
    if importlib.util.find_spec("numba") is None:
        return "numba is not installed"
    if not book.price.size:
        return "it has no rows or no legs"
    for name, value in book._asdict().items():
        if name != "dates" and not _taken(value):
            return f"its {name} is neither an array of floats or flags nor a number"
    return None


def _taken(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim in (1, 2) and value.dtype in (np.float64, np.bool_)
    return isinstance(value, int | float)


# ---- one book, every line


def run(book: Book) -> Result:
    """Walk the book and return its result, as `ledger.run` does."""
    if refusal(book):
        return ledger.run(book)
    lines, path = ledger.blank(book)
    return ledger.result(book, lines, path, _every_line()(*_uniform(book), *lines, *path))


def _uniform(book: Book) -> Iterator[Any]:
    """The fields of a book but its dates, in one type for all books: arrays contiguous and read-only."""
    for name, value in zip(Book._fields, book, strict=True):
        if name == "dates":
            yield NO_DATES
        elif isinstance(value, np.ndarray):
            view = np.ascontiguousarray(value).view()
            view.flags.writeable = False
            yield view
        elif isinstance(value, bool | np.bool_):
            yield bool(value)
        else:
            yield int(value) if name == "lag" else float(value)


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

    answer: Array  # of STATISTICS
    lines: list[float]  # of LINES
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
    answers = np.array([row.answer for row in rows]).reshape(-1, len(STATISTICS))
    sums = np.array([row.lines for row in rows]).reshape(-1, len(LINES))
    return Sweep(
        statistics=dict(zip(STATISTICS, answers.T, strict=True)),
        lines=dict(zip(LINES, sums.T, strict=True)),
        ruined=np.array([row.ruined for row in rows], dtype=np.int64),
        refused={number: row.refused for number, row in enumerate(rows) if row.refused},
    )


def _chunk(books: Sequence[tuple[int, Book]], visit: Visit) -> list[Sums]:
    """Walk books one after another in the same memory, as long as they are of one shape."""
    rows: list[Sums] = []
    shape = None
    for number, book in books:
        reason = refusal(book)
        if shape != (*book.price.shape, book.lag):
            shape = (*book.price.shape, book.lag)
            lines, path, work = _room(book)
        rows.append(_plainly(book, reason, work) if reason else _walked(book, lines, path, work))
        visit(number, path.equity, lines.cash)
    return rows


def _room(book: Book) -> tuple[Lines, Path, Array]:
    """Memory of a walk: of lines whose bars nobody asks for, one row."""
    lines, path = ledger.blank(book)
    summed = {name: getattr(lines, name)[:1] for name in Lines._fields if name not in BY_BAR}
    return lines._replace(**summed), path, np.empty((4, len(book.price)))


def _walked(book: Book, lines: Lines, path: Path, work: Array) -> Sums:
    for line in lines:
        line.fill(0.0)
    path.held.fill(0.0)
    path.waiting.fill(False)
    answer = np.empty(len(STATISTICS))
    ruined = _totals()(*_uniform(book), *lines, *path, work, answer)
    return Sums(answer, [float(getattr(lines, name).sum()) for name in LINES], ruined, None)


def _plainly(book: Book, reason: str, work: Array) -> Sums:
    raise NotImplementedError


# ---- what is compiled


def borrowed(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arrays as they are; compiled, without counting references to them, which costs more than the walk."""
    return fields


def put(line: Array, t: int, i: int, amount: float) -> None:
    """In place of the ledger's: into the row of its bar, or into the sum where the line has one row."""
    line[t if len(line) > 1 else 0, i] += amount


def add(line: Array, t: int, i: int, amount: float) -> None:
    """In place of the ledger's, likewise."""
    line[t if len(line) > 1 else 0, i] += amount


def every_line(*fields: Any) -> int:
    """Walk a book, given as its fields, those of the lines and those of the path."""
    plain = borrowed(fields)
    return walk(Book(*plain[:BOOK_END]), Lines(*plain[BOOK_END:LINES_END]), Path(*plain[LINES_END:PATH_END]))


def totals(*fields: Any) -> int:
    """Walk a book likewise and measure it: what follows the path is room to work in, and where the answer goes."""
    plain = borrowed(fields)
    book, lines = Book(*plain[:BOOK_END]), Lines(*plain[BOOK_END:LINES_END])
    path = Path(*plain[LINES_END:PATH_END])
    ruined = walk(book, lines, path)
    measure(book, lines, path, *plain[PATH_END:])
    return ruined


@cache
def _every_line() -> Callable[..., int]:
    functions = (ledger.put, ledger.add, *WALK, every_line)
    return compiled.jit(functions, every_line, {"borrowed": _borrowed()}, [book_module])


@cache
def _totals() -> Callable[..., int]:
    functions = (put, add, *WALK, *compiled.ARITHMETIC, *statistics.MEASURE, totals)
    return compiled.jit(functions, totals, {"borrowed": _borrowed()}, [book_module])


def _borrowed() -> Any:
    """Return `borrowed` for compiled code: Python holds the arrays while it runs."""
    from numba.core import cgutils, types
    from numba.extending import intrinsic

    @intrinsic
    def borrowed(typing_context: Any, fields: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            values = []
            for i, kind in enumerate(fields.types):
                value = builder.extract_value(arguments[0], i)
                if isinstance(kind, types.Array):
                    array = context.make_array(kind)(context, builder, value)
                    array.meminfo = cgutils.get_null_value(array.meminfo.type)
                    array.parent = cgutils.get_null_value(array.parent.type)
                    value = array._getvalue()
                values.append(value)
            return context.make_tuple(builder, fields, values)

        return fields(fields), build

    return borrowed
