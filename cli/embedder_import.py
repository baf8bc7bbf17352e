"""The shipped embedder as the first version of the embedders' registry: what training goes on from."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile

from rich.console import RenderableType

from cli.console import Result
from cli.environment import ROOT, Environment
from cli.registry import ModelVersion, register, set_state, versions
from cli.upload import exists
from drawing_ocr.embedding.record import NETWORK_NAME, RECORD_NAME, EmbedderRecord

# Not by importing the embedder, which would load OpenCV and ONNX Runtime.
SHIPPED = ROOT / "drawing_ocr" / "embedding" / "default"
RUN_ID = "shipped"


class EmbedderImported(Result):
    """The shipped embedder in the registry."""

    version: ModelVersion
    new: bool

    def render(self) -> RenderableType:
        item = self.version
        return f"{item.name} is the shipped embedder{'' if self.new else ' already'}, {item.state}"


def import_embedder(environment: Environment) -> EmbedderImported:
    """Uploads and registers the shipped embedder, only once.

    It is approved: it serves already, wherever the settings name it.

    Args:
        environment: of the target `embedder`.
    """
    for item in versions(environment):
        if item.metadata.get("run_id") == RUN_ID:
            return EmbedderImported(version=item, new=False)
    record = EmbedderRecord.load(SHIPPED)
    archive = packed()
    digest = hashlib.sha256(archive).hexdigest()
    bucket, key = environment.names.data_bucket, f"models/{RUN_ID}-embedder/{digest[:16]}/model.tar.gz"
    if not exists(environment, key):
        environment.client("s3").put_object(Bucket=bucket, Key=key, Body=archive, ContentType="application/gzip")
    metadata = {
        "run_id": RUN_ID,
        "package_sha256": digest,
        "embedder": f"{record.name}/{record.version}",
        "reason": "the embedder that is shipped",
    }
    version = register(environment, f"s3://{bucket}/{key}", metadata, record.name)
    set_state(environment, version, "Approved", "shipped with this software")
    return EmbedderImported(version=version.model_copy(update={"state": "Approved"}), new=True)


def packed() -> bytes:
    """`model.tar.gz` of the shipped embedder; always the same bytes."""
    written = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=written, compresslevel=1, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name in (RECORD_NAME, NETWORK_NAME):
            content = (SHIPPED / name).read_bytes()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()
