"""The CloudWatch metrics about our endpoint and pipeline: those that SageMaker publishes, and those of our drift job.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html (the spelling of names is AWS's own).
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from drawing_platform.platform_function import METRICS_NAMESPACE

# The endpoint has one variant whose name never changes: autoscaling and alarms are tied to it.
VARIANT_NAME = "reader"

MINUTE = cdk.Duration.minutes(1)
FIVE_MINUTES = cdk.Duration.minutes(5)

MICROSECONDS_PER_MILLISECOND = 1000  # ModelLatency is published in microseconds


def endpoint_metric(endpoint_name: str, name: str, statistic: str) -> cloudwatch.Metric:
    """Requests and answers of the endpoint's variant, by the minute."""
    return _variant_metric("AWS/SageMaker", endpoint_name, name, statistic)


def instance_metric(endpoint_name: str, name: str) -> cloudwatch.Metric:
    """Use of the endpoint's machines in percent, averaged by the minute."""
    return _variant_metric("/aws/sagemaker/Endpoints", endpoint_name, name, cloudwatch.Stats.AVERAGE)


def _variant_metric(namespace: str, endpoint_name: str, name: str, statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map={"EndpointName": endpoint_name, "VariantName": VARIANT_NAME},
        statistic=statistic,
        period=MINUTE,
    )


def pipeline_metric(pipeline_name: str, name: str) -> cloudwatch.Metric:
    """How many executions of the pipeline started, succeeded or failed in five minutes."""
    return cloudwatch.Metric(
        namespace="AWS/Sagemaker/ModelBuildingPipeline",
        metric_name=name,
        dimensions_map={"PipelineName": pipeline_name},
        statistic=cloudwatch.Stats.SUM,
        period=FIVE_MINUTES,
    )


def step_metric(pipeline_name: str, step: str, name: str) -> cloudwatch.Metric:
    """How many times a step of the pipeline started, succeeded or failed in five minutes."""
    return cloudwatch.Metric(
        namespace="AWS/Sagemaker/ModelBuildingPipeline",
        metric_name=name,
        dimensions_map={"PipelineName": pipeline_name, "StepName": step},
        statistic=cloudwatch.Stats.SUM,
        period=FIVE_MINUTES,
    )


def drift_metric(endpoint_name: str, period: cdk.Duration) -> cloudwatch.Metric:
    """The largest population stability index of the features that have shifted, 0 when none has."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name="Drift",
        dimensions_map={"Endpoint": endpoint_name},
        statistic=cloudwatch.Stats.MAXIMUM,
        period=period,
    )


def stability_metric(endpoint_name: str) -> cloudwatch.MathExpression:
    """The population stability index of every watched feature, searched: the drift job names them."""
    search = (
        f"SEARCH('{{{METRICS_NAMESPACE},Endpoint,Feature}} "
        f'MetricName="PopulationStability" Endpoint="{endpoint_name}"\', \'Maximum\')'
    )
    return cloudwatch.MathExpression(expression=search, label="", using_metrics={}, period=FIVE_MINUTES)


def estimated_charges() -> cloudwatch.Metric:
    """What the account's month has cost so far in US dollars; AWS publishes it in one region, every few hours."""
    return cloudwatch.Metric(
        namespace="AWS/Billing",
        metric_name="EstimatedCharges",
        dimensions_map={"Currency": "USD"},
        statistic=cloudwatch.Stats.MAXIMUM,
        period=cdk.Duration.hours(6),
        region="us-east-1",
    )


def training_metric(name: str) -> cloudwatch.MathExpression:
    """One of the metrics that training jobs report, of all jobs: each has a name of its own, so they are searched."""
    search = f"SEARCH('{{/aws/sagemaker/TrainingJobs,TrainingJobName}} MetricName=\"{name}\"', 'Average')"
    return cloudwatch.MathExpression(expression=search, label="", using_metrics={}, period=MINUTE)
