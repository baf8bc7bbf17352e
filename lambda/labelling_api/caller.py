"""Who asks: what the token says that API Gateway has verified."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.refusal import Refused

Group = Literal["annotator", "reviewer", "manager"]
# Each may do what those before it may.
GROUPS: tuple[Group, ...] = ("annotator", "reviewer", "manager")


@dataclass(frozen=True)
class Caller:
    """A person of the team.

    Attributes:
        person: the `sub` of the user pool: never given to anybody else.
        name: what they sign in with.
        groups: theirs, of ours.
    """

    person: str
    name: str
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> "Caller":
        """From the claims of an access token.

        Raises:
            Refused: it is a token for something else, or its owner is in none of our groups.
        """
        if claims.get("token_use") != "access":
            raise Refused(401, "wrong_token", "this is no access token: sign in again")
        # API Gateway hands a list over as `[annotator reviewer]`.
        named = set(re.findall(r"[\w-]+", str(claims.get("cognito:groups", ""))))
        groups = tuple(group for group in GROUPS if group in named)
        if not groups:
            raise Refused(403, "no_group", "you are in no group yet: ask a manager to add you to the team")
        return cls(str(claims["sub"]), str(claims.get("username", claims["sub"])), groups)

    def may(self, group: Group) -> bool:
        """Whether they may do what members of `group` may."""
        return any(GROUPS.index(own) >= GROUPS.index(group) for own in self.groups)

    def require(self, group: Group) -> None:
        """Raises Refused for somebody who may not do what members of `group` may."""
        if not self.may(group):
            raise Refused(403, "not_allowed", f"only a {group} may do this: ask a manager")
