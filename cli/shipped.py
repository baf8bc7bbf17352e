"""The reader that the software ships: the second version of a registry, on top of which labels are trained."""

from pathlib import Path

from cli import official
from cli.environment import Environment
from cli.errors import OperatorError
from cli.imported import Begin, Imported, imported_version, register_reader
from drawing_ocr.models import standard

READER = "the shipped reader"


def import_shipped(environment: Environment, begin: Begin) -> Imported:
    """Puts the shipped reader into an account, after the official one that it was trained from; each only once.

    Another release of the software with another reader makes another version.

    Raises:
        OperatorError: the training extra, which carries the official weights, is not installed.
    """
    parent = official.import_official(environment, begin).version
    run_id = f"shipped-{standard.shipped_digest()[:8]}"
    found = imported_version(environment, run_id)
    if found is not None:
        return Imported(reader=READER, version=found, new=False)
    # What it learned from is drawn anew from seeds, and lies in no account; what its parent learned from does.
    lineage = {"parent": parent.arn, "replay_manifests": parent.data or ""}
    reason = "the shipped reader: the official one, trained on drawn sheets"
    version = register_reader(environment, _package(begin), run_id, lineage, reason, begin)
    return Imported(reader=READER, version=version, new=True)


def _package(begin: Begin) -> Path:
    try:
        return standard.standard_package(begin)
    except standard.StandardReaderError as error:
        raise OperatorError(str(error)) from error
