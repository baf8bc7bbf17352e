"""What decides a training of the embedder. Light: the standard library and pydantic only."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class EmbedderOptions(BaseModel):
    """The recipe; with the code it decides the weights, where the run is limited by steps.

    Attributes:
        seed: Of weights and batches.
        families, members, drawings: Of one batch.
        size: Side of the pictures that are trained on, pixels.
        learning_rate: Peak of AdamW's.
        weight_decay: AdamW's.
        temperature: Of the contrastive loss.
        max_steps: The run ends then.
        max_seconds: Or then, wall time; 0 for no limit.
        validation_families: Families, with three members each, that are never trained on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 1
    families: int = Field(default=16, gt=0)
    members: int = Field(default=3, gt=0, le=8)
    drawings: int = Field(default=2, gt=1)
    size: int = Field(default=160, multiple_of=32)
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=0.02, ge=0)
    temperature: float = Field(default=0.07, gt=0)
    max_steps: int = Field(default=4000, gt=0)
    max_seconds: float = Field(default=0.0, ge=0)
    validation_families: int = Field(default=40, gt=0)
