"""A small CDK app with one of everything that the emulated account must be able to deploy."""

import os
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import (
    aws_apigatewayv2 as apigateway,
)
from aws_cdk import (
    aws_apigatewayv2_authorizers as authorizers,
)
from aws_cdk import (
    aws_apigatewayv2_integrations as integrations,
)
from aws_cdk import (
    aws_cloudfront as cloudfront,
)
from aws_cdk import (
    aws_cloudfront_origins as origins,
)
from aws_cdk import (
    aws_cloudwatch as cloudwatch,
)
from aws_cdk import (
    aws_cognito as cognito,
)
from aws_cdk import (
    aws_dynamodb as dynamodb,
)
from aws_cdk import (
    aws_ecr_assets as assets,
)
from aws_cdk import (
    aws_events as events,
)
from aws_cdk import (
    aws_events_targets as targets,
)
from aws_cdk import (
    aws_iam as iam,
)
from aws_cdk import (
    aws_kms as kms,
)
from aws_cdk import (
    aws_lambda as lambda_,
)
from aws_cdk import (
    aws_lambda_event_sources as sources,
)
from aws_cdk import (
    aws_logs as logs,
)
from aws_cdk import (
    aws_s3 as s3,
)
from aws_cdk import (
    aws_s3_deployment as deployment,
)
from aws_cdk import (
    aws_sagemaker as sagemaker,
)
from aws_cdk import (
    aws_sns as sns,
)
from aws_cdk import (
    aws_sns_subscriptions as subscriptions,
)
from aws_cdk import (
    aws_sqs as sqs,
)
from aws_cdk import (
    aws_ssm as ssm,
)
from aws_cdk import (
    aws_stepfunctions as sfn,
)
from aws_cdk import (
    aws_stepfunctions_tasks as tasks,
)

from constructs import Construct

HERE = Path(__file__).parent
SUFFIX = os.environ.get("TEST_SUFFIX", "")

HANDLER = """
import json, os, boto3
def handler(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    for record in event.get("Records", [event]):
        body = json.loads(record["body"]) if "body" in record else record
        key = body.get("detail", {}).get("object", {}).get("key", body.get("key", "none"))
        table.put_item(Item={"id": key, "by": context.function_name})
    return {"ok": True}
"""


class Data(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self, "Key", enable_key_rotation=True, removal_policy=cdk.RemovalPolicy.DESTROY, alias="alias/test"
        )
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            enforce_ssl=True,
            event_bridge_enabled=True,
            auto_delete_objects=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            lifecycle_rules=[s3.LifecycleRule(noncurrent_version_expiration=cdk.Duration.days(30))],
        )
        self.table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        ssm.StringParameter(self, "BucketName", parameter_name="/test/bucket", string_value=self.bucket.bucket_name)
        ssm.StringParameter(self, "TableName", parameter_name="/test/table", string_value=self.table.table_name)


class Work(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, *, data: Data) -> None:
        super().__init__(scope, construct_id)
        topic = sns.Topic(self, "Topic", master_key=data.key)
        dead = sqs.Queue(self, "Dead", enforce_ssl=True)
        queue = sqs.Queue(
            self,
            "Queue",
            visibility_timeout=cdk.Duration.seconds(60),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=3),
        )
        topic.add_subscription(subscriptions.SqsSubscription(dead))
        group = logs.LogGroup(self, "Logs", removal_policy=cdk.RemovalPolicy.DESTROY)
        function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_11,
            handler="index.handler",
            code=lambda_.Code.from_inline(HANDLER + SUFFIX),
            environment={"TABLE": data.table.table_name},
            log_group=group,
            timeout=cdk.Duration.seconds(10),
        )
        data.table.grant_write_data(function)
        function.add_event_source(sources.SqsEventSource(queue, report_batch_item_failures=True))
        function.current_version.add_alias("live")
        events.Rule(
            self,
            "Uploaded",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [data.bucket.bucket_name]}, "object": {"key": [{"prefix": "labels/"}]}},
            ),
            targets=[targets.SqsQueue(queue)],
        )
        events.Rule(
            self,
            "Nightly",
            schedule=events.Schedule.rate(cdk.Duration.days(1)),
            targets=[targets.LambdaFunction(function)],
        )
        machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_chainable(
                tasks.LambdaInvoke(self, "Call", lambda_function=function, payload_response_only=True)
            ),
        )
        image = assets.DockerImageAsset(self, "Image", directory=str(HERE / "image"))
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        image.repository.grant_pull(role)
        sagemaker.CfnModelPackageGroup(self, "Group", model_package_group_name="test-models")
        definition = {
            "Version": "2020-12-01",
            "Parameters": [{"Name": "Image", "Type": "String", "DefaultValue": image.image_uri}],
            "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "nothing to do"}}],
        }
        sagemaker.CfnPipeline(
            self,
            "Pipeline",
            pipeline_name="test-pipeline",
            role_arn=role.role_arn,
            pipeline_definition={"PipelineDefinitionBody": self.to_json_string(definition)},
        )
        cloudwatch.Alarm(
            self,
            "Alarm",
            metric=dead.metric_approximate_number_of_messages_visible(),
            threshold=1,
            evaluation_periods=1,
        )
        cdk.CfnOutput(self, "FunctionName", value=function.function_name)
        cdk.CfnOutput(self, "MachineArn", value=machine.state_machine_arn)
        cdk.CfnOutput(self, "ImageUri", value=image.image_uri)
        cdk.CfnOutput(self, "QueueUrl", value=queue.queue_url)


