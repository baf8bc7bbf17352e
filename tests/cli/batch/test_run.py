"""`drawingops batch`: everything is read once, whatever happens on the way."""

from __future__ import annotations

import csv
import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from PIL import Image

from cli.batch import source
from drawing_ocr.reading.result import ReadingResult
from tests.cli.batch.conftest import png
from tests.cli.batch.machine import BROKEN, LOST, Machine, answer_of
from tests.cli.world import BUCKET, NAMES, World

NAMES_IN_FOLDER = ["below/bracket.png", "bracket.png", "flange.png"]


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it."""


def state_of(out: Path) -> dict[str, str]:
    """Every result in `out` by its path; the ledger apart, since it tells of the jobs too."""
    return {
        file.relative_to(out).as_posix(): file.read_bytes().hex()
        for file in sorted(out.rglob("*"))
        if file.is_file() and file.name not in ("batch.json", ".lock", "texts.parquet")
    }


def rows(out: Path, table: str = "texts.csv") -> list[dict[str, str]]:
    with (out / table).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_folder_becomes_answers_tables_pictures_and_a_gallery(
    world: World, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    (folder / "torn.png").write_bytes(png(1) + BROKEN)
    out = tmp_path / "out"
    result = world.run("batch", str(folder), "--out", str(out))
    assert result.exit_code == 1
    assert "3 of 4 drawings read by v1" in result.stdout
    assert "torn.png" in result.stdout
    for name in NAMES_IN_FOLDER:
        answer = ReadingResult.model_validate_json((out / "answers" / f"{name}.json").read_bytes())
        assert [prediction.text for prediction in answer.predictions] == ["⌀12.5"]
        assert Image.open(out / "overlays" / f"{name}.jpg").size == (200, 100)
        assert Image.open(out / "thumbnails" / f"{name}.jpg").size == (200, 100)
    assert [(row["drawing"], row["page"], row["text"], row["number"]) for row in rows(out)] == [
        (name, "1", "⌀12.5", "12.5") for name in NAMES_IN_FOLDER
    ]
    assert rows(out, "failures.csv") == [
        {"drawing": "torn.png", "reason": "image: damaged or truncated: fetch it again"}
    ]
    page = (out / "index.html").read_text()
    assert all(f'href="answers/{name}.json"' in page for name in NAMES_IN_FOLDER)
    assert "1 could not be read" in page
    columns = "drawing, category, confidence, x1, y3, model_version"
    assert duckdb.execute(f"SELECT {columns} FROM '{out}/texts.parquet'").fetchall() == [
        (name, "dimension", 0.93, 10.0, 30.0, "1") for name in NAMES_IN_FOLDER
    ]
    assert len(machine.read) == 1


def test_the_same_command_again_reads_only_what_is_new(
    world: World, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    command = ["batch", str(folder), "--out", str(tmp_path / "out")]
    assert world.answer(*command)["outcome"]["read_now"] == 3
    assert world.answer(*command)["outcome"] | {"texts": 3} == world.answer(*command)["outcome"]
    assert len(machine.read) == 1
    (folder / "new.png").write_bytes(png(200))
    (folder / "flange.png").write_bytes(png(201))  # changed: another content under the same name
    outcome = world.answer(*command)["outcome"]
    assert (outcome["read_now"], outcome["kept"], outcome["texts"]) == (2, 2, 4)
    assert len(machine.read[1]) == 2


def test_what_failed_is_repeated_alone_and_only_when_asked_to(
    world: World, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    (folder / "torn.png").write_bytes(png(1) + BROKEN)
    command = ["batch", str(folder), "--out", str(tmp_path / "out")]
    world.run(*command)
    again = world.run(*command)
    assert (again.exit_code, len(machine.read)) == (1, 1)
    machine.answer = lambda content: answer_of(content.removesuffix(BROKEN))
    result = world.run(*command, "--retry-failed")
    assert result.exit_code == 0
    assert "4 of 4 drawings read by v1 (3 done before)" in result.stdout
    assert [len(keys) for keys in machine.read] == [4, 1]
    assert rows(tmp_path / "out", "failures.csv") == []


def test_the_same_content_under_two_names_is_read_once_and_answered_twice(
    world: World, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    (folder / "copy.png").write_bytes((folder / "flange.png").read_bytes())
    outcome = world.answer("batch", str(folder), "--out", str(tmp_path / "out"))["outcome"]
    assert (outcome["drawings"], outcome["read_now"], outcome["texts"]) == (4, 4, 4)
    assert [len(keys) for keys in machine.read] == [3]


@pytest.mark.parametrize("moment", ["before-call", "after-call"])
def test_a_kill_at_any_call_to_aws_leaves_nothing_half_written_and_loses_nothing(
    world: World, machine: Machine, folder: Path, tmp_path: Path, moment: str
) -> None:
    (folder / "torn.png").write_bytes(png(1) + BROKEN)
    wanted = tmp_path / "wanted"
    world.run("batch", str(folder), "--out", str(wanted))
    calls = 0
    limit = 10**6

    def count(**_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > limit:
            raise Killed

    for service in ("s3", "sagemaker"):
        world.client(service).meta.events.register(moment, count)
    world.run("batch", str(folder), "--out", str(tmp_path / "counted"))
    total, jobs = calls, len(machine.read)
    assert total >= 15
    for limit in range(total):
        out = tmp_path / f"killed-{limit}"
        calls = 0
        _killed(world, folder, out)
        _nothing_half_written(out)
        calls = -(10**6)
        result = world.run("batch", str(folder), "--out", str(out))
        assert "3 of 4 drawings read by v1" in result.stdout, result.stderr
        assert state_of(out) == state_of(wanted)
        # A job that was ordered before the kill is found again, not ordered twice.
        assert len(machine.read) <= jobs + 1
        jobs = len(machine.read)


def test_a_kill_before_any_file_is_there_leaves_nothing_half_written_and_loses_nothing(
    world: World, machine: Machine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "torn.png").write_bytes(png(1) + BROKEN)
    wanted = tmp_path / "wanted"
    world.run("batch", str(folder), "--out", str(wanted))
    replaced, limit = 0, 10**6
    real = os.replace

    def replace(*arguments: Any) -> None:
        nonlocal replaced
        replaced += 1
        if replaced > limit:
            raise Killed
        real(*arguments)

    monkeypatch.setattr(os, "replace", replace)
    world.run("batch", str(folder), "--out", str(tmp_path / "counted"))
    total = replaced
    assert total >= 3 * 3 + 5
    for limit in range(total):
        out = tmp_path / f"killed-{limit}"
        replaced = 0
        _killed(world, folder, out)
        _nothing_half_written(out)
        replaced = -(10**6)
        result = world.run("batch", str(folder), "--out", str(out))
        assert "3 of 4 drawings read by v1" in result.stdout, result.stderr
        assert state_of(out) == state_of(wanted)
    assert len(machine.read) == total + 2


def _killed(world: World, folder: Path, out: Path) -> None:
    with pytest.raises(Killed):
        world.run("batch", str(folder), "--out", str(out))


def _nothing_half_written(out: Path) -> None:
    """Whatever carries its last name is complete."""
    for file in (out / "answers").rglob("*.json"):
        ReadingResult.model_validate_json(file.read_bytes())
    for file in out.rglob("*.jpg"):
        Image.open(file).load()
    for file in out.glob("*.json"):
        json.loads(file.read_bytes())
    if (out / "texts.parquet").exists():
        assert duckdb.execute(f"SELECT count(*) FROM '{out}/texts.parquet'").fetchall() == [(3,)]


def test_one_batch_is_read_by_one_version_even_when_another_serves_by_then(
    world: World, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    command = ["batch", str(folder), "--out", str(tmp_path / "out")]
    world.run(*command)
    world.register("Approved")
    (folder / "new.png").write_bytes(png(200))
    refused = world.run(*command, "--model", "v2")
    assert refused.exit_code == 1
    assert "v1 read this batch so far: take another folder for v2" in " ".join(refused.stderr.split())
    assert world.answer(*command, "--model", "v1")["outcome"]["version"] == 1
    assert {request["ModelName"] for request in machine.requests} == {machine.requests[0]["ModelName"]}
    assert world.answer("batch", str(folder), "--out", str(tmp_path / "two"), "--model", "2")["outcome"]["version"] == 2


def test_a_folder_of_results_belongs_to_one_source(
    world: World, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    world.run("batch", str(folder), "--out", str(tmp_path / "out"))
    refused = world.run("batch", str(folder / "below"), "--out", str(tmp_path / "out"))
    assert (refused.exit_code, len(machine.read)) == (1, 1)
    assert "take another folder" in refused.stderr


def test_two_runs_never_write_into_one_folder(world: World, machine: Machine, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with (out / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        refused = world.run("batch", str(folder), "--out", str(out))
    assert (refused.exit_code, machine.read) == (1, [])
    assert "another run of this batch is writing there" in refused.stderr


def test_without_a_version_that_serves_one_must_be_named(
    world: World, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    world.client("sagemaker").delete_endpoint(EndpointName=NAMES["endpoint-name"])
    refused = world.run("batch", str(folder), "--out", str(tmp_path / "out"))
    assert "no version serves in dev: name one with --model" in refused.stderr
    assert machine.read == []


def test_a_job_that_read_nothing_is_an_error_and_blames_no_drawing(
    world: World, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    machine.answer, machine.status, machine.reason = lambda _: None, "Failed", "CapacityError: no capacity"
    command = ["batch", str(folder), "--out", str(tmp_path / "out")]
    refused = world.run(*command)
    said = " ".join(refused.stderr.split())
    assert refused.exit_code == 1
    assert "read nothing (Failed: CapacityError: no capacity)" in said
    machine.answer, machine.status = answer_of, "Completed"
    assert world.answer(*command)["outcome"]["read_now"] == 3


def test_what_a_failed_job_did_not_answer_is_listed_with_the_jobs_reason(
    world: World, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    (folder / "heavy.png").write_bytes(png(2) + LOST)
    machine.status, machine.reason = "Failed", "AlgorithmError: see the log"
    result = world.run("batch", str(folder), "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    ((failure),) = rows(tmp_path / "out", "failures.csv")
    assert failure["drawing"] == "heavy.png"
    assert "(Failed: AlgorithmError: see the log); its log is in /aws/sagemaker/TransformJobs" in failure["reason"]


def test_a_job_that_somebody_stopped_leaves_the_rest_to_the_next_run(
    world: World, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    (folder / "late.png").write_bytes(png(2) + LOST)
    machine.status = "Stopped"
    command = ["batch", str(folder), "--out", str(tmp_path / "out")]
    assert world.answer(*command)["outcome"]["failures"] == []
    machine.answer, machine.status = lambda content: answer_of(content.removesuffix(LOST)), "Completed"
    assert world.answer(*command)["outcome"]["read_now"] == 1
    assert [len(keys) for keys in machine.read] == [4, 1]


def test_a_job_asks_for_what_sagemaker_allows(world: World, machine: Machine, folder: Path, tmp_path: Path) -> None:
    (folder / "large.png").write_bytes(png() + bytes(3_400_000))
    world.run("batch", str(folder), "--out", str(tmp_path / "out"), "--instances", "3")
    (request,) = machine.requests
    assert request["MaxPayloadInMB"] == 4
    assert "MaxConcurrentTransforms" not in request
    assert len(request["TransformJobName"]) <= 63
    assert request["TransformResources"] == {
        "InstanceType": "ml.m5.4xlarge",
        "InstanceCount": 3,
        "VolumeKmsKeyId": NAMES["data-key-arn"],
    }
    assert request["TransformOutput"]["KmsKeyId"] == NAMES["data-key-arn"]
    assert request["Environment"]["READING_ERRORS_AS_ANSWERS"] == "true"
    limit = request["ModelClientConfig"]["InvocationsTimeoutInSeconds"]
    assert int(request["Environment"]["SAGEMAKER_MODEL_SERVER_TIMEOUT"]) < limit <= 3600
    model = world.client("sagemaker").describe_model(ModelName=request["ModelName"])
    assert model["PrimaryContainer"]["Environment"] == {"MODEL_PACKAGE_VERSION": "1"}
    assert model["ExecutionRoleArn"] == json.loads(NAMES["batch"])["role_arn"]


def test_a_drawing_that_is_too_large_for_a_record_is_not_sent(
    world: World, machine: Machine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "LARGEST_BYTES", 10_000)
    (folder / "large.png").write_bytes(bytes(20_000))
    outcome = json.loads(world.run("batch", str(folder), "--out", str(tmp_path / "out"), "--json").stdout)["outcome"]
    ((name, reason),) = outcome["failures"]
    assert name == "large.png"
    assert "batch transform takes at most" in reason
    assert [len(keys) for keys in machine.read] == [3]


def test_drawings_in_the_bucket_are_read_in_their_place(
    world: World, machine: Machine, put: Callable[[str, bytes | str], str], tmp_path: Path
) -> None:
    for shade, key in ((1, "drawings/a/x.png"), (2, "drawings/a/b/x.png"), (3, "drawings/other.png")):
        put(key, png(shade))
    put("drawings/a/notes.txt", "not a drawing")
    outcome = world.answer("batch", f"s3://{BUCKET}/drawings/a/", "--out", str(tmp_path / "out"))["outcome"]
    assert (outcome["drawings"], outcome["read_now"]) == (2, 2)
    assert machine.read == [["drawings/a/b/x.png", "drawings/a/x.png"]]
    assert sorted(path.name for path in (tmp_path / "out" / "answers").iterdir()) == ["b", "x.png.json"]
