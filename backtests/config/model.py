"""The schema of a configuration file, key by key, and the frozen types everything else reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from backtests.config.claim_sections import ClaimSection
from backtests.config.claims import Claim
from backtests.config.complaints import WrittenAs
from backtests.config.strict import Code, Model, Name
from backtests.engine.book import Every
from backtests.engine.carry import Basis, Treatment
from data.assemble import Distributions
from data.countries import BASE, COUNTRIES, Compounding, Countries, FxQuote, Quotes
from data.errors import DataError, shortened
from data.instruments import BP, Instrument, Step, check_ascending
from data.pricing.curves import Interpolation
from data.series import Delivery
from strategies.base import Strategy
from strategies.exits import Length

SHOWN = 30  # variants that a configuration names at a prompt
BasisPoints = Annotated[float, Field(ge=0, le=10_000)]
SwapPoints = Annotated[float, Field(ge=-1000, le=1000)]
Time = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}[DMY]$"), AfterValidator(lambda text: Length(text).text)]
Gate = Annotated[float, Field(gt=0, le=10_000)]
Fill = Literal["auto", "same_close", "next_close"]
Source = Literal["mof", "treasury", "fred", "boj", "nyfed"]
Address = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=500)]


class DataSection(Model):
    """Which history, and which part of it."""

    source: str = Field(default="bundled", description="bundled, store, or a folder of CSV files beside this one")
    start: date | None = None
    end: date | None = None
    frequency: Literal["native", "daily", "weekly", "monthly"] = "native"
    interpolation: Interpolation = "linear"
    distributions: Distributions = Field(
        default="reinvested",
        description="of listed names: total-return prices, raw prices and income as paid, or raw prices alone",
    )
    allow: list[str] = Field(
        default=[], description="findings to run on all the same: [usdjpy:inverted]; see `divergence data verify`"
    )


class AccountSection(Model):
    """Whose money, and what it earns and pays."""

    capital: float = Field(default=10_000_000.0, gt=0, le=1e15, description=BASE)
    size_on: Literal["equity", "capital"] = "equity"
    max_gross: float = Field(default=10.0, gt=0, le=50, description="largest sum of absolute weights")
    cash_interest: bool = True
    margin_spread_bp: BasisPoints = 75.0
    repo_spread_bp: BasisPoints = 5.0
    withholding: float = Field(default=0.0, ge=0, lt=1, description="tax kept from distributions that a long is paid")


class RebalanceSection(Model):
    """When the book is rebalanced."""

    every: Every = "month"
    band: float = Field(default=0.0, ge=0, lt=1, description="of target units; inside it nothing trades")


class BasisStep(Model):
    """A basis from a date on; before the first, each currency's own."""

    since: date = Field(alias="from")
    bp: SwapPoints


class FxSwap(Model):
    """Terms of a currency swap."""

    basis_bp: SwapPoints | list[BasisStep] | None = Field(default=None, description="by default each currency's own")


class Swapped(Model):
    """A currency treatment with terms, as written."""

    fx_swap: FxSwap | None


@dataclass(frozen=True)
class CurrencyTreatment:
    """How foreign legs are funded, with the basis of an FX swap."""

    kind: Treatment = "repo"
    basis_bp: float | tuple[BasisStep, ...] | None = None  # of every currency; None: each currency's own

    @property
    def basis(self) -> Basis:
        """The basis as the engines have it, decimals a year."""
        if isinstance(self.basis_bp, tuple):
            return tuple(Step(step.since, step.bp * BP) for step in self.basis_bp)
        return None if self.basis_bp is None else self.basis_bp * BP


def _swapped(basis_bp: float | list[BasisStep] | None) -> CurrencyTreatment:
    treatment = CurrencyTreatment("fx_swap", tuple(basis_bp) if isinstance(basis_bp, list) else basis_bp)
    if isinstance(treatment.basis, tuple):
        try:
            check_ascending("basis", treatment.basis)
        except DataError as error:
            raise ValueError(str(error)) from None
    return treatment


