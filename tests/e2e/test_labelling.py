"""Labelling as it is deployed: people sign in and ask over HTTP, and whatever they must not do is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from drawing_ocr.labelling.task import task_id
from tests.e2e.account import Account, client, empty_account, eventually, free_port
from tests.e2e.people import Person, browser, sign_in, tokens

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PASSWORD = "Labelling-2026"
PEOPLE = {"ana": "annotator", "ben": "annotator", "rita": "reviewer", "mira": "manager"}
COMPARED = 90  # seconds; the first comparison starts an interpreter with arrays and polygons
PYRAMID = b"PMTiles" + bytes(1000)
REGION = {
    "id": "r1",
    "points": [[10, 10], [60, 10], [60, 30], [10, 30]],
    "category": "dimension",
    "ignore": False,
    "source": "person",
    "accepted": True,
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The labelling stack and what it stands on; nothing is trained or released here."""
    port, folder = free_port(), tmp_path_factory.mktemp("account")
    with empty_account(folder, port) as cdk:
        cdk.bootstrap()
        cdk("deploy", "Local/Labelling", "--method=direct", "--require-approval=never")
        prefix = "/drawing-platform/local/"
        pages = client("ssm", port).get_paginator("get_parameters_by_path").paginate(Path=prefix)
        names = {item["Name"].removeprefix(prefix): item["Value"] for page in pages for item in page["Parameters"]}
        deployed = Account(port, folder / "account", names)
        cognito, pool = deployed.client("cognito-idp"), names["labelling-pool"]
        for name, group in PEOPLE.items():
            cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
            cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
        yield deployed


@pytest.fixture(scope="module")
def people(account: Account) -> dict[str, Person]:
    return {name: sign_in(account, name, PASSWORD) for name in PEOPLE}


