"""What the Lambda functions of the platform carry: two archives, built without Docker, reproducible."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "lambda"

# The parts of `drawing_ocr` that functions use: light modules, which need pydantic only (docs/architecture.md).
LIGHT_MODULES = (
    "drawing_ocr/__init__.py",
    "drawing_ocr/annotation.py",
    "drawing_ocr/atomic_write.py",
    "drawing_ocr/contract.py",
    "drawing_ocr/text.py",
    "drawing_ocr/validation.py",
    "drawing_ocr/dataset/__init__.py",
    "drawing_ocr/dataset/manifest.py",
    "drawing_ocr/evaluation/__init__.py",
    "drawing_ocr/evaluation/report.py",
    "drawing_ocr/labelling/__init__.py",
    "drawing_ocr/labelling/agreement.py",
    "drawing_ocr/labelling/answer.py",
    "drawing_ocr/labelling/consensus_record.py",
    "drawing_ocr/labelling/export.py",
    "drawing_ocr/labelling/job.py",
    "drawing_ocr/labelling/progress.py",
    "drawing_ocr/labelling/task.py",
    "drawing_ocr/models/__init__.py",
    "drawing_ocr/models/package.py",
    "drawing_ocr/reading/__init__.py",
    "drawing_ocr/reading/result.py",
)
# What comparing people's regions needs besides: arrays, polygons, assignments, edit distances.
CONSENSUS_MODULES = (
    *LIGHT_MODULES,
    "drawing_ocr/dimension.py",
    "drawing_ocr/evaluation/matching.py",
    "drawing_ocr/labelling/consensus.py",
    "drawing_ocr/labelling/gold.py",
    "drawing_ocr/labelling/matching.py",
    "drawing_ocr/labelling/merging.py",
    "drawing_ocr/labelling/score.py",
    "drawing_ocr/labelling/vote.py",
)
# What finding similar drawings needs besides: the index behind its interface, and pictures.
SEARCH_MODULES = (
    *LIGHT_MODULES,
    "drawing_ocr/reading/image.py",
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "drawing_ocr" / "search").rglob("*.py"))),
)
SOURCES = ("*.py", "*.png")  # pictures: what a new version has to read before it gets traffic
# What installers leave behind that differs from run to run or from machine to machine.
NOT_REPRODUCIBLE = ("RECORD", "direct_url.json", "INSTALLER", "REQUESTED", "uv_cache.json")

PythonVersion = Literal["3.12", "host"]


@dataclass(frozen=True)
class Bundle:
    """One archive: the lock of its packages, and the parts of `drawing_ocr` in it."""

    requirements: Path
    modules: tuple[str, ...]


LIGHT = Bundle(ROOT / "requirements" / "lambda.txt", LIGHT_MODULES)
SEARCH = Bundle(ROOT / "requirements" / "search.txt", SEARCH_MODULES)
CONSENSUS = Bundle(ROOT / "requirements" / "consensus.txt", CONSENSUS_MODULES)


class BundleError(RuntimeError):
    """The archive cannot be built; one line with the reason."""


def python_version(wanted: PythonVersion) -> str:
    """`3.12` as it is; `host`: the version of the interpreter that synthesizes."""
    return f"{sys.version_info.major}.{sys.version_info.minor}" if wanted == "host" else wanted


def runtime(wanted: PythonVersion) -> lambda_.Runtime:
    """The Lambda runtime of that version."""
    return lambda_.Runtime(f"python{python_version(wanted)}", lambda_.RuntimeFamily.PYTHON)


def architecture(wanted: PythonVersion) -> lambda_.Architecture:
    """x86-64 in AWS; on the host whatever it is, since compiled wheels fit one processor only."""
    on_arm = wanted == "host" and platform.machine() in ("aarch64", "arm64")
    return lambda_.Architecture.ARM_64 if on_arm else lambda_.Architecture.X86_64


def code(wanted: PythonVersion, bundle: Bundle = LIGHT) -> lambda_.Code:
    """An archive with all functions, for one Python version. Functions differ in their handler, role and settings.

    One archive instead of one for each function: they share 9 of 10 bytes, and it is installed and uploaded once. Only
    what needs compiled packages of its own has another.
    """
    return lambda_.Code.from_asset(
        str(FUNCTIONS),
        exclude=["**/__pycache__", "**/*.pyc"],
        # From the sources, not from the output: the hash is the same whether or not bundling ran.
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        asset_hash=source_hash(wanted, bundle),
        bundling=cdk.BundlingOptions(
            image=cdk.DockerImage.from_registry("not-used"),  # only if local bundling gave up; it raises instead
            local=_LocalBundling(wanted, bundle),
        ),
    )


def source_hash(wanted: PythonVersion, bundle: Bundle = LIGHT) -> str:
    """SHA-256 over everything that the archive is made of."""
    digest = hashlib.sha256(f"{python_version(wanted)} {architecture(wanted).name}".encode())
    for source, name in [*_sources(bundle), (bundle.requirements, "requirements.txt")]:
        digest.update(name.encode())
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()


def write_bundle(out: Path, wanted: PythonVersion, bundle: Bundle = LIGHT) -> None:
    """Writes the unpacked archive into the existing folder `out`.

    Raises:
        BundleError: a dependency cannot be installed.
    """
    _install_requirements(out, wanted, bundle.requirements)
    for source, name in _sources(bundle):
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    _make_reproducible(out)


def _sources(bundle: Bundle) -> Iterator[tuple[Path, str]]:
    """Every source file and its name in the archive, in a fixed order."""
    for path in sorted(path for kind in SOURCES for path in FUNCTIONS.rglob(kind)):
        yield path, str(path.relative_to(FUNCTIONS))
    for name in bundle.modules:
        yield ROOT / name, name


def _install_requirements(out: Path, wanted: PythonVersion, requirements: Path) -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}") or shutil.which("uv")
    if uv is None:
        raise BundleError("uv is not installed: run `make setup`")
    machine = "aarch64" if architecture(wanted) == lambda_.Architecture.ARM_64 else "x86_64"
    # Asked for, since uv first tries to clone each of 4,000 files: a third of the time on file systems that cannot.
    command = [uv, "pip", "install", "--quiet", "--link-mode", "hardlink", "--target", str(out)]
    # Lambda's Python 3.12 runs on Amazon Linux 2023, whose C library (2.34) is newer than numpy's wheels ask for.
    command += ["--python-version", python_version(wanted), "--python-platform", f"{machine}-manylinux_2_28"]
    command += ["--only-binary", ":all:", "--require-hashes", "--no-deps", "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BundleError(f"{requirements.name} cannot be installed for the functions: {done.stderr.strip()}")


def _make_reproducible(out: Path) -> None:
    # The tests of numpy, which nobody runs there: Lambda takes 250 MB, and the comparison has 102.
    for path in [*out.rglob("__pycache__"), *out.rglob("tests"), out / "bin"]:
        shutil.rmtree(path, ignore_errors=True)
    for name in NOT_REPRODUCIBLE:
        for path in out.glob(f"*.dist-info/{name}"):
            path.unlink()
    (out / ".lock").unlink(missing_ok=True)
    for path in out.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


@jsii.implements(cdk.ILocalBundling)
class _LocalBundling:
    def __init__(self, wanted: PythonVersion, bundle: Bundle) -> None:
        self._wanted = wanted
        self._bundle = bundle

    def try_bundle(self, output_dir: str, options: Any = None, **_: Any) -> bool:  # noqa: ARG002  (jsii's signature)
        write_bundle(Path(output_dir), self._wanted, self._bundle)
        return True
