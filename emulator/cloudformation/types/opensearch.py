"""OpenSearch domains: the control plane; there is no search engine behind them."""

from __future__ import annotations

from emulator.api import Document
from emulator.cloudformation.resource import Context
from emulator.cloudformation.simple import simple


def _domain(context: Context, properties: Document) -> Document:
    # A domain's name is short and lower case; policies are objects in a template and text in the API.
    name = (properties.get("DomainName") or context.name(28)).lower()[:28].rstrip("-")
    return {**properties, "DomainName": name}


simple(
    "AWS::OpenSearchService::Domain",
    "opensearch",
    create="create_domain",
    update="update_domain_config",
    delete="delete_domain",
    prepare=_domain,
    physical_id=lambda _context, _properties, answer: answer["DomainStatus"]["DomainName"],
    key=lambda name, _properties: {"DomainName": name},
    immutable=frozenset({"DomainName"}),
    attributes=lambda _context, _properties, answer: {
        "Arn": answer["DomainStatus"]["ARN"],
        "DomainArn": answer["DomainStatus"]["ARN"],
        "DomainEndpoint": answer["DomainStatus"].get("Endpoint") or "localhost:9200",
        "Id": answer["DomainStatus"]["DomainId"],
    },
)
