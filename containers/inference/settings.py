"""What the environment says about serving: SageMaker's variables and a few of our own, read once at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drawing_ocr.reading.session import accelerated

_MEGABYTE = 1_000_000
_GPU_BATCH = 32
# What a batch transform job that sets no limit of its own (0) may send; the server has to hold a body in memory.
_UNLIMITED_MEGABYTES = 500


class SettingsError(ValueError):
    """A variable of the environment has a value that cannot be used; one line."""


class ServingSettings(BaseModel):
    """How the server reads, waits and refuses. Field aliases are the environment's names.

    Attributes:
        base: SageMaker's file tree; the unpacked model package is in its `model/`.
        port: Where to listen; SageMaker sets it on hosts with several containers.
        workers: Drawings that are read at the same time.
        threads: Threads inside one reading; workers x threads should not exceed the cores.
        batch: Lines of one or several requests in one call of the recogniser: 1 on a CPU, where a line alone is
            fastest, 32 on a GPU (docs/serving.md).
        queue: Requests that may wait for a worker; more are refused with 429.
        deadline: Seconds from a request's arrival to its answer, unless it asks for less; SageMaker gives up after 60.
        payload_megabytes: Largest body; 25 MB is what SageMaker lets through in real time. A batch transform job says
            its own value, 0 for no limit.
        errors_as_answers: Whether a drawing that cannot be read is answered with 200 and the reason. A batch transform
            job keeps no answer of another status: it fails as a whole and the reasons are lost.
        megapixels: Largest page.
        pages: Most pages of a file.
        drain: Seconds that running requests get after SIGTERM; SageMaker kills after 30.
        served: What the server does: read texts, or embed.
        model_version: The registry's version of the package, told by whoever made the endpoint.
    """

    model_config = ConfigDict(frozen=True)

    base: Path = Field(default=Path("/opt/ml"), alias="SAGEMAKER_BASE_DIR")
    port: int = Field(default=8080, gt=0, lt=65536, alias="SAGEMAKER_BIND_TO_PORT")
    workers: int = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)), gt=0, le=256, alias="SAGEMAKER_MODEL_SERVER_WORKERS"
    )
    threads: int = Field(default=1, gt=0, le=256, alias="READING_THREADS")
    batch: int = Field(default_factory=lambda: _GPU_BATCH if accelerated() else 1, gt=0, le=256, alias="READING_BATCH")
    queue: int = Field(default=16, ge=0, le=10_000, alias="READING_QUEUE")
    deadline: float = Field(default=55.0, gt=0, le=3600, alias="SAGEMAKER_MODEL_SERVER_TIMEOUT")
    payload_megabytes: int = Field(default=25, ge=0, le=1000, alias="SAGEMAKER_MAX_PAYLOAD_IN_MB")
    errors_as_answers: bool = Field(default=False, alias="READING_ERRORS_AS_ANSWERS")
    megapixels: int = Field(default=300, gt=0, le=2000, alias="READING_MAX_MEGAPIXELS")
    pages: int = Field(default=100, gt=0, le=10_000, alias="READING_MAX_PAGES")
    drain: int = Field(default=28, ge=0, le=3600, alias="READING_DRAIN_SECONDS")
    served: Literal["reader", "embedder"] = Field(default="reader", alias="SERVED_MODEL")
    model_version: str | None = Field(default=None, alias="MODEL_PACKAGE_VERSION")

    @property
    def payload_bytes(self) -> int:
        return (self.payload_megabytes or _UNLIMITED_MEGABYTES) * _MEGABYTE

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Reads the variables.

        Raises:
            SettingsError: one of them cannot be used.
        """
        names = {field.alias for field in cls.model_fields.values()}
        try:
            return cls.model_validate({name: value for name, value in environment.items() if name in names and value})
        except ValidationError as error:
            first = error.errors()[0]
            name = first["loc"][0]
            raise SettingsError(
                f"environment variable {name}={first['input']!r}: {first['msg']}: correct it"
            ) from error
