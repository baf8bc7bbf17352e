"""One version from one environment to the next: the same bytes with their lineage, registered there to be approved.

Nothing is trained anew. The target's own promotion role copies and registers (constructs/drawing_platform/
promotion.py), so whoever promotes needs no right of their own in the target's account.
"""

import hashlib

from botocore.exceptions import ClientError
from rich.console import Group, RenderableType
from rich.text import Text

from cli import promotion_roles, registry
from cli.console import Result
from cli.environment import Environment, split_uri
from cli.errors import OperatorError
from cli.learned import learned
from cli.lineage import LineageRecord, lineage, lineage_record
from cli.registry import ModelVersion

COPIES = "models/promoted"
CHUNK = 1 << 20
REPORT = "report.html"


class Promoted(Result):
    """A version in its new environment. `new` is False where an earlier promotion had brought it already."""

    source: str
    source_version: str
    target: str
    version: ModelVersion
    new: bool
    same_serving_image: bool

    def render(self) -> RenderableType:
        item = self.version
        done = "is now" if self.new else "was already"
        lines = [
            Text.assemble(
                f"{self.source_version} of {self.source} {done} ",
                (item.name, "bold"),
                f" of {self.target}, {item.state}",
            ),
            Text(f"sha256 {item.metadata['package_sha256']}{', read back and compared' if self.new else ''}"),
        ]
        if not self.same_serving_image:
            lines.append(
                Text(
                    f"{self.target} serves with another image than {self.source}: deploy the same release there first",
                    "yellow",
                )
            )
        if item.state == "PendingManualApproval":
            lines.append(Text(f"next: `drawingops models approve {item.name} --env {self.target} --reason …`"))
        return Group(*lines)


def promote(source: Environment, name: str, target_name: str, reason: str) -> Promoted:
    """Copies an approved version of `source` into `target_name`; safe to repeat.

    Raises:
        OperatorError: the version is not approved, its package is not what was registered, or there is no way to
            the target.
    """
    if source.name == target_name:
        raise OperatorError(f"--to {target_name}: the version is there already; name the next environment")
    version = registry.version(source, name)
    if version.state != "Approved":
        raise OperatorError(f"{version.name} of {source.name} is {version.state}: only approved versions are promoted")
    digest = version.metadata.get("package_sha256")
    if not digest:
        raise OperatorError(f"{version.name} of {source.name} has no package_sha256: nothing to check its copy by")
    target = promotion_roles.enter(source, target_name)
    there = _earlier_copy(target, version)
    new = there is None
    if there is None:
        there = _register(target, source, version, digest, reason)
    return Promoted(
        source=source.name,
        source_version=version.name,
        target=target.name,
        version=there,
        new=new,
        same_serving_image=_build(there.image) == _build(source.names.inference_image),
    )


def _earlier_copy(target: Environment, version: ModelVersion) -> ModelVersion | None:
    for item in registry.versions(target):
        if item.metadata.get("promoted_from") == version.arn:
            return item
    return None


def _register(
    target: Environment, source: Environment, version: ModelVersion, digest: str, reason: str
) -> ModelVersion:
    prefix = f"{COPIES}/{digest[:16]}"
    package_uri = _copy(target, version.model_data_url, f"{prefix}/model.tar.gz")
    _check(target, package_uri, digest, version)
    evaluation_uri = None
    if version.evaluation_uri:
        evaluation_uri = _copy(target, version.evaluation_uri, f"{prefix}/evaluation.json")
        report = f"{version.evaluation_uri.rsplit('/', 1)[0]}/{REPORT}"
        _copy_if_there(target, report, f"{prefix}/{REPORT}")
    metadata = {
        **version.metadata,
        "lineage": _write_lineage(target, source, version, f"{prefix}/lineage.json"),
        "promoted_from": version.arn,
        "promoted_by": source.caller,
        "reason": reason,
    }
    return registry.register(
        target,
        package_uri,
        metadata,
        f"{version.name} of {source.name}, promoted",
        evaluation_uri=evaluation_uri,
    )


def _copy(target: Environment, uri: str, key: str) -> str:
    """Copies one object inside S3, encrypted with the target's key by its bucket's default; gives back its address."""
    try:
        return _copy_object(target, uri, key)
    except ClientError as error:
        raise OperatorError(
            f"{uri} cannot be copied to {target.name} ({error.response['Error']['Code']}): is it still there, and do "
            f"the policies of the source's bucket and key name {target.name}'s promotion role?"
        ) from error


def _copy_if_there(target: Environment, uri: str, key: str) -> None:
    try:
        _copy_object(target, uri, key)
    except ClientError as error:
        # Without the right to list, S3 says that an absent object is denied.
        if error.response["Error"]["Code"] not in ("NoSuchKey", "404", "AccessDenied"):
            raise


def _copy_object(target: Environment, uri: str, key: str) -> str:
    bucket, source_key = split_uri(uri)
    target.client("s3").copy_object(
        Bucket=target.names.data_bucket,
        Key=key,
        CopySource={"Bucket": bucket, "Key": source_key},
        # Of the whole object: what was uploaded in parts has a checksum of its parts' checksums.
        ChecksumAlgorithm="SHA256",
    )
    return f"s3://{target.names.data_bucket}/{key}"


def _check(target: Environment, uri: str, digest: str, version: ModelVersion) -> None:
    bucket, key = split_uri(uri)
    found = hashlib.sha256()
    for chunk in target.client("s3").get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(CHUNK):
        found.update(chunk)
    if found.hexdigest() != digest:
        raise OperatorError(
            f"{version.model_data_url} has sha256 {found.hexdigest()}, not {digest} as {version.name}: "
            f"it was changed afterwards, and nothing was registered in {target.name}"
        )


def _write_lineage(target: Environment, source: Environment, version: ModelVersion, key: str) -> str:
    earlier = lineage_record(source, version)
    record = LineageRecord(
        source=source.name,
        ancestors=lineage(source, version),
        learned=earlier.learned if earlier else learned(source, version),
    )
    bucket = target.names.data_bucket
    target.client("s3").put_object(
        Bucket=bucket, Key=key, Body=record.to_json().encode(), ContentType="application/json"
    )
    return f"s3://{bucket}/{key}"


def _build(image: str) -> str:
    """The tag or digest of an image: the CDK's tags are hashes of what an image is built from."""
    return image.rsplit("@", 1)[-1] if "@" in image else image.rsplit(":", 1)[-1]
