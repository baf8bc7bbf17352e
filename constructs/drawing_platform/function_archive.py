"""The archives that functions run from: their packages, installed once and kept, and the sources on top of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

# Packages change seldom and are most of the work: kept beside the checkout, named after what is in them.
KEPT = Path(__file__).resolve().parents[2] / ".bundles"
# What installers leave behind that differs from run to run or from machine to machine.
NOT_REPRODUCIBLE = ("RECORD", "direct_url.json", "INSTALLER", "REQUESTED", "uv_cache.json", ".lock")
# The tests of numpy, which nobody runs there: Lambda takes 250 MB, and the comparison of labels has 102.
NOT_NEEDED = ("__pycache__", "tests")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP archive can name
MODE = 0o644


class BundleError(RuntimeError):
    """The archive cannot be built; one line with the reason."""


def packages_archive(requirements: Path, python: str, machine: str, kept: Path = KEPT) -> Path:
    """A ZIP archive of the packages of a lock, made unless it is kept already. The same to the byte anywhere.

    Args:
        requirements: the lock, with hashes.
        python: version as in `3.12`.
        machine: processor, `x86_64` or `aarch64`.
        kept: the folder of archives.

    Raises:
        BundleError: a package cannot be installed.
    """
    content = hashlib.sha256(f"{python} {machine}".encode() + requirements.read_bytes()).hexdigest()
    archive = kept / f"{requirements.stem}-{python}-{machine}-{content[:16]}.zip"
    if not archive.exists():
        kept.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept) as work:
            packages, made = Path(work, "packages"), Path(work, "archive.zip")
            _install(packages, requirements, python, machine)
            # Fastest: over the loopback or into S3 ten megabytes less save nothing.
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
                _add(file, _needed(packages))
            os.replace(made, archive)
    return archive


def write_archive(out: Path, packages: Path, sources: Iterable[tuple[Path, str]]) -> None:
    """Writes `out`: the packages of the archive `packages`, and source files with their names."""
    shutil.copyfile(packages, out)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as file:
        _add(file, sources)


def _install(out: Path, requirements: Path, python: str, machine: str) -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}") or shutil.which("uv")
    if uv is None:
        raise BundleError("uv is not installed: run `make setup`")
    command = [uv, "pip", "install", "--quiet", "--link-mode", "hardlink", "--target", str(out)]
    # Lambda's Python 3.12 runs on Amazon Linux 2023, whose C library (2.34) is newer than numpy's wheels ask for.
    command += ["--python-version", python, "--python-platform", f"{machine}-manylinux_2_28"]
    command += ["--only-binary", ":all:", "--require-hashes", "--no-deps", "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BundleError(f"{requirements.name} cannot be installed for the functions: {done.stderr.strip()}")


def _needed(packages: Path) -> Iterator[tuple[Path, str]]:
    """Every file of the installed packages that belongs into the archive, in a fixed order."""
    for path in sorted(packages.rglob("*")):
        name = path.relative_to(packages)
        if path.is_dir() or name.parts[0] == "bin" or not set(name.parts).isdisjoint(NOT_NEEDED):
            continue
        if path.name in NOT_REPRODUCIBLE and (len(name.parts) == 1 or name.parts[0].endswith(".dist-info")):
            continue
        yield path, name.as_posix()


def _add(archive: zipfile.ZipFile, files: Iterable[tuple[Path, str]]) -> None:
    for source, name in files:
        entry = zipfile.ZipInfo(name, LONG_AGO)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = MODE << 16
        entry.create_system = 3  # Unix, on any host: the mode counts
        archive.writestr(entry, source.read_bytes())
