"""Data capture: the share of requests and answers that SageMaker keeps for the drift job."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Capture(BaseModel):
    """What is captured, and where it goes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    percent: int
    destination_uri: str
    kms_key_arn: str

    def config(self) -> dict[str, Any]:
        """The `DataCaptureConfig` of an endpoint configuration; JSON stays readable, pictures become base64."""
        return {
            "EnableCapture": True,
            "InitialSamplingPercentage": self.percent,
            "DestinationS3Uri": self.destination_uri,
            "KmsKeyId": self.kms_key_arn,
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        }
