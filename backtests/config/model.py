"""The schema of a configuration file, key by key, and the frozen types everything else reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from backtests.config.claim_sections import ClaimSection
from backtests.config.claims import Claim
from backtests.config.currency import CurrencyField, CurrencyTreatment
from backtests.config.document import in_line
from backtests.config.strict import Code, Model, Name, key
from backtests.engine.book import Every
from data.assemble import Distributions
from data.countries import BASE, COUNTRIES, Compounding, Countries, FxQuote, Quotes
from data.errors import ConfigError
from data.instruments import Instrument
from data.pricing.curves import Interpolation
from data.series import Delivery
from strategies.base import Strategy
from strategies.exits import Length

SHOWN = 30  # variants that a configuration names at a prompt
BasisPoints = Annotated[float, Field(ge=0, le=10_000, json_schema_extra={"unit": "bp"})]
Time = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}[DMY]$"), AfterValidator(lambda text: Length(text).text)]
Gate = Annotated[float, Field(gt=0, le=10_000)]
Fill = Literal["auto", "same_close", "next_close"]
START, END = "1999-09-30", "2026-07-31"  # of the examples
Source = Literal["mof", "treasury", "fred", "boj", "nyfed"]
Address = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=500)]


class DataSection(Model):
    """Which history, and which part of it."""

    source: str = Field(default="bundled", description="bundled, store, or a folder of CSV files beside this one")
    start: date | None = key(
        None, "first day on which a variant may trade; history before it stays known", example=START
    )
    end: date | None = key(None, "last day; by default the last of the data", example=END)
    frequency: Literal["native", "daily", "weekly", "monthly"] = key(
        "native", "rows of the market: those of the source, or fewer"
    )
    interpolation: Interpolation = key(
        "linear", "between quoted tenors of a curve: straight, or monotone cubic (pchip)"
    )
    distributions: Distributions = Field(
        default="reinvested",
        description="of listed names: total-return prices, raw prices and income as paid, or raw prices alone",
    )
    allow: list[str] = key(
        [], "findings to run on all the same; see `divergence data verify`", example=["usdjpy:inverted"]
    )


class AccountSection(Model):
    """Whose money, and what it earns and pays."""

    capital: float = key(10_000_000.0, "what the book starts with", unit=BASE, gt=0, le=1e15)
    size_on: Literal["equity", "capital"] = key(
        "equity",
        "what weights are fractions of: equity as it stands, or the capital at the start, for one risk in dollars",
    )
    max_gross: float = key(
        10.0, "largest sum of absolute weights; above it all are scaled down", unit="times equity", gt=0, le=50
    )
    cash_interest: bool = key(True, "whether equity earns the dollar overnight rate")
    margin_spread_bp: BasisPoints = key(75.0, "a year over the overnight rate, on listed longs above equity")
    repo_spread_bp: BasisPoints = key(5.0, "a year over the overnight rate, on bond longs that equity cannot pay for")
    withholding: float = key(
        0.0, "tax kept from distributions that a long is paid", unit="fraction", example=0.15, ge=0, lt=1
    )


class RebalanceSection(Model):
    """When the book is rebalanced."""

    every: Every = key("month", "how often: on the first row of a new period, on month and week ends on its last")
    band: float = key(0.0, "of target units; inside it nothing trades", unit="fraction", example=0.1, ge=0, lt=1)


class BorrowStep(Model):
    """A borrow rate from a date on."""

    since: date = key(..., "first day of it", example="2022-06-01", alias="from")
    bp: BasisPoints = key(..., "what it is a year from then on", unit="bp", example=25.0)


class CountrySection(Model):
    """An override of a built-in country, or the whole of a new one; see data/countries.py."""

    label: str | None = key(None, "what it is called", example="Germany", min_length=1, max_length=40)
    currency: str | None = key(None, "ISO 4217", example="EUR", pattern=r"^[A-Z]{3}$")
    day_count: Literal[360, 365] | None = key(None, "of its money market: act/360 or act/365", unit="days", example=360)
    coupons: Literal[1, 2, 4] | None = key(
        None, "of its bonds, and the compounding of par yields", unit="a year", example=1
    )
    quotes: Quotes | None = Field(default=None, description="what its curves hold; spot rates become par yields")
    compounding: Compounding | None = Field(default=None, description="of spot rates")
    close: str | None = key(None, "when its prices are stamped", example="17:30 Europe/Berlin")
    calendar: str | None = key(None, "exchange whose sessions are its days (ISO 10383), or any", example="XFRA")
    nominal: Name | None = key(None, "series of its curve", example="bund")
    real: Name | None = key(None, "series of its real curve", example="bund_real")
    overnight: Name | list[Name] | None = key(
        None, "series; the first that has a day is taken", example=["estr", "eonia"]
    )
    fx: Name | None = key(None, "series of its exchange rate", example="eurusd")
    fx_quoted: FxQuote | None = key(None, "which way its exchange rate is quoted")
    basis_bp: float | None = key(
        None, "cross-currency basis a year, of its longs in fx_swap", unit="bp", example=-15.0, ge=-1000, le=1000
    )
    futures: list[str] | None = key(None, "futures that the ticket gives equivalents in", example=["JB"])
    colour: str | None = key(None, "of its legs on pages and plots", example="#009E73", pattern=r"^#[0-9A-Fa-f]{6}$")
    bonds: str | None = key(None, "what its bonds are called", example="Bunds")
    linkers: str | None = key(None, "what its inflation-linked bonds are called", example="linkers")
    ticker: str | None = key(None, "what its bonds' names begin with", example="DBR")
    place: str | None = key(None, "its label within a sentence", example="the United Kingdom")
    money: str | None = key(None, "its currency by name", example="euro")
    central_bank: str | None = key(None, "its central bank by name", example="the ECB")


class InstrumentSection(Model):
    """An override of a built-in instrument, or the whole of a new one."""

    kind: Literal["par_bond", "inflation_bond", "listed", "future", "cash"] | None = key(
        None, "what it is; see docs/conventions.md"
    )
    currency: str | None = key(None, "of a country: USD, JPY, EUR, GBP, or one under countries", example="EUR")
    curve: str | None = key(None, "of a country: us, us_real, jp, de, uk, or one under countries", example="de")
    maturity: float | None = key(
        None,
        "a multiple of 0.5; of a future, that of its cheapest bond to deliver",
        unit="years",
        example=10.0,
        gt=0,
        le=100,
    )
    half_spread_bp: BasisPoints | None = key(
        None, "cost of a trade: of yield for bonds, of price for listed, futures and cash", unit="bp", example=0.25
    )
    rolls_per_year: float | None = key(
        None, "how often a position is renewed to keep its maturity, both ways at the half-spread", unit="a year",
        example=2.0, ge=0, le=366,
    )  # fmt: skip
    borrow_bp: BasisPoints | list[BorrowStep] | None = key(
        None,
        "what a short pays a year: specialness or stock loan; one figure, or steps by date",
        unit="bp",
        example=10.0,
    )
    rolldown: bool | None = key(
        None, "whether a bond slides down its curve as it ages; off, to see what that earns", example=False
    )
    lot: float | None = key(
        None, "smallest amount: units, of a future contracts; 0 = any amount", unit="units", example=1.0, ge=0
    )
    fee_bp: BasisPoints | None = key(None, "of a fund, a year, where it is modelled", unit="bp", example=15.0)
    exchange: str | None = key(
        None, "of a listed name, whose sessions its prices are checked against (ISO 10383)", example="XNYS"
    )
    listed_on: date | None = key(
        None, "first day on which it could be traded; a listed name is proxy before", example="2002-07-26"
    )
    multiplier: float | None = key(
        None, "price times this is the money that a unit is worth", unit="its currency", example=1.0, gt=0, le=1e12
    )
    duration: float | None = key(
        None, "of a listed name without a curve: what it is sized by", unit="years", example=15.0, gt=0, le=100
    )
    symbol: Annotated[str, Field(pattern=r"^[A-Za-z0-9^][A-Za-z0-9^=.-]{0,31}$")] | None = Field(
        default=None, description="what Yahoo calls a listed name, where it is not its name", examples=["EDV"]
    )
    distributions: Literal["none"] | None = Field(
        default=None, description="none: a listed name that pays nothing, or whose price return is meant"
    )
    face: float | None = key(None, "of a future's contract", unit="its currency", example=100_000.0, gt=0, le=1e12)
    initial_margin: float | None = key(
        None, "what a position ties up; of a future, money of its currency a contract", unit="% of notional",
        example=2.0, ge=0, le=1e12,
    )  # fmt: skip


Shorts = Annotated[
    dict[str, BasisPoints | list[BorrowStep]],
    Field(description="by leg, what this variant pays to be short of it, in place of the instrument's own"),
]

Overlays = Annotated[
    list[dict[str, dict[str, Any] | None]],
    Field(
        max_length=10,
        description="laid over the strategy, the first innermost",
        examples=[[{"smooth": {"window": "3M"}}]],
    ),
]


class TradeSection(Model):
    """What opens and closes a variant's position; strategies/exits.py says how."""

    entry: date | None = key(
        None, "first day on which it may open; else once there is a position", example="2026-01-05"
    )
    exit: date | None = key(None, "day on which it is closed", example="2026-06-30")
    horizon: Time | None = key(None, "it is closed so long after it was opened: 90D, 3M, 1Y", example="3M")
    target_bp: Gate | None = key(None, "gain of the spread at which it is closed", unit="bp", example=30.0)
    stop_bp: Gate | None = key(None, "loss of the spread at which it is closed", unit="bp", example=15.0)
    trail_bp: Gate | None = key(None, "fall of the gain from its best so far, likewise", unit="bp", example=20.0)
    target_pct: Gate | None = key(
        None, "gain of the legs over funding at which it is closed", unit="% of equity", example=2.0
    )
    stop_pct: Gate | None = key(None, "loss likewise", unit="% of equity", example=1.0)
    reenter: Literal["never", "turn"] | Time | None = Field(
        default=None, description="never (default with entry), turn (without), or so long after it was closed"
    )


