"""From a YAML file to a `Config`, and back. Everything wrong with a file is one line that says where and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from backtests.config import params as parameters
from backtests.config import sweep
from backtests.config.countries import table
from backtests.config.document import IN_PLACE_OF, Document, from_data, override, read
from backtests.config.instruments import library
from backtests.config.model import Config, ConfigFile, Variant
from backtests.config.statements import Names, claims_of
from backtests.config.variants import Around, as_variant, checked, with_dates, written
from data.countries import Countries
from data.disk import is_folder
from data.errors import DataError, did_you_mean, redacted, shortened
from data.instruments import LIBRARY, Instrument
from data.quality.finding import NAMES
from data.series import SPECS, specs_of
from data.sources.registry import check_address
from strategies import OVERLAYS, STRATEGIES

DOTTED = tuple(name for name in LIBRARY if "." in name)  # keys that hold dots themselves


def load(what: Path | Mapping[str, Any], settings: Sequence[str] = ()) -> Config:
    """Read, check and resolve a configuration: a file, or what one would hold.

    `settings` are `a.b=value` overrides, applied in order before anything is checked.

    Raises
    ------
    ConfigError
        The first thing wrong with it, by line.
    """
    document = from_data(what, "the configuration") if isinstance(what, Mapping) else read(what)
    for setting in settings:
        override(document, setting, DOTTED)
    if isinstance(what, Mapping):
        with_dates(document, ConfigFile)
    return resolve(document)


def _again(document: Document, setting: str) -> Config:
    """The configuration with one more setting, of `with_`; of two that say one thing, the later stands alone."""
    changed = deepcopy(document)
    changed.settings.clear()
    path, _, value = setting.partition("=")
    override(changed, setting, DOTTED, f"with_('{shortened(path, 100)}', {shortened(value, 100)})")
    with_dates(changed, ConfigFile)
    return resolve(changed)


def resolve(document: Document) -> Config:
    """Check a document against the schema and resolve its variants."""
    file = checked(document, ConfigFile, document.data, [()])
    if file.data.start and file.data.end and file.data.end <= file.data.start:
        raise document.error(("data", "end"), f"{file.data.end} is not after start, {file.data.start}")
    if file.account.withholding and file.data.distributions != "paid":
        raise document.error(
            ("account", "withholding"),
            "total-return prices reinvest distributions whole; set data.distributions: paid, or leave withholding out",
        )
    section = file.data.model_copy(update={"source": _source(document, file.data.source)})
    for source, address in file.sources.items():
        try:
            check_address(source, address)
        except DataError as error:
            raise document.error(("sources", source), str(error)) from None
    countries = table(document, file)
    instruments = library(document, file, countries)
    _check_allowed(document, file.data.allow, [*SPECS, *specs_of(countries), *_listed(instruments)])
    variants = tuple(_variant(document, file, name, instruments, countries) for name in file.variants)
    for i, name in enumerate(file.benchmarks):
        if name not in file.variants:
            raise document.error(("benchmarks", i), f"'{name}' is not a variant{did_you_mean(name, file.variants)}")
    config = Config(
        name=file.name,
        thesis_date=file.thesis_date,
        data=section,
        account=file.account,
        engine=file.engine,
        fill=file.fill,
        rebalance=file.rebalance,
        instrument_sections=file.instruments,
        addresses={str(name): address for name, address in file.sources.items()},
        library=instruments,
        variants=variants,
        benchmarks=tuple(dict.fromkeys(file.benchmarks)),
        countries=countries,
        country_sections=file.countries,
        sweep=file.sweep,
        walkforward=file.walkforward,
        claim_sections=file.claims,
        claims=claims_of(file.claims, Names(document, instruments, countries, file.variants)),
        places={f"data.{key}": document.where(("data", key)) for key in ("start", "end") if getattr(file.data, key)},
        again=partial(_again, document),
    )
    if file.sweep:
        sweep.check(document, config, file.sweep)
    return config


def _listed(instruments: Mapping[str, Instrument]) -> list[str]:
    return [name for name, instrument in instruments.items() if instrument.kind == "listed"]


def _check_allowed(document: Document, allow: Sequence[str], series: Sequence[str]) -> None:
    """Refuse what is allowed of no series, or by no name that a finding has."""
    for i, item in enumerate(allow):
        own, colon, name = item.rpartition(":")
        if not colon:
            raise document.error(("data", "allow", i), f"'{item}' is not a series and a finding, like usdjpy:inverted")
        if own not in series:
            raise document.error(("data", "allow", i), f"unknown series '{own}'{did_you_mean(own, series)}")
        if name not in NAMES:
            raise document.error(("data", "allow", i), f"unknown finding '{name}'{did_you_mean(name, NAMES)}")


def _source(document: Document, source: str) -> str:
    """Return `bundled`, `store`, or the whole path of a folder given beside the configuration."""
    if source in ("bundled", "store"):
        return source
    folder = (Path(document.path).parent / source).absolute()
    if not source.strip() or not is_folder(folder):
        what = f"'{shortened(source)}' is not bundled, not store and not a folder of CSV files in {folder.parent}"
        raise document.error(("data", "source"), what)
    return str(folder)


def _variant(
    document: Document, file: ConfigFile, name: str, instruments: Mapping[str, Instrument], countries: Countries
) -> Variant:
    chain = _chain(document, name)
    raw = _merged([document.data["variants"][link] for link in reversed(chain)])
    if "strategy" not in raw:
        what = f"names no strategy; add strategy: {' | '.join(STRATEGIES)}, or extends"
        raise document.error(("variants", name), what)
    around = Around(file.account, file.rebalance, file.fill, file.data.start, instruments, countries)
    return as_variant(document, [("variants", link) for link in chain], name, raw, around)


def _chain(document: Document, name: str) -> list[str]:
    """The variant and those it extends, nearest first."""
    variants = document.data["variants"]
    chain = [name]
    while (parent := variants[chain[-1]].get("extends")) is not None:
        loc = ("variants", chain[-1], "extends")
        if parent not in variants:
            raise document.error(loc, f"'{parent}' is not a variant{did_you_mean(str(parent), variants)}")
        if parent in chain:
            raise document.error(loc, f"{' extends '.join([*chain, parent])}: a circle; let one stand alone")
        chain.append(parent)
    return chain


def _merged(variants: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge deeply, later over earlier; where the strategy changes, its parameters start anew."""
    result: dict[str, Any] = {}
    for variant in variants:
        own = {key: value for key, value in variant.items() if key != "extends"}
        if own.get("strategy", result.get("strategy")) != result.get("strategy"):
            result.pop("params", None)
        result = _deep(result, own)
    return result