def _currency(value: Any) -> CurrencyTreatment:
    if isinstance(value, CurrencyTreatment):
        return value
    if isinstance(value, dict) and list(value) == ["fx_swap"]:
        swap = Swapped.model_validate(value).fx_swap
        return _swapped(swap.basis_bp if swap else None)
    if value in ("repo", "unhedged", "fx_swap"):
        return CurrencyTreatment(value)
    raise ValueError(f"{shortened(repr(value))} is not repo, unhedged, fx_swap or {{fx_swap: {{basis_bp: -20}}}}")


_BASIS_SCHEMA = {
    "anyOf": [
        {"type": "number"},
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"from": {"type": "string", "format": "date"}, "bp": {"type": "number"}},
                "required": ["from", "bp"],
                "additionalProperties": False,
            },
        },
    ]
}

CurrencyField = Annotated[
    CurrencyTreatment,
    BeforeValidator(_currency),
    WrittenAs(Swapped),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["repo", "unhedged", "fx_swap"]},
                {
                    "type": "object",
                    "properties": {"fx_swap": {"type": "object", "properties": {"basis_bp": _BASIS_SCHEMA}}},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class BorrowStep(Model):
    """A borrow rate from a date on."""

    since: date = Field(alias="from")
    bp: BasisPoints


class CountrySection(Model):
    """An override of a built-in country, or the whole of a new one; see data/countries.py."""

    label: str | None = Field(default=None, min_length=1, max_length=40)
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$", description="ISO 4217")
    day_count: Literal[360, 365] | None = Field(default=None, description="of its money market: act/360 or act/365")
    coupons: Literal[1, 2, 4] | None = Field(default=None, description="a year, and the compounding of par yields")
    quotes: Quotes | None = Field(default=None, description="what its curves hold; spot rates become par yields")
    compounding: Compounding | None = Field(default=None, description="of spot rates")
    close: str | None = Field(default=None, description="when its prices are stamped, like 17:30 Europe/Berlin")
    calendar: str | None = Field(default=None, description="exchange whose sessions are its days (ISO 10383), or any")
    nominal: Name | None = Field(default=None, description="series of its curve")
    real: Name | None = Field(default=None, description="series of its real curve")
    overnight: Name | list[Name] | None = Field(default=None, description="series; the first that has a day is taken")
    fx: Name | None = Field(default=None, description="series of its exchange rate")
    fx_quoted: FxQuote | None = None
    basis_bp: float | None = Field(default=None, ge=-1000, le=1000, description="a year, of its longs in fx_swap")
    futures: list[str] | None = None
    colour: str | None = Field(default=None, pattern=r"^#[0-9A-Fa-f]{6}$")
    bonds: str | None = Field(default=None, description="what its bonds are called, like Bunds")
    linkers: str | None = None
    ticker: str | None = Field(default=None, description="what its bonds' names begin with, like DBR")
    place: str | None = Field(default=None, description="its label within a sentence")
    money: str | None = Field(default=None, description="its currency by name, like euro")
    central_bank: str | None = None


class InstrumentSection(Model):
    """An override of a built-in instrument, or the whole of a new one."""

    kind: Literal["par_bond", "inflation_bond", "listed", "future", "cash"] | None = None
    currency: str | None = Field(default=None, description="of a country: USD, JPY, EUR, GBP, or one under countries")
    curve: str | None = Field(default=None, description="of a country: us, us_real, jp, de, uk, or one under countries")
    maturity: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="years, a multiple of 0.5; of a future, that of its cheapest bond to deliver",
    )
    half_spread_bp: BasisPoints | None = Field(
        default=None, description="of yield for bonds, of price for listed, futures and cash"
    )
    rolls_per_year: float | None = Field(default=None, ge=0, le=366)
    borrow_bp: BasisPoints | list[BorrowStep] | None = None
    rolldown: bool | None = None
    lot: float | None = Field(default=None, ge=0, description="units, of a future contracts; 0 = any amount")
    fee_bp: BasisPoints | None = None
    exchange: str | None = None
    listed_on: date | None = None
    multiplier: float | None = Field(default=None, gt=0, le=1e12)
    duration: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="years, of a listed name without a curve: what it is sized by",
    )
    symbol: Annotated[str, Field(pattern=r"^[A-Za-z0-9^][A-Za-z0-9^=.-]{0,31}$")] | None = Field(
        default=None, description="what Yahoo calls a listed name, where it is not its name"
    )
    distributions: Literal["none"] | None = Field(
        default=None, description="none: a listed name that pays nothing, or whose price return is meant"
    )
    face: float | None = Field(default=None, gt=0, le=1e12, description="of a future's contract, in its currency")
    initial_margin: float | None = Field(
        default=None, ge=0, le=1e12, description="percent of notional; of a future, a contract's in its currency"
    )


