"""Labels that a reader needs after a shift of its drawings: chosen by us, and chosen at random.

A version has learned plotted sheets of plain dimensions. Then a share of the stream changes: scanned details crowded
with signs (`drawing_ocr.synthesis.style.DETAILS`), as from a new customer. Every week drawings arrive, some are
labelled, and the next version is trained from the first one on all labels so far. Judged is the exact match on unseen
drawings of the same stream.

What is real: the official recogniser's features of every line, its classifier with all 18,710 classes, CTC loss, the
product's own uncertainty, calibration, selection and split. What is simplified, since a real training run a week, seed
and strategy would take two days of two cores: the body is frozen (benchmarks/frozen_backbone.py), and lines are cut by
their labelled boxes with the loose margins of a detector; the turned reading is a second cut with margins of its own.

Peers: a random choice (mean of five), the most uncertain ones without diversity, and confidence as the only sign. The
bound: a choice by the errors themselves, which are known here.

Continues where it was stopped; ends after SECONDS, 0 for no limit (exit status 75: not finished, call it again).

usage: benchmarks/active_learning.py WORK [SECONDS=0]
"""

# ruff: noqa: E402  # libraries are loaded after their environment is set

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from containers.training import environment

environment.enter()

import cv2
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.frozen_backbone import Classifier, Features, FrozenBackbone
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.dataset.crop import TRAINING_MARGIN, Margin, rectify
from drawing_ocr.dataset.split import Split, split_of
from drawing_ocr.labelling.selection import features as described
from drawing_ocr.labelling.selection import select
from drawing_ocr.labelling.uncertainty import Calibration, DrawingUncertainty, LineSigns, assess, fits_grammar
from drawing_ocr.reading.categorise import category_of
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import DETAILS, PLOTTED, VIEWS, SheetStyle

OLD = replace(
    VIEWS,
    standards=(("ISO", 4.0), ("ASME", 2.5)),
    signs=0.0,
    **{name: getattr(PLOTTED, name) for name in ("skewed", "blurred", "noisy", "compressed", "faded", "bled")},
)
NEW = DETAILS
SEEDS: Final = {0.3: 5, 1.0: 3}  # by the share of the stream that is new

WEEKS, ARRIVING, LABELLED = 8, 40, 3  # drawings a week
LEARNED, HELD_OUT, TESTED = 30, 10, 80  # drawings: of the first version, for its calibration, to judge by
RANDOM_CHOICES: Final = 5
VAL_RATIO: Final = 0.2
STEPS, BATCH, RATE = 300, 32, 3e-3
SURVEYED: Final = 400  # sheets of each style, for the characters that occur
THREADS: Final = 1
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "active_learning.png"
NOT_FINISHED: Final = 75  # EX_TEMPFAIL


class OutOfTime(Exception):
    """The limit of this call is reached; everything so far is kept."""


@dataclass(frozen=True)
class Drawing:
    """Features of the lines of one drawing, cut twice, and their texts."""

    name: str
    first: Features
    second: Features
    texts: list[str]


@dataclass(frozen=True)
class Version:
    """A trained classifier, and its calibration on labelled drawings that it was not trained on."""

    classifier: Classifier
    calibration: Calibration

    def assess(self, drawing: Drawing) -> DrawingUncertainty:
        """How uncertain its reading of a drawing is."""
        return assess(self.signs(drawing), self.calibration)

    def signs(self, drawing: Drawing) -> list[LineSigns]:
        """Of each line; the second cut stands for the turned reading."""
        first, second = self.classifier.read(drawing.first), self.classifier.read(drawing.second)
        return [
            LineSigns(text, confidence, fits_grammar(text, category_of(text)), text == other)
            for (text, confidence), (other, _) in zip(first, second, strict=True)
        ]


Choose = Callable[[Version, Sequence[Drawing], np.random.Generator], Sequence[int]]


