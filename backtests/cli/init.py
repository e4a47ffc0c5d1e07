"""`divergence init`: a configuration of one's own to begin with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

NOTE = re.compile(r"@([a-z_.]+)$", re.MULTILINE)  # where a line is to say what its key is for
TEXT = """\
# A configuration to begin with. `divergence docs KEY` says what a key is for, docs/configuration.md lists all.
# Editors complete its keys after `divergence config schema > config.schema.json`, by a first line that says
# `# yaml-language-server: $schema=config.schema.json`.

name: NAME
# thesis_date: 2026-01-01 @thesis_date

data:
  source: bundled @data.source
  start: 1999-09-30 @data.start

account:
  capital: 10_000_000 @account.capital
  size_on: equity @account.size_on

rebalance: { every: month } @rebalance.every

variants:
  # Long a Treasury, short a JGB, five years of duration each; `divergence strategies` lists what else there is.
  pair:
    strategy: divergence
    params: { long: UST10, short: JGB10, sizing: duration, duration: 5.0 }
  # The same, its yen owed and not hedged.
  pair_unhedged: { extends: pair, currency: unhedged }
  # Long the front of the US curve, short its back: gains as it steepens.
  steepener:
    strategy: curve
    params: { front: UST2, back: UST10, trade: steepener, duration: 5.0 }
  # What each must beat: a Treasury held on borrowed money.
  bond: { strategy: hold, params: { weights: { UST10: 0.6 } } }

benchmarks: [bond] @benchmarks
"""


def init(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="The file to write.")] = Path("mine.yaml"),
) -> None:
    """Write a commented configuration to change to one's own, and say what to run next."""
    import os

    from backtests.cli import terminal
    from backtests.config.reference import lookup
    from data.disk import replace_text
    from data.errors import ConfigError

    if os.path.lexists(file):
        raise ConfigError(f"{file}: already exists and is left as it is; name another file")
    if not file.absolute().parent.is_dir():
        raise ConfigError(f"{file}: there is no folder {file.parent}; make it, or name another file")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("-._")[:64] or "mine"
    text = NOTE.sub(lambda match: f"# {lookup(match[1])[0].meaning}", TEXT.replace("NAME", name, 1))
    try:
        replace_text(file, text)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written ({error.strerror}); name another file") from None
    terminal.say(f"{file}: written; next: divergence run {file}")
