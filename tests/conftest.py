"""What Lambda sets in every function's environment, what is loaded once, and which tests come first."""

from __future__ import annotations

import functools
import os
from collections import Counter

import pytest
from botocore.loaders import JSONFileLoader

# Powertools reads its variables when a function's module is imported, whichever test module comes first.
os.environ |= {
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Test",
    "POWERTOOLS_TRACE_DISABLED": "true",
}

# Workers of pytest and what they start share few cores: threads of NumPy's matrix products, which wait in a loop for
# each other, made a test five times as long. Read when NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Every session parses the models of its services anew: with a session a test, a quarter of the time of all of them.
JSONFileLoader.load_file = staticmethod(functools.cache(JSONFileLoader().load_file))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: one of minutes that starts last keeps one core busy and the others idle."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: (item.get_closest_marker("e2e") is None, -slow[item.path]))
