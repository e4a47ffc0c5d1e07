"""How an answer comes about: bounds, open windows, missing figures, facts, and what a claim says of itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from backtests.config.claims import Says, Yield
from backtests.performance import inference
from backtests.runs import runner
from backtests.thesis import measures, scorecard
from backtests.thesis.claims import CANNOT, Verdict
from backtests.thesis.history import history, history_of
from backtests.thesis.measures import Evidence, distinct, sign_changes
from backtests.thesis.scorecard import _verdict
from data.errors import DataError
from data.quality.finding import Finding
from tests import theses
from tests.theses import JUNE, LAST, judged, stated

WINDOW = "from: 2024-12-31, to: 2025-12-31"
TEN = "measure: {yield: UST10}"


@pytest.mark.parametrize(
    ("says", "text"),
    [  # 4.58 -> 4.18
        ("falls", "holds"), ("rises", "fails"), ("neither, within: 39", "fails"), ("neither, within: 40", "holds"),
        ("{above: 4.17}", "holds"), ("{above: 4.18}", "fails"), ("{below: 4.18}", "fails"), ("{below: 4.19}", "holds"),
        ("{between: [4.18, 5]}", "holds"), ("{equals: 4.2, to: 0.1}", "holds"), ("{equals: 4.1, to: 0.1}", "fails"),
        ("{between: [-45, -35], of: change}", "holds"), ("{above: -40, of: change}", "fails"),
    ],
)  # fmt: skip
def test_a_sentence_is_read_at_the_end_or_over_the_window(says, text):
    row = judged(f"{TEN}, says: {says}, {WINDOW}")
    assert [round(100 * row.stated.start, 2), round(100 * row.stated.end, 2)] == [4.58, 4.18]
    assert row.happened.text == text


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.11, 0.13, "holds"), (0.05, 0.09, "fails"), (0.15, 0.2, "fails"), (0.05, 0.12, CANNOT), (0.05, 0.3, CANNOT)],
)
def test_an_estimate_decides_only_where_its_whole_interval_does(low, high, word):
    claim = replace(stated(f"{TEN}, says: falls, {WINDOW}").claims[0], says=Says("between", 0.1, 0.14, True, "end"))
    found = _verdict(claim, None, (low + high) / 2, Evidence(20, "sell-offs", low, high, decides=True), "", False)
    assert found.word == word
    assert found.why == (
        "undecided: 20 sell-offs leave both answers inside the 95 % interval" if word == CANNOT else ""
    )


def test_an_open_window_says_so_far_of_the_forward_and_the_trade_too():
    words = f"measure: {{slope: [UST2, UST10]}}, says: rises, {WINDOW}, hurdle: forward, trade: us_steep"
    row = judged(words, date(2025, 6, 30)).stated
    assert [row.verdict.so_far, row.forward.verdict.so_far, row.trade.verdict.so_far] == [True] * 3
    assert row.last == "2025-06-30"
    over = judged(words).stated
    assert [over.verdict.so_far, over.forward.verdict.so_far, over.trade.verdict.so_far] == [False] * 3


def test_a_window_without_an_end_stays_open():
    row = judged(f"{TEN}, says: falls, from: 2025-12-31")
    assert row.happened == Verdict("fails", so_far=True)
    assert row.happened.text == "fails so far"
    assert row.since is None


def test_a_window_not_reached_or_without_data_cannot_be_tested():
    late = judged(f"{TEN}, says: falls, from: 2027-01-01, to: 2028-01-01").stated
    assert late.verdict == Verdict(CANNOT, "window not reached: it begins 2027-01-01")
    hole = judged("measure: {yield: UST30}, says: {above: 1}, from: 2003-12-31, to: 2003-12-31").stated
    assert hole.verdict.why == "no data: nothing is known on 2003-12-31, the last value is of 2002-01-31"
    blank = judged("measure: {yield: UST30}, says: rises, from: 2003-12-31, to: 2010-12-31").stated
    assert blank.verdict.why == "no data: nothing is known on 2003-12-31"
    early = judged(f"{TEN}, says: rises, from: 1980-01-01, to: 2010-12-31").stated
    assert early.verdict.why == "no data: no row within a month of the window's start, 1980-01-01"


def test_a_window_that_ends_after_the_rows_do_is_not_judged_on_an_old_row():
    own = stated(f"{TEN}, says: falls, {WINDOW}")
    known = history(own)
    short = known.until(list(known.market.dates.astype(str)).index("2025-09-30"))
    (row,) = scorecard.judge(own.claims, short, date(2026, 1, 5))
    assert row.happened.why == "no data: no row within a month of the window's end, 2025-12-31"


def test_a_claim_says_itself_what_is_missing_and_shows_its_measure_forward_and_trade_all_the_same():
    words = "measure: {slope: [UST2, UST10]}, says: rises, hurdle: forward, trade: us_steep, cannot: nobody counts them"
    row = judged(f"{words}, {WINDOW}")
    assert row.happened == Verdict(CANNOT, "nobody counts them")
    assert (round(row.stated.end * 1e4), row.stated.forward.verdict.text) == (71, "holds")
    assert row.stated.trade.verdict.text == "fails"
    assert row.since is None


@pytest.mark.parametrize(
    ("fact", "says", "day", "text"),
    [
        ("holds: false", "", LAST, "fails"),
        ("holds: true", "", LAST, "holds"),
        ("value: 46.0", "says: {above: 50}, ", LAST, "fails"),
        ("value: 46.0", "says: {equals: 45, to: 2}, ", LAST, "holds"),
        ("value: 46.0, known: 2025-09-18", "says: {above: 50}, ", date(2025, 9, 17), CANNOT),
        ("value: 46.0, known: 2025-09-18", "says: {above: 50}, ", date(2025, 9, 18), "fails"),
    ],
)
def test_a_fact_is_judged_from_the_day_it_was_known(fact, says, day, text):
    words = f"measure: {{fact: {{states: so, {fact}, day: 2025-06-30, source: s}}}}, {says}from: 2025-06-30"
    row = judged(words, day)
    assert row.happened.text == text
    assert (row.happened.why == "not known before 2025-09-18") == (text == CANNOT)
    assert row.path is None
    assert judged(f"{words}, to: 2025-06-30", day).happened == row.happened  # published after its window, and known now


@pytest.mark.parametrize(
    ("kill", "day"),
    [
        ("{above: 4.44}", "2026-04-30"), ("{above: 4.40}", "2026-04-30"), ("{above: 4.41}", "2026-05-31"),
        ("{below: 3.97}", "2026-02-28"), ("{above: 5}", None), ("{below: 4.18}", "2026-02-28"),
    ],
)  # fmt: skip
def test_a_kill_level_is_reached_or_passed_after_the_first_row(kill, day):
    """4.18 on the window's first row, then 4.26 3.97 4.30 4.40 4.45 4.44 4.75."""
    found = judged(f"{TEN}, says: falls, from: 2025-12-31, kill: {kill}").stated.killed
    assert found == (day if kill != "{above: 4.44}" else "2026-05-31")


