"""The states in which a machine reads the drawings of a labelling job before people see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from constructs import Construct
from drawing_platform.labelling_store import DRAWING_PREFIXES, JOBS_PREFIX, LabellingStore
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment
from drawing_platform.processing_job import FOLDER, ProcessingJob

MAX_SECONDS = 24 * 3600  # ten core seconds a sheet: some ten thousand sheets
VOLUME_GB = 50
NO_ENDPOINT = "*Could not find endpoint*"


@dataclass(frozen=True, kw_only=True)
class PrelabellingProps:
    """What is read by what.

    Attributes:
        common: its network is that of the job, its key encrypts.
        instance_type: the machine of the job.
        store: where orders lie and tasks go.
        data: holds drawings and model packages.
        image, repository: the training image, which holds the job.
        endpoint_name: serves the version that reads.
    """

    common: FunctionEnvironment
    instance_type: str
    store: LabellingStore
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
        self._job = ProcessingJob(
            program="prelabel",
            description="Reads drawings and makes labelling tasks of them",
            common=props.common,
            image=props.image,
            repository=props.repository,
            instance_type=props.instance_type,
            volume_gb=VOLUME_GB,
            max_seconds=MAX_SECONDS,
        )
        self.job_role = self._job.role(self, "JobRole", self._job_permissions())

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

    def permissions(self) -> list[Statement]:
        """What the state machine's role needs for these states."""
        stack = cdk.Stack.of(self)

        def arn(resource: str, name: str, service: str = "sagemaker") -> str:
            return stack.format_arn(service=service, resource=resource, resource_name=name)

        endpoint = self._props.endpoint_name
        return [
            Statement(actions=["sagemaker:DescribeEndpoint"], resources=[arn("endpoint", endpoint)]),
            # The release workflow names both after the endpoint.
            Statement(
                actions=["sagemaker:DescribeEndpointConfig"], resources=[arn("endpoint-config", f"{endpoint}-*")]
            ),
            Statement(actions=["sagemaker:DescribeModel"], resources=[arn("model", f"{endpoint}-*")]),
            # https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html, "Run a Job (.sync)"
            *self._job.starting(self, self.job_role, "Describe", "Stop"),
            Statement(
                actions=["events:PutTargets", "events:PutRule", "events:DescribeRule"],
                resources=[arn("rule", "StepFunctionsGetEventsForSageMakerProcessingJobsRule", "events")],
            ),
        ]

    def _job_permissions(self) -> list[Statement]:
        data, bucket = self._props.data, self._props.store.bucket
        jobs = bucket.arn_for_objects(f"{JOBS_PREFIX}*")
        return [
            Statement(
                actions=["s3:ListBucket"],
                resources=[bucket.bucket_arn, data.bucket_arn],
                conditions={"StringLike": {"s3:prefix": [f"{JOBS_PREFIX}*", "models/*"]}},
            ),
            Statement(
                actions=["s3:GetObject", "s3:GetObjectVersion"],
                resources=[data.arn_for_objects(f"{prefix}*") for prefix in (*DRAWING_PREFIXES, "models/")],
            ),
            Statement(actions=["s3:GetObject", "s3:PutObject"], resources=[jobs]),
        ]

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
            "environment": {**self._job.environment(self), "MODEL_PACKAGE_VERSION": version},
        }

    def _without_model(self) -> dict[str, Any]:
        return {"inputs": [self._job_input()], "environment": self._job.environment(self)}

    def _job_input(self) -> dict[str, Any]:
        order = f"s3://{self._props.store.bucket.bucket_name}/{JOBS_PREFIX}{{}}/job.json"
        return _input("job", sfn.JsonPath.format(order, sfn.JsonPath.string_at("$.job")))

    def _work(self) -> sfn.CustomState:
        parameters = {
            **self._job.request(
                name=sfn.JsonPath.format(f"{self._job.name_prefix}{{}}", sfn.JsonPath.uuid()),
                role=self.job_role,
                arguments={"bucket": self._props.store.bucket.bucket_name},
            ),
            "Environment": sfn.JsonPath.object_at("$.reading.environment"),
            "ProcessingInputs": sfn.JsonPath.object_at("$.reading.inputs"),
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


def _input(name: str, uri: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{FOLDER}/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        },
    }
