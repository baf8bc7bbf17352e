"""A deployed environment `dev` in moto: names in SSM, a registry, an endpoint, a history."""

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner, Result

from cli.environment import Environment
from cli.main import app

REGION = "eu-central-1"
ACCOUNT = "123456789012"
GROUP = "paddleocr-drawing-models-dev"
ENDPOINT = "drawing-reading-dev"
BUCKET = "drawing-data-dev"
HISTORY = "deployment-history-dev"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sagemaker"
NAMES = {
    "data-bucket": BUCKET,
    "data-key-arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1",
    "pipeline-name": "drawing-training-dev",
    "embedder-pipeline-name": "drawing-embedder-dev",
    "embedder-package-group": "drawing-embedders-dev",
    "model-package-group": GROUP,
    "endpoint-name": ENDPOINT,
    "release-state-machine-arn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:release-dev",
    "history-table": HISTORY,
    "trigger-function": "start-training-dev",
    "trigger-table": "trigger-dev",
    "label-queue": "labels-dev",
    "label-dead-letters": "labels-dead-dev",
    "alerts-topic-arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts-dev",
    "training-image": "image/training@sha256:1",
    "inference-image": "image/inference@sha256:2",
    "sagemaker-role-arn": ROLE,
    "regression-prefix": "datasets/regression/",
    "large-drawings": json.dumps(
        {
            "real_time_bytes": 25_000_000,
            "asynchronous": {
                "endpoint_name": f"{ENDPOINT}-async",
                "prefix": "results/asynchronous/",
                "answer_seconds": 900,
            },
        }
    ),
    "batch": json.dumps(
        {
            "role_arn": f"arn:aws:iam::{ACCOUNT}:role/batch",
            "instance_type": "ml.m5.4xlarge",
            "volume_key_arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1",
            "prefix": "results/batch/",
            "sources": ["drawings/", "labels/", "results/batch/"],
        }
    ),
    "labelling-api": "https://api",
    "labelling-bucket": "labelling-dev",
    "labelling-client": "client",
    "labelling-export-function": "export-labels-dev",
    "labelling-page": "https://page/",
    "labelling-pool": f"{REGION}_pool",
    "labelling-table": "labelling-dev",
    "labelling-workflow-arn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:labelling-dev",
    "search-api": "https://search",
    "search-dead-letters": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/search-dead-letters",
    "search-queue": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/search",
    "search-backfill-function": "backfill-index-dev",
    "search-release-function": "release-embedder",
    "search-reconcile-function": "reconcile-index-dev",
    "region": REGION,
    "account": ACCOUNT,
}


@dataclass(frozen=True)
class World:
    """The account and the command line that looks at it."""

    environment: Environment

    def run(self, *arguments: str) -> Result:
        """Runs `drawingops ARGUMENTS --env dev`."""
        return CliRunner().invoke(app, [*arguments, "--env", "dev"])

    def answer(self, *arguments: str) -> Any:
        """The JSON that `drawingops ARGUMENTS --json` answers."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    def client(self, service: str) -> Any:
        return self.environment.client(service)

    def register(self, state: str = "PendingManualApproval", **metadata: str) -> str:
        """Registers one more version and gives back its ARN."""
        answer = self.client("sagemaker").create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus=state,
            InferenceSpecification={
                "Containers": [
                    {"Image": NAMES["inference-image"], "ModelDataUrl": f"s3://{BUCKET}/models/x/model.tar.gz"}
                ],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties=metadata,
        )
        return str(answer["ModelPackageArn"])

    def deploy(self, version: int, config: str) -> None:
        """Makes `version` the one that answers, through the endpoint config `config`."""
        sagemaker = self.client("sagemaker")
        sagemaker.create_model(ModelName=config, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "x"})
        sagemaker.create_endpoint_config(
            EndpointConfigName=config,
            ProductionVariants=[
                {
                    "VariantName": "reading",
                    "ModelName": config,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                    "InitialVariantWeight": 1.0,
                }
            ],
        )
        sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=config)
        self.remember(f"2026-11-20T10:0{version}:00Z#run{version}", version, config)

    def remember(
        self, deployment: str, version: int, config: str, status: str = "SUCCEEDED", message: str = ""
    ) -> None:
        """Writes one line of the deployment history."""
        item = {
            "endpoint": ENDPOINT,
            "deployment": deployment,
            "status": status,
            "from_version": str(version - 1) if version > 1 else "",
            "to_version": str(version),
            "endpoint_config": config,
            "requested_by": "user/operator",
            "reason": "tried and good",
            "started": deployment.split("#")[0],
            "ended": deployment.split("#")[0].replace(":00Z", ":42Z"),
            "message": message,
        }
        self.client("dynamodb").put_item(TableName=HISTORY, Item={name: {"S": value} for name, value in item.items()})
