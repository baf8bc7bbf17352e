"""What people are told about jobs: how far they are, and how fast and how alike people work.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from drawing_ocr.annotation import Category
from drawing_ocr.labelling.agreement import CategoryAgreement, PersonAgreement

Item = Mapping[str, Any]
"""An item of the labelling table (lambda/shared/labelling_table.py): `sk`, and counts that only grow."""

JobState = Literal["preparing", "open", "exporting", "exported"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Progress(_Part):
    """One job; counts are tasks (docs/architecture.md, labelling)."""

    job: str
    title: str
    state: JobState
    priority: int
    annotators: int
    created: str
    tasks: int = 0
    labelled: int = 0
    reviewed: int = 0
    skipped: int = 0
    mine: int = 0
    to_label: int = 0
    to_review: int = 0
    manifest: str | None = None


class Gold(_Part):
    """Answers to tasks whose answer is known, and how much of them was right."""

    tasks: int
    exact: float | None


class Person(_Part):
    """What one person did on a job."""

    person: str
    name: str
    tasks: int
    skipped: int
    seconds: float
    regions: int
    keystrokes: int
    clicks: int
    agreement: float | None
    gold: Gold | None


class CategoryReport(_Part):
    """How far people agree on the regions of one category."""

    category: Category
    regions: int
    alpha: float | None
    cer: float | None


def progress(item: Item, **own: int) -> Progress:
    """A job of the table; `own` are the counts that depend on who asks."""
    counts = {name: int(item.get(name, 0)) for name in ("tasks", "labelled", "reviewed", "skipped")}
    return Progress(
        job=item["sk"],
        title=item["title"],
        state=item["state"],
        priority=int(item["priority"]),
        annotators=int(item["annotators"]),
        created=item["created"],
        manifest=item.get("manifest"),
        **counts,
        **own,
    )


def person(item: Item) -> Person:
    """A person's line."""
    who = item["sk"].removeprefix("person#")
    golds = int(item.get("gold_tasks", 0))
    exact = _against(item, "gold_", who).agreement
    return Person(
        person=who,
        name=item.get("name", who),
        seconds=int(item.get("milliseconds", 0)) / 1000,
        agreement=_against(item, "", who).agreement,
        gold=Gold(tasks=golds, exact=exact) if golds else None,
        **{name: int(item.get(name, 0)) for name in ("tasks", "skipped", "regions", "keystrokes", "clicks")},
    )


def category(item: Item) -> CategoryReport:
    """A category's line."""
    counts = _counts(item)
    return CategoryReport(category=counts.category, regions=counts.regions, alpha=counts.alpha, cer=counts.cer)


def _against(item: Item, prefix: str, who: str) -> PersonAgreement:
    numbers = {name: int(item.get(f"{prefix}{name}", 0)) for name in ("own", "expected", "exact")}
    return PersonAgreement(person=who, regions=numbers["own"], expected=numbers["expected"], exact=numbers["exact"])


def _counts(item: Item) -> CategoryAgreement:
    numbers: dict[str, Any] = {
        name: float(item.get(name, 0)) for name in ("regions", "both", "one", "neither", "edits", "characters")
    }
    numbers |= {name: int(numbers[name]) for name in ("regions", "edits")}
    return CategoryAgreement(category=Category(item["sk"].removeprefix("category#")), **numbers)
