"""What labelling one drawing costs a person, by the keystroke-level model.

Card, Moran and Newell, The keystroke-level model for user performance time with interactive systems, Communications of
the ACM 23(7), 1980: an expert's time for a task without errors is the sum of a few operators.

    K  a key is pressed: 0.28 s, average non-secretary typist (40 words a minute); a modifier is a key of its own
    B  a mouse button goes down or up: 0.10 s
    P  the pointer is brought to a place: 1.10 s
    H  a hand goes from keys to mouse or back: 0.40 s
    M  mental preparation, also to compare a text with the drawing: 1.35 s

A way of working is a table of operators for what happens to a line. The mistakes that a person mends come from a real
reading and its labels. Texts of boxes that are moved or drawn are typed at once: that the machine reads such boxes by
itself saves something only where a text is long, and is not counted in any way of working.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import shapely
from rapidfuzz.distance import Levenshtein

from drawing_ocr.annotation import Category, Region
from drawing_ocr.evaluation.matching import Page, match_page, polygons
from drawing_ocr.evaluation.matching import Prediction as Outline
from drawing_ocr.reading.result import Prediction
from drawing_ocr.text import canonical

SECONDS: Final = {"K": 0.28, "B": 0.10, "P": 1.10, "H": 0.40, "M": 1.35}

# A box must hold its text; that it is looser does not matter, since training cuts lines with up to 0.3 of their height
# around them (drawing_ocr/dataset/crop.py), which is an IoU of 0.54 for a text four times as long as high.
COVERED: Final = 0.9
SAME_PLACE: Final = 0.1  # IoU from which a box is moved to a text rather than removed, and the text boxed anew
SCREENFUL: Final = 20  # lines that are looked over at once for text without a box

_SHIFTED: Final = frozenset('~!@#$%^&*()_+{}|:"<>?')
_SHORT_NAME: Final = 5  # `\dia` and a space; a palette, an Alt code or pasting take at least as long
_CHINESE: Final = 4  # a character by pinyin: three letters on average, and the choice


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each operator occurs."""

    keystrokes: int = 0
    buttons: int = 0
    pointings: int = 0
    homings: int = 0
    thoughts: int = 0

    @classmethod
    def of(cls, operators: str, times: int = 1) -> Self:
        """From a sequence such as `MPBB`, a number of times.

        Raises:
            ValueError: A letter is no operator.
        """
        counted = Counter(operators)
        unknown = sorted(counted.keys() - SECONDS.keys())
        if unknown:
            raise ValueError(f"{operators!r}: {unknown[0]!r} is no operator; use {' '.join(SECONDS)}")
        return cls(*(counted[name] * times for name in "KBPHM"))

    def __add__(self, other: Effort) -> Effort:
        return Effort(
            self.keystrokes + other.keystrokes,
            self.buttons + other.buttons,
            self.pointings + other.pointings,
            self.homings + other.homings,
            self.thoughts + other.thoughts,
        )

    @property
    def clicks(self) -> int:
        """A button that goes down and up."""
        return self.buttons // 2

    @property
    def actions(self) -> int:
        """Keystrokes and clicks."""
        return self.keystrokes + self.clicks

    @property
    def seconds(self) -> float:
        """Time of an expert."""
        counts = (self.keystrokes, self.buttons, self.pointings, self.homings, self.thoughts)
        return sum(count * SECONDS[name] for count, name in zip(counts, "KBPHM", strict=True))


@dataclass(frozen=True, slots=True)
class WayOfWorking:
    """What a person does with a line, as operators; typing itself is added.

    Attributes:
        name: For people.
        overview: To open the contact sheet of what the machine is sure of, and to accept what is right on it. Empty:
            there is none.
        compare: A text on the contact sheet with its pictures: the same ones stand side by side and are one comparison.
        mark: What is wrong on it; it is mended afterwards, and needs no second comparison with the drawing.
        look: At a line that the machine read, to compare it with the drawing.
        accept: That it is right.
        mend: Before its text is changed. close: after it.
        retype: To type over the text that is in the field then. to_start, to_end: to have the caret at that end of it.
        draw: A box around a text without one. tilt: More for a text that does not lie.
        move: A box to its text.
        remove: A box without a text.
        categorise: A line whose category is not the one that it has.
        search: Once a screenful, for text without a box.
        finish: The drawing.
    """

    name: str
    overview: str
    compare: str
    mark: str
    look: str
    accept: str
    mend: str
    retype: str
    to_start: str
    to_end: str
    close: str
    draw: str
    tilt: str
    move: str
    remove: str
    categorise: str
    search: str
    finish: str


