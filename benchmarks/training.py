"""Training speed, accuracy reached, forgetting and memory: our recipe beside the plain loop that it replaces.

Both train the official recogniser for the same time on the same 24 sheets. The peer is the same network in one process
with all cores, batch norms in training mode, one rate for all layers, no replay and no drawn lines. Seconds are wall
time: run it on an idle machine.

usage: benchmarks/training.py [SECONDS=120]
"""

# ruff: noqa: E402  # libraries are loaded after their environment is set

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from containers.training import environment

environment.enter()

import numpy as np
import paddle
from rich.console import Console
from rich.table import Table

from drawing_ocr.dataset.build import build_dataset
from drawing_ocr.dataset.manifest import load_manifest
from drawing_ocr.dataset.regression import build_regression_set, build_replay_batch
from drawing_ocr.models import package
from drawing_ocr.models.official import build_official_package, official_charset
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.synthesis.batch import write_batch
from drawing_ocr.synthesis.style import DETAILS
from drawing_ocr.text import Charset
from drawing_ocr.training.batches import BatchOrder
from drawing_ocr.training.lines import read_lines
from drawing_ocr.training.options import TrainingOptions
from drawing_ocr.training.process import collate, ctc_loss
from drawing_ocr.training.recogniser import train_recogniser
from drawing_ocr.training.validation import reader_of, score

SHEETS, SEED, BATCH_SIZE = 24, 9_010, 8


def dataset(folder: Path, *, replay: float) -> Path:
    """A dataset of the sheets; `replay` is its share of old lines."""
    out = folder / f"dataset-{replay:g}"
    build_dataset(
        load_manifest(str(folder / "new" / "manifest.jsonl")).annotations,
        load_manifest(str(folder / "old" / "manifest.jsonl")).annotations,
        official_charset(),
        out,
        replay_ratio=replay,
        val_ratio=0.2,
        seed=0,
        quarantine_dir=folder / "quarantine",
    )
    return out


def ours(folder: Path, seconds: float) -> dict[str, float]:
    """The recipe of `drawing_ocr.training` with its defaults."""
    started = time.monotonic()
    result = train_recogniser(
        dataset(folder, replay=0.3),
        folder / "base",
        folder / "model",
        options=TrainingOptions(epochs=1000, max_seconds=seconds, batch_size=BATCH_SIZE, early_stop_patience=0),
        checkpoints=folder / "checkpoints",
        parent=package.Parent(sha256="0" * 64),
        summary={},
        regression=folder / "regression",
    )
    return {
        "images_per_second": result.images_per_second,
        "val_before": result.base["val"].exact,
        "val": result.trained["val"].exact,
        "regression": result.trained["regression"].exact,
        "seconds": time.monotonic() - started,
        "memory": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def peer(folder: Path, seconds: float) -> dict[str, float]:
    """The plain loop."""
    data = dataset(folder, replay=0.0)
    charset = Charset.load(data / "dict.txt")
    base = folder / "base" / package.RECOGNISER
    recogniser = Recogniser.load(base / package.WEIGHTS_NAME, official_charset()).extended(charset)
    lines = read_lines(data, "rec_train.txt", charset)
    order = BatchOrder([line.width for line in lines], BATCH_SIZE, 0)
    network, classes = recogniser.network, recogniser.class_of()
    clip = paddle.nn.ClipGradByGlobalNorm(5.0)
    optimiser = paddle.optimizer.AdamW(1e-4, parameters=network.parameters(), weight_decay=1e-4, grad_clip=clip)
    started, images, epoch = time.monotonic(), 0, 0
    network.train()
    while time.monotonic() - started < seconds:
        for indices in order.epoch(epoch):
            chosen = [lines[index] for index in indices]
            labels = [[classes[character] for character in line.text] for line in chosen]
            batch = collate([line.pixels() for line in chosen], labels, np.random.default_rng(images))
            ctc_loss(recogniser, batch).backward()
            optimiser.step()
            optimiser.clear_grad()
            images += len(chosen)
            if time.monotonic() - started >= seconds:
                break
        epoch += 1
    spent = time.monotonic() - started
    network.eval()
    reader = reader_of(recogniser)
    return {
        "images_per_second": images / spent,
        "val": score(reader, read_lines(data, "rec_val.txt", charset)).exact,
        "regression": score(reader, read_lines(folder / "regression", "rec_val.txt", charset)).exact,
        "seconds": spent,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        package.unpack(build_official_package(folder / "model.tar.gz"), folder / "base")
        write_batch(folder / "new", SHEETS, SEED, DETAILS)
        build_replay_batch(folder / "old", 12, 2)
        build_regression_set(folder / "regression")
        mine = ours(folder, seconds)
        # In a process of its own, so that threads and memory are its own.
        command = [sys.executable, __file__, "--peer", str(folder), str(seconds)]
        threads = {"OMP_NUM_THREADS": str(os.cpu_count() or 1)}
        done = subprocess.run(command, env={**os.environ, **threads}, capture_output=True, text=True, check=True)
        plain = json.loads(done.stdout.splitlines()[-1])

    table = Table("", "ours", "plain loop", title=f"Training for {seconds:g} s on {SHEETS} sheets")
    table.add_row("images a second", *(f"{each['images_per_second']:.1f}" for each in (mine, plain)))
    table.add_row(f"exact on new lines (before: {mine['val_before']:.3f})", *(f"{r['val']:.3f}" for r in (mine, plain)))
    table.add_row("exact on the regression set", *(f"{each['regression']:.3f}" for each in (mine, plain)))
    table.add_row("largest process, MB", *(f"{each['memory']:.0f}" for each in (mine, plain)))
    table.add_row("seconds in all", *(f"{each['seconds']:.0f}" for each in (mine, plain)))
    Console().print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        print(json.dumps(peer(Path(sys.argv[2]), float(sys.argv[3]))))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 120.0)
