"""The backtrader engine: the same book run order by order through backtrader's broker.

Its hazards are kept out on purpose: positions are futures-like and marked here before any fill, so nothing is
marked twice; a credit line keeps its per-leg cash check from refusing the first leg of a pair; every feed shares
one calendar; the order of a leg that cannot trade waits.
"""

from __future__ import annotations

import math
from array import array
from datetime import datetime
from typing import Any

import backtrader as bt
import numpy as np

from backtests.engine.book import Book
from backtests.engine.ledger import LEAST, WHOLE_LOT
from backtests.engine.result import Result, account
from data.pricing.bonds import Array

CREDIT_LINE = 100.0  # times capital, lent at the start and never counted as equity


def run(book: Book) -> Result:
    """Run the book through backtrader and return its result."""
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True, runonce=False, preload=True)
    broker = _Broker(book)
    cerebro.setbroker(broker)
    for leg in range(book.price.shape[1]):
        cerebro.adddata(_Feed(book, leg), name=f"leg{leg}")
        broker.addcommissioninfo(_Costs(broker, leg), name=f"leg{leg}")
    cerebro.addstrategy(_Trader, book=book)
    (trader,) = cerebro.run()
    return account(book, trader.units, broker.traded, np.array(trader.equity), trader.ruined)


class _Feed(bt.feed.DataBase):
    """One leg; open, high, low and close are the bar's price, so that an order at the open fills at it."""

    def __init__(self, book: Book, leg: int) -> None:
        super().__init__()
        day_zero = bt.date2num(datetime(1970, 1, 1))
        self._times = array("d", book.dates.astype("datetime64[D]").astype(float) + day_zero)
        self._prices = array("d", np.ascontiguousarray(book.price[:, leg]))

    def preload(self) -> None:
        """Fill the lines whole: asking bar by bar is what makes backtrader's own feeds slow."""
        self.lines.forward(size=len(self._times))
        for name in ("open", "high", "low", "close"):
            getattr(self.lines, name).array[:] = self._prices
        self.lines.datetime.array[:] = self._times
        self.home()


class _Costs(bt.CommInfoBase):
    """Futures-like: a position ties up no cash, a fill costs the bar's half-spread of its USD notional."""

    params = (("stocklike", False), ("commtype", bt.CommInfoBase.COMM_PERC), ("percabs", True))

    def __init__(self, broker: _Broker, leg: int) -> None:
        super().__init__()
        self._broker, self._fx = broker, broker.book.fx[:, leg].tolist()
        self._spread = broker.book.spread[:, leg].tolist()

    def getvaluesize(self, size: float, price: float) -> float:
        """No cash is tied up."""
        return 0.0

    def getoperationcost(self, size: float, price: float) -> float:
        """No cash is tied up."""
        return 0.0

    def get_credit_interest(self, data: Any, pos: Any, dt: Any) -> float:
        """Funding is taken by `accrue`, before the bar's fills."""
        return 0.0

    def cashadjust(self, size: float, price: float, newprice: float) -> float:
        """USD variation margin of a move within the bar."""
        return float(size * (newprice - price) * self._fx[self._broker.bar])

    profitandloss = cashadjust

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:
        t = self._broker.bar
        return float(abs(size) * price * self._fx[t] * self._spread[t])


class _Broker(bt.brokers.BackBroker):
    """Backtrader's broker with an overnight: `accrue` marks, funds and credits before the bar's orders fill."""

    params = (("checksubmit", False), ("int2pnl", False), ("coo", True))

    def __init__(self, book: Book) -> None:
        super().__init__()
        self.book, self.bar = book, -1
        self.credit = CREDIT_LINE * book.capital
        self.setcash(book.capital + self.credit)
        self.traded: Array = np.zeros(book.price.shape)
        self.lots = [0.0] * book.price.shape[1]  # units of a lot when each leg was last traded
        self._legs: dict[Any, int] = {}
        self._tradable, self._lots = book.tradable.tolist(), book.lot.tolist()
        columns = ("price", "fx", "funding_long", "funding_short", "borrow", "roll", "income_long", "income_short")
        self._rates = [
            list(zip(*(getattr(book, name)[:, i].tolist() for name in columns), strict=True))
            for i in range(book.price.shape[1])
        ]
        self._listed, self._bond, self._fx_exposed = book.listed.tolist(), book.bond.tolist(), book.fx_exposed.tolist()
        self._cash, self._margin, self._repo = book.cash.tolist(), book.margin.tolist(), book.repo.tolist()

    def open_on(self, datas: list[Any]) -> None:
        """Remember which feed is which leg."""
        self._legs = {data: leg for leg, data in enumerate(datas)}

    @property
    def equity(self) -> float:
        """USD that belong to the account: cash less the credit line."""
        return float(self.cash - self.credit)

    def accrue(self, bar: int) -> None:
        """Mark the positions held over the bar to its close, and take what they and the cash earned and paid."""
        self.bar = bar
        if bar == 0:
            return
        wealth = self.equity
        total, listed, bonds = wealth * self._cash[bar], 0.0, 0.0
        for data, leg in self._legs.items():
            position = self.positions[data]
            size = position.size
            if not size:
                continue
            price, fx, pay, receive, borrow, roll, to_long, from_short = self._rates[leg][bar]
            before, fx_before = self._rates[leg][bar - 1][:2]
            notional = size * before
            total += size * (price - before) * fx + notional * (fx - fx_before) * self._fx_exposed[leg]
            if size > 0:
                total += size * to_long * fx - notional * (pay + roll * fx)
                listed += notional * fx_before if self._listed[leg] else 0.0
                bonds += notional * fx_before if self._bond[leg] else 0.0
            else:
                total += size * from_short * fx - notional * (receive - (borrow + roll) * fx)
            position.adjbase = price
        in_repo = max(0.0, bonds - max(0.0, wealth - listed))
        self.cash += total - max(0.0, listed - wealth) * self._margin[bar] - in_repo * self._repo[bar]

    def next(self) -> None:
        """Match waiting orders; a bar without any has nothing left to do."""
        if self.pending:
            super().next()

    def _try_exec(self, order: Any) -> None:
        leg = self._legs[order.data]
        if self._tradable[self.bar][leg] or order.info.get("forced"):
            super()._try_exec(order)
            self.traded[self.bar, leg] += abs(order.executed.size)
            self.lots[leg] = self._lots[self.bar][leg]

    def _get_value(self, datas: Any = None, lever: bool = False) -> float:
        return self.equity


