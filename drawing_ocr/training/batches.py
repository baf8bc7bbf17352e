"""Which lines form which batch: shared between processes, of like width, and repeatable after an interruption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Batches out of which lines of like width are put together; less mixing of widths saves padding, more saves randomness.
_WINDOW = 16


@dataclass(frozen=True)
class BatchOrder:
    """The order of the batches is a function of seed, process and epoch: nothing has to be stored to resume it.

    Attributes:
        widths: Of the lines, pixels.
        batch_size: Lines in a batch; the last of an epoch may have fewer.
        seed: Of the run.
        process: Number of this process.
        processes: How many share the lines of an epoch.
    """

    widths: Sequence[int]
    batch_size: int
    seed: int
    process: int = 0
    processes: int = 1

    def batches_per_epoch(self) -> int:
        share = len(range(self.process, len(self.widths), self.processes))
        return -(-share // self.batch_size)

    def epoch(self, number: int) -> list[list[int]]:
        """Indices of the lines of every batch of an epoch.

        All processes together see every line once an epoch; who sees which changes with the epoch.
        """
        shared = np.random.default_rng([self.seed, number])
        indices = shared.permutation(len(self.widths))[self.process :: self.processes].tolist()
        own = np.random.default_rng([self.seed, number, self.process])
        batches: list[list[int]] = []
        window = self.batch_size * _WINDOW
        for first in range(0, len(indices), window):
            alike = sorted(indices[first : first + window], key=lambda index: self.widths[index])
            batches += [alike[start : start + self.batch_size] for start in range(0, len(alike), self.batch_size)]
        return [batches[index] for index in own.permutation(len(batches)).tolist()]
