"""How soon a report is there and how soon it answers, in headless Chromium, a fresh one for every load.

    python benchmarks/pages.py REPORT [OTHER] [PAIRS]

A load ends when the plots of the first screen are drawn and the main thread has nothing to do: at the frame that shows
them, or at the end of the last task of over 50 ms before a second without one. With OTHER the two are loaded in turn,
and ratios are medians over the pairs. An answer takes from an event to the frame that follows it, by our own clock or
the browser's, whichever says more; what is drawn later counts as the longest task in the event's wake, of over 50 ms.
CPU is that of the page's main thread, which other work on the machine does not lengthen. All are milliseconds.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import CDPSession, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.browsing import CHROMIUM, QUIET

WATCH = """
const seen = window.seen = { tasks: [], answers: [], drawn: 0 };
const observe = (type, told, more) => new PerformanceObserver((list) => list.getEntries().forEach(told)).observe({ type, buffered: true, ...more });
observe("longtask", (task) => seen.tasks.push([task.startTime, task.duration]));
observe("event", (event) => seen.answers.push(event.duration), { durationThreshold: 16 });
// Once the next frame is painted: a message posted from a frame's callback arrives after it.
const painted = (then) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = then;
  port2.postMessage(0);
});
for (const kind of ["mousemove", "mousedown", "mouseup", "click", "keydown", "input", "change", "toggle"])
  addEventListener(kind, (event) => painted(() => seen.answers.push(performance.now() - event.timeStamp)), { capture: true });
function first() {
  const near = [...document.querySelectorAll(".plot")].filter((plot) => plot.checkVisibility() && plot.getBoundingClientRect().top < innerHeight);
  const ready = document.documentElement.dataset.ready === "true" && near.every((plot) => plot.querySelector(".main-svg"));
  if (ready) painted(() => { seen.drawn = performance.now(); });
  else requestAnimationFrame(first);
}
addEventListener("DOMContentLoaded", () => requestAnimationFrame(first));
"""  # noqa: E501
STILL = """() => {
  const last = Math.max(seen.drawn, ...seen.tasks.map(([start, length]) => start + length));
  return seen.drawn && performance.now() - last > 1000 ? last : 0;
}"""
Act = Callable[[Page], None]


@contextmanager
def opened(report: Path) -> Iterator[tuple[Page, CDPSession]]:
    """Load a report in a browser of its own; the page, and whom to ask for its CPU."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(WATCH)
        asked = page.context.new_cdp_session(page)
        asked.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(report.resolve().as_uri(), wait_until="commit")
        yield page, asked
        browser.close()


def spent(asked: CDPSession) -> dict[str, float]:
    """Return the CPU of the main thread so far: of all tasks, and of which parts."""
    told = {metric["name"]: 1000 * metric["value"] for metric in asked.send("Performance.getMetrics")["metrics"]}
    return {name: told[f"{name}Duration"] for name in ("Task", "Script", "Layout", "RecalcStyle")}


def still(page: Page) -> float:
    """Wait until a page has nothing to do, and return since when."""
    return float(page.wait_for_function(STILL, polling=100, timeout=180_000).json_value())


def load(report: Path) -> dict[str, float]:
    """Load a report once: its wall time, its CPU and its long tasks."""
    with opened(report) as (page, asked):
        wall = still(page)
        tasks = [length for _, length in page.evaluate("seen.tasks")]
        return {"wall": wall, **spent(asked), "long tasks": len(tasks), "longest": max(tasks, default=0.0)}


def loads(reports: list[Path], count: int) -> None:
    """Print the medians of loads in turn, and of the first report's ratios to the second's."""
    rounds = [[load(report) for report in reports] for _ in range(count)]
    for report, each in zip(reports, zip(*rounds, strict=True), strict=True):
        middle = {name: statistics.median(one[name] for one in each) for name in each[0]}
        said = ", ".join(f"{name} {value:.0f}" for name, value in middle.items())
        print(f"{report}, {report.stat().st_size / 1e6:.2f} MB: {said}")
    if len(reports) == 2:
        ratio = {name: statistics.median(one[name] / two[name] for one, two in rounds) for name in ("wall", "Task")}
        print(f"first / second of {count} pairs: wall {ratio['wall']:.2f}, CPU {ratio['Task']:.2f}")


def area(page: Page) -> dict[str, float]:
    """Bring growth into sight; where it is."""
    page.locator("#equity").scroll_into_view_if_needed()
    plot = page.locator("#equity .nsewdrag").first
    plot.hover(position={"x": 5, "y": 5})
    return plot.bounding_box() or {}


def click(selector: str) -> Act:
    return lambda page: page.locator(selector).locator("visible=true").first.click()


def hover(page: Page) -> None:
    box = area(page)
    for step in range(10):
        page.mouse.move(box["x"] + 100 + 60 * step, box["y"] + 80)
        page.wait_for_timeout(100)


def drag(page: Page) -> None:
    box = area(page)
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 100, steps=8)
    page.mouse.up()


def keys(page: Page) -> None:
    for key in "jjjjjjkkk":
        page.keyboard.press(key)
        page.wait_for_timeout(200)


def pick(page: Page) -> None:
    page.locator("#pick").select_option(index=1)


ACTS: dict[str, Act] = {
    "hover": hover,
    "a variant on or off": click("#chips button >> nth=3"),
    "log scale": click("#log"),
    "window by a drag": drag,
    "whole history": click("#whole"),
    "window by a date": lambda page: page.locator("#from").fill("2008-01-31"),
    "all variants": click("#all"),
    "hover over all": hover,
    "dark or light, all": click("#theme"),
    "the first variants": click("#all"),
    "dark or light": click("#theme"),
    "sort": click("#summary button.sort >> nth=3"),
    "filter": lambda page: page.locator(".tools input:visible").first.press_sequentially("us", delay=100),
    "a tab": click("[data-tab=periods]"),
    "another variant": pick,
    "open a section": click("section details > summary"),
    "keys j and k": keys,
}


def answers(report: Path, count: int) -> None:
    """Print how long each interaction takes to be seen, at worst, and the CPU of all of it: medians."""
    rounds: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ACTS}
    for _ in range(count):
        with opened(report) as (page, asked):
            still(page)
            for name, act in ACTS.items():
                page.evaluate("[seen.answers, seen.tasks].forEach((list) => list.splice(0))")
                before = spent(asked)["Task"]
                act(page)
                page.wait_for_timeout(300)
                still(page)
                took = page.evaluate("[Math.max(0, ...seen.answers), Math.max(0, ...seen.tasks.map(([, l]) => l))]")
                rounds[name].append((*took, spent(asked)["Task"] - before))
    for name, each in rounds.items():
        frame, task, cpu = (statistics.median(column) for column in zip(*each, strict=True))
        print(f"{name:20} frame {frame:5.0f}, longest task {task:5.0f}, CPU {cpu:5.0f}")


def main(report: str, other: str = "", pairs: str = "5") -> None:
    loads([Path(name) for name in (report, other) if name], int(pairs))
    answers(Path(report), int(pairs))


if __name__ == "__main__":
    main(*sys.argv[1:])
