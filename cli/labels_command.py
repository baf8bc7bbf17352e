"""`drawingops labels`: people who label, their jobs, and what comes out of them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group as Lines
from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table

from cli import labels_convert, labels_create, labels_offer, labels_progress, labels_team
from cli.command import Call, command
from cli.console import Result, Said, duration, percent
from cli.data import progress_bar
from cli.labels_team import Added, Group, Member
from drawing_ocr.labelling.job import MAX_ANNOTATORS
from drawing_ocr.labelling.progress import Progress

app = typer.Typer(help="People who label: the team, its jobs, their progress and export.", no_args_is_help=True)
team = typer.Typer(help="Who may label, review and order jobs.", no_args_is_help=True)
app.add_typer(team, name="team")
labels_offer.add_to(app)
labels_convert.add_to(app)
BAR_WIDTH = 24

Job = Annotated[str, typer.Argument(metavar="JOB", help="Name of the labelling job.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What the person signs in with.")]
GroupOption = Annotated[Group, typer.Option("--group", help="Each may do what those before it may.")]


class Team(Result):
    """Everybody who may sign in."""

    members: list[Member]

    def render(self) -> RenderableType:
        table = Table("name", "groups", "e-mail", "state")
        for each in self.members:
            table.add_row(each.name, ", ".join(each.groups) or "-", each.email or "-", each.state.lower())
        return table if self.members else "nobody yet: `drawingops labels team add NAME --group annotator`"


class AddedMember(Result):
    """Somebody of the team, and their first password if they are new."""

    added: Added
    page: str

    def render(self) -> RenderableType:
        groups = ", ".join(self.added.groups)
        if self.added.password is None:
            return f"{self.added.name} is there already and is now {groups}"
        return (
            f"{self.added.name} ({groups}) signs in at {self.page} with the password {self.added.password}\n"
            "It is shown only now, works for seven days, and the page asks for another one at once."
        )


class OrderedJob(Result):
    """A job whose drawings the machine has read."""

    ordered: labels_create.Ordered
    page: str

    def render(self) -> RenderableType:
        ordered = self.ordered
        known = f" and {ordered.gold} whose labels are known" if ordered.gold else ""
        return f"{ordered.job}: {ordered.drawings} drawings{known}; people label at {self.page}"


class Jobs(Result):
    """All jobs."""

    jobs: list[Progress]

    def render(self) -> RenderableType:
        table = Table("job", "state", "done", "", "left out", "reviewed", "people each", "priority")
        for job in self.jobs:
            table.add_row(
                job.job,
                job.state,
                _bar(job),
                f"{_done(job)} of {job.tasks}",
                str(job.skipped),
                str(job.reviewed),
                str(job.annotators),
                str(job.priority),
            )
        return table if self.jobs else "no job yet: `drawingops labels create NAME DRAWINGS`"


class OneJob(Result):
    """One job with its people."""

    report: labels_progress.JobReport

    def render(self) -> RenderableType:
        people = Table("person", "tasks", "skipped", "per task", "labels", "keys", "clicks", "agreement", "gold")
        for each in self.report.people:
            gold = f"{percent(each.gold.exact)} of {each.gold.tasks}" if each.gold else "-"
            people.add_row(
                each.name,
                str(each.tasks),
                str(each.skipped),
                duration(each.seconds / each.tasks if each.tasks else None),
                str(each.regions),
                str(each.keystrokes),
                str(each.clicks),
                percent(each.agreement),
                gold,
            )
        categories = Table("category", "labels", "Krippendorff's alpha", "character errors")
        for line in self.report.categories:
            alpha = "-" if line.alpha is None else f"{line.alpha:.3f}"
            categories.add_row(line.category, str(line.regions), alpha, percent(line.cer))
        parts: list[RenderableType] = [Jobs(jobs=[self.report.progress]).render(), people]
        return Lines(*parts, *([categories] if self.report.categories else []))


class Exported(Result):
    """Labels that training has."""

    manifest: str

    def render(self) -> RenderableType:
        return f"{self.manifest}\nTraining starts by itself: `drawingops train watch`"


@command(team, "list", "drawingops labels team list --env dev")
def list_team(call: Call) -> Result:
    """Shows who may sign in, and what they may do."""
    return Team(members=labels_team.members(call.environment))


@command(team, "add", "drawingops labels team add anna --group annotator --email anna@example.com --env dev")
def add(
    call: Call,
    name: Name,
    group: GroupOption = "annotator",
    email: Annotated[str | None, typer.Option("--email", help="For a forgotten password.")] = None,
) -> Result:
    """Adds somebody to a group; a new person's first password is shown once."""
    environment = call.environment
    return AddedMember(added=labels_team.add(environment, name, group, email), page=environment.names.labelling_page)


@command(team, "remove", "drawingops labels team remove anna --env dev")
def remove(
    call: Call,
    name: Name,
    group: Annotated[Group | None, typer.Option("--group", help="Out of this group only.")] = None,
) -> Result:
    """Removes somebody from the team; what they labelled stays."""
    labels_team.remove(call.environment, name, group)
    return Said(message=f"{name} is out of {group or 'the team'}")


@command(app, "create", "drawingops labels create gears drawings/ --annotators 3 --gold known/ --env dev")
def create(
    call: Call,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the job: small letters, digits, dashes.")],
    drawings: Annotated[list[Path], typer.Argument(metavar="DRAWINGS…", help="Pictures, PDFs, or folders of them.")],
    title: Annotated[str | None, typer.Option("--title", help="What people read; the name without it.")] = None,
    annotators: Annotated[
        int, typer.Option("--annotators", min=1, max=MAX_ANNOTATORS, help="How many people label each drawing.")
    ] = 1,
    priority: Annotated[int, typer.Option("--priority", help="Jobs with a higher one come first.")] = 0,
    gold: Annotated[
        Path | None, typer.Option("--gold", metavar="DIR", help="Labelled drawings, mixed in to measure people.")
    ] = None,
) -> Result:
    """Uploads drawings, has the machine read them and offers them to the people who label."""
    environment = call.environment
    files = labels_create.drawings_in(drawings)
    order = labels_create.Order(name, title or name, annotators, priority)
    with progress_bar(call) as bar:
        task = bar.add_task("upload", total=None)
        ordered = labels_create.create(environment, order, files, gold, lambda: bar.advance(task))
    with call.progress.status("the machine reads the drawings"):
        for _ in labels_progress.watch_preparation(environment, ordered.execution_arn):
            pass
    return OrderedJob(ordered=ordered, page=environment.names.labelling_page)


@command(app, "status", "drawingops labels status", "drawingops labels status gears --env dev")
def status(
    call: Call,
    job: Annotated[str | None, typer.Argument(metavar="[JOB]", help="One job with its people; all without it.")] = None,
) -> Result:
    """Shows how far jobs are; of one job also how fast people work and how far they agree."""
    environment = call.environment
    if job is None:
        return Jobs(jobs=labels_progress.jobs(environment))
    return OneJob(report=labels_progress.report(environment, job))


@command(app, "export", "drawingops labels export gears --env dev")
def export(call: Call, job: Job) -> Result:
    """Hands the labels of a finished job to training: pictures first, the manifest last, once."""
    environment = call.environment
    with call.progress.status("export"):
        return Exported(manifest=labels_progress.export(environment, job))


def _done(job: Progress) -> int:
    return job.labelled + job.skipped


def _bar(job: Progress) -> ProgressBar:
    return ProgressBar(total=max(job.tasks, 1), completed=_done(job), width=BAR_WIDTH)