class VariantSection(Model):
    """One variant, after `extends` has been merged."""

    strategy: str
    params: dict[str, Any] = Field(default={})
    overlays: Overlays = Field(default=[])
    currency: CurrencyField = CurrencyTreatment()
    rebalance: RebalanceSection | None = None
    fill: Fill | None = None
    borrow_bp: Shorts = Field(default={})
    trade: TradeSection | None = None


class VariantFile(Model):
    """One variant as written."""

    extends: str | None = key(None, "variant whose keys it takes, but for its own", example="pair")
    strategy: str | None = key(None, "what it does; `divergence strategies` lists them", example="curve")
    params: dict[str, Any] = key({}, "parameters of the strategy", example={"front": "UST2", "back": "UST10"})
    overlays: Overlays = Field(default=[])
    currency: CurrencyField | None = key(
        None, "how foreign legs are funded: repo (default), unhedged in dollars, or by FX swap", example="unhedged"
    )
    rebalance: RebalanceSection | None = key(None, "its own, in place of the file's", example={"every": "quarter"})
    fill: Fill | None = key(None, "its own, in place of the file's")
    borrow_bp: Shorts = Field(default={}, examples=[{"JGB10": 25.0}])
    trade: TradeSection | None = key(
        None, "what opens and closes its position", example={"entry": "2026-01-05", "horizon": "3M", "stop_bp": 15.0}
    )


