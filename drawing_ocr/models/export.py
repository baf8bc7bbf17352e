"""Folders of a model package: ONNX, Paddle's inference form, PaddleX's description and the weights to train on from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import onnx
import paddle
import yaml
from paddlex.modules.base.utils.pdparams2safetensors.inference_meta import build_inference_meta

from drawing_ocr.models import package
from drawing_ocr.models.detector import Detector
from drawing_ocr.models.recogniser import HEIGHT, Recogniser

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
    recogniser.charset.save(folder / package.DICTIONARY_NAME)
    description = build_inference_meta(package.RECOGNISER_ARCHITECTURE)
    description["PostProcess"]["character_dict"] = list(recogniser.charset.characters)
    _write_description(folder, package.RECOGNISER_ARCHITECTURE, description)
    export_network(
        recogniser.network,
        lambda images: paddle.nn.functional.softmax(recogniser.logits(images), axis=2),
        [None, 3, HEIGHT, None],
        folder,
        # Where rapidocr looks for the dictionary of a recogniser.
        metadata={"character": "\n".join(recogniser.charset.characters)},
    )


def export_features(recogniser: Recogniser, folder: Path) -> None:
    """Writes `inference.{onnx,json,pdiparams}` of all but the classifier: images to features [batch, steps, 120]."""
    folder.mkdir(parents=True, exist_ok=True)
    recogniser.network.eval()
    export_network(recogniser.network, recogniser.features, [None, 3, HEIGHT, None], folder, metadata={})


def export_detector(detector: Detector, folder: Path) -> None:
    """Writes `inference.{onnx,json,pdiparams,yml}` and `weights.pdparams`.

    Args:
        detector: in any mode; it is left in evaluation mode.
        folder: made if missing; must be empty otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    detector.network.eval()
    detector.save(folder / package.WEIGHTS_NAME)
    _write_description(folder, package.DETECTOR_ARCHITECTURE, build_inference_meta(package.DETECTOR_ARCHITECTURE))
    export_network(detector.network, detector.probability, [None, 3, None, None], folder, metadata={})


class _Inference(paddle.nn.Layer):
    """A network whose `forward` is one function of one tensor."""

    def __init__(self, network: Any, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.network = network
        self._function = function

    # Paddle strips the first argument by its name: it has to be called `self`.
    def forward(self, x: Any) -> Any:
        return self._function(x)


def export_network(
    network: Any,
    function: Callable[[Any], Any],
    shape: list[int | None],
    folder: Path,
    *,
    metadata: dict[str, str],
) -> None:
    """Writes `inference.{onnx,json,pdiparams}`.

    Args:
        network: the Paddle layer that holds the weights, in evaluation mode.
        function: what is exported: images to outputs, by that network.
        shape: of the images; None where it varies.
        folder: must exist.
        metadata: of the ONNX file.
    """
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
    _drop_unused(model.graph)
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, path)


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Removes constants that the exporter leaves behind: ONNX Runtime warns about each of them at every load."""
    while True:
        used = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
        dead = [node for node in graph.node if used.isdisjoint(node.output)]
        if not dead:
            break
        for node in dead:
            graph.node.remove(node)
    for item in [item for item in graph.initializer if item.name not in used]:
        graph.initializer.remove(item)


def _write_description(folder: Path, architecture: str, description: dict[str, Any]) -> None:
    text = yaml.safe_dump({"Global": {"model_name": architecture}, **description}, allow_unicode=True, sort_keys=False)
    (folder / package.CONFIG_NAME).write_text(text, "utf-8")
