"""Files a user brings: what each holds is recognised by its content, its name, and what the user says of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from data import exchanges
from data.countries import ANY_DAY, COUNTRIES, Countries
from data.errors import DataError, SourceError
from data.instruments import LIBRARY
from data.pricing.spot import par_of_spot
from data.series import IN_PERCENT, PRICE_COLUMNS, UNPUBLISHED, VALUE, Delivery, Spec, unpublished
from data.sources import bundled, hints, http, meaning, numbers, periods, registry, rows, symbols, table, text
from data.sources.dates import Order
from data.sources.rows import Dated
from data.sources.said import Said
from data.sources.symbols import Known, Reading

logger = logging.getLogger(__name__)

SCALES = {"percent": 1.0, "decimal": 100.0, "bp": 0.01}  # to percent
UNITS = ("curve", "rate")  # kinds that are in percent
NOTHING = Said()


def read(
    path: Path,
    today: date | None = None,
    countries: Countries = COUNTRIES,
    said: Said = NOTHING,
    known: Known | None = None,
) -> list[Delivery]:
    """Return what a file holds; the first note of each series says what the file was taken for.

    `said` are the user's options; `known` what else there is: listed names of the user's own, and what was said of
    earlier files. `today` is the last date that is no mistake: by default tomorrow in UTC, for Tokyo is ahead of it.

    Raises
    ------
    SourceError
        A path that is not there, is a folder, or cannot be read.
    DataError
        A file of no known kind, one that cannot be read, or one that may be two things; in one line.
    """
    data, source = _bytes(path), str(path)
    last = today or datetime.now(UTC).date() + timedelta(days=1)
    own = _own(data, source, today)
    if own is not None:
        return own
    known = known or Known(countries)
    now, said = said, _remembered(path, said, known)
    read_ = table.read(data, source, said.sheet)
    try:
        readings = meaning.recognise(read_, path.stem, said, known)
    except ValueError as error:
        raise DataError(f"{source}: cannot be understood ({error})") from None
    kept = {reading.spec.name: known.said.get(reading.spec.name, NOTHING) for reading in readings}
    usual = next((own.dates for own in (said, *kept.values()) if own.dates), None)
    dated = rows.dated(read_, last, cast("Order | None", now.dates), cast("Order | None", usual))
    deliveries = []
    for reading in readings:
        own_said = said.over(kept[reading.spec.name].of_values())
        before = () if own_said == now else (f"as said of an earlier file: {own_said.shown()}",)
        noted = replace(reading, notes=(*before, *reading.notes))
        deliveries += _delivered(dated, noted, own_said, known, last)
    if not deliveries:
        raise text.NoRowsError(f"{source}: holds no value of {', '.join(reading.spec.name for reading in readings)}")
    _check_names(deliveries, source)
    logger.info("%s: %s", path, ", ".join(f"{part.series} {len(part.frame)} rows" for part in deliveries))
    return deliveries


def _own(data: bytes, source: str, today: date | None) -> list[Delivery] | None:
    """Return what a source of the user's own makes of a file that only it recognises the header of."""
    forms = [form for known in registry.SOURCES for form in known.formats if form.columns is None]
    forms = [form for form in forms if form.name != "Yahoo prices"]
    if not forms:
        return None
    try:
        header = text.header(data, source)
    except DataError:
        return None
    match = next((form for form in forms if form.recognise(header)), None)
    if match is None:
        return None
    return [replace(part, notes=(f"read as: {match.name}", *part.notes)) for part in match.parse(data, source, today)]


def _remembered(path: Path, said: Said, known: Known) -> Said:
    """Return what is said, and what was said of the series or of a file of this name before."""
    by_file = known.files.get(hints.key(hints.base(path.stem)))
    name = said.name or by_file or hints.listed(path.stem, known.prices)
    kept = known.said.get(name) if name else None
    if kept is None:
        return said
    return said.over(kept if said.name or by_file else replace(kept, name=None))