# The keys of web/annotator/src/task/commands.ts. W and two corners by clicks, the text field has the focus at once;
# there Alt and a digit give the category, Alt+R turns a text that stands. Enter accepts and goes on to the next line,
# the least sure first, whose crop is enlarged beside its text; the caret stands behind the text already, after a drag
# F2 brings it there. A box that cuts its text is mended by one drag of its corner or side, since the reader cuts at one
# end as a rule.
ANNOTATOR: Final = WayOfWorking(
    name="our annotator, line by line",
    overview="",
    compare="",
    mark="",
    look="M",
    accept="K",
    mend="M",
    retype="KK",
    to_start="K",
    to_end="",
    close="K",
    draw="MKHPBBPBBH",
    tilt="KK",
    move="MHPBPBHK",
    remove="K",
    categorise="KK",
    search="M",
    finish="MKK",
)
# The same after the contact sheet: Alt+O opens it, the mouse scrolls it and clicks what is wrong, Enter accepts the
# others. Delete takes away at once what is no text.
ANNOTATOR_OVERVIEW: Final = replace(
    ANNOTATOR, name="our annotator, sure ones together", overview="MKKHHK", compare="M", mark="PBB"
)
# PFCCLab/PPOCRLabel 3.1: the list of results is gone through by its arrow keys, so that the line's box lights up; there
# is nothing to accept. A double click on the entry opens its text, all of it selected, Enter closes it; W and a drag
# make a box, whose text is asked for; Delete removes it; Ctrl+V checks the picture and goes on. A tall box holds a text
# that stands by itself, and there are no categories to set.
PPOCRLABEL: Final = WayOfWorking(
    name="PPOCRLabel, line by line",
    overview="",
    compare="",
    mark="",
    look="KM",
    accept="",
    mend="MHPBBBBH",
    retype="",
    to_start="K",
    to_end="K",
    close="K",
    draw="MKHPBPBH",
    tilt="",
    move="MHPBPBH",
    remove="K",
    categorise="",
    search="M",
    finish="MKK",
)
# The same on a sheet that must be zoomed to be read: Ctrl+G brings the selected box near.
PPOCRLABEL_ZOOMED: Final = replace(PPOCRLABEL, name="PPOCRLabel, zoomed to each line", look="KKKM")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line that was found: what was read, what stands there, and whether its box or its category must change.

    Attributes:
        category: The machine's.
        sure: The annotator puts it on the contact sheet.
    """

    read: str
    label: str
    category: Category = Category.TEXT
    displaced: bool = False
    other_category: bool = False
    sure: bool = False

    @property
    def right(self) -> bool:
        """Nothing needs to be changed."""
        return self.read == self.label and not self.displaced and not self.other_category


@dataclass(frozen=True, slots=True)
class Ghost:
    """A line without a label."""

    read: str
    category: Category = Category.TEXT
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading beside its labels.

    Attributes:
        found: Lines in the place of a label.
        missed: Labels without a line.
        ghosts: Lines without a label.
    """

    found: tuple[ReadLine, ...]
    missed: tuple[Region, ...]
    ghosts: tuple[Ghost, ...]

    @property
    def right(self) -> int:
        """Lines of which nothing needs to be changed."""
        return sum(line.right for line in self.found)

    @classmethod
    def compare(
        cls,
        regions: Sequence[Region],
        predictions: Sequence[Prediction],
        *,
        sure: Collection[int] = (),
    ) -> Self:
        """Matches lines with labels (IoU ≥ 0.5, what is left over at `SAME_PLACE`), texts in canonical form.

        Args:
            regions: The labels.
            predictions: What the machine found.
            sure: Which of these the contact sheet shows, by index.
        """
        match = match_page(Page(regions, [Outline(line.box, line.text) for line in predictions]))
        labels = polygons([region.points for region in regions])
        boxes = polygons([line.box for line in predictions])
        pairs = dict(match.pairs)
        free = [index for index in match.predictions if index not in pairs.values()]
        overlaps = sorted(
            (-_iou(labels[label], boxes[line]), label, line)
            for label in match.regions
            for line in free
            if label not in pairs and labels[label].intersects(boxes[line])
        )
        moved: dict[int, int] = {}
        for overlap, label, line in overlaps:
            if -overlap >= SAME_PLACE and label not in moved and line not in moved.values():
                moved[label] = line

        def found(label: int, line: int) -> ReadLine:
            displaced = label in moved or labels[label].intersection(boxes[line]).area < COVERED * labels[label].area
            return ReadLine(
                canonical(predictions[line].text),
                canonical(regions[label].text),
                predictions[line].category,
                displaced=displaced,
                other_category=predictions[line].category is not regions[label].category,
                sure=line in sure,
            )

        return cls(
            found=tuple(found(label, line) for label, line in sorted({**pairs, **moved}.items())),
            missed=tuple(regions[index] for index in match.regions if index not in pairs and index not in moved),
            ghosts=tuple(
                Ghost(canonical(predictions[index].text), predictions[index].category, sure=index in sure)
                for index in free
                if index not in moved.values()
            ),
        )


