"""How well lines are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.evaluation.recognition import ReadLine, evaluate_recognition


def test_exact_match_distance_and_errors_are_counted() -> None:
    metrics = evaluate_recognition(
        [ReadLine("⌀50", "⌀50", "dimension"), ReadLine("12.5", "125", "dimension"), ReadLine("AB", "", "text")]
    )
    assert metrics.lines == 3
    assert metrics.exact == pytest.approx(1 / 3)
    assert metrics.one_minus_ned == pytest.approx((1 + 3 / 4 + 0) / 3)
    assert metrics.cer == pytest.approx((0 + 1 + 2) / (3 + 4 + 2))


def test_texts_are_compared_in_canonical_form() -> None:
    assert evaluate_recognition([ReadLine("4×⌀6.6 -0,1", "4xφ6.6 −0,1", "dimension")]).exact == 1


def test_the_case_of_letters_and_the_decimal_sign_count() -> None:
    assert evaluate_recognition([ReadLine("h7", "H7", "text"), ReadLine("1,5", "1.5", "text")]).exact == 0


def test_groups_are_told_apart() -> None:
    metrics = evaluate_recognition(
        [
            ReadLine("⌀50", "050", "dimension"),
            ReadLine("⌀5±0.1", "⌀5±0.1", "dimension"),
            ReadLine("GEAR", "GEAR", "text"),
        ]
    )
    assert {name: (group.lines, group.exact) for name, group in metrics.by_category.items()} == {
        "dimension": (2, 0.5),
        "text": (1, 1.0),
    }
    assert {name: (group.lines, group.exact) for name, group in metrics.by_symbol_class.items()} == {
        "diameter": (2, 0.5),
        "plus_minus": (1, 1.0),
        "plain": (1, 1.0),
    }


def test_nothing_measured_is_none_not_zero() -> None:
    metrics = evaluate_recognition([])
    assert (metrics.lines, metrics.exact, metrics.one_minus_ned, metrics.cer) == (0, None, None, None)


lines = st.lists(
    st.builds(ReadLine, text=st.text(min_size=1, max_size=6), predicted=st.text(max_size=6), category=st.just("text")),
    min_size=1,
)


@given(lines)
def test_shares_stay_in_range_and_agree(read: list[ReadLine]) -> None:
    metrics = evaluate_recognition(read)
    assert metrics.exact is not None
    assert metrics.one_minus_ned is not None
    assert 0 <= metrics.exact <= metrics.one_minus_ned <= 1
    assert metrics.by_category["text"].exact == metrics.exact
    assert sum(group.lines for group in metrics.by_symbol_class.values()) >= metrics.lines


@given(lines)
def test_a_perfect_reader_has_no_error(read: list[ReadLine]) -> None:
    metrics = evaluate_recognition(ReadLine(line.text, line.text, line.category) for line in read)
    assert (metrics.exact, metrics.one_minus_ned) == (1, 1)
    assert metrics.cer in (0, None)  # None: only invisible characters
