"""`drawingops local`: the AWS account on this machine, with every stack deployed and a first model version in it."""

import time
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.table import Table

from cli import account, labels_team, official, registry, release
from cli.account import Done
from cli.command import Call, command
from cli.console import Result, duration
from cli.environment import LOCAL_STATE, discover
from cli.errors import OperatorError
from emulator import lifetime
from emulator.settings import Runtime

app = typer.Typer(help="The AWS account on this machine: start, stop, look.", no_args_is_help=True)


# Of the people who try the page on this machine; nobody else can reach it.
PASSWORD = "Drawings-2026"


class Up(Result):
    """What was started, deployed and put into the account; `users` sign in at `page` with `password`."""

    url: str
    seconds: float
    steps: list[Done]
    page: str
    users: tuple[str, ...]
    password: str

    def render(self) -> RenderableType:
        return (
            f"ready on {self.url} after {duration(self.seconds)}; next: `drawingops models list`\n"
            f"label at {self.page} as {', '.join(self.users)}, password {self.password}; "
            "a first job: `drawingops labels create sample docs/images/sheet.png`"
        )


class Status(Result):
    """Whether the account runs and what is in it."""

    running: bool
    url: str | None = None
    log: str | None = None
    versions: int | None = None
    live: int | None = None

    def render(self) -> RenderableType:
        if not self.running:
            return "no account runs on this machine; start it with `drawingops local up`"
        table = Table.grid(padding=(0, 2))
        table.add_row("account", f"{self.url}  (log {self.log})")
        table.add_row("deployed", "no" if self.versions is None else f"yes, {self.versions} model version(s)")
        table.add_row("answers", f"v{self.live}" if self.live else "no version yet")
        return table


class Down(Result):
    """What was stopped."""

    stopped: bool

    def render(self) -> RenderableType:
        return "stopped" if self.stopped else "no account ran on this machine"


RuntimeOption = Annotated[
    Runtime | None,
    typer.Option(
        help="How jobs and endpoints run: as processes, or in their images by podman (needs root and "
        "scripts/oci/prepare.sh); as processes without it.",
        show_default=False,
    ),
]


@command(app, "up", "drawingops local up")
def up(call: Call, runtime: RuntimeOption = None) -> Result:
    """Starts the account, deploys every stack and registers the official model as version 1; safe to repeat."""
    _only_local(call)
    return bring_up(call.progress, runtime)


@command(app, "down", "drawingops local down")
def down(call: Call) -> Result:
    """Stops the account; everything in it is gone."""
    _only_local(call)
    return Down(stopped=account.stop() is not None)


@command(app, "status", "drawingops local status", "drawingops local status --json")
def status(call: Call) -> Result:
    """Says whether the account runs and what is in it."""
    _only_local(call)
    running = lifetime.status(LOCAL_STATE)
    if running is None:
        return Status(running=False)
    known = Status(running=True, url=running.url, log=str(running.log_file))
    try:
        environment = discover("local")
    except OperatorError:
        return known
    versions = registry.versions(environment)
    return known.model_copy(update={"versions": len(versions), "live": release.live_version(environment)})


def bring_up(console: Console, runtime: Runtime | None = None) -> Up:
    """Account, stacks and seeds, each with its time on `console`; an account that runs keeps its runtime."""
    started = time.monotonic()
    steps: list[Done] = []
    with console.status("account") as spinner:

        def report(done: Done) -> None:
            steps.append(done)
            console.print(f"  {duration(done.seconds):>9}  {done.what}  [dim]{done.detail}[/]")

        def begin(what: str) -> None:
            spinner.update(what)

        reached = account.start(report, runtime)
        account.deploy(reached, begin, report)
        started_seeding = time.monotonic()
        imported = official.import_official(discover("local"), begin)
        detail = f"{imported.version.name} {imported.version.state}{'' if imported.new else ', there already'}"
        report(Done("official model, regression set, replay batch", time.monotonic() - started_seeding, detail))
        environment = discover("local")
        for group in labels_team.GROUPS:
            labels_team.ready(environment, group, group, PASSWORD)
    return Up(
        url=str(reached.endpoint_url),
        seconds=time.monotonic() - started,
        steps=steps,
        page=environment.names.labelling_page,
        users=labels_team.GROUPS,
        password=PASSWORD,
    )


def _only_local(call: Call) -> None:
    if call.env != "local":
        raise OperatorError(f"--env {call.env}: `drawingops local` is about the account on this machine only")
