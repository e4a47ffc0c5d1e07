"""How a variant's foreign legs are funded, as a file writes it and as everything else reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from backtests.config.complaints import WrittenAs
from backtests.config.strict import Model, key
from backtests.engine.carry import Basis, Treatment
from data.errors import DataError, shortened
from data.instruments import BP, Step, check_ascending

SwapPoints = Annotated[float, Field(ge=-1000, le=1000, json_schema_extra={"unit": "bp"})]


class BasisStep(Model):
    """A basis from a date on; before the first, each currency's own."""

    since: date = key(..., "first day of it", example="2022-06-01", alias="from")
    bp: SwapPoints = key(..., "what it is a year from then on", unit="bp", example=-30.0)


class FxSwap(Model):
    """Terms of a currency swap."""

    basis_bp: SwapPoints | list[BasisStep] | None = key(
        None, "cross-currency basis a year, one figure or steps by date; by default each currency's own", example=-20.0
    )


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


def _inlined() -> dict[str, Any]:
    """The schema of the terms of a swap, which stands within another's and so can refer to nothing."""
    schema = FxSwap.model_json_schema()
    steps = json.dumps(schema.pop("$defs")["BasisStep"])
    return {**json.loads(json.dumps(schema).replace('{"$ref": "#/$defs/BasisStep"}', steps)), **_TERMS}


_TERMS = {"description": "terms of the swap", "examples": [{"basis_bp": -20.0}]}

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
                    "properties": {"fx_swap": _inlined()},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
