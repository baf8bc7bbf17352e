"""`drawingops train`: start a training run, look at it, watch it, stop it, replay events that failed."""

import json
from typing import Annotated, Any, Literal

import typer
from pydantic import BaseModel, ConfigDict
from rich.console import Group, RenderableType
from rich.text import Text

from cli import dead_letters, live, registry, runs
from cli.command import Call, command
from cli.console import Result
from cli.environment import Environment, Target, Trained
from cli.errors import OperatorError
from cli.runs import Run
from cli.training_plan import plan

app = typer.Typer(help="Training runs: start, status, watch, stop, replay.", no_args_is_help=True)

Execution = Annotated[str | None, typer.Argument(metavar="[EXECUTION]", help="ARN or id of a run; else the newest.")]


class Shown(Result):
    """A run and how far it is; a run that was refused or failed makes the command fail only where it was waited for."""

    run: Run
    waited: bool = False

    @property
    def succeeded(self) -> bool:
        return not self.waited or self.run.status == "Succeeded"

    def render(self) -> RenderableType:
        return live.run_table(self.run)


class Stopping(Result):
    """A run that was told to stop."""

    execution: str

    def render(self) -> RenderableType:
        return f"{self.execution}: told to stop; its training job writes a checkpoint first"


class Decision(BaseModel):
    """What the one gate to training runs decided (docs/architecture.md, trigger)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    decision: Literal["started", "dry_run", "nothing_new", "waiting", "active"]
    reason: str
    run_id: str = ""
    execution_arn: str = ""
    manifests: list[str] = []
    base: str = ""


class Replayed(Result):
    """Events that go through the gate again."""

    messages: int

    def render(self) -> RenderableType:
        if not self.messages:
            return "no message waits in the dead-letter queue"
        return f"{self.messages} messages are back in the queue: `drawingops train status` shows what comes of them"


class Started(Result):
    """A run that was started, or why not."""

    decision: Decision
    parameters: dict[str, Any]
    target: Target

    @property
    def succeeded(self) -> bool:
        return self.decision.decision in ("started", "dry_run")

    def render(self) -> RenderableType:
        colour = "green" if self.succeeded else "yellow"
        head = Text.assemble((self.decision.decision.replace("_", " "), colour), f": {self.decision.reason}")
        lines = [Text(f"  {uri}") for uri in self.decision.manifests]
        lines += [Text(f"  {name} = {value}") for name, value in self.parameters.items()]
        if self.decision.execution_arn:
            which = "" if self.target is Target.READER else f" --target {self.target}"
            lines.append(Text(f"`drawingops train watch{which}` follows it"))
        return Group(head, *lines)


@command(
    app,
    "start",
    "drawingops train start --dry-run",
    'drawingops train start --base v2 --epochs 60 --reason "new scanner"',
    "drawingops train start --target embedder --max-steps 1000",
)
def start(
    call: Call,
    target: Trained = Target.READER,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be trained on.")] = False,
    manifest: Annotated[
        list[str], typer.Option("--manifest", metavar="URI", help="A batch to train on (again); else all new ones.")
    ] = [],  # noqa: B006 - typer copies it
    repeat: Annotated[
        str | None, typer.Option("--repeat", metavar="EXECUTION", help="Train on the batches of this run again.")
    ] = None,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="VERSION", help="Train on from this version; else the last approved."),
    ] = None,
    learning_rate: Annotated[float | None, typer.Option("--learning-rate")] = None,
    head_learning_rate: Annotated[float | None, typer.Option("--head-learning-rate")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs")] = None,
    max_seconds: Annotated[int | None, typer.Option("--max-seconds", help="0 = no limit.")] = None,
    max_steps: Annotated[int | None, typer.Option("--max-steps", help="Of an embedder.")] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size")] = None,
    replay_ratio: Annotated[float | None, typer.Option("--replay-ratio", help="Share of old lines.")] = None,
    freeze_backbone: Annotated[bool | None, typer.Option("--freeze-backbone/--no-freeze-backbone")] = None,
    accuracy_threshold: Annotated[float | None, typer.Option("--accuracy-threshold")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the run.")] = "started by hand",
) -> Result:
    """Starts a training run now, without waiting for more labels or for quiet."""
    environment = call.environment.of_target(target)
    chosen = {
        "BaseModelPackage": registry.version(environment, base).arn if base else None,
        "LearningRate": learning_rate,
        "HeadLearningRate": head_learning_rate,
        "Epochs": epochs,
        "MaxSeconds": max_seconds,
        "MaxSteps": max_steps,
        "BatchSize": batch_size,
        "ReplayRatio": replay_ratio,
        "FreezeBackbone": None if freeze_backbone is None else str(freeze_backbone).lower(),
        "AccuracyThreshold": accuracy_threshold,
    }
    parameters = {name: value for name, value in chosen.items() if value is not None}
    order = {
        "action": "start",
        "target": target,
        "dry_run": dry_run,
        "parameters": parameters,
        "reason": reason,
        "requested_by": environment.caller,
    }
    manifests = [*manifest, *(runs.manifests(environment, repeat) if repeat else [])]
    if manifests:  # of labels, so an embedder takes none
        order["manifests"] = manifests
    decision = _order(environment, order)
    if decision.decision == "dry_run" and target is Target.READER:
        return plan(
            environment,
            reason=decision.reason,
            base=decision.base,
            manifests=decision.manifests,
            chosen=parameters,
        )
    return Started(decision=decision, parameters=parameters, target=target)


@command(app, "status", "drawingops train status", "drawingops train status abc123def456 --env prod")
def status(call: Call, execution: Execution = None, target: Trained = Target.READER) -> Result:
    """The steps of a run with their times, the training curve and, where it was refused, why."""
    environment = call.environment.of_target(target)
    return Shown(run=runs.read(environment, runs.find(environment, execution)))


@command(app, "watch", "drawingops train watch", "drawingops train watch --target embedder")
def watch(call: Call, execution: Execution = None, target: Trained = Target.READER) -> Result:
    """Shows a run until it ends: steps, loss and accuracy; exit code 1 when it was refused or failed."""
    environment = call.environment.of_target(target)
    arn = runs.find(environment, execution)
    return Shown(run=live.show(call.progress, runs.watch(environment, arn)), waited=True)


@command(app, "stop", "drawingops train stop")
def stop(call: Call, execution: Execution = None, target: Trained = Target.READER) -> Result:
    """Stops a run that is under way."""
    environment = call.environment.of_target(target)
    run = runs.read(environment, runs.find(environment, execution))
    if not run.running:
        raise OperatorError(f"{run.name}: ended already ({run.status}), there is nothing to stop")
    environment.client("sagemaker").stop_pipeline_execution(
        PipelineExecutionArn=run.arn, ClientRequestToken=f"drawingops-stop-{run.name}".ljust(32, "-")
    )
    return Stopping(execution=run.name)


@command(app, "replay", "drawingops train replay --env prod")
def replay(call: Call) -> Result:
    """Puts label events on which the trigger failed back into its queue, once the cause is gone."""
    environment = call.environment
    names = environment.names
    return Replayed(messages=dead_letters.move(environment.client("sqs"), names.label_dead_letters, names.label_queue))


def _order(environment: Environment, order: dict[str, Any]) -> Decision:
    """Hands an order to the function through which every training run is started."""
    answer = environment.client("lambda").invoke(
        FunctionName=environment.names.trigger_function, Payload=json.dumps(order).encode()
    )
    said = answer["Payload"].read()
    if "FunctionError" in answer:
        raise OperatorError(str(json.loads(said).get("errorMessage", said)))
    return Decision.model_validate_json(said)
