"""The files of one index's folder."""

from pathlib import Path

CATALOG = "store.sqlite"
DATABASE = "index.sqlite"
LOCK = "lock"
CODES = "codes-*.b1"  # the rows that there were when their centre was fitted


def vectors(folder: Path) -> Path:
    """float16[rows, dimension]."""
    return folder / "vectors.f16"


def owners(folder: Path) -> Path:
    """int32[rows]: `drawings.id`; 0 = nobody's. A hint that saves work: what it says is checked in the database."""
    return folder / "owners.i32"


def codes(folder: Path, name: str) -> Path:
    """uint8[rows, width of a code]; `state.codes` names the file of the codec in use."""
    return folder / name
