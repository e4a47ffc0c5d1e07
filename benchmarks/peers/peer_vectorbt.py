"""vectorbt with all cells at once: run by compare.py, in an environment that holds vectorbt alone."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pandas as pd
import vectorbt as vbt

ROUNDS = 3
STATISTICS = (
    "total_return", "annualized_return", "annualized_volatility", "sharpe_ratio", "sortino_ratio", "asset_value",
)  # fmt: skip


def run(closes, sizes, groups, capital):
    portfolio = vbt.Portfolio.from_orders(
        closes, size=sizes, size_type="targetpercent", group_by=groups, cash_sharing=True,
        init_cash=capital, freq="1D",
    )  # fmt: skip
    return portfolio, portfolio.final_value().to_numpy(), -portfolio.max_drawdown().to_numpy()


def measured(portfolio):
    """Five of the twenty statistics that the compiled ledger answers, and what leverage rests on."""
    for name in STATISTICS:
        getattr(portfolio, name)()


def main(path):
    given = np.load(path)
    weights, price = given["weights"], given["price"]
    count, legs = weights.shape
    columns = pd.MultiIndex.from_product([range(count), range(legs)], names=["cell", "leg"])
    closes = pd.DataFrame(np.tile(price, (1, count)), index=pd.DatetimeIndex(given["dates"]), columns=columns)
    sizes = np.where(given["decides"][:, None], weights.reshape(-1), np.nan)
    groups = np.repeat(np.arange(count), legs)
    measured(run(closes, sizes, groups, float(given["capital"]))[0])  # compiles
    took, more = [], []
    for _ in range(ROUNDS):
        start = time.process_time()
        portfolio, final, drawdown = run(closes, sizes, groups, float(given["capital"]))
        took.append(time.process_time() - start)
        measured(portfolio)
        more.append(time.process_time() - start)
    times = [1000 * min(seconds) / count for seconds in (took, more)]
    answer = {"milliseconds": times, "also": "with five statistics and exposure"}
    print(json.dumps({**answer, "final": final.tolist(), "drawdown": drawdown.tolist()}))


main(sys.argv[1])
