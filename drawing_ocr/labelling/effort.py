"""What labelling one drawing costs a person, by the keystroke-level model.

Card, Moran and Newell, The keystroke-level model for user performance time with interactive systems, Communications of
the ACM 23(7), 1980: an expert's time for a task without errors is the sum of a few operators.

    K  a key is pressed: 0.28 s, average non-secretary typist (40 words a minute); a modifier is a key of its own
    B  a mouse button goes down or up: 0.10 s
    P  the pointer is brought to a place: 1.10 s
    H  a hand goes from keys to mouse or back: 0.40 s
    M  mental preparation, also to compare a text with the drawing: 1.35 s
    R  the machine reads one box: 1.0 s, of which two cores need half; the rest is the way there and back

A way of working is a table of operators for what happens to a line. The mistakes that a person mends come from a real
reading and its labels, also where a box was moved or drawn and is read again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import shapely
from rapidfuzz.distance import Levenshtein

from drawing_ocr.annotation import Category, Region
from drawing_ocr.evaluation.matching import Page, match_page, polygons
from drawing_ocr.evaluation.matching import Prediction as Outline
from drawing_ocr.reading.result import Prediction
from drawing_ocr.text import canonical

SECONDS: Final = {"K": 0.28, "B": 0.10, "P": 1.10, "H": 0.40, "M": 1.35, "R": 1.00}

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
    answers: int = 0

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
        return cls(*(counted[name] * times for name in "KBPHMR"))

    def __add__(self, other: Effort) -> Effort:
        return Effort(
            self.keystrokes + other.keystrokes,
            self.buttons + other.buttons,
            self.pointings + other.pointings,
            self.homings + other.homings,
            self.thoughts + other.thoughts,
            self.answers + other.answers,
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
        counts = (self.keystrokes, self.buttons, self.pointings, self.homings, self.thoughts, self.answers)
        return sum(count * SECONDS[name] for count, name in zip(counts, "KBPHMR", strict=True))


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
        read_moved: To have a moved box read again whose text is not right.
        read_drawn: To have a drawn box read.
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
    read_moved: str
    read_drawn: str
    remove: str
    categorise: str
    search: str
    finish: str


# The keys of web/annotator/src/task/commands.ts. W and two corners by clicks, the text field has the focus at once;
# there Alt and a digit give the category, Alt+R turns a text that stands; a box that is drawn, moved or turned is read
# by itself. Enter accepts and goes on to the next line, the least sure first, whose crop is enlarged beside its text;
# the caret stands behind the text already, after a drag F2 brings it there. A box that cuts its text is mended by one
# drag of its corner or side, since the reader cuts at one end as a rule.
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
    tilt="KKR",
    move="MHPBPBHK",
    read_moved="R",
    read_drawn="R",
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
# that stands by itself, and there are no categories to set. New boxes are read by themselves where that is switched on
# (File, Re-recognition), Ctrl+R reads a moved one.
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
    read_moved="KKR",
    read_drawn="R",
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
        again: What the machine reads in the right box, where the one that it found is displaced.
    """

    read: str
    label: str
    category: Category = Category.TEXT
    displaced: bool = False
    other_category: bool = False
    sure: bool = False
    again: str = ""

    @property
    def right(self) -> bool:
        """Nothing needs to be changed."""
        return self.read == self.label and not self.displaced and not self.other_category


@dataclass(frozen=True, slots=True)
class MissedLine:
    """A label without a line, and what the machine reads in its box when it is drawn."""

    region: Region
    again: str = ""


@dataclass(frozen=True, slots=True)
class Ghost:
    """A line without a label."""

    read: str
    category: Category = Category.TEXT
    sure: bool = False


def _unread(_: Region) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading beside its labels.

    Attributes:
        found: Lines in the place of a label.
        missed: Labels without a line.
        ghosts: Lines without a label.
    """

    found: tuple[ReadLine, ...]
    missed: tuple[MissedLine, ...]
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
        read_again: Callable[[Region], str] = _unread,
    ) -> Self:
        """Matches lines with labels (IoU ≥ 0.5, what is left over at `SAME_PLACE`), texts in canonical form.

        Args:
            regions: The labels.
            predictions: What the machine found.
            sure: Which of these the contact sheet shows, by index.
            read_again: What the machine reads in the box of a label.
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
                again=canonical(read_again(regions[label])) if displaced else "",
            )

        return cls(
            found=tuple(found(label, line) for label, line in sorted({**pairs, **moved}.items())),
            missed=tuple(
                MissedLine(regions[index], canonical(read_again(regions[index])))
                for index in match.regions
                if index not in pairs and index not in moved
            ),
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
    return sum((_drawn_and_read(way, missed) for missed in reading.missed), effort)


def _looked_over(way: WayOfWorking, reading: Reading) -> Effort:
    seen: tuple[ReadLine | Ghost, ...] = (*reading.found, *reading.ghosts)
    texts = {(line.category, line.read) for line in seen if line.sure}
    wrong = sum(line.sure and not line.right for line in reading.found) + sum(ghost.sure for ghost in reading.ghosts)
    return Effort.of(way.overview) + Effort.of(way.compare, len(texts)) + Effort.of(way.mark, wrong)


def _mended(way: WayOfWorking, line: ReadLine) -> Effort:
    effort = Effort.of(way.move) if line.displaced else Effort()
    if line.other_category:
        effort += Effort.of(way.categorise)
    corrected = _corrected(way, line.read, line.label)
    if line.displaced and line.read != line.label:
        corrected = _typed_or_read(way, corrected, way.read_moved, again=line.again, label=line.label)
    return effort + corrected


def _typed_or_read(way: WayOfWorking, typed: Effort, read: str, *, again: str, label: str) -> Effort:
    """What is short is typed at once, which stops the machine's reading; the rest is left to it, right or wrong."""
    reading = Effort.of(read + way.look.replace("K", ""))
    if typed.seconds <= (reading + Effort.of(way.accept)).seconds:
        return typed
    return reading + _corrected(way, again, label)


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
    return _boxed(way, region) + Effort(keystrokes=strokes(region.text)) + Effort.of(way.close)


def _drawn_and_read(way: WayOfWorking, missed: MissedLine) -> Effort:
    label = canonical(missed.region.text)
    typed = Effort(keystrokes=strokes(missed.region.text)) + Effort.of(way.close)
    text = _typed_or_read(way, typed, way.read_drawn, again=missed.again, label=label)
    return _boxed(way, missed.region) + text


def _boxed(way: WayOfWorking, region: Region) -> Effort:
    effort = Effort.of(way.draw)
    if region.category is not Category.TEXT:
        effort += Effort.of(way.categorise)
    if _stands(region):
        effort += Effort.of(way.tilt)
    return effort


def _stands(region: Region) -> bool:
    """Whether the text does not run from left to right."""
    (left, top), (right, bottom) = region.points[0], region.points[1]
    return right - left < abs(bottom - top)
