"""`model.tar.gz` in S3, read once from front to back: its description and its checksum, in little memory."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import ClientError

from drawing_ocr.models.package import INFO_NAME, PackageError, PackageInfo, parse_info
from shared.errors import PlatformError
from shared.storage import split_uri

CHUNK = 1 << 20
MAX_INFO_BYTES = 1 << 20


@dataclass(frozen=True)
class PackedModel:
    """What a packed model says of itself, and SHA-256 of the file."""

    info: PackageInfo
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
        info = _read_info(stream, uri)
    except ClientError as error:
        raise PlatformError(f"{uri}: cannot be read ({error.response['Error']['Code']})") from error
    except PackageError as error:
        raise PlatformError(str(error)) from error
    while stream.read(CHUNK):
        pass
    return PackedModel(info, stream.digest.hexdigest())


def _read_info(stream: _Hashed, where: str) -> PackageInfo:
    try:
        with tarfile.open(fileobj=cast(Any, stream), mode="r|gz") as archive:
            for member in archive:
                # SageMaker packs the folder itself and may write `./package.json`, anywhere in the archive.
                if member.name.removeprefix("./") == INFO_NAME and member.isfile():
                    file = archive.extractfile(member)
                    content = file.read(MAX_INFO_BYTES) if file else b""
                    return parse_info(content, where)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise PackageError(f"{where}: not a model.tar.gz: {error}") from error
    raise PackageError(f"{where}: no {INFO_NAME} in it: not a model package")
