"""What an environment costs, item by item: while nobody uses it, by the training run, by a thousand drawings."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from cli.errors import OperatorError
from cli.prices import Price, PriceTable
from cli.synthesis import Resource, text_of

MINUTES = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60, "day": 1440, "days": 1440}
RATE = re.compile(r"rate\((\d+) (\w+)\)")
READER_PIPELINE = "-training"  # how its name ends; the embedder has one of its own
ENDPOINT_VARIABLE = "ENDPOINT"
FOLLOWER_VARIABLE = "FOLLOWER"
JOB_STEPS = {"Prepare": "prepare_minutes", "Train": "train_minutes", "Evaluate": "evaluate_minutes"}
DRAWINGS = 1000
SECONDS_PER_HOUR = 3600
MINUTES_PER_HOUR = 60
MB_PER_GB = 1024


class Item(BaseModel):
    """One line of the bill: `usd` is `quantity` times the price. `certain` is that of the price."""

    model_config = ConfigDict(frozen=True)

    what: str
    quantity: float
    unit: str
    usd: float
    certain: bool
    note: str = ""


@dataclass(frozen=True)
class Serving:
    """What answers in real time: machines that are always there, or serverless memory."""

    instance_type: str
    instances: int
    serverless_mb: int | None


class UnpricedError(OperatorError):
    """The template holds what the table does not know."""


def idle(resources: Sequence[Resource], table: PriceTable) -> list[Item]:
    """A month in which nobody labels, trains or reads.

    Raises:
        UnpricedError: a resource of a type that the table neither prices nor calls free.
    """
    counted: Counter[str] = Counter()
    unknown: set[str] = set()
    for resource in resources:
        if resource.type in _COUNTED:
            name, count = _COUNTED[resource.type](resource)
            counted[name] += count
        elif resource.type not in table.free and resource.type not in _ELSEWHERE:
            unknown.add(resource.type)
    if unknown:
        raise UnpricedError(
            f"no price for {', '.join(sorted(unknown))}: add it to cli/prices.toml, or below [free] with the reason"
        )
    items = [_unit_item(name, table, float(count), _TITLES[name]) for name, count in counted.items() if count]
    items += [*_endpoint(resources, table), *_asynchronous(resources), *_search(resources, table)]
    items += [*_schedules(resources, table), *_stored(table)]
    return sorted(items, key=lambda item: -item.usd)


def training_run(resources: Sequence[Resource], table: PriceTable, minutes: Mapping[str, float]) -> list[Item]:
    """One run of the reader's pipeline: its jobs by the machine's minutes.

    Args:
        resources: of the environment.
        table: the prices.
        minutes: of each job by the name of its step, its machine's start included; an empty one is assumed.
    """
    return list(_jobs(_pipeline_steps(resources), table, minutes))


def thousand_drawings(resources: Sequence[Resource], table: PriceTable) -> dict[str, list[Item]]:
    """A thousand drawings, in real time and as a batch; machines at full use."""
    serving, assumed = serving_of(resources), table.assumed
    core_seconds = DRAWINGS * assumed.core_seconds_per_drawing
    ways: dict[str, list[Item]] = {}
    if serving and serving.serverless_mb:
        gb = serving.serverless_mb / MB_PER_GB
        cores = serving.serverless_mb / assumed.serverless_mb_per_core
        ways["serverless"] = [
            _unit_item("serverless", table, core_seconds / cores * gb, f"serverless, {serving.serverless_mb} MB"),
            _unit_item("serverless data", table, DRAWINGS * assumed.mb_per_drawing / MB_PER_GB, "drawings sent"),
        ]
    elif serving:
        machine = table.instance(serving.instance_type)
        hours = core_seconds / machine.vcpus / SECONDS_PER_HOUR
        ways["real time"] = [_item(serving.instance_type, hours, "hour", machine, "at full use")]
    batch = batch_instance(resources)
    if batch:
        machine = table.instance(batch)
        start = assumed.start_minutes / MINUTES_PER_HOUR
        hours = core_seconds / machine.vcpus / SECONDS_PER_HOUR + start
        ways["batch"] = [_item(batch, hours, "hour", machine, f"{assumed.start_minutes:g} minutes of it to start")]
    for items in ways.values():
        items.append(_unit_item("s3 put", table, 2.0 * DRAWINGS, "drawings and answers kept"))
        items.append(_unit_item("s3 get", table, float(DRAWINGS), "drawings fetched"))
    return ways


def serving_of(resources: Sequence[Resource]) -> Serving | None:
    """What the release workflow makes of the endpoint, out of the settings that its functions are given."""
    for resource in resources:
        if resource.type != "AWS::Lambda::Function":
            continue
        text = resource.properties.get("Environment", {}).get("Variables", {}).get(ENDPOINT_VARIABLE)
        if text is not None:
            settings = json.loads(text_of(text))
            serverless = settings.get("serverless") or {}
            return Serving(settings["instance_type"], settings["instances"], serverless.get("memory_mb"))
    return None


def batch_instance(resources: Sequence[Resource]) -> str | None:
    """The machine of batch transform, out of what the operator's command is told."""
    for resource in resources:
        if resource.type == "AWS::SSM::Parameter" and str(resource.properties.get("Name", "")).endswith("/batch"):
            return str(json.loads(text_of(resource.properties["Value"]))["instance_type"])
    return None


