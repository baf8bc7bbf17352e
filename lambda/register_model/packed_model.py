"""`model.tar.gz` in S3, read once from front to back: its description and its checksum, in little memory.

Which file describes it says what it is: `package.json` a reader, `embedder.json` an embedder.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import ClientError
from pydantic import ValidationError

from drawing_ocr.embedding.record import RECORD_NAME, EmbedderRecord
from drawing_ocr.models.package import INFO_NAME, PackageError, parse_info
from drawing_ocr.validation import first_reason
from shared.errors import PlatformError
from shared.storage import split_uri

CHUNK = 1 << 20
MAX_INFO_BYTES = 1 << 20


@dataclass(frozen=True)
class PackedModel:
    """What a packed model says of itself.

    Attributes:
        described: Names of what is in it, for the registry's metadata: `detector` and `recogniser`, or `embedder`.
        sha256: Of the file.
    """

    described: dict[str, str]
    sha256: str


class _Hashed:
    """A stream that adds up the checksum of what is read from it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content: bytes = self._stream.read(size)
        self.digest.update(content)
        return content


def read_packed_model(s3: Any, uri: str) -> PackedModel:
    """Reads the object at `uri`.

    Raises:
        PlatformError: nothing is there, or no model package, or one of another schema.
    """
    bucket, key = split_uri(uri)
    try:
        stream = _Hashed(s3.get_object(Bucket=bucket, Key=key)["Body"])
        described = _described(stream, uri)
    except ClientError as error:
        raise PlatformError(f"{uri}: cannot be read ({error.response['Error']['Code']})") from error
    except PackageError as error:
        raise PlatformError(str(error)) from error
    while stream.read(CHUNK):
        pass
    return PackedModel(described, stream.digest.hexdigest())


def _described(stream: _Hashed, where: str) -> dict[str, str]:
    try:
        with tarfile.open(fileobj=cast(Any, stream), mode="r|gz") as archive:
            for member in archive:
                # SageMaker packs the folder itself and may write `./package.json`, anywhere in the archive.
                name = member.name.removeprefix("./")
                if name in _DESCRIPTIONS and member.isfile():
                    file = archive.extractfile(member)
                    return _DESCRIPTIONS[name](file.read(MAX_INFO_BYTES) if file else b"", where)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise PackageError(f"{where}: not a model.tar.gz: {error}") from error
    raise PackageError(f"{where}: no {' or '.join(_DESCRIPTIONS)} in it: not a model package")


def _reader(content: bytes, where: str) -> dict[str, str]:
    info = parse_info(content, where)
    return {"detector": info.detector.architecture, "recogniser": info.recogniser.architecture}


def _embedder(content: bytes, where: str) -> dict[str, str]:
    try:
        record = EmbedderRecord.model_validate_json(content)
    except ValidationError as error:
        raise PackageError(f"{where}: {RECORD_NAME} is not valid: {first_reason(error)}") from error
    return {"embedder": f"{record.name}/{record.version}"}


_DESCRIPTIONS: dict[str, Callable[[bytes, str], dict[str, str]]] = {INFO_NAME: _reader, RECORD_NAME: _embedder}