def at_random(_: Version, arrived: Sequence[Drawing], generator: np.random.Generator) -> Sequence[int]:
    """Any drawings."""
    chosen: list[int] = generator.choice(len(arrived), LABELLED, replace=False).tolist()
    return chosen


def uncertain_and_diverse(version: Version, arrived: Sequence[Drawing], _: np.random.Generator) -> Sequence[int]:
    """As the product chooses."""
    assessed = [version.assess(drawing) for drawing in arrived]
    return _selected(assessed)


def uncertain(version: Version, arrived: Sequence[Drawing], _: np.random.Generator) -> Sequence[int]:
    """The most uncertain, however alike."""
    scores = np.array([version.assess(drawing).score for drawing in arrived])
    best: list[int] = np.argsort(-scores, kind="stable")[:LABELLED].tolist()
    return best


def by_confidence(version: Version, arrived: Sequence[Drawing], _: np.random.Generator) -> Sequence[int]:
    """Diverse, but confidence is the only sign."""
    signs = [version.signs(drawing) for drawing in arrived]
    return _selected(
        [
            assess([LineSigns(line.text, line.confidence, True) for line in lines], version.calibration)
            for lines in signs
        ]
    )


def by_the_errors(version: Version, arrived: Sequence[Drawing], _: np.random.Generator) -> Sequence[int]:
    """The largest shares of lines that are read wrongly: by the truth, which nobody has before the labels."""
    wrong = np.array([1 - exact(version, [drawing]) for drawing in arrived])
    worst: list[int] = np.argsort(-wrong, kind="stable")[:LABELLED].tolist()
    return worst


def _selected(assessed: Sequence[DrawingUncertainty]) -> list[int]:
    choices = select([each.score for each in assessed], [described(each) for each in assessed], budget=LABELLED)
    return [choice.index for choice in choices]


STRATEGIES: dict[str, tuple[Choose, int]] = {
    "random": (at_random, RANDOM_CHOICES),
    "ours": (uncertain_and_diverse, 1),
    "most uncertain": (uncertain, 1),
    "confidence only": (by_confidence, 1),
    "errors known": (by_the_errors, 1),
}


