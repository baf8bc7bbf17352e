"""Each template looks as it looked when somebody last read it: tests/snapshots/<env>-<stack>.json.

`UPDATE_SNAPSHOTS=1 pytest tests/stacks/test_snapshots.py` writes them anew; the difference belongs into the review.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.template_rules import Template

SNAPSHOTS = Path(__file__).resolve().parent.parent / "snapshots"
ENVIRONMENTS = ("dev", "local", "prod", "staging")
UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"


def normalised(template: Template) -> str:
    """`template` as text, without what changes with every source file or with the machine that synthesizes."""
    text = json.dumps(template, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    text = re.sub(r"\b[0-9a-f]{64}\b", "<HASH>", text)
    # The emulated account runs functions on the host's own Python and processor (lambda_python = "host").
    text = re.sub(r'"python3\.1[0-9]"', '"<PYTHON>"', text)
    return re.sub(r'"(x86_64|arm64)"', '"<PROCESSOR>"', text)


def names_of(env: str, templates: dict[str, Template]) -> list[str]:
    return sorted(name for name in templates if name.startswith(f"{env}-"))


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_stack_looks_as_in_its_snapshot(env: str, templates: dict[str, Template]) -> None:
    differing = []
    for name in names_of(env, templates):
        file, text = SNAPSHOTS / f"{name}.json", normalised(templates[name])
        if UPDATE:
            file.write_text(text, encoding="utf-8")
        elif not file.exists():
            differing.append(f"{name}: no snapshot")
        elif file.read_text(encoding="utf-8") != text:
            differing.append(f"{name}: {first_difference(file.read_text(encoding='utf-8'), text)}")
    assert differing == [], "read the difference, then write it with UPDATE_SNAPSHOTS=1"


def first_difference(old: str, new: str) -> str:
    pairs = zip(old.splitlines(), new.splitlines(), strict=False)
    number, (before, after) = next(
        ((number, pair) for number, pair in enumerate(pairs, start=1) if pair[0] != pair[1]), (0, ("", "(length)"))
    )
    return f"line {number} was {before.strip()!r} and is {after.strip()!r}"


def test_every_snapshot_belongs_to_a_stack(templates: dict[str, Template]) -> None:
    assert {file.stem for file in SNAPSHOTS.glob("*.json")} == set(templates)


def test_a_changed_template_differs_from_its_snapshot(templates: dict[str, Template]) -> None:
    template = templates["dev-data"]
    changed = {**template, "Resources": dict(list(template["Resources"].items())[1:])}
    assert normalised(changed) != normalised(template)


def test_an_asset_with_another_hash_does_not_differ() -> None:
    def with_hash(value: str) -> Template:
        return {"Resources": {"F": {"Type": "T", "Properties": {"S3Key": f"{value * 64}.zip"}}}}

    assert normalised(with_hash("a")) == normalised(with_hash("b"))
