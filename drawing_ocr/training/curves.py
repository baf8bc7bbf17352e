"""Loss, learning rate and accuracy of a run as one picture."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib

from drawing_ocr.atomic_write import write_atomically

if TYPE_CHECKING:
    from drawing_ocr.training.recogniser import TrainingResult

matplotlib.use("Agg")

from matplotlib.figure import Figure  # after the backend is chosen

_LABELS = {"val": "validation", "regression": "regression"}


def draw_curves(result: TrainingResult, path: Path) -> None:
    """Writes a PNG: loss and learning rate by step of every process; exact match before, by epoch and after."""
    figure = Figure(figsize=(10, 4), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2)
    for number, state in enumerate(result.processes):
        steps = [entry["step"] for entry in state.losses]
        left.plot(steps, [entry["loss"] for entry in state.losses], label=f"loss, process {number}")
    rates = left.twinx()
    first = result.processes[0].losses
    rates.plot([entry["step"] for entry in first], [entry["lr"] for entry in first], color="0.7", label="learning rate")
    left.set(xlabel="step", ylabel="CTC loss")
    rates.set(ylabel="learning rate")
    left.legend(loc="upper right")

    history = result.processes[0].history
    last = max(1, *(state.epoch + bool(state.batch) for state in result.processes))
    for name, label in _LABELS.items():
        if name not in result.trained:
            continue
        epochs = [0.0, *(entry["epoch"] for entry in history), float(last)]
        middle = [entry.get(f"{name}_exact", float("nan")) for entry in history]
        right.plot(epochs, [result.base[name].exact, *middle, result.trained[name].exact], marker="o", label=label)
    right.set(xlabel="epoch (0: base model, last: averaged processes)", ylabel="exact match", ylim=(0, 1.02))
    right.grid(alpha=0.3)
    right.legend(loc="lower right")

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_atomically(path, buffer.getvalue())
