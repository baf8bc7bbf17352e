"""Who may label: a Cognito user pool with three groups, and the page as its only client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito

from constructs import Construct
from drawing_platform.nag import acknowledge

# Each may do what those before it may.
GROUPS = {
    "annotator": "Label drawings",
    "reviewer": "Decide where annotators disagree",
    "manager": "Order and export jobs, see everybody's progress",
}
MINIMUM_PASSWORD = 12
TOKEN_LIFETIME = cdk.Duration.hours(1)
SIGN_IN_LIFETIME = cdk.Duration.days(1)  # somebody who left is out after a day at the latest
TEMPORARY_PASSWORD_LIFETIME = cdk.Duration.days(7)


@dataclass(frozen=True, kw_only=True)
class LabellingPoolProps:
    """The name that addresses of sign-in begin with, the second factor, and whether people outlive the stack."""

    domain_prefix: str
    multi_factor: Literal["off", "optional", "required"]
    keep: bool


class LabellingPool(Construct):
    """The pool: nobody signs up by themselves, managers add people with the operator's command."""

    pool: cognito.UserPool
    groups: list[cognito.CfnUserPoolGroup]
    domain: cognito.UserPoolDomain
    client: cognito.UserPoolClient

    def __init__(self, scope: Construct, construct_id: str, *, props: LabellingPoolProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_pool()
        self._define_groups()
        self._define_domain()

    def _define_pool(self) -> None:
        factor = {"off": cognito.Mfa.OFF, "optional": cognito.Mfa.OPTIONAL, "required": cognito.Mfa.REQUIRED}
        self.pool = cognito.UserPool(
            self,
            "Pool",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(username=True, email=True),
            sign_in_case_sensitive=False,
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            password_policy=cognito.PasswordPolicy(
                min_length=MINIMUM_PASSWORD,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
                temp_password_validity=TEMPORARY_PASSWORD_LIFETIME,
            ),
            mfa=factor[self._props.multi_factor],
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            deletion_protection=self._props.keep,
            removal_policy=cdk.RemovalPolicy.RETAIN if self._props.keep else cdk.RemovalPolicy.DESTROY,
        )
        if self._props.multi_factor != "required":
            reason = "The settings say so: labels are no secrets, and passwords are long and given by a manager"
            acknowledge(self.pool, "AwsSolutions-COG2", reason)
        acknowledge(
            self.pool,
            "AwsSolutions-COG8",
            "The Plus tier costs by the user and month; nobody signs up by themselves and the team is small",
        )
        acknowledge(
            self.pool,
            "AwsSolutions-COG3",
            "The Plus tier costs by the user and month; nobody signs up by themselves and the team is small",
        )

    def _define_groups(self) -> None:
        self.groups = [
            cognito.CfnUserPoolGroup(
                self,
                name.capitalize(),
                user_pool_id=self.pool.user_pool_id,
                group_name=name,
                description=description,
                precedence=precedence,
            )
            for precedence, (name, description) in enumerate(reversed(GROUPS.items()))
        ]

    def _define_domain(self) -> None:
        self.domain = self.pool.add_domain(
            "Domain",
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix=self._props.domain_prefix),
            managed_login_version=cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )

    def let_page_sign_in(self, address: str) -> None:
        """The client: the page at `address`, by authorization code with PKCE and without a secret."""
        self.client = self.pool.add_client(
            "Page",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.PROFILE, cognito.OAuthScope.EMAIL],
                callback_urls=[address],
                logout_urls=[address],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            access_token_validity=TOKEN_LIFETIME,
            id_token_validity=TOKEN_LIFETIME,
            refresh_token_validity=SIGN_IN_LIFETIME,
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
        )
        cognito.CfnManagedLoginBranding(
            self,
            "Branding",
            user_pool_id=self.pool.user_pool_id,
            client_id=self.client.user_pool_client_id,
            use_cognito_provided_values=True,
        )
