"""The characters of drawings: one form for what looks the same, the reader's dictionary, distances, symbol classes.

Labels are trained on, readings are answered and both are scored in the form that `canonical` gives.

Light: the standard library only at module level, so that it runs in a Lambda bundle.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from drawing_ocr.atomic_write import write_atomically

DIAMETER = "⌀"  # U+2300, the sign that Unicode has for it

# Letters and signs that CAD programs and typists write where the diameter sign is meant. The first group means nothing
# else (AutoCAD writes U+2205); the second are letters, and a diameter only where no word is.
_DIAMETER_SIGNS = "⌀∅⦰"
_DIAMETER_LETTERS = "ØøΦφϕФф"

# What looks the same on paper, as written by different programs.
_SAME_SIGN = str.maketrans(
    {
        "º": "°",  # masculine ordinal indicator; NFKC would make it the letter o
        "˚": "°",  # ring above; NFKC would make it a space and a combining ring
        "−": "-",  # minus sign
        "–": "-",  # en dash
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "﹣": "-",
        "✕": "×",
        "✖": "×",
        "⨯": "×",
        "╳": "×",
        "⫽": "∥",  # parallelism
        "‖": "∥",
        "⟂": "⊥",  # perpendicularity
        "▱": "⏥",  # flatness
        "⤓": "↧",  # depth
        "㎡": "m²",
        "㎥": "m³",
        **dict.fromkeys(_DIAMETER_SIGNS, DIAMETER),
    }
)

# NFKC folds what fonts merely draw differently (full width, ligatures, ㎜), but also what a drawing means: Ⓜ is not M,
# mm² is not mm2, balloon ① is not 1.
_KEPT_BY_NFKC = "ⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏ①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻½¼¾″‴"
_KEPT_SPLIT = re.compile(f"([{_KEPT_BY_NFKC}]+)")

# Latin, Greek and Cyrillic letters; not × (U+00D7) and ÷ (U+00F7), and not Chinese: 直径φ50 is a diameter.
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u04ff"
_DIAMETER_LETTER = re.compile(
    f"(?:(?<![{_LETTER}])|(?<=(?<![{_LETTER}])[S]))[{_DIAMETER_LETTERS}](?![{_LETTER}])"  # S⌀ is a spherical diameter
)
# A count or a product: 4x⌀6.6, 2X, 1 x 45°, M8x1.25, 2xR5; not the x of a word or of a part number (DX4).
_TIMES = re.compile(
    rf"([0-9] ?)[xX](?= ?(?:[0-9{DIAMETER}{_DIAMETER_LETTERS}(□⌴⌵]|[.,][0-9]|(?:SR|[RMC]) ?[0-9]"
    rf"|S[{DIAMETER}{_DIAMETER_LETTERS}]))"
    rf"|([0-9])[xX](?![{_LETTER}0-9])"
)
# The other way round, a reader that has seen many products sees them in words: fi×ed, e×ternal, MA×. Not in L×B×H,
# 10 mm×20 mm or 2×holes.
_WORD_X = re.compile(
    rf"(?<=[{_LETTER}]{{2}})×(?=[{_LETTER}]|[,.;:)]|$| (?=[{_LETTER}]))"
    rf"|(?<=[{_LETTER}])×(?=[a-zß-öø-ÿ]{{2}}|[A-Z]{{2}})"
)


# A tolerance frame never stands within Chinese words: what looks like ⏤ there is the numeral one.
_WORD_ONE = re.compile("(?<=[一-鿿])⏤+|⏤+(?=[一-鿿])")


def canonical(text: str) -> str:
    """The one form of a text in labels, training and scoring.

    NFKC, but for signs that a drawing gives a meaning of their own (Ⓜ, ², ①); ⌀ for every diameter sign (∅ Ø ø Φ φ ϕ ф
    where a diameter stands, not inside words); × for the x of a product, x for the × of a word; 一 for the ⏤ of Chinese
    words; ° ± - ∥ ⊥ ⏥ ↧ for what looks the same; single spaces, no invisible characters. Applying it twice changes
    nothing.

    >>> canonical("４－φ6.6 x 45º"), canonical("Ångstrøm fi×ed"), canonical("⌖ ∅0.1 Ⓜ")
    ('4-⌀6.6 × 45°', 'Ångstrøm fixed', '⌖ ⌀0.1 Ⓜ')
    """
    visible = "".join(character for character in text if not _is_invisible(character))
    parts = _KEPT_SPLIT.split(visible.translate(_SAME_SIGN))
    parts[::2] = [unicodedata.normalize("NFKC", part).translate(_SAME_SIGN) for part in parts[::2]]
    spaced = " ".join("".join(parts).split())
    worded = _WORD_ONE.sub(lambda sign: "一" * len(sign.group()), _WORD_X.sub(_x_of_the_same_case, spaced))
    return _DIAMETER_LETTER.sub(DIAMETER, _TIMES.sub(r"\1\2×", worded))


def _x_of_the_same_case(sign: re.Match[str]) -> str:
    return "X" if sign.string[sign.start() - 1].isupper() and not sign.string[sign.end() :][:1].islower() else "x"


def _is_invisible(character: str) -> bool:
    """Control and format characters and halves of surrogate pairs; white space is visible."""
    return unicodedata.category(character) in {"Cf", "Cc", "Cs"} and not character.isspace()


def edit_distance(left: str, right: str) -> int:
    """Levenshtein distance in characters, the texts as they are."""
    # Not at module level: a Lambda bundle, which only canonicalises, carries no rapidfuzz.
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(left, right)


def normalised_edit_distance(left: str, right: str) -> float:
    """Levenshtein distance over the longer length: 0 for equal texts (also two empty ones), 1 for nothing in common."""
    return edit_distance(left, right) / (max(len(left), len(right)) or 1)


class CharsetError(ValueError):
    """A dictionary that cannot be used; its text is one line with the reason."""


@dataclass(frozen=True)
class Charset:
    """The characters that a recogniser can write, in the order of its classes.

    PaddleOCR's convention: the file holds neither the CTC blank, which is class 0, nor the space, which is the last
    class. So `characters[i]` is class `i + 1`, and space is class `len(characters) + 1`; extending moves the space.
    """

    characters: tuple[str, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for line, character in enumerate(self.characters, 1):
            if len(character) != 1 or character in " \r\n":
                raise CharsetError(f"dictionary line {line} holds {character!r}: one character a line, no space")
            if character in seen:
                raise CharsetError(f"dictionary line {line} repeats {character!r}: remove it")
            seen.add(character)

    @property
    def classes(self) -> int:
        """Outputs of a recogniser's head: blank, the characters, space."""
        return len(self.characters) + 2

    @classmethod
    def parse(cls, content: str) -> Self:
        """From the content of a `dict.txt`.

        Raises:
            CharsetError: A line without exactly one character, or a repeated one.
        """
        # Not splitlines: rare separators such as U+2028 may be entries.
        lines = content.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
        return cls(tuple(lines[:-1] if lines[-1] == "" else lines))

    @classmethod
    def load(cls, path: Path) -> Self:
        """From a `dict.txt`.

        Raises:
            CharsetError: As `parse`, or not UTF-8; the text begins with the path.
        """
        try:
            return cls.parse(path.read_bytes().decode())
        except UnicodeDecodeError as error:
            raise CharsetError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}): convert it") from error
        except CharsetError as error:
            raise CharsetError(f"{path}: {error}") from error

    def save(self, path: Path) -> None:
        """Write a `dict.txt`, one character a line."""
        write_atomically(path, "".join(f"{character}\n" for character in self.characters))

    def missing(self, texts: Iterable[str]) -> list[str]:
        """Characters of texts that this dictionary cannot write, each once, in order of code point."""
        known = {*self.characters, " "}
        return sorted({character for text in texts for character in text} - known)

    def extended(self, characters: Sequence[str]) -> "Charset":
        """This dictionary with new characters at its end, in their order; known ones and the space are passed over."""
        new = dict.fromkeys(character for character in characters if character != " ")
        known = set(self.characters)
        return Charset(self.characters + tuple(character for character in new if character not in known))


