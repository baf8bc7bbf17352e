"""What `drawingops local up` prints is enough to begin labelling: the page's address, and people who may sign in."""

from __future__ import annotations

import re
import sys

import pytest

from cli.account import STAMP, _sources_digest
from cli.labels_team import GROUPS
from tests.e2e.account import Account, run
from tests.e2e.people import browser, sign_in

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


def test_it_prints_the_page_and_test_users_who_can_sign_in_there(whole_account: Account) -> None:
    # These sources are deployed already: what is deployed here differs in the length of training only.
    whole_account.client("ssm").put_parameter(Name=STAMP, Value=_sources_digest(), Type="String", Overwrite=True)
    printed = " ".join(run([sys.executable, "-m", "cli.main", "local", "up"], whole_account.cdk.variables).split())
    assert "deployed already, nothing has changed" in printed
    found = re.search(r"label at (\S+) as (.+?), password (\S+); a first job: `drawingops labels create", printed)
    assert found, printed
    page, users, password = found.groups()
    assert page == whole_account.names["labelling-page"]
    shown = browser().get(page, timeout=10)
    assert (shown.status_code, '<div id="root">' in shown.text) == (200, True)
    assert users.split(", ") == list(GROUPS)
    for user in users.split(", "):
        me = sign_in(whole_account, user, password).ask("GET", "/me")
        assert (me.status, me.body["groups"]) == (200, [user])
