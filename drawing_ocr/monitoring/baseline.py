"""What a released version was asked and answered in its first days: the measure for all days after.

Light: the standard library and pydantic only at module level.
"""

from typing import Literal

from pydantic import AwareDatetime, Field

from drawing_ocr.contract import Contract
from drawing_ocr.monitoring.observation import Observation


class BaselineError(ValueError):
    """A baseline that cannot be used; its text is one line with the reason."""


class Baseline(Contract):
    """The baseline of one deployment; written once, never changed.

    Attributes:
        deployment: Key of the successful deployment in the history.
        model_version: That it put on the endpoint.
        recorded: When this was written.
        observations: The first drawings that this version read after the deployment had succeeded.
    """

    fault = BaselineError

    schema_version: Literal[1] = Field(default=1, alias="schema")
    deployment: str
    model_version: str
    recorded: AwareDatetime
    observations: tuple[Observation, ...] = Field(min_length=1)

    @property
    def last(self) -> AwareDatetime:
        """Time of its last drawing: later ones may be compared with it."""
        return max(observation.when for observation in self.observations)
