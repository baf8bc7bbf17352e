"""CustomerMetadataProperties within SageMaker's limits."""

from __future__ import annotations

import re
from collections.abc import Mapping

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
MAX_ENTRIES = 50
MAX_VALUE = 256
# Letters, separators, numbers and _.:/=+-@: no quotes, no commas, no braces.
_NOT_ALLOWED = re.compile(r"[^\w \-.:/=+@]")


def customer_metadata(values: Mapping[str, str]) -> dict[str, str]:
    """The values as SageMaker takes them: empty ones left out, other characters as `_`, cut at 256 characters.

    Raises:
        ValueError: more entries than SageMaker takes.
    """
    if len(values) > MAX_ENTRIES:
        raise ValueError(f"{len(values)} metadata entries: SageMaker takes {MAX_ENTRIES}")
    return {name: _NOT_ALLOWED.sub("_", value)[:MAX_VALUE] for name, value in values.items() if value}
