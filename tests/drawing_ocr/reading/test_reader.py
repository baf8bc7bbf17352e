from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from shapely.geometry import Polygon, box

from drawing_ocr.models import package
from drawing_ocr.models.calibration import Calibration
from drawing_ocr.models.standard import standard_reader
from drawing_ocr.reading import recogniser
from drawing_ocr.reading.detector import Detector, DetectorSettings
from drawing_ocr.reading.reader import Reader, ReadingSettings
from drawing_ocr.reading.recogniser import Line, Recogniser
from drawing_ocr.reading.result import ModelName
from drawing_ocr.reading.session import Session
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.text import canonical
from tests.drawing_ocr.reading.world import DETECTOR, open_reader, sheet, write_package

ROOT = Path(__file__).resolve().parents[3]
DRAWINGS = ROOT.parent / "shared" / "drawings"
AS_RAPIDOCR = ReadingSettings(
    passes="upright",
    look="everywhere",
    vertical="counter-clockwise",
    fit=False,
    detector=DetectorSettings(tile=1920),  # a sheet whole
)


def png(page: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(page[:, :, ::-1]).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("degrees", "top_left"), [(0, (300, 200)), (90, (300, None)), (270, (None, 200))], ids=["lying", "up", "down"]
)
def test_text_is_read_in_all_three_directions_and_its_box_begins_at_its_own_top_left(
    reader: Reader, degrees: int, top_left: tuple[int | None, int | None]
) -> None:
    page = sheet({"120.75": (300, 200, degrees)})
    rows, columns = np.nonzero(page[:, :, 0] < 128)
    ink = box(columns.min(), rows.min(), columns.max(), rows.max())
    (found,) = reader.read(page).predictions
    assert found.text == "120.75"
    assert found.category == "dimension"
    shape = Polygon(found.box)
    assert shape.intersection(ink).area / shape.union(ink).area > 0.75
    assert found.box[0][0] == pytest.approx(ink.bounds[0] if top_left[0] else ink.bounds[2], abs=4)
    assert found.box[0][1] == pytest.approx(ink.bounds[1] if top_left[1] else ink.bounds[3], abs=4)
    # Clockwise with y downwards.
    area = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(found.box, found.box[1:] + found.box[:1], strict=True))
    assert area > 0


def test_lines_come_in_reading_order(reader: Reader) -> None:
    page = sheet({"bottom": (60, 400, 0), "right": (500, 102, 0), "left": (60, 100, 0)})
    assert [item.text for item in reader.read(page).predictions] == ["left", "right", "bottom"]


def test_texts_are_answered_in_canonical_form(reader: Reader) -> None:
    texts = [item.text for item in reader.read(sheet({"4x20": (100, 100, 0)})).predictions]
    assert texts == ["4×20"]


def test_what_the_network_reads_is_answered_beside_what_the_grammar_chose() -> None:
    class InDoubt:
        def read(self, crops: Sequence[np.ndarray]) -> list[Line]:
            return [Line("⌀42", 0.9, raw="042") for _ in crops]

    settings = ReadingSettings()
    detector = Detector(Session(DETECTOR, threads=1), settings.detector)
    reader = Reader(detector, cast(Recogniser, InDoubt()), ModelName(name="in doubt"), settings)
    answer = json.loads(reader.read(sheet({"120.75": (300, 200, 0)})).model_dump_json())
    assert [(item["text"], item["raw"]) for item in answer["predictions"]] == [("⌀42", "042")]


def test_a_document_is_read_page_by_page(reader: Reader) -> None:
    buffer = io.BytesIO()
    first, second = (Image.fromarray(sheet({text: (100, 100, 0)}, size=(600, 400))) for text in ("ONE", "TWO"))
    first.save(buffer, format="TIFF", save_all=True, append_images=[second])
    result = reader.read_bytes(buffer.getvalue())
    assert [(item.text, item.page) for item in result.predictions] == [("ONE", 1), ("TWO", 2)]
    assert (result.pages, result.width, result.height) == (2, 600, 400)


def test_empty_paper_is_an_answer_with_a_warning(reader: Reader) -> None:
    result = reader.read(sheet({}))
    assert result.predictions == ()
    assert result.warnings == ("page 1: no text found",)


def test_several_threads_read_what_one_reads(reader: Reader) -> None:
    pages = [sheet({f"R{number}0.5": (100 + 20 * number, 100, 0)}, size=(400, 200)) for number in range(1, 5)]
    alone = [reader.read(page) for page in pages]
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(reader.read, pages)) == alone


