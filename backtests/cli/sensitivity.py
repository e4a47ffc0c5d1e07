"""`divergence sensitivity`: which convention every variant's result hangs on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from backtests.sensitivities import Sensitivity


def sensitivity(
    config: Annotated[Path, typer.Argument(help="The configuration.")] = Path("config.yaml"),
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="A.B=V", help="Override one value; repeatable.")
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="This variant only, with every case; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder to write figures and pictures to.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Rerun every variant of CONFIG under every disputable convention, and tell which its result hangs on."""
    from backtests import config as configuration
    from backtests.cli import terminal
    from backtests.runs import folder as run_folder
    from backtests.sensitivities import measure, record

    settings = configuration.load(config, set_ or [])
    names = variant or []
    if out is None:
        with terminal.progress(quiet) as progress:
            done = measure(settings, names, progress)
    else:
        folder = run_folder.destination(settings, out, run_folder.utc_now())
        with run_folder.writing(folder) as beside, terminal.progress(quiet) as progress:
            done = measure(settings, names, progress)
            _write(done, beside)
    _show(record(done), bool(names))
    if out is not None:
        terminal.say(f"pictures and figures: {out}")


def _write(done: Sensitivity, folder: Path) -> None:
    import json

    from backtests.report import sensitivity as words
    from backtests.report import tornado
    from backtests.sensitivities import record, tidy

    found = record(done)
    for name, one in found["variants"].items():
        one["sentence"] = words.sentence(found, name)
    text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "sensitivity.json").write_text(f"{text}\n", encoding="utf-8")
    tidy(done).to_parquet(folder / "sensitivity.parquet", index=False)
    tornado.save(found, folder)


def _show(found: dict[str, Any], whole: bool) -> None:
    from backtests.cli import terminal
    from backtests.report import sensitivity as words

    variants = found["variants"]
    faint = [i for i, one in enumerate(variants.values()) if one["benchmark"]]
    terminal.table(words.HEADINGS, words.rows(found), left=(0, 3, 4, 5), faint=faint)
    for line in words.LEGEND:
        terminal.say(line)
    terminal.say("")
    for name in variants:
        if whole:
            terminal.table(words.DETAILS, words.details(found, name), left=(0, 4))
            for note in words.notes(found, name):
                terminal.say(note)
        terminal.say(f"{name}: {words.sentence(found, name)}")
