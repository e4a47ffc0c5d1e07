"""Write docs/files.md: every shape of file that is read, each shown by an example that was read to write it.

python docs/shapes.py
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from data.errors import DataError
from data.series import PRICE_COLUMNS
from data.sources import cells, dates, files, meaning, registry, symbols, table
from data.sources.files import NOTHING
from data.sources.said import CHOICES, Said
from data.sources.table import PRICE_WORDS

PAGE = Path(__file__).resolve().parent / "files.md"
TODAY = date(2026, 7, 31)
MINISTRY = ",".join(f"{years}Y" for years in (*range(1, 11), 15, 20, 25, 30, 40))
YIELDS = ",".join(["1.2"] * 15)

HEAD = """# Files

`divergence data import FILE...` takes tables as people have them: publishers' archives, library exports, spreadsheet
saves, terminal downloads. What a file is, is told by its content, then by its name, and said on the terminal; what
stays ambiguous is asked in one line, with the option that settles it, and nothing is stored. What you say is kept in
the store, shown by `divergence data status`, and needs no repetition for the next file of the same series. A folder of
such files is a source of a run as well. `divergence data template NAME` writes the header that a series' file wants.

<!-- Written by docs/shapes.py; a test holds it to the readers. -->
"""


@dataclass(frozen=True)
class Example:
    """A file, and what was said of it."""

    title: str
    name: str
    text: str
    said: Said = NOTHING


def _days(form: str, *rows: str) -> str:
    """Rows from Thursday 2024-01-11 on, so that the form of the dates is plain."""
    return "".join(
        f"{day.strftime(form)}{row}\n" for day, row in zip(pd.bdate_range("2024-01-11", periods=9), rows, strict=False)
    )


BAR = ",98.1,98.9,97.9,98.5,93.6,1000"
HEADER = "Date,Open,High,Low,Close,Adj Close,Volume\n"
EXAMPLES = (
    Example(
        "Ministry of Finance (English)",
        "jgbcme.csv",
        f"Interest Rate,,,(Unit : %)\nDate,{MINISTRY}\n2024/1/11,{YIELDS}\n",
    ),
    Example("Ministry of Finance (Japanese)", "any.csv", "基準日,2年,10年\nR6.1.11,0.05,0.61\n"),
    Example("US Treasury yields", "any.csv", 'Date,"3 Mo","2 Yr","5 Yr","10 Yr"\n01/16/2024,5.45,4.22,3.95,4.07\n'),
    Example(
        "US Treasury yields, XML names", "any.csv", "NEW_DATE,BC_3MONTH,BC_2YEAR,BC_10YEAR\n2024-01-16,5.45,4.22,4.07\n"
    ),
    Example(
        "US Treasury real yields",
        "any.csv",
        'Date,"5 YR","7 YR","10 YR","20 YR","30 YR"\n01/16/2024,1.72,1.74,1.76,1.9,2.0\n',
    ),
    Example("Bank of Japan call rate", "any.csv", "Series code,FM01'STRDCLUCON\n2024/01/11,-0.012\n"),
    Example(
        "New York Fed SOFR",
        "any.csv",
        "Effective Date,Rate Type,Rate (%)\n01/16/2024,SOFR,5.32\n01/16/2024,EFFR,5.33\n",
    ),
    Example("FRED", "fredgraph.csv", "observation_date,DGS2,DGS10\n2024-01-11,4.26,3.98\n2024-01-15,.,.\n"),
    Example("FRED, an id as the file's name", "DGS10.csv", ",0\n2024-01-11,3.98\n"),
    Example("FRED, averages of months", "GS10.csv", "DATE,GS10\n2024-01-01,4.06\n2024-02-01,4.21\n2024-03-01,4.21\n"),
    Example("our month-end markets", "markets.csv", "date,us_10y,jp_10y,usdjpy\n2024-01-31,3.99,0.739,147.9\n"),
    Example("our month-end macro figures", "macro.csv", "date,us_cpi\n2024-01-31,308.417\n"),
    Example("Yahoo prices", "TLT.csv", HEADER + _days("%Y-%m-%d", BAR)),
    Example(
        "yfinance, with its header lines",
        "p.csv",
        "Price,Adj Close,Close\nTicker,TLT,TLT\nDate,,\n2024-01-11,93.6,98.5\n",
    ),
    Example(
        "yfinance, many tickers",
        "p.csv",
        ",Close,Close,Adj Close,Adj Close\n,IEF,TLT,IEF,TLT\nDate,,,,\n2024-01-11,96.1,98.5,92.2,93.6\n",
    ),
    Example("quantmod and R", "any.csv", '"","TLT.Close","TLT.Adjusted"\n"2024-01-11",98.5,93.6\n'),
    Example(
        "a column of tickers",
        "any.csv",
        "Date,Symbol,Close,Adj Close\n2024-01-11,TLT,98.5,93.6\n2024-01-11,IEF,96.1,92.2\n",
    ),
    Example("a column a ticker", "funds.csv", "Date,IEF,TLT\n2024-01-11,92.2,93.6\n", Said(columns={"adjusted": "*"})),
    Example("a terminal's export", "any.csv", "Security,TLT US Equity\nPeriod,D\n,\nDate,PX_LAST\n2024-01-11,98.5\n"),
    Example("copied from a web page", "TLT.csv", f'{HEADER}"Jan 11, 2024"{BAR}\n"Jan 11, 2024",0.3 Dividend,,,,,\n'),
    Example("stamps in UTC", "2561.T.csv", HEADER + "2024-01-10 15:00:00+00:00,10.1,10.2,10,10.1,10.1,500\n"),
    Example("decimal commas", "TLT.csv", "Date;Close;Adj Close\n16.01.2024;98,50;93,60\n"),
    Example("a curve whose file or title says whose", "us.csv", "Date,3M,2Y,10Y\n2024-01-11,5.45,4.26,3.98\n"),
    Example("two curves", "any.csv", "Date,US 10Y,JP 10Y\n2024-01-11,3.98,0.61\n"),
    Example("a curve of another country", "gilt.csv", "date,2Y,10Y\n2024-01-11,4.2,3.84\n"),
    Example("spot rates", "gilt.csv", "date,1Y,2Y\n2024-01-11,4.6,4.2\n", Said(quotes="spot", compounding="2")),
    Example("a rate or an exchange rate", "eurusd.csv", "date,value\n2024-01-11,1.0967\n"),
    Example("a pair", "USD_JPY Historical Data.csv", '"Date","Price","Change %"\n"01/16/2024","147.19","0.97%"\n'),
    Example(
        "a yield under the names of prices",
        "any.csv",
        '"Date","Price","Open"\n"01/16/2024","0.590","0.600"\n',
        Said(name="JGB10"),
    ),
    Example(
        "a listed name of your own",
        "EDV.csv",
        HEADER + _days("%Y-%m-%d", BAR),
        Said(name="EDV", currency="USD", exchange="XNYS"),
    ),
)
QUESTIONS = (
    Example("dates in two orders", "usdjpy.csv", "date,value\n01/02/2024,146.4\n02/02/2024,146.5\n"),
    Example("prices of an unknown name", "prices.csv", HEADER + _days("%Y-%m-%d", BAR)),
    Example("a curve of nobody", "curve.csv", "Date,2Y,10Y\n2024-01-11,4.26,3.98\n"),
    Example("two headers in one", "gilt.csv", f"Date,{MINISTRY}\n2024-01-11,{YIELDS}\n"),
    Example("one price beside dividends", "TLT.csv", "Date,Close,Dividends\n2024-01-11,98.5,0.3\n"),
    Example("a decimal mark that may be either", "DGS10.csv", 'DATE,DGS10\n2024-01-11,"3,980"\n'),
    Example("a point that may part thousands", "DGS10.csv", 'DATE,DGS10\n2024-01-11,"3,98"\n2024-01-12,3.961\n'),
    Example("bills", "any.csv", 'Date,"4 WEEKS BANK DISCOUNT"\n01/16/2024,5.27\n'),
    Example("changes", "any.csv", "observation_date,DGS10_CHG\n2024-01-11,0.02\n"),
)
FORMS = (
    "2024-01-16", "2024/1/16", "2024.01.16", "20240116", "01/16/2024", "16.01.2024", "1/16/24", "Jan 16, 2024",
    "16-Jan-24", "16 January 2024", "R6.1.16", "令和6年1月16日", "2024年1月16日", "2024-01-15 15:00:00+00:00",
    "2024-01-16T00:00:00Z", "2024-01", "Jan 2024",
)  # fmt: skip


def page() -> str:
    """Return the page."""
    parts = [HEAD, _ways(), _dates(), "## Shapes\n", *map(_shown, EXAMPLES), _names(), "## Questions and refusals\n"]
    return "\n".join([*parts, *map(_asked, QUESTIONS), _options(), _rules()])


def _read(example: Example) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / example.name
        path.write_text(example.text, encoding="utf-8")
        try:
            deliveries = files.read(path, TODAY, said=example.said)
        except DataError as error:
            return [str(error).replace(f"{folder}/", "")]
    lines = []
    for part in deliveries:
        first = part.frame.dropna(how="all", axis=1).iloc[0]
        values = ", ".join(f"{name} {value:.6g}" for name, value in first.items())
        lines.append(f"{part.series} on {part.frame.index[0].date()}: {values}. {'; '.join(part.notes)}.")
    return lines


def _shown(example: Example) -> str:
    said = f", with `{example.said.shown()}`" if example.said != NOTHING else ""
    text = "\n".join(line if len(line) <= 110 else f"{line[:107]}..." for line in example.text.splitlines())
    return (
        f"### {example.title}\n\n`{example.name}`{said}\n\n```text\n{text}\n\n-> "
        + "\n-> ".join(_read(example))
        + "\n```\n"
    )


def _asked(example: Example) -> str:
    return f"- {example.title}: `{_read(example)[0].replace('`', '')}`"


def _ways() -> str:
    marks = ", ".join(cells.DELIMITERS.values())
    encodings = ", ".join([*cells.ENCODINGS.values(), "UTF-16", "UTF-32"])
    return (
        f"## How it may be written\n\nText with cells parted by {marks} or runs of spaces, in {encodings}, with or "
        "without a byte "
        "order mark; xlsx\n(`--sheet` where several hold figures); Parquet. Decimal points and decimal commas, "
        "thousands "
        f"separators, percent and currency\nsigns, footnote stars. The header is looked for in the first {table.TOP} "
        "rows, below "
        f"titles; the dates in the first {table.DATE_COLUMNS} columns,\nwhatever they are called.\n"
    )


def _dates() -> str:
    rows = []
    for text in FORMS:
        column = dates.column([text], lambda i: "line 1", TODAY)
        moment = "" if column.moments is None else f", {column.moments[0]} UTC, then the exchange's own date"
        rows.append(f"| `{text}` | {column.days[0]} ({column.form}{moment}) |")
    return (
        "## Dates\n\nThe form is worked out from the whole column; where two fit every row you are asked.\n\n| "
        "written | read |\n"
        "|---|---|\n" + "\n".join(rows) + "\n"
    )


def _names() -> str:
    by_column = {name: [word for word, column in PRICE_WORDS.items() if column == name] for name in PRICE_COLUMNS}
    rows = [f"| {name} | {', '.join(words)} |" for name, words in by_column.items()]
    return (
        "## Names of price columns\n\nIn any case, without spaces, marks and stars; beside a ticker as in "
        "TLT.Close.\n\n| column | names |\n"
        "|---|---|\n" + "\n".join(rows) + "\n"
    )


def _options() -> str:
    choices = "\n".join(f"| `--{name}` | {', '.join(known)} |" for name, known in CHOICES.items())
    return (
        "\n## Options\n\n| option | what it says |\n|---|---|\n| `--as NAME` | the series: ust, jgb, usdjpy, TLT, a "
        "bond like JGB10, or "
        "a listed name of your own |\n| `--columns a=b` | which column of the file, b, is which of the series, a; `*` "
        "is every one |\n"
        f"{choices}\n| `--sheet` | of a workbook |\n| `--currency`, `--exchange` | of a listed name of your own, or "
        "`--config FILE` that "
        "has it under `instruments` |\n"
    )


def _rules() -> str:
    symbols_ = ", ".join(sorted(symbols.SYMBOLS))
    refused = len(meaning.REFUSED)
    formats = ", ".join(form.name for source in registry.SOURCES for form in source.formats)
    return f"""## What is done with rows

- Rows without a date, without a value, or with a remark in place of numbers are left out, counted and named. A row that
  stands there twice is dropped and counted; two different rows for one day are asked about.
- A price a hundred times its neighbours, a price of 0, a yield of 40 % is left out and named.
- Stamps with their zone fall on the exchange's own date; others that fall on Sundays to Thursdays are refused.
- Weekly bars stamped on Mondays are dated on their Friday, monthly ones and averages of months on the month's last
  day; none is traded as days. Averages of months of a curve are a series of their own, `ust_month`, and stand for it
  only where nothing else is stored.
- Yields in decimals or basis points are told by what is known of the same months, and asked about: `--unit`. An
  exchange rate upside down is refused. A jump by a split's ratio is refused, or undone where the file's own column
  states it.
- Closes alone are stored as closes and cannot be reinvested; neither can adjusted prices that equal the closes although
  dividends are paid.

Publishers known by their header: {formats}. Columns that hold tickers: {symbols_}. Refused by name, whatever else they
hold: {refused} kinds of headers and the ids of FRED that would mislead.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
