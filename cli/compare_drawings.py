"""Both versions read the drawings of a folder on this machine; labels that lie beside them are counted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.compare import LineChange, Measured, OnDrawings, Row, figures
from cli.environment import Environment, split_uri
from cli.errors import OperatorError, one_line
from cli.labels import NoLabels, read_labels
from cli.places import same_places
from cli.read import find_pictures
from cli.registry import ModelVersion
from drawing_ocr.annotation import Region
from drawing_ocr.evaluation.drawing_labels import best_reading, comparable
from drawing_ocr.evaluation.matching import Prediction as Scored
from drawing_ocr.evaluation.recognition import ReadLine, evaluate_recognition
from drawing_ocr.evaluation.report import Metrics
from drawing_ocr.evaluation.significance import PairedLine, compare_recognition
from drawing_ocr.models import package
from drawing_ocr.models.standard import cache_folder
from drawing_ocr.reading.reader import Reader
from drawing_ocr.reading.result import Prediction, ReadingResult
from drawing_ocr.text import edit_distance

Say = Callable[[str], None]
TEST_SET = "yours"


@dataclass(frozen=True)
class Drawing:
    """A picture and what stands in it, as far as it is labelled."""

    picture: Path
    regions: tuple[Region, ...]


def compare_on(
    environment: Environment, left: ModelVersion, right: ModelVersion, folder: Path, say: Say
) -> tuple[OnDrawings, list[Row]]:
    """Reads every drawing of `folder` with both versions.

    Returns:
        What changed, and the figures over all labelled places (none where nothing is labelled).

    Raises:
        OperatorError: the folder holds no drawing, a label cannot be used, or a package cannot be fetched.
    """
    drawings = find_drawings(folder)
    readers = []
    for version in (left, right):
        say(f"fetching {version.name}")
        readers.append(Reader.from_package(fetch_package(environment, version)))
    lines: list[PairedLine] = []
    changes: list[LineChange] = []
    failed: dict[str, str] = {}
    for number, drawing in enumerate(drawings, 1):
        say(f"reading {number} of {len(drawings)}: {drawing.picture.name}")
        try:
            before, after = (reader.read_file(drawing.picture) for reader in readers)
        except (ValueError, OSError) as error:
            failed[drawing.picture.name] = one_line(error)
            continue
        labelled = list(_labelled(drawing, before, after))
        lines += labelled
        changes += _changes(drawing, labelled, before, after)
    on = OnDrawings(
        folder=folder, drawings=len(drawings) - len(failed), labelled=len(lines), changes=changes, failed=failed
    )
    return on, _rows(lines)


def find_drawings(folder: Path) -> list[Drawing]:
    """Every picture of the folder, with the labels that lie there; pictures without a label stay without."""
    try:
        labels = {Path(item.image).resolve(): tuple(item.regions) for item in read_labels(folder).annotations}
    except NoLabels:
        labels = {}
    try:
        pictures = [path.resolve() for path in find_pictures([folder])]
    except OperatorError:
        if not labels:
            raise
        pictures = []  # the labels name pictures elsewhere
    return [Drawing(path, labels.get(path, ())) for path in sorted({*pictures, *labels})]


def fetch_package(environment: Environment, version: ModelVersion) -> Path:
    """The version's package, unpacked in the cache of this machine; its checksum is compared."""
    digest = version.metadata.get("package_sha256")
    name = digest or f"{environment.names.model_package_group}-{version.name}"
    folder = cache_folder() / "versions" / name
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    archive = folder.with_name(f"{name}.tar.gz")
    bucket, key = split_uri(version.model_data_url)
    environment.client("s3").download_file(bucket, key, str(archive))
    found = package.file_sha256(archive)
    if digest and found != digest:
        raise OperatorError(
            f"{version.model_data_url} has sha256 {found}, not {digest} as {version.name}: it was changed afterwards"
        )
    package.unpack(archive, folder)
    archive.unlink()
    return folder


def _labelled(drawing: Drawing, before: ReadingResult, after: ReadingResult) -> Iterator[PairedLine]:
    first, second = _scored(before), _scored(after)
    for region in drawing.regions:
        if not region.ignore:
            yield PairedLine(
                drawing=str(drawing.picture),
                text=comparable(region.text),
                champion=best_reading(region, first),
                challenger=best_reading(region, second),
                category=str(region.category),
            )


def _scored(result: ReadingResult) -> list[Scored]:
    """Labels are of the first page."""
    return [Scored(item.box, item.text) for item in result.predictions if item.page in (None, 1)]


def _changes(
    drawing: Drawing, labelled: Sequence[PairedLine], before: ReadingResult, after: ReadingResult
) -> Iterator[LineChange]:
    regions = [region for region in drawing.regions if not region.ignore]
    for region, line in zip(regions, labelled, strict=True):
        if line.champion != line.challenger:
            yield LineChange(
                drawing=drawing.picture,
                page=1,
                box=[(x, y) for x, y in region.points],
                label=region.text,
                left=line.champion,
                right=line.challenger,
                kind=_kind(line),
            )
    if regions:
        return
    for old, new in same_places(before.predictions, after.predictions):
        if (old.text if old else "") != (new.text if new else ""):
            yield _unlabelled(drawing, old, new)


def _kind(line: PairedLine) -> str:
    gain = edit_distance(line.text, line.champion) - edit_distance(line.text, line.challenger)
    return "better" if gain > 0 else "worse" if gain < 0 else "different"


def _unlabelled(drawing: Drawing, old: Prediction | None, new: Prediction | None) -> LineChange:
    place = new or old
    assert place is not None
    return LineChange(
        drawing=drawing.picture,
        page=place.page or 1,
        box=list(place.box),
        label=None,
        left=old.text if old else "",
        right=new.text if new else "",
        kind="different",
    )


def _rows(lines: Sequence[PairedLine]) -> list[Row]:
    if not lines:
        return []
    left = evaluate_recognition(ReadLine(line.text, line.champion, line.category) for line in lines)
    right = evaluate_recognition(ReadLine(line.text, line.challenger, line.category) for line in lines)
    measured = Measured(
        left={TEST_SET: Metrics(recognition=left)},
        right={TEST_SET: Metrics(recognition=right)},
        differences={TEST_SET: compare_recognition(lines)},
        turned=False,
        same_data=True,
    )
    return list(figures(measured))
