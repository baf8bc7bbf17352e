"""The application: which environments it describes, what the command line says about mistakes, and what it promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from drawing_platform.settings import SettingsError, load_settings
from stacks.application import build
from tests.stacks.conftest import NO_BUNDLING, templates_of
from tests.template_rules import Template, resources

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ("dev", "local", "prod", "staging")

# What the operator's command reads (docs/architecture.md).
PARAMETERS = {
    "account",
    "alerts-topic-arn",
    "batch",
    "data-bucket",
    "data-key-arn",
    "endpoint-name",
    "history-table",
    "inference-image",
    "large-drawings",
    "model-package-group",
    "pipeline-name",
    "region",
    "regression-prefix",
    "release-state-machine-arn",
    "sagemaker-role-arn",
    "training-image",
    "trigger-function",
    "trigger-table",
    "label-queue",
    "embedder-package-group",
    "embedder-pipeline-name",
    "search-api",
    "search-dead-letters",
    "search-queue",
    "search-reconcile-function",
    "search-backfill-function",
    "search-release-function",
    "label-dead-letters",
    "labelling-api",
    "labelling-bucket",
    "labelling-client",
    "labelling-export-function",
    "labelling-page",
    "labelling-pool",
    "labelling-table",
    "labelling-workflow-arn",
}


def stage_ids(app: cdk.App) -> list[str]:
    return [child.node.id for child in app.node.children if isinstance(child, cdk.Stage)]


def run_app(outdir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "CDK_OUTDIR": str(outdir), **environment}
    return subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )


def test_without_a_choice_every_environment_of_the_folder_is_described(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DRAWING_ENV", raising=False)
    assert stage_ids(build(outdir=tmp_path, context=NO_BUNDLING)) == ["Dev", "Local", "Prod", "Staging"]


def test_the_command_line_chooses_environments(tmp_path: Path) -> None:
    assert stage_ids(build(outdir=tmp_path, context={**NO_BUNDLING, "env": "local, dev"})) == ["Local", "Dev"]


def test_the_environment_variable_chooses_and_the_command_line_goes_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DRAWING_ENV", "prod")
    assert stage_ids(build(outdir=tmp_path / "a", context=NO_BUNDLING)) == ["Prod"]
    assert stage_ids(build(outdir=tmp_path / "b", context={**NO_BUNDLING, "env": "dev"})) == ["Dev"]
    monkeypatch.setenv("DRAWING_ENV", "all")
    assert len(stage_ids(build(outdir=tmp_path / "c", context=NO_BUNDLING))) == len(ENVIRONMENTS)


def test_an_unknown_environment_is_refused_before_any_template(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"choose one of: dev, local, prod, staging$"):
        build(["production"], outdir=tmp_path)


def test_the_program_answers_a_mistake_with_one_line_and_writes_no_template(tmp_path: Path) -> None:
    done = run_app(tmp_path, DRAWING_ENV="production")
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if "Traceback" in line] == []
    assert done.stderr.splitlines()[-1].startswith("config/production.toml: unknown environment 'production'")
    assert list(tmp_path.rglob("*.template.json")) == []


@pytest.mark.slow
def test_cloudformation_validation_and_the_security_rules_find_nothing(tmp_path: Path) -> None:
    app = (
        "from pathlib import Path; from stacks.application import build; import sys;"
        "build(['prod'], outdir=Path(sys.argv[1]), context={'aws:cdk:bundling-stacks': []}).synth()"
    )
    variables = {**os.environ, "CDK_VALIDATION": "true", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'constructs'}"}
    command = [sys.executable, "-c", app, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reports = json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
    assert [report["pluginName"] for report in reports if report["violations"]] == []
    assert any(report["pluginName"].startswith("CloudFormation") for report in reports)


def test_a_bucket_that_takes_plain_http_fails_the_synthesis(tmp_path: Path) -> None:
    app = build(["dev"], outdir=tmp_path, context=NO_BUNDLING)
    data = app.node.find_child("Dev").node.find_child("Data")
    assert isinstance(data, cdk.Stack)
    s3.Bucket(data, "Careless")
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    assert "AwsSolutions-S10" in (tmp_path / "validation-report.json").read_text()


def test_synthesizing_again_gives_the_same_templates(templates: dict[str, Template], tmp_path: Path) -> None:
    again = dict(templates_of(build(["staging"], outdir=tmp_path, context=NO_BUNDLING).synth()))
    assert again == {name: template for name, template in templates.items() if name.startswith("staging-")}


def test_nothing_is_looked_up_in_an_account(assembly: cdk.cx_api.CloudAssembly) -> None:
    for stage in assembly.nested_assemblies:
        manifest = json.loads((Path(stage.full_path) / "manifest.json").read_text(encoding="utf-8"))
        assert manifest.get("missing", []) == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_name_of_the_contract_is_kept_in_ssm(env: str, templates: dict[str, Template]) -> None:
    names = {
        properties["Name"]
        for name, template in templates.items()
        if name.startswith(f"{env}-")
        for _, properties in resources(template, "AWS::SSM::Parameter")
    }
    settings = load_settings(env)
    promoted = {"promotion-roles"} if settings.promotion.targets else set()
    offered = {"offer-schedule"} if settings.drift and settings.labelling.weekly_drawings else set()
    assert names == {f"/drawing-platform/{env}/{name}" for name in PARAMETERS | promoted | offered}


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_resources_carry_the_tags_that_their_costs_are_counted_by(env: str, templates: dict[str, Template]) -> None:
    kinds = ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Lambda::Function", "AWS::SageMaker::Pipeline")
    tagged = [
        properties.get("Tags", [])
        for name, template in templates.items()
        if name.startswith(f"{env}-")
        for kind in kinds
        for _, properties in resources(template, kind)
        if not (kind == "AWS::Lambda::Function" and properties["Runtime"].startswith("nodejs"))  # the CDK's own
    ]
    assert tagged
    for tags in tagged:
        assert {"Key": "project", "Value": "drawing-platform"} in tags
        assert {"Key": "environment", "Value": env} in tags


def test_every_stack_is_named_after_project_and_environment(assembly: cdk.cx_api.CloudAssembly) -> None:
    for stage in assembly.nested_assemblies:
        for stack in stage.nested_assembly.stacks:
            assert stack.stack_name.startswith(f"drawing-platform-{stage.display_name.lower()}-")


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_only_private_environments_have_a_network(env: str, templates: dict[str, Template]) -> None:
    assert (f"{env}-network" in templates) == (load_settings(env).network.mode == "private")


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_what_holds_data_outlives_the_stack_where_the_settings_say_so(env: str, templates: dict[str, Template]) -> None:
    keep = load_settings(env).storage.removal == "retain"
    kinds = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SageMaker::ModelPackageGroup")
    # The lock of a release and the memory of what was told are worth nothing without their stack.
    passing = ("ReleaseLock", "NotifierTold")
    found = {
        f"{name}/{logical_id}": resource["DeletionPolicy"]
        for name, template in templates.items()
        if name.startswith(f"{env}-")
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] in kinds and not logical_id.startswith(passing)
    }
    assert found
    assert set(found.values()) == {"Retain" if keep else "Delete"}
