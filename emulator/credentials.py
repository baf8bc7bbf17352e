"""Refuses to run where a mistake could reach a real AWS account."""

from __future__ import annotations

from collections.abc import Mapping

from emulator import DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY

# Set by people and machines that work with a real account; none is ever needed here.
_REAL_ACCOUNT_VARIABLES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)
_DUMMY_VALUES = {"AWS_ACCESS_KEY_ID": DUMMY_ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": DUMMY_SECRET_KEY}


class RealAccountInReach(RuntimeError):
    """The environment holds credentials that are not the emulator's own."""


def refuse_real_account(environ: Mapping[str, str]) -> None:
    """Raises `RealAccountInReach` naming the variables to unset.

    Credential files need no check: `emulator.environment()` points every child at empty ones.
    """
    found = [name for name in _REAL_ACCOUNT_VARIABLES if environ.get(name)]
    found += [name for name, dummy in _DUMMY_VALUES.items() if environ.get(name, dummy) != dummy]
    if found:
        names = " ".join(sorted(found))
        raise RealAccountInReach(
            f"credentials of a real AWS account are in the environment ({names}): unset {names} and start again"
        )
