"""Models and endpoint configurations: documents that endpoints are made from."""

from __future__ import annotations

from emulator.api import Caller, Document, operation
from emulator.sagemaker import registry
from emulator.sagemaker.store import Table, drop_tags, invalid, now, only, page, set_tags

MODELS: Table[Document] = Table("model")
CONFIGS: Table[Document] = Table("endpoint-config")


@operation("sagemaker", "CreateModel")
def create_model(request: Document, caller: Caller) -> Document:
    name = request["ModelName"]
    arn = MODELS.arn(caller, name)
    if not request.get("PrimaryContainer") and not request.get("Containers"):
        raise invalid("One of PrimaryContainer or Containers is required.")
    for container in [*request.get("Containers", []), *filter(None, [request.get("PrimaryContainer")])]:
        if "ModelPackageName" in container:
            registry.package(caller, container["ModelPackageName"])
        elif "Image" not in container:
            raise invalid("A container needs an Image or a ModelPackageName.")
    members = ("PrimaryContainer", "Containers", "InferenceExecutionConfig", "ExecutionRoleArn", "VpcConfig")
    document = {
        "ModelName": name,
        "ModelArn": arn,
        "CreationTime": now(),
        "EnableNetworkIsolation": request.get("EnableNetworkIsolation", False),
        **only(request, members),
    }
    MODELS.add(caller, name, document)
    set_tags(arn, request.get("Tags"))
    return {"ModelArn": arn}


@operation("sagemaker", "DescribeModel")
def describe_model(request: Document, caller: Caller) -> Document:
    return MODELS.get(caller, request["ModelName"])


@operation("sagemaker", "ListModels")
def list_models(request: Document, caller: Caller) -> Document:
    members = ("ModelName", "ModelArn", "CreationTime")
    return page(request, MODELS.all(caller), "Models", name="ModelName", summary=lambda item: only(item, members))


@operation("sagemaker", "DeleteModel")
def delete_model(request: Document, caller: Caller) -> None:
    drop_tags(MODELS.get(caller, request["ModelName"])["ModelArn"])
    MODELS.remove(caller, request["ModelName"])


def container(caller: Caller, model_name: str) -> Document:
    """Image, ModelDataUrl and Environment of a model's first container; a model package is looked up.

    Raises `ServiceError` when the model or its package is gone.
    """
    model = MODELS.get(caller, model_name)
    first: Document = model.get("PrimaryContainer") or model["Containers"][0]
    if "ModelPackageName" not in first:
        return first
    package = registry.package(caller, first["ModelPackageName"])
    packaged: Document = package["InferenceSpecification"]["Containers"][0]
    return {**packaged, "Environment": {**packaged.get("Environment", {}), **first.get("Environment", {})}}


@operation("sagemaker", "CreateEndpointConfig")
def create_endpoint_config(request: Document, caller: Caller) -> Document:
    name = request["EndpointConfigName"]
    arn = CONFIGS.arn(caller, name)
    variants = request["ProductionVariants"]
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) < len(names):
        raise invalid(f"Production variant names must be unique, got {', '.join(names)}.")
    for variant in variants:
        MODELS.get(caller, variant["ModelName"])
        variant.setdefault("InitialVariantWeight", 1.0)
    document = {
        "EndpointConfigName": name,
        "EndpointConfigArn": arn,
        "CreationTime": now(),
        **{key: value for key, value in request.items() if key not in ("EndpointConfigName", "Tags")},
    }
    CONFIGS.add(caller, name, document)
    set_tags(arn, request.get("Tags"))
    return {"EndpointConfigArn": arn}


@operation("sagemaker", "DescribeEndpointConfig")
def describe_endpoint_config(request: Document, caller: Caller) -> Document:
    return CONFIGS.get(caller, request["EndpointConfigName"])


@operation("sagemaker", "ListEndpointConfigs")
def list_endpoint_configs(request: Document, caller: Caller) -> Document:
    members = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
    return page(
        request,
        CONFIGS.all(caller),
        "EndpointConfigs",
        name="EndpointConfigName",
        summary=lambda item: only(item, members),
    )


@operation("sagemaker", "DeleteEndpointConfig")
def delete_endpoint_config(request: Document, caller: Caller) -> None:
    drop_tags(CONFIGS.get(caller, request["EndpointConfigName"])["EndpointConfigArn"])
    CONFIGS.remove(caller, request["EndpointConfigName"])
