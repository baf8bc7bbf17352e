"""`python -m cli.demo`: the whole product on this machine, in nine stages; what `make demo` runs."""

import shutil
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli import account
from cli.command import Call
from cli.console import open_console
from cli.demo.page import write_page
from cli.demo.stage import BrokenPromise, Journal
from cli.demo.stages import Demo
from cli.demo.summary import Summary
from cli.environment import LOCAL_STATE
from cli.errors import OperatorError, one_line
from cli.read import find_pictures
from emulator import lifetime

OUT = Path("demo-out")


def main(
    drawings: Annotated[
        Path | None, typer.Option("--drawings", metavar="DIR", help="Your own drawings; else sample sheets are drawn.")
    ] = None,
    least_gain: Annotated[
        int,
        typer.Option("--least-gain", metavar="N", min=0, help="Labelled lines of yours that version 2 must read more."),
    ] = 0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the account running afterwards.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
) -> None:
    """Shows the whole product in nine stages; exit code 1 names the promise that did not hold."""
    console = open_console()
    # `kill` and a closing terminal clean up as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    journal = Journal(console)
    demo: Demo | None = None
    broken: str | None = None
    mine = False
    try:
        own = find_pictures([drawings]) if drawings else None
        if own and least_gain and not any(picture.with_suffix(".json").exists() for picture in own):
            raise OperatorError(f"{drawings}: --least-gain counts labelled lines, and no LabelMe file lies beside them")
        _fresh(OUT)
        mine = True
        demo = Demo(Call("local", None, console), OUT, own, journal, least_gain)
        demo.run()
    except KeyboardInterrupt:
        broken = "stopped"
    except Exception as error:
        if debug:
            raise
        broken = (
            str(error) if isinstance(error, BrokenPromise) else f"stage {len(journal.results) + 1}: {one_line(error)}"
        )
    finally:
        if mine and not keep:
            account.stop()
    _report(console, journal, demo, broken)
    if keep:
        console.print("The account runs on: `drawingops models list`; `drawingops local down` stops it.")
    raise typer.Exit(1 if broken else 0)


def _fresh(out: Path) -> None:
    """The demo starts from nothing: an empty folder and no account."""
    if lifetime.status(LOCAL_STATE):
        raise OperatorError(
            "an account runs on this machine already: stop it with `drawingops local down`, then try again"
        )
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)


def _report(console: Console, journal: Journal, demo: Demo | None, broken: str | None) -> None:
    console.print()
    if journal.results:
        console.print(journal.table())
    if demo:
        page = write_page(
            demo.out,
            journal,
            demo.readings,
            scores=demo.scores,
            comparison=demo.comparison,
            broken=broken,
        )
        Summary(
            succeeded=broken is None,
            broken=broken,
            seconds=journal.seconds,
            stages=journal.results,
            scores=demo.scores,
            comparison=demo.comparison,
        ).save(demo.out)
        console.print(f"Look at {page}; every figure is in {demo.out / 'summary.json'}.")
    if broken:
        console.print(Text.assemble(("error: ", "bold red"), broken), soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
