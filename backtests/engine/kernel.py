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
from functools import cache, partial
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
    ledger.accrue, ledger.fill, ledger.trade, ledger.pending, ledger.as_many, ledger.ordered, ledger.copy,
    ledger.decide, ledger.close, ledger.step, ledger.walk,
)  # fmt: skip
WORTH = 200_000  # bars times legs in all: below, loading takes longer than walking them plainly
CHUNK = 64  # books that a thread walks without the GIL
BY_BAR = ("cost", "roll", "notional")  # lines by leg of which the statistics need every bar
BOOK_END = len(Book._fields)
LINES_END = BOOK_END + len(Lines._fields)
PATH_END = LINES_END + len(Path._fields)
DUE = LINES_END + Path._fields.index("due")  # the one table with more rows than the book
DATES, NO_DATES = Book._fields.index("dates"), np.empty(0)
CASTS = [(i, kind if kind in (int, float, bool) else None) for i, kind in enumerate(get_type_hints(Book).values())]
ARRAYS = [i for i, cast in CASTS if cast is None and i != DATES]
FLOATS = [i for i, cast in CASTS if cast is float]
REST = [i for i, cast in CASTS if cast in (int, bool)]


def engine(work: int) -> Callable[[Book], Result]:
    """Return what walks books of `work` bars times legs in all the sooner; both answer the same to the last bit."""
    loaded = _every_line.cache_info().currsize > 0
    return run if loaded or work >= WORTH else ledger.run


def build() -> None:
    """Compile what a run walks its books with, or find it on disk."""
    if _installed():
        table, row = np.ones((2, 1)), np.ones(2)
        flags = np.ones(2, dtype=np.bool_)
        run(
            Book(
                dates=np.arange(2).astype("datetime64[D]"), price=table, fx=table, fx_exposed=row[:1],
                funding_long=table, funding_short=table, borrow=table, roll=table, income_long=table,
                income_short=table, spread=table, lot=table, tradable=flags[:, None], listed=flags[:1],
                bond=flags[:1], cash=row, margin=row, repo=row, targets=table,
                decides=flags, lag=0, band=row, capital=1.0, fixed_base=False,
            )
        )  # fmt: skip


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


@dataclass(frozen=True)
class Sweep:
    """What k books came to, in their order."""

    statistics: dict[str, Array]  # of STATISTICS (k,)
    lines: dict[str, Array]  # sum over all bars and legs (k,), USD
    ruined: NDArray[np.int64]  # (k,) row of ruin or -1
    refused: dict[int, str]  # number of a book that the plain ledger walked, and why


class Sums(NamedTuple):
    """What some books came to."""

    answers: Array  # (k, STATISTICS, then LINES)
    ruined: NDArray[np.int64]  # (k,)


Visit = Callable[[int, Array, Array], None]  # a book's number, its equity (T,) and the cash credited (T,)
Numbered = tuple[int, Book]


def sweep(books: Iterable[Book], threads: int = 1, visit: Visit | None = None) -> Sweep:
    """Walk and measure every book; the same to the last bit on any number of threads.

    Books are taken as threads get to them, so they need not all exist at once. `visit` is shown every book's path, by
    several threads, in memory that is used again: it copies what it keeps.
    """
    parts: list[Sums] = []
    refused: dict[int, str] = {}
    numbered = enumerate(books)

    walked = partial(_chunk, refused=refused, visit=visit)
    with ThreadPoolExecutor(threads) as pool:
        while batch := list(islice(numbered, CHUNK * threads)):
            chunks = [batch[start : start + CHUNK] for start in range(0, len(batch), CHUNK)]
            for part in pool.map(walked, chunks) if threads > 1 else map(walked, chunks):
                parts += part
    names = (*STATISTICS, *LINES)
    answers = np.concatenate([np.empty((0, len(names))), *(part.answers for part in parts)]).T
    by_name = dict(zip(names, answers, strict=True))
    return Sweep(
        statistics={name: by_name[name] for name in STATISTICS},
        lines={name: by_name[name] for name in LINES},
        ruined=np.concatenate([np.empty(0, dtype=np.int64), *(part.ruined for part in parts)]),
        refused=dict(sorted(refused.items())),
    )


def _chunk(books: Sequence[Numbered], refused: dict[int, str], visit: Visit | None) -> list[Sums]:
    """Walk books, those of one shape that follow each other in one call."""
    parts: list[Sums] = []
    alike: Alike | None = None
    for number, book in books:
        if alike and alike.takes(number, book):
            continue
        parts += [alike.walked(visit)] if alike else []
        reason = refusal(book)
        if reason:
            refused[number] = reason
            parts.append(_plainly(number, book, visit))
        alike = None if reason else Alike(number, book)
    return parts + ([alike.walked(visit)] if alike else [])