def test_a_claim_that_another_tells_again_is_not_read_since():
    text = f"{TEN}, says: falls, {WINDOW}"
    assert judged(text).since is not None
    again = stated(f"{text}}}\n  y: {{text: y, {TEN}, says: falls, from: 2025-12-31")
    rows = scorecard.judge(again.claims, again, LAST)
    assert [row.since for row in rows] == [None, None]


def test_enough_observations_are_counted_as_crossings_of_the_mean():
    words = "measure: {spread: [{macro: jp_debt_gdp}, {macro: us_debt_gdp}]}, says: rises, from: 2007-12-31"
    assert judged(f"{words}, needs: 10").happened.why.startswith("too few independent observations: 2 crossings")
    assert judged(f"{words}, needs: 2").happened.text == "holds so far"


def test_observations_are_counted_on_values_not_on_rows():
    assert distinct(np.array([np.nan, 1.0, 1.0, 2.0, 2.0, 1.0])).tolist() == [1.0, 2.0, 1.0]
    assert distinct(np.array([np.nan])).tolist() == []
    assert sign_changes(np.array([1.0, 0.0, 2.0, -1.0, -3.0, 0.0, 4.0])) == 2
    assert sign_changes(np.array([])) == 0


def test_a_trade_whose_leg_is_born_inside_the_window_is_not_run():
    own = "measure: {yield: JGB10}, says: rises, from: 2002-12-31, to: 2008-12-31, trade: pair"
    assert judged(own).stated.trade.excess is not None
    thirty = stated(own.replace("trade: pair", "trade: us_steep"))
    variant = replace(thirty.variants[0], strategy=type(thirty.variants[1].strategy)("JGB30", "JGB40", "flattener"))
    claims = (replace(thirty.claims[0], trade=variant.name),)
    changed = replace(thirty, variants=(variant, *thirty.variants[1:]), claims=claims)
    trade = scorecard.judge(claims, changed, LAST)[0].stated.trade
    assert trade.verdict == Verdict(CANNOT, "no data: a leg or the signal is missing inside the window")


