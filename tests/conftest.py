"""What Lambda sets in every function's environment, and which tests come first."""

from __future__ import annotations

import os

import pytest

# Powertools reads its variables when a function's module is imported, whichever test module comes first.
os.environ |= {
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Test",
    "POWERTOOLS_TRACE_DISABLED": "true",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: a test of minutes that starts last keeps one core busy and the others idle."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)
