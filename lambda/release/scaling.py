"""How many machines serve: the variant under Application Auto Scaling."""

from typing import Any

from release.settings import EndpointSettings

VARIANT = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}


def scale(autoscaling: Any, endpoint: EndpointSettings) -> None:
    """Registers the variant and its policy; the same again changes nothing, and an endpoint update keeps both.

    Args:
        autoscaling: client of Application Auto Scaling.
        endpoint: what is wanted; without `autoscaling` nothing is registered.
    """
    wanted = endpoint.autoscaling
    if wanted is None:
        return
    resource = f"endpoint/{endpoint.endpoint_name}/variant/{endpoint.variant_name}"
    autoscaling.register_scalable_target(
        ResourceId=resource, MinCapacity=wanted.min_instances, MaxCapacity=wanted.max_instances, **VARIANT
    )
    autoscaling.put_scaling_policy(
        PolicyName=f"{endpoint.endpoint_name}-invocations",
        ResourceId=resource,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": float(wanted.invocations_per_instance),
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            "ScaleInCooldown": wanted.scale_in_cooldown_seconds,
            "ScaleOutCooldown": wanted.scale_out_cooldown_seconds,
        },
        **VARIANT,
    )
