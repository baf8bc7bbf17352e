"""Folders of a model package: ONNX, Paddle's inference form, PaddleX's description and the weights to train on from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import onnx
import paddle
import yaml
from paddlex.modules.base.utils.pdparams2safetensors.inference_meta import build_inference_meta

from drawing_ocr.models import detector as detection
from drawing_ocr.models import package
from drawing_ocr.models import recogniser as recognition
from drawing_ocr.models.detector import Detector
from drawing_ocr.models.recogniser import Recogniser

# What ONNX Runtime ≥ 1.10 reads and paddle2onnx writes for both networks.
_OPSET: Final = 14


def export_recogniser(recogniser: Recogniser, folder: Path) -> None:
    """Writes `inference.{onnx,json,pdiparams,yml}`, `weights.pdparams` and `dict.txt`.

    Args:
        recogniser: in any mode; it is left in evaluation mode.
        folder: made if missing; must be empty otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recogniser.network.eval()
    recogniser.save(folder / package.WEIGHTS_NAME)
    text = "".join(f"{character}\n" for character in recogniser.characters)
    (folder / package.DICTIONARY_NAME).write_text(text, "utf-8")
    description = build_inference_meta(recognition.ARCHITECTURE)
    description["PostProcess"]["character_dict"] = list(recogniser.characters)
    _write_description(folder, recognition.ARCHITECTURE, description)
    _export(
        recogniser.network,
        lambda images: paddle.nn.functional.softmax(recogniser.logits(images), axis=2),
        [None, 3, recognition.HEIGHT, None],
        folder,
        # Where rapidocr looks for the dictionary of a recogniser.
        metadata={"character": "\n".join(recogniser.characters)},
    )


def export_detector(detector: Detector, folder: Path) -> None:
    """Writes `inference.{onnx,json,pdiparams,yml}` and `weights.pdparams`.

    Args:
        detector: in any mode; it is left in evaluation mode.
        folder: made if missing; must be empty otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    detector.network.eval()
    detector.save(folder / package.WEIGHTS_NAME)
    _write_description(folder, detection.ARCHITECTURE, build_inference_meta(detection.ARCHITECTURE))
    _export(detector.network, detector.probability, [None, 3, None, None], folder, metadata={})


class _Inference(paddle.nn.Layer):
    """A network whose `forward` is one function of one tensor."""

    def __init__(self, network: Any, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.network = network
        self._function = function

    # Paddle strips the first argument by its name: it has to be called `self`.
    def forward(self, x: Any) -> Any:
        return self._function(x)


def _export(
    network: Any,
    function: Callable[[Any], Any],
    shape: list[int | None],
    folder: Path,
    *,
    metadata: dict[str, str],
) -> None:
    spec = paddle.static.InputSpec(shape, "float32", name="x")
    with paddle.utils.unique_name.guard():
        static = paddle.jit.to_static(_Inference(network, function), input_spec=[spec], full_graph=True)
        paddle.jit.save(static, str(folder / "inference"))
    _to_onnx(folder, metadata)


def _to_onnx(folder: Path, metadata: dict[str, str]) -> None:
    import paddle2onnx  # two seconds, needed here only

    path = folder / package.ONNX_NAME
    # The default folding runs symbolic shapes through sympy for 10 s; ONNX Runtime folds the same at load (measured:
    # equal speed).
    paddle2onnx.export(
        str(folder / "inference.json"),
        str(folder / "inference.pdiparams"),
        str(path),
        opset_version=_OPSET,
        optimize_tool=None,
    )
    model = onnx.load(path)
    used = {name for node in model.graph.node for name in node.input}
    # ONNX Runtime warns about each of the shapes that the exporter leaves behind.
    kept = [item for item in model.graph.initializer if item.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, path)


def _write_description(folder: Path, architecture: str, description: dict[str, Any]) -> None:
    text = yaml.safe_dump({"Global": {"model_name": architecture}, **description}, allow_unicode=True, sort_keys=False)
    (folder / package.CONFIG_NAME).write_text(text, "utf-8")
