"""User pools: groups in tokens, passwords, and the OpenID side as a browser and its libraries use it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from botocore.exceptions import ClientError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from emulator import lifetime
from tests.emulator.conftest import Client

CALLBACK = "http://page.localhost/callback"
TEMPORARY, CHOSEN = "Temporary-1", "Chosen-by-me-2"


@dataclass(frozen=True)
class Pool:
    """A deployed pool with its client and the OpenID document."""

    id: str
    client: str
    provider: str
    openid: dict[str, Any]


def template(**client: Any) -> str:
    pool = {"Ref": "Pool"}
    return json.dumps(
        {
            "Resources": {
                "Pool": {
                    "Type": "AWS::Cognito::UserPool",
                    "Properties": {
                        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": "true"},
                        "Policies": {"PasswordPolicy": {"MinimumLength": 10, "RequireSymbols": True}},
                        "AliasAttributes": ["email"],
                    },
                },
                "Client": {
                    "Type": "AWS::Cognito::UserPoolClient",
                    "Properties": {
                        "UserPoolId": pool,
                        "AllowedOAuthFlowsUserPoolClient": True,
                        "AllowedOAuthFlows": ["code"],
                        "AllowedOAuthScopes": ["openid", "email"],
                        "CallbackURLs": [CALLBACK],
                        "LogoutURLs": ["http://page.localhost/"],
                        "SupportedIdentityProviders": ["COGNITO"],
                        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
                        "PreventUserExistenceErrors": "ENABLED",
                        "AccessTokenValidity": 15,
                        "TokenValidityUnits": {"AccessToken": "minutes"},
                        **client,
                    },
                },
                "Domain": {
                    "Type": "AWS::Cognito::UserPoolDomain",
                    "Properties": {"UserPoolId": pool, "Domain": f"test-{uuid.uuid4().hex[:8]}"},
                },
                **{
                    name.title(): {
                        "Type": "AWS::Cognito::UserPoolGroup",
                        "Properties": {"UserPoolId": pool, "GroupName": name, "Precedence": precedence},
                    }
                    for name, precedence in (("annotator", 20), ("reviewer", 10))
                },
            },
            "Outputs": {
                "Pool": {"Value": pool},
                "Client": {"Value": {"Ref": "Client"}},
                "Provider": {"Value": {"Fn::GetAtt": ["Pool", "ProviderURL"]}},
            },
        }
    )


def deployed(client: Client, **properties: Any) -> Iterator[Pool]:
    name = f"pool-{uuid.uuid4().hex[:8]}"
    client("cloudformation").create_stack(StackName=name, TemplateBody=template(**properties))
    stack = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    openid = requests.get(f"{outputs['Provider']}/.well-known/openid-configuration", timeout=5).json()
    yield Pool(outputs["Pool"], outputs["Client"], outputs["Provider"], openid)
    client("cloudformation").delete_stack(StackName=name)
    with pytest.raises(ClientError, match="does not exist"):
        client("cognito-idp").describe_user_pool(UserPoolId=outputs["Pool"])


@pytest.fixture(scope="module")
def pool(client: Client) -> Iterator[Pool]:
    yield from deployed(client)


@pytest.fixture
def anna(client: Client, pool: Pool) -> str:
    """A user with a password of her own, in two groups."""
    return new_user(client, pool, password=CHOSEN)


def new_user(client: Client, pool: Pool, password: str = "") -> str:
    cognito, name = client("cognito-idp"), f"anna-{uuid.uuid4().hex[:8]}"
    email = [{"Name": "email", "Value": f"{name}@example.com"}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(
        UserPoolId=pool.id,
        Username=name,
        TemporaryPassword=TEMPORARY,
        UserAttributes=email,
        MessageAction="SUPPRESS",
    )
    for group in ("annotator", "reviewer"):
        cognito.admin_add_user_to_group(UserPoolId=pool.id, Username=name, GroupName=group)
    if password:
        cognito.admin_set_user_password(UserPoolId=pool.id, Username=name, Password=password, Permanent=True)
    return name


class Browser:
    """What a browser and an OpenID library do between them, without following redirects."""

    def __init__(self, pool: Pool) -> None:
        self.pool, self.session = pool, requests.Session()
        self.verifier = secrets.token_urlsafe(48)

    def authorize(self, **parameters: str) -> requests.Response:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "client_id": self.pool.client,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid email",
            "state": "the-state",
            "nonce": "the-nonce",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            **parameters,
        }
        url = f"{self.pool.openid['authorization_endpoint']}?{urlencode(query)}"
        return self.session.get(url, allow_redirects=False, timeout=5)

    def sign_in(self, username: str, password: str = CHOSEN) -> requests.Response:
        page = self.session.get(self.authorize().headers["Location"], timeout=5)
        return self.send(page, username=username, password=password)

    def send(self, page: requests.Response, **fields: str) -> requests.Response:
        """Fills in the page's form."""
        action = re.search(r'action="([^"]+)"', page.text)
        assert action
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        url = action[1].replace("&amp;", "&")
        return self.session.post(url, {**hidden, **fields}, allow_redirects=False, timeout=5)

    def tokens(self, answer: requests.Response, **fields: str) -> requests.Response:
        form = {
            "grant_type": "authorization_code",
            "client_id": self.pool.client,
            "code": came_back(answer)["code"],
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
            **fields,
        }
        return requests.post(self.pool.openid["token_endpoint"], form, timeout=5)


