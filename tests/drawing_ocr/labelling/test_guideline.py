"""The guideline's rules on the cases that the annotator's page passes too, and on drawn sheets."""

import json
from pathlib import Path
from typing import Any

import pytest

from drawing_ocr.labelling.answer import Outlined
from drawing_ocr.labelling.guideline import Rule, check
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import STYLES, StyleName

CASES = json.loads(Path(__file__).with_name("guideline_cases.json").read_text("utf-8"))


def findings(case: dict[str, Any]) -> list[dict[str, Any]]:
    regions = [Outlined.model_validate(region) for region in case["regions"]]
    width, height = case["page"]
    found = check(regions, width=width, height=height, ink=case.get("ink"))
    return [
        {
            "region": each.region,
            "rule": each.rule.value,
            "fix": each.fix and json.loads(each.fix.model_dump_json(exclude_none=True)),
        }
        for each in found
    ]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_case_has_these_findings(case: dict[str, Any]) -> None:
    assert findings(case) == case["expect"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_fix_ends_the_finding(case: dict[str, Any]) -> None:
    fixes: dict[str, dict[str, Any]] = {}
    for finding in case["expect"]:
        fixes.setdefault(finding["region"], {}).update(finding["fix"] or {})
    regions = [region | fixes.get(region["id"], {}) for region in case["regions"]]
    mended = case | {"regions": [region for region in regions if not region.pop("delete", False)]}
    unfixable = [finding for finding in case["expect"] if finding["fix"] is None]
    assert findings(mended) == unfixable


def test_every_rule_has_a_case() -> None:
    assert {finding["rule"] for case in CASES for finding in case["expect"]} == set(Rule)


@pytest.mark.parametrize("style", sorted(STYLES))
def test_right_labels_of_drawn_sheets_are_hardly_ever_warned_about(style: StyleName) -> None:
    regions = warned = 0
    for seed in (41, 42):
        _, annotation = draw_sheet(seed, STYLES[style])
        outlined = [Outlined(id=str(index), **region.model_dump()) for index, region in enumerate(annotation.regions)]
        regions += len(outlined)
        warned += len(check(outlined, width=annotation.width, height=annotation.height))
    assert warned <= 0.02 * regions
