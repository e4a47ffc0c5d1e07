"""What every section of a file is: strict, frozen, closed to keys it does not know; and what a name is."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Name = Annotated[str, Field(pattern=NAME)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,15}$")]


def key(default: Any, says: str, *, unit: str = "", example: Any = None, **rules: Any) -> Any:
    """Return a key of a section: what it is for, its unit where it is a figure, and an example where it has no default.

    `rules` are those of `pydantic.Field`. What stands here is what editors, `divergence docs` and the pages show.
    """
    return Field(
        default,
        description=says or None,
        json_schema_extra={"unit": unit} if unit else None,
        examples=None if example is None else [example],
        **rules,
    )


class Model(BaseModel):
    """Strict, frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, populate_by_name=True)
