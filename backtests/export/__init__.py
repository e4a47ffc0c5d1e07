"""A finished run for other programs: a workbook, a folder of CSV files, a PDF."""

from backtests.export.paths import excess_returns, total_returns, underwater
from backtests.export.tables import Table, tables
from backtests.export.write import Form, export, export_report, form_of

__all__ = [
    "Form",
    "Table",
    "excess_returns",
    "export",
    "export_report",
    "form_of",
    "tables",
    "total_returns",
    "underwater",
]