class Jobs:
    """Prepares jobs as the workflow does when the machine has read their drawings."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.s3 = account.client("s3")
        self.bucket, self.data = account.names["labelling-bucket"], account.names["data-bucket"]

    def prepare(self, job: str, drawings: int = 1, annotators: int = 1) -> list[str]:
        uris = [f"s3://{self.data}/drawings/{job}/{number}.png" for number in range(drawings)]
        order = {
            "schema": 1,
            "job": job,
            "title": job,
            "created": "2026-11-21T09:00:00Z",
            "created_by": "test",
            "annotators": annotators,
            "priority": 0,
            "drawings": [{"uri": uri, "version_id": None} for uri in uris],
        }
        self.put(f"jobs/{job}/job.json", order)
        tasks = [task_id(uri, None) for uri in uris]
        for number, (uri, task) in enumerate(zip(uris, tasks, strict=True)):
            self.s3.put_object(Bucket=self.data, Key=f"drawings/{job}/{number}.png", Body=b"png")
            pyramid = f"jobs/{job}/pyramids/{task}.pmtiles"
            self.s3.put_object(Bucket=self.bucket, Key=pyramid, Body=PYRAMID)
            self.put(
                f"jobs/{job}/tasks/{task}.json",
                {
                    "schema": 1,
                    "job": job,
                    "task": task,
                    "image": {"uri": uri, "version_id": None, "width": 400, "height": 300},
                    "pyramid": {"uri": f"s3://{self.bucket}/{pyramid}", "tile": 512, "levels": 1},
                    "model": None,
                    "regions": [],
                    "round": "label",
                    "versions": [],
                },
            )
        self.open(job)
        return tasks

    def open(self, job: str) -> None:
        functions = self.account.client("lambda")
        pages = functions.get_paginator("list_functions").paginate()
        name = next(
            each["FunctionName"]
            for page in pages
            for each in page["Functions"]
            if each["Handler"] == "open_labelling_job.handler.handle"
        )
        answer = functions.invoke(FunctionName=name, Payload=json.dumps({"job": job}).encode())
        assert "FunctionError" not in answer, answer["Payload"].read()

    def put(self, key: str, document: Any) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(document).encode())


@pytest.fixture(scope="module")
def jobs(account: Account) -> Jobs:
    return Jobs(account)


def answer(work: dict[str, Any], text: str = "M8", **more: Any) -> dict[str, Any]:
    task = work["task"]
    region = {**REGION, "text": text}
    said = {"schema": 1, "job": task["job"], "task": task["task"], "status": "labelled", "reason": ""}
    return {**said, "regions": [region], "seconds": 9.5, "keystrokes": 4, "clicks": 2, **more}


def leased(person: Person, job: str, **wanted: str) -> dict[str, Any]:
    work = person.lease(job=job, **wanted)
    assert work is not None
    return work


def test_two_people_who_disagree_a_reviewer_and_the_labels_in_training(people: dict[str, Person], jobs: Jobs) -> None:
    (task,) = jobs.prepare("whole", annotators=2)
    for name, text in (("ana", "M8"), ("ben", "M6")):
        work = leased(people[name], "whole")
        assert people[name].on(work, "answer", answer=answer(work, text)).body == {"status": "labelled"}
    review = eventually(lambda: people["rita"].lease(job="whole", round="review"), seconds=COMPARED, what="a review")
    assert sorted(version["regions"][0]["text"] for version in review["task"]["versions"]) == ["M6", "M8"]
    assert people["rita"].on(review, "answer", answer=answer(review)).status == 200
    assert people["mira"].ask("POST", "/jobs/whole/export", {}).body["state"] in ("exporting", "exported")

    def exported() -> dict[str, Any] | None:
        told = people["mira"].ask("GET", "/jobs/whole").body
        return told if told["state"] == "exported" else None

    told = eventually(exported, seconds=COMPARED, what="the export")
    assert (told["labelled"], told["reviewed"], len(told["people"])) == (1, 1, 3)
    bucket, key = told["manifest"].removeprefix("s3://").split("/", 1)
    (line,) = jobs.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode().splitlines()
    assert json.loads(line)["regions"][0]["text"] == "M8"
    assert json.loads(line)["image"] == f"images/{task}/0.png"


def test_a_picture_is_read_by_parts_from_its_signed_address_and_no_other_is(
    account: Account, people: dict[str, Person], jobs: Jobs
) -> None:
    jobs.prepare("signed")
    work = leased(people["ana"], "signed")
    url = work["pyramid_url"]
    session = browser()
    origin = account.names["labelling-page"].rstrip("/")
    part = session.get(url, headers={"Range": "bytes=0-6", "Origin": origin}, timeout=10)
    assert (part.status_code, part.content) == (206, b"PMTiles")
    assert part.headers["Access-Control-Allow-Origin"] == origin
    foreign = session.get(url, headers={"Origin": "https://evil.example"}, timeout=10)
    assert "Access-Control-Allow-Origin" not in foreign.headers
    (other,) = jobs.prepare("other-team")
    assert (
        session.get(url.replace(work["task"]["task"], other).replace("signed", "other-team"), timeout=10).status_code
        == 403
    )
    assert session.get(url.partition("?")[0], timeout=10).status_code == 403
    assert "X-Amz-Expires=900" in url


@pytest.mark.parametrize("path", ["/me", "/jobs"])
def test_without_a_token_and_with_a_foreign_one_nothing_is_answered(
    account: Account, people: dict[str, Person], path: str
) -> None:
    api = account.names["labelling-api"]
    good = people["ana"].token
    head, body, signature = good.split(".")
    other = account.client("cognito-idp")
    pool = other.create_user_pool(PoolName="another")["UserPool"]["Id"]
    page = other.create_user_pool_client(
        UserPoolId=pool, ClientName="page", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    other.admin_create_user(UserPoolId=pool, Username="eve", MessageAction="SUPPRESS")
    other.admin_set_user_password(UserPoolId=pool, Username="eve", Password=PASSWORD, Permanent=True)
    foreign = other.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=page,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "eve", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]["AccessToken"]
    for token in ("", "nonsense", foreign, f"{head}.{body}.{signature[::-1]}"):
        assert Person(api, token).ask("GET", path).status == 401
    assert browser().get(f"{api}{path}", timeout=10).status_code == 401


def test_an_id_token_is_no_permission(account: Account) -> None:
    issued = tokens(account, "ana", PASSWORD)
    assert Person(account.names["labelling-api"], issued["id_token"]).ask("GET", "/me").status in (401, 403)


def test_a_page_of_another_origin_may_not_ask(account: Account) -> None:
    api, session = account.names["labelling-api"], browser()
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    own = account.names["labelling-page"].rstrip("/")
    for origin, allowed in ((own, own), ("https://evil.example", None)):
        answered = session.options(f"{api}/tasks/lease", headers={**ask, "Origin": origin}, timeout=10)
        assert answered.headers.get("Access-Control-Allow-Origin") == allowed


def test_a_task_of_somebody_else_is_neither_shown_nor_changed(people: dict[str, Person], jobs: Jobs) -> None:
    (task,) = jobs.prepare("foreign")
    work = leased(people["ana"], "foreign")
    ben = people["ben"]
    assert ben.ask("GET", f"/tasks/foreign/{task}").code == "not_yours"
    assert ben.ask("GET", "/tasks/foreign/0123456789abcdef").code == "no_such_task"
    assert ben.ask("GET", "/jobs/nothing").code == "no_such_job"
    for refused in (
        ben.on(work, "answer", answer=answer(work)),
        ben.on(work, "draft", method="PUT", revision=0, answer=answer(work)),
        ben.on(work, "renew"),
    ):
        assert (refused.status, refused.code) == (409, "lease_lost")
    assert people["ana"].on(work, "answer", answer=answer(work)).status == 200


def test_two_answers_of_one_person_are_one(people: dict[str, Person], jobs: Jobs) -> None:
    jobs.prepare("twice")
    ana, work = people["ana"], leased(people["ana"], "twice")
    assert [ana.on(work, "answer", answer=answer(work)).status for _ in range(2)] == [200, 200]
    other = ana.on(work, "answer", answer=answer(work, "M10"))
    assert (other.status, other.code) == (409, "already_answered")


def test_answers_that_are_too_large_too_old_or_broken_are_refused_with_a_reason(
    account: Account, people: dict[str, Person], jobs: Jobs
) -> None:
    jobs.prepare("broken")
    ana, work = people["ana"], leased(people["ana"], "broken")
    large = ana.on(work, "answer", answer=answer(work, "x" * 2_100_000))
    assert (large.status, large.code) == (413, "too_large")
    old = ana.on(work, "answer", answer=answer(work, schema=0))
    assert (old.status, old.code) == (400, "bad_answer")
    assert "reload the page" in old.message
    beside = answer(work)
    beside["regions"][0]["points"] = [[900, 10], [960, 10], [960, 30], [900, 30]]
    assert ana.on(work, "answer", answer=beside).code == "bad_answer"
    headers = {"authorization": f"Bearer {ana.token}", "content-type": "application/json"}
    path = f"{account.names['labelling-api']}/tasks/broken/{work['task']['task']}/answer"
    for content in (b"{", b"\xff\xfe", b"[" * 9_000):
        refused = browser().post(path, data=content, headers=headers, timeout=10)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_request")


def test_script_in_a_text_stays_text(people: dict[str, Person], jobs: Jobs) -> None:
    script = '<img src=x onerror="alert(1)"></script>{{ x }}'
    (task,) = jobs.prepare("script")
    ana, work = people["ana"], leased(people["ana"], "script")
    assert ana.on(work, "answer", answer=answer(work, script)).status == 200

    def consensus() -> dict[str, Any] | None:
        listed = jobs.s3.list_objects_v2(Bucket=jobs.bucket, Prefix=f"jobs/script/consensus/{task}")
        if not listed.get("Contents"):
            return None
        found: dict[str, Any] = json.loads(
            jobs.s3.get_object(Bucket=jobs.bucket, Key=f"jobs/script/consensus/{task}.json")["Body"].read()
        )
        return found

    assert eventually(consensus, seconds=COMPARED, what="the consensus")["regions"][0]["text"] == script


def test_a_picture_that_vanished_is_told_and_left_out(people: dict[str, Person], jobs: Jobs) -> None:
    tasks = jobs.prepare("vanished", drawings=2)
    ana, work = people["ana"], leased(people["ana"], "vanished")
    held = work["task"]["task"]
    for task in tasks:
        jobs.s3.delete_object(Bucket=jobs.bucket, Key=f"jobs/vanished/pyramids/{task}.pmtiles")
    gone = ana.on(work, "renew")
    assert (gone.status, gone.code) == (410, "image_gone")
    assert ana.ask("GET", f"/tasks/vanished/{held}").code == "image_gone"
    assert people["ben"].lease(job="vanished") is None
    assert ana.ask("GET", "/jobs/vanished").body["skipped"] == 2


def test_only_managers_order_and_only_drawings_of_ours(people: dict[str, Person], jobs: Jobs) -> None:
    order = {"job": "mine", "title": "Mine", "drawings": [{"uri": f"s3://{jobs.data}/drawings/whole/0.png"}]}
    for name in ("ana", "rita"):
        assert people[name].ask("POST", "/jobs", order).code == "not_allowed"
    foreign = {**order, "drawings": [{"uri": "s3://another-team/drawings/0.png"}]}
    assert people["mira"].ask("POST", "/jobs", foreign).code == "foreign_address"


def test_nobody_reads_the_page_or_the_answers_past_cloudfront_and_the_api(account: Account) -> None:
    page, session = account.names["labelling-page"], browser()
    answered = session.get(page, timeout=10)
    policy = answered.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answered.headers["X-Content-Type-Options"] == "nosniff"
    assert f"connect-src 'self' {account.names['labelling-api']} " in answered.text
    anonymous = f"http://localhost:{account.port}/{account.names['labelling-bucket']}/"
    assert session.get(f"{anonymous}?list-type=2", timeout=10).status_code == 403
