"""Trains the embedder: `python -m drawing_ocr.training.embedder` from nothing, on families of drawn parts.

`embedder_tuning` goes on from a version with a customer's own drawings among them.

A run goes on where it was interrupted: the checkpoint is a minute old at most, and a batch is decided by its number.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import paddle
import typer

from drawing_ocr.models.embedder import Embedder
from drawing_ocr.search.metrics import Retrieval, evaluate
from drawing_ocr.training.contrastive import contrastive_loss
from drawing_ocr.training.embedder_batches import BatchPlan, draw_batch
from drawing_ocr.training.embedder_checkpoint import (
    CHECKPOINT_NAME,
    WEIGHTS_NAME,
    EmbedderCheckpoint,
    EmbedderState,
    load,
    mean_map,
    save,
)
from drawing_ocr.training.embedder_options import EmbedderOptions
from drawing_ocr.training.schedule import progress, rate

_WARMUP: Final = 0.05
_LOG_STEPS: Final = 10
_VALIDATION_SEED: Final = 9_000_000
_GRADIENT_NORM: Final = 5.0

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]
Draw = Callable[[int, BatchPlan], Batch]


class Training:
    """A run in a folder: `checkpoint.pdparams`, and `weights.pdparams` of the best validation.

    Args:
        folder: Of the run.
        options: With which it is begun.
        network: That it goes on from, which then is the first best; None begins from nothing.
        draw: Gives the batch of a number; None draws families.
        held_out: What else validates beside families, by name; the mean of all decides which weights are best.
    """

    def __init__(
        self,
        folder: Path,
        options: EmbedderOptions,
        *,
        network: Embedder | None = None,
        draw: Draw | None = None,
        held_out: Mapping[str, Batch] | None = None,
    ) -> None:
        self._folder, self._options = folder, options
        self._draw = draw or (lambda number, plan: draw_batch(options.seed, number, plan))
        paddle.seed(options.seed)
        self._has_base = network is not None
        self.network = network or Embedder()
        self._optimiser = paddle.optimizer.AdamW(
            options.learning_rate,
            parameters=self.network.parameters(),
            weight_decay=options.weight_decay,
            grad_clip=paddle.nn.ClipGradByGlobalNorm(_GRADIENT_NORM),
        )
        self.state = EmbedderState(options=options)
        before = load(folder / CHECKPOINT_NAME, options)
        if before is not None:
            self.state = before.state
            self.network.set_state_dict(before.weights)
            self._optimiser.set_state_dict(before.optimiser)
            print(f"continues from step {self.state.step}", flush=True)
        families = BatchPlan(options.validation_families, 3, 2, options.sizes[-1])
        self._held_out = {"": draw_batch(_VALIDATION_SEED + options.seed, 0, families), **(held_out or {})}

    def run(
        self, *, checkpoint_seconds: float, validation_seconds: float, stopped: Callable[[], bool] = lambda: False
    ) -> bool:
        """Trains to the end of the run; prints loss and retrieval.

        Args:
            checkpoint_seconds, validation_seconds: Between two.
            stopped: Whether to end before, with a checkpoint from which the same run goes on.

        Returns:
            Whether the run has ended.
        """
        options, state = self._options, self.state
        if self._has_base and not state.history:
            self.validate()
        begun, before = time.monotonic(), state.seconds
        saved = validated = begun
        for pictures, labels in self._batches():
            over = self._over()
            if over >= 1.0:
                break
            if stopped():
                self.save()
                return False
            self._optimiser.set_lr(options.learning_rate * rate(over, warmup=_WARMUP))
            loss = self.step(pictures, labels)
            state.step += 1
            now = time.monotonic()
            state.seconds = before + now - begun
            if state.step % _LOG_STEPS == 0:
                state.losses.append({"step": state.step, "loss": loss, "seconds": round(state.seconds, 1)})
                print(
                    f"step={state.step} loss={loss:.4f} lr={self._optimiser.get_lr():.6f} over={over:.3f}", flush=True
                )
            if now - validated >= validation_seconds:
                validated = now
                self.validate()
            if now - saved >= checkpoint_seconds:
                saved = now
                self.save()
        self.validate()
        self.save()
        return True

    def _over(self) -> float:
        options, state = self._options, self.state
        return progress(state.step, options.max_steps, state.seconds, options.max_seconds)

    def validate(self) -> float:
        """Searches each held-out drawing among the others; keeps the weights if they were never better.

        Returns:
            The mean of the mean average precisions of all that is held out.
        """
        found = {name: self._retrieval(*batch) for name, batch in self._held_out.items()}
        state = self.state
        figures = {
            f"{name}{figure}": value
            for name, each in found.items()
            for figure, value in (
                ("map", each.mean_average_precision),
                ("recall_at_1", each.recall_at_1),
                ("recall_at_10", each.recall_at_10),
            )
        }
        told = " ".join(f"val_{name.replace('_at_', '')}={value:.4f}" for name, value in figures.items())
        print(f"step={state.step} {told}", flush=True)
        state.history.append({"step": state.step, **figures})
        mean = mean_map(figures)
        # Equal is not better, but the first ones are kept even where nothing is found.
        if mean > state.best or not (self._folder / WEIGHTS_NAME).is_file():
            state.best = mean
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = self._folder / f".{WEIGHTS_NAME}"
            paddle.save(self.network.state_dict(), str(partial))
            partial.replace(self._folder / WEIGHTS_NAME)
        return mean

    def _retrieval(self, pictures: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> Retrieval:
        self.network.eval()
        with paddle.no_grad():
            vectors = np.concatenate(
                [self.network.embed(_tensor(pictures[i : i + 48])).numpy() for i in range(0, len(pictures), 48)]
            )
        scores = vectors @ vectors.T
        np.fill_diagonal(scores, -np.inf)
        return evaluate(scores, labels[:, None] == labels)

    def save(self) -> None:
        """Writes the checkpoint."""
        save(
            self._folder / CHECKPOINT_NAME,
            EmbedderCheckpoint(self.state, self.network.state_dict(), self._optimiser.state_dict()),
        )

    def step(self, pictures: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> float:
        """Learns one batch; returns its loss."""
        self.network.train()
        loss = contrastive_loss(self.network(_tensor(pictures)), paddle.to_tensor(labels), self._options.temperature)
        loss.backward()
        self._optimiser.step()
        self._optimiser.clear_grad()
        return float(loss)

    def _batches(self) -> Iterator[Batch]:
        """Batches from the next step on; one is drawn while the one before is learned."""
        options = self._options

        def draw(number: int) -> Future[Batch]:
            stage = min(int(self._over() * len(options.sizes)), len(options.sizes) - 1)
            plan = BatchPlan(options.families, options.members, options.drawings, options.sizes[stage], options.kinds)
            return pencil.submit(self._draw, number, plan)

        with ThreadPoolExecutor(1) as pencil:
            number = self.state.step
            coming = draw(number)
            while True:
                batch = coming.result()
                number += 1
                coming = draw(number)
                yield batch


def _tensor(pictures: npt.NDArray[np.uint8]) -> Any:
    return paddle.to_tensor(pictures[:, None].astype(np.float32) / 255.0)


def main(
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted run in it goes on.")],
    seed: Annotated[int, typer.Option(help="Of weights and batches.")] = 1,
    steps: Annotated[int, typer.Option(help="Length of the run.")] = 4000,
    seconds: Annotated[float, typer.Option(help="Ends the run earlier; 0 for no limit.")] = 0.0,
    sizes: Annotated[
        str, typer.Option(help="Sides of the pictures, one after the other, multiples of 32.")
    ] = "96,128,160",
    families: Annotated[int, typer.Option(help="Families in a batch, of four members each.")] = 12,
    learning_rate: Annotated[float, typer.Option(help="Its peak.")] = 2e-3,
    checkpoint_seconds: Annotated[float, typer.Option(help="Between checkpoints.")] = 60.0,
    validation_seconds: Annotated[float, typer.Option(help="Between validations.")] = 180.0,
    weights: Annotated[
        Path | None, typer.Option(help="`weights.pdparams` of an earlier run to go on from; none begins from nothing.")
    ] = None,
) -> None:
    """Train the embedder on drawn families; loss and retrieval of held-out families are printed."""
    options = EmbedderOptions(
        seed=seed,
        max_steps=steps,
        max_seconds=seconds,
        families=families,
        learning_rate=learning_rate,
        sizes=tuple(int(size) for size in sizes.split(",")),
        base=hashlib.sha256(weights.read_bytes()).hexdigest() if weights else "",
    )
    network = Embedder.load(weights) if weights else None
    Training(out, options, network=network).run(
        checkpoint_seconds=checkpoint_seconds, validation_seconds=validation_seconds
    )


if __name__ == "__main__":
    typer.run(main)
