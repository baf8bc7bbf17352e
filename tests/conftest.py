"""What Lambda sets in every function's environment."""

from __future__ import annotations

import os

# Powertools reads its variables when a function's module is imported, whichever test module comes first.
os.environ |= {
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Test",
    "POWERTOOLS_TRACE_DISABLED": "true",
}
