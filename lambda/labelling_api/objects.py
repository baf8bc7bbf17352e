"""The objects of the labelling bucket that the API reads, writes and signs addresses for."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from shared import storage
from shared.labelling_places import Places
from shared.refusal import Refused

MISSING = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchVersion"})


@dataclass(frozen=True)
class Objects:
    """The labelling bucket.

    Attributes:
        s3: client whose signed addresses browsers can reach.
        bucket: its name.
        url_seconds: how long a signed address works.
    """

    s3: Any
    bucket: str
    url_seconds: int

    def json(self, key: str) -> Any | None:
        """The JSON at `key`; None where nothing is."""
        try:
            return json.loads(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None
            raise

    def write(self, key: str, text: str) -> str:
        """Writes JSON and gives its version id."""
        written = self.s3.put_object(
            Bucket=self.bucket, Key=key, Body=text.encode(), ContentType="application/json; charset=utf-8"
        )
        return str(written.get("VersionId", ""))

    def pyramid_key(self, job: str, uri: str) -> str:
        """The key of a pyramid, which must be the job's own: nothing else is ever signed.

        Raises:
            Refused: the task names something else.
        """
        bucket, key = storage.split_uri(uri)
        if bucket != self.bucket or not key.startswith(f"{Places(job).root}pyramids/") or ".." in key:
            raise Refused(403, "foreign_address", f"{uri} is no picture of job {job}: the task must be made anew")
        return key

    def is_there(self, key: str) -> bool:
        """Whether the bucket holds `key`."""
        try:
            self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return False
            raise
        return True

    def sign(self, key: str) -> str:
        """An address from which anybody who has it reads `key` for `url_seconds`."""
        return str(
            self.s3.generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=self.url_seconds
            )
        )
