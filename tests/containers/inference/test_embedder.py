"""The server with an embedder behind it: the same routes, vectors for answers."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from containers.inference.app import build_app
from containers.inference.cloudwatch import EmbeddedMetrics
from containers.inference.desk import Desk
from containers.inference.metrics import Metrics
from containers.inference.server import open_served
from containers.inference.settings import ServingSettings
from drawing_ocr.embedding.embedder import Embedder
from drawing_ocr.synthesis.families.family import draw_part
from drawing_ocr.synthesis.families.sheet import draw_family_sheet


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    base = tmp_path_factory.mktemp("ml")  # SageMaker unpacked nothing: the embedder in the image serves
    options = ServingSettings.from_environment(
        {"SERVED_MODEL": "embedder", "SAGEMAKER_BASE_DIR": str(base), "SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
    )
    metrics = Metrics(EmbeddedMetrics({"Served": "embedder", "ModelVersion": "1"}, print))
    desk = Desk(lambda: open_served(options, metrics), workers=1, queue=1)
    desk.open()
    with TestClient(build_app(desk, options, metrics), raise_server_exceptions=False) as test_client:
        yield test_client
    desk.close()


def test_the_embedder_of_the_image_answers_a_ping(client: TestClient) -> None:
    assert client.get("/ping").status_code == 200


def test_a_drawing_is_answered_with_half_precision_vectors_of_its_sheet_and_views(client: TestClient) -> None:
    page = draw_family_sheet(draw_part(3), 1)
    sent = client.post(
        "/invocations", content=bytes(cv2.imencode(".png", page)[1]), headers={"content-type": "image/png"}
    )
    assert sent.status_code == 200
    answer = sent.json()
    assert (answer["width"], answer["height"], answer["pages"]) == (page.shape[1], page.shape[0], 1)
    embedder = Embedder.load()
    expected = embedder.embed(page)
    assert [each["kind"] for each in answer["embeddings"]] == [each.kind for each in expected]
    for got, wanted in zip(answer["embeddings"], expected, strict=True):
        vector = np.frombuffer(base64.b64decode(got["vector"]), "<f2").astype(np.float32)
        assert vector.shape == (2048,)
        assert float(vector @ wanted.vector) > 0.999
        np.testing.assert_allclose(got["box"], wanted.box)
    assert answer["model"] == {"name": embedder.info.name, "version": embedder.info.version}


def test_an_empty_sheet_is_the_callers_mistake(client: TestClient) -> None:
    buffer = io.BytesIO()
    Image.new("L", (300, 200), 255).save(buffer, format="PNG")
    sent = client.post("/invocations", content=buffer.getvalue(), headers={"content-type": "image/png"})
    assert sent.status_code == 422
    assert sent.json()["error"] == {
        "code": "EmptyDrawing",
        "message": "image: nothing is drawn on it: send a drawing, dark on light paper",
    }
