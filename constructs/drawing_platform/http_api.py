"""What the HTTP APIs have in common: routes to one function, a stage with limits, an access log in our own key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_logs as logs

from constructs import Construct
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction

TIMEOUT = cdk.Duration.seconds(29)  # of a function behind an API, which itself waits for 30


def add_routes(
    api: apigateway.HttpApi,
    routes: Iterable[tuple[str, str]],
    function: PlatformFunction,
    authorizer: apigateway.IHttpRouteAuthorizer,
    scopes: Sequence[str] | None = None,
) -> None:
    """Every (method, path) leads to the function, behind the authorizer."""
    integration = integrations.HttpLambdaIntegration("Integration", function.function)
    for method, path in routes:
        api.add_routes(
            path=path,
            methods=[apigateway.HttpMethod[method]],
            integration=integration,
            authorizer=authorizer,
            authorization_scopes=scopes and list(scopes),
        )


def add_stage(
    scope: Construct,
    api: apigateway.HttpApi,
    *,
    common: FunctionEnvironment,
    requests_per_second: int,
    burst: int,
    caller: dict[str, str],
) -> None:
    """The only stage, with its log.

    Args:
        scope: of the log group, `AccessLog`.
        api: whose stage it is.
        common: key and retention of logs.
        requests_per_second, burst: of all callers together.
        caller: who asks, as API Gateway knows it: the field's name and its variable.
    """
    log_group = logs.LogGroup(
        scope,
        "AccessLog",
        retention=common.log_retention,
        encryption_key=common.key,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    stage = api.add_stage(
        "Stage",
        stage_name="$default",
        auto_deploy=True,
        throttle=apigateway.ThrottleSettings(rate_limit=requests_per_second, burst_limit=burst),
    )
    resource = stage.node.default_child
    assert isinstance(resource, apigateway.CfnStage)
    resource.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
        destination_arn=log_group.log_group_arn, format=json.dumps(_access_log(caller))
    )


def _access_log(caller: dict[str, str]) -> dict[str, str]:
    """What finds a request again, without what people wrote or looked for."""
    return {
        "requestId": "$context.requestId",
        "time": "$context.requestTime",
        "route": "$context.routeKey",
        "status": "$context.status",
        **caller,
        "ip": "$context.identity.sourceIp",
        "milliseconds": "$context.responseLatency",
        "bytes": "$context.responseLength",
        "error": "$context.authorizer.error",
    }
