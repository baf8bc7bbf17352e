"""The newest approved embedder gets an endpoint and an index, and searches move to it once the index is complete.

Every call looks at what there is and does the next step, so a doubled, late or lost event and a kill do no harm. Only
this function writes the list of released embedders, and it runs once at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from release_embedder.endpoints import EmbedderEndpoints
from shared import registry
from shared.errors import PlatformError
from shared.registry import ModelVersion
from shared.released_embedders import ReleasedEmbedder, ReleasedEmbedders

MODEL = "embedder"  # metadata of a version: `name/version` of its vectors
SHIPPED_RUN = "shipped"  # `run_id` of the version that comes with this software


class Progress(BaseModel):
    """How far the release is.

    Attributes:
        state: `nothing_approved`, `starting` (its endpoint), `filling` (its index), `swapped` (just now), `serving`.
        version: the newest approved one.
        model: whose vectors it gives.
        left: drawings that its index lacks, as far as they were counted.
    """

    model_config = ConfigDict(frozen=True)

    state: Literal["nothing_approved", "starting", "filling", "swapped", "serving"]
    version: str = ""
    model: str = ""
    left: int = 0


@dataclass(frozen=True)
class EmbedderRelease:
    """One model package group of embedders.

    Attributes:
        sagemaker: client.
        group: of the versions.
        endpoints: of released versions.
        released: the list of them.
        has_shipped: whether the settings name the shipped embedder, which then has an endpoint.
        ask: hands an order to the function that keeps the indexes (lambda/reconcile_index).
        waiting: how many changes the queue of drawings holds.
    """

    sagemaker: Any
    group: str
    endpoints: EmbedderEndpoints
    released: ReleasedEmbedders
    has_shipped: bool
    ask: Callable[[dict[str, Any]], dict[str, Any]]
    waiting: Callable[[], int]

    def advance(self) -> Progress:
        """Does what is next.

        Raises:
            PlatformError: the endpoint of the version failed, or the indexes cannot be asked.
        """
        approved = list(registry.newest_first(self.sagemaker, self.group))
        moved = self._give_up_rejected(approved)
        if not approved:
            return Progress(state="nothing_approved")
        wanted = moved or approved[0]
        told = {"version": wanted.name, "model": _model(wanted)}
        if moved:
            return Progress(state="swapped", **told)
        if self._has_endpoint_of_settings(wanted):
            return Progress(state="serving", **told)
        if not self._is_in_service(wanted):
            return Progress(state="starting", **told)
        if self._listed(wanted).searched:
            return Progress(state="serving", **told)
        if left := self._left():
            return Progress(state="filling", left=left, **told)
        self._move_to(wanted, incomplete=False)
        return Progress(state="swapped", **told)

    def _give_up_rejected(self, approved: list[ModelVersion]) -> ModelVersion | None:
        """Removes what is approved no longer; gives back the version that searches had to move to, None = none had to.

        First no index is kept for it, so that one that does not answer cannot stand in the way of leaving it; searches
        ask it until they are moved. Only then it is removed: a search that began before begins again.
        """
        self._retire([each for each in self.released.read() if self._is_rejected(each)])
        retiring = [each for each in self.released.read() if each.retiring]
        if not retiring:
            return None
        indexes = self.ask({"action": "status"})["indexes"]
        gone = {each.model for each in retiring}
        moved = None
        if any(each["searched"] and each["model"] in gone for each in indexes):
            there = {each["model"] for each in indexes}
            moved = next((version for version in approved if _model(version) in there - gone), None)
            if moved is None:
                raise PlatformError(
                    f"{', '.join(sorted(gone))} was rejected and is searched, and no approved version has an index: "
                    "approve one"
                )
            self._move_to(moved, incomplete=True)
        for each in retiring:
            self._remove(each)
        return moved

    def _has_endpoint_of_settings(self, version: ModelVersion) -> bool:
        return self.has_shipped and version.metadata.get("run_id") == SHIPPED_RUN

    def _is_in_service(self, version: ModelVersion) -> bool:
        """Whether the version's endpoint answers; makes it where there is none."""
        name = self.endpoints.name(version)
        status = self.endpoints.status(name)
        if status is None:
            self.endpoints.create(version)
        if status == "Failed":
            raise PlatformError(f"endpoint {name} failed: reject {version.name}, or delete the endpoint to try again")
        return status == "InService"

    def _listed(self, version: ModelVersion) -> ReleasedEmbedder:
        """The version in the list, put there where it is new: from now on an index is kept for it."""
        known = self.released.read()
        for each in known:
            if each.version_arn == version.arn:
                return each
        own = ReleasedEmbedder(endpoint=self.endpoints.name(version), model=_model(version), version_arn=version.arn)
        self.released.write([*known, own])
        return own

    def _is_rejected(self, embedder: ReleasedEmbedder) -> bool:
        version = registry.find(self.sagemaker, embedder.version_arn)
        return version is None or not version.approved

    def _left(self) -> int:
        """Drawings in which an index differs from the bucket; orders them to be indexed, unless that is under way."""
        if waiting := self.waiting():
            return waiting
        found = self.ask({"action": "reconcile", "requested_by": "release of an embedder"})
        return int(found["missing"]) + int(found["stale"]) + int(found["orphans"])

    def _move_to(self, version: ModelVersion, *, incomplete: bool) -> None:
        """Lets searches ask the version's index; what is neither searched nor searched before is given up next."""
        indexes = self.ask({"action": "status"})["indexes"]
        own = [each for each in indexes if each["model"] == _model(version)]
        # While a back-fill makes the index anew there are two; the fuller one is whole.
        index = max(own, key=lambda each: int(each["drawings"]))["name"]
        order = {"action": "swap", "index": index, "incomplete": incomplete, "requested_by": "release of an embedder"}
        previous = self.ask(order)["previous"]
        needed = {_model(version), *(each["model"] for each in indexes if each["name"] == previous)}
        self._change(lambda each: {"searched": True} if each.version_arn == version.arn else {})
        self._retire([each for each in self.released.read() if each.model not in needed])

    def _retire(self, embedders: list[ReleasedEmbedder]) -> None:
        gone = {each.version_arn for each in embedders if not each.retiring}
        if gone:
            self._change(lambda each: {"retiring": True} if each.version_arn in gone else {})

    def _remove(self, embedder: ReleasedEmbedder) -> None:
        """Its indexes, its endpoint, and last its place in the list: killed in between, it is removed again."""
        for each in self.ask({"action": "status"})["indexes"]:
            if each["model"] == embedder.model:
                self.ask({"action": "drop", "index": each["name"]})
        self.endpoints.remove(embedder.endpoint)
        self.released.write([each for each in self.released.read() if each.version_arn != embedder.version_arn])

    def _change(self, update: Callable[[ReleasedEmbedder], dict[str, Any]]) -> None:
        self.released.write([each.model_copy(update=update(each)) for each in self.released.read()])


def _model(version: ModelVersion) -> str:
    model = version.metadata.get(MODEL, "")
    if not model:
        raise PlatformError(f"{version.arn} does not say whose vectors it gives: it is no embedder")
    return model