def _plainly(number: int, book: Book, visit: Visit | None) -> Sums:
    """Walk and measure one book uncompiled."""
    lines, path = ledger.blank(book)
    ruined, answers = walk(book, lines, path), _answers(1)
    measure(book, lines, path, np.empty((WORKING, len(book.price))), answers[0])
    if visit:
        visit(number, path.equity, lines.cash)
    return Sums(answers, np.array([ruined]))


class Alike:
    """Books of one shape, as the compiled code is given them: the fields of the first, and where each one's are."""

    def __init__(self, number: int, book: Book) -> None:
        self.first: tuple[Any, ...] = book
        self.fields = _uniform(book)
        self.numbers = [number]
        self.places = [[_place(self.fields[i]) for i in ARRAYS]]
        self.floats = [[self.fields[i] for i in FLOATS]]
        self.known = [{id(book[i]): place} for i, place in zip(ARRAYS, self.places[0], strict=True)]
        self.kept: list[Any] = []  # what is not in a book, yet is to live until it is walked

    def takes(self, number: int, book: Book) -> bool:
        """Take a book of the same shape; most of its arrays are those of others."""
        fields: tuple[Any, ...] = book
        if any(fields[i] != self.first[i] for i in REST) or len(book.dates) != len(self.first[DATES]):
            return False
        kinds = zip(ARRAYS, self.known, strict=True)
        places = [known.get(id(fields[i])) or self._place(i, known, fields[i]) for i, known in kinds]
        if not all(places) or not all(isinstance(fields[i], int | float) for i in FLOATS):
            return False
        self.numbers.append(number)
        self.places.append(places)
        self.floats.append([float(fields[i]) for i in FLOATS])
        return True

    def _place(self, field: int, known: dict[int, int], array: Any) -> int:
        """Where an array is that comes for the first time; 0 where it is not like that of the first book."""
        own = self.fields[field]
        if not isinstance(array, np.ndarray) or array.shape != own.shape or array.dtype != own.dtype:
            return 0
        flat = np.ascontiguousarray(array)
        self.kept += [] if flat is array else [flat]
        known[id(array)] = place = _place(flat)
        return place

    def walked(self, visit: Visit | None) -> Sums:
        """Walk and measure them, one after another in the same memory, without the GIL."""
        count, rows = len(self.numbers), len(self.first[DATES])
        lines, path = _blank(Book(*self.first))
        seen = np.empty((2, count if visit else 0, rows))
        sums = Sums(_answers(count), np.empty(count, dtype=np.int64))
        kept = (*lines, *path, np.empty((WORKING, rows)))
        _totals()(*self.fields, *kept, np.array(self.places), np.array(self.floats), *sums, *seen)
        if visit:
            for number, equity, cash in zip(self.numbers, *seen, strict=True):
                visit(number, equity, cash)
        return sums


def _place(array: NDArray[Any]) -> int:
    """Where an array is in memory."""
    return int(array.__array_interface__["data"][0])


def _blank(book: Book) -> tuple[Lines, Path]:
    """Memory of a walk: of lines by leg the sum of a bar, or of all bars where nobody asks for those of each."""
    lines, path = ledger.blank(book)
    bars = np.zeros(len(book.price))
    summed = {name: bars.copy() if name in BY_BAR else np.zeros(()) for name in Lines._fields if name not in BOOK_LINES}
    return lines._replace(**summed), path._replace(units=bars)


def _answers(count: int) -> Array:
    return np.empty((count, len(STATISTICS) + len(LINES)))


# ---- what is compiled


