"""`drawingops models`: what versions there are, what is in them, which one answers, and changing that."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import embedder_import, official, registry, release, shipped
from cli.command import Call, command
from cli.compare import Comparison, compare_origins, compare_versions, has_figures
from cli.compare_drawings import compare_on
from cli.console import Result, duration, percent, short_time
from cli.environment import ENVIRONMENTS, Target, Trained, discover
from cli.errors import OperatorError
from cli.gallery import write_report
from cli.learned import Learned, learned
from cli.lineage import Ancestor, lineage, lineage_record
from cli.production import InProduction, everywhere
from cli.promote import promote
from cli.registry import ModelVersion, StoredPackage
from cli.version_page import production_table, show_version

app = typer.Typer(help="Model versions: list, show, compare, approve, deploy, roll back.", no_args_is_help=True)

Version = Annotated[str, typer.Argument(metavar="VERSION", help="A version, such as v2.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the version and in the history.")]

STATES = {"Approved": "green", "Rejected": "red", "PendingManualApproval": "yellow"}
OUTCOMES = {
    "SUCCEEDED": "green",
    "FAILED": "red",
    "ROLLED_BACK": "red",
    "REFUSED": "red",
    "IN_PROGRESS": "yellow",
    "QUEUED": "yellow",
    "SUPERSEDED": "dim",
    "UNNEEDED": "dim",
}
# The clock of the operator's machine and that of the account may differ a little.
CLOCK_SKEW = timedelta(seconds=5)


class Listed(Result):
    """The registry as a table."""

    group: str
    live: int | None
    versions: list[ModelVersion]

    def render(self) -> RenderableType:
        table = Table(
            "version", "state", "accuracy", "regression", "created", "data", "parent", "deployed", title=self.group
        )
        for item in self.versions:
            table.add_row(
                item.name,
                Text(item.state, STATES.get(item.state, "")),
                percent(item.accuracy),
                percent(item.regression_exact),
                short_time(item.created),
                _data_name(item.data),
                _parent_name(item.parent),
                Text("live", "bold green") if item.version == self.live else "-",
            )
        return (
            table
            if self.versions
            else f"{self.group}: no version yet; `drawingops models import-official` makes the first"
        )


class Shown(Result):
    """One version, by the four questions of model management."""

    version: ModelVersion
    live: bool
    stored: StoredPackage
    learned: Learned
    lineage: list[Ancestor]
    production: list[InProduction]
    deployments: list[release.Deployment]

    def render(self) -> RenderableType:
        return show_version(self)


class Production(Result):
    """What answers in each environment."""

    environments: list[InProduction]

    def render(self) -> RenderableType:
        return production_table(self.environments)


class History(Result):
    """The deployments, newest first."""

    endpoint: str
    deployments: list[release.Deployment]

    def render(self) -> RenderableType:
        table = Table("started", "what", "status", "from", "to", "took", "measured", "requested by", "why", "message")
        for entry in self.deployments:
            table.add_row(
                short_time(entry.started),
                entry.action,
                Text(entry.status, OUTCOMES[entry.status]),
                _version_name(entry.from_version),
                _version_name(entry.to_version),
                duration(entry.seconds),
                _measured(entry.metrics),
                entry.requested_by,
                entry.reason,
                entry.message,
            )
        table.title = self.endpoint
        return table if self.deployments else f"{self.endpoint}: nothing was deployed yet"


class Decided(Result):
    """An approval or a rejection, with the release that it caused where that was followed."""

    version: str
    state: str
    reason: str
    released: "Released | None" = None

    @property
    def succeeded(self) -> bool:
        return self.released is None or self.released.succeeded

    def render(self) -> RenderableType:
        said = Text.assemble((self.version, "bold"), " is now ", (self.state, STATES[self.state]), f": {self.reason}")
        if self.released is None:
            return Group(said, "The release workflow has heard of it; see `drawingops models history`.")
        return Group(said, self.released.render())


class EmbedderDecided(Result):
    """An approval or a rejection of an embedder."""

    version: str
    state: str
    reason: str

    def render(self) -> RenderableType:
        said = Text.assemble((self.version, "bold"), " is now ", (self.state, STATES[self.state]), f": {self.reason}")
        follows = {
            "Approved": "An endpoint is made for it, then its index is filled beside the one that is searched, and "
            "searches move to it when it is complete: `drawingops index status`.",
            "Rejected": "Searches go back to the index before, where they asked its index.",
        }
        return Group(said, follows[self.state])


class Released(Result):
    """How a release ended; without a deployment, why there was nothing to release."""

    deployment: release.Deployment | None = None
    nothing: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.deployment is None or self.deployment.status == "SUCCEEDED"

    def render(self) -> RenderableType:
        entry = self.deployment
        if entry is None:
            return f"nothing to release: {self.nothing}"
        route = f"{_version_name(entry.from_version)} → {_version_name(entry.to_version)}"
        return Text.assemble(
            (entry.status, OUTCOMES[entry.status]),
            f"  {route} in {duration(entry.seconds)}",
            f"  {entry.message}".rstrip(),
        )


@command(app, "list", "drawingops models list", "drawingops models list --target embedder --env prod --json")
def list_models(call: Call, target: Trained = Target.READER) -> Result:
    """The registry: version, state, accuracy, date, data, parent, deployed or not."""
    environment = call.environment.of_target(target)
    return Listed(
        group=environment.names.model_package_group,
        # Which embedder is searched with is said by its index: `drawingops index status`.
        live=release.live_version(environment) if target is Target.READER else None,
        versions=registry.versions(environment),
    )


@command(app, "show", "drawingops models show v2", "drawingops models show v2 --env prod --json")
def show(call: Call, version: Version) -> Result:
    """One version: where it is, what it was trained on and by what, what is in production, what to go back to."""
    environment = call.environment
    chosen = registry.version(environment, version)
    record = lineage_record(environment, chosen)
    return Shown(
        version=chosen,
        live=release.live_version(environment) == chosen.version,
        stored=registry.stored_package(environment, chosen),
        learned=record.learned if record else learned(environment, chosen),
        lineage=lineage(environment, chosen),
        production=everywhere(environment, (), call.profile),
        deployments=[entry for entry in release.history(environment) if entry.to_version == str(chosen.version)],
    )


@command(
    app,
    "production",
    "drawingops models production --env dev",
    "drawingops models production --env dev staging=acme-staging prod=acme-prod",
)
def production(
    call: Call,
    others: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ENV[=PROFILE]…]", help="Environments of other accounts, each with its AWS profile."),
    ] = None,
) -> Result:
    """What answers in each environment, since when, by whom, and which version a rollback goes back to."""
    return Production(environments=everywhere(call.environment, others or (), call.profile))


@command(
    app,
    "compare",
    "drawingops models compare v2 v5",
    "drawingops models compare v2 v5 --on drawings/ --out comparison",
    "drawingops models compare v2 v5 --json",
)
def compare(
    call: Call,
    left: Version,
    right: Version,
    on: Annotated[
        Path | None,
        typer.Option("--on", metavar="DIR", help="Let both read these drawings here; labels beside them are counted."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write index.html with pictures of what changed.")
    ] = None,
) -> Result:
    """Two versions side by side: figures with 95 % intervals, parameters, data, and what they read differently."""
    environment = call.environment
    first, second = registry.version(environment, left), registry.version(environment, right)
    comparison: Comparison = (
        compare_origins(environment, first, second)
        if on and not has_figures(first, second)
        else compare_versions(environment, first, second)
    )
    if on:
        with call.progress.status("reading") as spinner:
            drawings, rows = compare_on(environment, first, second, on, lambda what: spinner.update(what))
        comparison = comparison.model_copy(update={"on": drawings, "rows": [*rows, *comparison.rows]})
    if out is None and on is None:
        return comparison
    return write_report(environment, out or Path(f"comparison-{first.name}-{second.name}"), comparison, first, second)


@command(app, "approve", 'drawingops models approve v2 --reason "reads the new symbols" --follow')
def approve(
    call: Call,
    version: Version,
    reason: Reason,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for the release that the approval starts.")] = False,
    target: Trained = Target.READER,
) -> Result:
    """Approves a version; the release workflow deploys it. An embedder gets an endpoint and an index of its own."""
    if target is Target.EMBEDDER:
        return decide_embedder(call, version, "Approved", reason)
    return decide(call, version, "Approved", reason, follow=follow)


@command(app, "reject", 'drawingops models reject v2 --reason "confuses 6 and 8" --follow')
def reject(
    call: Call,
    version: Version,
    reason: Reason,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for the release that a rejection starts.")] = False,
    target: Trained = Target.READER,
) -> Result:
    """Rejects a version; where it is the live one, the release workflow goes back to the one before."""
    if target is Target.EMBEDDER:
        return decide_embedder(call, version, "Rejected", reason)
    return decide(call, version, "Rejected", reason, follow=follow)


@command(app, "deploy", "drawingops models deploy v2", 'drawingops models deploy v1 --reason "audit"')
def deploy(call: Call, version: Version, reason: Reason = "deployed by hand") -> Result:
    """Deploys an approved version and follows the release to its end."""
    environment = call.environment
    chosen = registry.version(environment, version)
    if chosen.state != "Approved":
        raise OperatorError(
            f"{chosen.name} is {chosen.state}: only approved versions are deployed; "
            f"`drawingops models approve {chosen.name} --reason …` first"
        )
    return follow_release(call, release.start(environment, model_package_arn=chosen.arn, reason=reason))


@command(app, "rollback", "drawingops models rollback", 'drawingops models rollback --to v1 --reason "5xx at night"')
def rollback(
    call: Call,
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="Which version; else the one before.")
    ] = None,
    reason: Reason = "rolled back by hand",
) -> Result:
    """Goes back to the version before, or to the one that --to names."""
    environment = call.environment
    if not release.history(environment):
        raise OperatorError(
            f"{environment.names.endpoint_name}: nothing was deployed yet, so there is nothing to go back to"
        )
    target = "previous" if to is None else str(registry.version(environment, to).version)
    return follow_release(call, release.start(environment, target=target, reason=reason))


@command(
    app,
    "promote",
    "drawingops models promote v7 --from dev --to staging --profile acme-dev",
    'drawingops models promote v2 --from staging --to prod --reason "two weeks without a complaint"',
)
def promote_version(
    call: Call,
    version: Version,
    to: Annotated[str, typer.Option("--to", metavar="ENV", help="The environment that it goes to.")],
    source: Annotated[
        str | None, typer.Option("--from", metavar="ENV", help="The environment that it is in; else that of --env.")
    ] = None,
    reason: Reason = "promoted",
) -> Result:
    """Copies an approved version with its lineage into the next environment, where it waits for approval."""
    name = source or call.env
    for given in (name, to):
        if given not in ENVIRONMENTS:
            raise OperatorError(f"{given}: there is no such environment; write one of {', '.join(ENVIRONMENTS)}")
    return promote(discover(name, call.profile), version, to, reason)


@command(app, "history", "drawingops models history", "drawingops models history --env prod --json")
def show_history(call: Call) -> Result:
    """Every deployment, newest first."""
    environment = call.environment
    return History(endpoint=environment.names.endpoint_name, deployments=release.history(environment))


@command(app, "import-official", "drawingops models import-official --env dev")
def import_official(call: Call) -> Result:
    """Registers the official PP-OCRv6 small reader as a version, once."""
    with call.progress.status("official model") as spinner:
        return official.import_official(call.environment, lambda what: spinner.update(what))


@command(app, "import-shipped", "drawingops models import-shipped --env dev")
def import_shipped(call: Call) -> Result:
    """Registers the reader that is shipped as a version, once, with the official one that it comes from."""
    with call.progress.status("shipped model") as spinner:
        return shipped.import_shipped(call.environment, lambda what: spinner.update(what))


@command(app, "import-embedder", "drawingops models import-embedder --env dev")
def import_embedder(call: Call) -> Result:
    """Registers the embedder that is shipped as a version, once: what the first training goes on from."""
    return embedder_import.import_embedder(call.environment.of_target(Target.EMBEDDER))


def decide_embedder(call: Call, version: str, state: str, reason: str) -> "EmbedderDecided":
    """Approves or rejects an embedder; its endpoint follows by event, its index by the comparison with the bucket."""
    environment = call.environment.of_target(Target.EMBEDDER)
    chosen = registry.version(environment, version)
    if chosen.state == state:
        raise OperatorError(f"{chosen.name} is {state} already")
    registry.set_state(environment, chosen, state, reason)
    return EmbedderDecided(version=chosen.name, state=state, reason=reason)


def decide(call: Call, version: str, state: str, reason: str, *, follow: bool) -> Decided:
    """Approves or rejects, and where asked follows the release that this starts."""
    environment = call.environment
    chosen = registry.version(environment, version)
    if chosen.state == state:
        raise OperatorError(f"{chosen.name} is {state} already")
    since = datetime.now(UTC) - CLOCK_SKEW
    registry.set_state(environment, chosen, state, reason)
    decided = Decided(version=chosen.name, state=state, reason=reason)
    if not follow:
        return decided
    execution = release.execution_for(environment, chosen.arn, since)
    return decided.model_copy(update={"released": follow_release(call, execution)})


def follow_release(call: Call, execution_arn: str) -> Released:
    """Shows each state of the release as it is entered and gives back how it ended."""
    started = datetime.now(UTC)
    for state in release.follow(call.environment, execution_arn):
        call.progress.print(f"  {duration((datetime.now(UTC) - started).total_seconds()):>8}  {state}", style="dim")
    ended = release.outcome(call.environment, execution_arn)
    return Released(nothing=ended) if isinstance(ended, str) else Released(deployment=ended)


def _measured(metrics: str) -> str:
    """The accuracy that a version was registered with, out of the history's JSON."""
    accuracy = json.loads(metrics).get("accuracy") if metrics else None
    return percent(float(accuracy) if accuracy else None)


def _version_name(number: str) -> str:
    return f"v{number}" if number else "-"


def _data_name(uri: str | None) -> str:
    """The run (or the batch) in an address such as `s3://bucket/datasets/runs/<run>/run.json`."""
    return uri.rstrip("/").rsplit("/", 2)[-2] if uri else "-"


def _parent_name(parent: str | None) -> str:
    if parent is None:
        return "-"
    return f"v{registry.version_number(parent)}" if ":model-package/" in parent else parent[:12]
