"""The folder of what was set aside: bad files, and `reasons.json`."""

from pathlib import Path

from drawing_ocr.annotation import Annotation
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.dataset import layout
from drawing_ocr.dataset.check import Quarantined
from drawing_ocr.dataset.manifest import RejectedLine

REASONS = "reasons.json"


class Quarantine:
    """Collects bad files and lines.

    Attributes:
        entries: What was set aside so far, with reasons.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.entries: list[Quarantined] = []

    def add_line(self, line: RejectedLine) -> None:
        """Set a line of a manifest aside."""
        self.entries.append(Quarantined(source=line.manifest, line=line.line, content=line.content, reason=line.reason))

    def add_drawing(self, annotation: Annotation, reason: str, data: bytes | None) -> None:
        """Set a drawing aside.

        Args:
            annotation: Its labels.
            reason: What is wrong.
            data: Its file; None when there is none.
        """
        file = None
        if data is not None:
            file = Path(layout.image_path(annotation, replay=False)).name
            write_atomically(self._folder / file, data)
        self.entries.append(Quarantined(source=annotation.image, file=file, reason=reason))

    def write_reasons(self) -> None:
        """Write `reasons.json`: a list of the entries, empty when nothing was bad."""
        rows = ",\n".join(f"  {entry.model_dump_json(exclude_none=True)}" for entry in self.entries)
        write_atomically(self._folder / REASONS, f"[\n{rows}\n]\n" if rows else "[]\n")
