"""Training processes that start at once: copies of one process that has loaded Paddle."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from drawing_ocr.training.process import ProcessJob

# Starting Python and Paddle takes four seconds; a copy of a process that has them, none. Each copy ends for good.
_TRAINER = """
import os, sys
from pathlib import Path
from drawing_ocr.training.process import main
for line in sys.stdin:
    child = os.fork()
    if not child:
        os._exit(main(Path(line.strip())))
    print(child, flush=True)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


class Trainer:
    """Starts one training process after the other.

    Attributes:
        printed: What the newest of them has said so far.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self.printed = ""

    def start(self, job: ProcessJob) -> int:
        """Its process number."""
        path = job.checkpoints.parent / "job.json"
        path.write_text(job.model_dump_json(), "utf-8")
        print(path, file=self._stdin, flush=True)
        self.printed = ""
        return int(self._next(str.isdigit))

    def wait_for(self, text: str) -> None:
        """Returns as soon as the process has said a line with this text."""
        self._next(lambda line: text in line)

    def status(self) -> int:
        """How it ended; a negative signal number if one killed it."""
        return int(self._next(lambda line: line.lstrip("-").isdigit()))

    def kill(self) -> None:
        """Kills the parent of the training process, not the process itself."""
        self._process.kill()
        self._process.wait()

    def _next(self, wanted: Callable[[str], bool]) -> str:
        for line in self._stdout:
            self.printed += line
            if wanted(line.strip()):
                return line.strip()
        raise AssertionError(f"the trainer is gone:\n{self.printed}")


@contextmanager
def trainer() -> Iterator[Trainer]:
    """A trainer, killed at the end."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, "-c", _TRAINER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    one = Trainer(process)
    try:
        yield one
    finally:
        one.kill()
