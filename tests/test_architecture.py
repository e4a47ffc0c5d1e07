"""House rules that a machine can hold: which way imports point, which library is fenced where, how long a file is."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from backtests.cli.run import BROKER, PICTURES

ROOT = Path(__file__).resolve().parent.parent

# What each folder holds, in order: an entry imports only what stands before it. Packages come in this order too.
ORDER = {
    "data": "moved errors disk countries bars pricing instruments exchanges calendars market tables series sources "
    "quality splits gate pointer vintages store assemble build tracking status",
    "data/pricing": "bonds contracts curves forwards spot",
    "data/sources": "bounded http text source treasury mof boj nyfed fred yahoo bundled registry cells dates "
    "numbers table rows hints said symbols meaning periods templates files folder",
    "data/quality": "finding table tenors ticks days moves prices units levels",
    "strategies": "base compiled shared signals hedges sizing pairs divergence curve hold macro relative_value "
    "breakeven slopes blend thesis overlays article exits own",
    "backtests": "engine performance config runs thesis sensitivities sweeps walkforwards comparison ticket report "
    "export walking api cli",
    "backtests/engine": "carry book result draws joint_draws ledger statistics kernel backtrader_engine reconcile",
    "backtests/performance": "metrics periods financing repricing attribution components round_trips trip_ranges "
    "events extremes refusals verdicts verdicts_many bootstrap inference clusters best_of_many overfitting "
    "selection",
    "backtests/config": "document complaints strict currency claims claim_sections model countries params building "
    "instruments legs statements variants sweep load ideas reference",
    "backtests/runs": "window gate given setup runner exposure hedged stress trials significance inputs notices "
    "manifest former snapshot note listing folder tried",
    "backtests/thesis": "history measures about claims trades books scorecard fingerprints "
    "chain statements dated journal",
    "backtests/sensitivities": "choices scenarios markets rerun judge summary",
    "backtests/sweeps": "plan walk banks plateau surroundings paths judge prove store fan effects run cluster conclude",
    "backtests/walkforwards": "folds choose cpcv stitch walk record keep",
    "backtests/comparison": "history candidates differences windows rows record",
    "backtests/ticket": "buckets futures holdings marks levels orders sheet analogues ticket output",
    "backtests/report": "waiting display canvas format pictures series panels palette tables verdict summary regimes "
    "traded blotter detail margin hedges sensitivity tornado picturing plots html index onepage claim_plots "
    "claim_words thesis alike compare walkforward_plots walkforward sweep_plots sweep ticket_words ticket_plots ticket "
    "journal_rows journal_plots journal glances",
    "backtests/export": "columns paths tables values text workbook pdf write results answers",
    "backtests/cli": "interrupt limits terminal memory worker help dates catalogue config data run runs thesis journal "
    "sheet ticket compare sensitivity sweep walkforward export docs init completion app",
}
OWN = "strategies/own"  # a user's own strategies, which are held to nothing here
PACKAGES = [folder for folder in ORDER if "/" not in folder]
FENCES = {
    "backtrader": ["backtests/engine/backtrader_engine.py"],
    "yaml": ["backtests/config/"],
    "pydantic": ["backtests/config/"],
    "typer": ["backtests/cli/"],
    "rich": ["backtests/cli/"],
    "jinja2": ["backtests/report/"],
    "plotly": [],
    "matplotlib": ["backtests/report/"],
    "numba": ["backtests/engine/", "strategies/compiled.py"],
    "yfinance": ["data/sources/"],
    "httpx": ["data/sources/"],
    "tenacity": ["data/sources/"],
    "exchange_calendars": ["data/quality", "data/exchanges.py"],
    "filelock": ["data/store.py", "backtests/runs/trials.py", "backtests/thesis/chain.py"],
    "openpyxl": ["data/sources/cells.py"],
    "xlsxwriter": ["backtests/export/workbook.py"],
    "arch": [],
    "ffn": [],
    "requests": [],
    "pickle": [],
    "cloudpickle": [],
    "dask": [],
    "distributed": ["backtests/sweeps/cluster.py"],
}
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if path.parent != ROOT / OWN)


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


def entries(folder: str) -> list[str]:
    """The names in a folder, in order; its own `__init__` re-exports them, so it comes last."""
    return [*ORDER[folder].split(), "__init__", "__main__"]


def entry(folder: str, dotted: str) -> str | None:
    """Which entry of a folder a dotted name leads through, if any."""
    prefix = folder.replace("/", ".")
    if dotted != prefix and not dotted.startswith(f"{prefix}."):
        return None
    name = dotted.removeprefix(prefix).strip(".").split(".")[0]
    return name if name in entries(folder) else "__init__"


@pytest.mark.parametrize("folder", ORDER)
def test_imports_point_to_what_stands_before(folder):
    order = entries(folder)
    for path in (path for path in MODULES if path.is_relative_to(ROOT / folder)):
        own = path.relative_to(ROOT / folder).with_suffix("").parts[0]
        for dotted in imports(path):
            target = entry(folder, dotted)
            if target is not None and target != own:
                assert order.index(target) < order.index(own), f"{relative(path)} imports {dotted}, which comes later"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_packages_import_only_packages_before_them(path):
    own = PACKAGES.index(path.relative_to(ROOT).parts[0])
    for dotted in imports(path):
        package = dotted.split(".")[0]
        assert package not in PACKAGES or PACKAGES.index(package) <= own, f"{relative(path)} imports {dotted}"


def test_every_file_has_its_place_in_the_order():
    folders = {relative(path.parent) for path in MODULES}
    assert folders == set(ORDER)
    for folder in ORDER:
        files = {path.stem for path in (ROOT / folder).glob("*.py")}
        inner = {path.parent.name for path in (ROOT / folder).glob("*/__init__.py")}
        assert (files | inner) - {"__main__"} == set(entries(folder)) - {"__main__"}, folder


def test_backtests_holds_folders_and_at_most_two_files():
    assert len([path for path in (ROOT / "backtests").glob("*.py") if path.stem != "__init__"]) <= 2


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
        ("import data, strategies.base, backtests", ["pandas", "matplotlib", "backtrader", "scipy", "numba"]),
        (f"import {BROKER}, {PICTURES}", ["pandas", "pyarrow", "pydantic", "scipy", "numba"]),  # in the second process
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
