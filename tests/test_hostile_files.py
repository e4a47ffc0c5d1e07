"""Small files that stand for more than memory holds: each is refused in one line, in little memory."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import DataError
from data.sources import cells

ROWS = cells.MOST // 2 + 1


def parquet(path: Path) -> Path:
    """Two columns of one value each, as many rows as make one cell too many."""
    indices = pa.array(np.zeros(ROWS, dtype=np.int8))
    columns = {name: pa.DictionaryArray.from_arrays(indices, [text]) for name, text in (("Date", "x"), ("Close", "1"))}
    pq.write_table(pa.table(columns), path, compression="zstd")
    return path


def workbook(path: Path) -> Path:
    """A sheet whose last cell unpacks to more than a workbook may."""
    book = openpyxl.Workbook()
    book.active.append(["Date", "Close"])
    plain = path.with_name("plain.xlsx")
    book.save(plain)
    with zipfile.ZipFile(plain) as parts, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for part in parts.infolist():
            with bomb.open(part.filename, "w") as file:
                start, end, rest = parts.read(part).partition(b"</sheetData>")
                file.write(start)
                if end:
                    file.write(b"<row r='2'><c r='A2' t='inlineStr'><is><t>")
                    for _ in range(cells.UNPACKED // 2**20 + 1):
                        file.write(b"x" * 2**20)
                    file.write(b"</t></is></c></row>")
                file.write(end + rest)
    return path


def ragged(path: Path) -> Path:
    """Lines of one cell around one of thousands, which would make each as wide."""
    path.write_text("Date,Close\n" + "a\n" * 19_999 + ",".join("2" * cells.WIDEST) + "\n" + "a\n" * 20_000)
    return path


@pytest.mark.parametrize(
    ("make", "name", "words"),
    [
        (parquet, "TLT.parquet", "has more than 50,000,000 cells"),
        (workbook, "TLT.xlsx", "unpacks to more than 512 MB"),
        (ragged, "TLT.csv", "has more than 50,000,000 cells"),
    ],
)
def test_a_small_file_that_stands_for_much_is_refused_in_little_memory(tmp_path, make, name, words):
    path = make(tmp_path / name)
    assert path.stat().st_size < 4 * 2**20
    code = (
        "import resource, sys; from pathlib import Path; from data.sources import files\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: files.read(Path(sys.argv[1]))\n"
        "except Exception as error: print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    told, kilobytes = answer.stdout.splitlines()
    assert words in told
    assert int(kilobytes) < 150 * 1024


def test_a_wide_line_after_narrow_ones_loses_none_of_them():
    text = "Date,Close\n" + "2020-01-01,1\n" * 70_000 + ",".join(map(str, range(200))) + "\n" + "2020-01-02,2\n" * 3
    grid = cells.read(text.encode(), "x.csv")
    assert (len(grid), len(grid.columns)) == (70_005, 200)
    assert grid.row(70_001) == tuple(map(str, range(200)))
    assert grid.row(70_000) == ("2020-01-01", "1", *[""] * 198)
    assert grid.row(70_004) == ("2020-01-02", "2", *[""] * 198)
    assert grid.widths.tolist() == [2] * 70_001 + [200] + [2] * 3


def test_as_many_cells_as_a_table_may_have_are_read(monkeypatch):
    monkeypatch.setattr(cells, "MOST", 8)
    assert len(cells.read(b"Date,Close\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n", "x.csv")) == 4
    with pytest.raises(DataError, match="more than 8 cells"):
        cells.read(b"Date,Close\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n2020-01-04,4\n", "x.csv")
