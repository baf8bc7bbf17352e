"""An account that several files share, and the order in which files begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from tests.e2e.account import Account, empty_account, free_port
from tests.e2e.labelling_account import names

# They take `whole_account`, in this order.
SHARING = (
    "test_drift_alarm",
    "test_index_account",
    "test_retraining_account",
    "test_local_up",
    "test_embedder_account",
)
# Files of a minute and more: one of them that begins last keeps one core busy and the others idle.
LONGEST = (
    *SHARING,
    "test_labelling_whole",
    "test_batch",
    "test_release_bad_versions",
    "test_annotator_kills",
    "test_training_kills",
    "test_promotion",
    "test_retraining_bursts",
    "test_release_interleavings",
)


@pytest.fixture(scope="session")
def whole_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Every stack, and no version: for files whose events, alarms and drawings do not concern each other."""
    folder, port = tmp_path_factory.mktemp("whole"), free_port()
    with empty_account(folder, port) as cdk:
        cdk.bootstrap()
        cdk.deploy()
        yield Account(port, folder / "account", names(port), cdk)


class TogetherScheduling(LoadFileScheduling):  # type: ignore[misc]
    """A file runs in one process, and all files that share the account in the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "whole_account" if Path(file).stem in SHARING else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TogetherScheduling:
    return TogetherScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))
