"""What every section of a file is: strict, frozen, closed to keys it does not know; and what a name is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Name = Annotated[str, Field(pattern=NAME)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,15}$")]


class Model(BaseModel):
    """Strict, frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, populate_by_name=True)