def test_an_open_claim_asked_about_long_after_the_last_row_rests_on_old_figures():
    words = "measure: {spread: [UST10, {policy_rate: us}]}, says: rises, from: 2025-12-31"
    assert judged(words, date(2026, 9, 4)).stated.stale == ()  # 35 days
    late = judged(words, date(2026, 9, 5)).stated
    assert late.stale == (
        "UST10, curve us, last of 2026-07-31, 36 days old (limit 35)",
        "overnight rate of the US, last of 2026-07-31, 36 days old (limit 35)",
    )
    assert late.verdict.so_far


def test_a_claim_about_one_day_has_no_trade():
    assert judged(f"{TEN}, says: {{above: 4}}, from: 2025-12-31, to: 2025-12-31, trade: pair").stated.trade is None


def test_a_curve_that_the_data_lacks_is_no_data():
    row = judged(f"measure: {{yield: DBR10}}, says: falls, {WINDOW}, trade: pair")
    assert row.happened == Verdict(CANNOT, "no data: nothing is known up to 2025-12-31")
    assert row.stated.trade.verdict.word != CANNOT


def test_sixty_moves_and_more_show_what_may_be_behind_a_ratio_of_volatilities_and_decide_nothing():
    words = "measure: {ratio: [{volatility: UST10, window: %s}, {volatility: JGB10, window: %s}]}, says: {below: 2}, "
    long = judged(f"{words % ('60M', '60M')}{WINDOW}").stated
    us, jp = (measures.moves(part, theses.known()) for part in (_ten("UST10", "us"), _ten("JGB10", "jp")))
    b = list(theses.known().market.dates.astype(str)).index("2025-12-31") + 1
    ratio = inference.volatility_ratio(us[b - 60 : b], jp[b - 60 : b], measures.SEED)
    assert (long.evidence.low, long.evidence.high) == (ratio.low, ratio.high)
    assert long.evidence.low < long.end < long.evidence.high
    assert not long.evidence.decides
    assert long.verdict.text == ("holds" if long.end < 2 else "fails")
    assert judged(f"{words % ('59M', '59M')}{WINDOW}").stated.evidence.low is None
    assert judged(f"{words % ('60M', '72M')}{WINDOW}").stated.evidence.low is None


def _ten(name, curve):
    return Yield(name, curve, 10)


def test_a_series_that_only_a_claim_rests_on_passes_the_gate_too():
    own = stated(f"measure: {{breakeven: [UST10, TIPS10]}}, says: rises, {WINDOW}")
    run = runner.run(replace(own, claims=()))
    day = date(2025, 1, 31)
    doubt = Finding("error", "tips", day, day, "a yield of 45", "decimals")
    wrong = replace(run, config=own, setup=replace(run.setup, tables=replace(run.tables, doubts=(doubt,))))
    with pytest.raises(DataError, match="tips"):
        history_of(wrong)
    allowed = replace(own, data=own.data.model_copy(update={"allow": [doubt.key]}))
    assert history_of(replace(wrong, config=allowed)).tables.doubts == (doubt,)


@pytest.mark.parametrize("window", ["6M", "36M"])
def test_a_correlation_is_that_of_the_moves_of_a_window(window):
    row = judged(f"measure: {{correlation: [UST10, JGB10], window: {window}}}, says: {{above: 0}}, {WINDOW}")
    curves, n = theses.known().market.curves, int(window[:-1])
    b = list(theses.known().market.dates.astype(str)).index("2025-12-31")
    us, jp = (np.diff(curves[name].at(10.0)[b - n : b + 1]) for name in ("us", "jp"))
    assert row.stated.end == pytest.approx(np.corrcoef(us, jp)[0, 1])
    assert row.stated.evidence == Evidence(n, "moves, as realised")


def test_every_measure_rests_on_its_own_row_and_those_before(market):
    known = theses.known()
    for claim in theses.article().claims:
        whole = measures.series(claim.measure, known)
        for t in (200, 330, len(whole) - 5):
            assert np.array_equal(measures.series(claim.measure, known.until(t)), whole[: t + 1], equal_nan=True)


def test_a_verdict_is_one_of_three_words_and_says_why_where_it_is_the_third():
    for day in (JUNE, LAST, date(2025, 3, 31)):
        for row in theses.card(day).values():
            for reading in filter(None, (row.stated, row.since)):
                verdicts = [reading.verdict, *(part.verdict for part in (reading.forward, reading.trade) if part)]
                assert all(one.word in ("holds", "fails", CANNOT) for one in verdicts)
                assert all((one.word == CANNOT) == bool(one.why) for one in verdicts)
