"""Measures of agreement, against published figures and against the package `krippendorff`."""

from collections.abc import Sequence

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.annotation import Category
from drawing_ocr.labelling.agreement import Agreement, CategoryAgreement, PersonAgreement, coincidences, nominal_alpha


def units(*observers: str) -> list[list[str]]:
    """Columns of rows of one character a unit; * is missing."""
    return [[value for value in column if value != "*"] for column in zip(*observers, strict=True)]


@pytest.mark.parametrize(
    ("observers", "alpha"),
    [
        # Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), examples A, B and C
        (("0100000000", "1110010010"), 0.095),
        (("aabbdcccedda", "babbbccceddd"), 0.692),
        (("123321412***", "1233224125*3", "*3332342251*", "12332441251*"), 0.743),
        # The example of the English Wikipedia's article
        (("*****34121133*3", "1*213343*******", "**21344*21133*4"), 0.691),
    ],
)
def test_alpha_is_the_published_one(observers: tuple[str, ...], alpha: float) -> None:
    assert nominal_alpha(units(*observers)) == pytest.approx(alpha, abs=0.0005)


@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 1.0, 2.0, float("nan")]), min_size=3, max_size=3), min_size=2, max_size=12
    ).filter(lambda columns: len({value for column in columns for value in column if value == value}) > 1)
)
def test_alpha_is_that_of_the_package(columns: list[list[float]]) -> None:
    compared = [[value for value in column if value == value] for column in columns]
    if len({value for unit in compared if len(unit) > 1 for value in unit}) < 2:
        assert nominal_alpha(compared) is None
        return
    expected = krippendorff.alpha(reliability_data=np.array(columns).T, level_of_measurement="nominal")
    assert nominal_alpha(compared) == pytest.approx(expected)


def test_alpha_says_nothing_where_nothing_varies_or_nobody_compared() -> None:
    assert nominal_alpha([]) is None
    assert nominal_alpha([["a"], ["b"]]) is None
    assert nominal_alpha([["a", "a"], ["a", "a"]]) is None


def of(category: Category, people: Sequence[str], edits: int = 0, characters: float = 0.0) -> CategoryAgreement:
    together = coincidences(units(*people))
    return CategoryAgreement(
        category=category,
        regions=len(people[0]),
        both=together.get(("1", "1"), 0.0),
        one=together.get(("0", "1"), 0.0) + together.get(("1", "0"), 0.0),
        neither=together.get(("0", "0"), 0.0),
        edits=edits,
        characters=characters,
    )


def test_counts_of_tasks_add_up_to_the_measures_of_all() -> None:
    first, second = ("0100000000", "1110010000"), ("1101", "1001")
    parts = [
        Agreement(
            places=10,
            categories=(of(Category.TEXT, first, 3, 40.0),),
            people=(PersonAgreement(person="b", regions=10, expected=10, exact=9),),
        ),
        Agreement(
            places=4,
            categories=(of(Category.TEXT, second, 1, 10.0),),
            people=(
                PersonAgreement(person="b", regions=2, expected=4, exact=2),
                PersonAgreement(person="a", regions=4, expected=4, exact=4),
            ),
        ),
    ]
    whole = Agreement.of_all(parts)
    text = next(each for each in whole.categories if each.category is Category.TEXT)
    assert text.alpha == pytest.approx(nominal_alpha([*units(*first), *units(*second)]))
    assert (whole.places, text.cer) == (14, 4 / 50)
    assert [(each.person, each.agreement) for each in whole.people] == [("a", 1.0), ("b", 22 / 26)]
    assert [each.category for each in whole.categories] == list(Category)


def test_nothing_compared_is_none_not_perfect() -> None:
    empty = CategoryAgreement(category=Category.TABLE)
    assert (empty.alpha, empty.cer) == (None, None)
    assert PersonAgreement(person="a").agreement is None
