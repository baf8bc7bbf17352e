"""What a labelling job orders."""

import json

import pytest

from drawing_ocr.labelling.job import Drawing, Job, JobError

ORDER = {
    "schema": 1,
    "job": "gears-2026",
    "title": "Gears",
    "created": "2026-11-21T08:00:00Z",
    "created_by": "ann@example.com",
    "annotators": 3,
    "priority": 5,
    "drawings": [{"uri": "s3://data/drawings/a.png", "version_id": "v1"}, {"uri": "s3://data/drawings/b.pdf"}],
}


def parse(**changed: object) -> Job:
    return Job.parse(json.dumps({**ORDER, **changed}), where="job.json")


def test_a_job_reads_back_as_it_was_written() -> None:
    assert Job.parse(parse().to_json(), where="again") == parse()
    assert parse().drawings[1] == Drawing(uri="s3://data/drawings/b.pdf", version_id=None)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"job": "Gears"}, "job: "),
        ({"job": "x" * 49}, "job: "),
        ({"drawings": []}, "drawings: "),
        ({"drawings": [ORDER["drawings"][0]] * 2}, "a.png is there twice"),  # type: ignore[index]
        ({"drawings": [{"uri": "drawings/a.png"}]}, "drawings[0].uri: "),
        ({"annotators": 10}, "annotators: "),
        ({"schema": 2}, "schema: "),
    ],
)
def test_a_wrong_job_is_refused_in_one_line_that_says_where(changed: dict[str, object], reason: str) -> None:
    with pytest.raises(JobError, match=r"^job") as caught:
        parse(**changed)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
