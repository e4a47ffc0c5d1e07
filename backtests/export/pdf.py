"""Pages printed to PDF by a Chromium that is on the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from data.errors import ConfigError, SourceError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
OPTIONS = (
    "--headless", "--disable-gpu", "--disable-extensions", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--no-pdf-header-footer", "--hide-scrollbars",
)  # fmt: skip
LONGEST = 180  # seconds
DRAWING = 30_000  # milliseconds of a page's own clock in which its script draws; it runs ahead of the wall's


def browser() -> str:
    """Return the path of a Chromium.

    Raises
    ------
    ConfigError
        None is there.
    """
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    for path in ELSEWHERE:
        if os.access(path, os.X_OK):
            return path
    raise ConfigError(
        "a PDF is printed by Chromium, and none was found; install it (Debian, Ubuntu: apt-get install chromium), or "
        "give --xlsx or --csv"
    )


def write_pdf(page: str, path: Path, chromium: str) -> None:
    """Print a page to a file; what the browser needs meanwhile stands beside it.

    Raises
    ------
    SourceError
        A browser that does not print.
    """
    source = path.with_suffix(".html")
    source.write_text(page, encoding="utf-8")
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # root has none
    profile = f"--user-data-dir={path.parent / 'profile'}"
    clock = f"--virtual-time-budget={DRAWING}"
    command = [chromium, *OPTIONS, *sandbox, profile, clock, f"--print-to-pdf={path}", source.absolute().as_uri()]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False, errors="replace")
    except subprocess.TimeoutExpired:
        raise SourceError(f"{chromium}: did not print within {LONGEST} s; nothing was kept") from None
    except OSError as error:
        raise SourceError(f"{chromium}: cannot be started ({error.strerror or error}); nothing was kept") from None
    if answer.returncode or not path.is_file():
        said = (answer.stderr.strip().splitlines() or ["no word"])[-1][:200]
        raise SourceError(f"{chromium}: did not print (status {answer.returncode}: {said}); nothing was kept")
