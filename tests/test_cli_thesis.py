"""`divergence thesis`: what it prints, writes and refuses, and its page."""

from __future__ import annotations

import json
import re
from contextlib import chdir
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from backtests import config
from backtests.performance import metrics
from backtests.report import thesis as page
from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.snapshot import snapshot
from backtests.thesis import scorecard
from backtests.thesis.claims import CLAIMS, Claim, above
from backtests.thesis.measures import (
    Measure,
)
from tests import command
from tests.test_claims import LAST, THESIS, Y2024, Y2025, made

ROOT = Path(__file__).resolve().parent.parent


SMALL = """
name: small
thesis_date: 2026-01-01
data: {start: 2015-12-31, end: 2026-06-30}
variants:
  us_steep: {strategy: curve, params: {front: UST2, back: UST10, trade: steepener}}
  jp_box: {strategy: curve, params: {front: JGB10, back: JGB30, trade: flattener}}
  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}
"""


@pytest.fixture
def here(here):
    (here / "small.yaml").write_text(SMALL)
    return here


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> command.Ran:
    """The command on the small configuration, pictures and all."""
    folder = tmp_path_factory.mktemp("thesis")
    (folder / "small.yaml").write_text(SMALL)
    with chdir(folder):
        return command.Ran(folder, command.divergence("thesis", "small.yaml", "--out", "x", "--quiet"))


def test_profit_since_the_thesis_is_that_of_the_run_leg_by_leg(here):
    done = runner.run(config.load(here / "small.yaml"))
    found = scorecard.profits(done, THESIS)
    assert [one.variant for one in found] == ["us_steep", "jp_box", "bond"]
    for one, variant in zip(found, done.variants, strict=True):
        assert (
            one.pnl
            == metrics.since(variant.result, THESIS)["thesis_trading_pnl"]
            == variant.figures["thesis_trading_pnl"]
        )
        assert sum(one.legs.values()) == pytest.approx(one.pnl, abs=1e-4)
        late = variant.result.dates >= np.datetime64(THESIS)
        leg = variant.market.names[0]
        lines = sum(variant.result.line(name)[late, 0].sum() for name in ("price", "funding", "borrow", "roll", "cost"))
        assert one.legs[leg] == pytest.approx(lines, abs=1e-4)
    assert scorecard.profits(done, date(2026, 8, 1)) == ()
    whole = scorecard.profits(done, date(2000, 1, 1))[0]
    assert sum(whole.legs.values()) == pytest.approx(whole.pnl, abs=1e-4)  # opening costs included


def test_the_command_prints_the_scorecard_and_writes_the_run_the_page_and_the_record(ran):
    here, (status, out, err) = ran
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert all(any(line.startswith(claim.text) for line in lines) for claim in CLAIMS)
    assert max(len(line.rstrip()) for line in lines[: len(CLAIMS) * 2]) <= 155
    (steep,) = [line for line in lines if line.startswith("The US curve steepens, 2s10s ")]
    assert steep.split()[-9:] == ["71", "bp", "(+38)", "2024-12–2025-12", "holds", "holds", "(34)", "fails", "(−0.7)"]
    written = {path.name for path in (here / "x").iterdir()}
    assert {"scorecard.json", "thesis.html", "report.html", "manifest.json", "equity.parquet", "plots"} <= written
    record = json.loads((here / "x/scorecard.json").read_text())
    assert [one["key"] for one in record["claims"]] == [claim.key for claim in CLAIMS]
    assert set(record["trading_pnl_since_thesis_usd"]) == {"us_steep", "jp_box", "bond"}
    assert 'href="thesis.html"' in (here / "x/report.html").read_text()


