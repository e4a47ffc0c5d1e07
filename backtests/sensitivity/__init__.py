"""How a result moves with every convention that could be disputed. See docs/sensitivity.md."""

from backtests.sensitivity.cases import CASES, GROUPS, Case
from backtests.sensitivity.judge import Sensitivity, VariantSensitivity, measure
from backtests.sensitivity.summary import record, tidy

__all__ = ["CASES", "GROUPS", "Case", "Sensitivity", "VariantSensitivity", "measure", "record", "tidy"]
