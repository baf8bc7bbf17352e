"""The Offer job: of the drawings that the endpoint read, the uncertain ones go to the people who label.

Its order makes a kill harmless: the pictures first, under names of their content; then the offer, in one conditional
write, which claims drawings and budget; then the labelling job and its workflow, both named after the offer. Every look
begins by doing the last step for the offers of the last days again, which changes nothing where it was done.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field

from containers.training import failure
from containers.training.arguments import ArgumentsError, parse
from containers.training.captured import CaptureError, CaptureFolder, Exchange
from containers.training.folders import ProcessingFolders
from containers.training.held_out import HeldOut
from containers.training.novelty import Novelty
from containers.training.offer_log import OfferLog, put_once
from containers.training.released import Deployment, fetch_model, newest_deployment
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.embedding.embedder import Embedder
from drawing_ocr.labelling.offer import Doubt, Offer, OfferError, OfferReport, State, UncertainDrawing, iso_week
from drawing_ocr.labelling.selection import Features, features, select
from drawing_ocr.labelling.turned_reading import read_turned
from drawing_ocr.labelling.uncertainty import Calibration, DrawingUncertainty, LineSigns, assess, judged, signs_of
from drawing_ocr.reading.image import ImageError, load_bytes
from drawing_ocr.reading.reader import Reader
from drawing_ocr.reading.result import Prediction, ReadingResult

_FORESEEN = (*failure.FORESEEN, ArgumentsError, OfferError)
_SEED: Final = 17
_READ_AGAIN: Final = 3  # times the budget: so many of the likeliest are read a second time, which takes seconds each
_SHOWN: Final = 3  # doubtful texts of a drawing in the report
_OTHERS: Final = 10  # drawings in the report that were not chosen
_ATTEMPTS: Final = 5  # claims; each lost one was won by another look
_FINISHED_AGAIN: Final = timedelta(days=14)  # older offers have their workflow, or a person has dealt with it
_SUFFIXES: Final = {
    b"\x89PNG": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"II*\x00": ".tif",
    b"MM\x00*": ".tif",
    b"BM": ".bmp",
    b"RIFF": ".webp",
    b"%PDF": ".pdf",
}


class OfferOptions(BaseModel):
    """What is looked at, and what may be offered.

    Attributes:
        endpoint, variant: Names in SageMaker.
        bucket: Of captures, labels, drawings and offers.
        capture_prefix: Below it lie the captures, by endpoint and variant.
        offer_prefix: Below it lie the offers of this endpoint.
        history_table: The deployment history.
        labelling_bucket: Where labelling jobs are ordered.
        workflow: ARN of the labelling workflow.
        weekly_drawings: The most drawings of one ISO week.
        annotators: People who label each drawing.
        least: The score from which a drawing is uncertain.
        window_hours: How far back captures are looked at.
        examined: The most different drawings in one look.
        calibrated: Labelled drawings that the calibration is fitted on.
        val_ratio, split_seed: Of the split that keeps labelled drawings out of training.
        dry_run: Only tell what would be offered.
    """

    model_config = ConfigDict(frozen=True)

    endpoint: str
    variant: str
    bucket: str
    capture_prefix: str
    offer_prefix: str
    history_table: str
    labelling_bucket: str
    workflow: str
    weekly_drawings: int = Field(ge=1)
    annotators: int = Field(default=1, ge=1, le=9)
    least: float = Field(default=0.2, gt=0, lt=1)
    window_hours: int = Field(default=168, ge=1)
    examined: int = Field(default=1000, ge=1)
    calibrated: int = Field(default=20, ge=0)
    val_ratio: float = Field(default=0.2, gt=0, lt=1)
    split_seed: int = Field(default=17, ge=0)
    dry_run: bool = False


@dataclass(frozen=True)
class Seen:
    """A captured drawing: its file, and what the endpoint answered."""

    sha256: str
    file: Path
    when: datetime
    result: ReadingResult


@dataclass(frozen=True)
class Candidate:
    """A drawing and its uncertainty."""

    seen: Seen
    uncertainty: DrawingUncertainty
    described: Features

    def told(self, uri: str, version_id: str | None = None) -> UncertainDrawing:
        """For the offer and the report."""
        return UncertainDrawing(
            sha256=self.seen.sha256,
            uri=uri,
            version_id=version_id,
            read=self.seen.when,
            score=round(self.uncertainty.score, 5),
            parts=self.uncertainty.parts,
            lines=len(self.seen.result.predictions),
            expected_wrong=round(self.uncertainty.expected_wrong, 2),
            doubts=tuple(
                Doubt(text=text, wrong=round(wrong, 4)) for text, wrong in self.uncertainty.most_doubtful(_SHOWN)
            ),
        )


def main() -> int:
    """Runs the job; the exit status. That nothing is uncertain is no failure."""
    folders = ProcessingFolders.from_environment()
    return failure.guarded(
        lambda: _look(folders, parse(OfferOptions, sys.argv[1:])), folders.message, foreseen=_FORESEEN
    )


def _look(folders: ProcessingFolders, options: OfferOptions) -> None:
    with tempfile.TemporaryDirectory(prefix="offer-") as work:
        report = Look.now(options, Path(work)).look()
    write_atomically(folders.output("offer") / "offer.json", report.to_json())
    print(report.summary, flush=True)


class Look:
    """One look at what the endpoint read."""

    def __init__(self, options: OfferOptions, work: Path, *, now: datetime) -> None:
        """Args: what is looked at, a folder for pictures and the model, and the time of the look."""
        self._options, self._work, self._now = options, work, now
        self._s3 = _client("s3")
        self._log = OfferLog(self._s3, options.bucket, f"{options.offer_prefix}log/")
        self._captures = CaptureFolder(
            self._s3, options.bucket, f"{options.capture_prefix}{options.endpoint}/{options.variant}/"
        )
        self._unreadable = 0

    @classmethod
    def now(cls, options: OfferOptions, work: Path) -> Self:
        """A look at this moment."""
        return cls(options, work, now=datetime.now(UTC))

    def look(self) -> OfferReport:
        """Offers what is uncertain, within the budget.

        Raises:
            OfferError: an earlier offer cannot be read, or five other looks were faster.
        """
        offers = self._log.offers()
        if not self._options.dry_run:
            self._finish(offers)
        deployment = newest_deployment(_client("dynamodb"), self._options.history_table, self._options.endpoint)
        if deployment is None or not deployment.model_package_arn:
            return self._report(State.NOTHING_RELEASED, spent=self._spent(offers))
        left = self._left(offers)
        if not left:
            return self._report(State.BUDGET_SPENT, deployment, spent=self._spent(offers))
        seen = self._seen(deployment)
        known = {drawing.sha256 for offer in offers for drawing in offer.drawings}
        new = [each for each in seen if each.sha256 not in known]
        counted = {"captured": len(seen), "offered_before": len(seen) - len(new), "unreadable": self._unreadable}
        if not new:
            return self._report(State.NOTHING_UNCERTAIN, deployment, spent=self._spent(offers), **counted)
        reader = self._reader(deployment)
        calibration, novelty = self._learned(reader)
        candidates = self._candidates(new, reader, calibration, novelty, most=_READ_AGAIN * left)
        counted |= {
            "read_again": len(candidates),
            "unreadable": self._unreadable,
            "calibrated_on": calibration.lines,
        }
        return self._offered(candidates, deployment, counted)

    def _offered(self, candidates: Sequence[Candidate], deployment: Deployment, counted: dict[str, int]) -> OfferReport:
        """Chooses and claims; again, with what is then left, when another look was faster."""
        for _ in range(_ATTEMPTS):
            offers = self._log.offers()
            known = {drawing.sha256 for offer in offers for drawing in offer.drawings}
            free = [each for each in candidates if each.seen.sha256 not in known]
            choices = select(
                [each.uncertainty.score for each in free],
                [each.described for each in free],
                budget=self._left(offers),
                least=self._options.least,
            )
            chosen = [free[choice.index] for choice in choices]
            others = sorted((each for each in free if each not in chosen), key=lambda each: -each.uncertainty.score)
            told = {"others": tuple(each.told(self._uri(each.seen)) for each in others[:_OTHERS])}
            spent = self._spent(offers)
            if not chosen:
                return self._report(State.NOTHING_UNCERTAIN, deployment, spent=spent, **counted, **told)
            if self._options.dry_run:
                drawings = tuple(each.told(self._uri(each.seen)) for each in chosen)
                return self._report(State.WOULD_OFFER, deployment, spent=spent, drawings=drawings, **counted, **told)
            offer = Offer(
                week=self._week,
                number=1 + max((each.number for each in offers), default=0),
                created=self._now,
                model_version=deployment.version,
                annotators=self._options.annotators,
                drawings=tuple(each.told(self._uri(each.seen), self._stored(each.seen)) for each in chosen),
            )
            if self._log.append(offer):
                self._finish([offer])
                return self._report(
                    State.OFFERED,
                    deployment,
                    spent=spent,
                    job=offer.job().job,
                    drawings=offer.drawings,
                    **counted,
                    **told,
                )
        raise OfferError(f"{_ATTEMPTS} other looks at {self._options.endpoint} were faster: start this one again")

    def _finish(self, offers: Sequence[Offer]) -> None:
        """Orders the labelling jobs of offers; what is ordered already stays as it is."""
        workflow = _client("stepfunctions")
        for offer in offers:
            if offer.created < self._now - _FINISHED_AGAIN:
                continue
            job = offer.job()
            put_once(self._s3, self._options.labelling_bucket, f"jobs/{job.job}/job.json", job.to_json().encode())
            try:
                workflow.start_execution(
                    stateMachineArn=self._options.workflow, name=job.job, input=json.dumps({"job": job.job})
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                    raise

    @property
    def _week(self) -> str:
        return iso_week(self._now)

    def _spent(self, offers: Sequence[Offer]) -> int:
        return sum(len(offer.drawings) for offer in offers if offer.week == self._week)

    def _left(self, offers: Sequence[Offer]) -> int:
        return max(0, self._options.weekly_drawings - self._spent(offers))

    def _report(self, state: State, deployment: Deployment | None = None, **values: Any) -> OfferReport:
        return OfferReport(
            endpoint=self._options.endpoint,
            created=self._now,
            state=state,
            model_version=deployment.version if deployment else "",
            week=self._week,
            budget=self._options.weekly_drawings,
            least=self._options.least,
            **values,
        )

    def _seen(self, deployment: Deployment) -> list[Seen]:
        """Different drawings that the deployed version read, from files in random order: not those of one hour only."""
        since = max(self._now - timedelta(hours=self._options.window_hours), deployment.ended)
        keys = self._captures.files(since, self._now)
        random.Random(_SEED).shuffle(keys)
        found: dict[str, Seen] = {}
        for exchange in self._exchanges(keys):
            if len(found) == self._options.examined:
                break
            if not since < exchange.metadata.when <= self._now:
                continue
            try:
                result, picture = exchange.result(), exchange.picture()
            except CaptureError as error:
                self._skip(str(error))
                continue
            sha256 = hashlib.sha256(picture).hexdigest()
            if result.model.version != deployment.version or sha256 in found:
                continue
            file = self._work / sha256
            file.write_bytes(picture)
            found[sha256] = Seen(sha256, file, exchange.metadata.when, result)
        return list(found.values())

    def _exchanges(self, keys: Sequence[str]) -> Iterator[Exchange]:
        for key in keys:
            for number, line in enumerate(self._captures.lines(key), 1):
                try:
                    yield Exchange.parse(line)
                except CaptureError as error:
                    self._skip(f"{key}:{number}: {error}")

    def _learned(self, reader: Reader) -> tuple[Calibration, Novelty]:
        """What labelled drawings teach; the prior, and nothing known, where there are none."""
        signs: list[LineSigns] = []
        right: list[bool] = []
        novelty = Novelty(Embedder.load(threads=os.cpu_count() or 1))
        labelled = HeldOut(self._s3, self._options.bucket).pages(
            most=self._options.calibrated, val_ratio=self._options.val_ratio, seed=self._options.split_seed
        )
        for annotation, page in labelled:
            own, verdicts = judged(reader.read(page).predictions, read_turned(reader, page), annotation.regions)
            signs += own
            right += verdicts
            novelty.learn(page)
        return Calibration.fit(signs, right), novelty

    def _candidates(
        self, new: Sequence[Seen], reader: Reader, calibration: Calibration, novelty: Novelty, *, most: int
    ) -> list[Candidate]:
        """The most uncertain by what was answered; of those, the uncertainty with a second, turned reading."""
        scores = [assess(signs_of(each.result.predictions), calibration).score for each in new]
        order = sorted(range(len(new)), key=lambda index: -scores[index])
        candidates = []
        for seen in [new[index] for index in order[:most]]:
            try:
                pages = list(load_bytes(seen.file.read_bytes(), name=seen.sha256))
            except ImageError as error:
                self._skip(str(error))
                continue
            signs = [
                sign
                for number, page in enumerate(pages, 1)
                for sign in signs_of(_on_page(seen.result, number), read_turned(reader, page))
            ]
            uncertainty = assess(signs, calibration, novelty=novelty.of(pages[0]))
            candidates.append(Candidate(seen, uncertainty, features(uncertainty)))
        return candidates

    def _reader(self, deployment: Deployment) -> Reader:
        path = self._work / "model.tar.gz"
        fetch_model(_client("sagemaker"), self._s3, deployment.model_package_arn, path)
        return Reader.from_package(path, threads=os.cpu_count() or 1)

    def _key(self, seen: Seen) -> str:
        with seen.file.open("rb") as file:
            head = file.read(4)
        suffix = next((suffix for magic, suffix in _SUFFIXES.items() if head.startswith(magic)), "")
        return f"drawings/{seen.sha256}{suffix}"

    def _uri(self, seen: Seen) -> str:
        return f"s3://{self._options.bucket}/{self._key(seen)}"

    def _stored(self, seen: Seen) -> str | None:
        """Puts the picture below drawings/ unless it is there; its S3 version."""
        key = self._key(seen)
        put_once(self._s3, self._options.bucket, key, seen.file.read_bytes(), "application/octet-stream")
        version: str | None = self._s3.head_object(Bucket=self._options.bucket, Key=key).get("VersionId")
        return version

    def _skip(self, reason: str) -> None:
        self._unreadable += 1
        print(reason, file=sys.stderr, flush=True)


def _on_page(result: ReadingResult, number: int) -> list[Prediction]:
    return [each for each in result.predictions if (each.page or 1) == number]


def _client(service: str) -> Any:
    return boto3.client(service, config=Config(retries={"mode": "standard", "max_attempts": 5}))


if __name__ == "__main__":
    sys.exit(main())
