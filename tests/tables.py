"""Tables drawn at random, as a person's program may have written them, and what the importer may do with one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from hypothesis import strategies as some

from data.errors import DivergenceError
from data.sources import files
from data.store import Store

NOW = datetime(2026, 7, 31, tzinfo=UTC)
FORMS = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%Y%m%d",
    "%Y.%m.%d",
    "%b %d, %Y",
    "%d-%b-%y",
    "%Y-%m-%d %H:%M:%S+00:00",
)
SHAPES = (  # a header, what its file may be called, and what its values are about
    (("Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"), "TLT.csv", 100.0),
    (("", "Close", "Adj Close"), "2561.T.csv", 100.0), (("date", "value"), "estr.csv", 4.0),
    (("Date", "1 Mo", "2 Yr", "10 Yr"), "ust.csv", 4.0), (("observation_date", "DGS2", "DGS10"), "x.csv", 4.0),
    (("DATE", "DFF"), "DFF.csv", 4.0), (("Date", "2Y", "10Y"), "gilt.csv", 4.0), (("基準日", "2年"), "jgb.csv", 0.5),
    (("Date", "PX_LAST"), "TLT (2).txt", 100.0), (("DATE", "GS10"), "GS10.csv", 4.0),
    (("date", "value"), "usdjpy.csv", 140.0), (("DATE", "DEXJPUS"), "x.csv", 140.0), (("x", "y"), "x.csv", 1.0),
    (("timestamp", "close", "adjusted_close", "split_coefficient"), "TLT.csv", 100.0),
    (("Date", "Price", "Open", "High", "Low", "Change %"), "USD_JPY Historical Data.csv", 140.0),
    (("Date", "TLT.Close"), "prices.csv", 100.0), (("Date", "Symbol", "Close"), "all.csv", 100.0),
)  # fmt: skip
NAMES = ("TLT.csv", "usdjpy.csv", "DGS10.csv", "jgb.csv", "gilt.csv", "estr.csv", "x.csv", "macro.csv")
ODD = (
    "", "NaN", "null", "-", "N/A", "0", "#N/A", "0.25 Dividend", "abc", "1e400", "∞", "1,234", "4,5", "5%", "(3)", '"',
    "=A1", "−0.1",
)  # fmt: skip
LINES = (
    "", ",,,", "Note: for reference", "Average,4.0", "2024-02-30,1,2", "\x00", "Total", "2024-01-05", "a,b,c,d,e,f,g,h",
)  # fmt: skip


class Drawn(NamedTuple):
    """A file."""

    name: str
    content: bytes


@some.composite
def tables(draw) -> Drawn:
    """A file of a known or unknown shape, with whatever may be wrong with one."""
    header, name, level = draw(some.sampled_from(SHAPES))
    delimiter = draw(some.sampled_from(",,,,,;\t|"))
    start = draw(some.sampled_from(("1899-01-02", "2019-01-01", *3 * ("2024-01-01",), "2026-07-20")))
    step = draw(some.sampled_from(("B", "B", "B", "B", "D", "W-MON", "MS", "ME", "12h")))
    days = pd.date_range(start, periods=draw(some.integers(0, 60)), freq=step)
    form = draw(some.sampled_from(FORMS))
    if draw(some.integers(0, 5)) == 0:
        name, level = draw(some.sampled_from(NAMES)), draw(some.sampled_from((100.0, 4.0, 0.04, 400.0, 0.007, -0.1)))
    random = np.random.default_rng(draw(some.integers(0, 2**16)))
    values = np.round(level * (1 + 0.01 * random.normal(size=(len(days), len(header) - 1))), 4)
    rows = [[day.strftime(form), *map(str, own)] for day, own in zip(days, values.tolist(), strict=True)]
    for _ in range(draw(some.sampled_from((0, 0, 1, 2)))):
        if rows:
            row = rows[draw(some.integers(0, len(rows) - 1))]
            row[draw(some.integers(0, len(row) - 1))] = draw(some.sampled_from(ODD))
    lines = [delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in ([*header], *rows)]
    for _ in range(draw(some.sampled_from((0, 0, 1)))):
        lines.insert(draw(some.integers(0, len(lines))), draw(some.sampled_from(LINES)))
    if draw(some.integers(0, 3)) == 0:
        lines.reverse() if draw(some.booleans()) else random.shuffle(lines[1:])
    text = draw(some.sampled_from(("\n", "\r\n"))).join(lines)
    content = text.encode(draw(some.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp932"))), errors="replace")
    return Drawn(name, content[: len(content) - draw(some.sampled_from((0, 0, 0, 0, 7)))])


def imported(drawn: Drawn, folder: Path) -> str:
    """Import a file into an empty store, check what is stored of it, and return how it ended: read or answered."""
    path = folder / drawn.name
    path.write_bytes(drawn.content)
    store = Store(folder / "home")
    try:
        deliveries = files.read(path, NOW.date())
        store.admit(deliveries, NOW)
    except DivergenceError as error:
        message = str(error)
        assert message and "\n" not in message
        assert store.names() == []
        return "answered"
    for delivery in deliveries:
        assert delivery.notes[0].startswith("read as: ")
        check(store.read(delivery.series).frame, drawn, delivery.notes)
    return "read"


def check(frame: pd.DataFrame, drawn: Drawn, notes: tuple[str, ...]) -> None:
    """Every stored value stands in the file, and no day is to come or before 1900."""
    assert frame.index.is_monotonic_increasing
    assert frame.index[-1] <= pd.Timestamp(NOW.date())
    assert frame.index[0] >= pd.Timestamp("1900-01-01")
    encoding = "utf-16" if drawn.content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    text = drawn.content.decode(encoding, errors="replace").replace("−", "-")
    if any(" times " in note for note in notes):
        return  # brought to the basis after a split, and said so
    for value in np.unique(frame.to_numpy()[~np.isnan(frame.to_numpy())]).tolist():
        assert any(form in text for form in forms(value)), value


def forms(value: float) -> tuple[str, ...]:
    """Return the ways in which a file may hold a value."""
    plain = repr(value)
    whole = f"{value:.0f}" if value == round(value) else plain
    return plain, whole, plain.replace(".", ","), f"{value:,.0f}", f"({-value:.0f})", f"{value:g}"
