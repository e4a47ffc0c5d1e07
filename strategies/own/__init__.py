"""Strategies of your own: a file each in this folder, and a line each in the table below. docs/add_a_strategy.md."""

from __future__ import annotations

from strategies.base import Strategy

OWN: dict[str, type[Strategy]] = {}
