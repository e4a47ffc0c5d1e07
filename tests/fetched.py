"""Fetching without waiting, and the one line that a failure is."""

from __future__ import annotations

import pytest

from data.errors import DivergenceError, SourceError
from data.sources import boj, fred, http, mof, nyfed, treasury

FAST = http.Policy(attempts=3, timeout=1.0, backoff=0.001, longest=5.0)
PACES = {source: source.PAUSE for source in (mof, treasury, fred, boj, nyfed)}  # before anything hurries them


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no proxy stand between, and no source keep its pace."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for source in PACES:
        monkeypatch.setattr(source, "PAUSE", 0.0)


def complaint(call, *arguments, kind: type[DivergenceError] = SourceError, **named) -> str:
    with pytest.raises(kind) as caught:
        call(*arguments, **named)
    said = str(caught.value)
    assert said and "\n" not in said
    return said
