"""`divergence thesis`: what it prints, writes and refuses, and its page."""

from __future__ import annotations

import json
import re
from contextlib import chdir
from datetime import date

import numpy as np
import pytest

from backtests import config
from backtests.performance import metrics
from backtests.report import claim_words as words
from backtests.report import thesis as page
from backtests.report.claim_plots import plot
from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.snapshot import snapshot
from backtests.thesis import scorecard
from tests import command, theses
from tests.theses import LAST, THESIS

SMALL = """
name: small
thesis_date: 2026-01-01
data: {start: 2015-12-31, end: 2026-06-30}
variants:
  us_steep: {strategy: curve, params: {front: UST2, back: UST10, trade: steepener}}
  jp_box: {strategy: curve, params: {front: JGB10, back: JGB30, trade: flattener}}
  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}
"""
CLAIMS = """
claims:
  us_steepens: {text: 'The US curve steepens, 2s10s', number: steeper, measure: {slope: [UST2, UST10]}, says: rises,
    from: 2024-12-31, to: 2025-12-31, hurdle: forward, trade: us_steep}
  us_falls: {text: US yields keep falling, measure: {yield: UST10}, says: falls, from: 2025-12-31, to: 2026-12-31,
    hurdle: forward, trade: bond, kill: {above: 4.3}}
  fed: {text: The Fed is dear, number: −100 bp, measure: {policy_rate: us}, says: {above: 9}, from: 2025-12-31}
  bought: {text: Somebody bought, measure: {breakeven: [UST10, TIPS10]}, cannot: a price does not say who,
    from: 2024-12-31, to: 2025-12-31}
  none_issued: {text: A bond was issued, measure: {fact: {states: none was, holds: false, day: 2025-06-30, source: x}},
    from: 2025-12-31}
"""


@pytest.fixture
def here(here):
    (here / "small.yaml").write_text(SMALL + CLAIMS)
    return here


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> command.Ran:
    """The command on the small configuration, pictures and all."""
    folder = tmp_path_factory.mktemp("thesis")
    (folder / "small.yaml").write_text(SMALL + CLAIMS)
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
    (steep,) = [line for line in out.splitlines() if line.startswith("The US curve steepens, 2s10s ")]
    assert steep.split()[-9:] == ["71", "bp", "(+38)", "2024-12–2025-12", "holds", "holds", "(34)", "fails", "(−0.7)"]
    (falls,) = [line for line in out.splitlines() if line.startswith("US yields keep falling ")]
    assert re.sub(" +", " ", falls).strip() == (
        "US yields keep falling 4.18 → 4.44 % (+26 bp) 2025-12–2026-06 fails so far fails (4.25) fails (−0.9)"
    )
    assert "US yields keep falling: given up on 2026-03-31, when it rose to 4.30 %." in out
    assert "Somebody bought: a price does not say who." in out
    (made,) = [line for line in out.splitlines() if line.startswith("us_steep") and "us_steepens" in line]
    assert len(made.split()) == 3 + 1 + 6 + 1  # what it made, of what, and its trips
    written = {path.name for path in (here / "x").iterdir()}
    assert {"scorecard.json", "thesis.html", "report.html", "manifest.json", "equity.parquet", "plots"} <= written
    record = json.loads((here / "x/scorecard.json").read_text())
    assert [one["key"] for one in record["claims"]] == ["us_steepens", "us_falls", "fed", "bought", "none_issued"]
    assert set(record["trading_pnl_since_thesis_usd"]) == {"us_steep", "jp_box", "bond"}
    assert 'href="thesis.html"' in (here / "x/report.html").read_text()


