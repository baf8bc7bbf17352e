"""Which engine reads fastest with the same weights: ONNX Runtime, OpenVINO, Paddle with oneDNN; and int8.

Every engine runs in a process of its own with one thread: its processor time is its cost and the memory is its own. The
whole reader on a drawn sheet (the second of two readings), lines alone, exactness on drawn lines and, where
`../shared/drawings` is there, on the labelled dimensions of real drawings. int8 is ONNX Runtime's static quantisation,
by channel, calibrated on other drawn sheets. OpenVINO is installed into `.venv-peers/` on first use.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from benchmarks.served import ROOT, official_model, resident
from drawing_ocr.evaluation.drawing_labels import DrawingScore, score_labelme
from drawing_ocr.evaluation.matching import Prediction
from drawing_ocr.formats.labelme import read_labelme
from drawing_ocr.models import package
from drawing_ocr.reading.image import load_file
from drawing_ocr.reading.reader import Reader
from drawing_ocr.reading.recogniser import Recogniser
from drawing_ocr.reading.session import Network, Session
from drawing_ocr.synthesis.line import LineRecipe, draw_line
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.text import canonical

DRAWINGS = ROOT.parent / "shared" / "drawings"
OPENVINO = "openvino==2026.4.1"
LINES = 300
SHEET = 101
CALIBRATION = (301, 302)

Images = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Measured:
    """One engine; seconds are of the processor, memory is in MB."""

    load: float
    sheet: float
    line: float
    lines_exact: float
    found: int
    exact: int
    labels: int
    resident: float
    peak: float


def onnxruntime(model: Path, /, *, threads: int) -> Network:
    return Session(model, threads=threads)


def openvino(model: Path, /, *, threads: int) -> Network:
    import openvino as ov  # type: ignore[import-not-found]  # in a folder of its own

    options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = ov.Core().compile_model(str(model), "CPU", options).create_infer_request()

    def run(images: Images) -> Images:
        return np.array(request.infer([images])[0])

    return run


def paddle(model: Path, /, *, threads: int) -> Network:
    from paddle import inference

    config = inference.Config(str(model.with_suffix(".json")), str(model.with_suffix(".pdiparams")))
    config.disable_gpu()
    config.enable_mkldnn()
    config.set_mkldnn_cache_capacity(10)
    config.set_cpu_math_library_num_threads(threads)
    config.disable_glog_info()
    predictor = inference.create_predictor(config)
    given = predictor.get_input_handle(predictor.get_input_names()[0])

    def run(images: Images) -> Images:
        given.copy_from_cpu(np.ascontiguousarray(images))
        predictor.run()
        return np.asarray(predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu())

    return run


def quantised(model: Path, /, *, threads: int) -> Network:
    return Session(_int8(model), threads=threads)


def _int8(model: Path) -> Path:
    """Where the quantised form of a network of a package lies: beside the package, whose content is checked."""
    return model.parents[2] / f"{model.parent.name}_int8.onnx"


ENGINES: dict[str, Callable[..., Network]] = {
    "onnxruntime": onnxruntime,
    "openvino": openvino,
    "paddle": paddle,
    "onnxruntime int8": quantised,
}


def measure(engine: str, model: Path) -> Measured:
    """Runs in the engine's own process."""
    cv2.setNumThreads(1)
    open_network = ENGINES[engine]
    begun = time.process_time()
    reader = Reader.from_package(model, threads=1, open_network=open_network)
    load = time.process_time() - begun
    page = _page(SHEET)
    reader.read(page)
    begun = time.process_time()
    reader.read(page)
    sheet = time.process_time() - begun
    score = DrawingScore()
    for file in sorted(DRAWINGS.glob("*.jpg")):
        found = reader.read(next(iter(load_file(file)))).predictions
        read = [Prediction([list(point) for point in item.box], item.text) for item in found]
        score += score_labelme(read_labelme(file.with_suffix(".json")).regions, read)
    characters = package.read_dictionary(model / package.RECOGNISER / package.DICTIONARY_NAME)
    network = open_network(model / package.RECOGNISER / package.ONNX_NAME, threads=1)
    pictures, labels = _lines(LINES, seed=7)
    begun = time.process_time()
    texts = [canonical(line.text) for line in Recogniser(network, characters).read(pictures)]
    line = (time.process_time() - begun) / LINES
    exact = sum(text == label for text, label in zip(texts, labels, strict=True)) / LINES
    memory = [resident(os.getpid(), peak=peak) for peak in (False, True)]
    return Measured(load, sheet, line, exact, score.found, score.exact, score.boxes, *memory)


