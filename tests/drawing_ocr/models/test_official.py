from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
import onnxruntime
import paddle
import pytest

from drawing_ocr.models import package
from drawing_ocr.models.detector import Detector
from drawing_ocr.models.official import detector_onnx, official_charset, recogniser_onnx
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.reading.recogniser import _batched
from drawing_ocr.synthesis.line import LineRecipe, draw_line

TOLERANCE = 5e-4  # of probabilities; two engines add up in another order


def run(model: Path, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options)
    output: npt.NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: images})[0]
    return output


def lines(count: int) -> npt.NDArray[np.float32]:
    rng = Random(3)
    grey = [draw_line(rng, LineRecipe(signs=0))[0] for _ in range(count)]
    return _batched([np.repeat(line[:, :, None], 3, axis=2) for line in grey])


def test_the_imported_recogniser_gives_the_outputs_of_the_official_file(official: Path) -> None:
    recogniser = Recogniser.load(official / "recogniser" / "weights.pdparams", official_charset())
    images = lines(6)
    expected = run(recogniser_onnx(), images)
    with paddle.no_grad():
        trained = paddle.nn.functional.softmax(recogniser.logits(paddle.to_tensor(images)), axis=2).numpy()
    assert np.abs(trained - expected).max() <= TOLERANCE
    assert np.abs(run(official / "recogniser" / "inference.onnx", images) - expected).max() <= TOLERANCE


def test_the_imported_detector_gives_the_outputs_of_the_official_file(official: Path) -> None:
    detector = Detector.load(official / "detector" / "weights.pdparams")
    images = np.random.default_rng(0).uniform(-2, 2, (1, 3, 192, 256)).astype("float32")
    expected = run(detector_onnx(), images)
    with paddle.no_grad():
        imported = detector.probability(paddle.to_tensor(images)).numpy()
    assert np.abs(imported - expected).max() <= TOLERANCE
    assert np.abs(run(official / "detector" / "inference.onnx", images) - expected).max() <= TOLERANCE


def test_the_official_package_is_a_complete_reader(official: Path) -> None:
    info = package.check_folder(official)
    assert info.recogniser.characters == 18_708
    assert info.parent is None
    assert info.name == "official-pp-ocrv6-small"


_READ_WITH_PADDLEOCR = """
import json, socket, sys
import cv2, numpy as np
from pathlib import Path

def refuse(*arguments, **named):
    raise OSError("the network is not to be used")
socket.socket.connect = refuse
socket.getaddrinfo = refuse

from paddleocr import PaddleOCR
package, sheet = Path(sys.argv[1]), sys.argv[2]
reader = PaddleOCR(
    text_detection_model_name="PP-OCRv6_small_det", text_detection_model_dir=str(package / "detector"),
    text_recognition_model_name="PP-OCRv6_small_rec", text_recognition_model_dir=str(package / "recogniser"),
    use_doc_orientation_classify=False, use_doc_unwarping=False, use_textline_orientation=False, cpu_threads=1,
)
result = reader.predict(sheet)[0]
print(json.dumps(result["rec_texts"]))
"""


@pytest.mark.slow
def test_paddleocr_loads_the_package_without_network_and_reads_the_same(official: Path, tmp_path: Path) -> None:
    import json

    import cv2

    from drawing_ocr.reading.reader import Reader, ReadingSettings
    from drawing_ocr.text import canonical

    sheet = np.full((220, 640, 3), 255, np.uint8)
    for row, text in enumerate(("SECTION A-A", "SCALE 1:2", "R12.5", "45.20")):
        cv2.putText(sheet, text, (40, 45 + 50 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (0, 0, 0), 2, cv2.LINE_AA)
    cv2.imwrite(str(tmp_path / "sheet.png"), sheet)
    settings = ReadingSettings(passes="upright")
    ours = Reader.from_package(official, threads=1, settings=settings).read_file(tmp_path / "sheet.png")

    environment = {
        **os.environ,
        "PADDLE_PDX_CPU_NUM_THREADS": "1",
        "PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK": "True",
        "PADDLE_PDX_CACHE_HOME": str(tmp_path / "cache"),
    }
    command = [sys.executable, "-c", _READ_WITH_PADDLEOCR, str(official), str(tmp_path / "sheet.png")]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    theirs = json.loads(run.stdout.splitlines()[-1])
    assert sorted(canonical(text) for text in theirs) == sorted(prediction.text for prediction in ours.predictions)
    assert len(theirs) == 4