Shorts = Annotated[
    dict[str, BasisPoints | list[BorrowStep]],
    Field(description="by leg, what this variant pays to be short of it, in place of the instrument's own"),
]

Overlays = Annotated[
    list[dict[str, dict[str, Any] | None]],
    Field(max_length=10, description="laid over the strategy, the first innermost: [{smooth: {window: 3M}}]"),
]


class TradeSection(Model):
    """What opens and closes a variant's position; strategies/exits.py says how."""

    entry: date | None = Field(
        default=None, description="first day on which it may open; else once there is a position"
    )
    exit: date | None = Field(default=None, description="day on which it is closed")
    horizon: Time | None = Field(default=None, description="it is closed so long after it was opened: 90D, 3M, 1Y")
    target_bp: Gate | None = Field(default=None, description="gain of the spread at which it is closed")
    stop_bp: Gate | None = Field(default=None, description="loss of the spread at which it is closed")
    trail_bp: Gate | None = Field(default=None, description="fall of the gain from its best so far, likewise")
    target_pct: Gate | None = Field(default=None, description="gain of the legs over funding, percent of equity")
    stop_pct: Gate | None = Field(default=None, description="loss likewise")
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

    extends: str | None = None
    strategy: str | None = None
    params: dict[str, Any] = Field(default={})
    overlays: Overlays = Field(default=[])
    currency: CurrencyField | None = None
    rebalance: RebalanceSection | None = None
    fill: Fill | None = None
    borrow_bp: Shorts = Field(default={})
    trade: TradeSection | None = None


class SampleSection(Model):
    """How many cells of a grid are drawn, in place of all of them."""

    n: int = Field(ge=2, le=10_000_000, description="cells")
    seed: int = Field(default=0, ge=0, le=2**63 - 1)


class SweepSection(Model):
    """Which settings of which variant are tried together; backtests/config/sweep.py says what can be named."""

    base: str = Field(description="the variant whose settings are changed")
    over: dict[str, Any] = Field(
        min_length=1,
        max_length=20,
        description="setting: a list of values, {from, to, step} or {from, to, log: how many}; all combinations run",
    )
    sample: SampleSection | None = Field(default=None, description="so many of the combinations, drawn by a seed")
    score: Literal["plateau", "sharpe"] = Field(
        default="plateau", description="what ranks them: the Sharpe ratio, or the median of it and its neighbours'"
    )


class ConfigFile(Model):
    """A configuration as written."""

    name: Name
    thesis_date: date | None = None
    data: DataSection = DataSection()
    account: AccountSection = AccountSection()
    engine: Literal["backtrader", "ledger"] = "backtrader"
    fill: Fill = "auto"
    rebalance: RebalanceSection = RebalanceSection()
    countries: dict[Code, CountrySection] = Field(default={}, description="overrides of countries, or more of them")
    instruments: dict[Name, InstrumentSection] = Field(default={})
    sources: dict[Source, Address] = Field(default={}, description="addresses that replace the sources' own")
    variants: dict[Name, VariantFile] = Field(min_length=1, max_length=500)
    benchmarks: list[str] = Field(default=[])
    claims: dict[Name, ClaimSection] = Field(
        default={}, max_length=500, description="sentences of a thesis, judged by `divergence thesis`"
    )
    sweep: SweepSection | None = None


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
    claim_sections: Mapping[str, ClaimSection] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    given: tuple[Delivery, ...] = ()  # series from Python, which stand beside those of the source or before them

    def __repr__(self) -> str:
        """The name, and a line per variant: what a person at a prompt wants to see of it."""
        span = f"{self.data.start or 'the first day'} to {self.data.end or 'the last'}"
        lines = [f"{self.name}: {len(self.variants)} variants, {self.data.source} data, {span}"]
        lines += [f"  {variant.name}: {variant.strategy_name}" for variant in self.variants[:SHOWN]]
        rest = len(self.variants) - SHOWN
        return "\n".join([*lines, *([f"  and {rest} more"] if rest > 0 else [])])
