"""Write docs/images: pictures and screenshots of runs on the bundled figures. Needs Chromium.

python docs/pictures.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs/images"
WIDTH, HEIGHT = 1200, 1000
# A plot waits until it comes near the window.
DRAWN = """![...document.querySelectorAll(".plot[data-late]")]
  .some((plot) => plot.checkVisibility() && plot.getBoundingClientRect().top < innerHeight)"""
# picture, page, what it scrolls to
SHOTS = [
    ("report", "default/report.html", "main"),
    ("traded", "default/report.html", "#h-traded"),
    ("scorecard", "thesis/thesis.html", "main"),
    ("compare", "compare/compare.html", "main"),
    ("journal", "journal.html", "main"),
]


def main() -> None:
    """Run, draw and photograph."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _divergence("run", "config.yaml", "--out", folder / "default")
        _divergence("thesis", "config/thesis.yaml", "--out", folder / "thesis")
        _divergence("compare", "config.yaml", "--out", folder / "compare")
        replay = ("docs/journal/article.jsonl", "--config", "config/thesis.yaml")
        _divergence("journal", "show", *replay, "--out", folder / "journal.html")
        shutil.copy(folder / "default/plots/equity.png", IMAGES / "equity.png")
        with sync_playwright() as play:
            where = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
            browser = play.chromium.launch(executable_path=where, args=["--no-sandbox", "--disable-gpu"])
            for name, page, part in SHOTS:
                _shot(browser, folder / page, part, IMAGES / f"{name}.png")
            browser.close()


def _divergence(*words: str | Path) -> None:
    quiet = () if words[0] == "journal" else ("--quiet",)
    command = [sys.executable, "-m", "backtests.cli", *map(str, words), *quiet]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _shot(browser: Browser, page: Path, part: str, picture: Path) -> None:
    view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
    view.goto(page.as_uri())
    view.wait_for_timeout(1500)
    view.locator(part).first.evaluate("element => element.scrollIntoView(true)")
    view.wait_for_timeout(500)
    view.wait_for_function(DRAWN)
    view.screenshot(path=picture)
    view.close()


if __name__ == "__main__":
    main()
