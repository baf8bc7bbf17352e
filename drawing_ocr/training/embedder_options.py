"""What decides a training of the embedder. Light: the standard library and pydantic only."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class EmbedderOptions(BaseModel):
    """The recipe; with the code it decides the weights, where the run is limited by steps.

    Attributes:
        seed: Of weights and batches.
        families, members, drawings: Of one batch.
        kinds: Of parts, that the families of a batch are of; 0 leaves it to chance.
        sizes: Sides of the pictures in pixels, each for an equal part of the run: small ones first are cheaper
            (progressive resizing); the last is the one to embed at.
        learning_rate: Peak of AdamW's.
        weight_decay: AdamW's.
        temperature: Of the contrastive loss.
        max_steps: The run ends then.
        max_seconds: Or then, wall time; 0 for no limit.
        validation_families: Families, with three members each, that are never trained on.
        whitening_batches: From which the exported network's whitening is learned.
        replay_ratio: Share of families in a batch; the rest are a customer's own drawings.
        base: SHA-256 of the network that the run goes on from; "" = it begins from nothing.
        drawings_digest: Of the own drawings that are learned from; "" = none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 1
    families: int = Field(default=12, gt=0)
    members: int = Field(default=4, gt=0, le=8)
    drawings: int = Field(default=2, gt=1)
    kinds: int = Field(default=5, ge=0, le=10)
    sizes: tuple[Annotated[int, Field(gt=0, multiple_of=32)], ...] = Field(default=(96, 128, 160), min_length=1)
    learning_rate: float = Field(default=2e-3, gt=0)
    weight_decay: float = Field(default=0.02, ge=0)
    temperature: float = Field(default=0.05, gt=0)
    max_steps: int = Field(default=4000, gt=0)
    max_seconds: float = Field(default=0.0, ge=0)
    validation_families: int = Field(default=40, gt=0)
    whitening_batches: int = Field(default=32, gt=0)
    replay_ratio: float = Field(default=1.0, ge=0, le=1)
    base: str = ""
    drawings_digest: str = ""
