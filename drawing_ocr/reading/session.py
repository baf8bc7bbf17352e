"""ONNX Runtime sessions with bounded threads and memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime

_PROVIDERS: Final = ("CUDAExecutionProvider", "CPUExecutionProvider")
_ERROR: Final = 3
_KEPT: Final = 3 * 640 * 672  # numbers of an input: up to it the arena keeps its memory, some 100 MB


def accelerated() -> bool:
    """Whether networks run on a GPU here."""
    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


class Network(Protocol):
    """What detector and recogniser call: a session, or what a server puts before one."""

    def __call__(self, images: npt.NDArray[np.float32], /) -> npt.NDArray[np.float32]:
        """The output for a batch of images, float32 [batch, 3, height, width]."""
        ...


class Session:
    """One network with one image input and one output. Thread-safe."""

    def __init__(self, model: Path, *, threads: int) -> None:
        """Loads a network.

        Args:
            model: An ONNX file.
            threads: Threads inside one call.
        """
        options = onnxruntime.SessionOptions()
        # The exporter leaves initializers behind that ONNX Runtime drops with a warning each.
        options.log_severity_level = _ERROR
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Idle threads would otherwise spin and take the cores from the other readers of the machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        available = set(onnxruntime.get_available_providers())
        providers = [provider for provider in _PROVIDERS if provider in available]
        self._session: Any = onnxruntime.InferenceSession(str(model), options, providers=providers)
        self._input: str = self._session.get_inputs()[0].name
        # Pictures of every size pass through: the arena would keep the largest of every shape (RapidOCR #187: 2.3 GB).
        # So it is emptied after every large call; without an arena a tile of 1920 pixels costs three times the system
        # time. After small ones it is not: to get the same memory again takes a fifth of their time.
        self._emptying = onnxruntime.RunOptions()
        self._emptying.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._keeping = onnxruntime.RunOptions()

    def __call__(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The network's output for a batch of images, float32 [batch, 3, height, width]."""
        options = self._keeping if images.size <= _KEPT else self._emptying
        output: npt.NDArray[np.float32] = self._session.run(None, {self._input: images}, options)[0]
        return output
