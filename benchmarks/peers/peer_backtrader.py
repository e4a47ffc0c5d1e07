"""A backtrader script of the plainest kind: run by compare.py, in an environment that holds backtrader alone."""

from __future__ import annotations

import json
import sys
import time

import backtrader as bt
import numpy as np
import pandas as pd
from backtrader.feed import DataBase

CELLS, ROUNDS = 2, 2


class Closes(DataBase):
    """A feed from arrays: all four prices are the close."""

    params = (("days", ()), ("closes", ()))

    def start(self):
        super().start()
        self._at = 0

    def _load(self):
        if self._at == len(self.p.closes):
            return False
        close = self.p.closes[self._at]
        self.lines.datetime[0] = self.p.days[self._at]
        for line in (self.lines.open, self.lines.high, self.lines.low, self.lines.close):
            line[0] = close
        self.lines.volume[0] = self.lines.openinterest[0] = 0.0
        self._at += 1
        return True


class Weights(bt.Strategy):
    """Targets of equity at the close, on given rows; equity by bar."""

    params = (("rows", ()), ("weights", ()))

    def start(self):
        self.equity = []

    def next(self):
        value = self.broker.getvalue()
        self.equity.append(value)
        if self.p.rows[len(self) - 1]:
            for data, weight in zip(self.datas, self.p.weights, strict=True):
                self.order_target_size(data, weight * value / data.close[0])


def lean(given):
    days = [bt.date2num(day) for day in given["dates"].astype("datetime64[s]").tolist()]
    return lambda: [Closes(days=days, closes=closes.tolist()) for closes in given["price"].T]


def usual(given):
    index = pd.DatetimeIndex(given["dates"])
    names = ("open", "high", "low", "close")
    frames = [pd.DataFrame({**dict.fromkeys(names, c), "volume": 0.0}, index=index) for c in given["price"].T]
    return lambda: [bt.feeds.PandasData(dataname=frame) for frame in frames]


def run(feeds, rows, weights, capital):
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.set_coc(True)  # filled at the close on which it is decided
    cerebro.broker.set_shortcash(True)
    cerebro.broker.set_checksubmit(False)
    cerebro.broker.setcash(capital)
    for feed in feeds():
        cerebro.adddata(feed)
    cerebro.addstrategy(Weights, rows=rows.tolist(), weights=weights.tolist())
    return np.array(cerebro.run()[0].equity)


def main(path):
    given = np.load(path)
    times, finals, drawdowns = [], [], []
    for feeds in (usual(given), lean(given)):
        took = []
        for weights in np.repeat(given["weights"][:CELLS], ROUNDS, axis=0):
            start = time.process_time()
            equity = run(feeds, given["decides"], weights, float(given["capital"]))
            took.append(time.process_time() - start)
            finals.append(float(equity[-1]))
            drawdowns.append(float(np.max(1 - equity / np.maximum.accumulate(equity))))
        times.append(1000 * min(took))
    cells = slice(0, CELLS * ROUNDS, ROUNDS)
    answer = {"milliseconds": times, "also": "with a feed of bare arrays"}
    print(json.dumps({**answer, "final": finals[cells], "drawdown": drawdowns[cells]}))


main(sys.argv[1])
