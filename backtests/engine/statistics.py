"""What one walk came to, in one pass and without dates; the definitions are those of `performance/metrics.py`.

Scalars and loops only, for kernel.py compiles these very functions. Means and deviations are added up in numpy's order,
so that they are those of `metrics` to the last bit; the rest to 1e-12.
"""

from __future__ import annotations

import numpy as np

from backtests.engine.book import Book
from backtests.engine.ledger import Lines, Path
from data.pricing.bonds import Array
from strategies.compiled import STACK, mean_of, total

SMALL = 1e-12
WORKING = 3  # rows of bars that `measure` works in
STATISTICS = (
    "mean",  # of x, a bar's return in excess of cash
    "excess_deviation",  # of x, ddof 1
    "deviation",  # of r, a bar's return, ddof 1
    "downside",  # square root of the mean of min(x, 0) squared
    "skew",  # of r, biased
    "kurtosis",  # of r, biased, less 3
    "best_bar",
    "worst_bar",
    "hit_rate",
    "total_return",
    "max_drawdown",
    "excess_drawdown",
    "traded",  # sum of each bar's traded notional over equity, one side
    "paid",  # sum of each bar's cost and roll over equity, positive
    "gross_leverage",
)


def measure(book: Book, lines: Lines, path: Path, work: Array, answer: Array) -> None:
    """Write the statistics of a walk and the sums of its lines into `answer`; NaN where they mean nothing.

    `lines` need their bars in cash, cost, roll and notional only; `work (3, T)` is scratch.
    """
    equity, bars = path.equity, len(path.equity) - 1
    answer[:] = np.nan
    if bars < 0:
        return
    stack = np.empty(STACK)
    r, x, scratch = work[0], work[1], work[2]
    returns(equity, lines.cash, r, x)
    if bars > 0:
        mean, own = mean_of(x, 0, bars, stack), mean_of(r, 0, bars, stack)
        answer[0] = mean
        spread = squares(r, own, bars, scratch, stack)
        shape(r, own, np.sqrt(spread / bars), bars, answer)
        if bars > 1:
            answer[1] = np.sqrt(squares(x, mean, bars, scratch, stack) / (bars - 1))
            answer[2] = np.sqrt(spread / (bars - 1))
        answer[3] = downside(x, bars, scratch, stack)
        extremes(r, x, bars, answer)
    answer[9] = equity[bars] / book.capital - 1.0
    answer[10] = drawdown(equity, book.capital)
    answer[11] = excess_drawdown(x, bars)
    trading(book, lines, path, answer, answer[len(STATISTICS) :])


def returns(equity: Array, cash: Array, r: Array, x: Array) -> None:
    """Write r and x of every bar; 0 once equity is gone."""
    for t in range(len(equity) - 1):
        alive = equity[t] > 0.0
        before = equity[t] if alive else 1.0
        earned, credited = equity[t + 1] / before - 1.0, cash[t + 1] / before
        r[t] = earned if alive else 0.0
        x[t] = earned - credited if alive else 0.0


def squares(values: Array, mean: float, count: int, scratch: Array, stack: Array) -> float:
    """Sum of the squared distances from the mean."""
    for k in range(count):
        apart = values[k] - mean
        scratch[k] = apart * apart
    return total(scratch, 0, count, stack)


def shape(r: Array, mean: float, deviation: float, count: int, answer: Array) -> None:
    """Skew and excess kurtosis."""
    if not deviation > SMALL:
        return
    third = fourth = 0.0
    inverse = 1.0 / deviation
    for k in range(count):
        z = (r[k] - mean) * inverse
        square = z * z
        third += z * square
        fourth += square * square
    answer[4], answer[5] = third / count, fourth / count - 3.0


def downside(x: Array, count: int, scratch: Array, stack: Array) -> float:
    """Square root of the mean squared loss."""
    for k in range(count):
        loss = min(x[k], 0.0)
        scratch[k] = loss * loss
    return float(np.sqrt(total(scratch, 0, count, stack) / count))


def extremes(r: Array, x: Array, count: int, answer: Array) -> None:
    """Best and worst bar, and the share of bars that beat cash."""
    best, worst, hits = r[0], r[0], 0
    for k in range(count):
        if r[k] > best:
            best = r[k]
        elif r[k] < worst:
            worst = r[k]
        hits += x[k] > SMALL
    answer[6], answer[7], answer[8] = best, worst, hits / count


def drawdown(path: Array, start: float) -> float:
    """Largest drawdown of a path from its running peak, which starts at `start`; positive."""
    peak, least, lowest = start, 1.0, start
    for t in range(len(path)):
        value = path[t]
        if value > peak:
            peak, lowest = value, value * least
        elif value < lowest:
            least, lowest = value / peak, value
    depth = 1.0 - least
    return depth if depth > SMALL else 0.0


def excess_drawdown(x: Array, count: int) -> float:
    """Largest drawdown, positive, of the growth of 1 in excess of cash."""
    peak = index = least = lowest = 1.0
    for k in range(count):
        index *= 1.0 + x[k]
        if index > peak:
            peak, lowest = index, index * least
        elif index < lowest:
            least, lowest = index / peak, index
    depth = 1.0 - least
    return depth if depth > SMALL else 0.0


def trading(book: Book, lines: Lines, path: Path, answer: Array, sums: Array) -> None:
    """What was traded, paid and held, over equity, on the bars on which there is any; the sums of all lines."""
    traded = paid = gross = rolls = costs = cash = margin = 0.0
    rows = len(path.equity)
    for t in range(rows):
        turned, cost, roll = of_bar(lines.notional, t), of_bar(lines.cost, t), of_bar(lines.roll, t)
        held = dollars(path.units, book, t)
        rolls += roll
        costs += cost
        cash += lines.cash[t]
        margin += lines.margin[t]
        wealth = path.equity[t]
        if wealth > 0.0:
            inverse = 1.0 / wealth
            traded += turned * inverse
            paid += (cost + roll) * inverse
            gross += held * inverse
    answer[12], answer[13], answer[14] = traded / 2.0, -paid, gross / rows
    sums[0], sums[1], sums[2] = summed(lines.price), summed(lines.fx), summed(lines.funding)  # order of LINES
    sums[3], sums[4], sums[5], sums[6], sums[7], sums[8] = (
        summed(lines.borrow),
        rolls,
        summed(lines.income),
        costs,
        cash,
        margin,
    )


def of_bar(line: Array, t: int) -> float:
    """What all legs have in a line over a bar; (T,) holds that already."""
    if line.ndim == 1:
        return float(line[t])
    amount = 0.0
    for i in range(line.shape[1]):
        amount += line[t, i]
    return amount


def summed(line: Array) -> float:
    """What a line came to; () holds that already."""
    return float(line[()]) if line.ndim == 0 else float(line.sum())


def dollars(units: Array, book: Book, t: int) -> float:
    """What is held after t, long or short; (T,) holds that already."""
    if units.ndim == 1:
        return float(units[t])
    held = 0.0
    for i in range(book.price.shape[1]):
        held += abs(units[t, i] * book.price[t, i] * book.fx[t, i])
    return held


MEASURE = (
    measure, returns, squares, shape, downside, extremes, drawdown, excess_drawdown, trading, of_bar, summed, dollars,
)  # fmt: skip
