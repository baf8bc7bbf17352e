"""The frozen regression set and the replay batch: general text that the official reader reads already."""

import hashlib
from pathlib import Path

import cv2
import pytest

from drawing_ocr.dataset.manifest import load_manifest
from drawing_ocr.dataset.regression import LINES, SHEETS, build_regression_set, build_replay_batch
from drawing_ocr.formats.paddleocr import read_detection, read_recognition
from drawing_ocr.synthesis.batch import BatchError
from drawing_ocr.synthesis.vocabulary import is_held_out
from drawing_ocr.text import SymbolClass, canonical, symbol_class


@pytest.fixture(scope="module")
def regression(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_regression_set(tmp_path_factory.mktemp("set") / "regression")


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


def test_it_has_the_dataset_layout(regression: Path) -> None:
    lines, pages = read_recognition(regression / "rec_val.txt"), read_detection(regression / "det_val.txt")
    assert len(lines) == LINES
    assert len(pages) == SHEETS
    for line in lines:
        assert cv2.imread(str(regression / line.crop), cv2.IMREAD_UNCHANGED).ndim == 2
    for page in pages:
        assert cv2.imread(str(regression / page.image), cv2.IMREAD_UNCHANGED) is not None
        assert len(page.regions) > 20


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(regression: Path, tmp_path: Path) -> None:
    assert digest(build_regression_set(tmp_path / "again")) == digest(regression)
    assert digest(build_regression_set(tmp_path / "other", seed=2)) != digest(regression)


def test_its_lines_are_different_general_texts_without_new_signs(regression: Path) -> None:
    texts = [line.text for line in read_recognition(regression / "rec_val.txt")]
    assert len(set(texts)) == LINES
    assert texts == [canonical(text) for text in texts]
    new = {SymbolClass.DIAMETER, SymbolClass.GDT, SymbolClass.COUNTERBORE, SymbolClass.PLUS_MINUS, SymbolClass.DEGREE}
    assert not any(symbol_class(text) & new for text in texts)
    chinese = sum(SymbolClass.CJK in symbol_class(text) for text in texts)
    assert LINES / 4 < chinese < LINES * 2 / 3
    assert any(set("äöüß") & set(text) for text in texts)


def test_replayed_pages_share_no_general_text_with_it(regression: Path, tmp_path: Path) -> None:
    kept = {line.text for line in read_recognition(regression / "rec_val.txt")}
    manifest = build_replay_batch(tmp_path / "replay", 4, seed=7)
    texts = [r.text for a in load_manifest(str(manifest)).annotations for r in a.regions]
    assert len(texts) > 100
    long = [text for text in texts if len(text) > 3]  # digits and zone marks are nobody's own
    assert not kept & set(long)
    assert any(is_held_out(text) for text in kept)


def test_a_folder_in_use_is_refused(regression: Path) -> None:
    with pytest.raises(BatchError, match="is not an empty folder"):
        build_regression_set(regression)


def test_the_official_reader_reads_it_well(regression: Path) -> None:
    """Otherwise it could not show what is forgotten. A sample, for time."""
    rapidocr = pytest.importorskip("rapidocr")
    reader = rapidocr.RapidOCR(params={"EngineConfig.onnxruntime.intra_op_num_threads": 1, "Global.log_level": "error"})
    lines = read_recognition(regression / "rec_val.txt")[::6]
    right = 0
    for line in lines:
        result = reader(cv2.imread(str(regression / line.crop)), use_det=False, use_cls=False, use_rec=True)
        right += canonical(result.txts[0]) == line.text
    assert right >= 0.97 * len(lines)