def borrowed(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return arrays without counting references to them, which would cost more than the walk; see `_intrinsics`."""
    raise NotImplementedError


def moved(fields: tuple[Any, ...], places: Array, numbers: Array) -> tuple[Any, ...]:
    """Return the fields of another book of the same shape, its arrays at these places in memory; see `_intrinsics`."""
    raise NotImplementedError


def put(line: Array, t: int, i: int, amount: float) -> None:
    """In place of the ledger's: to the sum of the bar, or of all bars where the line holds only that."""
    at = t if line.ndim == 1 else ()
    line[at] += amount


def add(line: Array, t: int, i: int, amount: float) -> None:
    """In place of the ledger's, likewise."""
    put(line, t, i, amount)


def keep(book: Book, path: Path, t: int) -> None:
    """In place of the ledger's: what is held, long or short, in dollars."""
    gross = 0.0
    for i in range(len(path.held)):
        gross += abs(path.held[i] * book.price[t, i] * book.fx[t, i])
    path.units[t] = gross


def clear(lines: Lines, path: Path) -> None:
    """Forget the book before: all that a walk does not write on every bar."""
    lines.price[()], lines.fx[()], lines.funding[()], lines.borrow[()], lines.income[()] = 0.0, 0.0, 0.0, 0.0, 0.0
    lines.roll[:], lines.cost[:], lines.notional[:], lines.cash[:], lines.margin[:] = 0.0, 0.0, 0.0, 0.0, 0.0
    path.held[:], path.lots[:], path.waiting[:] = 0.0, 0.0, False


def each(
    fields: tuple[Any, ...], lines: Lines, path: Path, work: Array, places: Array, numbers: Array, answers: Array,
    ruined: Array, equity: Array, cash: Array,
) -> None:  # fmt: skip
    """Walk and measure every book; keep the paths of as many as `equity` and `cash` hold."""
    for k in range(len(ruined)):
        clear(lines, path)
        book = Book(*moved(fields, places[k], numbers[k]))
        ruined[k] = walk(book, lines, path)
        measure(book, lines, path, work, answers[k])
        if k < len(equity):
            equity[k], cash[k] = path.equity, lines.cash


def every_line(*fields: Any) -> int:
    """Walk a book, given as its fields, those of the lines and those of the path."""
    plain = borrowed(fields)
    return walk(Book(*plain[:BOOK_END]), Lines(*plain[BOOK_END:LINES_END]), Path(*plain[LINES_END:PATH_END]))


def totals(*fields: Any) -> None:
    """Walk and measure books: the fields of the first, lines and path as memory, then the arguments of `each`."""
    plain = borrowed(fields)
    lines, path = Lines(*plain[BOOK_END:LINES_END]), Path(*plain[LINES_END:PATH_END])
    each(plain[:BOOK_END], lines, path, *plain[PATH_END:])


@cache
def _every_line() -> Any:
    return compiled.jit(
        (ledger.put, ledger.add, ledger.keep, *WALK, every_line), every_line, _intrinsics(), [book_module]
    )


@cache
def _totals() -> Any:
    functions = (put, add, keep, *WALK, *compiled.ARITHMETIC, *statistics.MEASURE, clear, each, totals)
    return compiled.jit(functions, totals, _intrinsics(), [book_module])


def totals_kept() -> bool:
    """Whether what walks many books is compiled, in this process or on disk."""
    return not _installed() or compiled.kept(_totals())


@cache
def _intrinsics() -> dict[str, Any]:
    """Return `borrowed` and `moved` for compiled code.

    Python holds the arrays while it runs. Tables of the book, its lines and its path have as many rows and legs, which
    `refusal` looks at; all but `due`. Said once, a place in them is worked out once.
    """
    from numba.core import cgutils, types
    from numba.extending import intrinsic

    tools: Any = cgutils

    @intrinsic
    def borrowed(typing_context: Any, fields: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            values = tools.unpack_tuple(builder, arguments[0])
            shape: list[Any] = []
            for i, kind in enumerate(fields.types):
                if isinstance(kind, types.Array):
                    array = context.make_array(kind)(context, builder, values[i])
                    array.meminfo = tools.get_null_value(array.meminfo.type)
                    array.parent = tools.get_null_value(array.parent.type)
                    if kind.ndim == 2 and i < PATH_END:
                        own = tools.unpack_tuple(builder, array.shape)
                        shape = shape or own
                        array.shape = tools.pack_array(builder, [(own if i == DUE else shape)[0], shape[1]])
                    values[i] = array._getvalue()
            return context.make_tuple(builder, fields, values)

        return fields(fields), build

    @intrinsic
    def moved(typing_context: Any, fields: Any, places: Any, numbers: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            values = tools.unpack_tuple(builder, arguments[0])
            at, value = (_elements(context, builder, signature, arguments, k) for k in (1, 2))
            for k, i in enumerate(ARRAYS):
                array = context.make_array(fields.types[i])(context, builder, values[i])
                array.data = builder.inttoptr(builder.load(at(k)), array.data.type)
                values[i] = array._getvalue()
            for k, i in enumerate(FLOATS):
                values[i] = builder.load(value(k))
            return context.make_tuple(builder, fields, values)

        return fields(fields, places, numbers), build

    return {"borrowed": borrowed, "moved": moved}


def _elements(context: Any, builder: Any, signature: Any, arguments: Any, which: int) -> Callable[[int], Any]:
    """Where the elements of an argument that is an array (m,) are, in the code being built."""
    from numba.core import cgutils

    tools: Any = cgutils
    array = context.make_array(signature.args[which])(context, builder, arguments[which])
    return lambda k: tools.gep(builder, array.data, k)