@dataclass
class Experiment:
    """One seed: its drawings on disk, and what was measured.

    Attributes:
        work: Folder that keeps everything.
        seed: Of drawings, choices and training.
        until: When this call ends (`time.monotonic`).
    """

    work: Path
    seed: int
    until: float
    _drawings: dict[str, Drawing] = field(default_factory=dict)
    _backbone: FrozenBackbone | None = None

    def curve(self, name: str, share: float, repetition: int) -> dict[str, list[float]]:
        """Labelled drawings, labelled lines and exact match, before the first week and after each."""
        path = self.work / f"curve-{self.seed}-{share:g}-{name.replace(' ', '-')}-{repetition}.json"
        if not path.exists():
            write_atomically(path, json.dumps(self._measured(STRATEGIES[name][0], share, repetition)))
        found: dict[str, list[float]] = json.loads(path.read_text("utf-8"))
        return found

    def _measured(self, choose: Choose, share: float, repetition: int) -> dict[str, list[float]]:
        base = self.drawings("base", OLD, 0, LEARNED + HELD_OUT)
        learned, held_out = base[:LEARNED], base[LEARNED:]
        tested = self.stream("test", TESTED, share)
        backbone = self.backbone()
        official = Classifier(backbone, backbone.weight, backbone.bias)
        first = self._version(official, learned, [], held_out)
        version, labelled = first, list[Drawing]()
        generator = np.random.default_rng([self.seed, repetition])
        found: dict[str, list[float]] = {"drawings": [0], "lines": [0], "exact": [exact(first, tested)]}
        for week in range(WEEKS):
            self._watch_time()
            arrived = self.stream(f"week-{week}", ARRIVING, share)
            labelled += [arrived[index] for index in choose(version, arrived, generator)]
            version = self._version(first.classifier, learned, labelled, held_out)
            found["drawings"].append(len(labelled))
            found["lines"].append(sum(len(drawing.texts) for drawing in labelled))
            found["exact"].append(exact(version, tested))
        return found

    def _version(
        self, start: Classifier, learned: Sequence[Drawing], labelled: Sequence[Drawing], held_out: Sequence[Drawing]
    ) -> Version:
        """Half of every batch old, half new; drawings of the validation side are kept for the calibration."""
        sides = {each.name: split_of(each.name, val_ratio=VAL_RATIO, seed=self.seed) for each in labelled}
        parts = [part for part in (learned, [each for each in labelled if sides[each.name] is Split.TRAIN]) if part]
        classifier = start.trained(
            [Features.joined([drawing.first for drawing in part]) for part in parts],
            [[text for drawing in part for text in drawing.texts] for part in parts],
            steps=STEPS,
            batch=BATCH,
            rate=RATE,
            seed=self.seed,
        )
        uncalibrated = Version(classifier, Calibration())
        signs, right = list[LineSigns](), list[bool]()
        for drawing in (*held_out, *(each for each in labelled if sides[each.name] is Split.VAL)):
            own = uncalibrated.signs(drawing)
            signs += own
            right += [line.text == text for line, text in zip(own, drawing.texts, strict=True)]
        return Version(classifier, Calibration.fit(signs, right))

    def stream(self, role: str, count: int, share: float) -> list[Drawing]:
        """Drawings of a mixed stream."""
        new = round(count * share)
        return self.drawings(role, OLD, 0, count - new) + self.drawings(role, NEW, 0, new)

    def drawings(self, role: str, style: SheetStyle, first: int, last: int) -> list[Drawing]:
        """Drawings number `first` to `last` of a role, from the disk or drawn, with the features of their lines."""
        kind = "old" if style is OLD else "new"
        return [self._drawing(f"{role}-{kind}-{number}", style) for number in range(first, last)]

    def _drawing(self, name: str, style: SheetStyle) -> Drawing:
        if name not in self._drawings:
            self._watch_time()
            folder = self.work / f"drawings-{self.seed}"
            folder.mkdir(exist_ok=True)
            path = folder / f"{name}.npz"
            done = path.with_suffix(".json")  # written last
            if not done.exists():
                self._draw(path, done, style)
            texts, features = json.loads(done.read_text("utf-8")), Features.load(path)
            first, second = features.between(0, len(texts)), features.between(len(texts), len(features))
            self._drawings[name] = Drawing(name, first, second, texts)
        return self._drawings[name]

    def _draw(self, path: Path, done: Path, style: SheetStyle) -> None:
        digest = hashlib.sha256(f"{self.seed} {path.stem}".encode()).digest()
        grey, annotation = draw_sheet(int.from_bytes(digest[:6]), style)
        picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
        generator = np.random.default_rng(list(digest))
        cuts = [
            rectify(picture, region.points, Margin.random(*TRAINING_MARGIN, generator))
            for _ in range(2)
            for region in annotation.regions
        ]
        self.backbone().features(cuts).save(path)
        write_atomically(done, json.dumps([region.text for region in annotation.regions]))

    def backbone(self) -> FrozenBackbone:
        """The body, with rows for all characters that occur."""
        if self._backbone is None:
            path = self.work / "characters.txt"
            if not path.exists():
                sheets = [draw_sheet(seed, style)[1] for style in (OLD, NEW) for seed in range(SURVEYED)]
                characters = {each for sheet in sheets for region in sheet.regions for each in region.text}
                write_atomically(path, "".join(sorted(characters)))
            self._backbone = FrozenBackbone(path.read_text("utf-8"), threads=THREADS)
        return self._backbone

    def _watch_time(self) -> None:
        if time.monotonic() > self.until:
            raise OutOfTime


def exact(version: Version, drawings: Sequence[Drawing]) -> float:
    """Share of the lines that are read exactly."""
    read = [text for drawing in drawings for text, _ in version.classifier.read(drawing.first)]
    labels = [text for drawing in drawings for text in drawing.texts]
    return float(np.mean([left == right for left, right in zip(read, labels, strict=True)]))


