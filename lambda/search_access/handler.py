"""A custom resource: roles of IAM learn what they may do inside the domain.

With fine-grained access control a domain lets nobody in whom its own roles do not name, whatever IAM says. This
function is the domain's master; nobody can call it but CloudFormation.
"""

import json
import urllib.request
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from shared.custom_resource import answer

logger = Logger()
tracer = Tracer()

TIMEOUT_SECONDS = 30
SECURITY = "/_plugins/_security/api"
# What each of our roles may do, in the words of OpenSearch's security plugin. Aliases are of the writer alone.
_INDEXES = ["drawings*"]
ROLES: dict[str, dict[str, Any]] = {
    "drawings_reader": {
        "cluster_permissions": [
            "cluster:monitor/main",
            # Many documents by their ids: of the request as a whole, whatever the rights on the index.
            "indices:data/read/mget",
            "indices:data/read/msearch",
            "indices:data/read/scroll*",
        ],
        "index_permissions": [
            {
                "index_patterns": _INDEXES,
                "allowed_actions": [
                    "read",
                    "indices:admin/aliases/get",
                    "indices:admin/mappings/get",
                    "indices_monitor",
                ],
            }
        ],
    },
    "drawings_writer": {
        "cluster_permissions": [
            "cluster:monitor/main",
            "cluster:monitor/health",
            # The end of a load: a merge is a task, and graphs are read into memory.
            "cluster:monitor/task/get",
            "cluster:admin/knn_warmup_action",
            "indices:data/read/mget",
            "indices:data/read/msearch",
            "indices:data/read/scroll*",
            "indices:data/write/bulk",
            "indices:admin/aliases/get",
        ],
        "index_permissions": [
            {
                "index_patterns": _INDEXES,
                "allowed_actions": ["crud", "create_index", "manage", "manage_aliases", "indices_monitor"],
            }
        ],
    },
}


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Handles an event of CloudFormation and answers it, whatever happens.

    Args:
        event: its `ResourceProperties` are `Endpoint` (host of the domain), `Readers` and `Writers` (ARNs of roles).
    """
    status = answer(event, name="access", log_stream=context.log_stream_name, work=_let_in)
    logger.info("answered", extra={"status": status})


def _let_in(event: dict[str, Any]) -> dict[str, str]:
    if event["RequestType"] != "Delete":  # what was let in goes with the domain
        wanted = event["ResourceProperties"]
        let_in(wanted["Endpoint"], {"drawings_reader": wanted["Readers"], "drawings_writer": wanted["Writers"]})
    return {}


def let_in(host: str, members: dict[str, list[str]]) -> None:
    """Writes our roles and who has them; the same again changes nothing."""
    for name, role in ROLES.items():
        _put(host, f"{SECURITY}/roles/{name}", role)
        _put(host, f"{SECURITY}/rolesmapping/{name}", {"backend_roles": members[name]})


def _put(host: str, path: str, document: dict[str, Any]) -> None:
    session = boto3.Session()
    url, body = f"https://{host}{path}", json.dumps(document).encode()
    signed = AWSRequest("PUT", url, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(session.get_credentials(), "es", session.region_name).add_auth(signed)
    request = urllib.request.Request(url, data=body, method="PUT", headers=dict(signed.headers))
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answered:
        logger.info("written", extra={"path": path, "status": answered.status})
