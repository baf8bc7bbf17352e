"""Fonts: every face is there, and no missing-glyph box is ever drawn."""

from pathlib import Path

import pytest

from drawing_ocr.synthesis import fonts
from drawing_ocr.synthesis.fonts import (
    BOLD_FACES,
    CHINESE_FACES,
    DEJAVU,
    ITALIC_FACES,
    LATIN_FACES,
    OSIFONT,
    SERIF_FACES,
    Face,
    FontError,
    face_for,
)
from drawing_ocr.synthesis.signs import STROKES
from drawing_ocr.synthesis.text_source import GEOMETRIC_SIGNS

ALL_FACES = (LATIN_FACES, SERIF_FACES, ITALIC_FACES, BOLD_FACES, CHINESE_FACES)


@pytest.mark.parametrize(
    "face",
    [Face(file) for file in sorted({face.file for faces in ALL_FACES for face in faces})],
    ids=lambda face: face.file,
)
def test_every_face_is_installed_and_holds_what_dimensions_are_made_of(face: Face) -> None:
    assert face.has("0123456789.,+-±°×xRMHg()/")


def test_a_missing_font_is_one_line_that_names_the_packages() -> None:
    with pytest.raises(
        FontError, match=r"nowhere\.ttf is not installed: apt-get install fonts-dejavu-core .*microhei$"
    ):
        Face("nowhere.ttf").has("A")


def test_fonts_are_looked_for_below_the_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "FONT_ROOTS", (tmp_path,))
    fonts._installed.cache_clear()
    try:
        with pytest.raises(FontError, match="apt-get install"):
            _ = OSIFONT.path
    finally:
        monkeypatch.undo()
        fonts._installed.cache_clear()
    assert OSIFONT.path.is_file()


@pytest.mark.parametrize("character", sorted({*"⌀ⓂⓁⓅ⌴⌵↧技术äöüß′", *GEOMETRIC_SIGNS, *STROKES}))
def test_a_glyph_that_a_face_lacks_comes_from_one_that_holds_it(character: str) -> None:
    for face in LATIN_FACES:
        assert face_for(character, face).has(character)


def test_the_chosen_face_is_kept_where_it_holds_the_glyph() -> None:
    assert face_for("⌀", DEJAVU) == DEJAVU
    assert face_for("⌖", DEJAVU) == OSIFONT


def test_a_chinese_text_comes_from_one_font() -> None:
    assert OSIFONT.has("公")
    assert {face_for(character, OSIFONT) for character in "未注尺寸公差"} == {CHINESE_FACES[0]}


def test_a_character_of_no_font_is_refused_instead_of_drawn_as_a_box() -> None:
    with pytest.raises(FontError, match=r"no installed font holds .* \(U\+E123\)"):
        face_for("\ue123", DEJAVU)
