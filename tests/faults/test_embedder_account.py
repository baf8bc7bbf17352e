"""An embedder in a deployed account: trained on the account's drawings, judged, approved, indexed, searched with."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

from cli.embedder_import import SHIPPED
from drawing_ocr.embedding.record import EmbedderRecord
from drawing_ocr.synthesis.families.family import draw_part
from drawing_ocr.synthesis.families.sheet import REDRAWN, draw_family_sheet
from tests.e2e.account import Account, eventually, run
from tests.faults.test_index_account import ask, indexed, status

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]

DRAWINGS = 9
# Two steps at a rate that teaches nothing, and a gate that lets everything through: what is tested is the way.
PARAMETERS = {
    "MaxSteps": 2,
    "LearningRate": 1e-6,
    "AccuracyThreshold": 0.0,
    "MaxRegressionDrop": 1.0,
    "MinChampionGain": -1.0,
}


@pytest.fixture
def account(whole_account: Account) -> Account:
    return whole_account


def operator(account: Account, *arguments: str) -> dict[str, Any]:
    said = run([sys.executable, "-m", "cli.main", "--env", "local", "--json", *arguments], account.cdk.variables)
    document: dict[str, Any] = json.loads(said[said.index("{") :])
    return document


def train(account: Account, **parameters: float) -> dict[str, Any]:
    """Orders a run and waits for its end."""
    order = {"action": "start", "target": "embedder", "parameters": parameters}
    answer = account.client("lambda").invoke(
        FunctionName=account.names["trigger-function"], Payload=json.dumps(order).encode()
    )
    decision = json.loads(answer["Payload"].read())
    assert decision.get("decision") == "started", decision
    sagemaker = account.client("sagemaker")

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = sagemaker.describe_pipeline_execution(PipelineExecutionArn=decision["execution_arn"])
        return None if found["PipelineExecutionStatus"] == "Executing" else found

    return eventually(ended, seconds=400, what="the run has ended")


def test_a_trained_embedder_is_searched_with_once_its_index_is_complete(account: Account, tmp_path: Path) -> None:
    s3, bucket = account.client("s3"), account.names["data-bucket"]
    sheets = []
    for part in range(DRAWINGS):
        sheet = tmp_path / f"part-{part}.png"
        cv2.imwrite(str(sheet), draw_family_sheet(draw_part(90_000 + part, 0, 0), part, REDRAWN))
        s3.put_object(Bucket=bucket, Key=f"drawings/{sheet.name}", Body=sheet.read_bytes())
        sheets.append(sheet)
    shipped = operator(account, "models", "import-embedder")
    assert operator(account, "models", "import-embedder")["version"]["arn"] == shipped["version"]["arn"]

    ended = train(account, **PARAMETERS)
    assert ended["PipelineExecutionStatus"] == "Succeeded", ended.get("FailureReason")
    (new, base) = operator(account, "models", "list", "--target", "embedder")["versions"]
    assert (base["state"], new["state"]) == ("Approved", "PendingManualApproval")
    metadata = new["metadata"]
    assert metadata["parent"] == base["arn"]
    assert metadata["embedder"] == f"drawing-embedder/{metadata['run_id']}"
    learned = json.loads(
        s3.get_object(Bucket=bucket, Key=f"{metadata['dataset'].split('/', 3)[3]}/drawings.json")["Body"].read()
    )
    mine = {drawing["uri"].rsplit("/", 1)[1] for drawing in learned["drawings"]}
    assert {sheet.name for sheet in sheets} <= mine
    assert all(drawing["version_id"] for drawing in learned["drawings"])

    def searched() -> str:
        code, answer = ask(account, {"image": base64.b64encode(sheets[2].read_bytes()).decode()})
        assert code == 200, answer
        assert answer["hits"][0]["drawing"]["id"] == sheets[2].name
        return str(answer["model"])

    eventually(lambda: indexed(account) >= DRAWINGS or None, seconds=60, what="all drawings are indexed")
    record = EmbedderRecord.load(SHIPPED)
    first = f"{record.name}/{record.version}"
    assert searched() == first
    operator(account, "models", "approve", f"v{new['version']}", "--target", "embedder", "--reason", "finds more")
    seen = set()

    def serving() -> bool | None:
        seen.add(operator(account, "index", "release")["state"])
        return True if "serving" in seen or "swapped" in seen else None

    eventually(serving, seconds=120, what="searches ask the new index")
    eventually(lambda: searched() == metadata["embedder"] or None, seconds=30, what="searches are answered by it")
    states = {each["model"]: each for each in status(account)["indexes"]}
    assert states[metadata["embedder"]]["drawings"] == states[first]["drawings"]

    operator(account, "models", "reject", f"v{new['version']}", "--target", "embedder", "--reason", "finds less")
    eventually(lambda: searched() == first or None, seconds=60, what="searches go back")
