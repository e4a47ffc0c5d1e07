"""Mutants: one small change of the code at a time, and whether any test notices. Seeded; takes an hour or more.

    python tests/proof/mutants.py [COUNT]    # a line per mutant that survives, then the share that was killed

Each module is mutated in a scratch copy and its own tests are run against it, in a process of its own; a mutant that
they miss is tried again on the wider list. What survives all of them is printed, and either gets a test or stands in
`EQUIVALENT` with the reason why no test can tell it.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("backtrader", "pandas", "pyarrow.parquet", "pydantic", "scipy.stats", "yaml", "QuantLib")
SEED, COUNT, SECONDS = 20260731, 320, 300
NARROW = {  # module -> tests that are about it
    "data/pricing/bonds.py": "test_bonds test_curves test_build",
    "data/pricing/curves.py": "test_curves test_build",
    "data/pricing/forwards.py": "test_forwards",
    "backtests/engine/book.py": "test_book test_ledger test_engines_agree",
    "backtests/engine/carry.py": "test_ledger test_book test_exposure test_independent",
    "backtests/engine/ledger.py": "test_ledger test_engines_agree",
    "backtests/engine/statistics.py": "test_kernel",
    "backtests/engine/kernel.py": "test_kernel",
    "strategies/compiled.py": "test_compiled test_kernel test_signals",
    "backtests/engine/result.py": "test_ledger test_backtrader_engine test_engines_agree",
    "backtests/engine/backtrader_engine.py": "test_backtrader_engine test_engines_agree",
    "backtests/engine/reconcile.py": "test_engines_agree test_backtrader_engine",
    "strategies/signals.py": "test_signals test_signal_strategies",
    "strategies/sizing.py": "test_strategies test_config_params",
    "backtests/performance/metrics.py": "test_metrics test_metrics_others",
    "backtests/performance/attribution.py": "test_attribution",
    "backtests/performance/repricing.py": "test_repricing test_attribution",
    **{
        f"backtests/config/{name}.py": "test_config_complaints test_config_document test_config_instruments "
        "test_config_load test_config_params test_config_schema test_config_variants"
        for name in ("building", "complaints", "document", "instruments", "load", "model", "params")
    },
}
WIDER = (
    "test_curves test_build test_ledger test_book test_strategies test_signal_strategies test_overlays test_metrics "
    "test_attribution test_independent test_components test_exposure test_stress test_config_load test_cli_refusals"
)
EQUIVALENT = {  # what a survivor prints -> why no test can tell it
    "data/pricing/bonds.py constant: safe = np.where(flat, 1.0, x)": "a stand-in for 0 whose result is not taken",
    "backtests/engine/book.py comparison: if periods_per_year > 12.5:": "it is 12 or 52",
    "backtests/engine/reconcile.py comparison: parted = np.flatnonzero(~(gap <= TOLERANCE))": "no gap is 1e-9 exactly",
    "backtests/engine/reconcile.py comparison: if not result.imbalance() <= TOLERANCE:": "no gap is 1e-9 exactly",
    "strategies/signals.py constant: stacklevel=2,": "where a warning points is no result",
}

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
RECKONED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
}  # fmt: skip


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Every node that can be changed, and how; annotations and docstrings are no code."""
    skipped = set()
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            hint = getattr(node, name, None)
            skipped |= {id(inner) for inner in ast.walk(hint)} if hint is not None else set()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped |= {id(node), id(node.value)}
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped or not hasattr(node, "lineno"):
            continue
        if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
            yield node, "comparison"
        elif isinstance(node, ast.BinOp) and type(node.op) in RECKONED:
            yield node, "operator"
        elif isinstance(node, ast.BoolOp):
            yield node, "and/or"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not | ast.Invert):
            yield node, "sign"
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float) and node.value is not None:
            yield node, "constant"
        elif isinstance(node, ast.IfExp | ast.If):
            yield node, "condition"
        elif isinstance(node, ast.Expr | ast.AugAssign):
            yield node, "statement"


