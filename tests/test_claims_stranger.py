"""A thesis that nobody here thought of, on Bunds and gilts from a folder of files: run and thesis, no code touched."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from backtests import config
from backtests.runs import runner
from backtests.thesis.history import history_of
from backtests.thesis.scorecard import judge

DAYS = pd.bdate_range("2022-01-03", "2024-12-31")
TENORS = (1, 2, 3, 5, 7, 10, 20, 30)
LEVELS = {"bund": (1.0, 0.9), "gilt": (2.0, 1.4)}  # at the start, and by how much it rises
MINE = """
name: channel
thesis_date: 2024-01-01
data: {source: csv}
fill: next_close
variants:
  pair: {strategy: divergence, params: {long: DBR10, short: UKT10, duration: 5}}
  gilt_steepener: {strategy: curve, params: {front: UKT2, back: UKT10, trade: steepener}}
claims:
  gilts_sell_off: {text: Gilts sell off, measure: {yield: UKT10}, says: rises, from: 2022-12-30, to: 2023-12-29,
    hurdle: forward, kill: {below: 2}}
  apart: {text: Gilts widen to Bunds, measure: {spread: [UKT10, DBR10]}, says: rises, from: 2022-12-30, to: 2025-12-31,
    trade: pair}
  steeper: {text: The gilt curve steepens, measure: {slope: [UKT2, UKT10]}, says: {neither: }, from: 2023-01-02}
  boe: {text: The BoE stays above the ECB, measure: {spread: [{policy_rate: uk}, {policy_rate: de}]}, says: {above: 0},
    from: 2023-12-29, to: 2023-12-29}
  calmer: {text: Bunds are the calmer, measure: {ratio: [{volatility: DBR10, window: 60D}, {volatility: UKT10,
    window: 60D}]}, says: {below: 1}, from: 2023-12-29, to: 2024-06-28}
""".replace("says: {neither: }", "says: neither, within: 5, trade: gilt_steepener")


def wave(series):
    """Levels (T,) in percent: a slow rise with a swing of a few basis points a day."""
    start, rise = LEVELS[series]
    t = np.arange(len(DAYS))
    size = 0.02 if series == "bund" else 0.05
    return start + rise * t / len(DAYS) + size * np.cos(2.1 * t)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("channel")
    (place / "csv").mkdir()
    for series in LEVELS:
        curve = {f"{years}Y": np.round(wave(series) + 0.2 * np.log(years), 4) for years in TENORS}
        pd.DataFrame(curve, DAYS).rename_axis("date").to_csv(place / f"csv/{series}.csv")
    treasury = {f"{years} Yr": np.round(4.0 + 0.1 * np.log(years) + 0 * wave("gilt"), 2) for years in TENORS}
    days = DAYS.strftime("%m/%d/%Y")
    pd.DataFrame(treasury, days).rename_axis("Date").to_csv(place / "csv/ust.csv")  # the dollar's own, of the book
    values = {
        "estr": np.full(len(DAYS), 1.5), "sonia": np.full(len(DAYS), 2.5), "eurusd": np.full(len(DAYS), 1.08),
        "gbpusd": np.full(len(DAYS), 1.25), "fed_funds": np.full(len(DAYS), 3.0),
    }  # fmt: skip
    for name, numbers in values.items():
        column = "DFF" if name == "fed_funds" else "value"
        index = "observation_date" if name == "fed_funds" else "date"
        pd.DataFrame({column: numbers}, DAYS).rename_axis(index).to_csv(place / f"csv/{name}.csv")
    (place / "mine.yaml").write_text(MINE)
    return place


def test_a_strangers_claims_are_judged(folder):
    own = config.load(folder / "mine.yaml")
    rows = {row.claim.key: row for row in judge(own.claims, own, date(2024, 12, 31))}
    texts = {key: row.happened.text for key, row in rows.items()}
    assert list(texts) == ["gilts_sell_off", "apart", "steeper", "boe", "calmer"]
    assert list(texts.values()) == ["holds", "holds so far", "holds so far", "holds", "holds"]
    day = list(DAYS.astype(str)).index("2023-12-29")
    assert rows["gilts_sell_off"].stated.end == pytest.approx((wave("gilt")[day] + 0.2 * np.log(10)) / 100, abs=1e-6)
    assert rows["gilts_sell_off"].stated.forward.value is not None
    assert rows["boe"].stated.end == pytest.approx(0.01)
    assert rows["apart"].stated.trade.verdict.text in ("holds so far", "fails so far")
    assert set(rows["steeper"].stated.trade.parts) == {"carry", "rolldown", "level", "curve", "fx", "rest"}
    assert "gilts" in rows["gilts_sell_off"].about and "Bunds" in rows["apart"].about


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("command", ["run", "thesis"])
def test_a_strangers_thesis_goes_through_run_and_thesis(divergence, folder, command, tmp_path):
    status, out, err = divergence(command, str(folder / "mine.yaml"), "--out", str(tmp_path / "x"), "-q")
    assert status == 0, err
    assert (tmp_path / "x/report.html").is_file()
    if command == "thesis":
        assert "Gilts sell off" in out
        record = json.loads((tmp_path / "x/scorecard.json").read_text())
        assert len(record["claims"]) == 5
        assert (tmp_path / "x/thesis.html").read_text().count("<article") == 5


def test_a_claim_may_measure_a_country_that_no_variant_trades(folder):
    pair = "{strategy: divergence, params: {long: DBR10, short: UKT10, duration: 5}}"
    head = MINE.split("claims:")[0].replace(pair, "{strategy: hold, params: {weights: {DBR10: 1}}}")
    alone = "\n".join(line for line in head.splitlines() if "steepener" not in line)
    alone += "\nclaims:\n  boe: {text: b, measure: {policy_rate: uk}, says: {above: 2}, from: 2023-12-29}\n"
    (folder / "alone.yaml").write_text(alone)
    own = config.load(folder / "alone.yaml")
    (row,) = judge(own.claims, own, date(2024, 12, 31))
    assert (row.happened.text, row.stated.end) == ("holds so far", pytest.approx(0.025))
    (of_run,) = judge(own.claims, history_of(runner.run(own)), date(2024, 12, 31))
    assert of_run == row
