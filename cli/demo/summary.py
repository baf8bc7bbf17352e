"""`summary.json`: every figure of one demo, for programs and for the closing note."""

from pathlib import Path

from pydantic import BaseModel

from cli.compare import Comparison
from cli.demo.scores import Scores
from cli.demo.stage import StageResult
from drawing_ocr.atomic_write import write_atomically


class Summary(BaseModel):
    """What the demo did and found; `broken` names the promise that did not hold."""

    succeeded: bool
    broken: str | None
    seconds: float
    stages: list[StageResult]
    scores: list[Scores]
    comparison: Comparison | None

    def save(self, out: Path) -> Path:
        """Writes `out/summary.json`."""
        write_atomically(out / "summary.json", self.model_dump_json(indent=2) + "\n")
        return out / "summary.json"
