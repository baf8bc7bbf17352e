"""`drawingops cost`: what an environment costs, out of its templates and a dated table of list prices."""

from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import cost_items, runs
from cli.command import Call, command
from cli.console import Result
from cli.cost_items import Item
from cli.errors import OperatorError
from cli.prices import Advice, PriceTable, price_table
from cli.synthesis import Resource, resources_of

# Of each step of the advice: which step of the pipeline or which other machine runs it.
PIPELINE_STEPS = {"prepare": "Prepare", "training": "Train", "evaluation": "Evaluate"}


class Recommended(Advice):
    """One step: where most people start, what this environment runs it on, by the hour, and why."""

    now: str
    usd_per_hour: float | None


class Cost(Result):
    """The three figures with their items, and the advice."""

    env: str
    region: str
    prices_as_of: str
    idle: list[Item]
    training_run: list[Item]
    thousand_drawings: dict[str, list[Item]]
    advice: list[Recommended]

    @property
    def idle_usd(self) -> float:
        """A month in which nobody uses it."""
        return sum(item.usd for item in self.idle)

    def render(self) -> RenderableType:
        parts: list[RenderableType] = [
            _items_table(f"{self.env}: a month in which nobody uses it", self.idle),
            _items_table("one training run", self.training_run),
        ]
        parts += [_items_table(f"1,000 drawings, {way}", items) for way, items in self.thousand_drawings.items()]
        parts.append(_advice_table(self.advice))
        parts.append(
            Text(
                f"List prices of {self.region} as of {self.prices_as_of} (cli/prices.toml); ~ marks what is derived or "
                "assumed. Not counted: traffic out of AWS, support, taxes, requests and logs of cents."
            )
        )
        return Group(*parts)


def add_to(app: typer.Typer) -> None:
    """Adds `cost` to the top of the command line."""
    command(
        app,
        "cost",
        "drawingops cost --env dev",
        "drawingops cost --env prod --json",
        "drawingops cost --env dev --execution abc123def456",
    )(cost)


def cost(
    call: Call,
    execution: Annotated[
        str | None,
        typer.Option("--execution", metavar="ID", help="Take the minutes of this training run, not assumed ones."),
    ] = None,
) -> Result:
    """What --env costs: idle by the month, by the training run, by 1,000 drawings; and what to run each step on."""
    minutes = _minutes(call, execution) if execution else {}
    with call.progress.status("making the templates"):
        resources = resources_of(call.env)
    return cost_of(call.env, resources, price_table(), minutes)


def cost_of(env: str, resources: list[Resource], table: PriceTable, minutes: dict[str, float]) -> Cost:
    """The bill of an environment with these resources."""
    months = {price.as_of for price in [*table.instances.values(), *table.units.values()]}
    return Cost(
        env=env,
        region=table.region,
        prices_as_of=min(months),
        idle=cost_items.idle(resources, table),
        training_run=cost_items.training_run(resources, table, minutes),
        thousand_drawings=cost_items.thousand_drawings(resources, table),
        advice=[_recommended(item, env, resources, table) for item in table.advice],
    )


def _minutes(call: Call, execution: str) -> dict[str, float]:
    run = runs.read(call.environment, runs.find(call.environment, execution))
    if run.running:
        raise OperatorError(f"{run.name} is still running: ask again when it has ended")
    return {step.name: step.seconds / 60 for step in run.steps if step.job and step.seconds is not None}


def _recommended(advice: Advice, env: str, resources: list[Resource], table: PriceTable) -> Recommended:
    serving = cost_items.serving_of(resources)
    machine = cost_items.step_instances(resources).get(PIPELINE_STEPS.get(advice.step, ""))
    if advice.step == "batch":
        machine = cost_items.batch_instance(resources)
    if advice.step == "serving" and serving:
        machine = None if serving.serverless_mb else serving.instance_type
    now = machine or advice.today.get(env) or ("serverless" if advice.step == "serving" else "none")
    return Recommended(**advice.model_dump(), now=now, usd_per_hour=table.instance(machine).usd if machine else None)


def _items_table(title: str, items: list[Item]) -> Table:
    table = Table("what", "quantity", "$", "", title=title, title_justify="left")
    table.columns[1].justify = table.columns[2].justify = "right"
    for item in items:
        mark = "" if item.certain else "~"
        table.add_row(item.what, f"{item.quantity:,.2f} {item.unit}", f"{mark}{item.usd:,.2f}", item.note)
    table.add_section()
    table.add_row("together", "", Text(f"{sum(item.usd for item in items):,.2f}", "bold"), "")
    return table


def _advice_table(advice: list[Recommended]) -> Table:
    table = Table(
        "step", "most start with", "here", "$ an hour", "because", title="what to run on", title_justify="left"
    )
    for item in advice:
        price = "-" if item.usd_per_hour is None else f"{item.usd_per_hour:.3f}"
        table.add_row(item.step, item.start, item.now, price, item.reason)
    return table
