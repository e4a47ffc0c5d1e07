"""Sensitivity of a result to every convention that could be disputed. See docs/sensitivity.md."""

from backtests.sensitivities.judge import Sensitivity, VariantSensitivity, measure
from backtests.sensitivities.scenarios import GROUPS, QUICK, SCENARIOS, Scenario
from backtests.sensitivities.summary import record, tidy

__all__ = ["GROUPS", "QUICK", "SCENARIOS", "Scenario", "Sensitivity", "VariantSensitivity", "measure", "record", "tidy"]
