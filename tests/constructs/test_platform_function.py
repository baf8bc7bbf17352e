"""Every function has its own narrow role and encrypted log; the archive is the same to the byte anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk.assertions import Match, Template

from drawing_platform import function_archive, function_bundle
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import PlatformFunction, PlatformFunctionProps
from tests.constructs.platform_parts import Parts, parts

HANDLERS = (
    "start_training.handler.handle",
    "resolve_base_model.handler.handle",
    "register_model.handler.handle",
    "notify.handler.handle",
    "release.handler.plan",
    "release.handler.apply",
    "release.handler.verify",
    "release.handler.finish",
    "labelling_api.handler.handle",
    "open_labelling_job.handler.handle",
    "export_labels.handler.handle",
    "release_embedder.handler.handle",
)


def define(around: Parts, **more: object) -> Template:
    props = {
        "common": around.common,
        "handler": "notify.handler.handle",
        "description": "Tells people",
        "variables": {"TABLE": "told"},
        "statements": [Statement(actions=["sns:Publish"], resources=["arn:aws:sns:::topic"])],
    }
    PlatformFunction(around.stack, "Notify", props=PlatformFunctionProps(**(props | more)))  # type: ignore[arg-type]
    return Template.from_stack(around.stack)


def test_a_function_has_a_log_group_of_its_own_that_is_encrypted_and_ends() -> None:
    template = define(parts())
    template.resource_count_is("AWS::Logs::LogGroup", 1)
    template.has_resource_properties("AWS::Logs::LogGroup", {"RetentionInDays": 30, "KmsKeyId": Match.any_value()})
    template.has_resource_properties(
        "AWS::Lambda::Function", {"LoggingConfig": {"LogGroup": {"Ref": Match.string_like_regexp("NotifyLogs")}}}
    )


def test_its_role_has_no_managed_policy_and_what_was_asked_for() -> None:
    template = define(parts())
    (role,) = template.find_resources("AWS::IAM::Role").values()
    assert "ManagedPolicyArns" not in role["Properties"]
    template.has_resource_properties(
        "AWS::IAM::Policy",
        {"PolicyDocument": {"Statement": Match.array_with([Match.object_like({"Action": "sns:Publish"})])}},
    )


def test_it_starts_only_when_its_policy_is_there() -> None:
    template = define(parts())
    (function,) = template.find_resources("AWS::Lambda::Function").values()
    assert any("DefaultPolicy" in name for name in function["DependsOn"])


def test_tracing_follows_the_environment() -> None:
    template = define(parts())
    template.has_resource_properties(
        "AWS::Lambda::Function",
        {
            "TracingConfig": {"Mode": "Active"},
            "Environment": {"Variables": Match.object_like({"POWERTOOLS_TRACE_DISABLED": "false", "TABLE": "told"})},
        },
    )


def test_failed_events_of_an_asynchronous_function_are_kept() -> None:
    template = define(parts(), keep_failed_events=True)
    template.resource_count_is("AWS::SQS::Queue", 1)
    template.has_resource_properties("AWS::Lambda::Function", {"DeadLetterConfig": Match.any_value()})


def archive(template: Template) -> str:
    (function,) = template.find_resources("AWS::Lambda::Function").values()
    return str(function["Properties"]["Code"]["S3Key"])


def test_the_archive_is_named_after_what_it_is_made_of(tmp_path: Path) -> None:
    before = archive(define(parts()))
    assert archive(define(parts())) == before
    changed = tmp_path / "lambda.txt"
    changed.write_text("another==1")
    assert archive(define(parts(), bundle=replace(function_bundle.LIGHT, requirements=changed))) != before
    assert archive(define(parts(), bundle=function_bundle.CONSENSUS)) != before


def test_a_runtime_is_the_setting_or_the_hosts() -> None:
    assert function_bundle.runtime("3.12").name == "python3.12"
    assert function_bundle.runtime("host").name == f"python3.{sys.version_info.minor}"


def write(out: Path, of: function_bundle.Bundle = function_bundle.LIGHT, kept: Path = function_archive.KEPT) -> Path:
    """The archive for the host, as the CDK gets it."""
    python, machine = function_bundle.python_version("host"), function_bundle.machine("host")
    try:
        packages = function_archive.packages_archive(of.requirements, python, machine, kept)
    except function_archive.BundleError as error:
        pytest.skip(f"no package index: {error}")
    function_archive.write_archive(out, packages, function_bundle.sources(of))
    return out


def unpack(archive: Path) -> Path:
    folder = archive.with_suffix("")
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(write(tmp_path_factory.mktemp("bundle") / "light.zip"))


@pytest.mark.slow
def test_two_archives_are_the_same_to_the_byte(tmp_path: Path) -> None:
    one, other = (write(tmp_path / f"{name}.zip", kept=tmp_path / name) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    assert [path.suffix for path in (tmp_path / "one").iterdir()] == [".zip"], "what it was made in is gone"


def test_packages_that_cannot_be_installed_are_named_and_leave_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "odd.txt"
    lock.write_text("no-such-package-of-ours==1.0 --hash=sha256:" + "0" * 64)
    with pytest.raises(function_archive.BundleError, match=r"odd\.txt cannot be installed for the functions: .+"):
        function_archive.packages_archive(lock, "3.12", "x86_64", tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("handler", HANDLERS)
def test_every_handler_can_be_imported_from_the_archive_alone(bundle: Path, handler: str) -> None:
    import_from(bundle, handler)


@pytest.mark.slow
def test_what_compares_labels_has_an_archive_with_arrays_and_polygons(tmp_path: Path) -> None:
    folder = unpack(write(tmp_path / "consensus.zip", function_bundle.CONSENSUS))
    assert unpacked(folder) < HALF_OF_WHAT_LAMBDA_TAKES
    import_from(folder, "consolidate_labels.handler.handle")
    run_from(folder, COMPARED)


@pytest.mark.slow
def test_what_asks_a_search_domain_has_an_archive_without_the_packages_of_the_other_store(tmp_path: Path) -> None:
    folder = unpack(write(tmp_path / "domain.zip", function_bundle.SEARCH_DOMAIN))
    assert unpacked(folder) < HALF_OF_WHAT_LAMBDA_TAKES
    assert not {"numkong", "grpc"} & {path.name for path in folder.iterdir()}
    run_from(folder, ASKED)


# Every function of it, and a request that is signed: what is imported late is seen too.
ASKED = """
from botocore.credentials import Credentials
from drawing_ocr.search.opening import open_store
from drawing_ocr.search.store import StoreBusy
from backfill_index import handler; from index_drawings import handler
from reconcile_index import handler; from search_drawings import cutting, handler
store = open_store("http://127.0.0.1:9", credentials=Credentials("a", "b"), region="eu-central-1")
try:
    store.index("drawings").count()