def came_back(answer: requests.Response) -> dict[str, str]:
    location = answer.headers["Location"]
    assert location.startswith(f"{CALLBACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def claims(pool: Pool, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(requests.get(pool.openid["jwks_uri"], timeout=5).json())
    return dict(jwt.decode(token, keys, algorithms=["RS256"]).claims)


def test_all_addresses_of_the_pool_carry_the_accounts_scheme_and_port(account: lifetime.Running, pool: Pool) -> None:
    assert pool.openid["issuer"] == pool.provider == f"{account.url}/{pool.id}"
    ends = [value for name, value in pool.openid.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(ends) == 6
    assert all(end.startswith(f"{pool.provider}/") for end in ends)


def test_a_browser_that_signs_in_gets_tokens_as_cognito_writes_them(pool: Pool, anna: str) -> None:
    browser = Browser(pool)
    answer = browser.sign_in(anna)
    assert came_back(answer)["state"] == "the-state"
    issued = browser.tokens(answer).json()
    assert issued["token_type"] == "Bearer"
    assert issued["expires_in"] == 900
    access, identity = claims(pool, issued["access_token"]), claims(pool, issued["id_token"])
    assert access["cognito:groups"] == ["reviewer", "annotator"]  # by precedence
    assert access["exp"] - access["iat"] == 900
    assert {name: access[name] for name in ("iss", "client_id", "token_use", "scope", "username")} == {
        "iss": pool.provider,
        "client_id": pool.client,
        "token_use": "access",
        "scope": "openid email",
        "username": anna,
    }
    assert identity["aud"] == pool.client
    assert identity["nonce"] == "the-nonce"
    assert identity["email"] == f"{anna}@example.com"
    assert identity["email_verified"] is True
    found = requests.get(
        pool.openid["userinfo_endpoint"], headers={"Authorization": f"Bearer {issued['access_token']}"}, timeout=5
    )
    assert found.json() == {
        "sub": access["sub"],
        "username": anna,
        "email": f"{anna}@example.com",
        "email_verified": "true",
    }


def test_a_second_visit_needs_no_password_and_a_silent_one_without_session_fails(pool: Pool, anna: str) -> None:
    browser = Browser(pool)
    assert came_back(browser.authorize(prompt="none"))["error"] == "login_required"
    browser.sign_in(anna)
    assert "code" in came_back(browser.authorize())
    assert "/login?" in browser.authorize(prompt="login").headers["Location"]
    logout = {"client_id": pool.client, "logout_uri": "http://page.localhost/"}
    left = browser.session.get(pool.openid["end_session_endpoint"], params=logout, allow_redirects=False, timeout=5)
    assert left.headers["Location"] == "http://page.localhost/"
    assert came_back(browser.authorize(prompt="none"))["error"] == "login_required"


def test_a_wrong_password_and_an_unknown_user_are_told_alike(pool: Pool, anna: str) -> None:
    for name in (anna, "nobody"):
        page = Browser(pool).sign_in(name, "wrong")
        assert page.status_code == 200
        assert "Incorrect username or password." in page.text


def test_a_temporary_password_is_changed_before_anything_else(client: Client, pool: Pool) -> None:
    name, browser = new_user(client, pool), Browser(pool)
    page = browser.sign_in(name, TEMPORARY)
    assert "New password" in page.text
    refused = browser.send(page, new_password="different-1A", confirm_password="Different-1A")
    assert "do not match" in refused.text
    weak = browser.send(page, new_password="weak", confirm_password="weak")
    assert "password policy" in weak.text
    answer = browser.send(weak, new_password=CHOSEN, confirm_password=CHOSEN)
    assert browser.tokens(answer).ok
    assert "code" in came_back(Browser(pool).sign_in(f"{name}@EXAMPLE.com"))


def test_a_form_that_the_sign_in_page_did_not_send_is_refused(pool: Pool, anna: str) -> None:
    browser = Browser(pool)
    page = browser.session.get(browser.authorize().headers["Location"], timeout=5)
    forged = browser.send(page, username=anna, password=CHOSEN, _csrf="another")
    assert forged.status_code == 403


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://page.localhost/other"}, "invalid_grant"),
        ({"client_id": "another"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_worth_nothing_without_what_belongs_to_it(
    pool: Pool, anna: str, change: dict[str, str], error: str
) -> None:
    browser = Browser(pool)
    refused = browser.tokens(browser.sign_in(anna), **change)
    assert (refused.status_code, refused.json()["error"]) == (400, error)


def test_a_code_is_good_once(pool: Pool, anna: str) -> None:
    browser = Browser(pool)
    answer = browser.sign_in(anna)
    assert browser.tokens(answer).ok
    assert browser.tokens(answer).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "page"),
    [
        ({"redirect_uri": "http://elsewhere.localhost/"}, "redirect_mismatch"),
        ({"redirect_uri": f"{CALLBACK}/more"}, "redirect_mismatch"),
        ({"client_id": "another"}, "does not exist"),
    ],
)
def test_a_browser_is_never_sent_to_an_address_that_is_not_the_clients(
    pool: Pool, change: dict[str, str], page: str
) -> None:
    answer = Browser(pool).authorize(**change)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert page in answer.text


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid profile"}, "invalid_request"),
        ({"scope": "email"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_wrong_request_goes_back_with_its_error(pool: Pool, change: dict[str, str], error: str) -> None:
    back = came_back(Browser(pool).authorize(**change))
    assert (back["error"], back["state"]) == (error, "the-state")


def test_a_refresh_token_renews_until_it_is_revoked(pool: Pool, anna: str) -> None:
    browser = Browser(pool)
    first = browser.tokens(browser.sign_in(anna)).json()
    form = {"grant_type": "refresh_token", "client_id": pool.client, "refresh_token": first["refresh_token"]}
    second = requests.post(pool.openid["token_endpoint"], form, timeout=5).json()
    assert "refresh_token" not in second
    assert "nonce" not in claims(pool, second["id_token"])
    revoke = {"token": first["refresh_token"], "client_id": pool.client}
    assert requests.post(pool.openid["revocation_endpoint"], revoke, timeout=5).status_code == 200
    refused = requests.post(pool.openid["token_endpoint"], form, timeout=5)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    assert requests.get(pool.openid["userinfo_endpoint"], headers=bearer, timeout=5).status_code == 401


def test_signing_out_everywhere_and_disabling_end_the_renewals(client: Client, pool: Pool, anna: str) -> None:
    def renewed(issued: dict[str, str]) -> requests.Response:
        form = {"grant_type": "refresh_token", "client_id": pool.client, "refresh_token": issued["refresh_token"]}
        return requests.post(pool.openid["token_endpoint"], form, timeout=5)

    browser = Browser(pool)
    issued = browser.tokens(browser.sign_in(anna)).json()
    client("cognito-idp").admin_user_global_sign_out(UserPoolId=pool.id, Username=anna)
    assert renewed(issued).status_code == 400
    again = Browser(pool)
    issued = again.tokens(again.sign_in(anna)).json()
    assert renewed(issued).ok
    client("cognito-idp").admin_disable_user(UserPoolId=pool.id, Username=anna)
    assert renewed(issued).json() == {"error": "invalid_grant", "error_description": "User is disabled"}
    assert "disabled" in Browser(pool).sign_in(anna).text


def test_rotation_gives_a_new_refresh_token_and_ends_the_old(client: Client) -> None:
    for pool in deployed(client, RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}):
        name, browser = new_user(client, pool, CHOSEN), Browser(pool)
        first = browser.tokens(browser.sign_in(name)).json()["refresh_token"]
        form = {"grant_type": "refresh_token", "client_id": pool.client}
        second = requests.post(pool.openid["token_endpoint"], {**form, "refresh_token": first}, timeout=5).json()
        assert second["refresh_token"] != first
        assert (
            requests.post(pool.openid["token_endpoint"], {**form, "refresh_token": first}, timeout=5).status_code == 400
        )
        third = {**form, "refresh_token": second["refresh_token"]}
        assert requests.post(pool.openid["token_endpoint"], third, timeout=5).ok


def test_the_api_signs_in_only_by_the_flows_that_the_client_allows(client: Client, pool: Pool, anna: str) -> None:
    cognito = client("cognito-idp")
    parameters = {"USERNAME": anna, "PASSWORD": CHOSEN}
    signed = cognito.initiate_auth(ClientId=pool.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    access = signed["AuthenticationResult"]["AccessToken"]
    assert claims(pool, access)["scope"] == "aws.cognito.signin.user.admin"
    assert cognito.get_user(AccessToken=access)["Username"] == anna
    with pytest.raises(ClientError, match="flow not enabled for this client"):
        cognito.admin_initiate_auth(
            UserPoolId=pool.id, ClientId=pool.client, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=parameters
        )
    wrong = {**parameters, "PASSWORD": "wrong"}
    with pytest.raises(ClientError, match="Incorrect username or password"):
        cognito.initiate_auth(ClientId=pool.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=wrong)


def test_the_api_asks_for_a_new_password_too(client: Client, pool: Pool) -> None:
    name, cognito = new_user(client, pool), client("cognito-idp")
    asked = cognito.initiate_auth(
        ClientId=pool.client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": TEMPORARY},
    )
    answer = {"ClientId": pool.client, "ChallengeName": asked["ChallengeName"], "Session": asked["Session"]}
    with pytest.raises(ClientError, match="InvalidPasswordException"):
        cognito.respond_to_auth_challenge(**answer, ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": "weak"})
    done = cognito.respond_to_auth_challenge(**answer, ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": CHOSEN})
    assert claims(pool, done["AuthenticationResult"]["AccessToken"])["username"] == name


def test_each_pool_signs_with_a_key_of_its_own(client: Client, pool: Pool, anna: str) -> None:
    browser = Browser(pool)
    access = browser.tokens(browser.sign_in(anna)).json()["access_token"]
    for other in deployed(client):
        with pytest.raises((JoseError, ValueError)):
            claims(other, access)


def test_a_page_of_another_origin_may_ask_the_endpoints_for_programs(pool: Pool) -> None:
    headers = {"Origin": "http://page.localhost", "Access-Control-Request-Method": "POST"}
    asked = requests.options(pool.openid["token_endpoint"], headers=headers, timeout=5)
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    refused = requests.post(pool.openid["token_endpoint"], headers=headers, timeout=5)
    assert refused.headers["Access-Control-Allow-Origin"] == "*"


def test_managed_login_is_closed_until_the_client_has_a_branding(client: Client) -> None:
    cognito = client("cognito-idp")
    for pool in deployed(client):
        domain = cognito.describe_user_pool(UserPoolId=pool.id)["UserPool"]["Domain"]
        cognito.update_user_pool_domain(Domain=domain, UserPoolId=pool.id, ManagedLoginVersion=2)
        assert Browser(pool).authorize().status_code == 403
        made = cognito.create_managed_login_branding(
            UserPoolId=pool.id, ClientId=pool.client, UseCognitoProvidedValues=True
        )["ManagedLoginBranding"]
        assert Browser(pool).authorize().status_code == 302
        cognito.delete_managed_login_branding(UserPoolId=pool.id, ManagedLoginBrandingId=made["ManagedLoginBrandingId"])