def test_claims_are_linked_to_the_variants_that_trade_them(ran):
    html, report = ((ran.folder / "x" / name).read_text() for name in ("thesis.html", "report.html"))
    steepens = html[html.index('<article id="claim-us_steepens"') :].split("</article>")[0]
    assert re.findall(r'href="report.html#(variant-\w+)"', steepens) == ["variant-us_steep"]
    cuts = html[html.index('<article id="claim-fed_cuts"') :].split("</article>")[0]
    assert "by no variant of this run" in cuts
    for anchor in set(re.findall(r"report.html#([\w.-]+)", html)):
        assert f'id="{anchor}"' in report
    for anchor in set(re.findall(r'href="#([\w-]+)"', html)):
        assert f'id="{anchor}"' in html
    assert html.count("<svg") == sum(claim.measure is not None for claim in CLAIMS)
    assert html.count('role="img" aria-label="') == html.count("<svg")
    assert html.count("<script") == 1  # its tables' own


@pytest.mark.usefixtures("no_pictures")
def test_a_report_without_a_scorecard_links_to_none(divergence, here):
    divergence("run", "small.yaml", "--out", "x", "-q")
    assert "thesis.html" not in (here / "x/report.html").read_text()


@pytest.mark.usefixtures("no_pictures")
def test_as_of_ends_the_run_and_the_scorecard_on_that_day(divergence, here):
    status, out, _ = divergence("thesis", "small.yaml", "--as-of", "2025-06-30", "--out", "x", "-q")
    assert status == 0
    assert "window open to 2025-12-31" in out
    assert "No bar ends between the thesis, 2026-01-01, and 2025-06-30" in out
    record = json.loads((here / "x/scorecard.json").read_text())
    assert record["as_of"] == "2025-06-30"
    assert json.loads((here / "x/metrics.json").read_text())["variants"]["bond"]["end"] == "2025-06-30"
    stated = [one["stated"] for one in record["claims"]]
    waiting = [one for one in stated if one["verdict"]["why"].startswith("window not reached")]
    assert max(one["last"] for one in stated if one not in waiting) == "2025-06-30"
    assert waiting and all(one["end"] is None for one in waiting)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2050-01-31", "--as-of is 2050-01-31, outside the bundled data"),
        ("2015-12-31", "--as-of is 2015-12-31, not after data.start"),
        ("yesterday", "--as-of"),
    ],
)
def test_a_day_outside_the_data_is_refused_in_one_line(divergence, here, day, words):
    status, out, err = divergence("thesis", "small.yaml", "--as-of", day, "--out", "x", "-q")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert not (here / "x").exists()


def test_names_and_texts_are_escaped_on_the_page(here):
    done = runner.run(config.load(here / "small.yaml"))
    nasty = Claim(
        "x", "<script>alert(1)</script> & co", '"><b>', Y2024, Y2025,
        Measure('<i>"about"', "%", lambda market: np.zeros(len(market.dates))), above(0.0), note="<u>",
    )  # fmt: skip
    card = scorecard.card(done, (nasty,))
    folder = here / "kept"
    folder.mkdir()
    run_folder.write(snapshot(done), folder)
    html = page.page(card, run_folder.load(folder).manifest)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in html
    assert html.count("<script") == 1  # its tables' own
    for raw in ("<script>alert", "<b>", "<i>", "<u>"):
        assert raw not in html


def test_plots_stay_inside_their_frame(market):
    measures = [made({"2026-06-30": 1e3}), made({}), made({"2025-03-31": np.nan, "2025-12-31": -0.02})]
    claims = [Claim(f"c{i}", "x", "x", Y2024, Y2025, one, above(0.0)) for i, one in enumerate(measures)]
    card = scorecard.Card(LAST, THESIS, scorecard.scorecard(market, LAST, THESIS, claims), ())
    for row in card.rows:
        plot = page._plot(row, row.path, card)
        points = [tuple(map(float, pair.split(","))) for piece in plot.paths for pair in piece.split()]
        assert all(plot.left <= x <= plot.right and plot.top <= y <= plot.bottom for x, y in points)
        assert len(points) == sum(value is not None for value in row.path.values)
    assert len(page._plot(card.rows[2], card.rows[2].path, card).paths) == 2  # broken where nothing is known
