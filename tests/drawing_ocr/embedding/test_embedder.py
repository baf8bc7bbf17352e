from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from drawing_ocr.embedding.embedder import DEFAULT, Embedder, EmptyDrawing
from drawing_ocr.embedding.record import NETWORK_NAME, EmbedderRecord, RecordError
from drawing_ocr.synthesis.families.family import draw_part
from drawing_ocr.synthesis.families.sheet import PLAIN, draw_family_sheet


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.load()


def test_the_shipped_embedder_is_small_and_is_what_its_record_says(embedder: Embedder) -> None:
    data = (DEFAULT / NETWORK_NAME).read_bytes()
    assert len(data) <= 30_000_000
    assert embedder.info.matches(data)
    assert embedder.info.dimension == 2048


def test_vectors_are_of_length_1_and_a_quarter_turn_changes_nothing(embedder: Embedder) -> None:
    square = np.zeros((embedder.info.input_size,) * 2, np.uint8)
    cv2.rectangle(square, (20, 10), (100, 60), (255,), 2)
    cv2.circle(square, (90, 40), 20, (255,), 2)
    vectors = embedder.vectors([np.ascontiguousarray(np.rot90(square, quarters)) for quarters in range(4)])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(vectors @ vectors.T, 1.0, atol=1e-4)


def test_a_part_drawn_again_is_nearer_than_parts_of_other_families(embedder: Embedder) -> None:
    families = range(20, 26)
    first, again = (
        np.stack([embedder.embed(draw_family_sheet(draw_part(family), seed, PLAIN))[0].vector for family in families])
        for seed in (1, 2)
    )
    assert ((first @ again.T).argmax(axis=1) == np.arange(len(families))).all()


def test_all_pages_of_a_file_are_embedded(embedder: Embedder, tmp_path: Path) -> None:
    from PIL import Image

    pages = [Image.fromarray(draw_family_sheet(draw_part(family), 1, PLAIN)) for family in (20, 21)]
    pages[0].save(tmp_path / "two.tiff", save_all=True, append_images=pages[1:])
    result = embedder.read_bytes((tmp_path / "two.tiff").read_bytes())
    assert result.pages == 2
    assert [each.page for each in result.embeddings if each.kind == "sheet"] == [1, 2]
    assert (result.width, result.height) == pages[0].size


def test_an_empty_picture_is_refused(embedder: Embedder) -> None:
    with pytest.raises(EmptyDrawing, match="nothing is drawn on it"):
        embedder.read_bytes(bytes(cv2.imencode(".png", np.full((50, 80), 255, np.uint8))[1]))


def test_a_folder_without_an_embedder_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"embedder\.json: No such file or directory: name a folder"):
        Embedder.load(tmp_path)


def test_a_network_that_is_not_the_records_is_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEFAULT, tmp_path / "model"))
    record = EmbedderRecord.load(folder)
    record.model_copy(update={"sha256": "0" * 64}).save(folder)
    with pytest.raises(RecordError, match=r"inference\.onnx is not the one of the record: export it again"):
        Embedder.load(folder)
