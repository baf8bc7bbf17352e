"""The page on which people label: files in a private bucket, served by CloudFront with a strict content policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment

from constructs import Construct, IConstruct
from drawing_platform.access_logs import log_access
from drawing_platform.nag import acknowledge

DIST = Path(__file__).resolve().parents[2] / "web" / "annotator" / "dist"
ENTRY = "index.html"
CONFIGURATION = "config.json"
HEAD = '<meta charset="utf-8" />'
# Files whose names hold the hash of what is in them never change; the two others name them and are asked for each time.
FOR_EVER = [
    deployment.CacheControl.set_public(),
    deployment.CacheControl.max_age(cdk.Duration.days(365)),
    deployment.CacheControl.immutable(),
]
EACH_TIME = [deployment.CacheControl.no_cache()]
# Of the CDK's own function that copies the files: a name per kind of deployment, the same in every application.
COPIER = "Custom::CDKBucketDeployment"


class PageNotBuiltError(RuntimeError):
    """The page cannot be deployed; one line with the reason."""


@dataclass(frozen=True, kw_only=True)
class LabellingPageProps:
    """Where access logs go, how the page's address begins, and whether its files outlive the stack."""

    access_logs: s3.Bucket
    scheme: Literal["https", "http"]
    log_retention: logs.RetentionDays
    log_key: kms.IKey
    keep: bool


