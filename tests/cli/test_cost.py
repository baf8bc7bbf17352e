"""`drawingops cost`: computed from real templates and a table whose every price has a month and a source."""

import json
import re
import tomllib
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import cost_items
from cli.cost import Cost, cost_of
from cli.cost_items import Item, UnpricedError
from cli.environment import ROOT
from cli.main import app
from cli.prices import price_table
from cli.synthesis import Resource, resources_in, text_of
from drawing_ocr.search.sizing import INSTANCE_MEMORY_GIB
from drawing_platform.settings import load_settings

TABLE = price_table()
ENVIRONMENTS = ("dev", "staging", "prod", "local")
# What a month of dev may cost while nobody uses it.
DEV_LIMIT_USD = 60


def resources(env: str) -> list[Resource]:
    """Of the templates as they are synthesised (tests/stacks/test_snapshots.py holds these files to it)."""
    return list(resources_in(sorted((ROOT / "tests" / "snapshots").glob(f"{env}-*.json"))))


@pytest.fixture(scope="module")
def dev() -> list[Resource]:
    return resources("dev")


@pytest.fixture(scope="module")
def prod() -> list[Resource]:
    return resources("prod")


def bill(env: str, resources: list[Resource]) -> Cost:
    return cost_of(env, resources, TABLE, {})


def usd(items: list[Item], part: str) -> float:
    return sum(item.usd for item in items if part in item.what)


def resource(kind: str, **properties: Any) -> Resource:
    return Resource("stack", "name", kind, properties)


def endpoint(**settings: Any) -> Resource:
    document = json.dumps({"instance_type": "ml.m5.large", "instances": 1, **settings})
    return resource("AWS::Lambda::Function", Environment={"Variables": {"ENDPOINT": document}}, MemorySize=256)


def test_a_silent_month_of_dev_costs_at_most_sixty_dollars(dev: list[Resource]) -> None:
    assert 0 < bill("dev", dev).idle_usd <= DEV_LIMIT_USD


def test_production_pays_for_two_machines_and_the_private_network(prod: list[Resource]) -> None:
    idle, settings = bill("prod", prod).idle, load_settings("prod")
    hours = settings.release.instances * TABLE.hours_per_month
    machine = TABLE.instance(settings.instances.serve).usd
    assert usd(idle, "endpoint, 2 ×") == pytest.approx(hours * machine)
    endpoints = sum(
        len(item.properties["SubnetIds"])
        for item in prod
        if item.type == "AWS::EC2::VPCEndpoint" and item.properties["VpcEndpointType"] == "Interface"
    )
    assert endpoints >= 2
    assert usd(idle, "interface endpoints") == pytest.approx(
        endpoints * TABLE.hours_per_month * TABLE.units["vpc endpoint"].usd
    )


def test_a_training_run_is_its_jobs_on_the_machines_of_the_settings(prod: list[Resource]) -> None:
    run, instances = bill("prod", prod).training_run, load_settings("prod").instances
    machines = [item.what for item in run if "disk" not in item.what]
    assert machines == [
        f"Prepare, {instances.prepare}",
        f"Train, {instances.train}, spot",
        f"Evaluate, {instances.evaluate}",
    ]


def test_the_minutes_of_a_real_run_replace_the_assumed_ones(prod: list[Resource]) -> None:
    train = load_settings("prod").instances.train
    items = cost_items.training_run(prod, TABLE, {"Train": 90.0})
    (item,) = [item for item in items if item.what.startswith(f"Train, {train}")]
    share = TABLE.units["spot share"].usd
    assert item.usd == pytest.approx(1.5 * TABLE.instance(train).usd * share)
    assert item.note == "90 minutes, as it ran"


def test_a_thousand_drawings_have_a_price_for_each_way(dev: list[Resource], prod: list[Resource]) -> None:
    assert set(bill("dev", dev).thousand_drawings) == {"serverless", "batch"}
    assert set(bill("prod", prod).thousand_drawings) == {"real time", "batch"}


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_resource_of_every_environment_has_a_price_or_a_reason_to_have_none(env: str) -> None:
    found = bill(env, resources(env))
    assert found.idle_usd == pytest.approx(sum(item.usd for item in found.idle))
    assert all(TABLE.free.values()), "each says why"


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_machine_that_the_settings_name_has_a_price(env: str) -> None:
    text = (ROOT / "config" / f"{env}.toml").read_text("utf-8")
    machines = {each for each in strings(tomllib.loads(text)) if re.search(r"^ml\.|\.search$", each)}
    assert machines
    assert machines | set(INSTANCE_MEMORY_GIB) <= set(TABLE.instances)


def strings(value: Any) -> list[str]:
    """Every string in a document."""
    if isinstance(value, dict):
        return [each for item in value.values() for each in strings(item)]
    if isinstance(value, list):
        return [each for item in value for each in strings(item)]
    return [value] if isinstance(value, str) else []


def test_a_derived_price_is_what_its_derivation_gives() -> None:
    derived = 0
    for name, price in TABLE.instances.items():
        if factors := re.search(r"([\d.]+) × ([\d.]+)", price.source):
            derived += 1
            assert price.usd == pytest.approx(float(factors[1]) * float(factors[2]), rel=1e-3), name
            assert not price.certain, f"{name} was derived, not read"
    assert derived >= 5


def test_machines_of_one_family_cost_by_their_cores() -> None:
    families: dict[str, set[float]] = {}
    for name, price in TABLE.instances.items():
        family = re.sub(r"\.\w*(large|medium|small)", "", name)
        if family not in ("ml.t3", "t3.search"):  # whose sizes differ in memory, not in cores
            families.setdefault(family, set()).add(round(price.usd / price.vcpus, 4))
    assert {family for family, each in families.items() if len(each) > 1} == set()
    assert len(families) >= 6


