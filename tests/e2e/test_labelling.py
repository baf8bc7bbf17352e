"""Labelling as it is deployed: people ask over HTTP and in real browsers, and whatever they must not do is refused.

One account for all of it: to deploy one takes half a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.e2e.account import Account, eventually
from tests.e2e.labelling_account import COMPARED, PASSWORD, PEOPLE, Jobs, labelling_account
from tests.e2e.people import Person, browser, sign_in, tokens
from tests.web.killable import CHROMIUM, kill, started

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

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
    with labelling_account(tmp_path_factory.mktemp("account")) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def people(account: Account) -> dict[str, Person]:
    return {name: sign_in(account, name, PASSWORD) for name in PEOPLE}


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


def test_two_people_who_disagree_and_a_reviewer_who_sees_both(people: dict[str, Person], jobs: Jobs) -> None:
    (task,) = jobs.prepare("whole", annotators=2)
    for name, text in (("ana", "M8"), ("ben", "M6")):
        work = leased(people[name], "whole")
        assert people[name].on(work, "answer", answer=answer(work, text)).body == {"status": "labelled"}
    review = eventually(lambda: people["rita"].lease(job="whole", round="review"), seconds=COMPARED, what="a review")
    assert sorted(version["regions"][0]["text"] for version in review["task"]["versions"]) == ["M6", "M8"]
    unfinished = people["mira"].ask("POST", "/jobs/whole/export", {})
    assert (unfinished.status, unfinished.code) == (409, "not_finished")
    assert people["rita"].on(review, "answer", answer=answer(review)).status == 200
    told = people["mira"].ask("GET", "/jobs/whole").body
    assert (told["labelled"], told["reviewed"], len(told["people"])) == (1, 1, 3)
    assert jobs.read(f"s3://{jobs.bucket}/jobs/whole/reviewed/{task}.json")["regions"][0]["text"] == "M8"


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


def test_somebody_in_no_group_is_told_whom_to_ask(people: dict[str, Person]) -> None:
    for method, path in (("GET", "/me"), ("GET", "/jobs"), ("POST", "/tasks/lease")):
        refused = people["eve"].ask(method, path)
        assert (refused.status, refused.code) == (403, "no_group")
        assert "ask a manager" in refused.message


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
    (elsewhere,) = jobs.prepare("foreign-too")
    for path in (f"foreign/{elsewhere}", "foreign/..%2F..%2Fdrafts", "..%2Fforeign/x", f"Foreign/{task}"):
        assert ben.ask("GET", f"/tasks/{path}").status == 404, path
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
    assert ana.on(work, "draft", method="PUT", revision=0, answer=answer(work, "x" * 2_100_000)).code == "too_large"
    assert ana.on(work, "read", crop="x" * 2_100_000).code == "too_large"
    assert ana.on(work, "renew", more="x" * 20_000).code == "too_large"
    old = answer(work, schema=0)
    for refused in (ana.on(work, "answer", answer=old), ana.on(work, "draft", method="PUT", revision=0, answer=old)):
        assert (refused.status, refused.code) == (400, "bad_answer")
        assert "reload the page" in refused.message
    assert ana.on(work, "read", crop="bm8gcGljdHVyZQ==").code == "bad_crop"
    beside = answer(work)
    beside["regions"][0]["points"] = [[900, 10], [960, 10], [960, 30], [900, 30]]
    assert ana.on(work, "answer", answer=beside).code == "bad_answer"
    headers = {"authorization": f"Bearer {ana.token}", "content-type": "application/json"}
    path = f"{account.names['labelling-api']}/tasks/broken/{work['task']['task']}/answer"
    for content in (b"{", b"\xff\xfe", b"[" * 9_000):
        answered = browser().post(path, data=content, headers=headers, timeout=10)
        assert (answered.status_code, answered.json()["error"]["code"]) == (400, "bad_request")


def test_script_in_a_text_stays_text(people: dict[str, Person], jobs: Jobs) -> None:
    script = '<img src=x onerror="alert(1)"></script>{{ x }}'
    (task,) = jobs.prepare("script")
    ana, work = people["ana"], leased(people["ana"], "script")
    assert ana.on(work, "answer", answer=answer(work, script)).status == 200

    def consensus() -> Any | None:
        key = f"jobs/script/consensus/{task}.json"
        listed = jobs.s3.list_objects_v2(Bucket=jobs.bucket, Prefix=key)
        return jobs.read(f"s3://{jobs.bucket}/{key}") if listed["KeyCount"] else None

    assert eventually(consensus, seconds=COMPARED, what="the consensus")["regions"][0]["text"] == script


def test_a_picture_that_vanished_is_told_and_left_out(people: dict[str, Person], jobs: Jobs) -> None:
    tasks = jobs.prepare("vanished", drawings=2)
    ana, work = people["ana"], leased(people["ana"], "vanished")
    held = work["task"]["task"]
    for task in tasks:
        jobs.gone(f"jobs/vanished/pyramids/{task}.pmtiles")
    gone = ana.on(work, "renew")
    assert (gone.status, gone.code) == (410, "image_gone")
    assert ana.ask("GET", f"/tasks/vanished/{held}").code == "image_gone"
    assert people["ben"].lease(job="vanished") is None
    assert ana.ask("GET", "/jobs/vanished").body["skipped"] == 2


def test_a_task_that_vanished_takes_no_answer(people: dict[str, Person], jobs: Jobs) -> None:
    (task,) = jobs.prepare("lost")
    work = leased(people["ana"], "lost")
    jobs.gone(f"jobs/lost/tasks/{task}.json")
    refused = people["ana"].on(work, "answer", answer=answer(work))
    assert (refused.status, refused.code) == (410, "task_gone")


def test_no_address_of_another_jobs_picture_is_ever_signed(people: dict[str, Person], jobs: Jobs) -> None:
    jobs.prepare("theirs")
    jobs.prepare("ours", pictures_of="theirs")
    assert people["ana"].lease(job="ours") is None
    assert people["ana"].ask("GET", "/jobs/ours").body["skipped"] == 1


def test_only_managers_order_and_only_drawings_of_ours(people: dict[str, Person], jobs: Jobs) -> None:
    order = {"job": "mine", "title": "Mine", "drawings": [{"uri": f"s3://{jobs.data}/drawings/whole/0.png"}]}
    for name in ("ana", "rita"):
        assert people[name].ask("POST", "/jobs", order).code == "not_allowed"
        assert people[name].ask("POST", "/jobs/whole/export", {}).code == "not_allowed"
    assert people["ana"].ask("POST", "/tasks/lease", {"round": "review"}).code == "not_allowed"
    for uri in (
        "s3://another-team/drawings/0.png",
        f"s3://{jobs.data}/models/x.png",
        f"s3://{jobs.data}/drawings/../m",
    ):
        foreign = {**order, "drawings": [{"uri": uri}]}
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


def test_no_bucket_is_public(account: Account) -> None:
    s3 = account.client("s3")
    buckets = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    assert {account.names["labelling-bucket"], account.names["data-bucket"]} < set(buckets)
    for bucket in buckets:
        blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert set(blocked.values()) == {True}, bucket
        assert browser().get(f"http://localhost:{account.port}/{bucket}/?list-type=2", timeout=10).status_code == 403


JOB = "shafts"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def signed_in(chromium: Browser, account: Account, name: str, at: str = "") -> Page:
    """A browser of its own in which somebody has signed in."""
    return entered(
        chromium.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB").new_page(), account, name, at
    )


def entered(page: Page, account: Account, name: str, at: str = "") -> Page:
    """The page, in which somebody has signed in now."""
    page.goto(account.names["labelling-page"].rstrip("/") + "/" + at)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("[type=submit]").click()
    page.get_by_role("link", name="Jobs", exact=True).wait_for()
    return page


def of_the_job(page: Page, button: str) -> Locator:
    """The button of `JOB`; other jobs have theirs."""
    return page.get_by_role("article", name=JOB.title(), exact=True).get_by_role("button", name=button)


def begin(page: Page, button: str) -> None:
    of_the_job(page, button).click()
    page.get_by_role("button", name="Begin", exact=True).click()


def hand_in(page: Page) -> None:
    page.keyboard.press("Control+Enter")
    page.get_by_role("dialog").get_by_role("button", name="Hand in").click()
    page.get_by_role("heading", name="What there is to label").wait_for()


def test_two_people_label_a_third_reviews_and_the_training_starts(
    account: Account, people: dict[str, Person], jobs: Jobs, chromium: Browser, tmp_path: Path
) -> None:
    jobs.prepare_sheet(JOB, tmp_path)
    ben = signed_in(chromium, account, "ben")
    begin(ben, "Label next")
    ben.locator("#text").fill("⌀12 H1")
    ben.keyboard.press("Enter")
    hand_in(ben)
    with started(chromium.browser_type, tmp_path / "profile") as context:
        ana = entered(context.pages[0], account, "ana")
        begin(ana, "Label next")
        ana.locator("#text").fill("⌀12 H7")
        ana.keyboard.press("Enter")
        expect(ana.locator("[data-stored='2']")).to_be_visible()
        kill(tmp_path / "profile")
    with started(chromium.browser_type, tmp_path / "profile") as context:
        ana = entered(context.pages[0], account, "ana")
        of_the_job(ana, "Label next").click()
        expect(ana.get_by_text("1 of 6 accepted")).to_be_visible()
        hand_in(ana)
    reviewer = people["rita"]
    eventually(
        lambda: reviewer.ask("GET", f"/jobs/{JOB}").body["to_review"] or None,
        seconds=COMPARED,
        what="something to review",
    )
    rita = signed_in(chromium, account, "rita")
    expect(of_the_job(rita, "Review next")).to_be_enabled(timeout=COMPARED * 1000)
    begin(rita, "Review next")
    versions = rita.get_by_role("region", name="What people say")
    decided = versions.get_by_role("status")
    expect(decided).to_have_text("0 of 6 differences decided")  # one text was read otherwise, at five nobody looked
    for _ in range(6):
        rita.keyboard.press("Alt+a")
    expect(decided).to_have_text("6 of 6 differences decided")
    hand_in(rita)
    mira = signed_in(chromium, account, "mira", at=f"#/jobs/{JOB}")
    mira.get_by_role("button", name="Write the training data").click()
    expect(mira.get_by_text("Training starts from there by itself")).to_be_visible(timeout=COMPARED * 1000)
    told = people["mira"].ask("GET", f"/jobs/{JOB}").body
    assert (told["state"], told["labelled"], told["reviewed"], len(told["people"])) == ("exported", 1, 1, 3)
    line = jobs.read(told["manifest"])  # of one drawing
    assert line["image"].endswith("/sheet.png")
    texts = [region["text"] for region in line["regions"]]
    assert len(texts) == 6
    assert len({"⌀12 H7", "⌀12 H1"} & set(texts)) == 1  # the reviewer took one of them
    sagemaker, pipeline = account.client("sagemaker"), account.names["pipeline-name"]
    runs = eventually(
        lambda: sagemaker.list_pipeline_executions(PipelineName=pipeline)["PipelineExecutionSummaries"] or None,
        seconds=60,
        what="a training run starts",
    )
    assert len(runs) == 1
