"""The reading endpoint, asked for all text of a drawing."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from drawing_ocr.reading.result import ReadingResult


@dataclass(frozen=True)
class DrawingReader:
    """The endpoint that reads.

    Attributes:
        runtime: client of SageMaker's runtime.
        endpoint_name: what is asked.
    """

    runtime: Any
    endpoint_name: str

    def read(self, picture: bytes) -> ReadingResult | None:
        """What stands on a drawing; None where nobody can read it now: it is still found by its shape."""
        try:
            answer = self.runtime.invoke_endpoint(
                EndpointName=self.endpoint_name,
                ContentType="application/octet-stream",
                Accept="application/json",
                Body=picture,
            )
            return ReadingResult.model_validate_json(answer["Body"].read())
        except (ClientError, BotoCoreError, ValidationError):
            return None
