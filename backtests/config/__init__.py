"""Configuration: strict YAML in, frozen types out. The only place that knows yaml and pydantic."""

from backtests.config.claims import Claim
from backtests.config.countries import countries_in
from backtests.config.currency import CurrencyTreatment
from backtests.config.ideas import idea
from backtests.config.load import as_yaml, dump, json_schema, load, resolve, resolved
from backtests.config.model import Config, SweepSection, Variant, WalkForwardSection
from backtests.config.params import Parameter, describe, purpose
from backtests.config.sweep import Axis, Grid, grid, section_of

__all__ = [
    "Axis", "Claim", "Config", "CurrencyTreatment", "Grid", "Parameter", "SweepSection", "Variant",
    "WalkForwardSection",
    "as_yaml", "countries_in", "describe", "dump", "grid", "idea", "json_schema", "load", "purpose", "resolve",
    "resolved", "section_of",
]  # fmt: skip