def from_nothing(way: WayOfWorking, regions: Sequence[Region]) -> Effort:
    """Every box is drawn and every text typed."""
    return sum((_drawn(way, region) for region in regions if not region.ignore), Effort.of(way.finish))


def from_reading(way: WayOfWorking, reading: Reading) -> Effort:
    """Every line of the machine is looked at, and what is wrong is mended."""
    lines = len(reading.found) + len(reading.ghosts)
    effort = Effort.of(way.finish) + Effort.of(way.search, math.ceil(lines / SCREENFUL))
    found: Sequence[ReadLine] = reading.found
    if way.overview:
        effort += _looked_over(way, reading)
        found = [line for line in found if not (line.sure and line.right)]
    compared = bool(way.overview)
    for ghost in reading.ghosts:
        effort += Effort.of(way.remove if compared and ghost.sure else way.look + way.remove)
    for line in found:
        # Who comes back to a marked line knows what is wrong; preparing to mend it is counted there.
        known = compared and line.sure and (line.displaced or line.read != line.label)
        effort += _mended(way, line) if known else Effort.of(way.look) + _mended(way, line)
    return sum((_drawn(way, region) for region in reading.missed), effort)


def _looked_over(way: WayOfWorking, reading: Reading) -> Effort:
    seen: tuple[ReadLine | Ghost, ...] = (*reading.found, *reading.ghosts)
    texts = {(line.category, line.read) for line in seen if line.sure}
    wrong = sum(line.sure and not line.right for line in reading.found) + sum(ghost.sure for ghost in reading.ghosts)
    return Effort.of(way.overview) + Effort.of(way.compare, len(texts)) + Effort.of(way.mark, wrong)


def _mended(way: WayOfWorking, line: ReadLine) -> Effort:
    effort = Effort.of(way.move) if line.displaced else Effort()
    if line.other_category:
        effort += Effort.of(way.categorise)
    return effort + _corrected(way, line.read, line.label)


def _corrected(way: WayOfWorking, read: str, label: str) -> Effort:
    """What stands in the text field becomes the label."""
    if read == label:
        return Effort.of(way.accept)
    return Effort.of(way.mend + way.close) + Effort(keystrokes=strokes_to_mend(way, read, label))


def strokes(text: str) -> int:
    """Keystrokes that type a text.

    >>> strokes("12.5"), strokes("H7"), strokes("⌀8"), strokes("材料")
    (4, 3, 6, 8)
    """
    return sum(map(_strokes, text))


def strokes_to_mend(way: WayOfWorking, old: str, new: str) -> int:
    """The fewest keystrokes that change a text in a field that was just entered.

    Typed anew, or the caret goes from one end to each mistake by arrow keys.

    >>> [strokes_to_mend(ANNOTATOR, *each) for each in (("0382", "⌀382"), ("12", "12.5"), ("12.55", "12.5"))]
    [7, 2, 1]
    """
    blocks = [
        (operation.tag, operation.src_end - operation.src_start, new[operation.dest_start : operation.dest_end])
        for operation in Levenshtein.opcodes(old, new)
    ]
    return min(
        len(way.retype) + strokes(new),
        len(way.to_start) + _walk(blocks),
        len(way.to_end) + _walk(blocks[::-1]),
    )


def _walk(blocks: Sequence[tuple[str, int, str]]) -> int:
    """Strokes from one end to the last mistake, mending on the way."""
    while blocks and blocks[-1][0] == "equal":
        blocks = blocks[:-1]
    return sum(length if kind == "equal" else length + strokes(typed) for kind, length, typed in blocks)


def _strokes(character: str) -> int:
    if character.isascii():
        return 2 if character.isupper() or character in _SHIFTED else 1
    if "\u3400" <= character <= "\u9fff":
        return _CHINESE
    if character.isalpha() and character.isupper():
        return 2
    return 1 if character.isalpha() else _SHORT_NAME


def _iou(label: shapely.Polygon, box: shapely.Polygon) -> float:
    shared = label.intersection(box).area
    return float(shared / (label.area + box.area - shared))


def _drawn(way: WayOfWorking, region: Region) -> Effort:
    effort = Effort.of(way.draw) + Effort(keystrokes=strokes(region.text)) + Effort.of(way.close)
    if region.category is not Category.TEXT:
        effort += Effort.of(way.categorise)
    if _stands(region):
        effort += Effort.of(way.tilt)
    return effort


def _stands(region: Region) -> bool:
    """Whether the text does not run from left to right."""
    (left, top), (right, bottom) = region.points[0], region.points[1]
    return right - left < abs(bottom - top)
