"""`drawingops read`: drawings in, texts, overlay pictures and, where labels lie beside them, the score out."""

from glob import glob, has_magic
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.command import Call, command
from cli.console import Result, percent
from cli.data import progress_bar
from cli.errors import OperatorError
from cli.large_drawings import EndpointSource
from cli.official import standard_reader
from cli.reading import STANDARD, FileRead, PackageSource, Source, check_output, read_files
from drawing_ocr.output.writing import FORMATS, FormatUnknown, checked
from drawing_ocr.sources.opening import SUFFIXES


class Read(Result):
    """What was read in each file."""

    out: Path
    files: list[FileRead]

    @property
    def succeeded(self) -> bool:
        return all(file.error is None for file in self.files)

    def render(self) -> RenderableType:
        scored = [file for file in self.files if file.boxes]
        table = Table("file", "texts", "confidence", "seconds", "model")
        if scored:
            table.add_column("exact")
            table.add_column("CER")
        for file in self.files:
            if file.error:
                continue
            cells = [
                file.file.name,
                str(file.texts),
                percent(file.confidence),
                f"{file.seconds:.1f}",
                file.version or "-",
            ]
            if scored:
                cells += [f"{file.exact} of {file.boxes}", _rate(file.cer)] if file.boxes else ["-", "-"]
            table.add_row(*cells)
        if len(scored) > 1:
            boxes, exact = sum(file.boxes or 0 for file in scored), sum(file.exact or 0 for file in scored)
            edits, characters = sum(file.edits or 0 for file in scored), sum(file.characters or 0 for file in scored)
            table.add_section()
            table.add_row("together", "", "", "", "", f"{exact} of {boxes}", _rate(edits / characters))
        errors = [Text.assemble(("error: ", "bold red"), file.error or "") for file in self.files if file.error]
        warnings = [
            Text.assemble(("warning: ", "bold yellow"), f"{file.file.name}: {warning}")
            for file in self.files
            for warning in file.warnings
        ]
        written = sum(len(file.written) for file in self.files)
        tail = [Text(f"{written} files are in {self.out}")] if table.row_count else []
        return Group(*([table] if table.row_count else []), *warnings, *errors, *tail)


def add_to(app: typer.Typer) -> None:
    """Adds `read` to the top of the command line."""
    command(
        app,
        "read",
        "drawingops read sheet.png --out readings",
        "drawingops read 'drawings/**/*.pdf' --format json,csv,pdf,balloons",
        "drawingops read drawings/ --endpoint --env dev",
    )(read)


def read(
    call: Call,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Pictures, PDF, DXF; folders; globs.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where what was read goes.")] = Path("readings"),
    formats: Annotated[
        str, typer.Option("--format", metavar="NAMES", help=f"With commas between: {', '.join(FORMATS)}.")
    ] = ",".join(STANDARD),
    endpoint: Annotated[
        bool, typer.Option("--endpoint", help="Read through the endpoints of --env: by size in real time or not.")
    ] = False,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="PACKAGE", help="A model.tar.gz or its folder; else the one that is shipped."),
    ] = None,
) -> Result:
    """Reads drawings: DIR/<name>.json in the form of /invocations, DIR/<name>.png with what was read drawn in."""
    chosen = _formats(formats)
    pictures = find_pictures(files)
    check_output(pictures, out)
    source = _source(call, endpoint, model)
    with progress_bar(call) as bar:
        task = bar.add_task("reading", total=len(pictures))
        return Read(out=out, files=list(read_files(source, pictures, out, lambda: bar.advance(task), chosen)))


def find_pictures(files: list[Path]) -> list[Path]:
    """The files that were named, folders replaced by the drawings in them, globs by what they match."""
    found: list[Path] = []
    for file in files:
        if file.is_dir():
            inside = sorted(path for path in file.iterdir() if path.suffix.lower() in SUFFIXES)
            if not inside:
                raise OperatorError(f"{file}: no picture and no PDF in this folder; DXF is read, too")
        elif file.exists() or not has_magic(str(file)):
            inside = [file]
            if not file.exists():
                raise OperatorError(f"{file}: there is no such file")
        else:
            inside = sorted(Path(name) for name in glob(str(file), recursive=True) if Path(name).is_file())
            if not inside:
                raise OperatorError(f"{file}: no file matches")
        found += inside
    return list(dict.fromkeys(found))


def _formats(names: str) -> list[str]:
    try:
        chosen = checked([name.strip().lower() for name in names.split(",") if name.strip()])
    except FormatUnknown as error:
        raise OperatorError(f"--format {names}: {error}") from error
    if not chosen:
        raise OperatorError(f"--format: name at least one of {', '.join(FORMATS)}")
    return chosen


def _source(call: Call, endpoint: bool, model: Path | None) -> Source:
    if endpoint and model:
        raise OperatorError("--endpoint and --model exclude each other: the endpoint reads with its own version")
    if endpoint:
        return EndpointSource(call.environment, call.progress.print)
    with call.progress.status("opening the model") as spinner:
        return PackageSource(model or standard_reader(lambda what: spinner.update(what)))


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.3f}"
