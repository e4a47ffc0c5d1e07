"""House rules that a machine can hold: which way imports point, which library is fenced where, how long a file is."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A file imports only from files above it in its package, or from a package before its own.
ORDER = {
    "data": [
        "errors", "disk", "bonds", "curves", "forwards", "instruments", "calendars", "market", "repricing", "tables",
        "series", "sources", "updating", "quality", "store", "history", "build", "tracking", "status",
    ],
    "strategies": [
        "base", "signals", "sizing", "pairs", "divergence", "curve", "hold", "macro", "relative_value", "breakeven",
        "slopes", "blend", "thesis", "overlays", "__init__",
    ],
    "backtests": [
        "book", "result", "ledger", "broker", "reconcile", "metrics", "attribution", "components", "config", "window",
        "runner", "events", "stress", "measures", "claims", "scorecard", "ticket", "assumptions", "verdicts",
        "inference", "confidence", "exposure", "store", "causes", "comparison", "panels", "report", "api",
        "cli", "__init__",
    ],
}  # fmt: skip
PACKAGES = list(ORDER)
INSIDE = {
    "backtests/config": ["document", "complaints", "model", "params", "building", "instruments", "load", "__init__"],
    "backtests/comparison": ["history", "candidates", "differences", "windows", "rows", "record", "__init__"],
    "backtests/report": [
        "__init__", "format", "palette", "tables", "regimes", "traded", "detail", "sensitivity", "tornado", "plots",
        "html", "thesis", "compare",
    ],
    "backtests/assumptions": ["cases", "bench", "judge", "summary", "__init__"],
    "backtests/ticket": ["futures", "holdings", "inputs", "sheet", "memory", "ticket", "__init__"],
    "backtests/cli": [
        "terminal", "dates", "catalogue", "config", "data", "run", "runs", "thesis", "ticket", "compare", "sensitivity",
        "__init__", "__main__",
    ],
}  # fmt: skip
FENCES = {
    "backtrader": ["backtests/broker.py"],
    "yaml": ["backtests/config/"],
    "pydantic": ["backtests/config/"],
    "typer": ["backtests/cli/"],
    "rich": ["backtests/cli/"],
    "jinja2": ["backtests/report/"],
    "plotly": ["backtests/report/"],
    "matplotlib": ["backtests/report/"],
    "numba": [],
    "yfinance": ["data/sources/"],
    "httpx": ["data/sources/"],
    "tenacity": ["data/sources/"],
    "exchange_calendars": ["data/quality"],
    "filelock": ["data/store.py"],
    "arch": ["backtests/inference.py"],
    "ffn": [],
    "requests": [],
    "pickle": [],
}
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> set[str]:
    """Every module a file imports, at the top or inside its functions, as dotted names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room(dotted: str) -> tuple[str, str] | None:
    """The package and the file or folder in it that a dotted name belongs to, if it is ours."""
    package, _, rest = dotted.partition(".")
    if package not in ORDER:
        return None
    name = rest.split(".")[0]
    return package, name if name in ORDER[package] else "__init__"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_point_left_and_up(path):
    package, *inner = path.relative_to(ROOT).with_suffix("").parts
    own = inner[0]
    for dotted in imports(path):
        target = room(dotted)
        if target is None or target == (package, own):
            continue
        assert PACKAGES.index(target[0]) <= PACKAGES.index(package), f"{relative(path)} imports {dotted}"
        if target[0] == package:
            order = ORDER[package]
            assert order.index(target[1]) < order.index(own), f"{relative(path)} imports {dotted}, which is below it"


@pytest.mark.parametrize("folder", INSIDE)
def test_imports_point_up_inside_a_folder_too(folder):
    order, prefix = INSIDE[folder], folder.replace("/", ".") + "."
    for path in (ROOT / folder).glob("*.py"):
        for dotted in imports(path):
            if dotted.startswith(prefix):
                name = dotted.removeprefix(prefix).split(".")[0]
                if name in order:
                    assert order.index(name) < order.index(path.stem), f"{relative(path)} imports {dotted}"


def test_every_file_has_its_place_in_the_order():
    for package, order in ORDER.items():
        entries = {path.stem for path in (ROOT / package).iterdir() if path.suffix == ".py"}
        folders = {path.name for path in (ROOT / package).iterdir() if (path / "__init__.py").exists()}
        assert (entries | folders) - {"__init__"} == set(order) - {"__init__"}
    for folder, order in INSIDE.items():
        assert {path.stem for path in (ROOT / folder).glob("*.py")} == set(order)


@pytest.mark.parametrize("library", FENCES)
def test_a_fenced_library_is_imported_behind_its_fence_only(library):
    users = [relative(path) for path in MODULES if any(name.split(".")[0] == library for name in imports(path))]
    outside = [user for user in users if not any(user.startswith(place) for place in FENCES[library])]
    assert outside == []


def test_files_stay_under_four_hundred_lines():
    long = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import backtests.cli", ["pandas", "numpy", "numba", "backtrader", "pydantic", "yaml", "matplotlib", "rich"]),
        ("import data, strategies.base, backtests", ["pandas", "matplotlib", "backtrader", "scipy"]),
    ],
)
def test_importing_brings_in_nothing_heavy(statement, unwanted):
    code = f"{statement}\nimport sys\nprint(*[name for name in {unwanted} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.split() == []


def test_tests_hold_no_package_that_would_shadow_ours():
    assert not (ROOT / "tests" / "__init__.py").exists()
    assert not [name for name in PACKAGES if (ROOT / "tests" / name).exists()]


def test_constraints_hold_versions_only():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    assert all("==" in pin and "://" not in pin and "@" not in pin for pin in pins)
