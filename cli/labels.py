"""Labelled drawings on disk, in whichever form they were written, as one batch."""

from collections.abc import Sequence
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from cli.errors import OperatorError
from drawing_ocr.annotation import Annotation, AnnotationError
from drawing_ocr.dataset.manifest import LabelledBatch, load_manifest
from drawing_ocr.formats.labelme import read_labelme
from drawing_ocr.formats.paddleocr import LabelledImage, read_detection, read_ppocrlabel

MANIFEST = "manifest.jsonl"
PPOCRLABEL = "Label.txt"
DETECTION_LISTS = ("det_train.txt", "det_val.txt")
FORMS = f"{MANIFEST}, {PPOCRLABEL} (PPOCRLabel), {DETECTION_LISTS[0]} (PaddleOCR) or LabelMe's *.json"
# EXIF orientations whose upright picture is as wide as the stored one is high.
TURNED = (5, 6, 7, 8)


class NoLabels(OperatorError):
    """A folder in which nothing is labelled in a known form."""


def read_labels(path: Path) -> LabelledBatch:
    """The labels in a file or a folder that holds one; pictures by absolute path.

    Only a manifest has lines that are rejected one by one; another form is refused as a whole.

    Raises:
        NoLabels: nothing in a known form is there.
        OperatorError: a label cannot be used.
    """
    if not path.exists():
        raise OperatorError(f"{path}: there is no such file or folder")
    manifest = path / MANIFEST if path.is_dir() else path
    if manifest.suffix == ".jsonl" and manifest.is_file():
        return load_manifest(str(manifest.resolve()))
    return LabelledBatch(str(path), tuple(_from_folder(path) if path.is_dir() else _from_file(path)), ())


def _from_folder(folder: Path) -> list[Annotation]:
    if (folder / PPOCRLABEL).is_file():
        return _from_file(folder / PPOCRLABEL)
    lists = [folder / name for name in DETECTION_LISTS if (folder / name).is_file()]
    if lists:
        return [annotation for file in lists for annotation in _from_file(file)]
    labelme = [
        file for file in sorted(folder.glob("*.json")) if '"shapes"' in file.read_text("utf-8", errors="replace")
    ]
    if not labelme:
        raise NoLabels(f"{folder}: no labels in it; give a folder with {FORMS}")
    return [annotation for file in labelme for annotation in _from_file(file)]


def _from_file(file: Path) -> list[Annotation]:
    file = file.resolve()
    if file.suffix == ".json":
        return [_with_picture(read_labelme(file), file)]
    if file.suffix == ".txt":
        labelled = read_ppocrlabel(file) if file.name == PPOCRLABEL else read_detection(file)
        if not labelled:
            raise OperatorError(f"{file}: an empty label list: label at least one drawing")
        return [_annotation(item, file) for item in labelled]
    raise OperatorError(f"{file}: labels in an unknown form; give {FORMS}")


def _with_picture(annotation: Annotation, file: Path) -> Annotation:
    """LabelMe's own `imagePath`, or the picture of the same name beside the file where that is gone."""
    if Path(annotation.image).is_file():
        return annotation
    beside = [other for other in sorted(file.parent.glob(f"{file.stem}.*")) if other.suffix != ".json"]
    if not beside:
        raise OperatorError(f"{file}: its picture {annotation.image} is not there")
    return annotation.model_copy(update={"image": str(beside[0])})


def _annotation(labelled: LabelledImage, file: Path) -> Annotation:
    picture = _picture(labelled.image, file)
    width, height = upright_size(picture)
    try:
        return Annotation.parse(
            {"image": str(picture), "width": width, "height": height, "regions": labelled.regions},
            where=f"{file}: {labelled.image}",
        )
    except AnnotationError as error:
        raise OperatorError(str(error)) from error


def _picture(name: str, file: Path) -> Path:
    # PPOCRLabel names the folder of `Label.txt` in each path, PaddleOCR's lists do not.
    candidates: Sequence[Path] = (file.parent / name, file.parent.parent / name)
    for candidate in candidates:
        if candidate.is_file():
            return candidate.resolve()
    raise OperatorError(f"{file}: its picture {name} is not there")


def upright_size(picture: Path) -> tuple[int, int]:
    """Width and height in pixels of a picture as a person sees it, its EXIF orientation applied."""
    try:
        with Image.open(picture) as opened:
            turned = opened.getexif().get(ExifTags.Base.Orientation) in TURNED
            width, height = opened.size
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise OperatorError(f"{picture}: not a picture that can be read ({error}): save it again as PNG") from error
    return (height, width) if turned else (width, height)
