"""An environment whose settings choose Ground Truth."""

from __future__ import annotations

import re
from typing import Any

import pytest

from drawing_platform.ground_truth_rounds import TEMPLATE
from drawing_platform.settings import CONFIG_DIRECTORY
from stacks.application import build
from tests.stacks.conftest import NO_BUNDLING, templates_of
from tests.template_rules import RULES, Template, resources


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """The stacks of dev with the other backend. cdk-nag raises while they are synthesized."""
    if not TEMPLATE.is_file():
        pytest.skip("the worker template is not built: `make setup` builds it")
    config = tmp_path_factory.mktemp("config")
    text = (CONFIG_DIRECTORY / "dev.toml").read_text("utf-8")
    text, found = re.subn(r"(?m)^\[labelling\].*$", '[labelling]\nbackend = "ground_truth"', text)
    assert found == 1
    (config / "dev.toml").write_text(text, "utf-8")
    assembly = build(["dev"], directory=config, outdir=tmp_path_factory.mktemp("out"), context=NO_BUNDLING).synth()
    return dict(templates_of(assembly))


@pytest.fixture(scope="module")
def template(chosen: dict[str, Template]) -> Template:
    return chosen["dev-labelling"]


def test_the_settings_decide_who_hands_tasks_out(template: Template, templates: dict[str, Template]) -> None:
    assert len(list(resources(template, "AWS::SageMaker::Workteam"))) == 2
    assert list(resources(templates["dev-labelling"], "AWS::SageMaker::Workteam")) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rules_of_all_templates_hold(template: Template, rule: Any) -> None:
    assert rule(template) == []


def test_functions_of_the_rounds_and_what_is_not_delivered_to_them_are_watched(chosen: dict[str, Template]) -> None:
    alarms = [name for name, _ in resources(chosen["dev-monitoring"], "AWS::CloudWatch::Alarm")]
    for watched in ("ErrorsGroundTruthBefore", "ErrorsGroundTruthAfter", "ErrorsGroundTruthRound"):
        assert [name for name in alarms if watched in name], watched
    assert [name for name in alarms if "DeadLettersGroundTruth" in name]
