"""The Prepare job of an embedder: the bucket's own drawings, taken apart."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, Field

from containers.training import failure
from containers.training.arguments import ArgumentsError, parse
from containers.training.folders import ProcessingFolders
from drawing_ocr.training.embedder_drawings import DrawingsError, prepare_drawings

_FORESEEN = (*failure.FORESEEN, ArgumentsError, DrawingsError)
_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".pdf", ".png", ".tif", ".tiff", ".webp")


class PrepareEmbedderOptions(BaseModel):
    """What is learned from.

    Attributes:
        drawings: S3 prefix of the drawings.
        val_ratio: Share that is held out.
        most: So many are taken at most.
        seed: Of choice and split.
    """

    model_config = ConfigDict(frozen=True)

    drawings: str = Field(pattern=r"^s3://[^/]+/.+/$")
    val_ratio: float = Field(default=0.2, gt=0, lt=1)
    most: int = Field(default=5000, ge=8)
    seed: int = Field(default=0, ge=0)


def main() -> int:
    """Runs the job; the exit status."""
    folders = ProcessingFolders.from_environment()
    return failure.guarded(
        lambda: _prepare(folders, parse(PrepareEmbedderOptions, sys.argv[1:])), folders.message, foreseen=_FORESEEN
    )


def _prepare(folders: ProcessingFolders, options: PrepareEmbedderOptions) -> None:
    client: Any = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 5}))
    own = prepare_drawings(
        _listed(client, options.drawings),
        lambda uri, version: _read(client, uri, version),
        folders.output("dataset"),
        val_ratio=options.val_ratio,
        seed=options.seed,
        most=options.most,
    )
    print(
        f"listed={own.listed} drawings={len(own.drawings)} duplicates={own.duplicates} refused={len(own.refused)}",
        flush=True,
    )


def _listed(client: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """Address and current version of every drawing."""
    parts = urlsplit(prefix)
    pages = client.get_paginator("list_object_versions").paginate(Bucket=parts.netloc, Prefix=parts.path.lstrip("/"))
    for page in pages:
        for item in page.get("Versions", []):
            if item["IsLatest"] and item["Key"].lower().endswith(_SUFFIXES):
                yield f"s3://{parts.netloc}/{item['Key']}", item["VersionId"]


def _read(client: Any, uri: str, version: str | None) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    wanted = {"VersionId": version} if version else {}
    try:
        content: bytes = client.get_object(Bucket=bucket, Key=key, **wanted)["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise OSError(f"{uri}: cannot be fetched: {error}") from error
    return content


if __name__ == "__main__":
    sys.exit(main())
