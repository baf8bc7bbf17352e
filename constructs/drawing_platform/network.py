"""A network without a way to the internet: jobs, endpoints and functions reach AWS through endpoints only."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from constructs import Construct
from drawing_platform.nag import acknowledge
from drawing_platform.settings import NetworkSettings

GATEWAY_ENDPOINTS = {
    "S3": ec2.GatewayVpcEndpointAwsService.S3,
    "DynamoDb": ec2.GatewayVpcEndpointAwsService.DYNAMODB,
}

# Every service that functions, jobs or the endpoint call; each is billed by the hour and zone, so no more than these.
INTERFACE_ENDPOINTS = {
    "SageMakerApi": ec2.InterfaceVpcEndpointAwsService.SAGEMAKER_API,
    "SageMakerRuntime": ec2.InterfaceVpcEndpointAwsService.SAGEMAKER_RUNTIME,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    "Metrics": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
    "EcrApi": ec2.InterfaceVpcEndpointAwsService.ECR,
    "EcrDocker": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
    "Sts": ec2.InterfaceVpcEndpointAwsService.STS,
    "Kms": ec2.InterfaceVpcEndpointAwsService.KMS,
    "Events": ec2.InterfaceVpcEndpointAwsService.EVENTBRIDGE,
    "StepFunctions": ec2.InterfaceVpcEndpointAwsService.STEP_FUNCTIONS,
    "Sns": ec2.InterfaceVpcEndpointAwsService.SNS,
    "Sqs": ec2.InterfaceVpcEndpointAwsService.SQS,
    "Ssm": ec2.InterfaceVpcEndpointAwsService.SSM,
    "Lambda": ec2.InterfaceVpcEndpointAwsService.LAMBDA_,
    "ApplicationAutoScaling": ec2.InterfaceVpcEndpointAwsService.APPLICATION_AUTOSCALING,
    "XRay": ec2.InterfaceVpcEndpointAwsService.XRAY,
}

HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class NetworkProps:
    """What the network needs to know."""

    network: NetworkSettings
    log_retention: logs.RetentionDays
    log_key: kms.IKey


class Network(Construct):
    """Two zones of isolated subnets, endpoints for what the platform calls, and flow logs."""

    vpc: ec2.Vpc
    workload_security_group: ec2.SecurityGroup

    def __init__(self, scope: Construct, construct_id: str, *, props: NetworkProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_vpc()
        self._define_security_groups()
        self._define_endpoints()
        self._define_flow_logs()

    def _define_vpc(self) -> None:
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(self._props.network.cidr),
            availability_zones=list(self._props.network.availability_zones),
            subnet_configuration=[
                ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24)
            ],
            # Would add a Lambda function that empties the default security group; ours never use that group.
            restrict_default_security_group=False,
            gateway_endpoints={
                name: ec2.GatewayVpcEndpointOptions(service=service) for name, service in GATEWAY_ENDPOINTS.items()
            },
        )

        for subnet in self.vpc.isolated_subnets:
            acknowledge(
                subnet,
                "CloudFormation-Validate::W3010",
                "Zones are named in the settings, because looking them up would ask the account while synthesizing",
            )

    def _define_security_groups(self) -> None:
        self.workload_security_group = ec2.SecurityGroup(
            self,
            "Workloads",
            vpc=self.vpc,
            description="Jobs, endpoints and functions: HTTPS to AWS services only",
            allow_all_outbound=False,
        )
        self._endpoint_security_group = ec2.SecurityGroup(
            self,
            "Endpoints",
            vpc=self.vpc,
            description="Interface endpoints: HTTPS from workloads only",
            allow_all_outbound=False,
        )
        self._endpoint_security_group.add_ingress_rule(
            self.workload_security_group, ec2.Port.tcp(HTTPS), "HTTPS from workloads"
        )
        self.workload_security_group.add_egress_rule(
            self._endpoint_security_group, ec2.Port.tcp(HTTPS), "HTTPS to interface endpoints"
        )
        # Gateway endpoints have no security group: S3 and DynamoDB keep public addresses, and in a network without
        # an internet gateway the only route to any public address is the one through these gateways.
        self.workload_security_group.add_egress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "HTTPS to the S3 and DynamoDB gateways"
        )

    def _define_endpoints(self) -> None:
        for name, service in INTERFACE_ENDPOINTS.items():
            self.vpc.add_interface_endpoint(
                name,
                service=service,
                security_groups=[self._endpoint_security_group],
                private_dns_enabled=True,
                open=False,
            )

    def _define_flow_logs(self) -> None:
        group = logs.LogGroup(
            self,
            "FlowLogs",
            retention=self._props.log_retention,
            encryption_key=self._props.log_key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        role = iam.Role(self, "FlowLogsRole", assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com"))
        self.vpc.add_flow_log("FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, role))
