"""Configuration: strict YAML in, frozen types out. The only place that knows yaml and pydantic."""

from backtests.config.load import dump, json_schema, load, resolve, resolved
from backtests.config.model import Config, CurrencyTreatment, Variant
from backtests.config.params import Parameter, describe

__all__ = [
    "Config", "CurrencyTreatment", "Parameter", "Variant",
    "describe", "dump", "json_schema", "load", "resolve", "resolved",
]  # fmt: skip