def quantise(model: Path) -> None:
    """Writes the quantised form of both networks."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Seen(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self, name: str, images: list[Images]) -> None:
            self._images: Iterator[dict[str, Images]] = iter([{name: each} for each in images])

        def get_next(self) -> Any:
            return next(self._images, None)

    for part, images in _calibration(model).items():
        source = model / part / package.ONNX_NAME
        prepared = _int8(source).with_suffix(".prepared.onnx")
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        name = Session(source, threads=1)._input
        quantize_static(
            str(prepared),
            str(_int8(source)),
            Seen(name, images),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv", "MatMul", "Gemm"],
        )


def _calibration(model: Path) -> dict[str, list[Images]]:
    """What the networks of a reader are given while it reads drawn sheets."""
    seen: dict[str, list[Images]] = {package.DETECTOR: [], package.RECOGNISER: []}

    def remembering(path: Path, /, *, threads: int) -> Network:
        session = Session(path, threads=threads)

        def run(images: Images) -> Images:
            seen[path.parent.name].append(images)
            return session(images)

        return run

    reader = Reader.from_package(model, threads=1, open_network=remembering)
    for seed in CALIBRATION:
        reader.read(_page(seed)[:700, :900])
    return {part: images[:40] for part, images in seen.items()}


def _page(seed: int) -> npt.NDArray[np.uint8]:
    return np.repeat(draw_sheet(seed)[0][:, :, None], 3, axis=2)


def _lines(count: int, seed: int) -> tuple[list[npt.NDArray[np.uint8]], list[str]]:
    rng = Random(seed)
    drawn = [draw_line(rng, LineRecipe(signs=0)) for _ in range(count)]
    return [np.repeat(line[0][:, :, None], 3, axis=2) for line in drawn], [canonical(line[1]) for line in drawn]


def _with_openvino() -> dict[str, str]:
    """The environment of a process that can import OpenVINO."""
    folder = ROOT / ".venv-peers" / OPENVINO
    if not folder.is_dir():
        uv = str(Path(sys.executable).parent / "uv")
        command = [uv, "pip", "install", "-q", "--python", sys.executable, "--no-deps", "--target", str(folder)]
        subprocess.run([*command, OPENVINO, "openvino-telemetry"], check=True)
    return {**os.environ, "PYTHONPATH": f"{ROOT}:{folder}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=ENGINES, help="measure this one in this process and print JSON")
    parser.add_argument("--model", type=Path, help="an unpacked model package; the official one if absent")
    arguments = parser.parse_args()
    if arguments.engine:
        print(json.dumps(asdict(measure(arguments.engine, arguments.model))))
        return
    columns = ("load", "a sheet", "a line", "drawn lines exact", "labels found", "exact", "memory at the end", "peak")
    table = Table("engine", *columns, title="One thread; seconds of the processor")
    with official_model() as official, tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "model"
        shutil.copytree(arguments.model or official / "model", model)
        quantise(model)
        for engine in ENGINES:
            command = [sys.executable, "-m", "benchmarks.engines", "--engine", engine, "--model", str(model)]
            done = subprocess.run(command, env=_with_openvino(), cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                table.add_row(engine, (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:100])
                continue
            one = Measured(**json.loads(done.stdout.splitlines()[-1]))
            table.add_row(
                engine,
                f"{one.load:.2f} s",
                f"{one.sheet:.2f} s",
                f"{one.line * 1000:.1f} ms",
                f"{one.lines_exact:.3f}",
                f"{one.found}/{one.labels}",
                str(one.exact),
                f"{one.resident:.0f} MB",
                f"{one.peak:.0f} MB",
            )
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
