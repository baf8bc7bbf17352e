"""Reading one box again: the crop of a person's box goes to the endpoint that serves."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from drawing_ocr.reading.result import ReadingResult
from shared.refusal import Refused

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Reader:
    """The reading endpoint.

    Attributes:
        runtime: client of SageMaker's runtime.
        endpoint_name: what is asked.
    """

    runtime: Any
    endpoint_name: str

    def read(self, crop: str) -> dict[str, Any]:
        """What stands on the crop.

        Args:
            crop: PNG in base64, one rectified text.

        Raises:
            Refused: it is no such picture, or nobody can read it now.
        """
        try:
            picture = base64.b64decode(crop, validate=True)
        except (binascii.Error, ValueError):
            picture = b""
        if not picture.startswith(PNG):
            raise Refused(400, "bad_crop", "the crop is no PNG in base64: reload the page")
        result = self._ask(picture)
        # One text in one box: pieces that the detector made of it are put together again, from left to right.
        pieces = sorted(result.predictions, key=lambda piece: min(x for x, _ in piece.box))
        return {
            "text": " ".join(piece.text for piece in pieces),
            "confidence": min((piece.confidence for piece in pieces), default=0.0),
        }

    def _ask(self, picture: bytes) -> ReadingResult:
        try:
            answer = self.runtime.invoke_endpoint(
                EndpointName=self.endpoint_name, ContentType="image/png", Accept="application/json", Body=picture
            )
        except ClientError as error:
            status = error.response.get("OriginalStatusCode", 0)
            if error.response["Error"]["Code"] == "ModelError" and 400 <= status < 500 and status != 429:
                raise Refused(400, "bad_crop", "the reader cannot use this crop: draw the box anew") from error
            raise self._unavailable() from error
        except BotoCoreError as error:
            raise self._unavailable() from error
        return ReadingResult.model_validate(json.loads(answer["Body"].read()))

    def _unavailable(self) -> Refused:
        return Refused(503, "reader_unavailable", "no version of the reader answers now: type the text, or try later")
