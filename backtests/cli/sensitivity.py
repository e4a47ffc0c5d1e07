"""`divergence sensitivity`: which convention the result of each variant depends on."""

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
        list[str] | None, typer.Option(metavar="NAME", help="This variant only, with every scenario; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder to write figures and pictures to.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="The answer as JSON on stdout, all else on stderr.")] = False,
) -> None:
    """Rerun every variant of CONFIG under every disputable convention, and say which its result depends on."""
    from backtests import config as configuration
    from backtests import sensitivities
    from backtests.cli import interrupt, terminal
    from backtests.runs import folder as run_folder

    settings = configuration.load(config, set_ or [])
    names = variant or []
    if out is None:
        with terminal.progress(quiet) as progress:
            measured = sensitivities.measure(settings, names, progress)
    else:
        folder = run_folder.destination(settings, out, run_folder.utc_now())
        with (
            interrupt.telling(interrupt.whole(folder)),
            run_folder.writing(folder) as beside,
            terminal.progress(quiet) as progress,
        ):
            measured = sensitivities.measure(settings, names, progress)
            _write(measured, beside)
    with terminal.answering(json_) as answer:
        _show(sensitivities.record(measured), bool(names))
        if out is not None:
            terminal.say(f"pictures and figures: {out}")
        answer(_stated(measured))


def _stated(measured: Sensitivity) -> dict[str, Any]:
    """What was measured, as it is stored, with the sentence of every variant."""
    from backtests import sensitivities
    from backtests.report import sensitivity as words

    record = sensitivities.record(measured)
    for name, variant in record["variants"].items():
        variant["sentence"] = words.sentence(record, name)
    return record


def _write(measured: Sensitivity, folder: Path) -> None:
    import json

    from backtests import sensitivities
    from backtests.report import tornado

    record = _stated(measured)
    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "sensitivity.json").write_text(f"{text}\n", encoding="utf-8")
    sensitivities.tidy(measured).to_parquet(folder / "sensitivity.parquet", index=False)
    tornado.save(record, folder)


def _show(record: dict[str, Any], whole: bool) -> None:
    from backtests.cli import terminal
    from backtests.report import sensitivity as words

    variants = record["variants"]
    faint = [i for i, variant in enumerate(variants.values()) if variant["benchmark"]]
    terminal.table(words.HEADINGS, words.rows(record), left=(0, 3, 4, 5), faint=faint)
    for line in words.LEGEND:
        terminal.say(line)
    terminal.say("")
    for name in variants:
        if whole:
            terminal.table(words.DETAILS, words.details(record, name), left=(0, 4))
            for note in words.notes(record, name):
                terminal.say(note)
        terminal.say(f"{name}: {words.sentence(record, name)}")