class _Trader(bt.Strategy):
    """Turns the book's targets into market orders; decides before the bar's fills, or after them for a later bar."""

    params = (("book", None),)

    def __init__(self) -> None:
        book = self.p.book
        self.broker.open_on(self.datas)
        self.equity: list[float] = []
        self.units: Array = np.zeros(book.price.shape)
        self.ruined: int | None = None
        self._sent: dict[Any, Any] = {}
        self._wanted: dict[int, list[float]] = {}  # row on which orders are due -> units
        self._dollars, self._targets = (book.price * book.fx).tolist(), book.targets.tolist()
        self._lots, self._decides, self._bands = book.lot.tolist(), book.decides.tolist(), book.band.tolist()

    def next_open(self) -> None:
        """Accrue the bar, let older orders fill, and decide where the same close fills."""
        bar = len(self.data) - 1
        broker = self.broker
        if self.ruined is not None:
            return
        broker.accrue(bar)
        if broker.equity <= 0:
            self._close_all(bar)
            return
        if bar in self._wanted:
            self._send(bar, self._wanted.pop(bar))
        if self.p.book.lag == 0 and self._decides[bar]:
            broker.next()  # what waited from earlier rows fills first
            if broker.equity > 0:
                self._send(bar, self._decide(bar))

    prenext_open = nextstart_open = next_open

    def next(self) -> None:
        """After the bar's fills: decide for a later bar, and write down where the account stands."""
        bar = len(self.data) - 1
        broker, lag = self.broker, self.p.book.lag
        if self.ruined is None:
            if lag and self._decides[bar] and broker.equity > 0:
                self._wanted[bar + lag] = self._decide(bar)
            if broker.equity <= 0:
                self._close_all(bar)
        self.equity.append(broker.equity)
        self.units[bar] = self._held()

    def _decide(self, bar: int) -> list[float]:
        book, band = self.p.book, self._bands[bar]
        base = book.capital if book.fixed_base else self.broker.equity
        due = max(self._wanted, default=-1)
        held = self._held()
        expected = held if due < 0 else self._wanted[due]
        lots = self.broker.lots if due < 0 else self._lots[due - book.lag]
        wanted = []
        for leg, (weight, dollars, lot) in enumerate(
            zip(self._targets[bar], self._dollars[bar], self._lots[bar], strict=True)
        ):
            units = weight * base / dollars
            if lot:
                bought = self.broker.lots[leg] if expected[leg] == held[leg] else lots[leg]
                units = _in_lots(units, lot, expected[leg], bought)
            wanted.append(units)
        moves = any(abs(new - old) > band * abs(new) for new, old in zip(wanted, expected, strict=True))
        return wanted if moves else expected

    def _held(self) -> list[float]:
        return [self.broker.positions[data].size for data in self.datas]

    def _send(self, bar: int, wanted: list[float]) -> None:
        """Replace every waiting order by one that leads to the units wanted."""
        self._cancel()
        for data, units, lot in zip(self.datas, wanted, self._lots[bar], strict=True):
            size = units - self.broker.positions[data].size
            if abs(size) > WHOLE_LOT * lot:
                self._order(data, size)

    def _order(self, data: Any, size: float, **info: Any) -> None:
        if size:
            side = self.buy if size > 0 else self.sell
            self._sent[data] = side(data=data, size=abs(size), **info)

    def _cancel(self) -> None:
        for order in self._sent.values():
            if order.alive():
                self.broker.cancel(order)
        self._sent.clear()

    def _close_all(self, bar: int) -> None:
        """Ruin: close everything at this close, whatever its holidays, and never trade again."""
        self._cancel()
        self.ruined = bar
        for data in self.datas:
            self._order(data, -self.broker.positions[data].size, forced=True)
        self.broker.next()


def _in_lots(units: float, lot: float, expected: float, bought: float) -> float:
    """Whole lots of the units wanted; those expected where they are as many, bought when a lot was `bought` units."""
    whole = math.floor(abs(units) / lot + WHOLE_LOT)
    if whole and units * expected > 0:
        held = abs(expected)
        same = whole == math.floor(held / bought + 0.5) if bought else abs(whole * lot - held) < LEAST * lot
        if same:
            return expected
    return math.copysign(whole * lot, units)
