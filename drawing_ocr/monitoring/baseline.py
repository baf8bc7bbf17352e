"""What a released version was asked and answered in its first days: the measure for all days after.

Light: the standard library and pydantic only at module level.
"""

from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from drawing_ocr.monitoring.observation import Observation
from drawing_ocr.validation import first_reason


class BaselineError(ValueError):
    """A baseline that cannot be used; its text is one line with the reason."""


class Baseline(BaseModel):
    """The baseline of one deployment; written once, never changed.

    Attributes:
        deployment: Key of the successful deployment in the history.
        model_version: That it put on the endpoint.
        recorded: When this was written.
        observations: The first drawings that this version read after the deployment had succeeded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())

    schema_version: Literal[1] = Field(default=1, alias="schema")
    deployment: str
    model_version: str
    recorded: AwareDatetime
    observations: tuple[Observation, ...] = Field(min_length=1)

    @property
    def last(self) -> AwareDatetime:
        """Time of its last drawing: later ones may be compared with it."""
        return max(observation.when for observation in self.observations)

    @classmethod
    def parse(cls, content: str | bytes, *, where: str) -> Self:
        """From JSON.

        Args:
            content: JSON.
            where: Location to name in an error.

        Raises:
            BaselineError: Not this form, in one line that starts with `where`.
        """
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise BaselineError(f"{where}: {first_reason(error)}") from error

    def to_json(self) -> str:
        """The content of the file."""
        return self.model_dump_json(by_alias=True) + "\n"
