"""Every alarm names a page that says what to do, every page has an alarm, and the commands on the pages exist."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import botocore.session
import pytest
import typer
from botocore import xform_name

from cli.main import app
from drawing_platform.runbooks import Runbook
from tests.template_rules import Template, resources

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
GUIDES = tuple(ROOT / "docs" / name for name in ("operations.md", "operations.zh.md"))
NAMED = re.compile(r"docs/runbooks/([a-z0-9-]+)\.md")
LONGEST = 60  # lines: what is read at night fits on a page
# Commands of the AWS CLI that are no operation of a service.
MADE_BY_THE_CLI = {"logs tail", "s3 cp", "s3 ls"}


def named(value: object) -> set[str]:
    return set(NAMED.findall(json.dumps(value)))


def test_every_alarm_names_one_page_that_is_there(templates: dict[str, Template]) -> None:
    there = {page.stem for page in PAGES}
    without = [
        f"{stack}: {name}"
        for stack, template in templates.items()
        for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for name, properties in resources(template, kind)
        # An alarm that only scales machines speaks to nobody.
        if "Topic" in json.dumps(properties.get("AlarmActions", []))
        and not named(properties.get("AlarmDescription", "")) & there
    ]
    assert without == []


def test_every_page_belongs_to_an_alarm_or_to_the_budget(templates: dict[str, Template]) -> None:
    told = {
        page
        for template in templates.values()
        for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for _, properties in resources(template, kind)
        for page in named(properties.get("AlarmDescription", ""))
    }
    budgets = [name for template in templates.values() for name, _ in resources(template, "AWS::Budgets::Budget")]
    assert budgets
    assert {page.stem for page in PAGES} == told | {Runbook.BUDGET.value}


def test_every_runbook_that_the_stacks_know_is_there() -> None:
    assert [runbook.path for runbook in Runbook if not (ROOT / runbook.path).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_short_and_its_links_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not (page.parent / link).is_file()] == []


def commands(program: str, pages: Sequence[Path] = (*PAGES, *GUIDES)) -> list[tuple[str, str]]:
    """(page, command) for every command of `program` in code on the pages."""
    found = []
    for page in pages:
        text = page.read_text("utf-8").replace("\\\n", " ")
        blocks = re.findall(r"```\n(.*?)```", text, re.DOTALL)
        lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
        lines += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        found += [(page.stem, line.split(" #")[0].strip()) for line in lines if line.startswith(f"{program} ")]
    assert found
    return found


def test_the_guide_names_the_same_commands_in_both_languages() -> None:
    english, chinese = ({command for _, command in commands("drawingops", [page])} for page in GUIDES)
    assert {without_words(each) for each in english} == {without_words(each) for each in chinese}
    assert len(english) >= 20


def without_words(command: str) -> str:
    """The command without what may be translated in it."""
    return re.sub(r'"[^"]*"', '""', command)


@pytest.mark.parametrize(("page", "command"), commands("drawingops"))
def test_our_commands_on_the_pages_exist(page: str, command: str) -> None:  # noqa: ARG001
    known = typer.main.get_command(app)
    words = shlex.split(command.split(" | ")[0])[1:]
    for word in words:
        children = getattr(known, "commands", {})
        if word in children:
            known = children[word]
        else:
            assert not children, f"drawingops has no command {word}"
            break
    options = {"--help", *(name for each in known.params for name in (*each.opts, *each.secondary_opts))}
    unknown = [word for word in words if word.startswith("--") and word not in options]
    assert unknown == []


@pytest.mark.parametrize(("page", "command"), commands("aws"))
def test_the_aws_commands_on_the_pages_exist(page: str, command: str) -> None:  # noqa: ARG001
    service, operation, *rest = shlex.split(command.split(" | ")[0])[1:]
    if f"{service} {operation}" in MADE_BY_THE_CLI:
        return
    model = botocore.session.get_session().get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in operations, f"{service} has no {operation}"
    shape = model.operation_model(operations[operation]).input_shape
    assert shape is not None
    known = {f"--{xform_name(name, '-')}" for name in shape.members}
    unknown = [word for word in rest if word.startswith("--") and word not in known]
    # Options that the AWS CLI adds to all commands.
    assert set(unknown) <= {"--query", "--cli-binary-format", "--output"}