class SymbolClass(StrEnum):
    """What makes a line hard to read, besides its letters and digits."""

    DIAMETER = "diameter"
    PLUS_MINUS = "plus_minus"
    DEGREE = "degree"
    TIMES = "times"
    GDT = "gdt"
    COUNTERBORE = "counterbore"
    RADIUS = "radius"
    THREAD = "thread"
    FIT = "fit"
    ROUGHNESS = "roughness"
    CJK = "cjk"
    PLAIN = "plain"


_FIT_LETTERS = "(?:JS|js|[DEFGHKNPdefghkmnprs])"
_SYMBOL_PATTERNS = {
    SymbolClass.DIAMETER: re.compile(DIAMETER),
    SymbolClass.PLUS_MINUS: re.compile("±"),
    SymbolClass.DEGREE: re.compile("°"),
    SymbolClass.TIMES: re.compile("×"),
    # ISO 1101: characteristics and modifiers
    SymbolClass.GDT: re.compile("[⌖⌒⌓⏥⏤○◯◎⌭∥⊥∠⌯↗⌰ⒺⒻⓁⓂⓅⓉⓊ]"),
    SymbolClass.COUNTERBORE: re.compile("[⌴⌵↧]"),
    SymbolClass.RADIUS: re.compile(r"(?<![A-Za-z])S?R ?[0-9]"),
    # ISO 965, ISO 228, ISO 2904, unified threads
    SymbolClass.THREAD: re.compile(r"(?<![A-Za-z])(?:M|Tr|G|Rc|Rp) ?[0-9]|UN[CFRS]|NPT"),
    # ISO 286: 50H7, ⌀25 H7/g6, H7
    SymbolClass.FIT: re.compile(
        rf"(?:(?<=[0-9]) ?|^){_FIT_LETTERS}(?:1[0-8]|[1-9])(?![0-9.,/])|[A-Z]{{1,2}}[0-9]{{1,2}}/[a-z]{{1,2}}[0-9]"
    ),
    # ISO 21920
    SymbolClass.ROUGHNESS: re.compile(r"R(?:a|z|q|t|max) ?[0-9]|[√▽∇]"),
    SymbolClass.CJK: re.compile("[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af]"),
}


def symbol_class(text: str) -> set[SymbolClass]:
    """The symbol classes of a text; `plain` alone when it has none of the others.

    >>> [str(kind) for kind in sorted(symbol_class("4xØ6.6 H7 ±0.1"))]
    ['diameter', 'fit', 'plus_minus', 'times']
    """
    form = canonical(text)
    return {kind for kind, pattern in _SYMBOL_PATTERNS.items() if pattern.search(form)} or {SymbolClass.PLAIN}