except StoreBusy:
    pass
"""


def unpacked(folder: Path) -> int:
    """Bytes, as Lambda counts them."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 250 MB unpacked, layers included.
HALF_OF_WHAT_LAMBDA_TAKES = 125 * 1024 * 1024


# Two people who disagree, so that nothing that is imported late stays unseen.
COMPARED = """
from drawing_ocr.labelling.answer import Answer
from drawing_ocr.labelling.consensus import reach_consensus
points = [[0, 0], [9, 0], [9, 5], [0, 5]]
region = {"id": "r", "points": points, "category": "text", "source": "person", "accepted": True}
answers = {text: Answer(job="j", task="0" * 16, regions=[{**region, "text": text}]) for text in ("M8", "M6")}
assert reach_consensus(answers).needs_review
"""


def import_from(bundle: Path, handler: str) -> None:
    module, name = handler.rsplit(".", 1)
    run_from(bundle, f"import {module} as found; assert callable(found.{name})")


def run_from(bundle: Path, script: str) -> None:
    script = f"import sys; sys.path.insert(0, {str(bundle)!r})\n{script}"
    variables = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "eu-central-1", "POWERTOOLS_TRACE_DISABLED": "true"}
    # -S: without site-packages, -I: without our own checkout.
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_functions_in_a_private_network_lie_in_it() -> None:
    around = parts()
    vpc = ec2.Vpc(
        around.data,
        "Vpc",
        subnet_configuration=[
            ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24)
        ],
    )
    group = ec2.SecurityGroup(around.data, "Group", vpc=vpc)
    template = define(around, common=replace(around.common, vpc=vpc, security_group=group))
    template.has_resource_properties("AWS::Lambda::Function", {"VpcConfig": Match.any_value()})
