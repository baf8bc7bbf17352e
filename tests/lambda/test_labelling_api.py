"""The labelling API: who gets a task, what is kept of their work, and every request that is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lambda_labelling import BUCKET, DATA, LEASE_SECONDS, Visitor, World, api


@pytest.fixture
def world(account: None) -> Iterator[World]:  # noqa: ARG001
    with api(World()) as world:
        yield world


@pytest.fixture
def ana(world: World) -> Visitor:
    return Visitor(world, "ana")


@pytest.fixture
def ben(world: World) -> Visitor:
    return Visitor(world, "ben")


@pytest.fixture
def rita(world: World) -> Visitor:
    return Visitor(world, "rita", ("annotator", "reviewer"))


@pytest.fixture
def mira(world: World) -> Visitor:
    return Visitor(world, "mira", ("manager",))


def must(work: dict[str, Any] | None) -> dict[str, Any]:
    assert work is not None
    return work


def test_everybody_is_told_who_they_are(ana: Visitor) -> None:
    assert ana.ask("GET", "/me").body == {"person": "sub-ana", "name": "ana", "groups": ["annotator"]}


def test_two_people_never_hold_the_same_task(world: World, ana: Visitor, ben: Visitor) -> None:
    tasks = world.prepare(drawings=2)
    world.open()
    held = {must(visitor.lease())["task"]["task"] for visitor in (ana, ben)}
    assert held == set(tasks)
    assert Visitor(world, "carl").lease() is None


def test_a_job_that_wants_two_people_gives_a_task_to_two_and_not_to_a_third(
    world: World, ana: Visitor, ben: Visitor
) -> None:
    world.prepare(drawings=1, annotators=2)
    world.open()
    assert must(ana.lease())["task"]["task"] == must(ben.lease())["task"]["task"]
    assert Visitor(world, "carl").lease() is None


def test_who_asks_again_gets_what_they_hold_with_their_draft(world: World, ana: Visitor) -> None:
    world.prepare()
    world.open()
    work = must(ana.lease())
    draft = world.answer(work["task"]["job"], work["task"]["task"], "half")
    assert ana.on(work, "draft", method="PUT", revision=0, answer=draft).body == {"revision": 1}
    again = must(ana.lease())
    assert again["task"] == work["task"]
    assert again["draft"] == {"revision": 1, "answer": draft}


def test_who_holds_the_last_task_is_still_offered_it(world: World, ana: Visitor, ben: Visitor) -> None:
    def offered() -> list[int]:
        return [each.ask("GET", "/jobs").body["jobs"][0]["to_label"] for each in (ana, ben)]

    world.prepare(drawings=1)
    world.open()
    must(ana.lease())
    assert offered() == [1, 0]
    world.clock += LEASE_SECONDS + 1
    assert offered() == [1, 1]
    ana.submit(must(ana.lease()))
    assert offered() == [0, 0]


def test_an_abandoned_task_goes_to_somebody_else_when_the_lease_is_over(
    world: World, ana: Visitor, ben: Visitor
) -> None:
    world.prepare(drawings=1)
    world.open()
    work = must(ana.lease())
    world.clock += LEASE_SECONDS - 1
    assert ben.lease() is None
    world.clock += 2
    assert must(ben.lease())["task"] == work["task"]
    lost = ana.submit(work)
    assert (lost.status, lost.code) == (409, "lease_lost")


def test_an_expired_lease_that_nobody_wanted_still_takes_the_answer(world: World, ana: Visitor) -> None:
    world.prepare(drawings=1)
    world.open()
    work = must(ana.lease())
    world.clock += 10 * LEASE_SECONDS
    assert ana.submit(work).status == 200


def test_a_renewed_lease_lasts_longer_and_its_picture_has_a_fresh_address(
    world: World, ana: Visitor, ben: Visitor
) -> None:
    world.prepare(drawings=1)
    world.open()
    work = must(ana.lease())
    world.clock += LEASE_SECONDS - 1
    renewed = ana.on(work, "renew").body
    assert renewed["lease"]["token"] == work["lease"]["token"]
    assert renewed["lease"]["expires"] > work["lease"]["expires"]
    assert "X-Amz-Expires=900" in renewed["pyramid_url"]
    # The page may talk to the bucket's host in its region only.
    assert renewed["pyramid_url"].startswith(f"https://{BUCKET}.s3.eu-central-1.amazonaws.com/jobs/")
    world.clock += LEASE_SECONDS - 1
    assert ben.lease() is None


def test_a_returned_task_is_free_at_once_and_returning_it_twice_changes_nothing(
    world: World, ana: Visitor, ben: Visitor
) -> None:
    world.prepare(drawings=1)
    world.open()
    work = must(ana.lease())
    assert [ana.on(work, "return").status for _ in range(2)] == [200, 200]
    assert must(ben.lease())["task"] == work["task"]


def test_the_more_important_job_comes_first(world: World, ana: Visitor) -> None:
    for job, priority in (("old", 0), ("urgent", 5)):
        world.prepare(job, 1, priority=priority)
        world.open(job)
    assert must(ana.lease())["task"]["job"] == "urgent"
    assert must(ana.lease(job="old"))["task"]["job"] == "old"


def test_the_same_answer_again_changes_nothing_and_another_one_is_refused(world: World, ana: Visitor) -> None:
    world.prepare(drawings=1)
    world.open()
    work = must(ana.lease())
    assert ana.submit(work).body == {"status": "labelled"}
    assert ana.submit(work).body == {"status": "labelled"}
    other = ana.submit(work, "M10")
    assert (other.status, other.code) == (409, "already_answered")
    world.carry_out()
    kept = world.get(f"jobs/gears/answers/{work['task']['task']}/sub-ana.json")
    assert kept["regions"][0]["text"] == "M8"
    me = ana.ask("GET", "/jobs/gears").body["people"][0]
    assert (me["tasks"], me["regions"], me["seconds"], me["keystrokes"], me["clicks"]) == (1, 1, 12.5, 7, 3)


def test_nobody_gets_a_task_again_that_they_have_answered(world: World, ana: Visitor, ben: Visitor) -> None:
    world.prepare(drawings=1, annotators=2)
    world.open()
    ana.submit(must(ana.lease()))
    assert ana.lease() is None
    assert ben.lease() is not None


def test_a_skipped_drawing_is_an_answer_and_is_left_out(world: World, ana: Visitor) -> None:
    world.prepare(drawings=1)
    world.open()
    assert ana.submit(must(ana.lease()), status="skipped", reason="upside down", regions=[]).status == 200
    world.carry_out()
    told = ana.ask("GET", "/jobs/gears").body
    assert (told["labelled"], told["skipped"], told["people"][0]["skipped"]) == (0, 1, 1)


def test_people_who_agree_need_no_reviewer_and_their_agreement_is_told(
    world: World, ana: Visitor, ben: Visitor, rita: Visitor
) -> None:
    world.prepare(drawings=1, annotators=2)
    world.open()
    for visitor in (ana, ben):
        visitor.submit(must(visitor.lease()))
    world.carry_out()
    assert rita.lease(round="review") is None
    told = rita.ask("GET", "/jobs/gears").body
    assert [each["agreement"] for each in told["people"]] == [1.0, 1.0]
    assert [(each["category"], each["cer"]) for each in told["categories"] if each["regions"]] == [("dimension", 0.0)]
    assert told["labelled"] == told["tasks"] == 1


def test_what_people_do_not_agree_on_goes_to_a_reviewer_who_did_not_label_it(
    world: World, ana: Visitor, rita: Visitor
) -> None:
    world.prepare(drawings=1, annotators=2)
    world.open()
    ana.submit(must(ana.lease()), "M8")
    rita.submit(must(rita.lease(round="label")), "M6")
    world.carry_out()
    assert rita.lease(round="review") is None
    paul = Visitor(world, "paul", ("reviewer",))
    work = must(paul.lease(round="review"))
    assert work["task"]["round"] == "review"
    assert sorted(version["regions"][0]["text"] for version in work["task"]["versions"]) == ["M6", "M8"]
    assert paul.submit(work, "M8").status == 200
    told = paul.ask("GET", "/jobs/gears").body
    assert (told["labelled"], told["reviewed"], told["to_review"]) == (1, 1, 0)
    assert world.get(f"jobs/gears/reviewed/{work['task']['task']}.json")["regions"][0]["text"] == "M8"


def test_an_annotator_gets_no_review_and_sees_no_line_of_others(world: World, ana: Visitor, ben: Visitor) -> None:
    world.prepare(annotators=2)
    world.open()
    for visitor in (ana, ben):
        visitor.submit(must(visitor.lease()))
    assert ana.ask("POST", "/tasks/lease", {"round": "review"}).code == "not_allowed"
    assert [each["name"] for each in ana.ask("GET", "/jobs/gears").body["people"]] == ["ana"]


def test_gold_tasks_look_like_any_other_and_measure_their_people(account: None) -> None:  # noqa: ARG001
    with api(World(gold_share=1.0)) as world:
        plain, gold = world.prepare(drawings=2)
        labels = {
            "image": "x.png",
            "width": 400,
            "height": 300,
            "regions": [{"points": [[10, 10], [60, 10], [60, 30], [10, 30]], "text": "M8", "category": "dimension"}],
        }
        world.put(f"jobs/gears/gold/{gold}.json", labels)
        assert world.open().tasks == 1
        ana = Visitor(world, "ana")
        work = must(ana.lease())
        assert work["task"]["task"] == gold
        assert "gold" not in json.dumps(work)
        ana.submit(work)
        world.carry_out()
        ben = Visitor(world, "ben")
        ben.submit(must(ben.lease()), "wrong")
        world.carry_out()
        assert must(ana.lease())["task"]["task"] == plain
        told = Visitor(world, "mira", ("manager",)).ask("GET", "/jobs/gears").body
        exact = {each["name"]: each["gold"] for each in told["people"]}
        assert exact == {"ana": {"tasks": 1, "exact": 1.0}, "ben": {"tasks": 1, "exact": 0.0}}
        assert (told["tasks"], told["labelled"]) == (1, 0)


def test_a_measurement_that_is_told_twice_counts_once(account: None) -> None:  # noqa: ARG001
    with api(World(gold_share=1.0)) as world:
        (gold,) = world.prepare(drawings=1)
        world.put(f"jobs/gears/gold/{gold}.json", {"image": "x.png", "width": 400, "height": 300, "regions": []})
        world.prepare("other", 1)
        world.open()
        ana = Visitor(world, "ana")
        work = must(ana.lease())
        ana.submit(work)
        ana.submit(work)
        assert len(world.calls) == 2
        world.carry_out()
        assert ana.ask("GET", "/jobs/gears").body["people"][0]["gold"]["tasks"] == 1


def test_two_windows_of_one_person_do_not_overwrite_each_others_draft(world: World, ana: Visitor) -> None:
    world.prepare()
    world.open()
    work = must(ana.lease())
    job, task = work["task"]["job"], work["task"]["task"]
    first, second = world.answer(job, task, "one"), world.answer(job, task, "two")
    assert ana.on(work, "draft", method="PUT", revision=0, answer=first).body == {"revision": 1}
    assert ana.on(work, "draft", method="PUT", revision=0, answer=first).body == {"revision": 1}
    refused = ana.on(work, "draft", method="PUT", revision=0, answer=second)
    assert (refused.status, refused.code) == (409, "draft_conflict")
    assert refused.body["draft"] == {"revision": 1, "answer": first}
    assert ana.on(work, "draft", method="PUT", revision=1, answer=second).body == {"revision": 2}


def test_an_answer_whose_comparison_was_never_started_is_compared_when_it_is_sent_again(
    world: World, ana: Visitor
) -> None:
    world.prepare(drawings=1)
    world.open()
    work = must(ana.lease())
    ana.submit(work)
    world.calls.clear()  # the API died before it could start it
    ana.submit(work)
    assert world.calls == [("consolidate", {"job": "gears", "task": work["task"]["task"]})]


def test_a_vanished_picture_is_left_out_and_the_next_one_is_given(world: World, ana: Visitor) -> None:
    first, second = sorted(world.prepare(drawings=2))
    world.open()
    world.s3.delete_object(Bucket=BUCKET, Key=f"jobs/gears/pyramids/{first}.pmtiles")
    assert must(ana.lease())["task"]["task"] == second
    told = ana.ask("GET", "/jobs/gears").body
    assert (told["tasks"], told["skipped"]) == (2, 1)


def test_a_picture_that_vanishes_while_somebody_works_is_told(world: World, ana: Visitor) -> None:
    (task,) = world.prepare(drawings=1)
    world.open()
    work = must(ana.lease())
    world.s3.delete_object(Bucket=BUCKET, Key=f"jobs/gears/pyramids/{task}.pmtiles")
    for gone in (ana.on(work, "renew"), ana.ask("GET", f"/tasks/gears/{task}")):
        assert (gone.status, gone.code) == (410, "image_gone")


def test_a_task_that_names_a_picture_of_another_job_is_never_signed(world: World, ana: Visitor) -> None:
    (task,) = world.prepare(drawings=1)
    document = world.get(f"jobs/gears/tasks/{task}.json")
    world.prepare("secret", 1)
    for uri in (
        f"s3://{BUCKET}/jobs/secret/pyramids/{task}.pmtiles",
        f"s3://{BUCKET}/jobs/gears/pyramids/../../secret/pyramids/{task}.pmtiles",
        f"s3://{DATA}/jobs/gears/pyramids/{task}.pmtiles",
    ):
        world.put(f"jobs/gears/tasks/{task}.json", {**document, "pyramid": {**document["pyramid"], "uri": uri}})
        world.resource.delete_item(Key={"pk": "job#gears", "sk": f"task#{task}"})
        world.open()
        assert ana.lease(job="gears") is None


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("POST", "renew", {}),
        ("POST", "answer", {"answer": {}}),
        ("PUT", "draft", {"revision": 0, "answer": {}}),
        ("POST", "read", {"crop": ""}),
    ],
)
def test_the_lease_of_somebody_else_opens_nothing(
    world: World, ana: Visitor, ben: Visitor, method: str, what: str, body: dict[str, Any]
) -> None:
    world.prepare(drawings=1)
    world.open()
    work = must(ana.lease())
    if "answer" in body:
        body = {**body, "answer": world.answer("gears", work["task"]["task"])}
    refused = ben.on(work, what, method=method, **body)
    assert (refused.status, refused.code) == (409, "lease_lost")
    assert ben.ask("GET", f"/tasks/gears/{work['task']['task']}").code == "not_yours"


@pytest.mark.parametrize("name", ["gears/0123456789abcdef", "nothing/0123456789abcdef", "gears/x", "gears/a%23b"])
def test_a_task_that_does_not_exist_is_told(world: World, ana: Visitor, name: str) -> None:
    world.prepare(drawings=1)
    world.open()
    answered = ana.ask("GET", f"/tasks/{name}")
    assert answered.status == 404
    assert answered.body["error"]["message"]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"schema": 0}, "bad_answer", "reload the page"),
        ({"schema": 2}, "bad_answer", "reload the page"),
        ({"task": "0123456789abcdef"}, "bad_answer", "open the task again"),
        ({"status": "skipped"}, "bad_answer", "say why"),
        ({"status": "finished"}, "bad_answer", "status"),
        ({"seconds": -1}, "bad_answer", "seconds"),
        ({"colour": "red"}, "bad_answer", "colour"),
    ],
)
def test_an_answer_of_another_form_is_refused_in_one_line(
    world: World, ana: Visitor, change: dict[str, Any], code: str, words: str
) -> None:
    world.prepare(drawings=1)
    world.open()
    refused = ana.submit(must(ana.lease()), **change)
    assert (refused.status, refused.code) == (400, code)
    assert words in refused.body["error"]["message"]
    assert "\n" not in refused.body["error"]["message"]


def test_a_region_beside_the_page_is_refused(world: World, ana: Visitor) -> None:
    world.prepare(drawings=1)
    world.open()
    work = must(ana.lease())
    answer = world.answer("gears", work["task"]["task"])
    answer["regions"][0]["points"] = [[900, 10], [960, 10], [960, 30], [900, 30]]
    refused = ana.on(work, "answer", answer=answer)
    assert (refused.status, refused.code) == (400, "bad_answer")
    assert "outside the page" in refused.body["error"]["message"]


def test_an_oversized_answer_is_refused_before_it_is_parsed(world: World, ana: Visitor) -> None:
    (task,) = world.prepare(drawings=1)
    world.open()
    must(ana.lease())
    refused = ana.ask("POST", f"/tasks/gears/{task}/answer", text="{" + " " * 2_100_000)
    assert (refused.status, refused.code) == (413, "too_large")
    small = ana.ask("POST", "/tasks/lease", text=" " * 20_000)
    assert (small.status, small.code) == (413, "too_large")


@pytest.mark.parametrize("text", ["{", "[]", '"x"', '{"job": 7}', '{"unknown": 1}', "[" * 5_000])
def test_a_request_that_is_no_request_is_refused(ana: Visitor, text: str) -> None:
    refused = ana.ask("POST", "/tasks/lease", text=text)
    assert (refused.status, refused.code) == (400, "bad_request")


def test_script_in_a_text_is_kept_as_text(world: World, ana: Visitor, rita: Visitor) -> None:
    script = '<img src=x onerror="alert(1)"><script>alert(2)</script>{{ x }}'
    world.prepare(drawings=1, annotators=2)
    world.open()
    ana.submit(must(ana.lease()), script)
    ben = Visitor(world, "ben")
    ben.submit(must(ben.lease()), script.replace("1", "7"))
    world.carry_out()
    work = must(rita.lease(round="review"))
    assert script in [version["regions"][0]["text"] for version in work["task"]["versions"]]
    key = f"jobs/gears/answers/{work['task']['task']}/sub-ana.json"
    assert world.s3.head_object(Bucket=BUCKET, Key=key)["ContentType"].startswith("application/json")


def test_a_token_that_is_no_access_token_and_a_stranger_are_refused(world: World) -> None:
    wrong = Visitor(world, "ana", token_use="id").ask("GET", "/me")
    assert (wrong.status, wrong.code) == (401, "wrong_token")
    stranger = Visitor(world, "eve", ("guests",)).ask("GET", "/me")
    assert (stranger.status, stranger.code) == (403, "no_group")


def test_an_address_that_is_none_of_ours_is_told(ana: Visitor) -> None:
    assert ana.ask("GET", "/admin").code == "no_such_route"


def test_a_box_is_read_again_by_the_endpoint(world: World, ana: Visitor) -> None:
    world.prepare(drawings=1)
    world.open()
    work = must(ana.lease())
    crop = base64.b64encode(b"\x89PNG\r\n\x1a\npixels").decode()
    world.endpoint.texts = ["⌀6", "±0.1"]
    assert ana.on(work, "read", crop=crop).body == {"text": "⌀6 ±0.1", "confidence": 0.9}
    world.endpoint.texts = []
    assert ana.on(work, "read", crop=crop).body == {"text": "", "confidence": 0.0}
    for other in ("", "no base64", base64.b64encode(b"GIF89a").decode()):
        assert ana.on(work, "read", crop=other).code == "bad_crop"
    world.endpoint.failure = ClientError(
        {"Error": {"Code": "ValidationError", "Message": "Could not find endpoint"}}, "InvokeEndpoint"
    )
    missing = ana.on(work, "read", crop=crop)
    assert (missing.status, missing.code) == (503, "reader_unavailable")


def order(**more: Any) -> dict[str, Any]:
    return {"job": "new", "title": "New", "drawings": [{"uri": f"s3://{DATA}/drawings/a.png"}], **more}


def test_a_manager_orders_a_job_once(world: World, mira: Visitor) -> None:
    for _ in range(2):
        answered = mira.ask("POST", "/jobs", order(priority=3))
        assert (answered.status, answered.body["state"], answered.body["priority"]) == (202, "preparing", 3)
    assert world.calls == [("workflow", {"job": "new"})] * 2
    assert world.get("jobs/new/job.json")["created_by"] == "mira"
    other = mira.ask("POST", "/jobs", order(title="Other"))
    assert (other.status, other.code) == (409, "job_exists")


@pytest.mark.parametrize(
    "uri", ["s3://others/drawings/a.png", f"s3://{DATA}/models/a.png", f"s3://{DATA}/drawings/../models/a.png"]
)
def test_drawings_of_others_are_not_labelled(mira: Visitor, uri: str) -> None:
    refused = mira.ask("POST", "/jobs", order(drawings=[{"uri": uri}]))
    assert (refused.status, refused.code) == (403, "foreign_address")


def test_only_a_manager_orders_and_exports(world: World, ana: Visitor, rita: Visitor) -> None:
    world.prepare()
    world.open()
    for visitor in (ana, rita):
        assert visitor.ask("POST", "/jobs", order()).code == "not_allowed"
        assert visitor.ask("POST", "/jobs/gears/export").code == "not_allowed"


def test_a_job_is_exported_when_all_of_it_is_done(world: World, ana: Visitor, mira: Visitor) -> None:
    world.prepare(drawings=2)
    world.open()
    ana.submit(must(ana.lease()))
    world.carry_out()
    early = mira.ask("POST", "/jobs/gears/export")
    assert (early.status, early.code) == (409, "not_finished")
    assert early.body["error"]["message"].startswith("1 tasks of job gears are not finished")
    ana.submit(must(ana.lease()))
    world.carry_out()
    started = mira.ask("POST", "/jobs/gears/export")
    assert (started.status, started.body["state"]) == (202, "exporting")
    assert world.calls == [("export", {"job": "gears"})]


def test_the_counts_of_a_job_are_those_of_its_people(world: World, ana: Visitor, ben: Visitor, rita: Visitor) -> None:
    world.prepare(drawings=3)
    world.open()
    ana.submit(must(ana.lease()))
    ben.lease()
    world.carry_out()
    told = ana.ask("GET", "/jobs").body["jobs"][0]
    assert (told["tasks"], told["labelled"], told["mine"], told["to_label"], told["to_review"]) == (3, 1, 1, 1, 0)
    assert rita.ask("GET", "/jobs").body["jobs"][0]["mine"] == 0
    assert ana.ask("GET", "/jobs/nothing").code == "no_such_job"


def test_a_job_is_opened_once_however_often_it_is_opened(world: World, ana: Visitor) -> None:
    world.prepare(drawings=2)
    assert world.open().new == 2
    ana.submit(must(ana.lease()))
    world.carry_out()
    assert world.open().new == 0
    told = ana.ask("GET", "/jobs/gears").body
    assert (told["state"], told["tasks"], told["labelled"]) == ("open", 2, 1)
