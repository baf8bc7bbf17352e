"""Free fonts of the machine: where they are and, by their cmap, which of them really hold a glyph."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import ImageFont

FONT_ROOTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")

APT_PACKAGES = (
    "fonts-dejavu-core fonts-dejavu-extra fonts-liberation fonts-freefont-ttf fonts-osifont "
    "fonts-wqy-zenhei fonts-wqy-microhei"
)


class FontError(RuntimeError):
    """A font that synthesis needs is not installed, or no font holds a character."""


@dataclass(frozen=True, slots=True)
class Face:
    """One font file; `file` is its name below one of `FONT_ROOTS`."""

    file: str

    @property
    def path(self) -> Path:
        try:
            return _installed()[self.file]
        except KeyError:
            raise FontError(f"font {self.file} is not installed: apt-get install {APT_PACKAGES}") from None

    def has(self, characters: Iterable[str]) -> bool:
        """Whether the font's cmap holds every character (a space always counts as held)."""
        glyphs = _glyphs(self)
        return all(ord(c) in glyphs or c == " " for c in characters)

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The font at `size` pixels per em."""
        return _truetype(self, size)


@functools.cache
def _installed() -> dict[str, Path]:
    return {
        path.name: path for root in reversed(FONT_ROOTS) if root.is_dir() for path in sorted(root.rglob("*.tt[fc]"))
    }


@functools.cache
def _glyphs(face: Face) -> frozenset[int]:
    with TTFont(face.path, fontNumber=0, lazy=True) as font:
        return frozenset(font.getBestCmap())


@functools.lru_cache(maxsize=1024)
def _truetype(face: Face, size: int) -> ImageFont.FreeTypeFont:
    # Basic layout: the same pixels whether or not libraqm is installed.
    return ImageFont.truetype(str(face.path), size, layout_engine=ImageFont.Layout.BASIC)


OSIFONT = Face("osifont.ttf")
DEJAVU = Face("DejaVuSans.ttf")
FREE_SERIF = Face("FreeSerif.ttf")
ZENHEI = Face("wqy-zenhei.ttc")
MICROHEI = Face("wqy-microhei.ttc")

# Lettering of dimensions: CAD-like first, the rest for variety.
LATIN_FACES = (
    OSIFONT,
    DEJAVU,
    Face("DejaVuSansCondensed.ttf"),
    Face("LiberationSans-Regular.ttf"),
    Face("LiberationSansNarrow-Regular.ttf"),
    Face("FreeSans.ttf"),
    Face("DejaVuSans-ExtraLight.ttf"),
    Face("DejaVuSansMono.ttf"),
    Face("LiberationMono-Regular.ttf"),
    Face("FreeMono.ttf"),
    MICROHEI,
    ZENHEI,
)
SERIF_FACES = (FREE_SERIF, Face("LiberationSerif-Regular.ttf"), Face("DejaVuSerif.ttf"))
ITALIC_FACES = (
    Face("LiberationSans-Italic.ttf"),
    Face("FreeSansOblique.ttf"),
    Face("DejaVuSans-Oblique.ttf"),
    Face("LiberationSansNarrow-Italic.ttf"),
)
BOLD_FACES = (Face("LiberationSans-Bold.ttf"), Face("DejaVuSans-Bold.ttf"), Face("FreeSansBold.ttf"))
CHINESE_FACES = (ZENHEI, MICROHEI)

# Who steps in, in this order, for a glyph that the chosen face lacks.
FALLBACK_FACES = (OSIFONT, DEJAVU, FREE_SERIF, ZENHEI, MICROHEI)


@functools.lru_cache(maxsize=8192)
def face_for(character: str, face: Face) -> Face:
    """`face` where it holds the character, else the first fallback that does; never a missing-glyph box.

    Raises FontError when no installed font holds the character.
    """
    # A few Chinese characters are in osifont, at another size: a Chinese text comes from one font.
    chinese = "\u2e80" <= character <= "\u9fff" and face not in CHINESE_FACES
    for candidate in CHINESE_FACES if chinese else (face, *FALLBACK_FACES):
        if candidate.has(character):
            return candidate
    raise FontError(f"no installed font holds {character!r} (U+{ord(character):04X}): apt-get install {APT_PACKAGES}")


def drawable(characters: Iterable[str]) -> list[str]:
    """Those of the characters, in their order, that an installed font holds and that leave ink."""
    return [
        character
        for character in characters
        if character.isprintable() and not character.isspace() and any(face.has(character) for face in FALLBACK_FACES)
    ]
