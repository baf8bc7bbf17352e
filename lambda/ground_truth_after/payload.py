"""What Ground Truth hands to the function after workers are done: a file of many objects, each with all its answers.

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-custom-templates-step3-lambda-requirements.html; the documents spell
the address of a file `s3Uri`, AWS's own samples read `s3uri`: both are understood.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from drawing_ocr.validation import first_reason
from shared import storage
from shared.errors import PlatformError

_ADDRESS = AliasChoices("s3Uri", "s3uri")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Somewhere(_Part):
    """A text, or the address of the file that holds it."""

    content: str | None = None
    s3_uri: str | None = Field(default=None, validation_alias=_ADDRESS)

    def text(self, s3: Any) -> str:
        """The text itself. Raises `PlatformError`: there is none."""
        if self.content is not None:
            return self.content
        if self.s3_uri is None:
            raise PlatformError("neither content nor s3Uri")
        return storage.read(s3, self.s3_uri).decode(errors="replace")


class Annotation(_Part):
    """What one worker submitted."""

    worker_id: str = Field(alias="workerId", min_length=1)
    data: Somewhere = Field(alias="annotationData")


class DataObject(_Part):
    """One object of the dataset, and what workers said about it."""

    id: str = Field(alias="datasetObjectId")
    source: Somewhere = Field(alias="dataObject")
    annotations: tuple[Annotation, ...]


class Payload(_Part):
    """Where the file is."""

    s3_uri: str = Field(validation_alias=_ADDRESS)


class Request(_Part):
    """The event."""

    labeling_job_arn: str = Field(alias="labelingJobArn")
    label_attribute_name: str = Field(alias="labelAttributeName")
    payload: Payload


def parse(event: Mapping[str, Any]) -> Request:
    """The event. Raises `PlatformError`: of another form."""
    try:
        return Request.model_validate(event)
    except ValidationError as error:
        raise PlatformError(f"post-annotation: the event is of no known form: {first_reason(error)}") from None


def objects(s3: Any, request: Request) -> Iterator[DataObject]:
    """The objects of the payload, each once: one that comes twice has its answers together.

    Raises:
        PlatformError: the file cannot be read, or is of another form.
    """
    uri = request.payload.s3_uri
    try:
        found = TypeAdapter(tuple[DataObject, ...]).validate_json(storage.read(s3, uri))
    except ValidationError as error:
        raise PlatformError(f"{uri}: {first_reason(error)}") from None
    together: dict[str, DataObject] = {}
    for each in found:
        before = together.get(each.id)
        annotations = (*(before.annotations if before else ()), *each.annotations)
        together[each.id] = each.model_copy(update={"annotations": annotations})
    yield from together.values()


def form_field(text: str, name: str) -> Any:
    """The value of a field of the worker's form; `crowd-form` sends them as one JSON object of texts.

    Raises:
        PlatformError: there is none of that name.
    """
    try:
        fields = json.loads(text)
        return fields[name]
    except (ValueError, KeyError, TypeError):
        raise PlatformError(f"the form has no field {name!r}: is the template the one of this version?") from None
