"""The states in which a machine reads the drawings of a labelling job before people see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from constructs import Construct
from drawing_platform import sagemaker_permissions
from drawing_platform.pipeline_steps import JobResources, VpcConfig
from drawing_platform.platform_function import FunctionEnvironment

JOBS_PREFIX = "jobs/"
# Where drawings may lie that people are asked to label.
SOURCES = ("drawings/*", "labels/*")
MAX_SECONDS = 24 * 3600  # ten core seconds a sheet: some ten thousand sheets
VOLUME_GB = 50
INPUT = "/opt/ml/processing"
NO_ENDPOINT = "*Could not find endpoint*"


@dataclass(frozen=True, kw_only=True)
class PrelabellingProps:
    """What is read by what.

    Attributes:
        common: its network is that of the job, its key encrypts.
        instance_type: the machine of the job.
        bucket: the labelling bucket.
        data: holds drawings and model packages.
        image, repository: the training image, which holds the job.
        endpoint_name: serves the version that reads.
    """

    common: FunctionEnvironment
    instance_type: str
    bucket: s3.IBucket
    data: s3.IBucket
    image: str
    repository: ecr.IRepository
    endpoint_name: str


class Prelabelling(Construct):
    """Asks which version is live, then runs the job `prelabel`. The state needs `$.job`, and keeps it."""

    job_role: iam.Role

    def __init__(self, scope: Construct, construct_id: str, *, props: PrelabellingProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        # SageMaker's limit for a job's name is 63 characters, and a UUID takes 36 of them.
        self._name_prefix = f"prelabel-{props.common.env}-"
        self._define_job_role()

    def states(self, then: sfn.IChainable, otherwise: sfn.IChainable) -> sfn.IChainable:
        """From the first state to `then`, or with the trouble in `$.error` to `otherwise`."""
        endpoint = self._ask("LiveEndpoint", "describeEndpoint", {"EndpointName": self._props.endpoint_name})
        config = self._ask(
            "LiveConfig",
            "describeEndpointConfig",
            {"EndpointConfigName": sfn.JsonPath.string_at("$.live.EndpointConfigName")},
        )
        model = self._ask(
            "LiveModel",
            "describeModel",
            {"ModelName": sfn.JsonPath.string_at("$.live.ProductionVariants[0].ModelName")},
        )
        work = self._work()
        work.add_catch(otherwise, errors=["States.ALL"], result_path="$.error")
        begin = sfn.Pass(self, "WithoutReading", parameters=self._without_model(), result_path="$.reading").next(work)
        endpoint.add_catch(
            sfn.Choice(self, "NothingReleasedYet")
            .when(sfn.Condition.string_matches("$.error.Cause", NO_ENDPOINT), begin)
            .otherwise(otherwise),
            errors=["States.ALL"],
            result_path="$.error",
        )
        for state in (config, model):
            state.add_catch(otherwise, errors=["States.ALL"], result_path="$.error")
        with_model = sfn.Pass(self, "WithReading", parameters=self._with_model(), result_path="$.reading")
        endpoint.next(config).next(model).next(with_model).next(work).next(then)
        return endpoint

    def permissions(self) -> list[iam.PolicyStatement]:
        """What the state machine's role needs for these states."""
        stack = cdk.Stack.of(self)

        def arn(resource: str, name: str, service: str = "sagemaker") -> str:
            return stack.format_arn(service=service, resource=resource, resource_name=name)

        endpoint = self._props.endpoint_name
        return [
            iam.PolicyStatement(actions=["sagemaker:DescribeEndpoint"], resources=[arn("endpoint", endpoint)]),
            # The release workflow names both after the endpoint.
            iam.PolicyStatement(
                actions=["sagemaker:DescribeEndpointConfig"], resources=[arn("endpoint-config", f"{endpoint}-*")]
            ),
            iam.PolicyStatement(actions=["sagemaker:DescribeModel"], resources=[arn("model", f"{endpoint}-*")]),
            # https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html, "Run a Job (.sync)"
            iam.PolicyStatement(
                actions=[
                    "sagemaker:CreateProcessingJob",
                    "sagemaker:DescribeProcessingJob",
                    "sagemaker:StopProcessingJob",
                    "sagemaker:AddTags",
                ],
                resources=[arn("processing-job", f"{self._name_prefix}*")],
            ),
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[self.job_role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
            iam.PolicyStatement(
                actions=["events:PutTargets", "events:PutRule", "events:DescribeRule"],
                resources=[arn("rule", "StepFunctionsGetEventsForSageMakerProcessingJobsRule", "events")],
            ),
        ]

    def _define_job_role(self) -> None:
        props, common = self._props, self._props.common
        self.job_role = iam.Role(
            self,
            "JobRole",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="Reads drawings and makes labelling tasks of them",
        )
        jobs = props.bucket.arn_for_objects(f"{JOBS_PREFIX}*")
        listed = {"StringLike": {"s3:prefix": [f"{JOBS_PREFIX}*", "models/*"]}}
        statements = [
            iam.PolicyStatement(
                actions=["s3:ListBucket"],
                resources=[props.bucket.bucket_arn, props.data.bucket_arn],
                conditions=listed,
            ),
            iam.PolicyStatement(
                actions=["s3:GetObject", "s3:GetObjectVersion"],
                resources=[props.data.arn_for_objects(prefix) for prefix in (*SOURCES, "models/*")],
            ),
            iam.PolicyStatement(actions=["s3:GetObject", "s3:PutObject"], resources=[jobs]),
            *sagemaker_permissions.key(common.key),
            *sagemaker_permissions.image(props.repository),
            *sagemaker_permissions.observation(self, ("ProcessingJobs",)),
            *(sagemaker_permissions.network() if common.vpc else []),
        ]
        for statement in statements:
            self.job_role.add_to_policy(statement)

    def _ask(self, name: str, action: str, parameters: dict[str, Any]) -> tasks.CallAwsService:
        state = tasks.CallAwsService(
            self,
            name,
            service="sagemaker",
            action=action,
            parameters=parameters,
            iam_resources=["*"],  # of no effect: the role of the state machine takes no policies from states
            result_path="$.live",
        )
        # That there is no endpoint is an error, too, and known after a few seconds.
        state.add_retry(errors=["States.ALL"], interval=cdk.Duration.seconds(1), max_attempts=2, backoff_rate=2)
        return state

    def _with_model(self) -> dict[str, Any]:
        model = sfn.JsonPath.string_at("$.live.PrimaryContainer.ModelDataUrl")
        version = sfn.JsonPath.string_at("$.live.PrimaryContainer.Environment.MODEL_PACKAGE_VERSION")
        return {
            "inputs": [self._job_input(), _input("model", model)],
            "environment": {**self._environment(), "MODEL_PACKAGE_VERSION": version},
        }

    def _without_model(self) -> dict[str, Any]:
        return {"inputs": [self._job_input()], "environment": self._environment()}

    def _environment(self) -> dict[str, str]:
        # A processing container inherits no region.
        return {"AWS_DEFAULT_REGION": cdk.Stack.of(self).region}

    def _job_input(self) -> dict[str, Any]:
        order = f"s3://{self._props.bucket.bucket_name}/{JOBS_PREFIX}{{}}/job.json"
        return _input("job", sfn.JsonPath.format(order, sfn.JsonPath.string_at("$.job")))

    def _work(self) -> sfn.CustomState:
        resources = self._resources()
        parameters = {
            "ProcessingJobName": sfn.JsonPath.format(f"{self._name_prefix}{{}}", sfn.JsonPath.uuid()),
            "RoleArn": resources.role_arn,
            "AppSpecification": {
                "ImageUri": resources.image,
                "ContainerEntrypoint": ["prelabel"],
                "ContainerArguments": ["--bucket", self._props.bucket.bucket_name],
            },
            "Environment": sfn.JsonPath.object_at("$.reading.environment"),
            "ProcessingInputs": sfn.JsonPath.object_at("$.reading.inputs"),
            "ProcessingResources": {"ClusterConfig": resources.machine},
            "StoppingCondition": {"MaxRuntimeInSeconds": resources.max_runtime_seconds},
            "NetworkConfig": {
                "EnableNetworkIsolation": resources.isolated,
                **({"VpcConfig": resources.vpc.to_json()} if resources.vpc else {}),
            },
        }
        partition = cdk.Stack.of(self).partition
        state = sfn.CustomState(
            self,
            "Prelabel",
            state_json={
                "Type": "Task",
                "Resource": f"arn:{partition}:states:::sagemaker:createProcessingJob.sync",
                "Parameters": sfn.FieldUtils.render_object(parameters),
                # Not null, which says "nothing" but does not survive the way into the template.
                "ResultSelector": {"status.$": "$.ProcessingJobStatus"},
                "ResultPath": "$.prelabelled",
            },
        )
        # What passes: no machine of that type at the moment, too many requests. The job goes on where it was.
        state.add_retry(
            errors=["SageMaker.AmazonSageMakerException", "SageMaker.ResourceLimitExceededException"],
            interval=cdk.Duration.seconds(30),
            max_attempts=4,
        )
        return state

    def _resources(self) -> JobResources:
        props, common = self._props, self._props.common
        vpc = None
        if common.vpc and common.security_group:
            subnets = common.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids
            vpc = VpcConfig(subnets=subnets, security_group_ids=[common.security_group.security_group_id])
        return JobResources(
            image=props.image,
            role_arn=self.job_role.role_arn,
            instance_type=props.instance_type,
            volume_gb=VOLUME_GB,
            key_arn=common.key.key_arn,
            vpc=vpc,
            max_runtime_seconds=MAX_SECONDS,
            isolated=False,  # it reads drawings and writes tasks by itself
        )


def _input(name: str, uri: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{INPUT}/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        },
    }
