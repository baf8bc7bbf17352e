"""`python -m drawing_ocr.synthesis`: labelled batches of synthetic sheets, and a gallery to look at."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from drawing_ocr.synthesis.batch import BatchError, write_batch
from drawing_ocr.synthesis.fonts import FontError
from drawing_ocr.synthesis.gallery import write_gallery, write_showcase
from drawing_ocr.synthesis.held_out.sheet import draw_held_out
from drawing_ocr.synthesis.sheet import draw_structured_sheet
from drawing_ocr.synthesis.style import STYLES, StyleName

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
Out = Annotated[Path, typer.Option(help="Folder to write; empty or not there yet.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same bytes.")]


@app.command()
def batch(
    out: Out,
    count: Annotated[int, typer.Option(help="Sheets to draw.")] = 20,
    seed: Seed = 1,
    wrong_labels: Annotated[float, typer.Option(help="Share of the texts labelled wrongly, 0 to 1.")] = 0.0,
    style: Annotated[
        StyleName,
        typer.Option(help="Scanned, plotted, worn by an archive, views only, or details crowded with signs."),
    ] = StyleName.SCANNED,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="By the generator kept for measuring; it has no styles.")
    ] = False,
    gallery: Annotated[bool, typer.Option("--gallery", help="Also write gallery.html to look at.")] = False,
) -> None:
    """Draw sheets with exact labels into OUT/images, OUT/manifest.jsonl and OUT/structure.jsonl."""
    draw = draw_held_out if held_out else draw_structured_sheet
    bar = Progress(
        TextColumn("sheets"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with _errors_in_one_line(), bar:
        task = bar.add_task("sheets", total=count)
        manifest = write_batch(
            out, count, seed, STYLES[style], wrong_labels, draw=draw, on_sheet=lambda: bar.advance(task)
        )
    print(manifest)
    if gallery:
        print(write_gallery(manifest))


@app.command()
def gallery(out: Out, seed: Seed = 1) -> None:
    """Show what is drawn in OUT/index.html: training lines with their texts, sheets of every style, held-out sheets."""
    with _errors_in_one_line():
        print(write_showcase(out, seed))


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except (BatchError, FontError, OSError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
