"""One text out of what several people read at one place.

An exact majority decides. Where there is none, the readings are laid over each other character by character and each
place is voted on, as ROVER does with the words of several speech recognisers (Fiscus, "A post-processing system to
yield reduced word error rates", ASRU 1997). What lies over what is decided by how probable each slip is: people and
readers take 0 for O, 1 for l and ° for o far more often than 0 for 7.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache

CONFUSABLE = (
    "0OoQD⌀",
    "°o0",
    "1lIi|!",
    "×xX*",
    "5Ss",
    "8B",
    "2Zz",
    "6Gb",
    "9gq",
    ".,",
    "-_~",
    "±+",
    "′'",
    "″\"'",
    "uv",
    "cC",
    "wW",
    "kK",
    "pP",
)
"""Characters that look alike on a drawing; those in one string are taken for each other."""

# Of a text that was misread: how probable this very slip is. A look-alike is one of some 20 (ten places, two
# look-alikes each), any other character one of some 500.
_LIKELY_SLIP = 0.05
_OTHER_SLIP = 0.002
_LIKELY, _OTHER = -math.log(_LIKELY_SLIP), -math.log(_OTHER_SLIP)

_LOOK_ALIKES_EACH = 2  # as which a character may be read

# Unreadable to one, readable to another: a slip of its own, about as frequent as a look-alike.
UNREADABLE = "###"

_MOST_TIES = 64  # combinations of undecided places that are looked through; more are decided by the middle text

Plausible = Callable[[str], bool]


@cache
def _look_alikes(character: str) -> frozenset[str]:
    return frozenset(itertools.chain.from_iterable(group for group in CONFUSABLE if character in group))


@lru_cache(maxsize=4096)
def slip_cost(meant: str, written: str) -> float:
    """Minus the logarithm of the probability of a slip of one character; an empty string stands for none.

    >>> slip_cost("0", "0"), slip_cost("0", "O") < slip_cost("0", "7") == slip_cost("", "7")
    (0.0, True)
    """
    if meant == written:
        return 0.0
    spaced = {meant, written} <= {" ", ""}
    return _LIKELY if spaced or written in _look_alikes(meant) or meant.lower() == written.lower() else _OTHER


@lru_cache(maxsize=4096)
def reading_cost(meant: str, written: str) -> float:
    """Minus the logarithm of the probability that one text was read as another, given that it was misread.

    The least sum of slips that turns the one into the other; symmetric.
    """
    if UNREADABLE in (meant, written):
        return 0.0 if meant == written else _LIKELY
    above = list(itertools.accumulate((slip_cost("", character) for character in written), initial=0.0))
    for character in meant:
        gone = slip_cost(character, "")
        row = [above[0] + gone]
        for index, other in enumerate(written):
            row.append(
                min(above[index] + slip_cost(character, other), above[index + 1] + gone, row[-1] + slip_cost("", other))
            )
        above = row
    return above[-1]


def exact_majority(texts: Sequence[str]) -> str | None:
    """The text that more than half say, or None."""
    for text in dict.fromkeys(texts):
        if 2 * texts.count(text) > len(texts):
            return text
    return None


def decided(texts: Sequence[str]) -> bool:
    """Whether more than half say the text, or at least each of its characters: otherwise no person decided it.

    Args:
        texts: What each person read, at least one; `UNREADABLE` for one who could not.
    """
    if exact_majority(texts) is not None:
        return True
    votes = {text: float(texts.count(text)) for text in sorted(set(texts) - {UNREADABLE})}
    middle = min(votes, key=lambda text: _nearness(text, votes))
    return all(2 * max(column.values()) > len(texts) for column in _aligned(middle, votes))


def vote(texts: Sequence[str], weights: Sequence[float], plausible: Plausible) -> str:
    """The text that stands there, by exact majority or else character by character.

    The answer depends on what was said and with which weight, not on the order.

    Args:
        texts: What each person read, at least one.
        weights: How reliable each is; the greater the more.
        plausible: Whether a text can stand there at all; decides what the votes leave open.
    """
    agreed = exact_majority(texts)
    if agreed is not None:
        return agreed
    votes: dict[str, float] = defaultdict(float)
    for text, weight in sorted(zip(texts, weights, strict=True)):
        votes[text] += weight
    middle = min(votes, key=lambda text: (_distance_to_all(text, votes), -votes[text], text))
    columns = _aligned(middle, votes)
    options = [_most_voted(column) for column in columns]
    if math.prod(len(option) for option in options) > _MOST_TIES:
        options = [option if len(option) == 1 else [own] for option, own in zip(options, _own(columns), strict=True)]
    candidates = {"".join(choice).strip() for choice in itertools.product(*options)} - {""} or {middle}
    return min(candidates, key=lambda text: (not plausible(text), -votes.get(text, 0.0), *_nearness(text, votes)))


def posterior(chosen: str, texts: Sequence[str], reliability: Sequence[float], plausible: Plausible) -> float:
    """How probable it is that the chosen text stands there, 0 to 1, by Bayes' rule.

    Each person reads right with the probability of his or her reliability and errs independently, each error as
    probable as `reading_cost` says. The alternatives are what was said, and the chosen text with one more look-alike
    that everybody misread.

    Args:
        chosen: The text in question.
        texts: What each person read; `UNREADABLE` for one who could not.
        reliability: Of each, the share of texts he or she reads right, between 0 and 1.
        plausible: Whether a text can stand there; others are less probable from the start.
    """
    likelihood = {text: _likelihood(text, texts, reliability, plausible) for text in {chosen, *texts}}
    unseen = math.prod(
        (1 - each) * math.exp(-reading_cost(chosen, text) - _LIKELY)
        for text, each in sorted(zip(texts, reliability, strict=True))
    )
    nobody = _LOOK_ALIKES_EACH * len(chosen) * unseen
    return likelihood[chosen] / (sum(sorted(likelihood.values())) + nobody)


_IMPLAUSIBLE = 0.05  # share of right texts of which our grammar says that they cannot stand there


def _likelihood(truth: str, texts: Sequence[str], reliability: Sequence[float], plausible: Plausible) -> float:
    seen = sorted(
        each if text == truth else (1 - each) * math.exp(-reading_cost(truth, text))
        for text, each in zip(texts, reliability, strict=True)
    )
    return math.prod(seen) * (1.0 if truth == UNREADABLE or plausible(truth) else _IMPLAUSIBLE)


def _distance_to_all(text: str, votes: Mapping[str, float]) -> float:
    return round(sum(weight * reading_cost(text, other) for other, weight in sorted(votes.items())), 9)


def _nearness(text: str, votes: Mapping[str, float]) -> tuple[float, str]:
    return _distance_to_all(text, votes), text


# A column is one place of the aligned texts: character (empty: none stands there) -> sum of weights.
_Column = dict[str, float]


def _aligned(middle: str, votes: Mapping[str, float]) -> list[_Column]:
    """The texts laid over the middle one, nearest first; each adds to columns that are there, or makes new ones."""
    columns: list[_Column] = [{character: votes[middle]} for character in middle]
    total = votes[middle]
    others = sorted((text for text in votes if text != middle), key=lambda text: (reading_cost(middle, text), text))
    for text in others:
        columns = _added(columns, text, votes[text], total)
        total += votes[text]
    return columns


def _added(columns: list[_Column], text: str, weight: float, total: float) -> list[_Column]:
    # costs[i][j]: of laying the first j characters over the first i columns.
    costs = [[0.0] * (len(text) + 1) for _ in range(len(columns) + 1)]
    for j, character in enumerate(text, 1):
        costs[0][j] = costs[0][j - 1] + slip_cost("", character)
    for i, column in enumerate(columns, 1):
        costs[i][0] = costs[i - 1][0] + _column_cost(column, "")
        for j, character in enumerate(text, 1):
            costs[i][j] = min(
                costs[i - 1][j - 1] + _column_cost(column, character),
                costs[i - 1][j] + _column_cost(column, ""),
                costs[i][j - 1] + slip_cost("", character),
            )
    laid: list[_Column] = []
    i, j = len(columns), len(text)
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + _column_cost(columns[i - 1], text[j - 1]):
            i, j = i - 1, j - 1
            laid.append(_with(columns[i], text[j], weight))
        elif i and costs[i][j] == costs[i - 1][j] + _column_cost(columns[i - 1], ""):
            i -= 1
            laid.append(_with(columns[i], "", weight))
        else:
            j -= 1
            laid.append(_with({"": total}, text[j], weight))
    return laid[::-1]


def _column_cost(column: _Column, character: str) -> float:
    return min(slip_cost(there, character) for there in column)


def _with(column: _Column, character: str, weight: float) -> _Column:
    return column | {character: column.get(character, 0.0) + weight}


def _most_voted(column: _Column) -> list[str]:
    most = max(column.values())
    return sorted(character for character, weight in column.items() if math.isclose(weight, most))


def _own(columns: list[_Column]) -> list[str]:
    """The character of each column that was there first: the middle text's, or none."""
    return [next(iter(column)) for column in columns]
