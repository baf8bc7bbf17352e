"""`drawingops labels offer`: look now for uncertain drawings, as the schedule does every week, and see why."""

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.command import Call, command
from cli.console import Result, short_time
from cli.environment import Environment
from cli.errors import OperatorError
from drawing_ocr.labelling.offer import OfferReport, State, UncertainDrawing

PARAMETER: Final = "/drawing-platform/{env}/offer-schedule"
POLL_SECONDS: Final = 3.0
# What EventBridge Scheduler would fill in.
EXECUTION_ID, SCHEDULED_TIME = "<aws.scheduler.execution-id>", "<aws.scheduler.scheduled-time>"
BAR: Final = 12  # characters of a full bar: a drawing of which every line is likely wrong
# One character for each part of a score, so that the bar can be read without colour, too.
PARTS: Final = {
    "confidence": ("█", "yellow"),
    "grammar": ("▓", "magenta"),
    "agreement": ("▒", "cyan"),
    "novelty": ("░", "green"),
}


class Offered(Result):
    """What a look found."""

    report: OfferReport

    def render(self) -> RenderableType:
        report = self.report
        lines: list[RenderableType] = [
            report.summary,
            f"{report.week}: {report.spent + len(report.drawings)} of {report.budget} drawings; "
            f"{report.offered_before} captured ones were offered before; "
            f"calibrated on {report.calibrated_on} labelled lines",
        ]
        if report.drawings:
            title = "would be offered" if report.state is State.WOULD_OFFER else f"offered as {report.job}"
            lines += [_table(f"{title}, in the order of choice", report.drawings)]
        if report.others:
            lines += [_table("not chosen", report.others)]
        if report.drawings or report.others:
            lines += [_legend()]
        return Group(*lines)


def add_to(app: typer.Typer) -> None:
    """Adds the command to the group `labels`."""

    @command(app, "offer", "drawingops labels offer --dry-run", "drawingops labels offer --env prod")
    def offer(
        call: Call,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be chosen, and why.")] = False,
    ) -> Offered:
        """Offer uncertain drawings for labelling now, within what is left of the week's budget."""
        environment = call.environment
        request = _request(environment, dry_run=dry_run)
        with call.progress.status("reads uncertain drawings again …"):
            return Offered(report=_run(environment, request))


def _request(environment: Environment, *, dry_run: bool) -> dict[str, Any]:
    """The request that the schedule makes, with its placeholders filled in."""
    ssm = environment.client("ssm")
    try:
        schedule = ssm.get_parameter(Name=PARAMETER.format(env=environment.name))["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        raise OperatorError(f"{environment.name} offers no drawings: {_what_is_missing(environment)}") from None
    text: str = environment.client("scheduler").get_schedule(Name=schedule)["Target"]["Input"]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    request: dict[str, Any] = json.loads(text.replace(EXECUTION_ID, str(uuid.uuid4())).replace(SCHEDULED_TIME, now))
    if dry_run:
        request["AppSpecification"]["ContainerArguments"] += ["--dry-run", "true"]
    return request


def _what_is_missing(environment: Environment) -> str:
    """Why nothing can be offered, and what to do."""
    sagemaker = environment.client("sagemaker")
    try:
        endpoint = sagemaker.describe_endpoint(EndpointName=environment.names.endpoint_name)
    except sagemaker.exceptions.ClientError:
        endpoint = {}  # nothing is released yet
    if any("CurrentServerlessConfig" in variant for variant in endpoint.get("ProductionVariants", [])):
        return (
            "its endpoint is serverless, of which SageMaker captures nothing; order a job with `drawingops labels "
            "create`, or serve from machines: leave out [serverless], then give it [drift]"
        )
    return "give it [drift], which captures what is read, and labelling.weekly_drawings above 0"


def _run(environment: Environment, request: dict[str, Any]) -> OfferReport:
    """Runs the job and gives back its report.

    Raises:
        OperatorError: it failed, with its own reason.
    """
    sagemaker, name = environment.client("sagemaker"), request["ProcessingJobName"]
    sagemaker.create_processing_job(**request)
    while (job := sagemaker.describe_processing_job(ProcessingJobName=name))["ProcessingJobStatus"] in (
        "InProgress",
        "Stopping",
    ):
        time.sleep(POLL_SECONDS)
    if job["ProcessingJobStatus"] != "Completed":
        reason = job.get("ExitMessage") or job.get("FailureReason") or job["ProcessingJobStatus"]
        raise OperatorError(f"{name}: {reason}")
    (output,) = request["ProcessingOutputConfig"]["Outputs"]
    uri = f"{output['S3Output']['S3Uri']}offer.json"
    return OfferReport.parse(environment.read_object(uri), where=uri)


def _table(title: str, drawings: tuple[UncertainDrawing, ...]) -> Table:
    table = Table("drawing", "read", "lines", "likely wrong", "score", "why", "most doubtful texts", title=title)
    for drawing in drawings:
        table.add_row(
            drawing.uri.rpartition("/")[2][:16],
            short_time(drawing.read),
            str(drawing.lines),
            f"{drawing.expected_wrong:.1f}",
            f"{drawing.score:.2f}",
            _bar(drawing),
            Text("  ".join(f"{doubt.text or '(none)'} {doubt.wrong:.0%}" for doubt in drawing.doubts), overflow="fold"),
        )
    return table


def _bar(drawing: UncertainDrawing) -> Text:
    bar = Text(no_wrap=True)
    for name, (sign, colour) in PARTS.items():
        # A part may be negative where labels say that the sign means the opposite; it has no length then.
        bar.append(sign * max(0, round(getattr(drawing.parts, name) * BAR)), colour)
    return bar


def _legend() -> Text:
    said = {
        "confidence": "confidence",
        "grammar": "no dimension by the grammar",
        "agreement": "turned reading differs",
        "novelty": "unlike known drawings",
    }
    legend = Text("why: ")
    for name, (sign, colour) in PARTS.items():
        legend.append(sign, colour).append(f" {said[name]}  ")
    return legend