class SampleSection(Model):
    """How many cells of a grid are drawn, in place of all of them."""

    n: int = key(..., "how many are drawn", unit="cells", example=1000, ge=2, le=10_000_000)
    seed: int = key(0, "which are drawn: the same seed, the same cells", unit="any", example=1, ge=0, le=2**63 - 1)


class SweepSection(Model):
    """Which settings of which variant are tried together; backtests/config/sweep.py says what can be named."""

    base: str = key(..., "the variant whose settings are changed", example="pair")
    over: dict[str, Any] = Field(
        min_length=1,
        max_length=20,
        description="setting: a list of values, {from, to, step} or {from, to, log: how many}; all combinations run",
        examples=[{"duration": {"from": 2, "to": 8, "step": 1}, "hedge": ["dv01", "beta"]}],
    )
    sample: SampleSection | None = key(
        None, "so many of the combinations, drawn by a seed", example={"n": 1000, "seed": 1}
    )
    score: Literal["plateau", "sharpe"] = Field(
        default="plateau", description="what ranks them: the Sharpe ratio, or the median of it and its neighbours'"
    )


class WalkForwardSection(Model):
    """How a sweep's settings are chosen on the past and tested on what came after."""

    train: Time = key("10Y", "history that a choice is made on, with anchored the least of it")
    test: Time = key("12M", "how long after a choice it is tested")
    step: Time = key("12M", "from one choice to the next: each holds until the next is made")
    window: Literal["anchored", "rolling"] = key(
        "anchored", "what a choice looks back on: all history, or the last of it, as long as train"
    )


