"""A real Chromium in the emulated account: page, sign-in, HTTP API and signed address, under a strict policy."""

from __future__ import annotations

import io
import json
import os
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from emulator import ACCOUNT, REGION
from tests.emulator.conftest import ROLE, Client

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
USER, TEMPORARY, CHOSEN = "anna", "Temporary-1", "Chosen-by-me-2"
CONTENT = "0123456789"

HTML = b'<!doctype html><title>page</title><body><p id="said"></p><script src="app.js"></script></body>'
# A page's sign-in in small: authorization code with PKCE, then the API, then a part of a signed address.
SCRIPT = b"""
const text = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const url64 = bytes => text(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const say = words => { document.getElementById('said').textContent = JSON.stringify(words); };
async function main() {
  const config = await (await fetch('config.json')).json();
  const openid = await (await fetch(config.authority + '/.well-known/openid-configuration')).json();
  const here = location.origin + '/';
  const code = new URLSearchParams(location.search).get('code');
  if (!code) {
    const verifier = url64(crypto.getRandomValues(new Uint8Array(48)));
    sessionStorage.verifier = verifier;
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
    location = openid.authorization_endpoint + '?' + new URLSearchParams({
      client_id: config.client, response_type: 'code', redirect_uri: here, scope: 'openid',
      code_challenge: url64(hash), code_challenge_method: 'S256' });
    return;
  }
  const form = { grant_type: 'authorization_code', client_id: config.client, code, redirect_uri: here,
                 code_verifier: sessionStorage.verifier };
  const tokens = await (await fetch(openid.token_endpoint, { method: 'POST', body: new URLSearchParams(form) })).json();
  const headers = { authorization: 'Bearer ' + tokens.access_token, 'content-type': 'application/json' };
  const me = await (await fetch(config.api + '/me', { method: 'POST', headers, body: '{}' })).json();
  const part = await fetch(me.url, { headers: { Range: 'bytes=2-4' } });
  const range = part.headers.get('content-range');
  const foreign = await fetch('http://127.0.0.1:1/').catch(() => 'refused');
  say({ name: me.name, groups: me.groups, part: await part.text(), range, foreign });
}
main().catch(error => say({ error: String(error) }));
"""
HANDLER = """
import boto3, os
from botocore.config import Config
def handler(event, context):
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    what = {"Bucket": os.environ["BUCKET"], "Key": "object"}
    s3 = boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
    s3.head_object(**what)
    url = s3.generate_presigned_url("get_object", what, 60)
    return {"name": claims["username"], "groups": claims["cognito:groups"], "url": url}
"""


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def attribute(name: str, of: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, of]}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def template(assets: str) -> str:
    bucket, pool, api = {"Ref": "Bucket"}, {"Ref": "Pool"}, {"Ref": "Api"}
    page = sub("http://${Distribution.DomainName}")
    csp = "default-src 'none'; script-src 'self'; connect-src 'self' http://localhost:* http://*.localhost:*"
    secure = {"ContentSecurityPolicy": {"ContentSecurityPolicy": csp, "Override": True}}
    s3_cors = {"AllowedOrigins": [page], "AllowedMethods": ["GET"], "AllowedHeaders": ["Range"]}
    reads = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": sub("${Site.Arn}/*"),
    }
    config = {"<<authority>>": attribute("Pool", "ProviderURL"), "<<client>>": {"Ref": "Client"}}
    resources = {
        "Site": resource("AWS::S3::Bucket"),
        "SitePolicy": resource("AWS::S3::BucketPolicy", Bucket={"Ref": "Site"}, PolicyDocument={"Statement": [reads]}),
        "Headers": resource(
            "AWS::CloudFront::ResponseHeadersPolicy",
            ResponseHeadersPolicyConfig={"Name": uuid.uuid4().hex, "SecurityHeadersConfig": secure},
        ),
        "Distribution": resource(
            "AWS::CloudFront::Distribution",
            DistributionConfig={
                "Enabled": True,
                "DefaultRootObject": "index.html",
                "Origins": [
                    {
                        "Id": "s",
                        "DomainName": attribute("Site", "RegionalDomainName"),
                        "S3OriginConfig": {"OriginAccessIdentity": ""},
                    },
                ],
                "DefaultCacheBehavior": {
                    "TargetOriginId": "s",
                    "ViewerProtocolPolicy": "allow-all",
                    "ResponseHeadersPolicyId": {"Ref": "Headers"},
                },
            },
        ),
        "Bucket": resource(
            "AWS::S3::Bucket", CorsConfiguration={"CorsRules": [{**s3_cors, "ExposedHeaders": ["Content-Range"]}]}
        ),
        "Pool": resource("AWS::Cognito::UserPool", Policies={"PasswordPolicy": {"MinimumLength": 8}}),
        "Group": resource("AWS::Cognito::UserPoolGroup", UserPoolId=pool, GroupName="annotator"),
        "Domain": resource("AWS::Cognito::UserPoolDomain", UserPoolId=pool, Domain=f"test-{uuid.uuid4().hex[:8]}"),
        "Client": resource(
            "AWS::Cognito::UserPoolClient",
            UserPoolId=pool,
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid"],
            SupportedIdentityProviders=["COGNITO"],
            CallbackURLs=[sub("http://${Distribution.DomainName}/")],
        ),
        "Function": resource(
            "AWS::Lambda::Function",
            Role=ROLE,
            Runtime="python3.11",
            Handler="index.handler",
            Timeout=20,
            Code={"ZipFile": HANDLER},
            Environment={"Variables": {"BUCKET": bucket}},
        ),
        "Allowed": resource(
            "AWS::Lambda::Permission",
            FunctionName=attribute("Function", "Arn"),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=sub(f"arn:aws:execute-api:{REGION}:{ACCOUNT}:${{Api}}/*/*/me"),
        ),
        "Api": resource(
            "AWS::ApiGatewayV2::Api",
            Name="browser",
            ProtocolType="HTTP",
            CorsConfiguration={
                "AllowOrigins": [page],
                "AllowMethods": ["POST"],
                "AllowHeaders": ["authorization", "content-type"],
            },
        ),
        "Stage": resource("AWS::ApiGatewayV2::Stage", ApiId=api, StageName="$default", AutoDeploy=True),
        "Authorizer": resource(
            "AWS::ApiGatewayV2::Authorizer",
            ApiId=api,
            Name="pool",
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            # As the CDK's authorizer for user pools writes it.
            JwtConfiguration={
                "Audience": [{"Ref": "Client"}],
                "Issuer": sub("https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"),
            },
        ),
        "Integration": resource(
            "AWS::ApiGatewayV2::Integration",
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=attribute("Function", "Arn"),
            PayloadFormatVersion="2.0",
        ),
        "Me": resource(
            "AWS::ApiGatewayV2::Route",
            ApiId=api,
            RouteKey="POST /me",
            Target=sub("integrations/${Integration}"),
            AuthorizationType="JWT",
            AuthorizerId={"Ref": "Authorizer"},
            AuthorizationScopes=["openid"],
        ),
        "Deployment": resource(
            "Custom::CDKBucketDeployment",
            ServiceToken=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:provider",
            SourceBucketNames=[assets],
            SourceObjectKeys=["browser.zip"],
            SourceMarkers=[{**config, "<<api>>": attribute("Api", "ApiEndpoint")}],
            DestinationBucketName={"Ref": "Site"},
            RetainOnDelete=False,
        ),
    }
    outputs = {"Page": {"Value": page}, "Pool": {"Value": pool}, "Bucket": {"Value": bucket}}
    return json.dumps({"Resources": resources, "Outputs": outputs})


