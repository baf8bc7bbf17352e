"""`drawingops models compare` against evaluations in an account in moto."""

import json
from collections.abc import Callable

from drawing_ocr.evaluation.report import Evaluation, Gate, GroupMetrics, Metrics, RecognitionMetrics, TestSet
from tests.cli.world import GROUP, REGION, World

Put = Callable[[str, bytes | str], str]
ARN = f"arn:aws:sagemaker:{REGION}:123456789012:model-package/{GROUP}"


def metrics(exact: float, diameter: float, cer: float = 0.1) -> Metrics:
    group = GroupMetrics(lines=40, exact=diameter, one_minus_ned=0.9, cer=cer)
    return Metrics(
        recognition=RecognitionMetrics(
            lines=200, exact=exact, one_minus_ned=0.95, cer=cer, by_symbol_class={"diameter": group}
        )
    )


def evaluation(challenger: Metrics, champion: Metrics | None, regression: Metrics) -> str:
    return Evaluation(
        test_sets={
            "new": TestSet(challenger=challenger, champion=champion),
            "regression": TestSet(challenger=regression, champion=champion and regression),
        },
        gate=Gate(accuracy=0.9, regression_drop=0, champion_gain=0.2, passed=1),
    ).to_json()


def evaluated(world: World, uri: str, **metadata: str) -> str:
    """Registers a version whose statistics lie at `uri`."""
    answer = world.client("sagemaker").create_model_package(
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": "x", "ModelDataUrl": "s3://b/models/x/model.tar.gz"}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        ModelMetrics={"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": uri}}},
        CustomerMetadataProperties=metadata,
    )
    return str(answer["ModelPackageArn"])


def test_a_version_is_compared_with_its_parent_on_the_data_that_both_have_read(world: World, put: Put) -> None:
    parent = world.register("Approved")
    report = evaluation(metrics(0.93, 0.95), metrics(0.6, 0.0, cer=0.3), metrics(0.99, 0.99))
    evaluated(world, put("evaluations/2/evaluation.json", report), parent=parent)
    answer = world.answer("models", "compare", "v1", "v2")
    rows = {(row["test_set"], row["figure"]): row for row in answer["rows"]}
    assert answer["same_data"] is True
    assert rows["new", "exact match"]["left"] == 0.6
    assert rows["new", "exact match"]["right"] == 0.93
    assert rows["new", "exact · symbols diameter"]["right"] == 0.95
    table = world.run("models", "compare", "v1", "v2").stdout
    assert "+33.0 points" in table
    assert "-20.0 points" in table  # fewer character errors


def test_turned_round_the_same_figures_change_sides(world: World, put: Put) -> None:
    parent = world.register("Approved")
    report = evaluation(metrics(0.93, 0.95), metrics(0.6, 0.0), metrics(0.99, 0.99))
    evaluated(world, put("evaluations/2/evaluation.json", report), parent=parent)
    row = world.answer("models", "compare", "v2", "v1")["rows"][0]
    assert (row["left"], row["right"]) == (0.93, 0.6)


def test_versions_that_never_met_are_compared_with_a_warning(world: World, put: Put) -> None:
    for number, exact in ((1, 0.8), (2, 0.9)):
        report = evaluation(metrics(exact, 0.5), None, metrics(0.99, 0.99))
        evaluated(world, put(f"evaluations/{number}/evaluation.json", report))
    assert world.answer("models", "compare", "v1", "v2")["same_data"] is False
    assert "never measured on the same new drawings" in world.run("models", "compare", "v1", "v2").stdout


def test_an_imported_version_has_no_figures_of_its_own(world: World, put: Put) -> None:
    world.register("Approved")
    evaluated(world, put("e.json", evaluation(metrics(0.9, 0.9), None, metrics(0.9, 0.9))), parent=f"{ARN}/7")
    result = world.run("models", "compare", "v1", "v2")
    assert result.exit_code == 1
    assert "v1 has no evaluation: it was imported" in result.stderr


def test_a_damaged_evaluation_is_named(world: World, put: Put) -> None:
    parent = world.register("Approved")
    evaluated(world, put("evaluations/2/evaluation.json", json.dumps({"schema": 1})), parent=parent)
    result = world.run("models", "compare", "v1", "v2")
    assert result.exit_code == 1
    assert "evaluations/2/evaluation.json" in result.stderr
    assert "Traceback" not in result.stderr
