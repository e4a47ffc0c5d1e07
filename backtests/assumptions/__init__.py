"""How a result moves with every convention that could be disputed. See docs/sensitivity.md."""

from backtests.assumptions.cases import CASES, GROUPS, Case
from backtests.assumptions.judge import Sensitivity, VariantSensitivity, measure
from backtests.assumptions.summary import record, tidy

__all__ = ["CASES", "GROUPS", "Case", "Sensitivity", "VariantSensitivity", "measure", "record", "tidy"]