@pytest.fixture
def address(client: Client, bucket: str) -> Iterator[str]:
    """Where the deployed page is."""
    files = io.BytesIO()
    with zipfile.ZipFile(files, "w") as archive:
        archive.writestr("index.html", HTML)
        archive.writestr("app.js", SCRIPT)
        archive.writestr(
            "config.json", json.dumps({"authority": "<<authority>>", "client": "<<client>>", "api": "<<api>>"})
        )
    client("s3").put_object(Bucket=bucket, Key="browser.zip", Body=files.getvalue())
    name = f"browser-{uuid.uuid4().hex[:8]}"
    client("cloudformation").create_stack(StackName=name, TemplateBody=template(bucket))
    stack = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    made = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    client("s3").put_object(Bucket=made["Bucket"], Key="object", Body=CONTENT.encode())
    cognito, user = client("cognito-idp"), {"UserPoolId": made["Pool"], "Username": USER}
    cognito.admin_create_user(**user, TemporaryPassword=TEMPORARY, MessageAction="SUPPRESS")
    cognito.admin_add_user_to_group(**user, GroupName="annotator")
    yield made["Page"]
    client("s3").delete_object(Bucket=made["Bucket"], Key="object")
    client("cloudformation").delete_stack(StackName=name)


@pytest.fixture
def browser_page() -> Iterator[Page]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed: run `make setup`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def test_somebody_with_a_temporary_password_signs_in_and_works(address: str, browser_page: Page) -> None:
    browser_page.goto(address)
    browser_page.get_by_label("Username").fill(USER)
    browser_page.get_by_label("Password").fill(TEMPORARY)
    browser_page.keyboard.press("Enter")
    browser_page.get_by_label("New password", exact=True).fill(CHOSEN)
    browser_page.get_by_label("New password again").fill(CHOSEN)
    browser_page.get_by_role("button", name="Send").click()
    said = browser_page.locator("#said")
    expect(said).not_to_be_empty()
    assert json.loads(said.inner_text()) == {
        "name": USER,
        "groups": "[annotator]",
        "part": CONTENT[2:5],
        "range": f"bytes 2-4/{len(CONTENT)}",
        "foreign": "refused",  # by the page's content security policy
    }
