"""The reader that reads where none is named: built on first use from what is installed, and kept on this machine."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from drawing_ocr.models import package

Begin = Callable[[str], object]
"""Told what begins, in a few words; the first use takes ten seconds."""

ROOT: Final = Path(__file__).parents[2]


class StandardReaderError(RuntimeError):
    """The reader could not be built; the message is one line with the remedy."""


def cache_folder() -> Path:
    """Where built packages and frozen sets are kept between commands."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "drawing-platform"


def official_package(begin: Begin = lambda _: None) -> Path:
    """The official PP-OCRv6 small reader as `model.tar.gz`: version 1 of every registry.

    Raises:
        StandardReaderError: the training extra, which carries the official weights, is not installed.
    """
    return _built("official", "drawing_ocr.models.official", "build_official_package", begin)


def standard_package(begin: Begin = lambda _: None) -> Path:
    """The reader that the project ships (drawing_ocr/models/shipped.py) as `model.tar.gz`.

    Raises:
        StandardReaderError: the training extra, which carries the official detector, is not installed.
    """
    return _built("shipped", "drawing_ocr.models.shipped", "build_shipped_package", begin)


def standard_reader(begin: Begin = lambda _: None) -> Path:
    """The same as an unpacked package, which opens faster than an archive."""
    return unpacked(standard_package(begin), begin)


def shipped_digest() -> str:
    """SHA-256 of the records of the shipped reader, which change whenever its weights do."""
    return hashlib.sha256(_records()).hexdigest()


def unpacked(archive: Path, begin: Begin) -> Path:
    """The folder of a package of this machine, unpacked on first use."""
    folder = archive.with_name("package")
    if not folder.is_dir():
        begin("unpacking the model package (once)")
        package.unpack(archive, folder)
    return folder


def sources_digest(*names: str) -> str:
    """Changes whenever files of these parts of `drawing_ocr` do."""
    digest = hashlib.sha256()
    for name in names:
        path = ROOT / "drawing_ocr" / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _built(name: str, module: str, function: str, begin: Begin) -> Path:
    folder = cache_folder() / f"{name}-{_build_digest()}"
    archive = folder / "model.tar.gz"
    if not archive.is_file():
        begin(f"building the {name} model package (once)")
        _build(archive, module, function)
    return archive


def _build(archive: Path, module: str, function: str) -> None:
    """In a process of its own: Paddle takes half a gigabyte and writes to the terminal."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    code = f"import sys; from pathlib import Path; from {module} import {function}; {function}(Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(archive)], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise StandardReaderError(f"the model package could not be built ({module}): {said[0]}")


def _build_digest() -> str:
    """Changes whenever another package would be built."""
    try:
        weights = installed_version("rapidocr")
    except PackageNotFoundError as error:
        raise StandardReaderError(
            "readers are built with the training packages, which are not installed: "
            "install drawing-platform[train], or name a model package"
        ) from error
    return hashlib.sha256(f"{sources_digest('models')} {weights}".encode() + _records()).hexdigest()[:12]


def _records() -> bytes:
    return b"".join(path.read_bytes() for path in sorted((ROOT / "drawing_ocr" / "models" / "default").glob("*.json")))
