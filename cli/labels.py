"""Labelled drawings on disk, in whichever form they were written, as one batch."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from cli.errors import OperatorError
from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.manifest import LabelledBatch, load_manifest
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.registry import FORMATS, LabelFormat, format_of

MANIFEST = "manifest.jsonl"
ENDINGS = {".jsonl", ".json", ".txt", ".manifest", ".csv"}  # of files that may hold labels
FORMS = f"{MANIFEST}, Label.txt (PPOCRLabel), det_train.txt (PaddleOCR), *.json (LabelMe), *.csv or output.manifest"
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
    form, files = label_files(path)
    if form is FORMATS["batch"]:
        return load_manifest(str(files[0].resolve()))
    return LabelledBatch(str(path), tuple(annotation for file in files for annotation in _from_file(file, form)), ())


def label_files(path: Path) -> tuple[LabelFormat, list[Path]]:
    """The form of the labels in a file or folder, and the files that hold them.

    In a folder the first form of `FORMATS` that has a file there counts, and of batches and lists of PPOCRLabel the one
    file by its name. Lists of crops have no boxes and never count.

    Raises:
        NoLabels: nothing in a known form is there.
        OperatorError: there is no such path.
    """
    if path.is_file():
        return format_of(path.name, _content(path)), [path]
    if not path.is_dir():
        raise OperatorError(f"{path}: there is no such file or folder")
    found: dict[str, list[Path]] = {}
    for file in sorted(path.iterdir()):
        if file.suffix in ENDINGS and file.is_file():
            with suppress(FormatError):
                found.setdefault(format_of(file.name, _content(file)).name, []).append(file)
    for form in FORMATS.values():
        if form.name in found and form is not FORMATS["recognition"]:
            named = [file for file in found[form.name] if file.name == form.file_name]
            return form, named or found[form.name]
    raise NoLabels(f"{path}: no labels in it; give a folder with {FORMS}")


def _from_file(file: Path, form: LabelFormat) -> list[Annotation]:
    file = file.resolve()
    annotations = form.read(_content(file), str(file), lambda image: upright_size(_picture(image, file)))
    if not annotations:
        raise OperatorError(f"{file}: an empty label list: label at least one drawing")
    return [
        annotation
        if "://" in annotation.image
        else annotation.model_copy(update={"image": str(_picture(annotation.image, file))})
        for annotation in annotations
    ]


def _content(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OperatorError(f"{file}: not UTF-8 (byte {error.start}): convert it") from error


def _picture(name: str, file: Path) -> Path:
    # PPOCRLabel names the folder of `Label.txt` in each path, PaddleOCR's lists do not. A file of LabelMe often names a
    # place on another machine, and its picture has the file's own name.
    candidates: Sequence[Path] = (file.parent / name, file.parent.parent / name)
    if file.suffix == ".json":
        beside = sorted(other for other in file.parent.glob(f"{file.stem}.*") if other.suffix != ".json")
        candidates = (file.parent / name, *beside)
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
