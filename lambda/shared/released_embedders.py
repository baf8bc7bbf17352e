"""Which embedders approvals brought, beside those that the settings name: one object in the bucket, one writer."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from shared.drawings import MISSING
from shared.embedding import Embedder

KEY = "monitoring/search/embedders.json"
_FRESH_SECONDS = 15.0


class ReleasedEmbedder(BaseModel):
    """One of them.

    Attributes:
        endpoint: what embeds.
        model: `name/version`.
        version_arn: of the model package.
        searched: whether searches were moved to its index once; then it is for people to move them.
        retiring: no index is kept for it any more, and it is being removed once nobody searches with it.
    """

    model_config = ConfigDict(frozen=True)

    endpoint: str
    model: str
    version_arn: str
    searched: bool = False
    retiring: bool = False


@dataclass(frozen=True)
class ReleasedEmbedders:
    """The object.

    Attributes:
        s3: client.
        bucket: its bucket.
    """

    s3: Any
    bucket: str

    def read(self) -> tuple[ReleasedEmbedder, ...]:
        """All, the oldest first."""
        try:
            found = self.s3.get_object(Bucket=self.bucket, Key=KEY)
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return ()
            raise
        return tuple(ReleasedEmbedder.model_validate(item) for item in json.loads(found["Body"].read())["embedders"])

    def write(self, embedders: Sequence[ReleasedEmbedder]) -> None:
        """Replaces all."""
        content = json.dumps({"embedders": [each.model_dump() for each in embedders]})
        self.s3.put_object(Bucket=self.bucket, Key=KEY, Body=content.encode(), ContentType="application/json")

    def kept(self, runtime: Any, configured: str) -> list[Embedder]:
        """All that an index is kept for.

        Args:
            runtime: client of SageMaker's runtime.
            configured: names of the endpoints that the settings name, with commas between.
        """
        return _embedders(runtime, configured, (each for each in self.read() if not each.retiring))

    def searched(self, runtime: Any, configured: str, *, lately: bool) -> list[Embedder]:
        """All whose index may be searched: those that are on their way out too, until searches have moved.

        Args:
            runtime, configured: as above.
            lately: as it was some seconds ago: a search does not wait for the object every time.
        """
        known = _read_lately(self, int(time.monotonic() // _FRESH_SECONDS)) if lately else self.read()
        return _embedders(runtime, configured, known)


def _embedders(runtime: Any, configured: str, released: Iterable[ReleasedEmbedder]) -> list[Embedder]:
    named = [Embedder(runtime, name) for name in configured.split(",")]
    return [*named, *(Embedder(runtime, each.endpoint, each.model) for each in released)]


@lru_cache(maxsize=1)
def _read_lately(released: ReleasedEmbedders, _: int) -> tuple[ReleasedEmbedder, ...]:
    return released.read()
