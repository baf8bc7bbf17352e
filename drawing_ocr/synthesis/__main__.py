"""`python -m drawing_ocr.synthesis`: writes a labelled batch of synthetic sheets."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from drawing_ocr.synthesis.batch import BatchError, write_batch
from drawing_ocr.synthesis.fonts import FontError
from drawing_ocr.synthesis.gallery import write_gallery
from drawing_ocr.synthesis.style import STYLES, StyleName


def main(
    out: Annotated[Path, typer.Option(help="Folder for the batch; empty or not there yet.")],
    count: Annotated[int, typer.Option(help="Sheets to draw.")] = 20,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    wrong_labels: Annotated[float, typer.Option(help="Share of the texts labelled wrongly, 0 to 1.")] = 0.0,
    style: Annotated[
        StyleName, typer.Option(help="As scanned, as plotted, views only, or details crowded with signs.")
    ] = StyleName.SCANNED,
    gallery: Annotated[bool, typer.Option("--gallery", help="Also write gallery.html to look at.")] = False,
) -> None:
    """Draw engineering drawings with exact labels into OUT/images and OUT/manifest.jsonl."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("sheets"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console, transient=True
    )
    try:
        with bar:
            task = bar.add_task("sheets", total=count)
            manifest = write_batch(out, count, seed, STYLES[style], wrong_labels, on_sheet=lambda: bar.advance(task))
    except (BatchError, FontError, OSError) as error:
        console.print(f"error: {error}", style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    print(manifest)
    if gallery:
        print(write_gallery(manifest))


if __name__ == "__main__":
    typer.run(main)