def _delivered(dated: Dated, reading: Reading, said: Said, known: Known, last: date) -> list[Delivery]:
    """Return a series, its rows on the exchange's days, its values in the series' unit."""
    source, spec = dated.table.source, reading.spec
    keep = None
    if reading.only:
        k, wanted = reading.only
        keep = pc.equal(dated.table.grid.columns[k], wanted).to_numpy()
        if not (dated.rows & keep).any():
            raise text.NoRowsError(f"{source}: holds no value of {spec.name}: no row says {wanted}")
    mark = cast("numbers.Mark | None", said.decimal and {"comma": "comma", "point": "point"}[said.decimal])
    frame, notes, signed = rows.frame(dated, reading.columns, exchanges.zone(_exchange(spec)), mark, keep)
    frame = frame.dropna(how="all")
    if frame.empty:
        return []
    frame, more = _in_unit(spec, frame, said, signed, source, known)
    if spec.name == "ust":
        frame, more = _published(frame, more)
    if spec.kind == "price":
        frame = frame.reindex(columns=list(PRICE_COLUMNS))
    if spec.kind == "curve":
        frame = frame[_tenors(frame)]
    dates = dated.dates
    spec, frame, yet_more = periods.settled(spec, frame, source, last, dates.months, dates.clocks)
    how = f"read as: {reading.how}"
    written = () if dated.table.grid.kind == "CSV (comma, UTF-8)" else (dated.table.grid.kind,)
    form = () if dates.form == "ymd" else (f"dates read as {dates.form}",)
    monthly = (bundled.MONTHLY,) if reading.how.startswith("our month-end") else ()
    if "dividend" in frame and frame["dividend"].notna().any():
        reading = replace(reading, notes=tuple(note for note in reading.notes if note != symbols.NO_DIVIDENDS))
    notes = (how, *monthly, *written, *form, *reading.notes, *dated.notes, *notes, *more, *yet_more)
    kept = said.plain if said != NOTHING else {}
    stem = Path(source).stem
    if said.name is not None and not meaning.speaks(stem, known):
        kept |= {"file": hints.key(hints.base(stem))}
    part = Delivery(spec.name, source, frame, tuple(dict.fromkeys(notes)), _own_spec(spec), kept, reading.sure)
    if spec.name == "macro" and "us_cpi" in frame:
        index = frame[["us_cpi"]].dropna().rename(columns={"us_cpi": VALUE})
        return [part, Delivery("us_cpi", source, index, part.notes)]
    return [part]


def _exchange(spec: Spec) -> str:
    if spec.kind == "price" and spec.name in LIBRARY:
        return str(LIBRARY[spec.name].exchange or ANY_DAY)
    return ANY_DAY if spec.calendar == "month" else spec.calendar


def _own_spec(spec: Spec) -> Spec | None:
    return spec if spec.kind == "price" and spec.name not in LIBRARY else None


def _in_unit(
    spec: Spec, frame: pd.DataFrame, said: Said, signed: Mapping[str, bool], source: str, known: Known
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return yields and rates in percent, par; what was said of unit and quotes is done and noted."""
    if spec.kind not in UNITS:
        wrong = [f"--{name}" for name in ("unit", "quotes") if getattr(said, name)]
        if wrong:
            raise DataError(
                f"{source}: {' and '.join(wrong)}: of yields and rates, and {spec.name} is a {spec.kind}; leave it out"
            )
        return frame, ()
    notes: list[str] = []
    if said.unit in ("decimal", "bp"):
        if any(signed.values()):
            raise DataError(f"{source}: the values of {spec.name} have percent signs; leave --unit {said.unit} out")
        scale = SCALES[said.unit]
        frame = (frame * scale).round(12)
        notes.append(f"{said.unit} as said: every value is multiplied by {scale:g}")
    if spec.kind == "curve" and said.quotes == "spot":
        frame = _par(spec, frame, said, known)
        notes.append(f"spot rates, compounding {said.compounding}, made par yields")
    return frame, tuple(notes)


def _par(spec: Spec, frame: pd.DataFrame, said: Said, known: Known) -> pd.DataFrame:
    country = next((c for c in known.countries if spec.name in c.curves.values()), None)
    if country is None:
        raise DataError(f"{spec.name}: its country is not known, so neither are its coupons; leave --quotes out")
    if country.quotes == "spot":
        if str(country.compounding) != said.compounding:
            raise DataError(
                f"{spec.name}: {country.label} quotes spot rates compounded {country.compounding}, not "
                f"{said.compounding}"
            )
        return frame  # kept as quoted: the table of countries makes them par yields
    frame = frame[_tenors(frame)]
    tenors = np.array([float(str(tenor)) for tenor in frame])
    compounding = {"1": 1, "2": 2}.get(str(said.compounding), "continuous")
    par = par_of_spot(tenors, frame.to_numpy(dtype=float) / IN_PERCENT, country.coupons, compounding)  # type: ignore[arg-type]
    return pd.DataFrame(par * IN_PERCENT, frame.index, frame.columns)


def _tenors(frame: pd.DataFrame) -> list[str]:
    names: list[str] = sorted(map(str, frame), key=float)
    return names


def _published(frame: pd.DataFrame, notes: tuple[str, ...]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Blank the 30-year where none was published: what a copy shows then is an estimate."""
    masked = unpublished("ust", "30", frame.index.to_numpy())
    if "30" not in frame or frame.loc[masked, "30"].isna().all():
        return frame, notes
    frame = frame.copy()
    frame.loc[masked, "30"] = float("nan")
    first, last = UNPUBLISHED["ust", "30"]
    return frame.dropna(how="all"), (*notes, f"30-year of {first} to {last} blanked: an estimate, none was published")


def _check_names(deliveries: list[Delivery], source: str) -> None:
    names = [part.series for part in deliveries]
    for name in names:
        if names.count(name) > 1:
            raise DataError(
                f"{source}: holds {name} twice, once by days and once by months; put each into a file of its own"
            )


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name the files in it")
    if not path.exists():
        raise DataError(f"{path}: no such file; check the path")
    try:
        if path.stat().st_size > http.LARGEST:
            raise DataError(f"{path}: is larger than {http.LARGEST // 2**20} MB; tables of rates and prices are not")
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from None
