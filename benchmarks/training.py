"""Incremental training: 300 new labelled lines with five signs that the reader does not know, beside the plain loop.

Both train the shipped recogniser for the same time on the same sheets and are measured on 16 sheets of each of two
styles that no training sees: all their lines, and those that carry a new sign. The peer is the plain loop: everything
trainable at one rate, one process with all cores, no replay, no drawn lines, no rows fitted first, no distillation, no
guard. Its batch norms stay as imported, since their statistics are fused into them and training mode would wipe them
out. Seconds are wall time: run it on an idle machine. With `../shared/drawings` (real drawings with labels of their
dimensions) both versions and the shipped reader read them, too.

usage: python -m benchmarks.training [SECONDS=95]
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

from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.build import build_dataset
from drawing_ocr.dataset.manifest import load_manifest
from drawing_ocr.dataset.regression import build_regression_set, build_replay_batch
from drawing_ocr.evaluation.drawing_labels import DrawingScore, score_labelme
from drawing_ocr.evaluation.matching import Prediction
from drawing_ocr.formats.labelme import read_labelme
from drawing_ocr.models import package, shipped
from drawing_ocr.models.derive import write_derived_package
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.reading.reader import Reader
from drawing_ocr.reading.recogniser import Recogniser as RecogniserOfReading
from drawing_ocr.reading.session import Session
from drawing_ocr.synthesis.batch import write_batch
from drawing_ocr.synthesis.style import HOUSE, VIEWS, SheetStyle
from drawing_ocr.synthesis.text_source import NEW_MODIFIERS
from drawing_ocr.text import Charset
from drawing_ocr.training.batches import BatchOrder
from drawing_ocr.training.collation import collate, ctc_loss
from drawing_ocr.training.lines import TextLine, read_lines
from drawing_ocr.training.options import TrainingOptions
from drawing_ocr.training.recogniser import train_recogniser
from drawing_ocr.training.validation import reader_of, score

LINES, SHEETS, SEED, BATCH_SIZE = 300, 20, 9_010, 8
UNSEEN_SHEETS, UNSEEN_SEED = 16, 77_001
DRAWINGS = Path(__file__).resolve().parent.parent.parent / "shared" / "drawings"


def dataset(folder: Path, *, replay: float) -> Path:
    """A dataset of the sheets; `replay` is its share of old lines."""
    out = folder / f"dataset-{replay:g}"
    build_dataset(
        labelled(folder / "new"),
        load_manifest(str(folder / "old" / "manifest.jsonl")).annotations,
        shipped.load_recogniser().charset,
        out,
        replay_ratio=replay,
        val_ratio=0.2,
        seed=0,
        quarantine_dir=folder / "quarantine",
    )
    return out


def labelled(folder: Path) -> list[Annotation]:
    """Sheets of the batch in their order, until together they have 300 labelled lines."""
    chosen: list[Annotation] = []
    left = LINES
    for annotation in load_manifest(str(folder / "manifest.jsonl")).annotations:
        regions = [region for region in annotation.regions if not region.ignore][:left]
        left -= len(regions)
        chosen.append(annotation.model_copy(update={"regions": tuple(regions)}))
        if not left:
            return chosen
    raise SystemExit(f"{SHEETS} sheets have {LINES - left} labelled lines: draw more")


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
        "kept_share": result.kept_share,
        "seconds": time.monotonic() - started,
        "memory": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def peer(folder: Path, seconds: float) -> dict[str, float]:
    """The plain loop."""
    data = dataset(folder, replay=0.0)
    charset = Charset.load(data / "dict.txt")
    base = folder / "base" / package.RECOGNISER
    recogniser = Recogniser.load(base / package.WEIGHTS_NAME, shipped.load_recogniser().charset).extended(charset)
    lines = read_lines(data, "rec_train.txt", charset)
    order = BatchOrder([line.width for line in lines], BATCH_SIZE, 0)
    network, classes = recogniser.network, recogniser.class_of()
    trained = list(network.parameters())
    clip = paddle.nn.ClipGradByGlobalNorm(5.0)
    optimiser = paddle.optimizer.AdamW(1e-4, parameters=trained, weight_decay=1e-4, grad_clip=clip)
    started, images, epoch = time.monotonic(), 0, 0
    while time.monotonic() - started < seconds:
        for indices in order.epoch(epoch):
            chosen = [lines[index] for index in indices]
            labels = [[classes[character] for character in line.text] for line in chosen]
            batch = collate([line.pixels() for line in chosen], labels, np.random.default_rng(images))
            ctc_loss(recogniser.logits(paddle.to_tensor(batch.images)), batch).backward()
            # Paddle's CTC now and then gives a gradient that is not finite, which would end any loop without this.
            if np.isfinite(float(sum((each.grad * each.grad).sum() for each in trained if each.grad is not None))):
                optimiser.step()
            optimiser.clear_grad()
            images += len(chosen)
            if time.monotonic() - started >= seconds:
                break
        epoch += 1
    spent = time.monotonic() - started
    reader = reader_of(recogniser)
    write_derived_package(
        folder / "base", recogniser, folder / "peer", parent=package.Parent(sha256="0" * 64), training={}, metrics={}
    )
    return {
        "images_per_second": images / spent,
        "val": score(reader, read_lines(data, "rec_val.txt", charset)).exact,
        "seconds": spent,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def unseen(folder: Path, style: SheetStyle) -> list[TextLine]:
    """Every line of sheets that no training sees."""
    write_batch(folder / "sheets", UNSEEN_SHEETS, UNSEEN_SEED, style)
    annotations = load_manifest(str(folder / "sheets" / "manifest.jsonl")).annotations
    build_dataset(
        annotations,
        [],
        shipped.load_recogniser().charset,
        folder / "dataset",
        replay_ratio=0,
        val_ratio=0.5,
        seed=0,
        quarantine_dir=folder / "quarantine",
    )
    charset = Charset.load(folder / "dataset" / "dict.txt")
    return [line for name in ("rec_train.txt", "rec_val.txt") for line in read_lines(folder / "dataset", name, charset)]


def with_new_signs(lines: list[TextLine]) -> list[TextLine]:
    """Those that carry one of the signs that the shipped reader does not know."""
    return [line for line in lines if set(NEW_MODIFIERS).intersection(line.text)]


def exact(model: Path, lines: list[TextLine]) -> float:
    """Share of the lines that a model package reads exactly."""
    charset = Charset.load(model / package.RECOGNISER / package.DICTIONARY_NAME)
    session = Session(model / package.RECOGNISER / package.ONNX_NAME, threads=os.cpu_count() or 1)
    return score(RecogniserOfReading(session, charset.characters), lines).exact


def on_drawings(model: Path) -> str:
    """Labelled dimensions of the real drawings that are read exactly."""
    reader, total = Reader.from_package(model), DrawingScore()
    for file in sorted(DRAWINGS.glob("*.jpg")):
        read = [Prediction(each.box, each.text) for each in reader.read_file(file).predictions]
        total += score_labelme(read_labelme(file.with_suffix(".json")).regions, read)
    return f"{total.exact}/{total.boxes}"


def share(*values: float) -> list[str]:
    """Cells of the table."""
    return [f"{value:.1%}" for value in values]


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        package.unpack(shipped.build_shipped_package(folder / "model.tar.gz"), folder / "base")
        write_batch(folder / "new", SHEETS, SEED, HOUSE)
        build_replay_batch(folder / "old", 12, 2)
        build_regression_set(folder / "regression")
        mine = ours(folder, seconds)
        # In a process of its own, so that threads and memory are its own.
        command = [sys.executable, __file__, "--peer", str(folder), str(seconds)]
        threads = {"OMP_NUM_THREADS": str(os.cpu_count() or 1)}
        done = subprocess.run(command, env={**os.environ, **threads}, capture_output=True, text=True, check=True)
        plain = json.loads(done.stdout.splitlines()[-1])
        models = [folder / name for name in ("base", "model", "peer")]
        charset = Charset.load(folder / "model" / package.RECOGNISER / package.DICTIONARY_NAME)
        frozen = read_lines(folder / "regression", "rec_val.txt", charset)
        sets = {
            "regression set, the guard's half": frozen[::2],
            "regression set, the half that no training sees": frozen[1::2],
        }
        for name, style in (("with the new signs", HOUSE), ("without them", VIEWS)):
            lines = unseen(folder / name.replace(" ", "-"), style)
            signs = with_new_signs(lines)
            sets[f"unseen sheets {name}, all {len(lines)} lines"] = lines
            if signs:
                sets[f"unseen sheets {name}, {len(signs)} lines with one"] = signs
        measured = {name: [exact(model, lines) for model in models] for name, lines in sets.items()}
        drawings = [on_drawings(model) for model in models] if DRAWINGS.is_dir() else []

    both = (mine, plain)
    table = Table("", "shipped reader", "ours", "plain loop", title=f"{seconds:g} s of training, {LINES} new lines")
    table.add_row("images a second", "", *(f"{each['images_per_second']:.1f}" for each in both))
    table.add_row("exact on the validation sheets", *share(mine["val_before"], mine["val"], plain["val"]))
    for name, shares in measured.items():
        table.add_row(name, *share(*shares))
    if drawings:
        table.add_row("exact on real drawings", *drawings)
    table.add_row("share of the step that the guard kept", "", f"{mine['kept_share']:.1f}", "")
    table.add_row("largest process, MB", "", *(f"{each['memory']:.0f}" for each in both))
    table.add_row("seconds in all", "", *(f"{each['seconds']:.0f}" for each in both))
    Console().print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        print(json.dumps(peer(Path(sys.argv[2]), float(sys.argv[3]))))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 95.0)
