"""Answers of a job are matched to drawings, however SageMaker names their folders, and never guessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cli import registry
from cli.batch.ledger import Job
from cli.batch.platform import batch_platform
from cli.batch.transform import Served, Transform
from cli.errors import OperatorError
from tests.cli.world import World

Put = Callable[[str, bytes | str], str]
JOB = Job(name="job", number=1, drawings={})
KEYS = ["drawings/a/x.png", "drawings/a/b/y.png", "drawings/a/b/x.png"]


@pytest.fixture
def transform(world: World) -> Transform:
    world.register("Approved")
    return Transform(
        environment=world.environment,
        platform=batch_platform(world.environment),
        batch="one",
        prefix="results/batch/one/",
        served=Served.version(registry.version(world.environment, "v1")),
        instances=1,
    )


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("x.png.out", "drawings/a/x.png"),
        ("b/x.png.out", "drawings/a/b/x.png"),
        ("drawings/a/b/x.png.out", "drawings/a/b/x.png"),
        ("y.png.out", "drawings/a/b/y.png"),
        ("a/b/y.png.out", "drawings/a/b/y.png"),
    ],
)
def test_an_answer_is_known_by_its_path_or_by_a_file_name_that_only_one_drawing_has(
    transform: Transform, put: Put, written: str, key: str
) -> None:
    put(f"results/batch/one/answers/1/{written}", "{}")
    assert transform.answers(JOB, KEYS) == {key: f"results/batch/one/answers/1/{written}"}


def test_an_answer_that_two_drawings_could_have_is_refused(transform: Transform, put: Put) -> None:
    put("results/batch/one/answers/1/a/x.png.out", "{}")
    with pytest.raises(OperatorError, match="2 drawings of the batch could have this answer"):
        transform.answers(JOB, KEYS)


def test_what_is_no_answer_to_the_job_is_left_alone(transform: Transform, put: Put) -> None:
    put("results/batch/one/answers/1/other.png.out", "{}")
    put("results/batch/one/answers/1/x.png", "{}")
    put("results/batch/one/answers/10/x.png.out", "{}")
    assert transform.answers(JOB, KEYS) == {}


def test_names_of_jobs_and_models_stay_within_sagemakers_limit(transform: Transform) -> None:
    assert transform.job_name(3) == "drawing-reading-dev-batch-one-3"
    assert len(transform.job_name(10**40)) <= 63
