"""What a reader's confidence is worth: a map from what its network says to how often such lines are read exactly.

Beta calibration (Kull, Silva Filho and Flach, AISTATS 2017): three numbers, rising, and able to be anything from no
change to a scale that is pulled together at one end only. A network is sure of lines that it reads wrongly: as drawn
sheets show it, of lines that it calls .95 three in four are right.

Light: the standard library and pydantic only.
"""

from __future__ import annotations

import math
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

# Means of probabilities close to 0 and 1 have no more digits than that.
LEAST: Final = 1e-5


class Calibration(BaseModel):
    """P(line is right) = σ(right · ln c − wrong · ln(1 − c) + offset) of a confidence c.

    Attributes:
        right, wrong: How much the two ends of the scale count; not negative, so that a surer line stays the surer one.
            1, 1 and an offset of 0 change nothing.
        offset: In logits.
        lines: That it was fitted on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    right: float = Field(default=1.0, ge=0)
    wrong: float = Field(default=1.0, ge=0)
    offset: float = 0.0
    lines: int = Field(default=0, ge=0)

    def __call__(self, confidence: float) -> float:
        """The probability, 0 to 1, that a line of this confidence is read exactly."""
        clipped = min(max(confidence, LEAST), 1 - LEAST)
        logit = self.right * math.log(clipped) - self.wrong * math.log(1 - clipped) + self.offset
        return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))
