"""Every stack of every environment, synthesized once for all tests of this folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

# CDK's own template validation costs seconds; one test of its own (test_application.py) has it on.
os.environ.setdefault("CDK_VALIDATION", "false")

import aws_cdk as cdk
import pytest

from stacks.application import build
from tests.template_rules import Template

# Function archives are installed from wheels, which tests must not need; their hashes do not depend on it.
NO_BUNDLING: dict[str, object] = {"aws:cdk:bundling-stacks": []}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("synth"))  # one worker synthesizes, not each


def templates_of(assembly: cdk.cx_api.CloudAssembly) -> Iterator[tuple[str, Template]]:
    """`dev-data` and its template, for each stack of each stage."""
    for stage in assembly.nested_assemblies:
        for stack in stage.nested_assembly.stacks:
            name = stack.hierarchical_id.replace("/", "-").lower()
            yield name, json.loads(Path(stack.template_full_path).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> cdk.cx_api.CloudAssembly:
    """The cloud assembly of all environments of the repository. Synthesizing it is a test of cdk-nag, which raises."""
    return build(outdir=tmp_path_factory.mktemp("assembly"), context=NO_BUNDLING).synth()


@pytest.fixture(scope="session")
def templates(assembly: cdk.cx_api.CloudAssembly) -> dict[str, Template]:
    """All templates by name: `dev-data`, `prod-release`, …"""
    return dict(templates_of(assembly))
