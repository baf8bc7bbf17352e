"""A back-fill: what an index lacks is embedded by batch transform and loaded by many calls at once.

The function `backfill_index` keeps what is planned and what is loaded, so that the same command goes on after any kill.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict

from cli import registry, release
from cli.batch.ledger import Job
from cli.batch.platform import batch_platform
from cli.batch.transform import Served, State, Transform
from cli.environment import Environment
from cli.errors import OperatorError

# A quarter of the function's lease (lambda/shared/backfill.py).
RENEW_SECONDS = 7.5
POLL_SECONDS = 2.0
# Shards of a job: with 500 drawings each, 50,000.
SHARDS_A_JOB = 100
# Jobs that may have failed or been stopped before somebody has to look.
ATTEMPTS = 9
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 60.0
DRAWINGS = "drawings/"


@dataclass(frozen=True)
class Order:
    """How a back-fill is done.

    Attributes:
        least: where fewer drawings are missing, none is begun.
        shard_size: drawings of one call that loads; of a back-fill that was begun before, it stays.
        instances: machines of a job.
        parallel: calls that load at the same time.
    """

    least: int
    shard_size: int
    instances: int
    parallel: int


class Begun(BaseModel):
    """A back-fill that is held (lambda/backfill_index/answer.py)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    index: str
    replaces: str
    model: str
    endpoint: str
    shards: int
    drawings: int
    loaded: bool


class PlannedDrawing(BaseModel):
    """A drawing of a shard; see there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    size: int
    embed: bool
    read: bool

    @property
    def key(self) -> str:
        """In the data bucket."""
        return f"{DRAWINGS}{self.id}"


class Shard(BaseModel):
    """What one call loads."""

    model_config = ConfigDict(frozen=True)

    drawings: tuple[PlannedDrawing, ...]


@dataclass(frozen=True)
class Watcher:
    """Who is told how it goes.

    Attributes:
        found: drawings of the back-fill, and how many of them were loaded before.
        loaded: so many more are loaded.
        state: what SageMaker says about a job, and how many of how many drawings it has answered.
        busy: the index takes nothing for so many seconds.
    """

    found: Callable[[int, int], None]
    loaded: Callable[[int], None]
    state: Callable[[str, int, int], None]
    busy: Callable[[float], None]


class Function:
    """The function `backfill_index`, as one owner calls it."""

    def __init__(self, environment: Environment, parallel: int) -> None:
        reached = environment.access
        # It lists and plans for fifteen minutes at most; any order may be given twice.
        patient = Config(
            retries={"mode": "standard", "total_max_attempts": 5},
            connect_timeout=5,
            read_timeout=905,
            max_pool_connections=parallel + 2,
        )
        self._client = reached.session.client("lambda", endpoint_url=reached.endpoint_url, config=patient)
        self._name = environment.names.search_backfill_function
        self._who = {"owner": uuid.uuid4().hex, "requested_by": environment.caller}

    def ask(self, action: str, **order: Any) -> dict[str, Any]:
        """Its answer; OperatorError with its reason."""
        content = json.dumps({"action": action, **self._who, **order}).encode()
        answer = self._client.invoke(FunctionName=self._name, Payload=content)
        document: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise OperatorError(str(document.get("errorMessage")))
        return document

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Says all the time that the owner lives; who falls silent loses the back-fill to the next one."""
        ended = threading.Event()

        def renew() -> None:
            while not ended.wait(RENEW_SECONDS):
                with suppress(BotoCoreError, ClientError):  # the next one may come through
                    self.ask("renew")

        with ThreadPoolExecutor(1) as pool:
            renewing = pool.submit(renew)
            try:
                yield
            finally:
                ended.set()
                renewing.result()