def step_instances(resources: Sequence[Resource]) -> dict[str, str]:
    """The machine of each job of the pipeline, by the name of its step."""
    return {step["Name"]: _machine(step)["InstanceType"] for step in _pipeline_steps(resources)}


def _one(name: str) -> Callable[[Resource], tuple[str, int]]:
    return lambda _: (name, 1)


def _alarm(resource: Resource) -> tuple[str, int]:
    metrics = [metric for metric in resource.properties.get("Metrics", []) if "MetricStat" in metric]
    return "alarm", len(metrics) or 1


def _vpc_endpoint(resource: Resource) -> tuple[str, int]:
    zones = len(resource.properties.get("SubnetIds", []))
    return "vpc endpoint", zones if resource.properties.get("VpcEndpointType") == "Interface" else 0


_COUNTED: dict[str, Callable[[Resource], tuple[str, int]]] = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _one("composite alarm"),
    "AWS::CloudWatch::Dashboard": _one("dashboard"),
    "AWS::EC2::VPCEndpoint": _vpc_endpoint,
    "AWS::KMS::Key": _one("kms key"),
    "AWS::SecretsManager::Secret": _one("secret"),
}
_TITLES = {
    "alarm": "alarms",
    "composite alarm": "composite alarms",
    "dashboard": "dashboard",
    "kms key": "KMS keys",
    "secret": "secrets",
    "vpc endpoint": "interface endpoints of the private network",
}
# Counted by what they do, not by being there.
_ELSEWHERE = {
    "AWS::Events::Rule",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::OpenSearchService::Domain",
    "AWS::S3::Bucket",
    "AWS::SageMaker::EndpointConfig",
    "AWS::Scheduler::Schedule",
}


def _endpoint(resources: Sequence[Resource], table: PriceTable) -> Iterator[Item]:
    serving = serving_of(resources)
    if serving is None:
        return
    if serving.serverless_mb:
        yield Item(
            what="serverless endpoint", quantity=0, unit="GB-second", usd=0, certain=True, note="pays by the request"
        )
        return
    hours = serving.instances * table.hours_per_month
    title = f"endpoint, {serving.instances} × {serving.instance_type}"
    yield _item(title, hours, "hour", table.instance(serving.instance_type), "day and night")


def _asynchronous(resources: Sequence[Resource]) -> Iterator[Item]:
    for resource in resources:
        text = resource.properties.get("Environment", {}).get("Variables", {}).get(FOLLOWER_VARIABLE)
        if resource.type == "AWS::Lambda::Function" and text is not None:
            title = f"asynchronous endpoint, {json.loads(text_of(text))['instance_type']}"
            yield Item(what=title, quantity=0, unit="hour", usd=0, certain=True, note="scales to nothing")


def _search(resources: Sequence[Resource], table: PriceTable) -> Iterator[Item]:
    """Similar drawings: the domain's machines and disks, and what embeds."""
    for resource in resources:
        if resource.type == "AWS::OpenSearchService::Domain":
            cluster = resource.properties["ClusterConfig"]
            nodes = [(cluster["InstanceType"], cluster["InstanceCount"])]
            if cluster["DedicatedMasterEnabled"]:
                nodes.append((cluster["DedicatedMasterType"], cluster["DedicatedMasterCount"]))
            for machine, count in nodes:
                title = f"search domain, {count} × {machine}"
                yield _item(title, count * table.hours_per_month, "hour", table.instance(machine), "day and night")
            disks = cluster["InstanceCount"] * resource.properties["EBSOptions"]["VolumeSize"]
            yield _unit_item("search storage", table, disks, "disks of the search domain")
        elif resource.type == "AWS::SageMaker::EndpointConfig":
            yield from _embedders(resource, table)


def _embedders(resource: Resource, table: PriceTable) -> Iterator[Item]:
    for variant in resource.properties["ProductionVariants"]:
        if "ServerlessConfig" in variant:
            note = "pays by the request"
            yield Item(what="serverless embedder", quantity=0, unit="GB-second", usd=0, certain=True, note=note)
            continue
        machine, count = variant["InstanceType"], variant["InitialInstanceCount"]
        title = f"embedder, {count} × {machine}"
        yield _item(title, count * table.hours_per_month, "hour", table.instance(machine), "day and night")


