"""One version for a person: the four questions of model management, each with its answer."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import release
from cli.console import percent, short_time
from cli.learned import Learned
from cli.lineage import Ancestor
from cli.production import InProduction
from cli.registry import ModelVersion, StoredPackage

Row = tuple[str, str]


class VersionPage(Protocol):
    """What is known of a version."""

    @property
    def version(self) -> ModelVersion: ...
    @property
    def live(self) -> bool: ...
    @property
    def stored(self) -> StoredPackage: ...
    @property
    def learned(self) -> Learned: ...
    @property
    def lineage(self) -> list[Ancestor]: ...
    @property
    def production(self) -> list[InProduction]: ...
    @property
    def deployments(self) -> list[release.Deployment]: ...


def show_version(page: VersionPage) -> RenderableType:
    """Questions on the left, answers on the right."""
    item = page.version
    questions: dict[str, Iterator[Row]] = {
        "Where is it?": _where(item, page.stored),
        "What was it trained on?": _learned(page.learned),
        "What made it?": _made(item),
        "From which versions?": _lineage(page.lineage),
        "What is in production?": _production(page.production),
        "Where was it deployed?": _deployments(page),
        "What to go back to?": _back(page.production),
    }
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")  # addresses are there to be copied, so none is cut
    grid.add_row(Text(f"{item.name}  {item.state}", "bold"), "", Text(item.reason or ""))
    for question, rows in questions.items():
        for number, (name, answer) in enumerate(rows):
            grid.add_row(Text("" if number else question, "bold"), name, Text(answer))
    return grid


def production_table(environments: Sequence[InProduction]) -> RenderableType:
    """One line for each environment."""
    table = Table("environment", "endpoint", "answers", "since", "by", "reason", "rollback goes to", "package")
    problems: list[Text] = []
    for item in environments:
        if item.problem:
            problems.append(Text.assemble((f"{item.environment}: ", "bold yellow"), item.problem))
            continue
        table.add_row(
            item.environment,
            item.endpoint,
            Text(item.version, "bold green") if item.version else "nothing",
            short_time(item.since),
            item.requested_by or "-",
            item.reason or "-",
            item.back_to or "-",
            item.package_sha256[:12] or "-",
        )
    return Group(*([table] if table.row_count else []), *problems)


def _where(item: ModelVersion, stored: StoredPackage) -> Iterator[Row]:
    yield "registry", item.arn
    size = f"  {stored.size / 1e6:.1f} MB" if stored.size is not None else "  IT IS NOT THERE ANY MORE"
    yield "package", f"{item.model_data_url}{size}"
    yield "sha256", item.metadata.get("package_sha256", "-")
    if "promoted_from" in item.metadata:
        yield "promoted from", item.metadata["promoted_from"]


def _learned(learned: Learned) -> Iterator[Row]:
    if not learned.batches and not learned.problems:
        yield "", "no batch of this account: it came with the software"
    for batch in learned.batches:
        drawings = "manifest out of reach" if batch.drawings is None else f"{batch.drawings} drawings"
        yield "batch", f"{batch.name}: {drawings}  {batch.uri}  version {batch.version_id or '-'}"
    if learned.dataset:
        made = learned.dataset
        yield "drawings", f"{made.train.drawings} trained on, {made.val.drawings} to validate"
        yield "lines", f"{made.train.lines} new and {made.replay.lines} repeated, {made.val.lines} to validate"
        if made.new_characters:
            yield "new characters", " ".join(made.new_characters)
    if learned.before:
        yield "before", f"{learned.before} batches that its ancestors learned from"
    if learned.run:
        yield "because", learned.run
    for problem in learned.problems:
        yield "not readable", problem


def _made(item: ModelVersion) -> Iterator[Row]:
    known = item.metadata
    yield "run", f"{known.get('run_id', '-')}  {known.get('pipeline_execution', '')}".rstrip()
    yield "parameters", known.get("hyperparameters", "-")
    # The CDK tags an image with the hash of its sources: containers/training, drawing_ocr and its locked packages.
    yield "code, training", known.get("training_image", "-")
    yield "code, serving", item.image
    if "image_digest" in known:
        yield "serving digest", known["image_digest"]
    yield "models", f"{known.get('detector', '-')}, {known.get('recogniser', '-')}"
    yield "accuracy", f"{percent(item.accuracy)}, on the regression set {percent(item.regression_exact)}"


def _lineage(ancestors: Sequence[Ancestor]) -> Iterator[Row]:
    for item in ancestors:
        digest = f"sha256 {item.package_sha256[:12]}" if item.package_sha256 else item.arn
        parts = [short_time(item.created), item.state, f"run {item.run_id or '-'}", digest, item.reason]
        yield f"{item.environment} {item.name}", "  ".join(part for part in parts if part)


def _production(environments: Sequence[InProduction]) -> Iterator[Row]:
    for item in environments:
        if item.problem:
            yield item.environment, item.problem
        elif item.version is None:
            yield item.environment, "nothing answers"
        else:
            by = f" by {item.requested_by}" if item.requested_by else ""
            yield item.environment, f"{item.version} since {short_time(item.since)}{by}: {item.reason or '-'}"


def _deployments(page: VersionPage) -> Iterator[Row]:
    yield "", "it answers now" if page.live else "not deployed now"
    for entry in page.deployments:
        said = f"{entry.status} by {entry.requested_by or '-'}: {entry.reason}"
        yield short_time(entry.started), f"{said}  {entry.endpoint_config}".rstrip()


def _back(environments: Sequence[InProduction]) -> Iterator[Row]:
    for item in environments:
        if item.version and item.back_to:
            command = f"drawingops models rollback --env {item.environment}"
            yield item.environment, f"{item.back_to}, the last good version before {item.version}: `{command}`"
        elif item.version:
            yield item.environment, f"no earlier approved version was deployed before {item.version}"
