"""Whether the characters that a font tells are those that one sees: its lines are read, a few of them.

A PDF file may draw an A and call it a B: subsets of fonts have an order of their own, and the table that leads back to
characters (ToUnicode) is missing or wrong in files of careless programs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from drawing_ocr.reading.image import Page
from drawing_ocr.sources.page import Quad, ReadLines
from drawing_ocr.sources.text_lines import Line
from drawing_ocr.text import canonical, edit_distance

_LINES: Final = 6  # read of each font
_CHARACTERS: Final = 8  # from which a comparison says something
_AGREES: Final = 0.5  # of the characters; right tables reach .9 on letters of 10 pixels, wrong ones .2
_LEGIBLE: Final = 9.0  # pixels from the baseline's depth to the top: lower letters are not read well enough to judge
# Scripts that every reader knows; a line in another is not evidence.
_READABLE: Final = re.compile("[\\x20-\\x7e°±×⌀ØøΦφ\u4e00-\u9fff]+")


def suspects(lines: Sequence[tuple[Line, Quad]], fonts: Iterable[int], page: Page, read_lines: ReadLines) -> set[int]:
    """Fonts whose lines read otherwise than they say.

    Args:
        lines: Of the page, each with the outline of its ink.
        fonts: Those to be judged.
        page: With all its ink.
        read_lines: See there.
    """
    of_font: dict[int, list[tuple[Line, Quad]]] = defaultdict(list)
    for line, quad in lines:
        (font, count), *_ = Counter(item.font for item in line.characters).most_common(1)
        if count == len(line.characters) and _may_tell(line):
            of_font[font].append((line, quad))
    samples = [
        (font, line, quad)
        for font in fonts
        for line, quad in sorted(of_font[font], key=lambda each: -len(each[0].text))[:_LINES]
    ]
    if not samples:
        return set()
    wrong, length = Counter[int](), Counter[int]()
    for (font, line, _), seen in zip(samples, read_lines(page, [quad for *_, quad in samples]), strict=True):
        said, read = _plain(line.text), _plain(seen)
        wrong[font] += edit_distance(said, read)
        length[font] += max(len(said), len(read))
    return {font for font in length if length[font] >= _CHARACTERS and wrong[font] > (1 - _AGREES) * length[font]}


def _may_tell(line: Line) -> bool:
    return line.characters[0].height >= _LEGIBLE and _READABLE.fullmatch(line.text) is not None


def _plain(text: str) -> str:
    return "".join(canonical(text).lower().split())
