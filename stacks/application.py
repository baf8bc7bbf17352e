"""The CDK application: one stage per environment and the security rules. It asks neither clock nor network."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from drawing_platform.settings import CONFIG_DIRECTORY, environments, load_settings
from stacks.platform_stage import PlatformStage

ROOT = Path(__file__).resolve().parent.parent
ALL = "all"


def build(
    chosen: Iterable[str] | None = None,
    *,
    directory: Path = CONFIG_DIRECTORY,
    outdir: Path | None = None,
    context: Mapping[str, Any] | None = None,
) -> cdk.App:
    """The application with one stage for each chosen environment.

    Args:
        chosen: names of environments; without it those of `-c env=dev,prod`, else of the environment variable
            `DRAWING_ENV`, else all that `directory` describes.
        directory: where the `<env>.toml` files lie.
        outdir: where the templates go; without it where the CDK command line wants them.
        context: more context than that of cdk.json; the command line's own goes before both.

    Raises:
        SettingsError: an environment is unknown or one of its settings is wrong.
    """
    app = cdk.App(context={**feature_flags(), **(context or {})}, outdir=str(outdir) if outdir else None)
    names = list(chosen) if chosen is not None else _chosen_from_outside(app, directory)
    for settings in [load_settings(name, directory) for name in names]:
        PlatformStage(app, settings)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def feature_flags() -> dict[str, Any]:
    """The context of cdk.json. The command line hands it over by itself; tests and `python app.py` need it too."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return context


def _chosen_from_outside(app: cdk.App, directory: Path) -> list[str]:
    text = app.node.try_get_context("env") or os.environ.get("DRAWING_ENV") or ALL
    return environments(directory) if text == ALL else [name.strip() for name in str(text).split(",")]
