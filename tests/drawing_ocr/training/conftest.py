"""A tiny model package and dataset: training in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_training import write_base, write_dataset


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base") / "package")


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("dataset"))
