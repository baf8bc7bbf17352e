"""The model package: one `model.tar.gz` that holds a complete reader (detector and recogniser) and its history.

`package.json` comes first in the archive, so its readers (a Lambda function among them) need not unpack the rest.
Light: the standard library and pydantic only at module level, so that it runs in a Lambda bundle.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.models.calibration import Calibration
from drawing_ocr.text import Charset, CharsetError
from drawing_ocr.validation import first_reason

SCHEMA: Final = 1
INFO_NAME: Final = "package.json"
DETECTOR: Final = "detector"
RECOGNISER: Final = "recogniser"
DICTIONARY_NAME: Final = "dict.txt"
WEIGHTS_NAME: Final = "weights.pdparams"
ONNX_NAME: Final = "inference.onnx"
CONFIG_NAME: Final = "inference.yml"

DETECTOR_ARCHITECTURE: Final = "PP-OCRv6_small_det"
RECOGNISER_ARCHITECTURE: Final = "PP-OCRv6_small_rec"

_MODEL_FILES: Final = (ONNX_NAME, CONFIG_NAME, "inference.json", "inference.pdiparams", WEIGHTS_NAME)
_REQUIRED: Final = {
    DETECTOR: _MODEL_FILES,
    RECOGNISER: (*_MODEL_FILES, DICTIONARY_NAME),
}
# A reader is 31 MB of weights in three forms; ten times that is not a reader any more.
_MAX_UNPACKED_BYTES: Final = 1_000_000_000
_MAX_MEMBERS: Final = 1_000
# Weights do not compress: level 1 is four times as fast as the default and 1 % larger.
_GZIP_LEVEL: Final = 1


class PackageError(ValueError):
    """A model package that this reader cannot use; the message is one line."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parent(_Part):
    """The version that this one was trained on from."""

    arn: str | None = None
    sha256: str


class DetectorInfo(_Part):
    architecture: str
    sha256: str = Field(description="over the folder, see `folder_sha256`")


class RecogniserInfo(_Part):
    architecture: str
    sha256: str = Field(description="over the folder, see `folder_sha256`")
    characters: int = Field(gt=0, description="lines of dict.txt: blank and space are not counted")