def _deep(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = {key: value for key, value in base.items() if not (IN_PLACE_OF.get(key) in over and key not in over)}
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _deep(result[key], value) if both else value
    return result


def resolved(config: Config) -> dict[str, Any]:
    """Return the configuration with every default and inherited value written out; loading it gives the same run.

    Passwords and keys in addresses of sources are left out: a run fetches nothing, and its folder is passed on.
    """
    data: dict[str, Any] = {"name": config.name}
    if config.thesis_date:
        data["thesis_date"] = config.thesis_date
    data["data"] = config.data.model_dump(exclude_none=True)
    if not config.data.allow:
        del data["data"]["allow"]
    data["account"] = config.account.model_dump()
    data |= {"engine": config.engine, "fill": config.fill, "rebalance": config.rebalance.model_dump()}
    if config.country_sections:
        data["countries"] = {
            code: section.model_dump(exclude_none=True) for code, section in config.country_sections.items()
        }
    data["instruments"] = {
        name: section.model_dump(exclude_none=True, by_alias=True)
        for name, section in config.instrument_sections.items()
    }
    if config.addresses:
        data["sources"] = {name: redacted(address) for name, address in config.addresses.items()}
    data["variants"] = {variant.name: written(variant) for variant in config.variants}
    data["benchmarks"] = list(config.benchmarks)
    if config.sweep:
        data["sweep"] = {key: value for key, value in config.sweep.model_dump().items() if value is not None}
    if config.walkforward.model_fields_set:
        data["walkforward"] = config.walkforward.model_dump()
    if config.claim_sections:
        data["claims"] = {
            key: section.model_dump(exclude_unset=True, by_alias=True) for key, section in config.claim_sections.items()
        }
    return data


def dump(config: Config) -> str:
    """Return the resolved configuration as YAML."""
    return as_yaml(resolved(config))


class _Plain(yaml.SafeDumper):
    """Writes what stands in two places twice: a file with anchors is refused on reading."""

    def ignore_aliases(self, data: Any) -> bool:
        """Every value is written out."""
        return True


def as_yaml(data: Mapping[str, Any]) -> str:
    """Return plain data as YAML, keys in their order."""
    return yaml.dump(dict(data), Dumper=_Plain, sort_keys=False, allow_unicode=True)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a configuration file, parameters of every strategy included."""
    schema = ConfigFile.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "divergence configuration"
    definitions = schema["$defs"]
    definitions["Strategy"] = {
        "properties": {"strategy": {"enum": list(STRATEGIES), "description": "what it does"}},
        "allOf": [
            {
                "if": {"properties": {"strategy": {"const": name}}, "required": ["strategy"]},
                "then": {"properties": {"params": _params_schema(name)}},
            }
            for name in STRATEGIES
        ],
    }
    definitions["Part"] = parameters.PartSection.model_json_schema()
    for section in ("VariantFile", "Part"):
        definitions[section]["allOf"] = [{"$ref": "#/$defs/Strategy"}]
    definitions["VariantFile"]["properties"]["overlays"]["items"] = _overlay_schema()
    _close(schema)
    return schema


def _close(schema: Any) -> None:
    """Let keys that must be of a form be of no other, at whatever depth."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        for inner in schema.values():
            _close(inner)
    elif isinstance(schema, list):
        for inner in schema:
            _close(inner)


def _params_schema(name: str) -> dict[str, Any]:
    """Parameters of a strategy; the parts of a blend are strategies themselves."""
    schema = _described(name, STRATEGIES)
    if parameters.takes_parts(name):
        stated = {word: schema["properties"]["parts"][word] for word in ("description", "default")}
        schema["properties"]["parts"] = {**stated, "type": "object", "additionalProperties": {"$ref": "#/$defs/Part"}}
    return schema


def _described(name: str, kinds: Mapping[str, type]) -> dict[str, Any]:
    """Parameters of a strategy or an overlay, with what it does."""
    return {**parameters.schema_of(name).model_json_schema(), "description": parameters.purpose(kinds[name])}


def _overlay_schema() -> dict[str, Any]:
    """One overlay: exactly one name with its parameters."""
    schemas = {name: _described(name, OVERLAYS) for name in OVERLAYS}
    known = {
        name: {"description": schema["description"], "anyOf": [schema, {"type": "null"}]}
        for name, schema in schemas.items()
    }
    return {
        "type": "object", "minProperties": 1, "maxProperties": 1, "properties": known, "additionalProperties": False,
    }  # fmt: skip
