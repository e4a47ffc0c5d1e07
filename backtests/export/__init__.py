"""A finished run for other programs: one workbook, or a folder of CSV files."""

from backtests.export.paths import excess_returns, total_returns, underwater
from backtests.export.tables import Table, tables
from backtests.export.write import Form, export, form_of

__all__ = ["Form", "Table", "excess_returns", "export", "form_of", "tables", "total_returns", "underwater"]