class PackageInfo(BaseModel):
    """The content of `package.json`."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_version: int = Field(default=SCHEMA, alias="schema")
    name: str
    version: str | None = None
    created: datetime
    parent: Parent | None = None
    detector: DetectorInfo
    recogniser: RecogniserInfo
    training: dict[str, Any] | None = Field(default=None, description="hyperparameters and dataset summary")
    metrics: dict[str, Any] = Field(default_factory=dict)
    calibration: Calibration | None = Field(default=None, description="of the confidence that its reader answers")

    def to_json(self) -> str:
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def parse_info(text: str | bytes, source: str) -> PackageInfo:
    """Reads the text of a `package.json`; `source` names it in errors.

    Raises:
        PackageError: no JSON, another schema, or a missing or wrong field.
    """
    try:
        info = _Versioned.model_validate_json(text)
    except ValidationError as error:
        raise PackageError(f"{source}: {INFO_NAME} is not readable: {first_reason(error)}") from error
    if info.schema_version != SCHEMA:
        raise PackageError(
            f"{source}: model package of schema {info.schema_version}, this reader understands {SCHEMA}: "
            "use the release of this software that wrote it, or train the version anew"
        )
    try:
        return PackageInfo.model_validate_json(text)
    except ValidationError as error:
        raise PackageError(f"{source}: {INFO_NAME} is not valid: {first_reason(error)}") from error


def read_info(path: Path) -> PackageInfo:
    """The description inside a packed `model.tar.gz` or an unpacked folder.

    Raises:
        PackageError: the path is neither, or its description cannot be used.
    """
    if path.is_dir():
        file = path / INFO_NAME
        if not file.is_file():
            raise PackageError(f"{path}: no {INFO_NAME} in it: not a model package")
        return parse_info(file.read_bytes(), str(path))
    with _open(path) as archive:
        for member in _members(archive, path):
            if PurePosixPath(member.name).as_posix() == INFO_NAME and member.isfile():
                return parse_info(_stream(archive, member).read(), str(path))
    raise PackageError(f"{path}: no {INFO_NAME} in it: not a model package")


def folder_sha256(folder: Path) -> str:
    """SHA-256 over `<sha256 of the file>  <relative path>` lines, sorted by path (what `sha256sum` prints)."""
    digest = hashlib.sha256()
    for file in _files(folder):
        digest.update(f"{file_sha256(file)}  {file.relative_to(folder).as_posix()}\n".encode())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes; of a packed `model.tar.gz` it is the `parent.sha256` of its children."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_folder(directory: Path) -> PackageInfo:
    """Checks an unpacked package: schema, every file there, dictionary length and checksums.

    Raises:
        PackageError: the first thing that is wrong.
    """
    info = read_info(directory)
    for part, names in _REQUIRED.items():
        for name in names:
            if not (directory / part / name).is_file():
                raise PackageError(f"{directory}: {part}/{name} is missing: a version is always a complete reader")
    for part, expected in ((DETECTOR, info.detector.sha256), (RECOGNISER, info.recogniser.sha256)):
        if folder_sha256(directory / part) != expected:
            raise PackageError(f"{directory}: {part}/ was changed after packing (checksum differs): fetch it again")
    characters = len(read_dictionary(directory / RECOGNISER / DICTIONARY_NAME))
    if characters != info.recogniser.characters:
        raise PackageError(
            f"{directory}: {DICTIONARY_NAME} has {characters} characters, {INFO_NAME} says {info.recogniser.characters}"
        )
    return info


def read_dictionary(path: Path) -> list[str]:
    """The characters of a `dict.txt`, without blank and space.

    Raises:
        PackageError: it is not there or cannot be used.
    """
    try:
        return list(Charset.load(path).characters)
    except FileNotFoundError as error:
        raise PackageError(f"{path}: missing: a version is always a complete reader") from error
    except CharsetError as error:
        raise PackageError(str(error)) from error


def describe(
    directory: Path,
    *,
    name: str,
    parent: Parent | None = None,
    training: dict[str, Any] | None = None,
    metrics: dict[str, Any] | None = None,
    calibration: Calibration | None = None,
) -> PackageInfo:
    """Writes the `package.json` of a folder whose models are complete.

    Args:
        directory: holds `detector/` and `recogniser/`.
        name: of the model, for people.
        parent: what it was trained on from.
        training: hyperparameters and dataset summary.
        metrics: what training measured.
        calibration: of the confidence that its reader answers; without it, what the network says.
    """
    info = PackageInfo(
        name=name,
        created=datetime.now(UTC).replace(microsecond=0),
        parent=parent,
        detector=DetectorInfo(architecture=DETECTOR_ARCHITECTURE, sha256=folder_sha256(directory / DETECTOR)),
        recogniser=RecogniserInfo(
            architecture=RECOGNISER_ARCHITECTURE,
            sha256=folder_sha256(directory / RECOGNISER),
            characters=len(read_dictionary(directory / RECOGNISER / DICTIONARY_NAME)),
        ),
        training=training,
        metrics=metrics or {},
        calibration=calibration,
    )
    write_atomically(directory / INFO_NAME, info.to_json())
    return info


def pack(directory: Path, out: Path) -> str:
    """Packs an unpacked package; the same content always gives the same bytes.

    Args:
        directory: an unpacked package that `check_folder` accepts.
        out: the `model.tar.gz` to write; it appears only when it is complete.

    Returns:
        SHA-256 of the written file.

    Raises:
        PackageError: the folder is no complete package.
    """
    check_folder(directory)
    files = _files(directory)
    files.sort(key=lambda file: (file != directory / INFO_NAME, file.relative_to(directory).as_posix()))
    out.parent.mkdir(parents=True, exist_ok=True)
    with _replacing(out) as temporary:
        with (
            temporary.open("wb") as raw,
            gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=_GZIP_LEVEL, mtime=0) as compressed,
            tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
        ):
            for file in files:
                member = tarfile.TarInfo(file.relative_to(directory).as_posix())
                member.size = file.stat().st_size
                member.mode = 0o644
                with file.open("rb") as content:
                    archive.addfile(member, content)
        return file_sha256(temporary)


def unpack(archive: Path, directory: Path) -> PackageInfo:
    """Unpacks a `model.tar.gz` into a folder that does not exist yet, and checks it.

    The folder appears only when it is complete. Links, devices and names that lead out of it are refused.

    Raises:
        PackageError: not a package, another schema, a missing file, a wrong checksum or an unsafe member.
        FileExistsError: the folder is already there.
    """
    if directory.exists():
        raise FileExistsError(f"{directory} is already there: unpack into a new folder")
    read_info(archive)  # another schema is told before 90 MB are written
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        with _open(archive) as packed:
            for member in _members(packed, archive):
                target = temporary / member.name
                if member.isdir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    shutil.copyfileobj(_stream(packed, member), file)
        info = check_folder(temporary)
        temporary.chmod(0o755)
        temporary.rename(directory)
    except PackageError as error:
        raise PackageError(str(error).replace(str(temporary), str(archive))) from error
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, OSError) as error:
        raise PackageError(f"{archive}: cannot be unpacked: {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return info


class _Versioned(BaseModel):
    schema_version: int = Field(alias="schema")


def _files(folder: Path) -> list[Path]:
    return sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.as_posix())


@contextmanager
def _open(path: Path) -> Iterator[tarfile.TarFile]:
    """`tarfile.open` whose failures are one line that names the file."""
    try:
        archive = tarfile.open(path, "r:gz")  # noqa: SIM115  # closed below; only opening it is turned into one line
    except FileNotFoundError as error:
        raise PackageError(f"{path}: no such file") from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise PackageError(f"{path}: not a model.tar.gz: {error}") from error
    with archive:
        yield archive


def _members(archive: tarfile.TarFile, path: Path) -> Iterator[tarfile.TarInfo]:
    """The members one by one, each checked to be a plain file or folder inside the package."""
    size = 0
    try:
        for count, member in enumerate(archive, 1):
            name = PurePosixPath(member.name)
            if name.is_absolute() or ".." in name.parts or "\\" in member.name:
                raise PackageError(f"{path}: member {member.name!r} leads out of the package: refused")
            if not (member.isfile() or member.isdir()):
                raise PackageError(f"{path}: member {member.name!r} is neither a file nor a folder: refused")
            size += member.size
            if size > _MAX_UNPACKED_BYTES or count > _MAX_MEMBERS:
                raise PackageError(f"{path}: more than {_MAX_UNPACKED_BYTES} bytes or {_MAX_MEMBERS} members: refused")
            yield member
    except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
        raise PackageError(f"{path}: truncated or damaged: {error}: fetch it again") from error


def _stream(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    assert stream is not None  # it is a file: `_members` lets nothing else through
    return stream


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it on success and removed on failure."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
