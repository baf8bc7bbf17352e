"""Whether a labelled batch may be trained on, and what of it.

Bad files are set aside, each with its reason. The rest is used only while the bad ones are few: many bad files mean
that something is wrong with the whole batch.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.manifest import Fetch
from drawing_ocr.dataset.picture import MAX_PIXELS, Picture, PictureError, decode_picture

# Two scans of one sheet that differ by half their size, one degree or two per cent correlate by 0.96 or more; different
# sheets by 0.3 (real drawings, see tests/drawing_ocr/dataset/test_check.py). Sheets with one frame and title block lie
# between, so the labels have a say as well.
_SAME_INK = 0.9
_SAME_ASPECT = 0.03
_SAME_TEXTS = 0.8  # sheets of one company share the captions of a large title block: two thirds of few texts


class DatasetRejected(ValueError):
    """Data that must not be trained on; its text is one line with the reason."""


class CheckLimits(BaseModel):
    """What is still acceptable.

    Attributes:
        bad_share: Largest share of bad drawings among those listed.
        max_pixels: Larger pictures are refused before they are decoded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bad_share: float = Field(default=0.2, ge=0, le=1)
    max_pixels: int = Field(default=MAX_PIXELS, gt=0)


class Quarantined(BaseModel):
    """Something that was set aside.

    Attributes:
        source: Location of the picture, or of the manifest when one of its lines is bad.
        reason: Why, in one line.
        file: Name of the bad file in the quarantine folder; None where there is no file.
        line: Number of the bad line of a manifest.
        content: That line.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    reason: str
    file: str | None = None
    line: int | None = None
    content: str | None = None


class Duplicate(BaseModel):
    """A drawing that was left out because it is there already.

    Attributes:
        source: Location of what was left out.
        of: Location of what stayed.
        reason: What they share, in one line.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    of: str
    reason: str


class CheckAttributes(BaseModel):
    """Counts of lines and pictures to look at, named as PaddleX's dataset checker names them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train_samples: int
    train_sample_paths: tuple[str, ...]
    val_samples: int
    val_sample_paths: tuple[str, ...]


class CheckReport(BaseModel):
    """`check.json`: the fields of PaddleX's `check_dataset_result.json`, and what it does not look for.

    Attributes:
        done_flag: The check ran to its end.
        check_pass: The dataset may be trained on.
        err_type: Of a failed check.
        err_msg: Why it failed, in one line.
        attributes: Counts and sample pictures; None when the check failed.
        analysis: `histogram`: path of the histogram.
        quarantined: Files and lines that were set aside.
        duplicates: Drawings that were left out.
        new_characters: Of the labels, which the base dictionary lacks.
        skipped_lines: Labelled lines too low to read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    done_flag: bool = True
    check_pass: bool
    err_type: str | None = None
    err_msg: str | None = None
    attributes: CheckAttributes | None = None
    analysis: dict[str, str] = {}
    dataset_path: str = "."
    show_type: str = "image"
    dataset_type: str = "MSTextRecDataset"
    quarantined: tuple[Quarantined, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    new_characters: tuple[str, ...] = ()
    skipped_lines: int = 0

    def to_json(self) -> str:
        """The content of `check.json`."""
        return self.model_dump_json(indent=2, exclude_none=True) + "\n"


def open_drawing(annotation: Annotation, data: bytes, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """The picture of a labelled drawing, if label and picture agree.

    Raises:
        PictureError: As `decode_picture`, or when the label is for a picture of another size.
    """
    picture = decode_picture(data, annotation.image, max_pixels=max_pixels)
    if (picture.width, picture.height) != (annotation.width, annotation.height):
        raise PictureError(
            f"is {picture.width} × {picture.height} pixels, its label is for {annotation.width} × {annotation.height}: "
            "label the upright original"
        )
    return picture


def fetch_picture(annotation: Annotation, fetch: Fetch) -> bytes:
    """The bytes of a labelled drawing.

    Raises:
        PictureError: There is none.
    """
    try:
        return fetch(annotation.image, annotation.version_id)
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise PictureError(f"cannot be fetched ({reason}): upload it before the manifest") from error


def require_few_bad(bad: Sequence[Quarantined], listed: int, limits: CheckLimits) -> None:
    """Raises DatasetRejected when nothing is listed, or when more than the acceptable share is bad."""
    if listed == 0:
        raise DatasetRejected("the batch is empty: label at least two drawings")
    share = len(bad) / listed
    if share > limits.bad_share:
        raise DatasetRejected(
            f"{len(bad)} of {listed} drawings are bad ({share:.0%}, at most {limits.bad_share:.0%} may be); "
            f"first: {bad[0].source}: {bad[0].reason}"
        )


@dataclass(frozen=True)
class Fingerprint:
    """What makes a drawing recognisable.

    Attributes:
        source: Its location.
        sha256: Of the picture file.
        signature: As `picture.signature` gives it.
        texts: Its labelled texts, canonical.
    """

    source: str
    sha256: str
    signature: NDArray[np.float32]
    texts: tuple[str, ...]


def find_duplicates(drawings: Sequence[Fingerprint], among: Sequence[Fingerprint]) -> list[Duplicate]:
    """Which drawings are among others: the same file, or a scan of the same sheet with mostly the same texts.

    Args:
        drawings: For example those that validate.
        among: For example those that are trained on.

    Returns:
        At most one duplicate for each of `drawings`, in their order.
    """
    if not drawings or not among:
        return []
    by_content = {other.sha256: other for other in reversed(among)}
    theirs = np.stack([other.signature for other in among])
    duplicates = []
    for drawing in drawings:
        if other := by_content.get(drawing.sha256):
            duplicates.append(Duplicate(source=drawing.source, of=other.source, reason="the same file"))
            continue
        ink = theirs[:, :-1] @ drawing.signature[:-1]
        same_aspect = np.abs(theirs[:, -1] - drawing.signature[-1]) < _SAME_ASPECT
        for index in np.flatnonzero((ink >= _SAME_INK) & same_aspect):
            shared = _shared_texts(drawing.texts, among[index].texts)
            if shared >= _SAME_TEXTS:
                reason = f"the same drawing (ink correlates by {ink[index]:.2f}, {shared:.0%} of the texts are shared)"
                duplicates.append(Duplicate(source=drawing.source, of=among[index].source, reason=reason))
                break
    return duplicates


def _shared_texts(left: Sequence[str], right: Sequence[str]) -> float:
    """Jaccard index of two bags; two empty ones are alike."""
    ours, theirs = Counter(left), Counter(right)
    union = (ours | theirs).total()
    return (ours & theirs).total() / union if union else 1.0
