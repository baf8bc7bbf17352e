"""`drawingops data`: labelled drawings: check them, upload them as a batch, draw some from nothing."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.check import check_labels
from cli.command import Call, command
from cli.console import Result
from cli.errors import OperatorError
from cli.labels import read_labels
from cli.upload import UploadedBatch, upload_batch
from drawing_ocr.synthesis.style import STYLES, StyleName

app = typer.Typer(help="Labelled drawings: check, upload, draw.", no_args_is_help=True)

Labels = Annotated[
    Path, typer.Argument(metavar="PATH", help="Folder or file with labels: manifest.jsonl, Label.txt, LabelMe …")
]


class Uploaded(Result):
    """A batch that is complete; training starts by itself."""

    batch: UploadedBatch

    def render(self) -> RenderableType:
        batch = self.batch
        again = f", {batch.kept} of them there already" if batch.kept else ""
        return (
            f"{batch.manifest}: {batch.pictures} drawings{again}, {batch.regions} labels\n"
            "Training starts by itself: `drawingops train watch`"
        )


class Drawn(Result):
    """Sheets that were drawn from nothing."""

    manifest: Path
    sheets: int

    def render(self) -> RenderableType:
        return (
            f"{self.manifest}: {self.sheets} sheets; next: `drawingops data upload {self.manifest.parent} --batch NAME`"
        )


@command(app, "check", "drawingops data check drawings/")
def check(call: Call, path: Labels) -> Result:
    """Checks labelled drawings as the training pipeline will: pictures, labels, boxes, characters, duplicates."""
    with call.progress.status("checking") as spinner:
        return check_labels(path, lambda what: spinner.update(what))


@command(app, "upload", "drawingops data upload drawings/ --batch spring-07 --env dev")
def upload(
    call: Call,
    path: Labels,
    batch: Annotated[
        str, typer.Option("--batch", metavar="NAME", help="Name of the batch; it is never changed later.")
    ],
) -> Result:
    """Checks labelled drawings and uploads them as a batch: pictures first, the manifest last."""
    environment = call.environment
    with call.progress.status("checking") as spinner:
        checked = check_labels(path, lambda what: spinner.update(what))
    if checked.first_fault:
        raise OperatorError(f"nothing was uploaded: {checked.first_fault}; `drawingops data check {path}` shows all")
    annotations = read_labels(path).annotations
    with progress_bar(call) as bar:
        task = bar.add_task("upload", total=len(annotations))
        return Uploaded(batch=upload_batch(environment, annotations, batch, lambda: bar.advance(task)))


@command(app, "synth", "drawingops data synth --out sheets --count 12")
def synth(
    call: Call,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the batch; empty or not there yet.")],
    count: Annotated[int, typer.Option("--count", min=1, help="Sheets to draw.")] = 20,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")] = 1,
    wrong_labels: Annotated[
        float, typer.Option("--wrong-labels", min=0, max=1, help="Share of texts that are labelled wrongly.")
    ] = 0.0,
    style: Annotated[
        StyleName,
        typer.Option(
            "--style", help="As scanned, as plotted, views only, details crowded with signs, or with new ones."
        ),
    ] = StyleName.SCANNED,
) -> Result:
    """Draws engineering drawings with exact labels."""
    # Fonts and OpenCV take a second to load: only for those who draw.
    from drawing_ocr.synthesis.batch import write_batch

    with progress_bar(call) as bar:
        task = bar.add_task("sheets", total=count)
        manifest = write_batch(out, count, seed, STYLES[style], wrong_labels, on_sheet=lambda: bar.advance(task))
    return Drawn(manifest=manifest, sheets=count)


def progress_bar(call: Call) -> Progress:
    """A bar with a count on stderr; silent where that is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=call.progress,
        transient=True,
        disable=not call.progress.is_terminal,
    )
