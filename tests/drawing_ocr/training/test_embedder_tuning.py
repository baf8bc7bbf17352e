"""An embedder learns on from a version with a customer's own drawings, and is compared with that version."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from drawing_ocr.dataset.split import Split
from drawing_ocr.embedding.embedder import DEFAULT, Embedder
from drawing_ocr.embedding.record import EmbedderRecord
from drawing_ocr.evaluation.retrieval import RetrievalThresholds
from drawing_ocr.synthesis.families.family import draw_part
from drawing_ocr.synthesis.families.sheet import REDRAWN, draw_family_sheet
from drawing_ocr.training.embedder_batches import BatchPlan
from drawing_ocr.training.embedder_drawings import DrawingsError, OwnDrawings, prepare_drawings
from drawing_ocr.training.embedder_evaluation import compare_embedders
from drawing_ocr.training.embedder_instances import OwnInstances, mixed_batch
from drawing_ocr.training.embedder_tuning import EmbedderTuning, tune_embedder
from drawing_ocr.training.embedder_weights import restore_embedder

TINY = EmbedderTuning(version="2", max_steps=2, families=2, validation_families=2, whitening_batches=1)
FILES: dict[str, bytes] = {}


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine drawings; beside them a copy of one, a blank sheet, and what is no picture."""
    folder = tmp_path_factory.mktemp("drawings")
    for part in range(9):
        sheet = draw_family_sheet(draw_part(70_000 + part, 0, 0), part, REDRAWN)
        FILES[f"s3://bucket/drawings/{part}.png"] = cv2.imencode(".png", sheet)[1].tobytes()
    FILES["s3://bucket/drawings/copy.png"] = FILES["s3://bucket/drawings/0.png"]
    FILES["s3://bucket/drawings/blank.png"] = cv2.imencode(".png", np.full((99, 99), 255, np.uint8))[1].tobytes()
    FILES["s3://bucket/drawings/broken.png"] = b"no picture"
    prepare(folder)
    return folder


def prepare(folder: Path, *, most: int = 100) -> OwnDrawings:
    listed = [(uri, f"version of {uri}") for uri in FILES]
    return prepare_drawings(listed, lambda uri, _: FILES[uri], folder, val_ratio=0.3, seed=1, most=most)


def test_each_drawing_is_taken_once_and_what_cannot_be_used_is_named(drawings: Path) -> None:
    own = OwnDrawings.load(drawings)
    assert (own.listed, len(own.drawings), own.duplicates) == (12, 9, 1)
    assert set(own.refused) == {"s3://bucket/drawings/blank.png", "s3://bucket/drawings/broken.png"}
    assert all(drawing.version_id == f"version of {drawing.uri}" for drawing in own.drawings)
    assert own.of(Split.TRAIN)
    assert own.of(Split.VAL)
    assert all((drawing.page is not None) == (drawing.split is Split.VAL) for drawing in own.drawings)


def test_a_drawing_that_is_held_out_stays_so_when_others_come(tmp_path: Path, drawings: Path) -> None:
    before = {drawing.uri: drawing.split for drawing in OwnDrawings.load(drawings).drawings}
    FILES["s3://bucket/drawings/new.png"] = cv2.imencode(
        ".png", draw_family_sheet(draw_part(80_000, 0, 0), 1, REDRAWN)
    )[1].tobytes()
    after = {drawing.uri: drawing.split for drawing in prepare(tmp_path).drawings}
    del FILES["s3://bucket/drawings/new.png"]
    assert len(after) == 10
    assert {uri: after[uri] for uri in before} == before


@pytest.mark.usefixtures("drawings")
def test_too_few_drawings_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DrawingsError, match="an embedder learns from 8 at least: put more below drawings/"):
        prepare(tmp_path, most=5)
    with pytest.raises(DrawingsError, match="Prepare has to take the drawings apart first"):
        OwnDrawings.load(tmp_path)


def test_a_batch_mixes_own_drawings_with_families_and_is_decided_by_its_number(drawings: Path) -> None:
    own = OwnInstances.of(drawings, OwnDrawings.load(drawings), Split.TRAIN)
    plan = BatchPlan(families=2, members=2, drawings=2, size=64)
    pictures, labels = mixed_batch(1, 3, plan, own, 0.5)
    again, _ = mixed_batch(1, 3, plan, own, 0.5)
    np.testing.assert_array_equal(pictures, again)
    assert pictures.shape == (8, 64, 64)
    assert (np.bincount(labels) == 2).all()
    assert (pictures.reshape(8, -1).max(axis=1) > 0).all()
    # Two pictures of one drawing are not one picture twice.
    assert not np.array_equal(pictures[0], pictures[1])


def test_a_run_that_was_stopped_goes_on_and_gives_the_next_version_of_what_is_served(
    tmp_path: Path, drawings: Path
) -> None:
    looks = iter([False, True])

    def tune(stopped: bool) -> EmbedderRecord | None:
        return tune_embedder(
            DEFAULT,
            drawings,
            tmp_path / "model",
            tuning=TINY,
            checkpoints=tmp_path / "run",
            stopped=lambda: stopped and next(looks),
        )

    assert tune(stopped=True) is None
    assert not (tmp_path / "model").exists()
    record = tune(stopped=False)
    assert record is not None
    assert record.training["steps"] == 2
    base, tuned = Embedder.load(), Embedder.load(tmp_path / "model")
    assert (tuned.info.version, tuned.info.training["base"]) == ("2", base.info.sha256)
    assert {"validation_map", "validation_own_map"} <= set(tuned.info.metrics)
    # At such rates two steps leave nearly the same network.
    before, after = (restore_embedder(folder) for folder in (DEFAULT, tmp_path / "model"))
    name = "stem.0.0.weight"
    np.testing.assert_allclose(after.state_dict()[name].numpy(), before.state_dict()[name].numpy(), atol=2e-3)

    lenient = RetrievalThresholds(accuracy=0.0, max_regression_drop=1.0, min_champion_gain=-1.0)
    evaluation, changed = compare_embedders(drawings, tuned, base, families=2, thresholds=lenient)
    assert evaluation.gate.passed == 1
    assert all(each.challenger != each.champion and each.picture.startswith(b"\x89PNG") for each in changed)
    own = evaluation.test_sets["own"]
    held_out = len(OwnDrawings.load(drawings).of(Split.VAL))
    assert (own.drawings, own.challenger.queries) == (9, 3 * held_out)
    assert own.champion is not None
    assert own.champion.recall_at_10 == 1.0  # nine drawings
    assert own.difference is not None
    assert (own.difference.drawings, own.difference.recall_at_10.verdict) == (held_out, "noise")
    families = evaluation.test_sets["families"].difference
    assert families is not None
    assert families.drawings == 2
