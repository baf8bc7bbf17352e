from __future__ import annotations

import pytest

from drawing_ocr.reading.reader import Reader, ReadingSettings
from tests.drawing_ocr.reading.world import open_reader


@pytest.fixture(scope="session")
def reader() -> Reader:
    return open_reader(ReadingSettings())
