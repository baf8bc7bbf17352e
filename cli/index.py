"""`drawingops index`: how the index of similar drawings stands, filling it, comparing it, changing the embedder."""

import json
import time
from collections import Counter
from typing import Annotated, Any

import typer
from botocore.config import Config
from rich.console import Group, RenderableType
from rich.table import Table

from cli import dead_letters
from cli.command import Call, command
from cli.console import Result, Said, duration
from cli.data import progress_bar
from cli.environment import Environment
from cli.errors import OperatorError
from cli.index_backfill import Begun, Filling, Function, Order, Watcher

app = typer.Typer(help="The index of similar drawings: status, backfill, reconcile, swap.", no_args_is_help=True)

# The function compares for fifteen minutes at most, and an order is never given twice.
PATIENT = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=905)
LOOK_SECONDS = 2.0
# Rounds in which the same drawings are missing again: somebody fails on them.
VAIN_ROUNDS = 3
WAITING = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class IndexStatus(Result):
    """The indexes, the bucket and the queue between them."""

    indexes: list[dict[str, Any]]
    drawings: int
    refused: int
    previous: str
    waiting: int
    dead_letters: int

    def render(self) -> RenderableType:
        table = Table("index", "embedder", "drawings", "searched", "embedded")
        for index in self.indexes:
            marks = ("yes" if index[name] else "" for name in ("searched", "embedded"))
            table.add_row(index["name"], index["model"], f"{index['drawings']:,}", *marks)
        told = (
            f"{self.drawings:,} drawings in the bucket, {self.refused} of them refused; {self.waiting} changes wait, "
            f"{self.dead_letters} failed"
        )
        return Group(table, told) if self.indexes else f"nothing was ever indexed; {told}"


class Reconciled(Result):
    """What differed between bucket and index."""

    drawings: int
    missing: int
    stale: int
    orphans: int
    refused: int
    ordered: int
    left: int

    def render(self) -> RenderableType:
        differing = self.missing + self.stale + self.orphans
        if not differing:
            return f"the index is as the bucket: {self.drawings:,} drawings, {self.refused} of them refused"
        return (
            f"{self.missing} drawings were missing, {self.stale} had another version, {self.orphans} were too many; "
            f"{self.ordered} are being repaired"
        )


class Backfilled(Result):
    """An index that is as the bucket.

    Attributes:
        index: that was filled; "" = so few were missing that each went through the queue.
        loaded: what became of the drawings that were loaded into it (lambda/backfill_index/answer.py).
        seconds: that this command took.
        compared: the last comparison.
    """

    index: str
    loaded: dict[str, int]
    seconds: float
    compared: Reconciled

    def render(self) -> RenderableType:
        if not self.index:
            return self.compared.render()
        some = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in self.loaded.items() if count)
        return Group(
            f"{self.index}: {some or 'everything was loaded before'}, in {duration(self.seconds)}",
            self.compared.render(),
        )


class ReleaseProgress(Result):
    """How far the newest approved embedder is."""

    state: str
    version: str
    model: str
    left: int

    def render(self) -> RenderableType:
        told = {
            "nothing_approved": "no embedder is approved: `drawingops models list --target embedder`",
            "starting": f"the endpoint of {self.version} is being made",
            "filling": f"the index of {self.version} lacks {self.left:,} drawings, which are being indexed",
            "swapped": f"searches ask the index of {self.version} from now on",
            "serving": f"{self.version} ({self.model}) is released",
        }
        return told[self.state]


class Swapped(Result):
    """Which index is searched now."""

    index: str
    previous: str

    def render(self) -> RenderableType:
        return f"{self.index} is searched now, before it was {self.previous or 'none'}"


@command(app, "status", "drawingops index status", "drawingops index status --env prod --json")
def status(call: Call) -> Result:
    """Shows the indexes, how many drawings they have, and what waits."""
    environment = call.environment
    answer = ask(environment, "status")
    failed = _waiting(environment, environment.names.search_dead_letters)
    return IndexStatus(**answer, waiting=_waiting(environment, environment.names.search_queue), dead_letters=failed)


@command(app, "reconcile", "drawingops index reconcile")
def reconcile(call: Call) -> Result:
    """Compares the index with the bucket and orders what differs to be indexed anew, as every night."""
    return Reconciled(**ask(call.environment, "reconcile"))


@command(app, "backfill", "drawingops index backfill --env prod", "drawingops index backfill --least 1 --instances 8")
def backfill(
    call: Call,
    least: Annotated[
        int, typer.Option("--least", min=1, help="Where fewer are missing, each goes through the queue alone.")
    ] = 2_000,
    shard: Annotated[int, typer.Option("--shard", min=1, max=5_000, help="Drawings that one call loads.")] = 500,
    instances: Annotated[int, typer.Option("--instances", min=1, max=100, help="Machines that embed.")] = 1,
    parallel: Annotated[int, typer.Option("--parallel", min=1, max=64, help="Calls that load at the same time.")] = 8,
) -> Result:
    """Indexes every drawing that the index lacks and waits until it has them; stopped, the same command goes on.

    Many are embedded by batch transform and loaded into a new index, which is searched once it is complete.
    """
    order = Order(least=least, shard_size=shard, instances=instances, parallel=parallel)
    function = Function(call.environment, parallel)
    with call.progress.status("comparing bucket and index"):
        answer = function.ask("begin", least=least, shard_size=shard)
    if not answer["id"]:
        return Backfilled(index="", loaded={}, seconds=0.0, compared=_repaired(call))
    begun, started = Begun.model_validate(answer), time.monotonic()
    with function.alive():
        counted = _filled(call, function, begun, order)
        compared = _repaired(call)
        if begun.replaces:
            ask(call.environment, "swap", index=begun.index, requested_by=call.environment.caller)
            ask(call.environment, "drop", index=begun.replaces, requested_by=call.environment.caller)
    function.ask("close")
    seconds = time.monotonic() - started
    return Backfilled(index=begun.index, loaded=dict(counted), seconds=seconds, compared=compared)


