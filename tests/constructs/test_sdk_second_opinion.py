"""Our definition beside what the SageMaker SDK 2.257.7 writes for the same pipeline (sdk_golden/generate.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drawing_platform.pipeline_validation import findings
from tests.constructs.test_pipeline_definition import build, step

Json = dict[str, Any]
GOLDEN: Json = json.loads((Path(__file__).parent / "sdk_golden" / "pipeline.json").read_text())

# What differs on purpose; every other field has the same name at the same place.
ONLY_SDK = {
    "Train": {
        "ProfilerConfig": "switching the profiler off needs no field in our form",
    },
}
ONLY_OURS = {
    "Prepare": {"RetryPolicies": "the SDK writes none unless asked"},
    "Train": {"RetryPolicies": "the SDK writes none unless asked"},
    "Evaluate": {"RetryPolicies": "the SDK writes none unless asked"},
}
STEPS = ("ResolveBaseModel", "Prepare", "Train", "Evaluate", "Gate", "Register", "Alert", "Refused")


def ours() -> Json:
    # As the golden one: on spare capacity, and on a machine whose volume takes a key.
    return build("dev", train_on="ml.m5.large")


def fields(value: Any) -> Any:
    """The names in `value`, level by level; a reference counts as a leaf, a list as its first item."""
    if isinstance(value, dict) and not {"Get", "Std:Join", "Std:JsonGet"} & set(value):
        return {name: fields(part) for name, part in value.items()}
    if isinstance(value, list):
        return [fields(value[0])] if value else []
    return "leaf"


@pytest.mark.parametrize("name", STEPS)
def test_a_step_has_the_fields_that_the_sdk_gives_it(name: str) -> None:
    mine, golden = step(ours(), name), step(GOLDEN, name)
    assert mine["Type"] == golden["Type"]
    assert set(mine) - set(golden) == set(ONLY_OURS.get(name, {}))
    assert set(golden) - set(mine) == set()


@pytest.mark.parametrize("name", ["Prepare", "Train", "Evaluate"])
def test_a_job_has_the_arguments_that_the_sdk_gives_it(name: str) -> None:
    mine, golden = step(ours(), name)["Arguments"], step(GOLDEN, name)["Arguments"]
    assert set(golden) - set(mine) == set(ONLY_SDK.get(name, {}))
    assert set(mine) - set(golden) == set()
    for field in sorted(set(mine) & set(golden) - {"HyperParameters", "Environment"}):
        assert fields(mine[field]) == fields(golden[field]), field


def test_conditions_are_written_as_the_sdk_writes_them() -> None:
    assert step(ours(), "Gate")["Arguments"]["Conditions"] == step(GOLDEN, "Gate")["Arguments"]["Conditions"]


def test_property_files_and_outputs_are_referred_to_as_the_sdk_does() -> None:
    assert step(ours(), "Evaluate")["PropertyFiles"] == step(GOLDEN, "Evaluate")["PropertyFiles"]
    assert step(ours(), "ResolveBaseModel")["OutputParameters"] == step(GOLDEN, "ResolveBaseModel")["OutputParameters"]
    for name, field in (("Train", "InputDataConfig"), ("Evaluate", "ProcessingInputs")):
        mine = json.dumps(step(ours(), name)["Arguments"][field])
        for reference in references(step(GOLDEN, name)["Arguments"][field]):
            assert json.dumps(reference) in mine


def references(value: Any) -> list[Json]:
    if isinstance(value, dict):
        return [value] if "Get" in value else [found for part in value.values() for found in references(part)]
    return [found for part in value for found in references(part)] if isinstance(value, list) else []


def test_our_validator_has_nothing_against_the_sdks_own_definition() -> None:
    assert findings(GOLDEN) == []
