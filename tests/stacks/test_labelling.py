"""The labelling stack: who may sign in, ask, read and write, and from where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drawing_platform import labelling_page
from drawing_platform.labelling_api import ROUTES
from drawing_platform.labelling_page import PageNotBuiltError
from stacks.application import build
from tests.stacks.conftest import NO_BUNDLING
from tests.template_rules import Template, as_list, resources

ENVIRONMENTS = ("dev", "local", "prod", "staging")


@pytest.fixture(params=ENVIRONMENTS)
def template(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    return templates[f"{request.param}-labelling"]


def the(template: Template, kind: str) -> dict[str, Any]:
    (found,) = resources(template, kind)
    return found[1]


def rights(template: Template, role: str) -> Iterator[tuple[str, str]]:
    """(action, resource as text) of every right of the role whose logical id begins with `role`."""
    for name, policy in resources(template, "AWS::IAM::Policy"):
        if name.startswith(role):
            for statement in policy["PolicyDocument"]["Statement"]:
                for action in as_list(statement["Action"]):
                    for resource in as_list(statement["Resource"]):
                        yield action, json.dumps(resource)


def places(template: Template, role: str, action: str) -> set[str]:
    """The parts of buckets on which a role may do `action`: `jobs/*/tasks/*`."""
    texts = [resource for right, resource in rights(template, role) if right == action]
    return {text.rsplit('"/', 1)[1].split('"')[0] for text in texts}


def test_every_route_asks_for_a_token_of_the_pool_for_the_page(template: Template) -> None:
    routes = [properties for _, properties in resources(template, "AWS::ApiGatewayV2::Route")]
    assert {route["RouteKey"] for route in routes} == {f"{method} {path}" for method, path in ROUTES}
    for route in routes:
        assert (route["AuthorizationType"], route["AuthorizationScopes"]) == ("JWT", ["openid"])
    authorizer = the(template, "AWS::ApiGatewayV2::Authorizer")
    assert authorizer["JwtConfiguration"]["Issuer"]["Fn::GetAtt"][1] == "ProviderURL"


def test_browsers_may_ask_and_read_from_the_page_only(template: Template) -> None:
    api = the(template, "AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    (bucket,) = [
        properties["CorsConfiguration"]["CorsRules"]
        for _, properties in resources(template, "AWS::S3::Bucket")
        if "CorsConfiguration" in properties
    ]
    (rule,) = bucket
    assert rule["AllowedMethods"] == ["GET"]
    for origins in (api["AllowOrigins"], rule["AllowedOrigins"]):
        (origin,) = origins
        scheme, domain = origin["Fn::Join"][1]
        assert scheme in ("https://", "http://")
        assert domain["Fn::GetAtt"][1] == "DomainName"


def test_requests_are_limited_and_logged_without_what_people_wrote(template: Template) -> None:
    stage = the(template, "AWS::ApiGatewayV2::Stage")
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 200, "ThrottlingRateLimit": 100}
    log = json.loads(stage["AccessLogSettings"]["Format"])
    assert log["person"] == "$context.authorizer.claims.sub"
    assert "body" not in json.dumps(log).lower()


def test_nobody_signs_up_and_the_page_keeps_no_secret(template: Template) -> None:
    pool = the(template, "AWS::Cognito::UserPool")
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    client = the(template, "AWS::Cognito::UserPoolClient")
    assert (client["GenerateSecret"], client["AllowedOAuthFlows"]) == (False, ["code"])
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert len(client["CallbackURLs"]) == 1
    groups = {properties["GroupName"] for _, properties in resources(template, "AWS::Cognito::UserPoolGroup")}
    assert groups == {"annotator", "reviewer", "manager"}


def test_production_asks_for_a_second_factor(templates: dict[str, Template]) -> None:
    assert the(templates["prod-labelling"], "AWS::Cognito::UserPool")["MfaConfiguration"] == "ON"


def test_the_api_reads_what_it_shows_and_writes_what_people_say(template: Template) -> None:
    read = {"jobs/*/job.json", "jobs/*/tasks/*", "jobs/*/reviews/*", "jobs/*/pyramids/*", "drafts/*"}
    assert places(template, "ApiFunctionRole", "s3:GetObject") == read
    written = {"jobs/*/job.json", "jobs/*/answers/*", "jobs/*/reviewed/*", "drafts/*"}
    assert places(template, "ApiFunctionRole", "s3:PutObject") == written
    # Neither the answers of others nor known ones can be read, or signed, by what people talk to.
    assert not {"jobs/*/answers/*", "jobs/*/gold/*"} & read
    assert "dynamodb:Scan" not in {action for action, _ in rights(template, "ApiFunctionRole")}


def test_only_the_export_writes_into_the_data_bucket_and_only_labels(template: Template) -> None:
    for role in ("ApiFunctionRole", "FunctionsConsolidateRole", "FunctionsOpenRole"):
        assert not [
            resource for action, resource in rights(template, role) if "ImportValue" in resource and "s3:" in action
        ]
    assert places(template, "FunctionsExportRole", "s3:PutObject") == {"labels/*"}


def test_the_comparison_changes_no_answer(template: Template) -> None:
    assert places(template, "FunctionsConsolidateRole", "s3:PutObject") == {"jobs/*/consensus/*", "jobs/*/reviews/*"}


def test_signed_addresses_work_for_a_quarter_of_an_hour_at_most(template: Template) -> None:
    (seconds,) = [
        int(properties["Environment"]["Variables"]["URL_SECONDS"])
        for _, properties in resources(template, "AWS::Lambda::Function")
        if "URL_SECONDS" in properties.get("Environment", {}).get("Variables", {})
    ]
    assert 0 < seconds <= 900


def test_the_page_runs_its_own_scripts_and_talks_to_nobody_else(template: Template) -> None:
    headers = the(template, "AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    policy = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_only_the_distribution_reads_the_pages_files(template: Template) -> None:
    (name,) = [name for name, _ in resources(template, "AWS::S3::Bucket") if name.startswith("PageBucket")]
    readers = [
        statement
        for _, policy in resources(template, "AWS::S3::BucketPolicy")
        if policy["Bucket"] == {"Ref": name}
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow" and statement["Action"] == "s3:GetObject"
    ]
    (reader,) = readers
    assert reader["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert "AWS:SourceArn" in reader["Condition"]["StringEquals"]
    distribution = the(template, "AWS::CloudFront::Distribution")["DistributionConfig"]
    (origin,) = distribution["Origins"]
    assert origin["OriginAccessControlId"]


def test_without_a_built_page_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelling_page, "DIST", tmp_path / "web" / "annotator" / "dist")
    with pytest.raises(PageNotBuiltError, match=r"^web/annotator/dist/index.html is not there: .*`make setup`$"):
        build(["dev"], outdir=tmp_path / "out", context=NO_BUNDLING)
