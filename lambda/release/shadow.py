"""The check before traffic: the new version answers a fixed set of drawings on a machine of its own.

A temporary endpoint with one instance of the same type, image, model and role. Nobody but this check asks it.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from drawing_ocr.reading.result import ReadingResult
from release.endpoint import Endpoint
from shared.registry import ModelVersion

DRAWINGS = Path(__file__).parent / "drawings"


class Unfit(Exception):
    """The version must not get traffic; the text says what it did wrong."""


@dataclass(frozen=True)
class Shadow:
    """The temporary endpoint.

    Attributes:
        endpoint: the endpoint whose settings it shares.
        runtime: client of `sagemaker-runtime`; it must not repeat requests.
    """

    endpoint: Endpoint
    runtime: Any

    @property
    def name(self) -> str:
        """Of the temporary endpoint."""
        return self.endpoint.settings.shadow_name

    def ready(self, version: ModelVersion) -> bool:
        """Whether it answers with `version`; starts it where nothing does.

        Raises:
            Unfit: it did not start.
        """
        config = self.endpoint.shadow_config_name(version)
        state = self.endpoint.state(self.name)
        if state is None:
            self.endpoint.prepare_shadow(version)
            self.endpoint.sagemaker.create_endpoint(EndpointName=self.name, EndpointConfigName=config)
            return False
        if state.changing:
            return False
        if state.config != config:  # left behind by a workflow that was killed
            self.remove()
            return False
        if state.status != "InService":
            raise Unfit(f"it did not start: {state.failure or state.status}")
        return True

    def check(self, version: ModelVersion) -> str:
        """Has the drawings read and gives back one line about it.

        Raises:
            Unfit: an answer failed, had another form or came too late.
        """
        pictures = [(path.name, path.read_bytes()) for path in sorted(DRAWINGS.glob("*.png"))]
        limit = self.endpoint.settings.latency_limit_ms / 1000
        slowest = 0.0
        for name, picture in pictures:
            seconds = self._ask(version, name, picture)
            if seconds > limit:
                raise Unfit(f"{name} took {seconds:.1f} s, at most {limit:.1f} s are allowed")
            slowest = max(slowest, seconds)
        return f"{len(pictures)} drawings read, the slowest in {slowest:.1f} s"

    def remove(self) -> None:
        """Deletes the temporary endpoint and its configuration, where they are there and can be deleted now."""
        state = self.endpoint.state(self.name)
        if state is None or state.changing:
            return
        self.endpoint.sagemaker.delete_endpoint(EndpointName=self.name)
        self.endpoint.sagemaker.delete_endpoint_config(EndpointConfigName=state.config)

    def _ask(self, version: ModelVersion, name: str, picture: bytes) -> float:
        """Seconds until the whole answer, which has the right form and comes from `version`."""
        started = time.monotonic()
        try:
            answer = self.runtime.invoke_endpoint(
                EndpointName=self.name, ContentType="image/png", Accept="application/json", Body=picture
            )
            body = answer["Body"].read()
        except ClientError as error:
            # SageMaker's own sentence ends with a long address of its console.
            said = error.response.get("OriginalMessage") or error.response["Error"]["Message"]
            raise Unfit(f"{name}: it answered with an error: {str(said)[:300]}") from error
        except BotoCoreError as error:
            raise Unfit(f"{name}: no answer: {error}") from error
        seconds = time.monotonic() - started
        content_type = str(answer.get("ContentType", "")).partition(";")[0]
        if content_type != "application/json":
            raise Unfit(f"{name}: it answered with {content_type or 'no type'}, not application/json")
        _expect_reading(name, body, str(version.number))
        return seconds


def _expect_reading(name: str, body: bytes, version: str) -> None:
    try:
        document = json.loads(body)
        if not isinstance(document, dict) or "predictions" not in document:
            raise Unfit(f"{name}: the answer has no predictions")
        reading = ReadingResult.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise Unfit(f"{name}: the answer's {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except ValueError as error:
        raise Unfit(f"{name}: the answer is no JSON: {error}") from None
    if reading.model.version != version:
        raise Unfit(f"{name}: version {reading.model.version} answered, not {version}")
    if not reading.predictions:
        raise Unfit(f"{name}: it read nothing")
