"""What several people together say about a drawing, and of which of it they cannot be sure.

The same answers give the same consensus, in whatever order and under whatever names of people they come, so that both
backends train on the same bytes.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from drawing_ocr.annotation import Category
from drawing_ocr.labelling.agreement import Agreement, CategoryAgreement, coincidences
from drawing_ocr.labelling.answer import Answer, AnsweredRegion, Outlined
from drawing_ocr.labelling.consensus_record import Consensus, ConsensusError, ConsensusRegion
from drawing_ocr.labelling.matching import clusters
from drawing_ocr.labelling.merging import Place
from drawing_ocr.labelling.score import compare
from drawing_ocr.labelling.task import ReadRegion, Task
from drawing_ocr.labelling.vote import UNREADABLE
from drawing_ocr.text import canonical, edit_distance

SURE = 0.8  # confidence below which a region is disputed; benchmarks/consensus.py tells what other values cost

USUAL_RELIABILITY = 0.9  # share of texts that a person reads right of whom nothing is known
_WORTH = 20  # texts of this drawing that weigh as much as what was known of a person before
_MOST_RELIABLE = 0.99  # nobody is infallible: one certain voter would silence all others


def reach_consensus(
    answers: Mapping[str, Answer], *, reliability: Mapping[str, float] | None = None, sure: float = SURE
) -> Consensus:
    """What several people together say about a drawing.

    Regions are matched by overlap and kept where more than half of the people, or just half of them (then disputed),
    saw one; corners are medians, the category is voted on, the text decided by `vote`. One person is never disputed.

    Args:
        answers: By person, at least one, all of one task.
        reliability: Of people, the share of texts they read right, between 0 and 1, as gold tasks show it. It decides
            what votes leave open; the two backends agree to the byte only if both are given the same.
        sure: Confidence below which a region is disputed.

    Raises:
        ConsensusError: No answers, or answers of several tasks.
    """
    tasks = sorted({(answer.job, answer.task) for answer in answers.values()})
    if len(tasks) != 1:
        raise ConsensusError(f"a consensus of {len(answers)} answers to {len(tasks)} tasks: give all those of one task")
    known = reliability or {}
    labelled = sorted(
        ((person, _ordered(answer)) for person, answer in answers.items() if answer.status == "labelled"),
        key=lambda each: ([_place_on_page(region) for region in each[1]], each[0]),
    )
    people = [person for person, _ in labelled]
    versions = [regions for _, regions in labelled]
    skipped = sorted(answers.keys() - set(people))
    found = clusters([[region.points for region in regions] for regions in versions])
    shared = [members for members in found if 2 * len(members) >= len(people)]
    expected = [known.get(person, USUAL_RELIABILITY) for person in people]
    weights = _reliability(versions, shared, expected)
    regions = _named([_place(versions, members, weights).merged(sure) for members in shared])
    ((job, task),) = tasks
    return Consensus(
        job=job,
        task=task,
        people=tuple(sorted(people)),
        skipped=tuple(skipped),
        regions=tuple(regions),
        agreement=Agreement(
            places=len(found),
            categories=_categories([_place(versions, members, weights) for members in found], regions),
            people=tuple(sorted((compare(*each, regions) for each in labelled), key=lambda one: one.person)),
        ),
        needs_review=any(region.disputed for region in regions) or 0 < len(people) <= len(skipped),
    )


def review_task(task: Task, consensus: Consensus, answers: Mapping[str, Answer]) -> Task:
    """The task that a reviewer is handed: the consensus to correct, and what everybody said beside it.

    Args:
        task: As people labelled it.
        consensus: What they said together.
        answers: By person; the versions come in order of the persons' ids and do not name them.
    """
    regions = tuple(
        ReadRegion(
            id=region.id,
            points=region.points,
            text=region.text,
            category=region.category,
            ignore=region.ignore,
            confidence=region.confidence,
        )
        for region in consensus.regions
    )
    versions = tuple(answers[person] for person in sorted(answers))
    return task.model_copy(update={"regions": regions, "round": "review", "versions": versions})


def _place(versions: Sequence[Sequence[AnsweredRegion]], members: Mapping[int, int], weights: Sequence[float]) -> Place:
    """What the members of a cluster (person -> index of the region) say; `weights` of all people."""
    return Place(
        people=len(versions),
        regions=tuple(versions[person][index] for person, index in members.items()),
        reliability=tuple(weights[person] for person in members),
    )


def _reliability(
    versions: Sequence[Sequence[AnsweredRegion]], shared: Sequence[Mapping[int, int]], expected: Sequence[float]
) -> list[float]:
    """Of each person, the share of texts he or she reads right, as this drawing shows it and as it was known before.

    One step of what Dawid and Skene do until nothing changes (Applied Statistics, 1979): a first consensus tells how
    often each is right. A second step changes less than a drawing's chance.
    """
    read, right = [0] * len(versions), [0] * len(versions)
    for members in shared:
        if len(members) < 2:
            continue  # agreeing with oneself shows nothing
        place = _place(versions, members, expected)
        agreed = place.text()
        for person, text in zip(members, place.texts, strict=True):
            read[person] += 1
            right[person] += text == agreed
    return [
        min(_MOST_RELIABLE, (_WORTH * before + hits) / (_WORTH + seen))
        for before, hits, seen in zip(expected, right, read, strict=True)
    ]


def _categories(places: Sequence[Place], regions: Sequence[ConsensusRegion]) -> tuple[CategoryAgreement, ...]:
    edits: Counter[Category] = Counter()
    characters: dict[Category, float] = defaultdict(float)
    for place in places:
        readable = [text for text in place.texts if text != UNREADABLE]
        for one, other in itertools.combinations(readable, 2):
            edits[place.category()] += edit_distance(one, other)
            characters[place.category()] += (len(one) + len(other)) / 2
    counted = []
    for category in Category:
        # Who saw nothing says no category, as one who says another.
        units = [
            [region.category is category for region in place.regions] + [False] * (place.people - len(place.regions))
            for place in places
        ]
        together = coincidences(units)
        counted.append(
            CategoryAgreement(
                category=category,
                regions=sum(region.category is category for region in regions),
                both=together.get((True, True), 0.0),
                one=together.get((True, False), 0.0) + together.get((False, True), 0.0),
                neither=together.get((False, False), 0.0),
                edits=edits[category],
                characters=characters[category],
            )
        )
    return tuple(counted)


def _ordered(answer: Answer) -> list[AnsweredRegion]:
    """The regions from top to bottom, their texts in canonical form: in whatever order a page kept them."""
    regions = [
        region.model_copy(update={"text": "" if region.ignore else canonical(region.text)}) for region in answer.regions
    ]
    return sorted(regions, key=_place_on_page)


def _place_on_page(region: Outlined) -> tuple[object, ...]:
    return (region.points[0][1], region.points[0][0], region.points, region.text, region.category, region.id)


def _named(regions: Sequence[ConsensusRegion]) -> list[ConsensusRegion]:
    """From top to bottom, each with a name of its own: what people call it, else a number."""
    taken: set[str] = set()
    named = []
    for number, region in enumerate(sorted(regions, key=_place_on_page), 1):
        name = region.id if region.id not in taken else f"consensus-{number}"
        taken.add(name)
        named.append(region.model_copy(update={"id": name}))
    return named
