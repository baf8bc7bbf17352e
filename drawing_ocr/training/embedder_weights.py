"""The weights of an exported embedder, to train on from: a version is the two files that are served, and nothing else.

They are stored in half precision. What that rounds away is far below one step of training.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import paddle
from onnx import numpy_helper
from paddle import nn

from drawing_ocr.embedding.record import NETWORK_NAME, RecordError
from drawing_ocr.models.embedder import Embedder

Values = npt.NDArray[np.float32]

_NORMALISATIONS = (nn.BatchNorm1D, nn.BatchNorm2D)


def restore_embedder(folder: Path) -> Embedder:
    """The trainable network of a model folder, without its whitening, which every export learns anew.

    Args:
        folder: Holds `inference.onnx`.

    Raises:
        RecordError: the network is none of this architecture.
    """
    path = folder / NETWORK_NAME
    graph = onnx.load(path).graph
    tensors = _tensors(graph)
    network = Embedder()
    layers = network.sublayers()
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2D)]
    normalisations = [layer for layer in layers if isinstance(layer, _NORMALISATIONS)]
    nodes: dict[str, list[Any]] = {"Conv": [], "BatchNormalization": [], "Pow": []}
    for node in graph.node:
        if node.op_type in nodes:
            nodes[node.op_type].append(node)
    found = len(nodes["Conv"]), len(nodes["BatchNormalization"])
    if found != (len(convolutions), len(normalisations)) or not nodes["Pow"]:
        raise RecordError(
            f"{path}: {found[0]} convolutions and {found[1]} normalisations, the embedder has {len(convolutions)} and "
            f"{len(normalisations)}: train on from a version of this architecture"
        )
    # The network runs its layers in the order in which it makes them, and so does the graph.
    for convolution, node in zip(convolutions, nodes["Conv"], strict=True):
        _assign(convolution.weight, tensors[node.input[1]], path)
    for layer, node in zip(normalisations, nodes["BatchNormalization"], strict=True):
        for value, name in zip((layer.weight, layer.bias, layer._mean, layer._variance), node.input[1:], strict=True):
            _assign(value, tensors[name], path)
    _assign(network.power, tensors[nodes["Pow"][0].input[1]], path)
    return network


def _tensors(graph: onnx.GraphProto) -> dict[str, Values]:
    """Every constant of the graph by its name, also of those that a cast brings to single precision."""
    found = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            value = next((item.t for item in node.attribute if item.name == "value"), None)
            if value is not None:
                found[node.output[0]] = numpy_helper.to_array(value)
        elif node.op_type == "Cast" and node.input[0] in found:
            found[node.output[0]] = found[node.input[0]].astype(np.float32)
    return found


def _assign(value: Any, wanted: Values, path: Path) -> None:
    if tuple(value.shape) != wanted.shape:
        raise RecordError(f"{path}: a layer of {wanted.shape}, the embedder has {tuple(value.shape)} there")
    value.set_value(paddle.to_tensor(wanted.astype(np.float32)))
