"""Write docs/python.ipynb from docs/python.md: its prose as text cells, its code as code cells, run in a kernel.

python docs/notebook.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent / "python.md"
NOTEBOOK = PAGE.with_suffix(".ipynb")
CODE = re.compile(r"```python\n(.*?)```\n?", re.DOTALL)


def notebook(page: str) -> str:
    """Return the notebook of a page; configurations are looked for in the folder above it, as on the command line."""
    parts = CODE.split(page)
    cells = [
        _cell(i, text.strip("\n"), "code" if i % 2 else "markdown") for i, text in enumerate(parts) if text.strip()
    ]
    cells.insert(1, _cell(len(parts), 'import os\n\nos.chdir("..")', "code"))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _cell(number: int, text: str, kind: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": text.splitlines(keepends=True)}


def executed(text: str, seconds: int = 600) -> str:
    """Return a notebook with what its cells answer, run in a kernel of this environment from the folder of docs.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell that fails.
    """
    import nbformat
    from nbclient import NotebookClient

    whole = nbformat.reads(text, as_version=4)
    client = NotebookClient(whole, timeout=seconds, resources={"metadata": {"path": str(PAGE.parent)}})
    client.execute()
    for cell in whole.cells:
        cell.metadata.pop("execution", None)  # when it ran
    whole.metadata = {"kernelspec": whole.metadata.kernelspec}
    return nbformat.writes(whole, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    NOTEBOOK.write_text(executed(notebook(PAGE.read_text(encoding="utf-8"))), encoding="utf-8")