def test_a_package_is_read_with_packed_and_unpacked(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "model")
    package.pack(folder, tmp_path / "model.tar.gz")
    page = sheet({"R12.5": (100, 100, 0)}, size=(400, 300))
    results = [Reader.from_package(path, threads=1).read(page) for path in (folder, tmp_path / "model.tar.gz")]
    assert results[0] == results[1]
    assert results[0].predictions[0].text == "R12.5"
    assert results[0].model.name == "official"


def test_the_confidence_that_is_answered_is_calibrated_as_the_package_says(tmp_path: Path) -> None:
    folder, page = write_package(tmp_path / "package"), sheet({"120.75": (300, 200, 0)})
    (said,) = Reader.from_package(folder, threads=1).read(page).predictions
    calibration = Calibration(right=2.0, wrong=0.0, offset=0.5)
    package.describe(folder, name="calibrated", calibration=calibration)
    (answered,) = Reader.from_package(folder, threads=1).read(page).predictions
    assert answered.confidence == pytest.approx(calibration(said.confidence), abs=1e-3)
    assert answered.text == said.text


def test_a_damaged_package_is_refused_in_one_line(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "model")
    (folder / package.RECOGNISER / package.ONNX_NAME).write_bytes(b"")
    with pytest.raises(package.PackageError, match="recogniser") as caught:
        Reader.from_package(folder)
    assert "\n" not in str(caught.value)


def test_reading_imports_neither_paddle_nor_rapidocr() -> None:
    code = (
        "import sys, drawing_ocr.reading.reader, drawing_ocr.reading.overlay;"
        "print([name for name in ('paddle', 'paddlex', 'paddleocr', 'rapidocr', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_with_its_settings_the_reader_finds_and_reads_what_rapidocr_does(monkeypatch: pytest.MonkeyPatch) -> None:
    from rapidocr import RapidOCR

    # What a line reads depends on its padding: here both give each line alone, at its own width but at least at 320.
    monkeypatch.setattr(recogniser, "MIN_WIDTH", 320)
    monkeypatch.setattr(recogniser, "WIDTH_STEP", 1)

    grey, _ = draw_sheet(1)
    page = np.repeat(grey[:, :, None], 3, axis=2)
    peer: Any = RapidOCR(params={"Global.use_cls": False, "Global.log_level": "error", "Rec.rec_batch_num": 1})(page)
    mine = open_reader(AS_RAPIDOCR, threads=2).read(page).predictions
    assert len(mine) > 50
    theirs = {
        tuple(map(tuple, quad.tolist())): canonical(text) for quad, text in zip(peer.boxes, peer.txts, strict=True)
    }
    for item in mine:
        corners = np.array(item.box)
        nearest = min(
            (np.abs(np.roll(np.array(quad), turn, axis=0) - corners).max(), text)
            for quad, text in theirs.items()
            for turn in range(4)
        )
        # A box's first corner is its text's own top left here, the page's there: hence the turns.
        assert nearest[0] <= 1
        # The grammar's choice among readings is ours alone.
        assert (item.raw or item.text) == nearest[1]


@pytest.mark.slow
@pytest.mark.skipif(
    not DRAWINGS.is_dir(), reason="needs ../shared/drawings: drawings with labels that lie beside the repo"
)
def test_the_shipped_reader_reads_real_drawings_better_than_the_peer(tmp_path: Path) -> None:
    reader = Reader.from_package(standard_reader(), threads=2)
    for file in DRAWINGS.glob("*.jpg"):
        (tmp_path / f"{file.stem}.json").write_text(reader.read_file(file).model_dump_json())
    command = [sys.executable, str(DRAWINGS / "score_drawings.py"), str(DRAWINGS), str(tmp_path)]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1].split()
    score = dict(zip(words[1::2], map(float, words[2::2]), strict=True))
    # rapidocr on the sheets turned three ways and merged: exact .65, CER .16.
    assert score["exact"] >= 0.9
    assert score["CER"] <= 0.08


@pytest.mark.slow
def test_the_imported_official_package_reads_what_its_source_reads(tmp_path: Path) -> None:
    out = tmp_path / "official.tar.gz"
    code = (
        "import sys, pathlib; from drawing_ocr.models.official import build_official_package;"
        "build_official_package(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(out)], cwd=ROOT, capture_output=True, check=True)
    grey, _ = draw_sheet(3)
    page = np.repeat(grey[:, :, None], 3, axis=2)
    imported = Reader.from_package(out, settings=AS_RAPIDOCR).read(page).predictions
    source = open_reader(AS_RAPIDOCR, threads=2).read(page).predictions
    assert [item.text for item in imported] == [item.text for item in source]
    for one, other in zip(imported, source, strict=True):
        assert np.abs(np.array(one.box) - np.array(other.box)).max() <= 1