class LabellingPage(Construct):
    """Bucket, distribution, headers. What the page talks to is made after it: `publish` puts it in."""

    bucket: s3.Bucket
    distribution: cloudfront.Distribution

    def __init__(self, scope: Construct, construct_id: str, *, props: LabellingPageProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self._define_bucket()
        self._define_distribution()

    @property
    def origin(self) -> str:
        """As browsers say where a script comes from: `https://d123.cloudfront.net`."""
        return f"{self._props.scheme}://{self.distribution.distribution_domain_name}"

    @property
    def address(self) -> str:
        """What people open."""
        return f"{self.origin}/"

    def publish(self, *, configuration: dict[str, str], connects_to: Sequence[str]) -> None:
        """Puts the built page and its `config.json` into the bucket.

        Args:
            configuration: what `config.json` says.
            connects_to: origins that its scripts may talk to, and no others. It is said in the page itself: a header
                would need to know the API before the distribution, whose address the API needs for its own rules.

        Raises:
            PageNotBuiltError: there is no built page.
        """
        entry = DIST / ENTRY
        if not entry.is_file():
            raise PageNotBuiltError(
                f"{entry.relative_to(DIST.parents[2])} is not there: build the page with `make setup`"
            )
        html = entry.read_text(encoding="utf-8")
        if html.count(HEAD) != 1:
            raise PageNotBuiltError(f"{ENTRY} of the page does not begin with {HEAD}: correct web/annotator/{ENTRY}")
        policy = f"connect-src 'self' {' '.join(connects_to)}"
        html = html.replace(HEAD, f'{HEAD}\n    <meta http-equiv="Content-Security-Policy" content="{policy}" />')
        log_group = logs.LogGroup(
            self,
            "Logs",
            retention=self._props.log_retention,
            encryption_key=self._props.log_key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        files = self._deployment("Files", [deployment.Source.asset(str(DIST), exclude=[ENTRY])], FOR_EVER, log_group)
        first = [
            deployment.Source.data(ENTRY, html),
            deployment.Source.json_data(CONFIGURATION, configuration),
        ]
        # The new entry only when the files that it names are there.
        self._deployment("Entry", first, EACH_TIME, log_group).node.add_dependency(files)
        self._accept_copier()

    def _define_bucket(self) -> None:
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self._define_key(),
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="expire-old-builds",
                    noncurrent_version_expiration=cdk.Duration.days(30),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
                )
            ],
            # Built anew by the next deployment, so it is never worth keeping.
            removal_policy=cdk.RemovalPolicy.RETAIN if self._props.keep else cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=not self._props.keep,
        )
        log_access(self.bucket, self._props.access_logs, "page/")

    def _define_key(self) -> kms.Key:
        # A key of its own: CloudFront may decrypt the page, and nothing else.
        return kms.Key(
            self,
            "Key",
            description=f"The page of {cdk.Stack.of(self).stack_name}",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.RETAIN if self._props.keep else cdk.RemovalPolicy.DESTROY,
        )

    def _define_distribution(self) -> None:
        origin = origins.S3BucketOrigin.with_origin_access_control(self.bucket)
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Labelling",
            default_root_object=ENTRY,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origin,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
                compress=True,
                viewer_protocol_policy=(
                    cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS
                    if self._props.scheme == "https"
                    else cloudfront.ViewerProtocolPolicy.ALLOW_ALL
                ),
                response_headers_policy=self._headers(),
            ),
        )
        cdk.Annotations.of(self).acknowledge_warning(
            "@aws-cdk/aws-cloudfront-origins:wildcardKeyPolicyForOac",
            "The distribution names the bucket and the bucket the key, so the key cannot name the distribution",
        )
        for finding, reason in {
            "AwsSolutions-CFR1": "People label from wherever they are; who they are is asked by the API",
            "AwsSolutions-CFR2": "The page is public code without data; what it asks for goes through the API",
            "AwsSolutions-CFR3": "The bucket's access log has every file that was fetched, the API's every request",
            "AwsSolutions-CFR4": "Without a domain of our own CloudFront's certificate decides the version of TLS",
            "CKV_AWS_68": "The page is public code without data; what it asks for goes through the API",
            "CKV_AWS_86": "The bucket's access log has every file that was fetched, the API's every request",
            "CKV_AWS_174": "Without a domain of our own CloudFront's certificate decides the version of TLS",
        }.items():
            acknowledge(self.distribution, finding, reason)
        if self._props.scheme == "http":
            acknowledge(self.distribution, "CKV_AWS_34", "The account on this machine has no certificates")

    def _headers(self) -> cloudfront.ResponseHeadersPolicy:
        connect = "https:" if self._props.scheme == "https" else "http:"  # narrowed by the page itself
        policy = {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' blob: data:",
            "font-src": "'self'",
            "worker-src": "'self'",
            "connect-src": f"'self' {connect}",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
            "require-trusted-types-for": "'script'",
        }
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            comment="Labelling",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy="; ".join(f"{name} {value}" for name, value in policy.items()),
                    override=True,
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=cdk.Duration.days(365), include_subdomains=True, override=True
                ),
            ),
        )

    def _deployment(
        self,
        name: str,
        sources: Sequence[deployment.ISource],
        cache_control: Sequence[deployment.CacheControl],
        log_group: logs.LogGroup,
    ) -> deployment.BucketDeployment:
        return deployment.BucketDeployment(
            self,
            name,
            destination_bucket=self.bucket,
            sources=list(sources),
            cache_control=list(cache_control),
            prune=False,  # somebody may have the page of before open
            memory_limit=256,
            log_group=log_group,
        )

    def _accept_copier(self) -> None:
        """The CDK's function that copies the files while the stack is deployed, and is called by nobody else."""
        for construct in _copiers(cdk.Stack.of(self)):
            for finding in _COPIER_FINDINGS:
                acknowledge(construct, finding, "The CDK's own function that copies the files at deployment")


_COPIER_FINDINGS = (
    "AwsSolutions-L1",
    "CKV_AWS_173",  # its variables name a program and hold nothing of ours
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
    *(
        f"AwsSolutions-IAM5[Action::{action}]"
        for action in (
            "s3:GetObject*",
            "s3:GetBucket*",
            "s3:List*",
            "s3:DeleteObject*",
            "s3:Abort*",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
        )
    ),
)


def _copiers(stack: cdk.Stack) -> list[IConstruct]:
    return [child for child in stack.node.children if child.node.id.startswith(COPIER)]
