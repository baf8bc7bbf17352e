"""Weights from an ONNX graph into the Paddle layers of the same architecture, in execution order.

PaddleOCR publishes its models for ONNX with batch norms fused into the convolutions and biases as separate additions.
The graph keeps the order of execution, and so does a forward pass in Paddle: both are walked side by side, and every
shape must agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import onnx
import paddle
from onnx import numpy_helper

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Convolution:
    """Also transposed ones. `bias` is None where nothing was fused."""

    weight: Array
    bias: Array | None


@dataclass(frozen=True)
class BatchNorm:
    scale: Array
    shift: Array
    mean: Array
    variance: Array
    epsilon: float


@dataclass(frozen=True)
class Linear:
    weight: Array
    bias: Array | None


@dataclass(frozen=True)
class LayerNorm:
    scale: Array
    shift: Array


# Paddle's own types are incomplete: as `Any` they do not get in the way.
_CONVOLUTIONS: Any = (paddle.nn.Conv2D, paddle.nn.Conv2DTranspose)
_BATCH_NORM: Any = paddle.nn.BatchNorm2D
_LINEAR: Any = paddle.nn.Linear
_LAYER_NORM: Any = paddle.nn.LayerNorm

OnnxLayer = Convolution | BatchNorm | Linear | LayerNorm
Kind = TypeVar("Kind", bound=OnnxLayer)


class LayerMismatch(ValueError):
    """The graph does not hold the layers of the architecture; the message names the first that differs."""


def read_layers(path: Path) -> list[OnnxLayer]:
    """The layers with weights of an ONNX file, in execution order.

    Args:
        path: a float32 graph as paddle2onnx writes it.
    """
    graph = onnx.load(path).graph
    values = _constants(graph)
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)

    def bias_after(node: onnx.NodeProto, size: int) -> Array | None:
        for user in users.get(node.output[0], []):
            if user.op_type == "Identity":
                return bias_after(user, size)
            if user.op_type == "Add":
                for name in user.input:
                    if name in values and values[name].size == size:
                        return values[name].reshape(-1)
        return None

    layers: list[OnnxLayer] = []
    for node in graph.node:
        inputs = list(node.input)
        match node.op_type:
            case "Conv" | "ConvTranspose":
                weight = values[inputs[1]]
                channels = weight.shape[0 if node.op_type == "Conv" else 1]
                layers.append(Convolution(weight, values[inputs[2]] if len(inputs) > 2 else bias_after(node, channels)))
            case "BatchNormalization":
                epsilon = next(attribute.f for attribute in node.attribute if attribute.name == "epsilon")
                scale, shift, mean, variance = (values[name] for name in inputs[1:5])
                layers.append(BatchNorm(scale, shift, mean, variance, epsilon))
            case "MatMul" if inputs[1] in values:
                weight = values[inputs[1]]
                layers.append(Linear(weight, bias_after(node, weight.shape[1])))
            case "Mul":
                # A layer norm ends in a product with a vector and a sum with another.
                for name in inputs:
                    vector = values.get(name)
                    if vector is not None and vector.ndim == 1 and vector.size > 1:
                        offset = bias_after(node, vector.size)
                        if offset is not None:
                            layers.append(LayerNorm(vector, offset))
            case _:
                pass
    return layers


def execution_order(model: Any, run: Callable[[], object]) -> list[Any]:
    """The sublayers of `model` that hold weights, in the order in which `run` uses them."""
    kinds = (*_CONVOLUTIONS, _BATCH_NORM, _LINEAR, _LAYER_NORM)
    order: list[Any] = []

    def note(layer: Any, _inputs: Any, outputs: Any) -> Any:
        order.append(layer)
        return outputs

    hooks = [layer.register_forward_post_hook(note) for layer in model.sublayers() if isinstance(layer, kinds)]
    with paddle.no_grad():
        run()
    for hook in hooks:
        hook.remove()
    return order


def assign(order: Sequence[Any], layers: Sequence[OnnxLayer]) -> None:
    """Copies the weights, layer by layer.

    A batch norm that was fused into the convolution before it becomes one that passes its input through and adds the
    fused bias: weight 1, mean 0, variance 1 − epsilon.

    Args:
        order: Paddle layers in execution order.
        layers: what `read_layers` gave for the same architecture.

    Raises:
        LayerMismatch: another kind, another shape, or another number of layers.
    """
    source = iter(layers)
    position = 0
    pending: BatchNorm | None = None
    while position < len(order):
        target: Any = order[position]
        position += 1
        if isinstance(target, _CONVOLUTIONS):
            convolution = _expect(Convolution, next(source, None), target, position)
            target.weight.set_value(convolution.weight)
            following = order[position] if position < len(order) else None
            bias = convolution.bias
            if isinstance(following, _BATCH_NORM) and bias is not None:
                pending = _pass_through(bias, following._epsilon)
                bias = np.zeros_like(bias)
            if target.bias is not None:
                if bias is None:
                    raise LayerMismatch(f"layer {position}: the graph has no bias for {target}")
                target.bias.set_value(bias)
        elif isinstance(target, _BATCH_NORM):
            norm = pending or _expect(BatchNorm, next(source, None), target, position)
            pending = None
            target.weight.set_value(norm.scale)
            target.bias.set_value(norm.shift)
            target._mean.set_value(norm.mean)
            target._variance.set_value(norm.variance)
            target._epsilon = norm.epsilon
        elif isinstance(target, _LINEAR):
            linear = _expect(Linear, next(source, None), target, position)
            target.weight.set_value(linear.weight)
            if target.bias is not None and linear.bias is not None:
                target.bias.set_value(linear.bias)
        else:
            layer_norm = _expect(LayerNorm, next(source, None), target, position)
            target.weight.set_value(layer_norm.scale)
            target.bias.set_value(layer_norm.shift)
    left = sum(1 for _ in source)
    if left:
        raise LayerMismatch(f"the graph has {left} layers more than the architecture")


def _constants(graph: onnx.GraphProto) -> dict[str, Array]:
    """Initialisers and constants, also those behind Identity and Reshape."""
    values = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            values[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type == "Identity" and node.input[0] in values:
            values[node.output[0]] = values[node.input[0]]
        elif node.op_type == "Reshape" and node.input[0] in values and node.input[1] in values:
            values[node.output[0]] = values[node.input[0]].reshape(values[node.input[1]])
    return values


def _pass_through(bias: Array, epsilon: float) -> BatchNorm:
    ones, zeros = np.ones_like(bias), np.zeros_like(bias)
    return BatchNorm(ones, bias, zeros, ones - np.float32(epsilon), epsilon)


def _expect(kind: type[Kind], layer: OnnxLayer | None, target: Any, position: int) -> Kind:
    if not isinstance(layer, kind):
        found = "the end" if layer is None else type(layer).__name__
        raise LayerMismatch(f"layer {position}: expected {kind.__name__}, the graph has {found}")
    arrays = {Convolution: "weight", Linear: "weight", BatchNorm: "scale", LayerNorm: "scale"}
    shape = tuple(getattr(layer, arrays[type(layer)]).shape)
    if shape != tuple(target.weight.shape):
        raise LayerMismatch(f"layer {position}: shape {shape}, the architecture has {tuple(target.weight.shape)}")
    return layer
