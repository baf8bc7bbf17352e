"""How many machines read asynchronously: by the backlog, and none when there is none.

Target tracking on the backlog per machine cannot leave zero: without a machine that metric has no value. So an alarm on
"there is a backlog and no machine" brings the first one.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
"""

from typing import Any

from follow_release.settings import Follower

VARIANT = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
METRICS = "AWS/SageMaker"
MINUTE = 60
WAKE_MINUTES = 2  # of backlog without a machine


def scale(autoscaling: Any, cloudwatch: Any, settings: Follower) -> None:
    """Registers the variant, its two policies and the alarm between them; the same again changes nothing."""
    resource = f"endpoint/{settings.endpoint_name}/variant/{settings.variant_name}"
    dimensions = [{"Name": "EndpointName", "Value": settings.endpoint_name}]
    autoscaling.register_scalable_target(
        ResourceId=resource, MinCapacity=0, MaxCapacity=settings.max_instances, **VARIANT
    )
    autoscaling.put_scaling_policy(
        PolicyName=f"{settings.endpoint_name}-backlog",
        ResourceId=resource,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": float(settings.backlog_per_instance),
            "CustomizedMetricSpecification": {
                "MetricName": "ApproximateBacklogSizePerInstance",
                "Namespace": METRICS,
                "Dimensions": dimensions,
                "Statistic": "Average",
            },
            "ScaleInCooldown": settings.scale_in_cooldown_seconds,
            "ScaleOutCooldown": settings.scale_out_cooldown_seconds,
        },
        **VARIANT,
    )
    wake = autoscaling.put_scaling_policy(
        PolicyName=f"{settings.endpoint_name}-wake",
        ResourceId=resource,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "MetricAggregationType": "Average",
            "Cooldown": settings.scale_out_cooldown_seconds,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        },
        **VARIANT,
    )
    cloudwatch.put_metric_alarm(
        AlarmName=settings.wake_alarm,
        AlarmDescription=f"{settings.endpoint_name} has requests and no machine: one is started",
        Namespace=METRICS,
        MetricName="HasBacklogWithoutCapacity",
        Dimensions=dimensions,
        Statistic="Average",
        Period=MINUTE,
        EvaluationPeriods=WAKE_MINUTES,
        DatapointsToAlarm=WAKE_MINUTES,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="missing",
        AlarmActions=[wake["PolicyARN"]],
    )
