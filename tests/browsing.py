"""A page opened in headless Chromium, with everything it says and asks for."""

from __future__ import annotations

import shutil
from pathlib import Path

from backtests import config
from backtests.report import html
from backtests.report.panels import Panels, panels
from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.snapshot import snapshot

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def report(path: Path, folder: Path) -> Panels:
    """Run a configuration into a folder and return its panels."""
    done = runner.run(config.load(path))
    folder.mkdir(parents=True)
    run_folder.write(snapshot(done), folder)
    content = panels(run_folder.load(folder))
    (folder / "report.html").write_text(html.page(content), encoding="utf-8")
    return content


class Page:
    """A page opened at a width."""

    def __init__(self, browser, path: Path, width: int = 1440, **options):
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.view = browser.new_page(viewport={"width": width, "height": 900}, **options)
        self.view.on("console", lambda message: self.complaints.append(message.text))
        self.view.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.view.on("request", lambda request: self.requests.append(request.url))
        self.view.goto(path.as_uri())
        self.view.wait_for_selector("html[data-ready=true]")

    def lines(self, plot: str) -> int:
        return self.view.evaluate(f"document.getElementById('{plot}').data.length")
