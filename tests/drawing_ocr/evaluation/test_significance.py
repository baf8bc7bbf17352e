"""Chance is called chance, and a real difference is seen."""

from __future__ import annotations

import random
import time

import pytest

from drawing_ocr.evaluation.significance import LEAST_DRAWINGS, PairedLine, compare_recognition


def line(drawing: object, *, now: bool, then: bool, text: str = "⌀12", category: str = "dimension") -> PairedLine:
    return PairedLine(str(drawing), text, text if now else "wrong", text if then else "wrong", category)


def drawn(
    rng: random.Random, drawings: int, lines: int, *, now: float, then: float, shared: float = 0.0
) -> list[PairedLine]:
    """Random readings; `shared` is how much a drawing as a whole is easier or harder for both."""
    made = []
    for drawing in range(drawings):
        ease = rng.uniform(-shared, shared)
        made += [line(drawing, now=rng.random() < now + ease, then=rng.random() < then + ease) for _ in range(lines)]
    return made


def test_equal_readings_do_not_differ() -> None:
    found = compare_recognition([line(i // 3, now=i % 2 == 0, then=i % 2 == 0) for i in range(60)])
    assert (found.exact.value, found.exact.low, found.exact.high, found.exact.verdict) == (0, 0, 0, "noise")
    assert found.drawings == 20
    assert found.resamples >= 1000


def test_a_clear_gain_is_better_and_its_mirror_image_worse() -> None:
    rng = random.Random(1)
    lines = drawn(rng, 40, 8, now=0.95, then=0.7)
    found = compare_recognition(lines)
    mirrored = compare_recognition(
        [PairedLine(each.drawing, each.text, each.champion, each.challenger, each.category) for each in lines]
    )
    assert found.exact.verdict == "better"
    assert found.cer.verdict == "better"
    assert found.cer.value < 0
    assert found.exact.low < found.exact.value < found.exact.high
    assert (mirrored.exact.verdict, mirrored.cer.verdict) == ("worse", "worse")
    assert mirrored.exact.value == pytest.approx(-found.exact.value)


def test_the_value_is_the_difference_of_the_exact_shares() -> None:
    lines = [line(i, now=i < 9, then=i < 6) for i in range(10)]
    found = compare_recognition(lines)
    assert found.exact.value == pytest.approx(0.3)


def test_the_same_input_gives_the_same_intervals() -> None:
    lines = drawn(random.Random(2), 30, 5, now=0.8, then=0.75)
    assert compare_recognition(lines) == compare_recognition(lines)


def test_one_bad_drawing_with_many_lines_is_no_proof() -> None:
    """Forty lines on one sheet fell together: line by line that would look certain."""
    lines = [line("bad scan", now=False, then=True) for _ in range(40)]
    lines += [line(i, now=True, then=True) for i in range(30) for _ in range(5)]
    found = compare_recognition(lines)
    alone = compare_recognition(
        [
            PairedLine(f"{number}", each.text, each.challenger, each.champion, each.category)
            for number, each in enumerate(lines)
        ]
    )
    assert found.exact.verdict == "noise"
    assert alone.exact.verdict == "worse"


def test_too_few_drawings_tell_nothing() -> None:
    def verdict(drawings: int) -> str:
        found = compare_recognition([line(i, now=True, then=False) for i in range(drawings) for _ in range(20)])
        return found.exact.verdict

    assert verdict(LEAST_DRAWINGS - 1) == "noise"
    assert verdict(LEAST_DRAWINGS) == "better"


def test_groups_are_told_apart() -> None:
    lines = [line(i, now=False, then=True, text="M8", category="dimension") for i in range(30)]
    lines += [line(i, now=True, then=False, text="材料", category="title_block") for i in range(30)]
    found = compare_recognition(lines)
    assert found.by_category["dimension"].verdict == "worse"
    assert found.by_category["title_block"].verdict == "better"
    assert found.by_symbol_class["thread"].verdict == "worse"
    assert found.by_symbol_class["cjk"].verdict == "better"
    assert found.exact.verdict == "noise"


def test_chance_alone_is_rarely_called_a_difference() -> None:
    """200 comparisons of equally good versions, lines of a sheet alike: about one in twenty may be called different."""
    rng = random.Random(3)
    called = 0
    for _ in range(200):
        found = compare_recognition(drawn(rng, 24, 6, now=0.8, then=0.8, shared=0.15), resamples=1000)
        called += found.exact.verdict != "noise"
    assert called <= 20


def test_a_thousand_lines_are_compared_within_a_second() -> None:
    lines = drawn(random.Random(4), 1000, 1, now=0.9, then=0.88)
    start = time.process_time()
    compare_recognition(lines)
    assert time.process_time() - start < 1.0
