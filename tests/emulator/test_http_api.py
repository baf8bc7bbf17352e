"""HTTP APIs: what a function gets, what a client gets back, and who is let in."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from joserfc import jwk, jwt

from emulator import ACCOUNT, DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY, REGION, lifetime
from tests.emulator.conftest import ROLE, Client

PAGE = "http://page.localhost:5000"
PASSWORD = "Password-1"
HANDLER = """
import time

def handler(event, context):
    do = (event.get("queryStringParameters") or {}).get("do")
    if do == "raise":
        raise ValueError("broken")
    if do == "sleep":
        time.sleep(3)
    if do == "text":
        return "just text"
    if do == "structure":
        return {
            "statusCode": 201,
            "headers": {"X-Number": 1, "Access-Control-Allow-Origin": "https://evil.example", "Content-Type": "text/x"},
            "cookies": ["a=1; Path=/", "b=2"],
            "body": "aGVsbG8=",
            "isBase64Encoded": True,
        }
    if do == "nonsense":
        return {"statusCode": "many"}
    if do == "large":
        return {"statusCode": 200, "body": "x" * (7 * 1024 * 1024)}
    return event
"""


@dataclass(frozen=True)
class Api:
    """A deployed API behind a JWT authorizer, with a token of a user in two groups."""

    url: str
    port: int
    outputs: dict[str, str]
    token: str
    pool: str

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        """A request as a browser would send it; the name is given in Host, since not every resolver knows it."""
        headers = {"Host": urlsplit(self.url).netloc, **more.pop("headers", {})}
        where = f"http://localhost:{self.port}{path}"
        return requests.request(method, where, headers=headers, timeout=10, allow_redirects=False, **more)

    def get(self, path: str, token: str | None = None, **headers: str) -> requests.Response:
        return self.send("GET", path, headers={"Authorization": f"Bearer {token or self.token}", **headers})


def template() -> str:
    api, function = {"Ref": "Api"}, {"Fn::GetAtt": ["Function", "Arn"]}

    def route(key: str, **more: Any) -> dict[str, Any]:
        target = {"Fn::Join": ["/", ["integrations", {"Ref": "Integration"}]]}
        jwt_ = {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": "Authorizer"}}
        return {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {"ApiId": api, "RouteKey": key, "Target": target, **jwt_, **more},
        }

    return json.dumps(
        {
            "Resources": {
                "Pool": {
                    "Type": "AWS::Cognito::UserPool",
                    "Properties": {"Policies": {"PasswordPolicy": {"MinimumLength": 8}}},
                },
                "Client": {
                    "Type": "AWS::Cognito::UserPoolClient",
                    "Properties": {"UserPoolId": {"Ref": "Pool"}, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]},
                },
                "Function": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "Role": ROLE,
                        "Runtime": "python3.11",
                        "Handler": "index.handler",
                        "Timeout": 20,
                        "Code": {"ZipFile": HANDLER},
                    },
                },
                "Allowed": {
                    "Type": "AWS::Lambda::Permission",
                    "Properties": {
                        "FunctionName": function,
                        "Action": "lambda:InvokeFunction",
                        "Principal": "apigateway.amazonaws.com",
                        "SourceArn": {"Fn::Sub": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:${{Api}}/*/*/tasks/*"},
                    },
                },
                "Api": {
                    "Type": "AWS::ApiGatewayV2::Api",
                    "Properties": {
                        "Name": "test",
                        "ProtocolType": "HTTP",
                        "CorsConfiguration": {
                            "AllowOrigins": [PAGE],
                            "AllowMethods": ["GET", "PUT"],
                            "AllowHeaders": ["authorization", "content-type"],
                            "ExposeHeaders": ["x-number"],
                            "MaxAge": 600,
                        },
                    },
                },
                "Stage": {
                    "Type": "AWS::ApiGatewayV2::Stage",
                    "Properties": {
                        "ApiId": api,
                        "StageName": "$default",
                        "AutoDeploy": True,
                        "StageVariables": {"colour": "green"},
                        "AccessLogSettings": {
                            "DestinationArn": {"Fn::GetAtt": ["Log", "Arn"]},
                            "Format": "$context.routeKey|$context.status|$context.authorizer.claims.username"
                            "|$context.integrationErrorMessage",
                        },
                    },
                },
                "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {}},
                "Authorizer": {
                    "Type": "AWS::ApiGatewayV2::Authorizer",
                    "Properties": {
                        "ApiId": api,
                        "Name": "pool",
                        "AuthorizerType": "JWT",
                        "IdentitySource": ["$request.header.Authorization"],
                        "JwtConfiguration": {
                            "Audience": [{"Ref": "Client"}],
                            "Issuer": {"Fn::GetAtt": ["Pool", "ProviderURL"]},
                        },
                    },
                },
                "Integration": {
                    "Type": "AWS::ApiGatewayV2::Integration",
                    "Properties": {
                        "ApiId": api,
                        "IntegrationType": "AWS_PROXY",
                        "IntegrationUri": function,
                        "PayloadFormatVersion": "2.0",
                        "TimeoutInMillis": 1000,
                    },
                },
                "Tasks": route("ANY /tasks/{task}"),
                "Scoped": route("GET /tasks/scoped", AuthorizationScopes=["labelling/write"]),
                "Signed": route("POST /tasks/signed", AuthorizationType="AWS_IAM", AuthorizerId=None),
                "NotAllowed": route("GET /other"),
            },
            "Outputs": {
                "Url": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}},
                "ApiId": {"Value": api},
                "Pool": {"Value": {"Ref": "Pool"}},
                "Client": {"Value": {"Ref": "Client"}},
                "Issuer": {"Value": {"Fn::GetAtt": ["Pool", "ProviderURL"]}},
                "Log": {"Value": {"Ref": "Log"}},
            },
        }
    )


@pytest.fixture(scope="module")
def api(account: lifetime.Running, client: Client) -> Iterator[Api]:
    name = f"api-{uuid.uuid4().hex[:8]}"
    client("cloudformation").create_stack(StackName=name, TemplateBody=template())
    stack = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    token = signed_in(client, outputs["Pool"], outputs["Client"])
    yield Api(outputs["Url"], account.port, outputs, token, outputs["Pool"])
    client("cloudformation").delete_stack(StackName=name)
    with pytest.raises(ClientError, match="Invalid API identifier"):
        client("apigatewayv2").get_api(ApiId=outputs["ApiId"])


def signed_in(client: Client, pool: str, client_id: str) -> str:
    """An access token of anna, who is in two groups."""
    cognito = client("cognito-idp")
    cognito.admin_create_user(UserPoolId=pool, Username="anna", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="anna", Password=PASSWORD, Permanent=True)
    for group in ("annotator", "reviewer"):
        cognito.create_group(UserPoolId=pool, GroupName=group)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username="anna", GroupName=group)
    return token_of(client, client_id)


def token_of(client: Client, client_id: str) -> str:
    parameters = {"USERNAME": "anna", "PASSWORD": PASSWORD}
    answer = client("cognito-idp").initiate_auth(
        ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
    )
    return str(answer["AuthenticationResult"]["AccessToken"])


def test_the_address_is_the_apis_own_on_the_accounts_port(client: Client, api: Api) -> None:
    assert api.url == f"http://{api.outputs['ApiId']}.execute-api.localhost:{api.port}"
    assert client("apigatewayv2").get_api(ApiId=api.outputs["ApiId"])["ApiEndpoint"] == api.url


def test_a_function_gets_the_event_of_payload_format_2(api: Api) -> None:
    answer = api.send(
        "PUT",
        "/tasks/a%2Fb?x=1&x=2&y=%20z",
        data=json.dumps({"text": "⌀ 5"}).encode(),
        headers={
            "Authorization": f"Bearer {api.token}",
            "Content-Type": "application/json",
            "Cookie": "one=1; two=2",
            "X-Own": "value",
        },
    )
    assert answer.status_code == 200
    event = answer.json()
    assert event["version"] == "2.0"
    assert event["routeKey"] == "ANY /tasks/{task}"
    assert event["pathParameters"] == {"task": "a/b"}
    assert event["rawQueryString"] == "x=1&x=2&y=%20z"
    assert event["queryStringParameters"] == {"x": "1,2", "y": " z"}
    assert event["cookies"] == ["one=1", "two=2"]
    assert event["headers"]["x-own"] == "value"
    assert "cookie" not in event["headers"]
    assert json.loads(event["body"]) == {"text": "⌀ 5"}
    assert event["isBase64Encoded"] is False
    assert event["stageVariables"] == {"colour": "green"}
    context = event["requestContext"]
    assert context["http"]["method"] == "PUT"
    assert context["stage"] == "$default"
    claims = context["authorizer"]["jwt"]["claims"]
    assert claims["cognito:groups"] == "[annotator reviewer]"
    assert claims["username"] == "anna"
    assert claims["exp"].isdigit()


def test_a_body_that_is_no_text_comes_in_base64(api: Api) -> None:
    headers = {"Authorization": api.token, "Content-Type": "image/png"}  # "Bearer" may be left out
    event = api.send("PUT", "/tasks/1", data=b"\x89PNG\xff", headers=headers).json()
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\x89PNG\xff"


def test_a_structured_answer_is_the_response(api: Api) -> None:
    answer = api.get("/tasks/1?do=structure", Origin=PAGE)
    assert (answer.status_code, answer.content) == (201, b"hello")
    assert answer.headers["X-Number"] == "1"
    assert answer.headers["Content-Type"] == "text/x"
    assert answer.raw.headers.getlist("Set-Cookie") == ["a=1; Path=/", "b=2"]
    # The API's CORS configuration overrides what the function says.
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Access-Control-Expose-Headers"] == "x-number"


def test_any_other_answer_is_a_body_with_status_200(api: Api) -> None:
    answer = api.get("/tasks/1?do=text")
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (200, "just text", "application/json")


@pytest.mark.parametrize(
    ("do", "status", "message"),
    [
        ("raise", 500, "Internal Server Error"),
        ("nonsense", 500, "Internal Server Error"),
        ("large", 500, "Internal Server Error"),
        ("sleep", 503, "Service Unavailable"),
    ],
)
def test_what_a_function_cannot_answer_is_api_gateways_own_error(api: Api, do: str, status: int, message: str) -> None:
    answer = api.get(f"/tasks/1?do={do}")
    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_a_path_without_route_is_not_found_and_a_function_without_permission_is_not_invoked(api: Api) -> None:
    assert (api.get("/nowhere").status_code, api.get("/nowhere").json()) == (404, {"message": "Not Found"})
    assert api.get("/other").status_code == 500


def test_a_request_that_is_too_large_is_refused(api: Api) -> None:
    bearer = {"Authorization": f"Bearer {api.token}"}
    assert api.send("PUT", "/tasks/1", data=b"x" * (10_000_001), headers=bearer).status_code == 413
    assert api.send("PUT", "/tasks/1", data=b"x" * (7 * 1024 * 1024), headers=bearer).status_code == 413


def forged(api: Api) -> str:
    """A token with the right claims, signed with a key of one's own."""
    return jwt.encode({"alg": "RS256"}, payload_of(api.token), jwk.RSAKey.generate_key(2048))


