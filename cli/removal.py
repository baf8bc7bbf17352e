"""`drawingops models delete`: a version that nothing needs goes, with its data; one that something needs stays."""

from typing import Annotated

import typer

from cli import models, registry, release
from cli.command import Call, command
from cli.console import Result


def add_to(app: typer.Typer) -> None:
    """Adds `delete` to the group `models`."""
    command(app, "delete", 'drawingops models delete v3 --reason "never used"')(delete)


def delete(
    call: Call,
    version: models.Version,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the history.")],
) -> Result:
    """Deletes a version with its data, unless it serves, a rollback may need it or another version learned from it."""
    environment = call.environment
    chosen = registry.version(environment, version)
    # The workflow decides: under its lock nothing can start to need the version meanwhile.
    return models.follow_release(call, release.start(environment, target=chosen.name, reason=reason, action="remove"))
