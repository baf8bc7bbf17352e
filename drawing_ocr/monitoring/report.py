"""`drift.json`: what was compared with what, and the verdict."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from drawing_ocr.contract import Contract
from drawing_ocr.monitoring.shift import FeatureShift, Sensitivity, score


class State(StrEnum):
    """How far the watching has come."""

    NOTHING_RELEASED = "nothing_released"  # no deployment has succeeded yet
    COLLECTING = "collecting"  # the baseline of the newest deployment is not complete
    TOO_FEW = "too_few"  # drawings since the last look, to say anything
    COMPARED = "compared"


class DriftReport(Contract):
    """One look at the endpoint.

    Attributes:
        endpoint: Its name.
        created: When.
        state: How far the watching has come.
        deployment, model_version: What answers, from the history; empty when nothing does.
        baseline_drawings: In the baseline, or collected for it so far.
        current_drawings: That were compared with it.
        unreadable: Captured requests that could not be used.
        sensitivity: When a difference is a shift.
        features: The comparison; empty unless `state` is compared.
    """

    indent = 2

    schema_version: Literal[1] = Field(default=1, alias="schema")
    endpoint: str
    created: AwareDatetime
    state: State
    deployment: str = ""
    model_version: str = ""
    baseline_drawings: int = 0
    current_drawings: int = 0
    unreadable: int = 0
    sensitivity: Sensitivity
    features: tuple[FeatureShift, ...] = ()

    @property
    def score(self) -> float:
        """The largest index of the shifted features, 0 when none is shifted."""
        return score(self.features)

    @property
    def summary(self) -> str:
        """The report in one line."""
        match self.state:
            case State.NOTHING_RELEASED:
                return f"{self.endpoint}: no deployment has succeeded yet"
            case State.COLLECTING:
                return f"{self.endpoint}: {self.baseline_drawings} drawings collected for the baseline"
            case State.TOO_FEW:
                return f"{self.endpoint}: only {self.current_drawings} new drawings"
        shifted = [each.name for each in self.features if each.shifted]
        found = f"shifted: {', '.join(shifted)}" if shifted else "nothing shifted"
        return f"{self.endpoint}: {found} ({self.current_drawings} drawings against {self.baseline_drawings})"
