"""What one may choose about a training run."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TrainingOptions(BaseModel):
    """The recipe's numbers, with the ranges in which they make sense.

    Attributes:
        target: Part of the reader that is trained; the other travels unchanged.
        learning_rate: Peak rate of backbone and encoder.
        head_learning_rate: Peak rate of the classifier. A low rate alone never learns characters that it has not seen.
        epochs: Times that every line is seen.
        max_seconds: Training ends after this long, whatever the epochs say; the learning rate is planned for it.
            0: no limit.
        max_steps: Training ends after so many steps of every process, whatever the epochs say; the learning rate is
            planned for it. A slow machine trains the same model as a fast one, which no limit of time gives. 0: none.
        batch_size: Lines in a step of one process, drawn ones included.
        freeze_backbone: Train encoder and classifier only: three times as fast, learns less.
        seed: Of order, augmentation and drawn lines.
        processes: Trained at the same time, each on its share of the lines with its own order; their weights are
            averaged at the end. 0: one a core on CPU up to 4; a GPU always takes one.
        warmup_ratio: Share of the run in which the learning rate rises.
        early_stop_patience: Validations in a row no better than the best so far, the base model's at first, after
            which a process stops. 0: never.
        checkpoint_seconds: Training time between two checkpoints: what a kill may cost.
        new_row_steps: Steps in which the classifier's rows of characters that the base does not find are fitted alone,
            before the training. 0: never.
        synthetic_ratio: Share of every batch that is drawn anew from `drawing_ocr.synthesis.line`.
        drawn_dimensions: Share of the drawn lines that are dimensions; the others are signs and words. Labelled sheets
            bring dimensions in plenty.
        max_regression_drop: Share of the regression set that may be lost. Weights go back towards those before the
            training, new rows fitted, until half of it is held on the guard's lines, so that chance on the lines that
            training never sees refuses no version.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: Literal["recogniser"] = "recogniser"
    learning_rate: float = Field(default=1e-4, gt=0, le=0.1)
    head_learning_rate: float = Field(default=1e-3, gt=0, le=0.1)
    epochs: int = Field(default=10, ge=1, le=1000)
    max_seconds: float = Field(default=0, ge=0, le=432_000)
    max_steps: int = Field(default=0, ge=0, le=10_000_000)
    batch_size: int = Field(default=32, ge=1, le=1024)
    freeze_backbone: bool = False
    seed: int = Field(default=0, ge=0, lt=2**31)
    processes: int = Field(default=0, ge=0, le=64)
    warmup_ratio: float = Field(default=0.1, ge=0, lt=1)
    early_stop_patience: int = Field(default=5, ge=0, le=1000)
    checkpoint_seconds: float = Field(default=60, ge=0, le=86_400)
    new_row_steps: int = Field(default=300, ge=0, le=10_000)
    synthetic_ratio: float = Field(default=0.375, ge=0, lt=1)
    drawn_dimensions: float = Field(default=0.15, ge=0, le=1)
    max_regression_drop: float = Field(default=0.01, ge=0, le=1)
