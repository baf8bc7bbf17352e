"""The OpenSearch domain in which drawings are indexed: sized by their number, reached by our functions only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchservice as opensearch
from aws_cdk import aws_sns as sns

from constructs import Construct
from drawing_platform.domain_size import domain_size
from drawing_platform.function_bundle import SEARCH_DOMAIN
from drawing_platform.nag import acknowledge
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps
from drawing_platform.runbooks import Runbook
from drawing_platform.search_store import SearchStore
from drawing_platform.settings import SearchSettings

# The newest that the service offers; 2.19.0 and .1 lose recall with compressed vectors of 2048 values.
VERSION = "OpenSearch_3.3"
TLS = "Policy-Min-TLS-1-2-PFS-2023-10"
HTTPS = 443
GIB = 1024  # in MiB, in which FreeStorageSpace is told
READING = ("es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost")
WRITING = (*READING, "es:ESHttpPut", "es:ESHttpDelete")
LOGS = {
    "SEARCH_SLOW_LOGS": "SearchSlow",
    "INDEX_SLOW_LOGS": "IndexSlow",
    "ES_APPLICATION_LOGS": "Application",
    "AUDIT_LOGS": "Audit",
}
MINUTE = cdk.Duration.minutes(1)
FIVE_MINUTES = cdk.Duration.minutes(5)
# From https://docs.aws.amazon.com/opensearch-service/latest/developerguide/cloudwatch-alarms.html, and those of k-NN:
# name of the metric: what it means, statistic, from which value on, for how many periods of which length.
ALARMS: dict[str, tuple[str, str, float, int, cdk.Duration]] = {
    "ClusterStatus.red": ("lacks a shard: some drawings are not found", "Maximum", 1, 1, MINUTE),
    "ClusterStatus.yellow": ("lacks a replica", "Maximum", 1, 15, MINUTE),
    "ClusterIndexWritesBlocked": ("takes no writes: disk or memory is used up", "Maximum", 1, 1, FIVE_MINUTES),
    "AutomatedSnapshotFailure": ("could not take its hourly snapshot", "Maximum", 1, 1, MINUTE),
    "CPUUtilization": ("is at its limit: percent of its processors", "Average", 80, 3, cdk.Duration.minutes(15)),
    "JVMMemoryPressure": ("runs out of heap, percent", "Maximum", 95, 3, MINUTE),
    "KNNGraphMemoryUsagePercentage": ("runs out of memory for vectors, percent", "Maximum", 85, 3, FIVE_MINUTES),
    "KNNCircuitBreakerTriggered": ("has dropped vectors out of memory: searches are slow", "Maximum", 1, 1, MINUTE),
    "KMSKeyError": ("cannot use its key", "Maximum", 1, 1, MINUTE),
    "KMSKeyInaccessible": ("has lost its key", "Maximum", 1, 1, MINUTE),
}


@dataclass(frozen=True, kw_only=True)
class SearchDomainProps:
    """What is indexed, where, and who is told.

    Attributes:
        common: network, key, retention; functions in its security group reach the domain.
        name: of the domain, 28 characters at most.
        search: how many drawings, zones.
        topic: receives the alarms.
        keep: whether the domain outlives the stack.
    """

    common: FunctionEnvironment
    name: str
    search: SearchSettings
    topic: sns.ITopic
    keep: bool


class SearchDomain(Construct):
    """Domain, its logs, its security group, its alarms, and what lets roles in."""

    store: SearchStore
    domain: opensearch.CfnDomain
    access: PlatformFunction
    alarms: list[cloudwatch.IAlarm]

    def __init__(self, scope: Construct, construct_id: str, *, props: SearchDomainProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        stack = cdk.Stack.of(self)
        # By its name, so that neither roles nor the domain's own policy wait for it.
        self.arn = stack.format_arn(service="es", resource="domain", resource_name=props.name)
        self._define_access_function()
        self._define_domain()
        self._define_alarms()
        size = domain_size(props.search)
        self.store = SearchStore(
            address=f"https://{self.domain.attr_domain_endpoint}",
            bundle=SEARCH_DOMAIN,
            index_settings=json.dumps({"shards": size.shards, "replicas": size.replicas}),
            reading=[Statement(actions=list(READING), resources=[f"{self.arn}/*"])],
            writing=[Statement(actions=list(WRITING), resources=[f"{self.arn}/*"])],
        )

    def let_in(self, *, readers: Sequence[PlatformFunction], writers: Sequence[PlatformFunction]) -> None:
        """Names who may read and write: in the domain's policy, and in its fine-grained access control.

        Call once, with all of them.
        """
        members = [function.role for function in (*readers, *writers, self.access)]
        self.domain.access_policies = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": [role.role_arn for role in members]},
                    "Action": list(WRITING),
                    "Resource": f"{self.arn}/*",
                }
            ],
        }
        resource = cdk.CustomResource(
            self,
            "Roles",
            service_token=self.access.function.function_arn,
            resource_type="Custom::SearchAccess",
            properties={
                "Endpoint": self.domain.attr_domain_endpoint,
                "Readers": [function.role.role_arn for function in readers],
                "Writers": [function.role.role_arn for function in writers],
            },
        )
        resource.node.add_dependency(self.domain)

    def _define_access_function(self) -> None:
        self.access = PlatformFunction(
            self,
            "Access",
            props=PlatformFunctionProps(
                common=self._props.common,
                handler="search_access.handler.handle",
                description="Tells the domain which roles may read and write",
                timeout=cdk.Duration.minutes(3),
                statements=[Statement(actions=["es:ESHttpPut"], resources=[f"{self.arn}/_plugins/_security/api/*"])],
            ),
        )

    def _define_domain(self) -> None:
        props, key = self._props, self._props.common.key
        size = domain_size(props.search)
        groups = {kind: self._log_group(name) for kind, name in LOGS.items()}
        self.domain = opensearch.CfnDomain(
            self,
            "Domain",
            domain_name=props.name,
            engine_version=VERSION,
            cluster_config=opensearch.CfnDomain.ClusterConfigProperty(
                instance_type=size.instance_type,
                instance_count=size.instances,
                zone_awareness_enabled=props.search.zones > 1,
                zone_awareness_config=opensearch.CfnDomain.ZoneAwarenessConfigProperty(
                    availability_zone_count=props.search.zones
                )
                if props.search.zones > 1
                else None,
                dedicated_master_enabled=size.master_type is not None,
                dedicated_master_type=size.master_type,
                dedicated_master_count=3 if size.master_type else None,
            ),
            ebs_options=opensearch.CfnDomain.EBSOptionsProperty(
                ebs_enabled=True, volume_type="gp3", volume_size=size.volume_gib
            ),
            encryption_at_rest_options=opensearch.CfnDomain.EncryptionAtRestOptionsProperty(
                enabled=True, kms_key_id=key.key_arn
            ),
            node_to_node_encryption_options=opensearch.CfnDomain.NodeToNodeEncryptionOptionsProperty(enabled=True),
            domain_endpoint_options=opensearch.CfnDomain.DomainEndpointOptionsProperty(
                enforce_https=True, tls_security_policy=TLS
            ),
            advanced_security_options=opensearch.CfnDomain.AdvancedSecurityOptionsInputProperty(
                enabled=True,
                internal_user_database_enabled=False,
                master_user_options=opensearch.CfnDomain.MasterUserOptionsProperty(
                    master_user_arn=self.access.role.role_arn
                ),
            ),
            advanced_options={"override_main_response_version": "false"},
            log_publishing_options={
                kind: opensearch.CfnDomain.LogPublishingOptionProperty(
                    enabled=True, cloud_watch_logs_log_group_arn=group.log_group_arn
                )
                for kind, group in groups.items()
            },
            vpc_options=self._network(),
            software_update_options=opensearch.CfnDomain.SoftwareUpdateOptionsProperty(
                auto_software_update_enabled=True
            ),
            off_peak_window_options=opensearch.CfnDomain.OffPeakWindowOptionsProperty(enabled=True),
        )
        self.domain.apply_removal_policy(cdk.RemovalPolicy.RETAIN if props.keep else cdk.RemovalPolicy.DESTROY)
        self.domain.node.add_dependency(self._let_domain_log(list(groups.values())))
        self._acknowledge(size.master_type)

    def _network(self) -> opensearch.CfnDomain.VPCOptionsProperty | None:
        common = self._props.common
        if not common.vpc or not common.security_group:
            return None
        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=common.vpc,
            description="The domain of similar drawings: HTTPS from workloads only",
            allow_all_outbound=False,
        )
        # Rules of their own, since the workloads' group is another stack's.
        ec2.CfnSecurityGroupIngress(
            self,
            "FromWorkloads",
            group_id=group.security_group_id,
            source_security_group_id=common.security_group.security_group_id,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            description="HTTPS from workloads",
        )
        ec2.CfnSecurityGroupEgress(
            self,
            "ToDomain",
            group_id=common.security_group.security_group_id,
            destination_security_group_id=group.security_group_id,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            description="HTTPS to the domain of similar drawings",
        )
        subnets = common.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids
        return opensearch.CfnDomain.VPCOptionsProperty(
            subnet_ids=subnets[: self._props.search.zones], security_group_ids=[group.security_group_id]
        )

    def _log_group(self, name: str) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            f"{name}Logs",
            retention=self._props.common.log_retention,
            encryption_key=self._props.common.key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def _let_domain_log(self, groups: list[logs.LogGroup]) -> logs.CfnResourcePolicy:
        stack = cdk.Stack.of(self)
        document = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "es.amazonaws.com"},
                    "Action": ["logs:PutLogEvents", "logs:CreateLogStream"],
                    "Resource": [group.log_group_arn for group in groups],
                    "Condition": {"StringEquals": {"aws:SourceAccount": stack.account}},
                }
            ],
        }
        return logs.CfnResourcePolicy(
            self,
            "LogPolicy",
            policy_name=f"{self._props.name}-logs",
            policy_document=stack.to_json_string(document),
        )

    def _define_alarms(self) -> None:
        size = domain_size(self._props.search)
        self.alarms = []
        for metric, (what, statistic, threshold, periods, period) in ALARMS.items():
            self._define_alarm(metric, what, statistic, threshold, periods, period)
        self._define_alarm(
            "FreeStorageSpace",
            "has less than a quarter of a disk left, MiB",
            "Minimum",
            size.volume_gib * GIB / 4,
            1,
            MINUTE,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
        )

    def _define_alarm(
        self,
        metric: str,
        what: str,
        statistic: str,
        threshold: float,
        periods: int,
        period: cdk.Duration,
        comparison: cloudwatch.ComparisonOperator = (cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            "".join(word[0].upper() + word[1:] for word in metric.split(".")),
            metric=cloudwatch.Metric(
                namespace="AWS/ES",
                metric_name=metric,
                dimensions_map={"DomainName": self._props.name, "ClientId": cdk.Stack.of(self).account},
                statistic=statistic,
                period=period,
            ),
            threshold=threshold,
            evaluation_periods=periods,
            alarm_description=Runbook.SEARCH_DOMAIN.describe(f"The domain {self._props.name} {what}"),
            comparison_operator=comparison,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._props.topic))
        self.alarms.append(alarm)

    def _acknowledge(self, master_type: str | None) -> None:
        if master_type is None:
            few = "Few data nodes elect a master among themselves; where there are more, three are added for that"
            acknowledge(self.domain, "AwsSolutions-OS4", few)
        if self._props.search.zones == 1:
            acknowledge(
                self.domain,
                "AwsSolutions-OS7",
                "One zone where a day without search is no loss; the settings refuse it in production",
            )
        if self._props.common.vpc is None:
            reason = "No private network in this environment: only named roles are let in, with signed requests"
            acknowledge(self.domain, "AwsSolutions-OS1", reason)
        acknowledge(
            self.domain,
            "AwsSolutions-OS3",
            "Functions have no fixed addresses: only named roles are let in, with signed requests",
        )
