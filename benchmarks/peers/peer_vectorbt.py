"""vectorbt with all cells at once: run by compare.py, in an environment that holds vectorbt alone."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pandas as pd
import vectorbt as vbt

ROUNDS = 3


def run(closes, sizes, groups, capital):
    portfolio = vbt.Portfolio.from_orders(
        closes, size=sizes, size_type="targetpercent", group_by=groups, cash_sharing=True,
        init_cash=capital, freq="1D",
    )  # fmt: skip
    return portfolio, portfolio.final_value().to_numpy(), -portfolio.max_drawdown().to_numpy()


def measured(portfolio, price, cells):
    """Those of the compiled ledger's statistics that such a book has, under its names."""
    value, r = portfolio.value().to_numpy(), portfolio.returns().iloc[1:]
    n = len(r)
    legs = (len(price), cells, -1)
    traded = np.abs(portfolio.asset_flow().to_numpy() * price).reshape(legs).sum(axis=2)
    held = np.abs(portfolio.asset_value(group_by=False).to_numpy()).reshape(legs).sum(axis=2)
    return {
        "mean": r.mean(),
        "deviation": r.std(),
        "downside": np.sqrt((np.minimum(r.to_numpy(), 0.0) ** 2).mean(axis=0)),
        "skew": r.skew() * (n - 2) / np.sqrt(n * (n - 1)),  # pandas answers the unbiased one
        "kurtosis": (r.kurtosis() * (n - 2) * (n - 3) / (n - 1) - 6) / (n + 1),
        "best_bar": r.max(),
        "worst_bar": r.min(),
        "hit_rate": (r > 0).mean(),
        "total_return": portfolio.total_return(),
        "traded": (traded / value).sum(axis=0) / 2,
        "gross_leverage": (held / value).mean(axis=0),
    }


def main(path):
    given = np.load(path)
    weights, price = given["weights"], given["price"]
    count, legs = weights.shape
    columns = pd.MultiIndex.from_product([range(count), range(legs)], names=["cell", "leg"])
    closes = pd.DataFrame(np.tile(price, (1, count)), index=pd.DatetimeIndex(given["dates"]), columns=columns)
    sizes = np.where(given["decides"][:, None], weights.reshape(-1), np.nan)
    groups = np.repeat(np.arange(count), legs)
    wide = closes.to_numpy()
    measured(run(closes, sizes, groups, float(given["capital"]))[0], wide, count)  # compiles
    took, more = [], []
    for _ in range(ROUNDS):
        start = time.process_time()
        portfolio, final, drawdown = run(closes, sizes, groups, float(given["capital"]))
        took.append(time.process_time() - start)
        statistics = measured(portfolio, wide, count)
        more.append(time.process_time() - start)
    times = [1000 * min(seconds) / count for seconds in (took, more)]
    answer = {"milliseconds": times, "statistics": {name: list(values) for name, values in statistics.items()}}
    print(json.dumps({**answer, "final": final.tolist(), "drawdown": drawdown.tolist()}))


main(sys.argv[1])