class Web(cdk.Stack):
    """A page, sign-in and an API, by the CDK's own constructs."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        destroy = cdk.RemovalPolicy.DESTROY
        bucket = s3.Bucket(self, "Page", enforce_ssl=True, removal_policy=destroy, auto_delete_objects=True)
        security = cloudfront.ResponseSecurityHeadersBehavior(
            content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                content_security_policy="default-src 'self'", override=True
            )
        )
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            default_root_object="index.html",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(bucket),
                response_headers_policy=cloudfront.ResponseHeadersPolicy(
                    self, "Headers", security_headers_behavior=security
                ),
            ),
        )
        origin = f"http://{distribution.distribution_domain_name}"
        pool = cognito.UserPool(
            self,
            "Pool",
            sign_in_aliases=cognito.SignInAliases(username=True, email=True),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            removal_policy=destroy,
        )
        pool.add_domain(
            "Domain",
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix="test-web"),
            managed_login_version=cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )
        client = pool.add_client(
            "Client",
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True), callback_urls=[f"{origin}/"]
            ),
            access_token_validity=cdk.Duration.minutes(30),
        )
        cognito.CfnManagedLoginBranding(
            self,
            "Branding",
            user_pool_id=pool.user_pool_id,
            client_id=client.user_pool_client_id,
            use_cognito_provided_values=True,
        )
        cognito.CfnUserPoolGroup(self, "Annotator", user_pool_id=pool.user_pool_id, group_name="annotator")
        table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            time_to_live_attribute="expires",
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="queue",
                    partition_key=dynamodb.Attribute(name="queue", type=dynamodb.AttributeType.STRING),
                    projection_type=dynamodb.ProjectionType.INCLUDE,
                    non_key_attributes=["people"],
                )
            ],
            removal_policy=destroy,
        )
        function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_11,
            handler="index.handler",
            code=lambda_.Code.from_inline("def handler(event, context):\n    return event['pathParameters']"),
            environment={"TABLE": table.table_name},
        )
        api = apigateway.HttpApi(
            self,
            "Api",
            cors_preflight=apigateway.CorsPreflightOptions(
                allow_origins=[origin], allow_methods=[apigateway.CorsHttpMethod.GET]
            ),
        )
        integration = integrations.HttpLambdaIntegration("Integration", function)
        api.add_routes(path="/open/{name}", methods=[apigateway.HttpMethod.GET], integration=integration)
        api.add_routes(
            path="/closed/{name}",
            methods=[apigateway.HttpMethod.GET],
            integration=integration,
            authorizer=authorizers.HttpUserPoolAuthorizer("Authorizer", pool, user_pool_clients=[client]),
            authorization_scopes=["openid"],
        )
        deployment.BucketDeployment(
            self,
            "Files",
            destination_bucket=bucket,
            distribution=distribution,
            sources=[
                deployment.Source.data("index.html", "<!doctype html><title>page</title>"),
                deployment.Source.json_data("config.json", {"api": api.api_endpoint, "n": 1}),
            ],
            cache_control=[deployment.CacheControl.no_cache()],
        )
        cdk.CfnOutput(self, "PageAddress", value=f"{origin}/")
        cdk.CfnOutput(self, "ApiAddress", value=api.api_endpoint)


app = cdk.App()
data = Data(app, "TestData")
Work(app, "TestWork", data=data)
Web(app, "TestWeb")
app.synth()
