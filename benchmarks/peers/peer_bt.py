"""A bt script: run by compare.py, in an environment that holds bt alone."""

from __future__ import annotations

import json
import sys
import time

import bt
import numpy as np
import pandas as pd

CELLS, ROUNDS = 2, 2


def run(closes, days, weights, capital):
    legs = dict(zip(closes.columns, weights, strict=True))
    algos = [bt.algos.RunOnDate(*days), bt.algos.SelectAll(), bt.algos.WeighSpecified(**legs), bt.algos.Rebalance()]
    backtest = bt.Backtest(
        bt.Strategy("cell", algos), closes, initial_capital=capital, integer_positions=False, progress_bar=False
    )
    backtest.run()
    return backtest.strategy.values.to_numpy()


def main(path):
    given = np.load(path)
    index = pd.DatetimeIndex(given["dates"])
    closes = pd.DataFrame(given["price"], index=index, columns=[f"leg{i}" for i in range(given["price"].shape[1])])
    took, finals, drawdowns = [], [], []
    for weights in given["weights"][:CELLS]:
        for _ in range(ROUNDS):
            start = time.process_time()
            equity = run(closes, index[given["decides"]], weights.tolist(), float(given["capital"]))
            took.append(time.process_time() - start)
        finals.append(float(equity[-1]))
        drawdowns.append(float(np.max(1 - equity / np.maximum.accumulate(equity))))
    print(json.dumps({"milliseconds": [1000 * min(took)], "final": finals, "drawdown": drawdowns}))


main(sys.argv[1])
