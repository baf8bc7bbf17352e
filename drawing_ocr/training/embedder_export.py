"""`python -m drawing_ocr.training.embedder_export`: a trained embedder to the folder that an endpoint serves."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import onnx
import typer

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.embedding.record import NETWORK_NAME, EmbedderRecord
from drawing_ocr.models.embedder import DIMENSION, Embedder
from drawing_ocr.models.export import export_network
from drawing_ocr.reading.session import Session
from drawing_ocr.training.embedder_batches import BatchPlan, draw_batch
from drawing_ocr.training.embedder_checkpoint import WEIGHTS_NAME, EmbedderState, mean_map, read_state
from drawing_ocr.training.embedder_instances import OwnInstances, joined, mixed_batch
from drawing_ocr.training.embedder_options import EmbedderOptions
from drawing_ocr.training.whitening import Whitening, fit_whitening

_NAME: Final = "drawing-embedder"
_THREADS: Final = 2
_WHITENING_SEED: Final = 8_000_000
_LEAST_HALVED: Final = 1024  # values; smaller tensors are not worth a cast


def export_embedder(
    network: Embedder, state: EmbedderState, version: str, folder: Path, *, own: OwnInstances | None = None
) -> EmbedderRecord:
    """Writes `inference.onnx`, which whitens and whose weights are stored in half precision, and `embedder.json`.

    ONNX Runtime turns the weights to single precision when it loads them and computes with those.

    Args:
        network: With the weights to export; left in evaluation mode, whitening.
        state: Of the run that they are of.
        version: Of these weights.
        folder: Made if missing.
        own: Drawings of the customer that the whitening is learned from too.
    """
    size = state.options.sizes[-1]
    shape = [None, 1, size, size]
    network.eval()
    with tempfile.TemporaryDirectory() as scratch:
        export_network(network, network.embed, shape, Path(scratch), metadata={})
        whitening = _whitening(Path(scratch) / NETWORK_NAME, state.options, own)
        network.whiten(whitening.mean, whitening.matrix)
        export_network(network, network.embed, shape, Path(scratch), metadata={})
        model = onnx.load(Path(scratch) / NETWORK_NAME)
    _halve(model.graph)
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    best = max(state.history, key=mean_map, default={})
    record = EmbedderRecord(
        name=_NAME,
        version=version,
        input_size=size,
        dimension=DIMENSION,
        sha256=hashlib.sha256(data).hexdigest(),
        training={**state.options.model_dump(mode="json"), "steps": state.step, "seconds": round(state.seconds)},
        metrics={f"validation_{name}": round(value, 4) for name, value in best.items()},
    )
    write_atomically(folder / NETWORK_NAME, data)
    record.save(folder)
    return record


def _whitening(network: Path, options: EmbedderOptions, own: OwnInstances | None) -> Whitening:
    """Learned from parts that training did not see; a session of ONNX Runtime is faster than Paddle."""
    session = Session(network, threads=_THREADS)
    plan = BatchPlan(options.families, members=4, drawings=3, size=options.sizes[-1])
    seed = _WHITENING_SEED + options.seed
    pictures, labels = joined(
        [
            mixed_batch(seed, number, plan, own, options.replay_ratio) if own else draw_batch(seed, number, plan)
            for number in range(options.whitening_batches)
        ]
    )
    pictures = pictures[:, None]
    vectors = [session(pictures[i : i + 16].astype(np.float32) / 255.0) for i in range(0, len(pictures), 16)]
    return fit_whitening(np.concatenate(vectors), labels)


def _halve(graph: onnx.GraphProto) -> None:
    """Stores large weights as float16, each followed by a cast."""
    nodes = []
    for node in graph.node:
        # The exporter keeps weights as constant nodes.
        value = next((item.t for item in node.attribute if item.name == "value"), None)
        weights = None if node.op_type != "Constant" or value is None else onnx.numpy_helper.to_array(value)
        if weights is None or weights.dtype != np.float32 or weights.size < _LEAST_HALVED:
            nodes.append(node)
            continue
        name = node.output[0]
        graph.initializer.append(onnx.numpy_helper.from_array(weights.astype(np.float16), f"{name}_half"))
        nodes.append(onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))
    del graph.node[:]
    graph.node.extend(nodes)


def main(
    run: Annotated[Path, typer.Option(help="Folder of the training.")],
    out: Annotated[Path, typer.Option(help="Folder of the model.")],
    version: Annotated[str, typer.Option(help="Of these weights.")],
) -> None:
    """Export the best weights of a run."""
    state = read_state(run)
    record = export_embedder(Embedder.load(run / WEIGHTS_NAME), state, version, out)
    print(f"{out}: {record.name}/{record.version}, {(out / NETWORK_NAME).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
