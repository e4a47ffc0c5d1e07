"""Write the answers of docs/cookbook.md, and a picture of each, from runs of its configurations.

python docs/cookbook.py
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

from PIL import Image

from backtests import config
from backtests.config import Config
from backtests.report import panels, picturing, plots
from backtests.report.canvas import Figure
from backtests.report.format import millions, number, percent
from backtests.runs import runner
from backtests.runs.snapshot import snapshot
from docs.blocks import filled

PAGE = Path(__file__).resolve().parent / "cookbook.md"
PICTURES = PAGE.parent / "images/cookbook"
HEADER = ("variant", "excess", "volatility", "Sharpe", "drawdown", "trading P&L", "from")
DOTS = 55  # an inch


def configurations(page: str) -> dict[str, Config]:
    """Return the configurations of a page by name, in its order."""
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
            path = Path(folder) / "recipe.yaml"
            path.write_text(text, encoding="utf-8")
            settings = config.load(path)
            made[settings.name] = settings
    return made


def answer(run: runner.Run) -> str:
    """Return what stands under a configuration: a row per variant, and its picture."""
    head = f"| {' | '.join(HEADER)} |\n| --- |{' ---: |' * 5} --- |\n"
    rows = "".join(f"| {' | '.join(_row(own.variant.name, own.figures))} |\n" for own in run.variants)
    name = run.config.name
    return f"{head}{rows}\n![Growth in excess of cash and drawdown: {name}](images/cookbook/{name}.png)\n"


def _row(name: str, figures: dict[str, object]) -> tuple[str, ...]:
    return (
        f"`{name}`", percent(figures["excess_return"], 2), percent(figures["volatility"]), number(figures["sharpe"]),
        percent(figures["excess_drawdown"]), millions(figures["trading_pnl"]), str(figures["start"])[:7],
    )  # fmt: skip


def _save(figure: Figure, path: Path) -> None:
    """Save a picture in few colours, a quarter of the size."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS)
    Image.open(drawn).convert("RGB").quantize(64).save(path, optimize=True)


def main() -> None:
    """Run every configuration; write the page and the pictures."""
    page = PAGE.read_text(encoding="utf-8")
    answers = {}
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, settings in configurations(page).items():
        run = runner.run(settings)
        answers[name] = answer(run)
        drawn = plots.PICTURES["equity"](picturing.pictures(panels.panels(snapshot(run))))
        _save(drawn, PICTURES / f"{name}.png")
    PAGE.write_text(filled(page, answers), encoding="utf-8")


if __name__ == "__main__":
    main()