def test_the_run_that_is_priced_is_the_readers_whatever_stands_first(prod: list[Resource]) -> None:
    turned = bill("prod", prod[::-1]).training_run
    assert turned == bill("prod", prod).training_run
    assert len(turned) == 6


def test_a_resource_that_nobody_priced_is_an_error_not_a_zero() -> None:
    with pytest.raises(UnpricedError, match=r"no price for AWS::RDS::DBInstance: add it to cli/prices.toml"):
        cost_items.idle([resource("AWS::RDS::DBInstance")], TABLE)


def test_a_machine_without_a_price_is_named() -> None:
    with pytest.raises(Exception, match=r"ml\.p5\.48xlarge: no price"):
        cost_items.idle([endpoint(instance_type="ml.p5.48xlarge")], TABLE)


def test_an_alarm_costs_by_the_metrics_that_it_computes_with() -> None:
    computed = [{"Expression": "a + b"}, {"MetricStat": {}}, {"MetricStat": {}}]
    alarms = [resource("AWS::CloudWatch::Alarm", Metrics=computed), resource("AWS::CloudWatch::Alarm")]
    assert usd(cost_items.idle(alarms, TABLE), "alarms") == pytest.approx(3 * TABLE.units["alarm"].usd)


def test_a_gateway_endpoint_is_free_and_an_interface_endpoint_pays_in_each_zone() -> None:
    def network(kind: str) -> Resource:
        return resource("AWS::EC2::VPCEndpoint", VpcEndpointType=kind, SubnetIds=["a", "b"])

    assert usd(cost_items.idle([network("Gateway")], TABLE), "interface") == 0
    paid = usd(cost_items.idle([network("Interface")], TABLE), "interface")
    assert paid == pytest.approx(2 * TABLE.hours_per_month * TABLE.units["vpc endpoint"].usd)


def test_an_endpoint_of_machines_pays_day_and_night_and_a_serverless_one_does_not() -> None:
    machines = cost_items.idle([endpoint(instances=3)], TABLE)
    assert usd(machines, "endpoint") == pytest.approx(3 * TABLE.hours_per_month * TABLE.instance("ml.m5.large").usd)
    serverless = cost_items.idle([endpoint(serverless={"memory_mb": 6144})], TABLE)
    assert usd(serverless, "endpoint") == 0


def test_a_schedule_pays_for_each_of_its_calls() -> None:
    rule = resource("AWS::Events::Rule", ScheduleExpression="rate(5 minutes)")
    calls = TABLE.hours_per_month * 12
    items = cost_items.idle([rule, endpoint(serverless={"memory_mb": 1024})], TABLE)
    assert usd(items, "list in S3") == pytest.approx(calls * TABLE.units["s3 put"].usd)


def test_a_job_that_the_scheduler_starts_pays_for_its_machine_each_time() -> None:
    job = {"ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.xlarge"}}}
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:createProcessingJob", "Input": json.dumps(job)}
    daily = resource("AWS::Scheduler::Schedule", ScheduleExpression="rate(24 hours)", Target=target)
    minutes = TABLE.assumed.scheduled_job_minutes + TABLE.assumed.start_minutes
    hours = TABLE.hours_per_month / 24 * minutes / 60
    paid = usd(cost_items.idle([daily], TABLE), "scheduled job, ml.m5.xlarge")
    assert paid == pytest.approx(hours * TABLE.instance("ml.m5.xlarge").usd)


def test_an_asynchronous_endpoint_that_nobody_uses_is_listed_and_free() -> None:
    follower = json.dumps({"instance_type": "ml.m5.xlarge"})
    function = resource("AWS::Lambda::Function", Environment={"Variables": {"FOLLOWER": follower}})
    (item,) = [item for item in cost_items.idle([function], TABLE) if "asynchronous" in item.what]
    assert (item.usd, item.note) == (0, "scales to nothing")


def test_every_step_is_advised_with_a_machine_and_a_reason(prod: list[Resource]) -> None:
    advice = {item.step: item for item in bill("prod", prod).advice}
    assert set(advice) == {"development", "prepare", "training", "evaluation", "serving", "batch"}
    instances = load_settings("prod").instances
    assert advice["training"].now == instances.train
    assert advice["serving"].now == instances.serve
    assert advice["batch"].now == instances.batch
    assert all(item.reason for item in advice.values())


def test_what_is_derived_or_assumed_is_marked(prod: list[Resource]) -> None:
    run = bill("prod", prod).training_run
    assert any(not item.certain for item in run)
    assert all(price.source for price in [*TABLE.instances.values(), *TABLE.units.values()])


def test_references_of_a_template_do_not_break_the_json_in_it() -> None:
    joined = {"Fn::Join": ["", ['{"a":"', {"Fn::GetAtt": ["Key", "Arn"]}, '","b":', "2}"]]}
    assert json.loads(text_of(joined)) == {"a": "x", "b": 2}


def test_the_command_answers_with_figures_that_add_up() -> None:
    result = CliRunner().invoke(app, ["cost", "--env", "dev", "--json"])
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert sum(item["usd"] for item in answer["idle"]) <= DEV_LIMIT_USD
    assert answer["region"] == load_settings("dev").region


def test_settings_that_are_wrong_are_told_in_their_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.environment.ENVIRONMENTS", ("moon",))
    monkeypatch.setattr("cli.command.ENVIRONMENTS", ("moon",))
    result = CliRunner().invoke(app, ["cost", "--env", "moon"])
    assert result.exit_code == 1
    assert "the templates of moon cannot be made: config/moon.toml: unknown environment 'moon'" in result.stderr