def payload_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_without_a_good_token_nobody_is_let_in(api: Api) -> None:
    none = api.send("GET", "/tasks/1")
    assert (none.status_code, none.json()) == (401, {"message": "Unauthorized"})
    assert none.headers["WWW-Authenticate"] == "Bearer"
    head, body, signature = api.token.split(".")
    changed = base64.urlsafe_b64encode(json.dumps({**payload_of(api.token), "cognito:groups": ["manager"]}).encode())
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    bad = {
        "nonsense": "nonsense",
        "changed claims": f"{head}.{changed.decode().rstrip('=')}.{signature}",
        "own key": forged(api),
        "no signature": f"{unsigned}.{body}.",
    }
    for name, token in bad.items():
        answer = api.get("/tasks/1", token)
        assert answer.status_code == 401, name
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"], name


def test_a_token_of_another_pool_or_client_is_refused(client: Client, api: Api) -> None:
    cognito = client("cognito-idp")
    other_client = cognito.create_user_pool_client(
        UserPoolId=api.pool, ClientName="other", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    assert api.get("/tasks/1", token_of(client, other_client)).status_code == 401
    pool = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    elsewhere = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="other", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    assert api.get("/tasks/1", signed_in(client, pool, elsewhere)).status_code == 401


def test_a_token_that_has_expired_is_refused(client: Client, api: Api) -> None:
    cognito = client("cognito-idp")
    short = {"AccessTokenValidity": 1, "TokenValidityUnits": {"AccessToken": "seconds"}}
    settings = {"UserPoolId": api.pool, "ClientId": api.outputs["Client"]}
    cognito.update_user_pool_client(**settings, **short, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    token = token_of(client, api.outputs["Client"])
    time.sleep(1.1)
    refused = api.get("/tasks/1", token)
    assert refused.status_code == 401
    assert "expired" in refused.headers["WWW-Authenticate"]
    cognito.update_user_pool_client(**settings, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])


def test_a_route_that_asks_for_a_scope_is_forbidden_without_it(api: Api) -> None:
    answer = api.get("/tasks/scoped")
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_a_preflight_is_answered_without_token_and_only_the_pages_origin_is_allowed(api: Api) -> None:
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    allowed = api.send("OPTIONS", "/tasks/1", headers={"Origin": PAGE, **asked})
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == PAGE
    assert allowed.headers["Access-Control-Allow-Methods"] == "GET,PUT"
    assert allowed.headers["Access-Control-Max-Age"] == "600"
    foreign = api.send("OPTIONS", "/tasks/1", headers={"Origin": "https://evil.example", **asked})
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert "Access-Control-Allow-Origin" not in api.get("/tasks/1", Origin="https://evil.example").headers
    assert api.send("GET", "/tasks/1", headers={"Origin": PAGE}).headers["Access-Control-Allow-Origin"] == PAGE


def test_the_access_log_says_who_asked_for_what_and_why_it_failed(client: Client, api: Api) -> None:
    for path in ("/tasks/2", "/tasks/1?do=raise", "/other"):
        api.get(path)
    events = client("logs").filter_log_events(logGroupName=api.outputs["Log"])["events"]
    lines = [event["message"] for event in events]
    assert "ANY /tasks/{task}|200|anna|-" in lines
    assert any(line.startswith("ANY /tasks/{task}|500|anna|") and "ValueError" in line for line in lines)
    assert any("does not allow apigateway.amazonaws.com" in line for line in lines)


def test_changing_a_stage_changes_what_is_served(client: Client, api: Api) -> None:
    client("apigatewayv2").update_stage(
        ApiId=api.outputs["ApiId"], StageName="$default", StageVariables={"colour": "blue"}
    )
    assert api.get("/tasks/1").json()["stageVariables"] == {"colour": "blue"}


def signed(api: Api, body: bytes = b"{}", *, key: str = DUMMY_ACCESS_KEY, service: str = "execute-api") -> AWSRequest:
    """A request as the SDKs sign it."""
    request = AWSRequest("POST", f"{api.url}/tasks/signed?a=%20b&c=", data=body, headers={"Content-Type": "text/x"})
    SigV4Auth(Credentials(key, DUMMY_SECRET_KEY), service, REGION).add_auth(request)
    return request


def send_signed(api: Api, request: AWSRequest, body: bytes = b"{}") -> requests.Response:
    return api.send("POST", "/tasks/signed?a=%20b&c=", data=body, headers=dict(request.headers))


def test_a_route_with_iam_takes_requests_that_somebody_of_the_account_has_signed(api: Api) -> None:
    answer = send_signed(api, signed(api))
    assert answer.status_code == 200
    assert answer.json()["requestContext"]["authorizer"]["iam"]["accountId"] == ACCOUNT


def test_a_request_that_is_unsigned_foreign_changed_or_old_is_forbidden(api: Api) -> None:
    old = signed(api)
    old.headers.replace_header("X-Amz-Date", "20200101T000000Z")
    refused = {
        "unsigned": api.send("POST", "/tasks/signed", data=b"{}"),
        "token": api.send("POST", "/tasks/signed", data=b"{}", headers={"Authorization": f"Bearer {api.token}"}),
        "foreign key": send_signed(api, signed(api, key="AKIAFOREIGN")),
        "foreign service": send_signed(api, signed(api, service="s3")),
        "changed": send_signed(api, signed(api), b'{"k": 100}'),
        "old": send_signed(api, old),
    }
    for name, answer in refused.items():
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"}), name
