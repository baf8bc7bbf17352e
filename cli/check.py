"""The training pipeline's own dataset check, run here before anything is uploaded."""

import tempfile
from contextlib import suppress
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.console import Result
from cli.imported import Begin
from cli.labels import read_labels
from cli.official import official_reader
from drawing_ocr.dataset import layout
from drawing_ocr.dataset.check import CheckReport, DatasetRejected
from drawing_ocr.models.package import DICTIONARY_NAME, RECOGNISER
from drawing_ocr.text import Charset

# As the pipeline splits; which drawings validate has no say in whether a batch may be used.
VALIDATION_RATIO = 0.2
SEED = 1


class Checked(Result):
    """What the check found."""

    path: Path
    drawings: int
    labels: int
    report: CheckReport

    @property
    def succeeded(self) -> bool:
        return self.report.check_pass

    @property
    def first_fault(self) -> str | None:
        """Why the batch cannot be uploaded as it is, in one line."""
        if self.report.err_msg:
            return self.report.err_msg
        if self.report.quarantined:
            first = self.report.quarantined[0]
            return f"{first.source}: {first.reason}"
        return None

    def render(self) -> RenderableType:
        report = self.report
        verdict = Text("may be trained on", "green") if self.succeeded else Text(f"rejected: {report.err_msg}", "red")
        head = Text.assemble(f"{self.path}: {self.drawings} drawings, {self.labels} labels: ", verdict)
        table = Table("finding", "where", "what")
        for item in report.quarantined:
            where = item.source if item.line is None else f"{item.source} line {item.line}"
            table.add_row(Text("bad", "red"), where, item.reason)
        for duplicate in report.duplicates:
            table.add_row(Text("left out", "yellow"), duplicate.source, f"{duplicate.reason} as {duplicate.of}")
        if report.new_characters:
            table.add_row("new characters", "labels", " ".join(report.new_characters))
        if report.skipped_lines:
            table.add_row("too small", "labels", f"{report.skipped_lines} lines are too small to read")
        return Group(head, table) if table.row_count else head


def check_labels(path: Path, begin: Begin) -> Checked:
    """Checks the labels at `path` as the pipeline will, against the official reader's dictionary.

    Raises:
        OperatorError: no labels in a known form are there.
    """
    # Loads matplotlib, which every other command would wait for.
    from drawing_ocr.dataset.build import build_dataset

    batch = read_labels(path)
    dictionary = Charset.load(official_reader(begin) / RECOGNISER / DICTIONARY_NAME)
    begin("checking")
    with tempfile.TemporaryDirectory(prefix="dataset-check-") as temporary:
        dataset = Path(temporary) / "dataset"
        with suppress(DatasetRejected):  # check.json says why
            build_dataset(
                batch.annotations,
                (),
                dictionary,
                dataset,
                replay_ratio=0.0,
                val_ratio=VALIDATION_RATIO,
                seed=SEED,
                quarantine_dir=Path(temporary) / "quarantine",
                rejected=batch.rejected,
            )
        report = CheckReport.model_validate_json((dataset / layout.CHECK).read_bytes())
    return Checked(
        path=path,
        drawings=len(batch.annotations) + len(batch.rejected),
        labels=sum(len(annotation.regions) for annotation in batch.annotations),
        report=report,
    )
