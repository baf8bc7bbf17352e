"""`drawingops models compare` against evaluations in an account in moto."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.intervals import of_shares
from drawing_ocr.dataset.manifest import ManifestReference, RunManifest
from drawing_ocr.evaluation.report import (
    Difference,
    Differences,
    Evaluation,
    Gate,
    GroupMetrics,
    Metrics,
    RecognitionMetrics,
    TestSet,
)
from tests.cli.world import BUCKET, GROUP, REGION, World

Put = Callable[[str, bytes | str], str]
ARN = f"arn:aws:sagemaker:{REGION}:123456789012:model-package/{GROUP}"


def metrics(exact: float, diameter: float, cer: float = 0.1) -> Metrics:
    group = GroupMetrics(lines=40, exact=diameter, one_minus_ned=0.9, cer=cer)
    return Metrics(
        recognition=RecognitionMetrics(
            lines=200, exact=exact, one_minus_ned=0.95, cer=cer, by_symbol_class={"diameter": group}
        )
    )


def sure() -> Differences:
    """Clearly more exact lines, fewer character errors, and a symbol class of which too little is known."""
    better = Difference(value=0.33, low=0.21, high=0.45, verdict="better")
    fewer = Difference(value=-0.2, low=-0.3, high=-0.1, verdict="better")
    noise = Difference(value=0.02, low=-0.01, high=0.05, verdict="noise")
    return Differences(
        drawings=12,
        resamples=2000,
        confidence=0.95,
        exact=better,
        one_minus_ned=noise,
        cer=fewer,
        by_symbol_class={"diameter": noise},
    )


def evaluation(challenger: Metrics, champion: Metrics | None, regression: Metrics) -> str:
    return Evaluation(
        test_sets={
            "new": TestSet(challenger=challenger, champion=champion, difference=sure() if champion else None),
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


def test_each_difference_says_whether_it_may_be_chance(world: World, put: Put) -> None:
    parent = world.register("Approved")
    report = evaluation(metrics(0.93, 0.95), metrics(0.6, 0.0, cer=0.3), metrics(0.99, 0.99))
    evaluated(world, put("evaluations/2/evaluation.json", report), parent=parent)
    rows = {(row["test_set"], row["figure"]): row for row in world.answer("models", "compare", "v1", "v2")["rows"]}
    assert rows["new", "exact match"]["interval"] == {"low": 0.21, "high": 0.45, "verdict": "better", "paired": True}
    assert rows["new", "exact · symbols diameter"]["interval"]["verdict"] == "noise"
    assert rows["regression", "exact match"]["interval"] is None  # its evaluation is older than the intervals
    table = world.run("models", "compare", "v1", "v2").stdout
    assert "+21.0 … +45.0" in table
    turned = {(row["test_set"], row["figure"]): row for row in world.answer("models", "compare", "v2", "v1")["rows"]}
    assert turned["new", "exact match"]["interval"] == {"low": -0.45, "high": -0.21, "verdict": "worse", "paired": True}
    assert turned["new", "character errors (CER)"]["interval"]["verdict"] == "worse"


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
    rows = {(row["test_set"], row["figure"]): row for row in world.answer("models", "compare", "v1", "v2")["rows"]}
    assert rows["new", "exact match"]["interval"] is None  # different drawings: no difference to be sure of
    apart = rows["regression", "exact match"]["interval"]
    assert apart["paired"] is False
    assert apart["low"] < 0 < apart["high"]


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


def run_of(put: Put, name: str, *batches: str) -> str:
    references = tuple(ManifestReference(uri=f"s3://{BUCKET}/labels/{batch}/manifest.jsonl") for batch in batches)
    return put(f"datasets/runs/{name}/run.json", RunManifest(run_id=name, manifests=references).to_json())


def test_the_batches_that_only_one_of_them_learned_from_are_named_with_their_drawings(world: World, put: Put) -> None:
    drawing = {"image": "a.png", "width": 9, "height": 9, "regions": []}
    put("labels/summer/manifest.jsonl", "".join(json.dumps(drawing | {"image": f"{n}.png"}) + "\n" for n in range(3)))
    report = evaluation(metrics(0.9, 0.9), None, metrics(0.9, 0.9))
    for number, batches in ((1, ("spring",)), (2, ("spring", "summer", "gone"))):
        uri = put(f"evaluations/{number}/evaluation.json", report)
        evaluated(world, uri, label_manifest=run_of(put, f"run-{number}", *batches))
    data = world.answer("models", "compare", "v1", "v2")["data"]
    assert data["shared"] == 1
    assert data["only_left"] == []
    assert [(batch["name"], batch["drawings"]) for batch in data["only_right"]] == [("gone", None), ("summer", 3)]
    text = world.run("models", "compare", "v1", "v2").stdout
    assert "only v2: summer: 3 drawings" in text
    assert "only v2: gone: manifest out of reach" in text


def test_parameters_and_images_that_differ_are_listed_and_equal_ones_are_not(world: World, put: Put) -> None:
    uri = put("evaluations/e.json", evaluation(metrics(0.9, 0.9), None, metrics(0.9, 0.9)))
    evaluated(world, uri, hyperparameters="epochs=30 seed=17", training_image="image:a")
    evaluated(world, uri, hyperparameters="epochs=60 seed=17 warmup=0.1", training_image="image:b")
    parameters = world.answer("models", "compare", "v1", "v2")["parameters"]
    assert [(item["name"], item["left"], item["right"]) for item in parameters] == [
        ("epochs", "30", "60"),
        ("training_image", "image:a", "image:b"),
        ("warmup", None, "0.1"),
    ]


def test_a_report_is_one_page_with_the_runs_own_evaluation_beside_it(world: World, put: Put, tmp_path: Path) -> None:
    parent = world.register("Approved", hyperparameters="epochs=1")
    report = evaluation(metrics(0.93, 0.95), metrics(0.6, 0.0), metrics(0.99, 0.99))
    put("evaluations/2/report.html", "<p>lines that changed</p>")
    uri = put("evaluations/2/evaluation.json", report)
    evaluated(world, uri, parent=parent, hyperparameters="epochs=2 note=a<b")
    out = tmp_path / "out"
    answer = world.answer("models", "compare", "v1", "v2", "--out", str(out))
    page = (out / "index.html").read_text(encoding="utf-8")
    assert answer["report"] == str(out / "index.html")
    assert "+21.0 … +45.0" in page
    assert 'href="evaluation.html"' in page
    assert (out / "evaluation.html").read_text() == "<p>lines that changed</p>"
    assert "a&lt;b" in page


@pytest.mark.parametrize(
    ("left", "right", "lines", "verdict"),
    [(0.6, 0.9, 200, "better"), (0.9, 0.6, 200, "worse"), (0.6, 0.65, 40, "noise"), (1.0, 1.0, 5, "noise")],
)
def test_shares_that_were_measured_apart_differ_only_where_their_intervals_say_so(
    left: float, right: float, lines: int, verdict: str
) -> None:
    interval = of_shares(left, lines, right, lines)
    assert interval is not None
    assert interval.verdict == verdict
    assert interval.low <= right - left <= interval.high


def test_newcombes_interval_is_the_one_of_his_table() -> None:
    """Statistics in Medicine 17 (1998), table II, method 10: 56/70 − 48/80 is .0524 to .3339."""
    interval = of_shares(48 / 80, 80, 56 / 70, 70)
    assert interval is not None
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.0524, 0.3339)
