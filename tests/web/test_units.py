"""The annotator's own tests, which stand beside its sources and run in Node."""

import os
import subprocess
from pathlib import Path

ANNOTATOR = Path(__file__).resolve().parents[2] / "web" / "annotator"


def test_the_units_of_the_annotator_pass() -> None:
    environment = {**os.environ, "NO_COLOR": "1"}
    run = subprocess.run(
        ["npm", "test", "--silent"], cwd=ANNOTATOR, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
