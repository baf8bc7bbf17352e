"""The labelling API in the test's own process: the routes of docs/architecture.md over dictionaries.

What comes in is checked by the models of the product and what people agree on is the product's consensus, so a page
that works here sends what the real API takes.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from drawing_ocr.labelling.answer import Answer, AnswerError, Draft
from drawing_ocr.labelling.consensus import reach_consensus, review_task
from drawing_ocr.labelling.task import Task
from tests.web.fake_openid import FakeOpenId

GROUPS = ("annotator", "reviewer", "manager")


@dataclass
class Desk:
    """A task on its way: who has it, what was drafted, what was answered."""

    task: Task
    pyramid: Path
    holders: dict[str, str] = field(default_factory=dict)
    drafts: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    review: Task | None = None
    reviewed: Answer | None = None
    done: bool = False

    @property
    def stage(self) -> str:
        return "done" if self.done else "review" if self.review else "label"

    @property
    def current(self) -> Task:
        return self.review or self.task


@dataclass
class FakeLabelling:
    """One job. `reads`: what the machine sees in every crop; `requests`: what was asked for, `METHOD path`."""

    openid: FakeOpenId
    annotators: int = 1
    title: str = "Shafts and flanges, week 47"
    reads: str = "⌀12"
    desks: list[Desk] = field(default_factory=list)
    exported: bool = False
    requests: list[str] = field(default_factory=list)
    address: str = ""

    def routes(self) -> list[Route]:
        task = "/api/tasks/{job}/{task}"
        return [
            Route("/api/me", self.me),
            Route("/api/jobs", self.jobs),
            Route("/api/jobs/{job}", self.report),
            Route("/api/jobs/{job}/export", self.export, methods=["POST"]),
            Route("/api/tasks/lease", self.lease, methods=["POST"]),
            Route(task, self.open),
            Route(f"{task}/renew", self.renew, methods=["POST"]),
            Route(f"{task}/draft", self.draft, methods=["PUT"]),
            Route(f"{task}/answer", self.answer, methods=["POST"]),
            Route(f"{task}/return", self.give_back, methods=["POST"]),
            Route(f"{task}/read", self.read, methods=["POST"]),
            Route("/pyramids/{task}", self.pyramid),
        ]

    async def me(self, request: Request) -> Response:
        name = self._name(request)
        return JSONResponse({"person": f"sub-{name}", "name": name, "groups": self.openid.groups[name]})

    async def jobs(self, request: Request) -> Response:
        return JSONResponse({"jobs": [self._progress(self._name(request))]})

    async def report(self, request: Request) -> Response:
        name = self._name(request)
        people = [
            {
                "person": f"sub-{person}",
                "name": person,
                "tasks": len(answers),
                "skipped": sum(answer.status == "skipped" for answer in answers),
                "seconds": sum(answer.seconds for answer in answers),
                "regions": sum(len(answer.regions) for answer in answers),
                "keystrokes": sum(answer.keystrokes for answer in answers),
                "clicks": sum(answer.clicks for answer in answers),
                "agreement": 0.942,
                "gold": {"tasks": 3, "exact": 0.971},
            }
            for person in sorted(self.openid.groups)
            if (answers := [desk.answers[person] for desk in self.desks if person in desk.answers])
        ]
        categories = [
            {"category": "dimension", "regions": 96, "alpha": 0.953, "cer": 0.0121},
            {"category": "symbol", "regions": 21, "alpha": 0.874, "cer": 0.0476},
            {"category": "title_block", "regions": 40, "alpha": 0.99, "cer": 0.002},
        ]
        return JSONResponse(self._progress(name) | {"people": people, "categories": categories if people else []})

    async def export(self, request: Request) -> Response:
        name = self._name(request)
        if "manager" not in self.openid.groups[name]:
            return _refused(403, "not_allowed", "only a manager may do this: ask a manager")
        self.exported = True
        return JSONResponse(self._progress(name), 202)

    async def lease(self, request: Request) -> Response:
        name, wanted = self._name(request), await request.json()
        rounds = [wanted["round"]] if "round" in wanted else ["review", "label"]
        for desk in self.desks:
            if desk.stage in rounds and self._wants(desk, name):
                desk.holders.setdefault(name, secrets.token_hex(8))
                return self._work(desk, name)
        return Response(status_code=204)

    async def open(self, request: Request) -> Response:
        name, desk = self._name(request), self._desk(request)
        if desk is None or name not in desk.holders:
            return _refused(403, "not_yours", "you do not hold this task: take the next one")
        return self._work(desk, name)

    async def renew(self, request: Request) -> Response:
        name, desk = self._name(request), self._desk(request)
        if desk is None or desk.holders.get(name) != (await request.json())["lease"]:
            return _refused(409, "lease_lost", "this task is not lent to you any more")
        work = self._work_of(desk, name)
        return JSONResponse({part: work[part] for part in ("lease", "pyramid_url", "expires")})

    async def draft(self, request: Request) -> Response:
        name, desk, body = self._name(request), self._desk(request), await request.json()
        if desk is None or desk.holders.get(name) != body["lease"]:
            return _refused(409, "lease_lost", "this task is not lent to you any more")
        Draft.parse(body["answer"], where="the draft")
        known = desk.drafts.get(name)
        newest = known["revision"] if known else 0
        if newest != body["revision"]:
            return _refused(409, "draft_conflict", "this drawing was changed in another window", draft=known)
        desk.drafts[name] = {"revision": newest + 1, "answer": body["answer"]}
        return JSONResponse({"revision": newest + 1})

    async def answer(self, request: Request) -> Response:
        name, desk, body = self._name(request), self._desk(request), await request.json()
        if desk is None:
            return _refused(404, "no_such_task", "there is no such task")
        try:
            answer = Answer.parse(json.dumps(body["answer"]), where="the answer")
            desk.current.check(answer)
        except AnswerError as error:
            return _refused(400, "bad_answer", str(error))
        given = desk.reviewed if desk.stage == "review" else desk.answers.get(name)
        if given != answer:
            if desk.holders.get(name) != body["lease"]:
                return _refused(409, "lease_lost", "this task is not lent to you any more")
            self.take(desk, name, answer)
        return JSONResponse({"status": answer.status})

    async def give_back(self, request: Request) -> Response:
        name, desk = self._name(request), self._desk(request)
        if desk is not None:
            desk.holders.pop(name, None)
        return JSONResponse({})

    async def read(self, request: Request) -> Response:
        self._name(request)
        return JSONResponse({"text": self.reads, "confidence": 0.97})

    async def pyramid(self, request: Request) -> Response:
        (desk,) = (each for each in self.desks if each.task.task == request.path_params["task"])
        return FileResponse(desk.pyramid)

    def take(self, desk: Desk, name: str, answer: Answer) -> None:
        """An answer of somebody who has the task."""
        del desk.holders[name]
        desk.drafts.pop(name, None)
        if desk.review:
            desk.reviewed, desk.done = answer, True
            return
        desk.answers[name] = answer
        if len(desk.answers) < self.annotators:
            return
        consensus = reach_consensus(desk.answers)
        if consensus.needs_review:
            desk.review = review_task(desk.task, consensus, desk.answers)
        else:
            desk.done = True

    def _wants(self, desk: Desk, name: str) -> bool:
        if desk.stage == "review":
            return bool({"reviewer", "manager"} & set(self.openid.groups[name]))
        return name not in desk.answers and len(desk.answers.keys() | desk.holders.keys() - {name}) < self.annotators

    def _progress(self, name: str) -> dict[str, Any]:
        stages = [desk.stage for desk in self.desks]
        return {
            "job": "shafts",
            "title": self.title,
            "state": "exported" if self.exported else "open",
            "priority": 0,
            "annotators": self.annotators,
            "created": "2026-11-16T08:00:00Z",
            "tasks": len(self.desks),
            "labelled": len(self.desks) - stages.count("label"),
            "reviewed": sum(desk.reviewed is not None for desk in self.desks),
            "skipped": 0,
            "mine": sum(name in desk.answers for desk in self.desks),
            "to_label": sum(desk.stage == "label" and self._wants(desk, name) for desk in self.desks),
            "to_review": sum(desk.stage == "review" and self._wants(desk, name) for desk in self.desks),
            "manifest": "s3://data/labels/shafts/manifest.jsonl" if self.exported else None,
        }

    def _work(self, desk: Desk, name: str) -> Response:
        return JSONResponse(self._work_of(desk, name))

    def _work_of(self, desk: Desk, name: str) -> dict[str, Any]:
        expires = datetime.fromtimestamp(time.time() + 600, UTC).isoformat().replace("+00:00", "Z")
        return {
            "task": json.loads(desk.current.to_json()),
            "lease": {"token": desk.holders[name], "expires": expires},
            "draft": desk.drafts.get(name),
            "pyramid_url": f"{self.address}/pyramids/{desk.task.task}",
            "expires": expires,
        }

    def _desk(self, request: Request) -> Desk | None:
        wanted = request.path_params["job"], request.path_params["task"]
        return next((desk for desk in self.desks if (desk.task.job, desk.task.task) == wanted), None)

    def _name(self, request: Request) -> str:
        """Raises `SignedOut` for a token that is not good."""
        self.requests.append(f"{request.method} {request.url.path}")
        name = self.openid.person(request.headers.get("authorization", "").removeprefix("Bearer "))
        if name is None:
            raise SignedOut
        return name


class SignedOut(Exception):
    """API Gateway's own refusal."""


def signed_out(_: Request, __: Exception) -> Response:
    return JSONResponse({"message": "Unauthorized"}, 401)


def _refused(status: int, code: str, message: str, **more: Any) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}, **more}, status)