def labels_for(level: float, labels: Sequence[float], exact: Sequence[float]) -> float:
    """Labels after which a curve first reaches a level, a straight line between weeks; infinity if it never does."""
    for week, reached in enumerate(exact):
        if reached >= level:
            if week == 0:
                return labels[0]
            share = (level - exact[week - 1]) / (reached - exact[week - 1])
            return labels[week - 1] + share * (labels[week] - labels[week - 1])
    return float("inf")


def curves(work: Path, share: float, seeds: int, until: float) -> list[dict[str, dict[str, list[float]]]]:
    """For each seed and strategy the curve, the mean of its repetitions."""
    found = []
    for seed in range(seeds):
        experiment = Experiment(work, seed, until)
        by_name = {}
        for name, (_, repetitions) in STRATEGIES.items():
            repeated = [experiment.curve(name, share, repetition) for repetition in range(repetitions)]
            by_name[name] = {key: np.mean([each[key] for each in repeated], axis=0).tolist() for key in repeated[0]}
        found.append(by_name)
    return found


def ratios(found: Sequence[dict[str, dict[str, list[float]]]], name: str, unit: str) -> list[float]:
    """Labels with which a strategy reads as well as random choice at its end, as a share of those; for each seed."""
    return [
        labels_for(by_name["random"]["exact"][-1], by_name[name][unit], by_name[name]["exact"])
        / by_name["random"][unit][-1]
        for by_name in found
    ]


def plot(found: dict[float, list[dict[str, dict[str, list[float]]]]], path: Path) -> None:
    """Exact match over labelled drawings, mean of the seeds and their range, a panel for each share."""
    figure, panels = plt.subplots(1, len(found), figsize=(6.4 * len(found), 4.4), squeeze=False)
    for panel, (share, seeds) in zip(panels[0], found.items(), strict=True):
        for name in STRATEGIES:
            exact_match = np.array([by_name[name]["exact"] for by_name in seeds])
            drawings = seeds[0][name]["drawings"]
            (line,) = panel.plot(drawings, exact_match.mean(axis=0), marker="o", markersize=3, label=name)
            if name in ("random", "ours"):
                low, high = exact_match.min(axis=0), exact_match.max(axis=0)
                panel.fill_between(drawings, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
        panel.set_title(f"{share:.0%} of the stream is new, seeds: {len(seeds)} (band: their range)")
        panel.set_xlabel("labelled drawings")
        panel.set_ylabel("lines read exactly, unseen drawings of the stream")
        panel.grid(alpha=0.3)
        panel.legend(loc="lower right")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main(work: Path, seconds: float) -> int:
    """Measures what is not measured yet, then draws and tells."""
    work.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + seconds if seconds else float("inf")
    try:
        found = {share: curves(work, share, seeds, until) for share, seeds in SEEDS.items()}
    except OutOfTime:
        print(f"not finished, continues with the same command: {work}", file=sys.stderr)
        return NOT_FINISHED
    plot(found, PICTURE)
    for share, each in found.items():
        table = Table(
            "strategy", "exact at the end", "drawings, of random's", "lines, of random's", "seeds, drawings",
            title=f"{share:.0%} of the stream is new: labels to read as well as random choice after {WEEKS} weeks",
        )  # fmt: skip
        for name in STRATEGIES:
            at_end = np.mean([by_name[name]["exact"][-1] for by_name in each])
            drawings, lines = ratios(each, name, "drawings"), ratios(each, name, "lines")
            by_seed = " ".join(f"{ratio:.2f}" for ratio in drawings)
            table.add_row(name, f"{at_end:.3f}", f"{np.median(drawings):.2f}", f"{np.median(lines):.2f}", by_seed)
        Console(width=120).print(table)
    return 0


if __name__ == "__main__":
    given = sys.argv[1:]
    if not given:
        sys.exit(__doc__)
    sys.exit(main(Path(given[0]), float(given[1]) if len(given) > 1 else 0.0))