class Pressure:
    """How long everybody waits before the index is asked again: it takes nothing when it has too much to do."""

    def __init__(self, told: Callable[[float], None]) -> None:
        self._told = told
        self._lock = threading.Lock()
        self._pause = 0.0
        self._until = 0.0

    def wait(self) -> None:
        """Until the pause is over."""
        while (left := self._until - time.monotonic()) > 0:
            # Not all at the same moment.
            time.sleep(left * random.uniform(1.0, 1.5))

    def busy(self) -> None:
        """It took nothing: a longer pause for all."""
        with self._lock:
            if time.monotonic() < self._until:
                return  # somebody was told so before
            self._pause = min(max(2 * self._pause, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            self._until = time.monotonic() + self._pause
        self._told(self._pause)

    def taken(self) -> None:
        """It takes something again."""
        with self._lock:
            self._pause /= 2


@dataclass
class _Asked:
    """One job, and what it has answered so far.

    Attributes:
        transform: whose job it is.
        job: in SageMaker.
        sizes: bytes of the drawings that it gets, by key.
        answers: keys of the answers, by key of the drawing.
    """

    transform: Transform
    job: Job
    sizes: Mapping[str, int]
    state: State | None = None
    answers: dict[str, str] = field(default_factory=dict)

    def look(self) -> None:
        """Asks SageMaker first: what is answered when a job has ended is all that it will answer."""
        self.state = self.transform.state(self.job)
        self.answers = self.transform.answers(self.job, list(self.sizes))

    @property
    def ended(self) -> bool:
        return self.state is not None and self.state.ended

    def check(self) -> None:
        """
        Raises:
            OperatorError: the job ended without having done its work.
        """
        if self.state is None or len(self.answers) == len(self.sizes):
            return
        said = f": {self.state.reason}" if self.state.reason else ""
        if self.state.status == "Stopped" or not self.answers:
            raise OperatorError(
                f"job {self.job.name} answered {len(self.answers)} of {len(self.sizes)} drawings "
                f"({self.state.status}{said}): its log is in /aws/sagemaker/TransformJobs; the same command goes on"
            )


class Filling:
    """Embeds, reads and loads what a back-fill has planned.

    Args:
        environment: whose.
        function: that loads.
        begun: what is held.
        order: how it is done.
        watch: who is told.
    """

    def __init__(
        self, environment: Environment, function: Function, begun: Begun, order: Order, watch: Watcher
    ) -> None:
        self._environment, self._function = environment, function
        self._begun, self._order, self._watch = begun, order, watch
        self._prefix = f"{batch_platform(environment).prefix}{begun.id}/"
        self._pressure = Pressure(watch.busy)
        self.counted: Counter[str] = Counter()

    def load(self) -> None:
        """Loads every shard that is not loaded.

        Raises:
            OperatorError: a job did not do its work, or another caller took over.
        """
        loaded = self._loaded_before()
        self._watch.found(self._begun.drawings, self._size_of(loaded))
        embedder = self._transform("embedding", self._embedder())
        reader = self._reader()
        for first in range(0, self._begun.shards, SHARDS_A_JOB):
            numbers = [
                number for number in range(first, min(first + SHARDS_A_JOB, self._begun.shards)) if number not in loaded
            ]
            if numbers:
                with ThreadPoolExecutor(self._order.parallel) as pool:
                    shards = dict(zip(numbers, pool.map(self._shard, numbers), strict=True))
                    group = first // SHARDS_A_JOB
                    embedding = _asked(embedder, group, shards, lambda drawing: drawing.embed)
                    reading = _asked(reader, group, shards, lambda drawing: drawing.read) if reader else None
                    self._follow(pool, shards, embedding, reading)

    def put_in_order(self) -> None:
        """Graphs, one segment, copies: whatever the index needs after a load."""
        while not self._function.ask("end")["in_order"]:
            self._watch.state("merging the index", 0, 0)
            time.sleep(POLL_SECONDS)

    def _follow(
        self, pool: ThreadPoolExecutor, shards: dict[int, Shard], embedding: _Asked | None, reading: _Asked | None
    ) -> None:
        """Loads each shard as soon as all that it needs is answered, and when the jobs have ended the others."""
        jobs = [each for each in (embedding, reading) if each]
        waiting = dict(shards)
        loads: list[Future[None]] = []
        while waiting:
            for each in jobs:
                each.look()
            if embedding and embedding.state:
                self._watch.state(embedding.state.status, len(embedding.answers), len(embedding.sizes))
            ended = all(each.ended for each in jobs)
            if ended:
                for each in jobs:
                    each.check()
            answers = embedding.answers if embedding else {}
            readings = reading.answers if reading else {}
            for number, shard in list(waiting.items()):
                is_answered = all(
                    (not drawing.embed or drawing.key in answers)
                    and (not drawing.read or reading is None or drawing.key in readings)
                    for drawing in shard.drawings
                )
                if ended or is_answered:
                    del waiting[number]
                    loads.append(pool.submit(self._load, number, shard, answers, readings))
            if any(load.done() and load.exception() for load in loads):
                break
            if waiting:
                time.sleep(POLL_SECONDS)
        for load in loads:
            load.result()

    def _load(self, number: int, shard: Shard, answers: Mapping[str, str], readings: Mapping[str, str]) -> None:
        own = [drawing for drawing in shard.drawings if drawing.key in answers]
        read = [drawing for drawing in shard.drawings if drawing.key in readings]
        order = {
            "shard": number,
            "answers": {drawing.id: answers[drawing.key] for drawing in own},
            "readings": {drawing.id: readings[drawing.key] for drawing in read},
        }
        while True:
            self._pressure.wait()
            answer = self._function.ask("load", **order)
            if "busy" not in answer:
                break
            self._pressure.busy()
        self._pressure.taken()
        self.counted.update(answer)
        self._watch.loaded(len(shard.drawings))

    def _embedder(self) -> Served:
        """What the embedding endpoint serves."""
        sagemaker = self._environment.client("sagemaker")
        config = sagemaker.describe_endpoint(EndpointName=self._begun.endpoint)["EndpointConfigName"]
        variant = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]
        found = sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]
        wanted = ("Image", "ModelDataUrl", "Environment")
        return Served("embedder", {name: found[name] for name in wanted if found.get(name)})

    def _reader(self) -> Transform | None:
        """Jobs of the version that serves; None where nobody reads."""
        version = release.live_version(self._environment)
        if version is None:
            return None
        return self._transform("reading", Served.version(registry.version(self._environment, f"v{version}")))

    def _transform(self, what: str, served: Served) -> Transform:
        return Transform(
            environment=self._environment,
            platform=batch_platform(self._environment),
            batch=f"{self._begun.id}-{what}",
            prefix=f"{self._prefix}{what}/",
            served=served,
            instances=self._order.instances,
        )

    def _shard(self, number: int) -> Shard:
        bucket = self._environment.names.data_bucket
        return Shard.model_validate_json(
            self._environment.read_object(f"s3://{bucket}/{self._prefix}shards/{number:06d}.json")
        )

    def _loaded_before(self) -> set[int]:
        pages = self._environment.client("s3").get_paginator("list_objects_v2")
        prefix = f"{self._prefix}loaded/"
        found = pages.paginate(Bucket=self._environment.names.data_bucket, Prefix=prefix)
        keys = [item["Key"] for page in found for item in page.get("Contents", [])]
        return {int(key.removeprefix(prefix).removesuffix(".json")) for key in keys}

    def _size_of(self, shards: set[int]) -> int:
        """Drawings of shards, all of which but the last have the same size."""
        if not shards:
            return 0
        first, last = len(self._shard(0).drawings), self._begun.shards - 1
        return len(shards - {last}) * first + (self._begun.drawings - last * first if last in shards else 0)


def _asked(
    transform: Transform, group: int, shards: Mapping[int, Shard], wanted: Callable[[PlannedDrawing], bool]
) -> _Asked | None:
    """The job of a group of shards: the one that runs or has answered, else a new one; None = nothing is wanted."""
    drawings = [drawing for shard in shards.values() for drawing in shard.drawings if wanted(drawing)]
    if not drawings:
        return None
    sizes = {drawing.key: drawing.size for drawing in drawings}
    for attempt in range(ATTEMPTS):
        number = group * ATTEMPTS + attempt + 1
        job = Job(name=transform.job_name(number), number=number, drawings={})
        asked = _Asked(transform, job, sizes)
        asked.look()
        if asked.state is None:
            transform.start(job, sizes)
            return asked
        if not asked.ended or (asked.state.status != "Stopped" and asked.answers):
            return asked
    raise OperatorError(
        f"{ATTEMPTS} jobs did not answer: their logs are in /aws/sagemaker/TransformJobs, "
        f"the last one is {transform.job_name(number)}"
    )