def _filled(call: Call, function: Function, begun: Begun, order: Order) -> Counter[str]:
    """Loads what is planned; how many drawings became what."""
    call.progress.print(f"{begun.drawings:,} drawings into {begun.index}, embedded by {begun.model}")
    with progress_bar(call) as bar:
        embedding = bar.add_task("embedding", total=None)
        loading = bar.add_task("loaded", total=begun.drawings)
        watch = Watcher(
            found=lambda total, before: bar.update(loading, total=total, completed=before),
            loaded=lambda count: bar.advance(loading, count),
            state=lambda state, answered, total: bar.update(
                embedding, description=f"embedding ({state})", completed=answered, total=total or None
            ),
            busy=lambda seconds: call.progress.print(f"the index has too much to do: {seconds:.1f} s of pause"),
        )
        filling = Filling(call.environment, function, begun, order, watch)
        if not begun.loaded:
            filling.load()
        filling.put_in_order()
    return filling.counted


def _repaired(call: Call) -> Reconciled:
    """Compares and has the queue index what differs, until nothing does."""
    environment = call.environment
    vain, before = 0, -1
    while True:
        found = Reconciled(**ask(environment, "reconcile"))
        differing = found.missing + found.stale + found.orphans
        if not differing:
            return found
        vain = vain + 1 if differing == before else 0
        if vain == VAIN_ROUNDS:
            raise OperatorError(
                f"{differing} drawings are not indexed whatever is done: the log of the function says why, "
                "and `drawingops index status` how many failed"
            )
        before = differing
        call.progress.print(f"{found.drawings - found.missing:,} of {found.drawings:,} drawings are indexed")
        with call.progress.status("indexing") as spinner:
            while left := _waiting(environment, environment.names.search_queue):
                spinner.update(f"indexing: {left:,} drawings wait")
                time.sleep(LOOK_SECONDS)


@command(app, "swap", "drawingops index swap drawings-embedder-2-0a1b2c3d")
def swap(
    call: Call,
    index: Annotated[str, typer.Argument(metavar="INDEX", help="As `status` calls it.")],
    incomplete: Annotated[bool, typer.Option("--incomplete", help="Also one that lacks drawings.")] = False,
) -> Result:
    """Lets searches ask another index, once it has every drawing."""
    environment = call.environment
    order = {"index": index, "incomplete": incomplete, "requested_by": environment.caller}
    return Swapped(**ask(environment, "swap", **order))


@command(app, "rollback", "drawingops index rollback")
def rollback(call: Call) -> Result:
    """Lets searches ask the index that they asked before."""
    environment = call.environment
    return Swapped(**ask(environment, "rollback", requested_by=environment.caller))


@command(app, "drop", "drawingops index drop drawings-embedder-1-0a1b2c3d")
def drop(call: Call, index: Annotated[str, typer.Argument(metavar="INDEX", help="As `status` calls it.")]) -> Result:
    """Removes an index that nobody searches and no endpoint embeds for."""
    environment = call.environment
    ask(environment, "drop", index=index, requested_by=environment.caller)
    return Said(message=f"{index} is there no longer")


@command(app, "release", "drawingops index release")
def release(call: Call) -> Result:
    """Does the next step for the newest approved embedder now, and says how far it is: endpoint, index, searches."""
    environment = call.environment
    return ReleaseProgress(**_invoke(environment, environment.names.search_release_function, {}))


@command(app, "replay", "drawingops index replay")
def replay(call: Call) -> Result:
    """Puts changes that failed back into the queue."""
    environment = call.environment
    names = environment.names
    moved = dead_letters.move(environment.client("sqs"), names.search_dead_letters, names.search_queue)
    return Said(message=f"{moved} changes are tried again" if moved else "nothing had failed")


def ask(environment: Environment, action: str, **order: Any) -> dict[str, Any]:
    """The answer of the function that keeps the index; OperatorError with its reason."""
    return _invoke(environment, environment.names.search_reconcile_function, {"action": action, **order})


def _invoke(environment: Environment, function: str, order: dict[str, Any]) -> dict[str, Any]:
    reached = environment.access
    functions = reached.session.client("lambda", endpoint_url=reached.endpoint_url, config=PATIENT)
    answer = functions.invoke(FunctionName=function, Payload=json.dumps(order).encode())
    document: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise OperatorError(str(document.get("errorMessage")))
    return document


def _waiting(environment: Environment, queue: str) -> int:
    wanted = environment.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=list(WAITING))
    return sum(int(number) for number in wanted["Attributes"].values())
