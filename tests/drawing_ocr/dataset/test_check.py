"""What may be trained on, and what is there twice."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.check import (
    CheckLimits,
    DatasetRejected,
    Fingerprint,
    Quarantined,
    fetch_picture,
    find_duplicates,
    open_drawing,
    require_few_bad,
)
from drawing_ocr.dataset.picture import PictureError, Pixels, decode_picture, signature
from tests.drawing_ocr.labels import drawn_sheet, sheet_file

DRAWINGS = Path(__file__).resolve().parents[4] / "shared" / "drawings"


def fingerprint(source: str, pixels: Pixels, texts: tuple[str, ...] = ("12.5",), sha256: str = "") -> Fingerprint:
    return Fingerprint(source, sha256 or source, signature(pixels), texts)


def rescanned(pixels: Pixels, *, angle: float = 0.5, scale: float = 0.5, shift: float = 0.01) -> Pixels:
    """A scan of the same sheet: turned, shifted, at another resolution, compressed."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    matrix[0, 2] += shift * width
    matrix[1, 2] += shift * width
    moved = cv2.warpAffine(pixels, matrix, (width, height), borderValue=(255, 255, 255))
    small = cv2.resize(moved, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 60])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)


def bad(count: int) -> list[Quarantined]:
    return [Quarantined(source=f"{number}.png", reason="truncated") for number in range(count)]


def test_a_few_bad_drawings_are_accepted_up_to_the_limit() -> None:
    require_few_bad(bad(2), 10, CheckLimits(bad_share=0.2))
    with pytest.raises(
        DatasetRejected, match=r"^3 of 10 drawings are bad \(30%, at most 20% may be\); first: 0\.png: "
    ):
        require_few_bad(bad(3), 10, CheckLimits(bad_share=0.2))


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(DatasetRejected, match="the batch is empty"):
        require_few_bad([], 0, CheckLimits())


def test_the_same_file_is_a_duplicate_under_any_name() -> None:
    pixels = drawn_sheet(1)[0]
    (found,) = find_duplicates([fingerprint("b", pixels, sha256="x")], [fingerprint("a", pixels, sha256="x")])
    assert (found.source, found.of, found.reason) == ("b", "a", "the same file")


def test_a_scan_of_the_same_sheet_is_a_duplicate() -> None:
    pixels = drawn_sheet(1)[0]
    (found,) = find_duplicates([fingerprint("scan", rescanned(pixels))], [fingerprint("plot", pixels)])
    assert "the same drawing (ink correlates by 0.9" in found.reason


def test_another_sheet_is_no_duplicate() -> None:
    among = [fingerprint(str(seed), drawn_sheet(seed)[0]) for seed in range(2, 12)]
    assert find_duplicates([fingerprint("1", drawn_sheet(1)[0])], among) == []


def test_a_sheet_with_the_same_frame_and_other_texts_is_no_duplicate() -> None:
    pixels = drawn_sheet(1)[0]
    captions, sizes = ("REV", "SCALE", "DATE", "DRAWN"), tuple(str(10 * place) for place in range(8))
    among = [fingerprint("a", pixels, texts=(*captions, *sizes))]
    others = tuple(f"{size}.5" for size in sizes)
    assert find_duplicates([fingerprint("b", pixels, texts=(*captions, *others))], among) == []
    revised = ("12", *sizes[1:])
    assert find_duplicates([fingerprint("b", pixels, texts=(*captions, *revised))], among) != []


def test_a_sheet_of_another_shape_is_no_duplicate() -> None:
    pixels = drawn_sheet(1)[0]
    squeezed = np.asarray(cv2.resize(pixels, (600, 600)), np.uint8)
    assert find_duplicates([fingerprint("b", squeezed)], [fingerprint("a", pixels)]) == []


def test_nothing_is_a_duplicate_of_nothing() -> None:
    assert find_duplicates([], [fingerprint("a", drawn_sheet(1)[0])]) == []
    assert find_duplicates([fingerprint("a", drawn_sheet(1)[0])], []) == []


@pytest.mark.skipif(not DRAWINGS.is_dir(), reason="the real drawings are not beside the repository")
def test_scans_of_real_drawings_are_told_from_other_drawings() -> None:
    sheets = {path.stem: decode_picture(path.read_bytes(), path.name).pixels for path in DRAWINGS.glob("*.jpg")}
    among = [fingerprint(name, pixels) for name, pixels in sheets.items()]
    for angle, scale, shift in ((0.0, 0.5, 0.0), (1.0, 1.0, 0.0), (0.3, 0.7, 0.01)):
        scans = [
            fingerprint(f"{name} scan", rescanned(pixels, angle=angle, scale=scale, shift=shift))
            for name, pixels in sheets.items()
        ]
        found = {duplicate.source: duplicate.of for duplicate in find_duplicates(scans, among)}
        assert found == {f"{name} scan": name for name in sheets}


def test_labels_for_a_picture_of_another_size_are_refused(tmp_path: Path) -> None:
    annotation = sheet_file(tmp_path, 1)
    data = Path(annotation.image).read_bytes()
    assert open_drawing(annotation, data).width == 800
    with pytest.raises(PictureError, match="is 800 × 600 pixels, its label is for 600 × 800"):
        open_drawing(Annotation(image=annotation.image, width=600, height=800), data)


def test_a_missing_picture_is_told_from_a_bad_one() -> None:
    def nothing_there(location: str, version_id: str | None) -> bytes:
        raise OSError(f"no version {version_id} of {location}")

    with pytest.raises(PictureError, match=r"cannot be fetched \(no version v of s3://b/x\.png\)"):
        fetch_picture(Annotation(image="s3://b/x.png", version_id="v", width=1, height=1), nothing_there)
