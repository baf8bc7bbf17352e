"""The CloudWatch metrics that SageMaker publishes about our endpoint and pipeline.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html (the spelling of names is AWS's own).
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

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


def training_metric(name: str) -> cloudwatch.MathExpression:
    """One of the metrics that training jobs report, of all jobs: each has a name of its own, so they are searched."""
    search = f"SEARCH('{{/aws/sagemaker/TrainingJobs,TrainingJobName}} MetricName=\"{name}\"', 'Average')"
    return cloudwatch.MathExpression(expression=search, label="", using_metrics={}, period=MINUTE)
