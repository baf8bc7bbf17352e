"""The words of drawings, cut in one way for both stores, so that both find the same.

Chinese has no spaces: its words are pairs of neighbouring characters, as Lucene's CJK analysis cuts them. A drawing
number is its parts and the whole without separators, a diameter the text with its sign and the number alone.

Light: the standard library and light parts only.
"""

import re
from collections.abc import Iterable, Iterator

from drawing_ocr.search.document import DrawingRecord
from drawing_ocr.text import DIAMETER, canonical

MAX_QUERY_WORDS = 32
_MAX_WORD = 64  # characters; what is longer is cut

FIELD_WEIGHTS = {"number": 8.0, "title": 4.0, "material": 2.0, "dimensions": 1.0, "text": 1.0}
"""How much a word counts by where it stands."""

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}{DIAMETER}]+(?:[-./_,][^\W_{_HAN}{DIAMETER}]+)*|{DIAMETER}")
_DECIMAL = re.compile(r"[0-9]+[.,][0-9]+")
_SEPARATOR = re.compile(r"[-./_,]")


def words(text: str) -> list[str]:
    """The words of a text in its order, small letters, without spaces in them.

    >>> words("Flange DX-4711-02, ⌀50 H7 法兰盘 6,6")
    ['flange', 'dx', '4711', '02', 'dx471102', '⌀50', '50', 'h7', '法兰', '兰盘', '6.6']
    """
    found: list[str] = []
    sign = ""
    for run in _RUN.finditer(canonical(text).casefold()):
        if run.group() == DIAMETER:
            sign = DIAMETER
            continue
        for word in _words_of(run.group()):
            if sign:
                found.append((sign + word)[:_MAX_WORD])
                sign = ""
            found.append(word[:_MAX_WORD])
    return found


def query_words(query: str) -> list[str]:
    """What is looked for, each word once, at most MAX_QUERY_WORDS."""
    return list(dict.fromkeys(words(query)))[:MAX_QUERY_WORDS]


def fields(record: DrawingRecord) -> dict[str, str]:
    """The words of a drawing by field of FIELD_WEIGHTS, separated by spaces."""
    texts: dict[str, Iterable[str]] = {
        "number": [record.number],
        "title": [record.title],
        "material": [record.material],
        "dimensions": record.dimensions,
        "text": record.text,
    }
    return {name: " ".join(word for text in texts[name] for word in words(text)) for name in FIELD_WEIGHTS}


def _words_of(run: str) -> Iterator[str]:
    if re.match(f"[{_HAN}]", run):
        yield from (run[i : i + 2] for i in range(max(1, len(run) - 1)))
    elif _DECIMAL.fullmatch(run):
        yield run.replace(",", ".")
    else:
        parts = _SEPARATOR.split(run)
        yield from parts
        if len(parts) > 1:
            yield "".join(parts)