def _schedules(resources: Sequence[Resource], table: PriceTable) -> Iterator[Item]:
    calls = 0.0
    for resource in resources:
        times = _times_a_month(resource, table)
        machine = _scheduled_machine(resource)
        if machine is None:
            calls += times
        elif times:
            minutes = table.assumed.scheduled_job_minutes + table.assumed.start_minutes
            hours = times * minutes / MINUTES_PER_HOUR
            note = f"{times:.0f} times, {minutes:g} minutes each, assumed"
            yield _item(f"scheduled job, {machine}", hours, "hour", table.instance(machine), note)
    if calls:
        gb_seconds = calls * table.assumed.schedule_seconds * _function_gb(resources)
        yield _unit_item("lambda", table, gb_seconds, "functions that a schedule calls")
        yield _unit_item("s3 put", table, calls, "what they list in S3")


def _scheduled_machine(resource: Resource) -> str | None:
    """The machine of a processing job that the scheduler starts by itself; None where it calls a function."""
    target = resource.properties.get("Target", {})
    if resource.type != "AWS::Scheduler::Schedule" or "createProcessingJob" not in str(target.get("Arn")):
        return None
    job = json.loads(text_of(target["Input"]))
    return str(job["ProcessingResources"]["ClusterConfig"]["InstanceType"])


def _times_a_month(resource: Resource, table: PriceTable) -> float:
    if resource.type not in ("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        return 0.0
    found = RATE.fullmatch(str(resource.properties.get("ScheduleExpression", "")))
    if found is None:
        return 0.0
    return table.hours_per_month * MINUTES_PER_HOUR / (int(found[1]) * MINUTES[found[2]])


def _function_gb(resources: Sequence[Resource]) -> float:
    sizes = [item.properties.get("MemorySize", 128) for item in resources if item.type == "AWS::Lambda::Function"]
    return max(sizes, default=128) / MB_PER_GB


def _stored(table: PriceTable) -> Iterator[Item]:
    yield _unit_item("s3 storage", table, table.assumed.stored_gb, "drawings, datasets, packages")
    yield _unit_item("ecr storage", table, table.assumed.image_gb, "images")
    yield _unit_item("custom metric", table, float(table.assumed.custom_metrics), "metrics of our own")


def _pipeline_steps(resources: Sequence[Resource]) -> list[dict[str, Any]]:
    for resource in resources:
        name = str(resource.properties.get("PipelineName", ""))
        if resource.type == "AWS::SageMaker::Pipeline" and name.endswith(READER_PIPELINE):
            definition = json.loads(text_of(resource.properties["PipelineDefinition"]["PipelineDefinitionBody"]))
            return [step for step in definition["Steps"] if step["Type"] in ("Processing", "Training")]
    return []


def _machine(step: Mapping[str, Any]) -> dict[str, Any]:
    arguments = step["Arguments"]
    machine = arguments.get("ResourceConfig") or arguments["ProcessingResources"]["ClusterConfig"]
    return dict(machine)


def _jobs(steps: Sequence[Mapping[str, Any]], table: PriceTable, minutes: Mapping[str, float]) -> Iterator[Item]:
    for step in steps:
        name, machine = step["Name"], _machine(step)
        price = table.instance(machine["InstanceType"])
        if name in minutes:
            taken, note = minutes[name], "as it ran"
        else:
            taken = getattr(table.assumed, JOB_STEPS[name]) + table.assumed.start_minutes
            note = "assumed"
        hours = taken / MINUTES_PER_HOUR
        spot = step["Arguments"].get("EnableManagedSpotTraining", False)
        share = table.units["spot share"]
        yield Item(
            what=f"{name}, {machine['InstanceType']}{', spot' if spot else ''}",
            quantity=hours,
            unit="hour",
            usd=hours * price.usd * (share.usd if spot else 1.0),
            certain=price.certain and (share.certain or not spot),
            note=f"{taken:.0f} minutes, {note}",
        )
        gb_months = machine["VolumeSizeInGB"] * hours / table.hours_per_month
        yield _unit_item("ml storage", table, gb_months, f"{name}, disk of {machine['VolumeSizeInGB']} GB")


def _unit_item(name: str, table: PriceTable, quantity: float, what: str) -> Item:
    price = table.units[name]
    if name == "vpc endpoint":
        return _item(what, quantity * table.hours_per_month, price.unit, price, f"{quantity:.0f} endpoints and zones")
    return _item(what, quantity, price.unit, price)


def _item(what: str, quantity: float, unit: str, price: Price, note: str = "") -> Item:
    return Item(what=what, quantity=quantity, unit=unit, usd=quantity * price.usd, certain=price.certain, note=note)
