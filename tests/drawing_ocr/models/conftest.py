"""The official reader, imported once for all processes of a test run."""

from __future__ import annotations

from pathlib import Path

import pytest

from drawing_ocr.models import package
from drawing_ocr.models.official import build_official_package


@pytest.fixture(scope="session")
def official(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the unpacked official package."""
    base = tmp_path_factory.mktemp("official")
    package.unpack(build_official_package(base / "model.tar.gz"), base / "package")
    return base / "package"
