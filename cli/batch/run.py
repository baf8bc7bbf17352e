"""One batch from its source to its results: what is missing is read, what is done is never done again."""

from __future__ import annotations

import fcntl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from cli import registry, release
from cli.batch import gallery, ledger, source, tables
from cli.batch.ledger import Entry, Job, Ledger
from cli.batch.platform import batch_platform
from cli.batch.source import Drawing
from cli.batch.transform import Served, State, Transform
from cli.environment import Environment
from cli.errors import OperatorError
from drawing_ocr.atomic_write import PARTIAL, write_atomically
from drawing_ocr.reading.image import ImageError
from drawing_ocr.reading.result import ReadingResult

POLL_SECONDS = 2.0
PARALLEL = 8
ANSWERS, OVERLAYS, THUMBNAILS = "answers", "overlays", "thumbnails"


@dataclass(frozen=True)
class Watcher:
    """Who is told how it goes.

    Attributes:
        uploaded: a drawing is in the bucket.
        found: how many drawings there are, and how many of them are done already.
        done: one more is done.
        state: what SageMaker says about the job.
    """

    uploaded: Callable[[], None]
    found: Callable[[int, int], None]
    done: Callable[[], None]
    state: Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What the operator wants.

    Attributes:
        source: a folder, `s3://…/prefix` or `s3://…manifest`.
        out: folder of the results; a second run with it goes on where the first one stopped.
        model: `v3`; None for the version that serves, or the one that the batch was begun with.
        retry_failed: whether drawings that could not be read are tried again.
        instances: machines of a job.
    """

    source: str
    out: Path
    model: str | None
    retry_failed: bool
    instances: int


class Outcome(BaseModel):
    """What a run came to.

    Attributes:
        version: number of the model version.
        drawings: of the source.
        read_now, kept: how many were read by this run and by earlier ones.
        failures: name and reason of those that could not be read.
        texts: rows of the table.
    """

    batch: str
    version: int
    drawings: int
    read_now: int
    kept: int
    failures: list[tuple[str, str]]
    texts: int


def run(environment: Environment, order: Order, watch: Watcher) -> Outcome:
    """Reads what is missing and writes the results.

    Raises:
        OperatorError: the source, the folder or the version cannot be used, or a job ended without reading anything.
    """
    order.out.mkdir(parents=True, exist_ok=True)
    with _alone(order.out):
        _tidy(order.out)
        return _Run(environment, order, watch).to_its_end()


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keeps a second run out of the folder. The kernel frees the lock of a run that was killed."""
    with (out / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OperatorError(f"--out {out}: another run of this batch is writing there: wait for it") from error
        yield


def _tidy(out: Path) -> None:
    """Removes what a killed run was writing: nothing of it has its last name."""
    for file in out.rglob(f".*{PARTIAL}"):
        file.unlink()


class _Run:
    def __init__(self, environment: Environment, order: Order, watch: Watcher) -> None:
        self._environment, self._order, self._watch = environment, order, watch
        self._out = order.out
        self._platform = batch_platform(environment)
        self._ledger = self._begun() or self._new()
        self._prefix = f"{self._platform.prefix}{self._ledger.batch}/"
        self._transform = Transform(
            environment=environment,
            platform=self._platform,
            batch=self._ledger.batch,
            prefix=self._prefix,
            served=Served.version(registry.version(environment, f"v{self._ledger.version}")),
            instances=order.instances,
        )
        self._drawings = {drawing.name: drawing for drawing in self._found()}
        self._read_now = 0

    # --- what there is to do

    def _begun(self) -> Ledger | None:
        begun = ledger.load(self._out)
        if begun is None:
            return None
        order, name = self._order, self._environment.name
        if (begun.source, begun.environment) != (order.source, name):
            raise OperatorError(
                f"--out {self._out}: holds the batch of {begun.source} in {begun.environment}: take another folder"
            )
        if order.model and order.model.lower().removeprefix("v") != str(begun.version):
            raise OperatorError(
                f"--out {self._out}: v{begun.version} read this batch so far: take another folder for {order.model}"
            )
        return begun

    def _new(self) -> Ledger:
        if self._order.model:
            version = registry.version(self._environment, self._order.model).version
        else:
            serving = release.live_version(self._environment)
            if serving is None:
                raise OperatorError(
                    f"no version serves in {self._environment.name}: name one with --model, or approve one"
                )
            version = serving
        moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        made = Ledger(
            batch=f"{moment}-{uuid.uuid4().hex[:4]}",
            source=self._order.source,
            environment=self._environment.name,
            version=version,
        )
        made.save(self._out)
        return made

    def _found(self) -> list[Drawing]:
        if self._order.source.startswith("s3://"):
            return source.in_bucket(self._environment, self._platform, self._order.source)
        return source.in_folder(Path(self._order.source), self._out, self._prefix)

    def _missing(self, *, retry_failed: bool) -> list[Drawing]:
        return [drawing for drawing in self._drawings.values() if not self._is_done(drawing, retry_failed=retry_failed)]

    def _is_done(self, drawing: Drawing, *, retry_failed: bool) -> bool:
        entry = self._ledger.drawings.get(drawing.name)
        if entry is None or entry.fingerprint != drawing.fingerprint:
            return False
        return entry.problem is None or not retry_failed

    # --- doing it

    def to_its_end(self) -> Outcome:
        kept = len(self._drawings) - len(self._missing(retry_failed=self._order.retry_failed))
        self._watch.found(len(self._drawings), kept)
        if self._ledger.running:
            # A run before this one was killed; its job may have gone on, or was never started.
            self._follow(self._ledger.running)
        todo = self._missing(retry_failed=self._order.retry_failed)
        self._refuse([drawing for drawing in todo if drawing.problem])
        readable = [drawing for drawing in todo if not drawing.problem]
        if readable:
            source.upload(
                self._environment, [item for item in readable if item.file], self._prefix, self._watch.uploaded
            )
            self._follow(self._ordered(readable))
        return self._outcome(kept)

    def _refuse(self, drawings: Sequence[Drawing]) -> None:
        for drawing in drawings:
            self._ledger.drawings[drawing.name] = Entry(fingerprint=drawing.fingerprint, problem=drawing.problem)
            self._watch.done()
        self._ledger.save(self._out)

    def _ordered(self, drawings: Sequence[Drawing]) -> Job:
        """A new job, written down before it is started: whoever comes after a kill finds it."""
        number = self._ledger.jobs + 1
        fingerprints = {drawing.name: drawing.fingerprint for drawing in drawings}
        job = Job(name=self._transform.job_name(number), number=number, drawings=fingerprints)
        for name in fingerprints:  # of an earlier content, or a failure that is tried again
            self._ledger.drawings.pop(name, None)
        self._ledger.jobs, self._ledger.running = number, job
        self._ledger.save(self._out)
        return job

    def _follow(self, job: Job) -> None:
        """Collects the job's answers until it has ended, then what it did not answer."""
        ordered = [
            drawing for drawing in self._drawings.values() if job.drawings.get(drawing.name) == drawing.fingerprint
        ]
        keys = [drawing.key for drawing in ordered]
        waiting: dict[str, list[Drawing]] = {}
        for drawing in ordered:
            if not self._is_done(drawing, retry_failed=False):
                waiting.setdefault(drawing.key, []).append(drawing)
        answered = False
        while True:
            state = self._transform.state(job)
            if state is None:
                if not waiting:
                    break
                self._transform.start(job, {key: same[0].size for key, same in waiting.items()})
                continue
            self._watch.state(state.status)
            written = self._transform.answers(job, keys)
            answered = answered or bool(written)
            self._collect({key: written[key] for key in written if key in waiting}, waiting)
            if state.ended:
                break
            time.sleep(POLL_SECONDS)
        self._ledger.running = None
        if state is not None:
            self._close(job, state, [drawing for same in waiting.values() for drawing in same], answered)
        self._ledger.save(self._out)

    def _close(self, job: Job, state: State, unanswered: Sequence[Drawing], answered: bool) -> None:
        """Decides about the drawings of a job that has ended and did not answer them."""
        if not unanswered or state.status == "Stopped":
            return
        said = f": {state.reason}" if state.reason else ""
        if not answered:
            # Nothing was read at all: the fault is not with the drawings. They stay missing.
            self._ledger.save(self._out)
            raise OperatorError(
                f"job {job.name} read nothing ({state.status}{said}): its log is in /aws/sagemaker/TransformJobs"
            )
        problem = f"no answer from job {job.name} ({state.status}{said}); its log is in /aws/sagemaker/TransformJobs"
        for drawing in unanswered:
            self._ledger.drawings[drawing.name] = Entry(fingerprint=drawing.fingerprint, problem=problem)
            self._watch.done()

    # --- answers

    def _collect(self, written: Mapping[str, str], waiting: dict[str, list[Drawing]]) -> None:
        """Takes over the answers that have come; `waiting` loses them."""
        if not written:
            return
        with ThreadPoolExecutor(PARALLEL) as pool:
            fetched = pool.map(lambda key: (key, self._fetched(written[key]), self._picture(waiting[key][0])), written)
            for key, answer, picture in fetched:
                for drawing in waiting.pop(key):
                    self._ledger.drawings[drawing.name] = self._take(drawing, answer, picture)
                    self._watch.done()
        self._ledger.save(self._out)

    def _take(self, drawing: Drawing, answer: bytes, picture: bytes) -> Entry:
        problem = _problem_in(answer)
        if problem is None:
            result = ReadingResult.model_validate_json(answer)
            try:
                gallery.write_pictures(picture, drawing.name, result, self._out / OVERLAYS, self._out / THUMBNAILS)
            except ImageError as error:
                problem = f"read, but its picture cannot be drawn: {error}"
        if problem is not None:
            return Entry(fingerprint=drawing.fingerprint, problem=problem)
        write_atomically(self._answer_file(drawing.name), result.model_dump_json(indent=2) + "\n")
        self._read_now += 1
        return Entry(fingerprint=drawing.fingerprint, texts=len(result.predictions))

    def _fetched(self, key: str) -> bytes:
        return self._environment.read_object(f"s3://{self._environment.names.data_bucket}/{key}")

    def _picture(self, drawing: Drawing) -> bytes:
        return drawing.file.read_bytes() if drawing.file else self._fetched(drawing.key)

    def _answer_file(self, name: str) -> Path:
        return self._out / ANSWERS / f"{name}.json"

    # --- results

    def _outcome(self, kept: int) -> Outcome:
        done = {name: self._ledger.drawings[name] for name in sorted(self._drawings) if name in self._ledger.drawings}
        failures = [(name, entry.problem) for name, entry in done.items() if entry.problem]
        cards: list[gallery.Card] = []

        def rows() -> Iterator[dict[str, object]]:
            for name, entry in done.items():
                if entry.problem is None:
                    result = ReadingResult.model_validate_json(self._answer_file(name).read_bytes())
                    doubts = [prediction.confidence for prediction in result.predictions]
                    cards.append(gallery.Card(name, len(doubts), min(doubts, default=None)))
                    yield from tables.text_rows(name, result)

        texts = tables.write_tables(self._out, rows(), failures)
        title = f"{self._order.source}: {len(cards)} drawings read by v{self._ledger.version}"
        gallery.write_gallery(self._out, title, cards, failures)
        return Outcome(
            batch=self._ledger.batch,
            version=self._ledger.version,
            drawings=len(self._drawings),
            read_now=self._read_now,
            kept=kept,
            failures=failures,
            texts=texts,
        )


class _Refusal(BaseModel):
    class Reason(BaseModel):
        code: str
        message: str

    error: Reason


def _problem_in(answer: bytes) -> str | None:
    """Why a drawing could not be read, as the container says it; None for an answer."""
    try:
        return " ".join(_Refusal.model_validate_json(answer).error.message.split())
    except ValidationError:
        pass
    try:
        ReadingResult.model_validate_json(answer)
    except ValidationError as error:
        return f"the answer is no reading result ({error.error_count()} errors): is the image of the version right?"
    return None
