"""From labelled drawings to a checked dataset in PaddleOCR's layout.

The same drawings, dictionary and seed give the same bytes.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from drawing_ocr.annotation import Annotation
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.dataset import layout
from drawing_ocr.dataset.check import (
    CheckAttributes,
    CheckLimits,
    CheckReport,
    DatasetRejected,
    Duplicate,
    fetch_picture,
    find_duplicates,
    require_few_bad,
)
from drawing_ocr.dataset.histogram import histogram_png
from drawing_ocr.dataset.manifest import Fetch, ManifestReference, RejectedLine, read_local
from drawing_ocr.dataset.picture import PictureError
from drawing_ocr.dataset.prepared import PreparedDrawing, discard_drawing, prepare_drawing
from drawing_ocr.dataset.quarantine import Quarantine
from drawing_ocr.dataset.replay import replay_lines, replay_order
from drawing_ocr.dataset.samples import write_sample
from drawing_ocr.dataset.split import Split, drawing_id, split_drawings
from drawing_ocr.dataset.summary import DatasetSummary, PartCounts
from drawing_ocr.formats.paddleocr import LabelledCrop, write_detection, write_recognition
from drawing_ocr.text import Charset

_SAMPLES = 5  # sample pictures of each side


def build_dataset(
    new: Sequence[Annotation],
    old: Sequence[Annotation],
    base_charset: Charset,
    out_dir: Path,
    *,
    replay_ratio: float,
    val_ratio: float,
    seed: int,
    quarantine_dir: Path,
    open_image: Fetch = read_local,
    rejected: Sequence[RejectedLine] = (),
    limits: CheckLimits | None = None,
    sources: Sequence[ManifestReference] = (),
    replay_sources: Sequence[ManifestReference] = (),
) -> DatasetSummary:
    """Check, split, mix, cut and write a dataset.

    `out_dir` is filled only when everything has succeeded, `check.json` last; when the check fails it holds nothing but
    a `check.json` that says why. Bad files are copied to `quarantine_dir` with `reasons.json` in either case.

    Args:
        new: Drawings of this run, oldest batch first: of a drawing labelled twice the last labels count.
        old: Drawings that earlier versions learned from, oldest first; the replay is drawn from them.
        base_charset: Dictionary of the model that is trained on from.
        out_dir: The dataset; must not exist or be empty.
        replay_ratio: Share of old lines among those trained on, 0 to below 1; fewer where there are not enough.
        val_ratio: Share of new drawings that validate, between 0 and 1.
        seed: Of split, replay and crops.
        quarantine_dir: Where bad files go.
        open_image: Reads a picture by location and version id; raises OSError when it is not there.
        rejected: Lines of the new manifests that are no annotations; they count as bad drawings.
        limits: What is still acceptable.
        sources: Manifests of `new`, for the record.
        replay_sources: Manifests of `old`, for the record.

    Raises:
        DatasetRejected: The data must not be trained on.
        FileExistsError: `out_dir` holds something.
        ValueError: A ratio out of range.
    """
    if out_dir.exists() and any(out_dir.iterdir()):
        raise FileExistsError(f"{out_dir} is not empty: a dataset is never written over, name another folder")
    out_dir.mkdir(parents=True, exist_ok=True)
    # Inside out_dir, because a container's output folder may be a mount, which can neither be renamed nor replaced.
    partial = Path(tempfile.mkdtemp(dir=out_dir, prefix=".partial-"))
    run = _Run(
        folder=partial,
        quarantine=Quarantine(quarantine_dir),
        open_image=open_image,
        limits=limits or CheckLimits(),
        val_ratio=val_ratio,
        seed=seed,
    )
    try:
        for line in rejected:
            run.quarantine.add_line(line)
        try:
            train, val = run.prepare_new(new)
            wanted = replay_lines(sum(len(drawing.crops) for drawing in train), replay_ratio)
            replay = run.prepare_replay(replay_order(old, new, val_ratio=val_ratio, seed=seed), wanted, [*train, *val])
        except DatasetRejected as error:
            run.write_failed_check(error, out_dir / layout.CHECK)
            raise
        finally:
            run.quarantine.write_reasons()
        summary = run.write(train, val, replay, base_charset)
        summary = summary.model_copy(update={"sources": tuple(sources), "replay_sources": tuple(replay_sources)})
        write_atomically(partial / layout.SUMMARY, summary.to_json())
        # check.json is what says that the dataset may be trained on, so it is moved last.
        for child in sorted(partial.iterdir(), key=lambda path: path.name == layout.CHECK):
            os.replace(child, out_dir / child.name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return summary


@dataclass
class _Run:
    """What the steps of one `build_dataset` share."""

    folder: Path
    quarantine: Quarantine
    open_image: Fetch
    limits: CheckLimits
    val_ratio: float
    seed: int
    duplicates: list[Duplicate] = field(default_factory=list)

    def prepare_new(self, new: Sequence[Annotation]) -> tuple[list[PreparedDrawing], list[PreparedDrawing]]:
        """The drawings to train on and those to validate, checked and written."""
        listed = len(new) + len(self.quarantine.entries)
        latest = self._latest(new)
        sides = split_drawings([drawing_id(each.image) for each in latest], val_ratio=self.val_ratio, seed=self.seed)
        ready = self._prepare(latest, lambda annotation: sides[drawing_id(annotation.image)], replay=False)
        require_few_bad(self.quarantine.entries, listed, self.limits)
        ready = self._without_repeated_files(ready)
        train = [drawing for drawing in ready if sides[drawing.drawing] is Split.TRAIN]
        val = self._without(train, [drawing for drawing in ready if sides[drawing.drawing] is Split.VAL])
        for purpose, drawings in (("train on", train), ("validate", val)):
            if not any(drawing.crops for drawing in drawings):
                raise DatasetRejected(
                    f"no readable line is left to {purpose} (of {len(train)} drawings to train on and {len(val)} to "
                    "validate): label at least two different drawings, with different file names"
                )
        return train, val

    def prepare_replay(
        self, order: Sequence[Annotation], wanted: int, new: Sequence[PreparedDrawing]
    ) -> list[PreparedDrawing]:
        """Old drawings, drawn in order until they have as many lines as wanted; the last gives what is missing.

        What is among the new drawings is passed over: those that validate must not be learned by heart, and of the
        others the new labels count.
        """
        replay: list[PreparedDrawing] = []
        waiting = list(order)
        while wanted > 0 and waiting:
            drawn = _drawn(waiting, wanted)
            del waiting[: len(drawn)]
            for drawing in self._without(new, self._prepare(drawn, lambda _: Split.TRAIN, replay=True)):
                for crop in drawing.crops[wanted:]:
                    (self.folder / crop.crop).unlink()
                replay.append(replace(drawing, crops=drawing.crops[:wanted]))
                wanted -= len(replay[-1].crops)
        return replay

    def write(
        self,
        train: Sequence[PreparedDrawing],
        val: Sequence[PreparedDrawing],
        replay: Sequence[PreparedDrawing],
        base_charset: Charset,
    ) -> DatasetSummary:
        """Lists, dictionary, histogram, samples and `check.json`."""
        for side, drawings in ((Split.TRAIN, [*train, *replay]), (Split.VAL, val)):
            write_detection(self.folder / layout.detection_list(side), (each.labelled for each in drawings))
            write_recognition(self.folder / layout.recognition_list(side), _crops(drawings))
        parts = {"train": train, "val": val, "replay": replay}
        texts = {name: [crop.text for crop in _crops(part)] for name, part in parts.items()}
        new_characters = base_charset.missing(text for part in texts.values() for text in part)
        charset = base_charset.extended(new_characters)
        charset.save(self.folder / layout.DICTIONARY)
        write_atomically(self.folder / layout.HISTOGRAM, histogram_png(texts))
        counts = {name: PartCounts(drawings=len(part), lines=len(texts[name])) for name, part in parts.items()}
        trained = counts["train"].lines + counts["replay"].lines
        skipped = sum(drawing.skipped for drawing in (*train, *val, *replay))
        report = CheckReport(
            check_pass=True,
            attributes=CheckAttributes(
                train_samples=trained,
                train_sample_paths=self._write_samples(Split.TRAIN, train),
                val_samples=counts["val"].lines,
                val_sample_paths=self._write_samples(Split.VAL, val),
            ),
            analysis={"histogram": layout.HISTOGRAM},
            quarantined=tuple(self.quarantine.entries),
            duplicates=tuple(self.duplicates),
            new_characters=tuple(new_characters),
            skipped_lines=skipped,
        )
        write_atomically(self.folder / layout.CHECK, report.to_json())
        return DatasetSummary(
            seed=self.seed,
            val_ratio=self.val_ratio,
            train=counts["train"],
            val=counts["val"],
            replay=counts["replay"],
            replay_share=counts["replay"].lines / trained,
            characters=len(charset.characters),
            new_characters=tuple(new_characters),
            quarantined=len(self.quarantine.entries),
            duplicates=len(self.duplicates),
            skipped_lines=skipped,
        )

    def write_failed_check(self, error: DatasetRejected, target: Path) -> None:
        """A `check.json` that says why there is no dataset."""
        report = CheckReport(
            check_pass=False,
            err_type=type(error).__name__,
            err_msg=str(error),
            quarantined=tuple(self.quarantine.entries),
            duplicates=tuple(self.duplicates),
        )
        write_atomically(target, report.to_json())

    def _prepare(
        self, annotations: Sequence[Annotation], side_of: Callable[[Annotation], Split], *, replay: bool
    ) -> list[PreparedDrawing]:
        """Good drawings in order; bad ones go to the quarantine. Decoding and cutting release the interpreter lock."""

        def prepared(annotation: Annotation) -> PreparedDrawing | tuple[str, bytes | None]:
            data: bytes | None = None
            try:
                data = fetch_picture(annotation, self.open_image)
                return prepare_drawing(
                    annotation,
                    data,
                    self.folder,
                    side=side_of(annotation),
                    replay=replay,
                    seed=self.seed,
                    max_pixels=self.limits.max_pixels,
                )
            except PictureError as error:
                return str(error), data

        good = []
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for annotation, outcome in zip(annotations, pool.map(prepared, annotations), strict=True):
                if isinstance(outcome, PreparedDrawing):
                    good.append(outcome)
                else:
                    self.quarantine.add_drawing(annotation, *outcome)
        return good

    def _latest(self, annotations: Sequence[Annotation]) -> list[Annotation]:
        """Each picture once, with its last labels."""
        latest: dict[tuple[str, str | None], Annotation] = {}
        for annotation in annotations:
            key = (annotation.image, annotation.version_id)
            if latest.pop(key, None):
                reason = "labelled again: the last labels count"
                self.duplicates.append(Duplicate(source=annotation.image, of=annotation.image, reason=reason))
            latest[key] = annotation
        return list(latest.values())

    def _without_repeated_files(self, drawings: Sequence[PreparedDrawing]) -> list[PreparedDrawing]:
        """Each file once, under whatever name, with its last labels."""
        last = {drawing.fingerprint.sha256: drawing for drawing in drawings}
        for drawing in drawings:
            kept = last[drawing.fingerprint.sha256]
            if kept is not drawing:
                source, of = drawing.fingerprint.source, kept.fingerprint.source
                self.duplicates.append(Duplicate(source=source, of=of, reason="the same file: the last labels count"))
                discard_drawing(drawing, self.folder)
        return [drawing for drawing in drawings if last[drawing.fingerprint.sha256] is drawing]

    def _without(
        self, present: Sequence[PreparedDrawing], drawings: Sequence[PreparedDrawing]
    ) -> list[PreparedDrawing]:
        """Those of the drawings that are not present elsewhere already."""
        found = find_duplicates([each.fingerprint for each in drawings], [each.fingerprint for each in present])
        self.duplicates += found
        sources = {duplicate.source for duplicate in found}
        for drawing in drawings:
            if drawing.fingerprint.source in sources:
                discard_drawing(drawing, self.folder)
        return [drawing for drawing in drawings if drawing.fingerprint.source not in sources]

    def _write_samples(self, side: Split, drawings: Sequence[PreparedDrawing]) -> tuple[str, ...]:
        paths = []
        for drawing in drawings[:_SAMPLES]:
            path = f"{layout.SAMPLES}/{side}_{Path(drawing.labelled.image).stem}.jpg"
            write_sample(self.folder / drawing.labelled.image, drawing.labelled.regions, self.folder / path)
            paths.append(path)
        return tuple(paths)


def _drawn(waiting: Sequence[Annotation], wanted: int) -> list[Annotation]:
    """As many of the first drawings as should have the wanted number of lines, if all are good."""
    drawn: list[Annotation] = []
    lines = 0
    for annotation in waiting:
        if lines >= wanted:
            break
        drawn.append(annotation)
        lines += sum(not region.ignore for region in annotation.regions)
    return drawn


def _crops(drawings: Sequence[PreparedDrawing]) -> list[LabelledCrop]:
    return [crop for drawing in drawings for crop in drawing.crops]