class ConfigFile(Model):
    """A configuration as written."""

    name: Name = key(..., "of the experiment: letters, digits, - _ .", example="mine")
    thesis_date: date | None = key(
        None,
        "day the idea is from: plots mark it, tables give P&L since; all before is in-sample",
        example="2026-01-01",
    )
    data: DataSection = key(DataSection(), "which history, and which part of it")
    account: AccountSection = key(AccountSection(), "whose money, and what it earns and pays")
    engine: Literal["backtrader", "ledger"] = key(
        "backtrader", "which engine's figures are shown; the other repeats them"
    )
    fill: Fill = key("auto", "when orders fill; auto: the next close on daily data, the same on week and month ends")
    rebalance: RebalanceSection = key(RebalanceSection(), "when books are rebalanced, unless a variant says otherwise")
    countries: dict[Code, CountrySection] = key(
        {}, "overrides of countries, or more of them", example={"de": {"basis_bp": -15.0}}
    )
    instruments: dict[Name, InstrumentSection] = key(
        {}, "overrides of the built-in instruments, or more of them", example={"JGB10": {"half_spread_bp": 0.5}}
    )
    sources: dict[Source, Address] = key(
        {}, "addresses that replace the sources' own", example={"fred": "https://example.org/{id}.csv"}
    )
    variants: dict[Name, VariantFile] = key(
        ..., "what is run, by name", example={"steepener": {"strategy": "curve"}}, min_length=1, max_length=500
    )
    benchmarks: list[str] = key([], "variants that every other is measured against", example=["bond"])
    claims: dict[Name, ClaimSection] = key(
        {},
        "sentences of a thesis, judged by `divergence thesis`",
        example={"falls": {"measure": {"yield": "UST10"}, "says": "falls"}},
        max_length=500,
    )
    sweep: SweepSection | None = key(
        None,
        "combinations of one variant's settings, run by `divergence sweep`",
        example={"base": "pair", "over": {"hedge": ["dv01", "beta"]}},
    )
    walkforward: WalkForwardSection = key(
        WalkForwardSection(), "when `divergence walkforward` chooses among the combinations of `sweep`, and on what"
    )


@dataclass(frozen=True)
class Variant:
    """One variant, ready to run."""

    name: str
    strategy_name: str
    params: Mapping[str, Any]  # as YAML would write them
    overlays: tuple[Mapping[str, Mapping[str, Any]], ...]  # as YAML would write them
    strategy: Strategy  # overlays applied
    currency: CurrencyTreatment
    rebalance: RebalanceSection
    fill: Fill
    trade: TradeSection | None = None
    shorts: Mapping[str, Instrument] = field(default_factory=dict)  # legs whose borrow is this variant's own
    borrow_bp: Mapping[str, float | list[BorrowStep]] = field(default_factory=dict)  # of these, as written


@dataclass(frozen=True, repr=False)
class Config:
    """A configuration, checked and resolved."""

    name: str
    thesis_date: date | None
    data: DataSection
    account: AccountSection
    engine: Literal["backtrader", "ledger"]
    fill: Fill
    rebalance: RebalanceSection
    instrument_sections: Mapping[str, InstrumentSection]
    addresses: Mapping[str, str]  # of sources, in place of their own
    library: Mapping[str, Instrument]  # the built-in one with this file's overrides and additions
    variants: tuple[Variant, ...]
    benchmarks: tuple[str, ...]
    countries: Countries = COUNTRIES  # the built-in ones with this file's overrides and additions
    country_sections: Mapping[str, CountrySection] = field(default_factory=dict)
    sweep: SweepSection | None = None
    walkforward: WalkForwardSection = field(default_factory=WalkForwardSection)
    claim_sections: Mapping[str, ClaimSection] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    given: tuple[Delivery, ...] = ()  # series from Python, which stand beside those of the source or before them
    places: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)  # file and line of its days
    again: Callable[[str], Config] | None = field(default=None, compare=False, repr=False)  # reads it with a change

    def with_(self, path: str, value: Any) -> Config:
        """Return the configuration with one value changed, checked anew: what `--set PATH=VALUE` makes of its file.

        A variant that extends another follows it. Series given stay beside it.

        Raises
        ------
        ConfigError
            A key there is not, or a value that it refuses.
        """
        if self.again is None:
            raise ConfigError(f"{self.name} was not read from a file or a dict, so nothing of it can be changed")
        return replace(self.again(f"{path}={in_line(value)}"), given=self.given)

    def __repr__(self) -> str:
        """The name, and a line per variant: what a person at a prompt wants to see of it."""
        span = f"{self.data.start or 'the first day'} to {self.data.end or 'the last'}"
        count = len(self.variants)
        lines = [f"{self.name}: {count} variant{'s' * (count != 1)}, {self.data.source} data, {span}"]
        lines += [f"  {variant.name}: {variant.strategy_name}" for variant in self.variants[:SHOWN]]
        rest = len(self.variants) - SHOWN
        return "\n".join([*lines, *([f"  and {rest} more"] if rest > 0 else [])])
