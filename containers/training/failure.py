"""How a job says why it failed: one line where SageMaker looks for it, and the same line last on stderr."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.dataset.check import DatasetRejected
from drawing_ocr.dataset.manifest import ManifestError
from drawing_ocr.evaluation.report import ReportError
from drawing_ocr.formats import FormatError
from drawing_ocr.models.package import PackageError
from drawing_ocr.text import CharsetError

# These carry one line for the user; where they were raised is of no use to him.
FORESEEN: Final = (CharsetError, DatasetRejected, FormatError, ManifestError, PackageError, ReportError)

_SHOWN: Final = 1024  # characters that DescribeTrainingJob and DescribeProcessingJob show


def report(error: BaseException, path: Path, *, foreseen: tuple[type[BaseException], ...]) -> None:
    """Writes the failure file and stderr.

    Args:
        error: What was raised.
        path: `/opt/ml/output/failure` of a training job, `/opt/ml/output/message` of a processing job.
        foreseen: Errors whose text is one line for the user; others get their type and a traceback.
    """
    if isinstance(error, foreseen):
        reason = " ".join(str(error).split())[:_SHOWN]
        write_atomically(path, reason + "\n")
    else:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:_SHOWN]
        details = "".join(traceback.format_exception(error))
        write_atomically(path, f"{reason}\n{details}")
        print(details, file=sys.stderr)
    print(reason, file=sys.stderr, flush=True)


def guarded(job: Callable[[], None], path: Path, *, foreseen: tuple[type[BaseException], ...]) -> int:
    """Runs a job; the exit status: 0, or 1 after a failure.

    Args:
        job: What to run.
        path: Where the reason of a failure goes.
        foreseen: As for `report`.
    """
    try:
        job()
    except Exception as error:
        report(error, path, foreseen=foreseen)
        return 1
    return 0
