"""What the Lambda functions of the platform carry: two archives, built without Docker, reproducible."""

from __future__ import annotations

import functools
import hashlib
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_

from drawing_platform.function_archive import packages_archive, write_archive

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
    "drawing_ocr/embedding/__init__.py",
    "drawing_ocr/embedding/record.py",
    "drawing_ocr/evaluation/__init__.py",
    "drawing_ocr/evaluation/report.py",
    "drawing_ocr/evaluation/retrieval.py",
    "drawing_ocr/grammar/__init__.py",
    "drawing_ocr/grammar/meaning.py",
    "drawing_ocr/labelling/__init__.py",
    "drawing_ocr/labelling/agreement.py",
    "drawing_ocr/labelling/answer.py",
    "drawing_ocr/labelling/consensus_record.py",
    "drawing_ocr/labelling/export.py",
    "drawing_ocr/labelling/job.py",
    "drawing_ocr/labelling/progress.py",
    "drawing_ocr/labelling/task.py",
    "drawing_ocr/models/__init__.py",
    "drawing_ocr/models/calibration.py",
    "drawing_ocr/models/package.py",
    "drawing_ocr/reading/__init__.py",
    "drawing_ocr/reading/result.py",
    "drawing_ocr/reading/structure/__init__.py",
    "drawing_ocr/reading/structure/contract.py",
    "drawing_ocr/search/__init__.py",
    "drawing_ocr/search/document.py",
    "drawing_ocr/search/vector.py",
)
# What comparing people's regions needs besides: arrays, polygons, assignments, edit distances.
CONSENSUS_MODULES = (
    *LIGHT_MODULES,
    "drawing_ocr/dimension.py",
    "drawing_ocr/grammar/pattern.py",
    "drawing_ocr/evaluation/matching.py",
    "drawing_ocr/labelling/consensus.py",
    "drawing_ocr/labelling/gold.py",
    "drawing_ocr/labelling/matching.py",
    "drawing_ocr/labelling/merging.py",
    "drawing_ocr/labelling/score.py",
    "drawing_ocr/labelling/vote.py",
)
# What finding similar drawings needs besides: the index behind its interface, and pictures.
SEARCH_MODULES = tuple(
    dict.fromkeys(
        (
            *LIGHT_MODULES,
            "drawing_ocr/reading/image.py",
            *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "drawing_ocr" / "search").rglob("*.py"))),
        )
    )
)
SOURCES = ("*.py", "*.png")  # pictures: what a new version has to read before it gets traffic

PythonVersion = Literal["3.12", "host"]


@dataclass(frozen=True)
class Bundle:
    """One archive: the lock of its packages, and the parts of `drawing_ocr` in it."""

    requirements: Path
    modules: tuple[str, ...]


LIGHT = Bundle(ROOT / "requirements" / "lambda.txt", LIGHT_MODULES)
# The packages of one store each: with those of both they had 188 of the 250 MB that Lambda takes.
SEARCH_DOMAIN = Bundle(ROOT / "requirements" / "search_domain.txt", SEARCH_MODULES)
SEARCH_FOLDER = Bundle(ROOT / "requirements" / "search_folder.txt", SEARCH_MODULES)
CONSENSUS = Bundle(ROOT / "requirements" / "consensus.txt", CONSENSUS_MODULES)


def python_version(wanted: PythonVersion) -> str:
    """`3.12` as it is; `host`: the version of the interpreter that synthesizes."""
    return f"{sys.version_info.major}.{sys.version_info.minor}" if wanted == "host" else wanted


@functools.cache  # both are the same for all functions, and each costs a call into the CDK's process
def runtime(wanted: PythonVersion) -> lambda_.Runtime:
    """The Lambda runtime of that version."""
    return lambda_.Runtime(f"python{python_version(wanted)}", lambda_.RuntimeFamily.PYTHON)


@functools.cache
def architecture(wanted: PythonVersion) -> lambda_.Architecture:
    """x86-64 in AWS; on the host whatever it is, since compiled wheels fit one processor only."""
    on_arm = wanted == "host" and platform.machine() in ("aarch64", "arm64")
    return lambda_.Architecture.ARM_64 if on_arm else lambda_.Architecture.X86_64


def machine(wanted: PythonVersion) -> str:
    """The processor as wheels call it."""
    return "aarch64" if architecture(wanted) == lambda_.Architecture.ARM_64 else "x86_64"


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
            output_type=cdk.BundlingOutput.ARCHIVED,
        ),
    )


@functools.cache  # every stack asks for the same few archives
def source_hash(wanted: PythonVersion, bundle: Bundle = LIGHT) -> str:
    """SHA-256 over everything that the archive is made of."""
    digest = hashlib.sha256(f"{python_version(wanted)} {architecture(wanted).name}".encode())
    for source, name in [*sources(bundle), (bundle.requirements, "requirements.txt")]:
        digest.update(name.encode())
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()


def sources(bundle: Bundle) -> Iterator[tuple[Path, str]]:
    """Every source file and its name in the archive, in a fixed order."""
    for path in sorted(path for kind in SOURCES for path in FUNCTIONS.rglob(kind)):
        yield path, str(path.relative_to(FUNCTIONS))
    for name in bundle.modules:
        yield ROOT / name, name


@jsii.implements(cdk.ILocalBundling)
class _LocalBundling:
    def __init__(self, wanted: PythonVersion, bundle: Bundle) -> None:
        self._wanted = wanted
        self._bundle = bundle

    def try_bundle(self, output_dir: str, options: Any = None, **_: Any) -> bool:  # noqa: ARG002  (jsii's signature)
        requirements = packages_archive(self._bundle.requirements, python_version(self._wanted), machine(self._wanted))
        write_archive(Path(output_dir) / "functions.zip", requirements, sources(self._bundle))
        return True
