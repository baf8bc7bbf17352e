"""Who labels in Ground Truth: private teams of SageMaker's workforce, made of groups of a Cognito pool.

An account has one private workforce a region, and it keeps its pool until its last team is gone: the pool must not be
deleted before (docs/ground_truth.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_sagemaker as sagemaker

from constructs import Construct
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps

# Each group may do what those before it may (labelling_pool.py).
MEMBERS = {"annotators": ("annotator", "reviewer", "manager"), "reviewers": ("reviewer", "manager")}


@dataclass(frozen=True, kw_only=True)
class GroundTruthTeamsProps:
    """What functions share, how teams' names begin, and the pool; it has a domain and the groups of `MEMBERS`."""

    common: FunctionEnvironment
    name_prefix: str
    pool: cognito.UserPool
    groups: Sequence[cognito.CfnUserPoolGroup]


class GroundTruthTeams(Construct):
    """Two teams, the client by which their members sign in, and what tells it where they come back to."""

    annotators: sagemaker.CfnWorkteam
    reviewers: sagemaker.CfnWorkteam
    portal: str

    def __init__(self, scope: Construct, construct_id: str, *, props: GroundTruthTeamsProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_client()
        self.annotators = self._define_team("annotators", "Label drawings")
        self.reviewers = self._define_team("reviewers", "Decide where annotators disagree")
        self._define_callbacks()

    def _define_client(self) -> None:
        # SageMaker signs workers in by itself and can keep a secret; it refuses a client without one.
        self._client = self._props.pool.add_client(
            "Workforce",
            generate_secret=True,
            auth_flows=cognito.AuthFlow(),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True, implicit_code_grant=True),
                scopes=[cognito.OAuthScope.EMAIL, cognito.OAuthScope.OPENID, cognito.OAuthScope.PROFILE],
                # The right ones are known when the team is there; until then nobody can come back to anywhere.
                callback_urls=["https://localhost/oauth2/idpresponse"],
                logout_urls=["https://localhost/logout"],
            ),
        )

    def _define_team(self, name: str, description: str) -> sagemaker.CfnWorkteam:
        team = sagemaker.CfnWorkteam(
            self,
            name.capitalize(),
            workteam_name=f"{self._props.name_prefix}-{name}",
            description=description,
            member_definitions=[
                sagemaker.CfnWorkteam.MemberDefinitionProperty(
                    cognito_member_definition=sagemaker.CfnWorkteam.CognitoMemberDefinitionProperty(
                        cognito_client_id=self._client.user_pool_client_id,
                        cognito_user_group=group,
                        cognito_user_pool=self._props.pool.user_pool_id,
                    )
                )
                for group in MEMBERS[name]
            ],
        )
        for group in self._props.groups:
            team.node.add_dependency(group)
        return team

    def _define_callbacks(self) -> None:
        props, stack = self._props, cdk.Stack.of(self)
        team = stack.format_arn(
            service="sagemaker", resource="workteam", resource_name=f"private-crowd/{props.name_prefix}-annotators"
        )
        provider = PlatformFunction(
            self,
            "Callbacks",
            props=PlatformFunctionProps(
                # Outside the private network, which has no way to Cognito; it reads names and writes addresses only.
                common=replace(props.common, vpc=None, security_group=None),
                handler="ground_truth_team.handler.handle",
                description="Tells the workforce's sign-in client where workers come back to",
                timeout=cdk.Duration.minutes(2),
                statements=[
                    Statement(actions=["sagemaker:DescribeWorkteam"], resources=[team]),
                    Statement(
                        actions=["cognito-idp:DescribeUserPoolClient", "cognito-idp:UpdateUserPoolClient"],
                        resources=[props.pool.user_pool_arn],
                    ),
                ],
            ),
        )
        resource = cdk.CustomResource(
            self,
            "CallbackAddresses",
            service_token=provider.function.function_arn,
            resource_type="Custom::WorkforceCallbacks",
            properties={
                "TeamName": self.annotators.workteam_name,
                "UserPoolId": props.pool.user_pool_id,
                "ClientId": self._client.user_pool_client_id,
            },
        )
        resource.node.add_dependency(self.annotators)
        self.portal = resource.get_att_string("Portal")
