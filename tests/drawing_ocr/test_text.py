"""One form for what looks the same on paper."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.text import (
    Charset,
    CharsetError,
    SymbolClass,
    canonical,
    edit_distance,
    normalised_edit_distance,
    symbol_class,
)

tricky = st.text(alphabet="0123456789xX ⏤一月ØøΦφϕф∅⌀S.,RMC(×°º˚abμ²½±'´¨̊\t　Ⅱ㎡①Ⓜ﹣−–")


@given(st.text() | tricky)
def test_canonical_form_is_final(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@given(st.text() | tricky)
def test_canonical_form_fits_one_line_of_a_label_file(text: str) -> None:
    form = canonical(text)
    assert form == form.strip()
    assert not any(character in form for character in "\t\n\r\v\f")
    form.encode()


@pytest.mark.parametrize("sign", "⌀∅⦰ØøΦφϕФф")
@pytest.mark.parametrize("pattern", ["{}50±0.02", "{} 6.6", "{}", "4-{}6.6", "({}12)", "直径{}50", "S{}20", "孔2×{}.5"])
def test_every_diameter_sign_becomes_one(sign: str, pattern: str) -> None:
    assert canonical(pattern.format(sign)) == pattern.format("⌀")


@pytest.mark.parametrize("word", ["Ångstrøm", "BLÅBÆRØ 5", "Ørsted", "φυσική", "Øl", "København", "фланец 3", "Søren"])
def test_words_keep_their_letters(word: str) -> None:
    assert canonical(word) == word


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("4x⌀6.6", "4×⌀6.6"),
        ("每月⏤次", "每月一次"),
        ("⏤⏤对应", "一一对应"),
        ("⏤ 0.05", "⏤ 0.05"),
        ("2X", "2×"),
        ("1 x 45º", "1 × 45°"),
        ("M8x1.25", "M8×1.25"),
        ("2xR5", "2×R5"),
        ("2xSØ20", "2×S⌀20"),
        ("4X FULL R", "4× FULL R"),
        ("100X50x3", "100×50×3"),
        ("3 ✕ 4", "3 × 4"),
        ("2×.5", "2×.5"),
    ],
)
def test_a_count_or_product_has_one_times_sign(written: str, form: str) -> None:
    assert canonical(written) == form


@pytest.mark.parametrize(
    ("read", "form"),
    [
        ("fi×ed", "fixed"),
        ("E×ternal bo×", "External box"),
        ("MA×", "MAX"),
        ("Bo×, old", "Box, old"),
        ("e×it", "exit"),
    ],
)
def test_the_times_sign_of_a_word_is_its_letter_x(read: str, form: str) -> None:
    assert canonical(read) == form


@pytest.mark.parametrize("text", ["L×B×H", "10 mm×20 mm", "2×holes", "a×b", "4 × M6", "⌀10×R2", "PCD×4", "mm × mm"])
def test_the_times_sign_of_a_product_is_kept(text: str) -> None:
    assert canonical(text) == text


@pytest.mark.parametrize("text", ["DX4", "box 3", "VERSION 4 X", "XY-5", "3xyz", "MAX 4"])
def test_the_letter_x_elsewhere_is_kept(text: str) -> None:
    assert canonical(text) == text


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("−0,1", "-0,1"),
        ("±0.1 ˚C", "±0.1 °C"),
        ("１２．５（参考）", "12.5(参考)"),
        ("25㎜", "25mm"),
        ("10㎡", "10m²"),
        ("a\u00a0 b\u200b\tc", "a b c"),
        ("‖ 0.1 A", "∥ 0.1 A"),
    ],
)
def test_what_looks_the_same_is_written_the_same(written: str, form: str) -> None:
    assert canonical(written) == form


@pytest.mark.parametrize("text", ["mm²", "⌀0.1Ⓜ", "①", "½″", "m³", "⌖", "⏥", "⌴⌀11↧6.5", "12,5", "Ra 3.2"])
def test_signs_with_a_meaning_on_drawings_are_kept(text: str) -> None:
    assert canonical(text) == text


@given(st.text(max_size=8), st.text(max_size=8))
def test_normalised_edit_distance_is_a_symmetric_share(left: str, right: str) -> None:
    distance = normalised_edit_distance(left, right)
    assert 0 <= distance <= 1
    assert distance == normalised_edit_distance(right, left)
    assert (distance == 0) == (left == right)


def test_edit_distance_counts_insertions_deletions_and_substitutions() -> None:
    assert edit_distance("⌀50±0.02", "050±0.2") == 2
    assert normalised_edit_distance("", "") == 0
    assert normalised_edit_distance("ab", "") == 1


def test_a_dictionary_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    charset = Charset(("!", "a", "\u2028", "\u3000", "中", "⌀"))
    charset.save(tmp_path / "dict.txt")
    assert (tmp_path / "dict.txt").read_bytes() == "!\na\n\u2028\n\u3000\n中\n⌀\n".encode()
    assert Charset.load(tmp_path / "dict.txt") == charset


@given(st.lists(st.characters(codec="utf-8", exclude_characters=" \r\n\ufeff"), unique=True))
def test_any_characters_survive_the_dictionary_file(characters: list[str]) -> None:
    content = "".join(f"{character}\n" for character in characters)
    assert Charset.parse(content).characters == tuple(characters)
    assert Charset.parse(content.replace("\n", "\r\n")).characters == tuple(characters)


@pytest.mark.parametrize("content", ["a\n\nb\n", "a\nbc\n", "a\nb\na\n", "a\n \n"])
def test_a_bad_dictionary_names_file_and_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "dict.txt").write_text(content)
    with pytest.raises(CharsetError, match=r"dict\.txt: dictionary line [23] "):
        Charset.load(tmp_path / "dict.txt")


def test_a_dictionary_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dict.txt").write_bytes("中\n".encode("gbk"))
    with pytest.raises(CharsetError, match="not UTF-8"):
        Charset.load(tmp_path / "dict.txt")


def test_new_characters_are_appended_in_order_and_old_classes_stay() -> None:
    base = Charset(("1", "0"))
    missing = base.missing(["⌖ 0.1", "⌀1"])
    extended = base.extended(missing)
    assert missing == [".", "⌀", "⌖"]
    assert extended.characters == ("1", "0", ".", "⌀", "⌖")
    assert extended.missing(["⌖ 0.1", "⌀1"]) == []
    assert extended.classes == base.classes + 3
    assert extended.extended(["0", " ", "⌀"]) == extended


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("∅50", {"diameter"}),
        ("4xφ6.6 H7±0.1", {"times", "diameter", "fit", "plus_minus"}),
        ("⌀25 H7/g6", {"diameter", "fit"}),
        ("2xR5", {"times", "radius"}),
        ("SR10", {"radius"}),
        ("M8x1.25-6g", {"thread", "times"}),
        ("G1/2", {"thread"}),
        ("Ra 3.2", {"roughness"}),
        ("⌖⌀0.1ⓂA", {"gdt", "diameter"}),
        ("⌴⌀11 ↧6.5", {"counterbore", "diameter"}),
        ("45º", {"degree"}),
        ("技术要求", {"cjk"}),
        ("12.5", {"plain"}),
        ("REV A", {"plain"}),
        ("", {"plain"}),
    ],
)
def test_symbol_classes_of_a_text(text: str, classes: set[str]) -> None:
    assert symbol_class(text) == {SymbolClass(name) for name in classes}


@given(tricky)
def test_symbol_classes_do_not_depend_on_how_a_sign_is_written(text: str) -> None:
    assert symbol_class(text) == symbol_class(canonical(text)) != set()
