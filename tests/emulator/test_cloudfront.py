"""Distributions: a page unpacked into a bucket and served with its headers, and nothing else of the bucket."""

from __future__ import annotations

import gzip
import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from emulator import ACCOUNT, lifetime
from tests.emulator.conftest import Client

CSP = "default-src 'self'; frame-ancestors 'none'"
INDEX = b"<!doctype html><title>page</title>" + b"<p>text</p>" * 200


@dataclass(frozen=True)
class Site:
    """A deployed distribution."""

    id: str
    domain: str
    bucket: str
    port: int

    def get(self, path: str, method: str = "GET", **headers: str) -> requests.Response:
        given = {"Host": self.domain, "Accept-Encoding": "identity", **headers}
        return requests.request(method, f"http://localhost:{self.port}{path}", headers=given, timeout=5)


def archive(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as content:
        for name, text in files.items():
            content.writestr(name.replace("__", "/").replace("_", "."), text)
    return made.getvalue()


def template(assets: str, sources: list[str], **deployment: Any) -> str:
    bucket, arn = {"Ref": "Bucket"}, {"Fn::GetAtt": ["Bucket", "Arn"]}
    reads = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": {"Fn::Join": ["", [arn, "/*"]]},
        "Condition": {
            "StringEquals": {
                "AWS:SourceArn": {"Fn::Sub": f"arn:aws:cloudfront::{ACCOUNT}:distribution/${{Distribution}}"}
            }
        },
    }
    behavior = {
        "TargetOriginId": "page",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["GET", "HEAD"],
        "Compress": True,
        "CachePolicyId": {"Ref": "Cache"},
        "ResponseHeadersPolicyId": {"Ref": "Headers"},
    }
    return json.dumps(
        {
            "Resources": {
                "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {}},
                "Policy": {
                    "Type": "AWS::S3::BucketPolicy",
                    "Properties": {"Bucket": bucket, "PolicyDocument": {"Version": "2012-10-17", "Statement": [reads]}},
                },
                "Access": {
                    "Type": "AWS::CloudFront::OriginAccessControl",
                    "Properties": {
                        "OriginAccessControlConfig": {
                            "Name": uuid.uuid4().hex,
                            "OriginAccessControlOriginType": "s3",
                            "SigningBehavior": "always",
                            "SigningProtocol": "sigv4",
                        }
                    },
                },
                "Headers": {
                    "Type": "AWS::CloudFront::ResponseHeadersPolicy",
                    "Properties": {
                        "ResponseHeadersPolicyConfig": {
                            "Name": uuid.uuid4().hex,
                            "SecurityHeadersConfig": {
                                "ContentSecurityPolicy": {"ContentSecurityPolicy": CSP, "Override": True},
                                "ContentTypeOptions": {"Override": True},
                                "StrictTransportSecurity": {
                                    "AccessControlMaxAgeSec": 60,
                                    "IncludeSubdomains": True,
                                    "Override": True,
                                },
                            },
                            "CustomHeadersConfig": {
                                "Items": [{"Header": "Cache-Control", "Value": "no-cache", "Override": False}]
                            },
                        }
                    },
                },
                "Cache": {
                    "Type": "AWS::CloudFront::CachePolicy",
                    "Properties": {
                        "CachePolicyConfig": {
                            "Name": uuid.uuid4().hex,
                            "MinTTL": 0,
                            "DefaultTTL": 60,
                            "MaxTTL": 60,
                            "ParametersInCacheKeyAndForwardedToOrigin": {
                                "CookiesConfig": {"CookieBehavior": "none"},
                                "HeadersConfig": {"HeaderBehavior": "none"},
                                "QueryStringsConfig": {"QueryStringBehavior": "none"},
                                "EnableAcceptEncodingGzip": True,
                            },
                        }
                    },
                },
                "Distribution": {
                    "Type": "AWS::CloudFront::Distribution",
                    "Properties": {
                        "DistributionConfig": {
                            "Enabled": True,
                            "DefaultRootObject": "index.html",
                            "HttpVersion": "http2and3",
                            "Origins": [
                                {
                                    "Id": "page",
                                    "DomainName": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
                                    "OriginPath": "/site",
                                    "OriginAccessControlId": {"Ref": "Access"},
                                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                                }
                            ],
                            "DefaultCacheBehavior": behavior,
                            "CustomErrorResponses": [
                                {"ErrorCode": 403, "ResponseCode": 200, "ResponsePagePath": "/index.html"}
                            ],
                        }
                    },
                },
                "Deployment": {
                    "Type": "Custom::CDKBucketDeployment",
                    "DependsOn": "Policy",
                    "Properties": {
                        "ServiceToken": f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:provider",
                        "SourceBucketNames": [assets] * len(sources),
                        "SourceObjectKeys": sources,
                        "DestinationBucketName": bucket,
                        "DestinationBucketKeyPrefix": "site",
                        "DistributionId": {"Ref": "Distribution"},
                        "RetainOnDelete": False,
                        **deployment,
                    },
                },
            },
            "Outputs": {
                "Id": {"Value": {"Ref": "Distribution"}},
                "Domain": {"Value": {"Fn::GetAtt": ["Distribution", "DomainName"]}},
                "Bucket": {"Value": bucket},
            },
        }
    )


@pytest.fixture(scope="module")
def stack(client: Client, bucket: str) -> Iterator[str]:
    """A stack with the page deployed; what it deleted is looked at when it is gone."""
    page = {"index_html": INDEX, "assets__app_js": b"let a = 1;" * 300, "old_txt": b"old"}
    client("s3").put_object(Bucket=bucket, Key="page.zip", Body=archive(**page))
    client("s3").put_object(Bucket=bucket, Key="config.zip", Body=archive(config_json=b'{"api": "<<marker:0>>"}'))
    name = f"site-{uuid.uuid4().hex[:8]}"
    markers = [{}, {"<<marker:0>>": 'http://"api"'}]
    escape = [{}, {"jsonEscape": "true"}]
    body = template(bucket, ["page.zip", "config.zip"], SourceMarkers=markers, SourceMarkersConfig=escape)
    client("cloudformation").create_stack(StackName=name, TemplateBody=body)
    yield name
    site = outputs(client, name)
    client("cloudformation").delete_stack(StackName=name)
    assert client("cloudfront").list_distributions()["DistributionList"]["Quantity"] == 0
    assert client("cloudfront").list_response_headers_policies()["ResponseHeadersPolicyList"]["Quantity"] == 0
    assert client("cloudfront").list_origin_access_controls()["OriginAccessControlList"]["Quantity"] == 0
    with pytest.raises(ClientError, match="Not Found"):
        client("s3").head_bucket(Bucket=site["Bucket"])


def outputs(client: Client, name: str) -> dict[str, str]:
    stack = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    assert stack["StackStatus"].endswith("_COMPLETE"), stack.get("StackStatusReason")
    assert "ROLLBACK" not in stack["StackStatus"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


@pytest.fixture(scope="module")
def site(account: lifetime.Running, client: Client, stack: str) -> Site:
    made = outputs(client, stack)
    return Site(made["Id"], made["Domain"], made["Bucket"], account.port)


def test_the_page_is_served_at_the_distributions_address_with_its_headers(client: Client, site: Site) -> None:
    assert site.domain == f"{site.id.lower()}.cloudfront.localhost:{site.port}"
    assert client("cloudfront").get_distribution(Id=site.id)["Distribution"]["DomainName"] == site.domain
    answer = site.get("/")
    assert (answer.status_code, answer.content) == (200, INDEX)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Content-Security-Policy"] == CSP
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Strict-Transport-Security"] == "max-age=60; includeSubDomains"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert len(answer.raw.headers.getlist("Date")) == 1
    assert site.get("/", "HEAD").content == b""


def test_values_that_only_the_deployment_knows_are_in_the_files(site: Site) -> None:
    assert site.get("/config.json").json() == {"api": 'http://"api"'}
    assert site.get("/config.json").headers["Content-Type"] == "application/json"


def test_a_path_of_the_page_itself_shows_the_page(site: Site) -> None:
    answer = site.get("/jobs/one")
    assert (answer.status_code, answer.content) == (200, INDEX)
    assert answer.headers["Content-Security-Policy"] == CSP


def test_what_a_browser_has_already_is_not_sent_again(site: Site) -> None:
    etag = site.get("/").headers["ETag"]
    again = site.get("/", **{"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Content-Security-Policy"] == CSP


def test_ranges_are_served(site: Site) -> None:
    part = site.get("/", Range="bytes=2-9")
    assert (part.status_code, part.content) == (206, INDEX[2:10])
    assert part.headers["Content-Range"] == f"bytes 2-9/{len(INDEX)}"
    assert site.get("/", Range="bytes=999999-").status_code == 416


def test_text_is_compressed_for_who_understands_it(site: Site) -> None:
    headers = {"Host": site.domain, "Accept-Encoding": "gzip"}
    raw = requests.get(f"http://localhost:{site.port}/assets/app.js", headers=headers, timeout=5, stream=True)
    assert raw.headers["Content-Encoding"] == "gzip"
    assert raw.headers["ETag"].startswith("W/")
    assert gzip.decompress(raw.raw.read()) == b"let a = 1;" * 300


def test_other_methods_are_refused(site: Site) -> None:
    assert site.get("/", "POST").status_code == 403


def test_a_distribution_reads_nothing_that_the_buckets_policy_does_not_give_it(client: Client, site: Site) -> None:
    s3 = client("s3")
    policy = s3.get_bucket_policy(Bucket=site.bucket)["Policy"]
    s3.put_bucket_policy(Bucket=site.bucket, Policy=policy.replace(site.id, "E0000000000000"))
    refused = site.get("/config.json")
    assert (refused.status_code, "AccessDenied" in refused.text) == (403, True)
    assert refused.headers["Content-Security-Policy"] == CSP
    s3.put_bucket_policy(Bucket=site.bucket, Policy=policy)
    assert site.get("/config.json").status_code == 200


def test_an_update_prunes_and_the_second_one_changes_nothing(
    client: Client, bucket: str, stack: str, site: Site
) -> None:
    client("s3").put_object(Bucket=bucket, Key="new.zip", Body=archive(index_html=b"new"))
    system = {"cache-control": "max-age=60"}
    body = template(bucket, ["new.zip"], SystemMetadata=system)
    client("cloudformation").update_stack(StackName=stack, TemplateBody=body)
    assert outputs(client, stack)["Domain"] == site.domain
    answer = site.get("/")
    assert (answer.content, answer.headers["Cache-Control"]) == (b"new", "max-age=60")
    found = client("s3").list_objects_v2(Bucket=site.bucket)["Contents"]
    assert [each["Key"] for each in found] == ["site/index.html"]
    with pytest.raises(ClientError, match="No updates are to be performed"):
        client("cloudformation").update_stack(StackName=stack, TemplateBody=body)


def test_what_a_distribution_uses_cannot_be_deleted_and_what_is_missing_not_used(client: Client, site: Site) -> None:
    cloudfront = client("cloudfront")
    answer = cloudfront.get_distribution_config(Id=site.id)
    config = answer["DistributionConfig"]
    policy = config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]
    etag = cloudfront.get_response_headers_policy(Id=policy)["ETag"]
    with pytest.raises(ClientError, match="ResponseHeadersPolicyInUse"):
        cloudfront.delete_response_headers_policy(Id=policy, IfMatch=etag)
    with pytest.raises(ClientError, match="DistributionNotDisabled"):
        cloudfront.delete_distribution(Id=site.id, IfMatch=answer["ETag"])
    config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] = "E0000000000000"
    with pytest.raises(ClientError, match="NoSuchResponseHeadersPolicy"):
        cloudfront.update_distribution(Id=site.id, IfMatch=answer["ETag"], DistributionConfig=config)
    config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] = policy
    with pytest.raises(ClientError, match="PreconditionFailed"):
        cloudfront.update_distribution(Id=site.id, IfMatch="E0000000000000", DistributionConfig=config)
