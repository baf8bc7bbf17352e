"""The three executables, run as SageMaker runs them, in a base directory of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from drawing_ocr.dataset.manifest import ManifestReference, RunManifest
from drawing_ocr.dataset.regression import build_replay_batch
from drawing_ocr.evaluation.report import Evaluation
from drawing_ocr.models import package
from drawing_ocr.models.official import build_official_package
from drawing_ocr.synthesis.batch import write_batch

BIN = Path(__file__).resolve().parents[3] / "containers" / "training" / "bin"


def run(name: str, base: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SAGEMAKER_BASE_DIR": str(base),
        "SAGEMAKER_PROCESSING_DIR": str(base / "processing"),
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    command = [str(BIN / name), *arguments]
    return subprocess.run(command, env=environment, cwd=base, capture_output=True, text=True, check=False)


def hyperparameters(base: Path, **values: str) -> None:
    folder = base / "input" / "config"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hyperparameters.json").write_text(json.dumps(values), "utf-8")


def run_manifest(folder: Path, manifest: Path) -> None:
    folder.mkdir(parents=True)
    run = RunManifest(run_id="run", manifests=(ManifestReference(uri=str(manifest)),))
    (folder / "run.json").write_text(run.model_dump_json(by_alias=True), "utf-8")


def channel(base: Path, name: str, source: Path) -> None:
    target = base / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source, target_is_directory=True)


@pytest.mark.slow
def test_prepare_train_and_evaluate_follow_each_other(tmp_path: Path) -> None:
    (tmp_path / "official").mkdir()
    build_official_package(tmp_path / "official" / "model.tar.gz")

    prepare = tmp_path / "prepare"
    run_manifest(prepare / "processing" / "run", write_batch(tmp_path / "new", 2, 1, processes=1))
    run_manifest(prepare / "processing" / "replay", build_replay_batch(tmp_path / "old", 1, 2))
    channel(prepare / "processing", "model", tmp_path / "official")
    done = run("prepare", prepare, "--replay-ratio", "0.3", "--val-ratio", "0.4", "--seed", "1")
    assert done.returncode == 0, done.stderr
    dataset = prepare / "processing" / "dataset"
    assert json.loads((dataset / "check.json").read_text("utf-8"))["check_pass"] is True
    # Ten lines to learn from and ten to judge by are enough here.
    for name in ("rec_train.txt", "rec_val.txt"):
        lines = (dataset / name).read_text("utf-8").splitlines(keepends=True)
        (dataset / name).write_text("".join(lines[:10]), "utf-8")

    train = tmp_path / "train"
    hyperparameters(
        train, epochs="1", batch_size="4", processes="1", synthetic_ratio="0.25", new_row_steps="0", seed="3"
    )
    channel(train / "input" / "data", "training", dataset)
    channel(train / "input" / "data", "model", tmp_path / "official")
    channel(train / "input" / "data", "regression", dataset)
    done = run("train", train)
    assert done.returncode == 0, done.stderr
    info = package.check_folder(train / "model")
    assert info.parent == package.Parent(sha256=package.file_sha256(tmp_path / "official" / "model.tar.gz"))
    data = train / "output" / "data"
    assert {file.name for file in data.iterdir()} == {"train.log", "train_result.json", "config.yaml", "curves.png"}
    assert "epoch=0 val_exact=" in (data / "train.log").read_text("utf-8")
    assert json.loads((data / "train_result.json").read_text("utf-8"))["images"] == 10 + 4
    assert not (train / "output" / "failure").exists()

    evaluate = tmp_path / "evaluate" / "processing"
    (tmp_path / "challenger").mkdir()
    package.pack(train / "model", tmp_path / "challenger" / "model.tar.gz")
    for name, source in {
        "dataset": dataset,
        "regression": dataset,
        "challenger": tmp_path / "challenger",
        "champion": tmp_path / "official",
    }.items():
        channel(evaluate, name, source)
    done = run("evaluate", tmp_path / "evaluate", "--accuracy-threshold", "1.0")
    assert done.returncode == 0, done.stderr
    evaluation = Evaluation.load(evaluate / "evaluation" / "evaluation.json")
    assert evaluation.test_sets["new"].challenger.recognition.lines == 10
    assert evaluation.test_sets["new"].champion is not None
    assert evaluation.test_sets["new"].challenger.detection is not None
    assert (evaluate / "evaluation" / "report.html").stat().st_size > 1000


def test_a_wrong_hyperparameter_is_the_first_line_of_the_failure_file(tmp_path: Path) -> None:
    hyperparameters(tmp_path, batch_size="0")
    done = run("train", tmp_path)
    assert done.returncode == 1
    reason = (tmp_path / "output" / "failure").read_text("utf-8").splitlines()[0]
    assert reason.startswith("hyperparameter batch_size = '0': ")
    assert not (tmp_path / "model").exists()


def test_a_manifest_that_points_to_nothing_is_the_exit_message(tmp_path: Path) -> None:
    run_manifest(tmp_path / "processing" / "run", tmp_path / "gone" / "manifest.jsonl")
    done = run("prepare", tmp_path)
    message = (tmp_path / "output" / "message").read_text("utf-8").strip()
    assert done.returncode == 1
    assert "gone/manifest.jsonl" in message
    assert done.stderr.strip().splitlines()[-1] == message


def test_an_evaluation_without_a_challenger_says_so(tmp_path: Path) -> None:
    done = run("evaluate", tmp_path)
    assert done.returncode == 1
    assert "input 'challenger' is missing or empty" in (tmp_path / "output" / "message").read_text("utf-8")
