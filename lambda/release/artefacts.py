"""What of a version exists in the account, what of it is still needed, and removing the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from release.endpoint import Endpoint, version_of
from release.entry import Entry
from shared import registry, storage
from shared.errors import PlatformError


def kept_configs(history: Iterable[Entry], live: str, *, keep: int) -> set[str]:
    """Configurations that stay: the one that answers, those under way, those of the last `keep` versions that served.

    Going back to one of these needs nothing to be made anew.
    """
    served = [live]
    under_way: set[str] = set()
    for entry in history:
        if entry.open and entry.endpoint_config:
            under_way.add(entry.endpoint_config)
        if entry.status == "SUCCEEDED" and entry.endpoint_config and entry.endpoint_config not in served:
            served.append(entry.endpoint_config)
    return {*under_way, *served[:keep]}


def refuse_if_needed(
    version: registry.ModelVersion,
    *,
    live: int | None,
    history: Sequence[Entry],
    versions: Iterable[registry.ModelVersion],
    keep: int,
) -> None:
    """Raises PlatformError with the reason for which `version` must stay.

    Args:
        version: the one to remove.
        live: number of the version that answers.
        history: the entries, newest first.
        versions: all versions of the group.
        keep: so many of the last versions that served stay, to go back to.
    """
    number = str(version.number)
    if version.number == live:
        raise PlatformError(f"{version.name} serves now: release another version first")
    for entry in history:
        if entry.open and number in (entry.to_version, entry.from_version):
            raise PlatformError(f"{version.name} is part of deployment {entry.deployment}, which is under way")
    served = list(
        dict.fromkeys(entry.to_version for entry in history if entry.status == "SUCCEEDED" and entry.to_version)
    )
    if number in served[:keep]:
        raise PlatformError(f"{version.name} is one of the last {keep} versions that served: a rollback may need it")
    for other in versions:
        if other.metadata.get("parent") == version.arn:
            raise PlatformError(f"{other.name} learned from {version.name}: its lineage would break; remove it first")
    if version.approved:
        raise PlatformError(f"{version.name} is Approved and may be released at any time: reject it first")


@dataclass(frozen=True)
class Remover:
    """Deletes everything of one version. Each part may be gone already."""

    sagemaker: Any
    s3: Any
    endpoint: Endpoint

    def remove(self, version: registry.ModelVersion, versions: Iterable[registry.ModelVersion]) -> str:
        """Deletes configurations, models, model.tar.gz and at last the model package; one line about it.

        The package goes last: as long as it is there, a removal that was interrupted can be repeated.
        """
        configs = [name for name in self.endpoint.configs() if version_of(name) == version.number]
        for name in configs:
            self.endpoint.remove_config(name)
        shared = [
            other.name
            for other in versions
            if other.arn != version.arn and other.model_data_url == version.model_data_url
        ]
        objects = 0 if shared else self._remove_object(version.model_data_url)
        self.sagemaker.delete_model_package(ModelPackageName=version.arn)
        data = f"its data stays, {', '.join(shared)} uses it" if shared else f"{objects} object versions"
        return f"{version.name} was removed: model package, {len(configs)} endpoint configs, {data}"

    def _remove_object(self, uri: str) -> int:
        """Deletes every version of the object; a delete marker alone would free nothing."""
        bucket, key = storage.split_uri(uri)
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
        found = [
            item["VersionId"]
            for page in pages
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if item["Key"] == key
        ]
        for version_id in found:
            self.s3.delete_object(Bucket=bucket, Key=key, VersionId=version_id)
        return len(found)
