"""A page opened in headless Chromium, with everything it says and asks for."""

from __future__ import annotations

import shutil
from pathlib import Path

from backtests.report import html
from backtests.report.panels import Panels, panels
from backtests.runs import folder as run_folder
from backtests.runs.runner import Run
from backtests.runs.snapshot import snapshot

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",  # tabs share what they have compiled
]
SCREEN = {"media": "screen", "color_scheme": "light", "reduced_motion": "no-preference"}


def report(run: Run, folder: Path) -> Panels:
    """Write a run and its report into a folder and return its panels."""
    folder.mkdir(parents=True)
    run_folder.write(snapshot(run), folder)
    content = panels(run_folder.load(folder))
    (folder / "report.html").write_text(html.page(content), encoding="utf-8")
    return content


class Tabs:
    """The tabs of one browser, used again: a warm one shows a page three times sooner than a new one."""

    def __init__(self, browser):
        self.context = browser.new_context()
        self.idle: list = []
        self.pages: list[Page] = []

    def take(self, page: Page):
        """Lend a blank tab to a page."""
        self.pages.append(page)
        return self.idle.pop() if self.idle else self.context.new_page()

    def clear(self, keep: int = 0) -> None:
        """Take back every tab that was lent, blank, but for the first `keep`."""
        while len(self.pages) > keep:
            self.idle.append(self.pages.pop().leave())


class Page:
    """A page opened at a width, in a tab of its own until the test ends."""

    def __init__(self, tabs: Tabs, path: Path, width: int = 1440, **media):
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.view = tabs.take(self)
        self.view.set_viewport_size({"width": width, "height": 900})
        self.view.emulate_media(**{**SCREEN, **media})
        self.listeners = {
            "console": lambda message: self.complaints.append(message.text),
            "pageerror": lambda error: self.complaints.append(str(error)),
            "request": lambda request: self.requests.append(request.url),
        }
        for event, listener in self.listeners.items():
            self.view.on(event, listener)
        self.view.goto(path.as_uri())
        self.view.wait_for_selector("html[data-ready=true]")

    def leave(self):
        """Stop listening and give the tab back, blank and with the mouse out of the way."""
        for event, listener in self.listeners.items():
            self.view.remove_listener(event, listener)
        self.view.goto("about:blank")
        self.view.mouse.move(0, 0)
        return self.view

    def look(self, *plots: str) -> None:
        """Bring plots into sight one after the other, each until it is drawn: those far from the window wait."""
        for plot in plots:
            self.view.locator(f"#{plot}").scroll_into_view_if_needed()
            self.view.wait_for_selector(f"#{plot}:not([data-late]) .main-svg")

    def lines(self, plot: str) -> int:
        self.look(plot)
        return self.view.evaluate(f"document.getElementById('{plot}').data.length")