def test_the_record_keeps_its_keys_and_has_the_new_ones_beside_them(ran):
    record = json.loads((ran.folder / "x/scorecard.json").read_text())
    assert record.keys() >= {"as_of", "thesis_date", "claims", "trading_pnl_since_thesis_usd"}
    steep, falls = record["claims"][:2]
    assert steep.keys() >= {
        "key", "text", "thesis_says", "measure", "unit", "window", "strategy", "note", "stated", "since_thesis",
    }  # fmt: skip
    stated = steep["stated"]
    assert stated.keys() >= {"first", "last", "start", "end", "verdict", "evidence", "held_since", "forward", "trade"}
    assert (steep["thesis_says"], steep["unit"], steep["strategy"]) == ("steeper", "bp", "curve")
    assert stated["verdict"] == {"word": "holds", "why": "", "so_far": False}
    assert sum(stated["trade"]["parts"].values()) == pytest.approx(stated["trade"]["excess"])
    assert stated["trade"]["trips"][0]["open"] == "2024-12-31"
    assert falls["stated"]["verdict"] == {"word": "fails", "why": "", "so_far": True}
    assert falls["stated"]["killed"] == "2026-03-31"


def test_the_claims_written_with_a_run_are_those_it_was_judged_by(ran):
    again = config.load(ran.folder / "x/config.yaml")
    assert again.claims == config.load(ran.folder / "small.yaml").claims


def test_the_articles_scorecard_fits_beside_what_it_had():
    rows = theses.card()
    lines = [line for row in rows.values() for line in words.lines(row, THESIS)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(words.HEADINGS))]
    assert sum(widths) + 2 * len(widths) <= 175
    assert widths[0] <= 56


def test_claims_are_linked_to_the_variants_that_trade_them(ran):
    html, report = ((ran.folder / "x" / name).read_text() for name in ("thesis.html", "report.html"))
    steepens = html[html.index('<article id="claim-us_steepens"') :].split("</article>")[0]
    assert re.findall(r'href="report.html#(variant-\w+)"', steepens) == ["variant-us_steep"]
    assert "Its round trips" in steepens and "roll-down" in steepens
    fed = html[html.index('<article id="claim-fed"') :].split("</article>")[0]
    assert "Traded by" not in fed
    for anchor in set(re.findall(r"report.html#([\w.-]+)", html)):
        assert f'id="{anchor}"' in report
    for anchor in set(re.findall(r'href="#([\w-]+)"', html)):
        assert f'id="{anchor}"' in html
    assert html.count("<svg") == 4  # none of the fact
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
    assert "holds so far" in out
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


def test_a_configuration_that_states_nothing_is_refused_in_one_line(divergence, here):
    (here / "silent.yaml").write_text(SMALL)
    status, out, err = divergence("thesis", "silent.yaml", "--out", "x", "-q")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "silent.yaml: states no claims; add some" in err
    assert not (here / "x").exists()


def test_names_and_texts_are_escaped_on_the_page(here):
    nasty = """
claims:
  x: {text: '<script>alert(1)</script> & co', number: '"><b>', measure: {fact: {states: '<i>"about"', holds: true,
    day: 2025-12-31, source: <s>}}, from: 2025-12-31, note: <u>}
"""
    (here / "nasty.yaml").write_text(SMALL + nasty)
    done = runner.run(config.load(here / "nasty.yaml"))
    folder = here / "kept"
    folder.mkdir()
    run_folder.write(snapshot(done), folder)
    html = page.page(scorecard.card(done), run_folder.load(folder).manifest)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in html
    assert html.count("<script") == 1  # its tables' own
    for raw in ("<script>alert", "<b>", "<i>", "<s>", "<u>"):
        assert raw not in html


def test_plots_stay_inside_their_frame():
    for row in theses.card().values():
        if row.path is None:
            continue
        drawn = plot(row, row.path, LAST, THESIS)
        points = [tuple(map(float, pair.split(","))) for piece in drawn.paths for pair in piece.split()]
        assert all(drawn.left <= x <= drawn.right and drawn.top <= y <= drawn.bottom for x, y in points)
        assert len(points) == sum(value is not None for value in row.path.values)
        assert all(drawn.top <= dot.y <= drawn.bottom for dot in (*drawn.dots, *drawn.forwards))
        assert drawn.kill is None or drawn.top <= drawn.kill <= drawn.bottom
