from __future__ import annotations

from pathlib import Path
from random import Random

import cv2
import numpy as np
import paddle
import pytest

from drawing_ocr.models.official import import_recogniser, official_charset
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.synthesis.line import LineRecipe, crop_of
from drawing_ocr.training.augmentation import Pixels
from drawing_ocr.training.collation import collate
from drawing_ocr.training.drawn import strangers
from drawing_ocr.training.lines import TextLine
from drawing_ocr.training.new_rows import choose, fit_rows
from drawing_ocr.training.validation import reader_of

CLEAN = LineRecipe(clutter=0, skewed=0, coarse=0, bled=0, blurred=0, one_bit=0, pale=0, noisy=0, compressed=0)


def drawn(rng: Random, text: str) -> tuple[Pixels, str]:
    return np.asarray(cv2.cvtColor(crop_of(rng, text, CLEAN), cv2.COLOR_GRAY2BGR), np.uint8), text


def examples(seed: int, count: int) -> list[tuple[Pixels, str]]:
    """Tolerance frames with the new signs in turn, and half as many plain numbers."""
    rng = Random(seed)
    texts = [f"{'⌖⌓'[index % 2]} 0.{rng.randint(1, 9)} {rng.choice('ABC')}" for index in range(count)]
    texts += [f"{rng.randint(10, 99)}.{rng.randint(1, 9)}" for _ in range(count // 2)]
    return [drawn(rng, text) for text in texts]


@pytest.fixture(scope="module")
def base() -> Recogniser:
    return import_recogniser().extended(official_charset().extended("⌖⌓"))


def test_characters_that_the_base_does_not_know_are_read_after_a_fit_and_no_other_row_moves(base: Recogniser) -> None:
    weight, bias = base.network.head.head.weight, base.network.head.head.bias
    before = weight.numpy().copy(), bias.numpy().copy()
    unseen = examples(2, 12)

    def signs_read() -> int:
        lines = reader_of(base).read([picture for picture, _ in unseen])
        pairs = zip((line.text for line in lines), (text for _, text in unseen), strict=True)
        return sum(set("⌖⌓").intersection(read) == set("⌖⌓").intersection(text) for read, text in pairs)

    plain = signs_read()
    assert fit_rows(base, examples(1, 40), steps=120, seed=0, threads=2) == "⌓⌖"
    assert plain == 6  # the plain numbers only
    assert signs_read() >= 16  # of 18
    fitted = [base.class_of()[character] for character in "⌖⌓"]
    changed = np.flatnonzero((weight.numpy() != before[0]).any(axis=0) | (bias.numpy() != before[1]))
    assert changed.tolist() == sorted(fitted)


def test_what_the_base_reads_is_not_fitted(base: Recogniser) -> None:
    before = base.network.head.head.weight.numpy().copy()
    rng = Random(3)
    lines = [drawn(rng, str(number)) for number in range(40, 70)]
    assert fit_rows(base, lines, steps=10, seed=0, threads=2) == ""
    assert (base.network.head.head.weight.numpy() == before).all()


def loudest_among_strangers(recogniser: Recogniser, pictures: list[Pixels]) -> float:
    """How near the new signs' rows come to the best other class in lines without such a sign: logits, 0 = they win."""
    signs = [recogniser.class_of()[character] for character in "⌖⌓"]
    batch = collate(pictures, [()] * len(pictures), np.random.default_rng(0))
    logits = recogniser.logits(paddle.to_tensor(batch.images)).numpy()
    others = np.delete(logits, signs, axis=2)
    return float((logits[..., signs].max(axis=2) - others.max(axis=2)).max())


def test_new_rows_stay_below_what_the_base_reads_in_lines_of_characters_that_no_label_shows() -> None:
    characters = sorted(set("拧紧垂直轴承密封圈吸盘申甲由田中十土士王圭車東重QΘΦ"))
    pictures = list(strangers(Random(1), 16, characters))
    unseen = list(strangers(Random(2), 8, characters))
    after = {}
    for name, known in (("without", []), ("with", pictures)):
        recogniser = import_recogniser().extended(official_charset().extended("⌖⌓"))
        fit_rows(recogniser, examples(1, 16), steps=60, seed=0, threads=2, strangers=known)
        after[name] = loudest_among_strangers(recogniser, unseen)
    assert after["with"] < min(0.0, after["without"] - 1.0), after


def test_strangers_are_drawn_from_what_fonts_hold_and_are_the_same_for_the_same_seed() -> None:
    unprinted = {"\u200b", "\U000f0000"}  # no ink, and no font
    first, again = (list(strangers(Random(5), 3, ["拧", *sorted(unprinted)])) for _ in range(2))
    assert len(first) == 3
    assert all((left == right).all() for left, right in zip(first, again, strict=True))
    assert list(strangers(Random(5), 3, sorted(unprinted))) == []


def test_lines_of_rare_characters_are_chosen_first() -> None:
    lines = [TextLine(Path(f"{index}.png"), "12", 48) for index in range(200)]
    lines[150:153] = [TextLine(Path(f"rare-{index}.png"), "1⌖", 48) for index in range(3)]
    chosen = choose(lines, 60, seed=1)
    assert len(chosen) == 60
    assert sum("⌖" in line.text for line in chosen) == 3
    assert chosen == choose(lines, 60, seed=1)
