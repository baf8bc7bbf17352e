"""The HTTP API that the page talks to: a verified token on every route, CORS for the page only."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_s3 as s3

from constructs import Construct
from drawing_platform import http_api
from drawing_platform.labelling_store import DRAFTS_PREFIX, LabellingStore
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps
from drawing_platform.settings import LabellingSettings

# docs/architecture.md, labelling; lambda/labelling_api/handler.py.
ROUTES = (
    ("GET", "/me"),
    ("GET", "/jobs"),
    ("POST", "/jobs"),
    ("GET", "/jobs/{job}"),
    ("POST", "/jobs/{job}/export"),
    ("POST", "/tasks/lease"),
    ("GET", "/tasks/{job}/{task}"),
    ("POST", "/tasks/{job}/{task}/renew"),
    ("PUT", "/tasks/{job}/{task}/draft"),
    ("POST", "/tasks/{job}/{task}/answer"),
    ("POST", "/tasks/{job}/{task}/return"),
    ("POST", "/tasks/{job}/{task}/read"),
)
# Tokens for the page carry it; an ID token, which is no permission, has no scopes.
SCOPE = "openid"
# A person at work sends a request a second; this is for a hundred of them, and bounds what a broken page costs.
REQUESTS_PER_SECOND = 100
BURST = 200
PREFLIGHT_CACHE = cdk.Duration.hours(1)


@dataclass(frozen=True, kw_only=True)
class LabellingApiProps:
    """What the API stands on.

    Attributes:
        common: what all functions share.
        labelling: leases, shares, minutes.
        store: bucket and table.
        data_bucket: where drawings come from.
        endpoint_name: what reads one box again.
        workflow_arn: of the state machine that prepares jobs.
        consolidate, export: functions that it starts.
        pool, client: whose tokens are good.
        page_origin: from where browsers may ask.
    """

    common: FunctionEnvironment
    labelling: LabellingSettings
    store: LabellingStore
    data_bucket: s3.IBucket
    endpoint_name: str
    workflow_arn: str
    consolidate: PlatformFunction
    export: PlatformFunction
    pool: cognito.UserPool
    client: cognito.UserPoolClient
    page_origin: str


class LabellingApi(Construct):
    """Function, API, authorizer, routes, stage with limits and an access log."""

    function: PlatformFunction
    api: apigateway.HttpApi

    def __init__(self, scope: Construct, construct_id: str, *, props: LabellingApiProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_function()
        self._define_api()
        self._define_stage()
        self._define_routes()

    @property
    def address(self) -> str:
        """`https://<id>.execute-api.<region>.amazonaws.com`."""
        return self.api.api_endpoint

    def _define_function(self) -> None:
        props, store, labelling = self._props, self._props.store, self._props.labelling
        stack = cdk.Stack.of(self)
        endpoint = stack.format_arn(service="sagemaker", resource="endpoint", resource_name=props.endpoint_name)
        self.function = PlatformFunction(
            self,
            "Function",
            props=PlatformFunctionProps(
                common=props.common,
                handler="labelling_api.handler.handle",
                description="Answers the page on which people label",
                memory_mb=1024,  # processor time comes with memory, and somebody waits
                timeout=http_api.TIMEOUT,
                variables={
                    **store.variables,
                    "DATA_BUCKET": props.data_bucket.bucket_name,
                    "ENDPOINT_NAME": props.endpoint_name,
                    "WORKFLOW": props.workflow_arn,
                    "CONSOLIDATE_FUNCTION": props.consolidate.function.function_name,
                    "EXPORT_FUNCTION": props.export.function.function_name,
                    "LEASE_SECONDS": str(labelling.lease_minutes * 60),
                    "URL_SECONDS": str(labelling.url_minutes * 60),
                    "GOLD_SHARE": str(labelling.gold_share),
                    "ANNOTATORS": str(labelling.annotators),
                },
                statements=[
                    # Whoever gets a signed address may do with it what this role may: read a pyramid.
                    store.read("job.json", "tasks/*", "reviews/*", "pyramids/*", f"{DRAFTS_PREFIX}*"),
                    store.write("job.json", "answers/*", "reviewed/*", f"{DRAFTS_PREFIX}*"),
                    store.list_objects(),
                    store.use_key(),
                    *store.use_table("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
                    Statement(actions=["sagemaker:InvokeEndpoint"], resources=[endpoint]),
                    Statement(actions=["states:StartExecution"], resources=[props.workflow_arn]),
                    Statement(
                        actions=["lambda:InvokeFunction"],
                        resources=[item.function.function_arn for item in (props.consolidate, props.export)],
                    ),
                ],
            ),
        )

    def _define_api(self) -> None:
        self.api = apigateway.HttpApi(
            self,
            "Api",
            description="Labelling",
            create_default_stage=False,
            cors_preflight=apigateway.CorsPreflightOptions(
                allow_origins=[self._props.page_origin],
                allow_methods=[
                    apigateway.CorsHttpMethod.GET,
                    apigateway.CorsHttpMethod.POST,
                    apigateway.CorsHttpMethod.PUT,
                ],
                allow_headers=["authorization", "content-type"],
                max_age=PREFLIGHT_CACHE,
            ),
        )

    def _define_stage(self) -> None:
        http_api.add_stage(
            self,
            self.api,
            common=self._props.common,
            requests_per_second=REQUESTS_PER_SECOND,
            burst=BURST,
            caller={"person": "$context.authorizer.claims.sub"},
        )

    def _define_routes(self) -> None:
        authorizer = authorizers.HttpJwtAuthorizer(
            "Pool",
            self._props.pool.user_pool_provider_url,
            jwt_audience=[self._props.client.user_pool_client_id],
        )
        http_api.add_routes(self.api, ROUTES, self.function, authorizer, [SCOPE])