def change(node: ast.AST, how: str) -> None:
    """Change a node in place."""
    if how == "comparison":
        node.ops[0] = COMPARED[type(node.ops[0])]()
    elif how == "operator":
        node.op = RECKONED[type(node.op)]()
    elif how == "and/or":
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif how == "sign":
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
        if not isinstance(node.op, ast.UAdd):
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
    elif how == "constant":
        node.value = not node.value if isinstance(node.value, bool) else node.value * 2 + 1
    elif how == "condition":
        node.test = ast.UnaryOp(ast.Not(), node.test)
    else:
        node.__class__, node.__dict__ = ast.Pass, {"lineno": node.lineno, "col_offset": node.col_offset}


def mutants(count: int) -> list[tuple[str, int]]:
    """Which place of which module: an equal share of each, drawn with a seed."""
    draw = random.Random(SEED)
    sizes = {name: len(list(places(ast.parse((ROOT / name).read_text(encoding="utf-8"))))) for name in NARROW}
    share = -(-count // len(sizes))
    chosen = [(name, k) for name, size in sizes.items() for k in draw.sample(range(size), min(share, size))]
    return draw.sample(chosen, min(count, len(chosen)))


def survives(copy: Path, tests: str) -> bool:
    """Whether the tests pass on the copy, in a process that has the libraries but none of our modules."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)  # one that never ends is one that is noticed
        try:
            os._exit(_tested(copy, tests))
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return status == 0


def _tested(copy: Path, tests: str) -> int:
    import pytest

    os.chdir(copy)
    sys.path.insert(0, str(copy))
    sys.dont_write_bytecode = True
    words = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-m", "not browser and not realdata and not slow"]
    files = [f"tests/{name}.py" for name in tests.split() if (copy / f"tests/{name}.py").is_file()]
    with (
        Path(os.devnull).open("w") as silence,
        contextlib.redirect_stdout(silence),
        contextlib.redirect_stderr(silence),
    ):
        return int(pytest.main([*words, *files]))


def main(count: int = COUNT) -> int:
    """Try the mutants; return 1 where one survives without a reason."""
    for library in LIBRARIES:
        importlib.import_module(library)

    unexplained = killed = argued = 0
    chosen = mutants(count)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "project"
        left_out = shutil.ignore_patterns(".*", "*.png", "__pycache__")
        shutil.copytree(
            ROOT, copy, ignore=lambda at, names: {*left_out(at, names), *({"runs"} if at == str(ROOT) else ())}
        )
        every = " ".join(dict.fromkeys(" ".join([*NARROW.values(), WIDER]).split()))
        if not survives(copy, every):
            print("the tests fail on the code as it is; fix that first: no mutant was tried")
            return 1
        for number, (module, k) in enumerate(chosen):
            if number % 20 == 0:
                print(f"{number} of {len(chosen)}", file=sys.stderr, flush=True)
            text = (ROOT / module).read_text(encoding="utf-8")
            tree = ast.parse(text)
            node, how = list(places(tree))[k]
            line = text.splitlines()[node.lineno - 1].strip()
            change(node, how)
            (copy / module).write_text(ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")
            named = f"{module}:{node.lineno}:{node.col_offset} {how}: {line}"
            if survives(copy, NARROW[module]) and survives(copy, WIDER):
                reason = EQUIVALENT.get(f"{module} {how}: {line}")
                argued, unexplained = argued + (reason is not None), unexplained + (reason is None)
                print(f"survives{f' ({reason})' if reason else ''}: {named}", flush=True)
            else:
                killed += 1
            (copy / module).write_text(text, encoding="utf-8")
    share = (killed + argued) / len(chosen)
    print(f"{len(chosen)} mutants: {killed} killed, {argued} argued equivalent, {unexplained} survive: {share:.1%}")
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
