"""Images for tests: a few lines of Python take the place of a container's command."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import boto3

from emulator import ACCOUNT, DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY, REGION, environment

_DOCKERFILE = "FROM python:3.11-slim\nCOPY bin/ /opt/program/bin/\n"


def push(port: int, name: str, commands: Mapping[str, str], folder: Path) -> str:
    """Builds and pushes an image of the emulated account on `port`, as the CDK would.

    Args:
        name: Repository; the image is its `latest`.
        commands: Python source by the name of a command, such as `{"serve": "…"}`.
        folder: An empty or missing folder for the build.

    Returns:
        The image's URI.
    """
    (folder / "bin").mkdir(parents=True)
    (folder / "Dockerfile").write_text(_DOCKERFILE)
    for command, source in commands.items():
        (folder / "bin" / command).write_text(f"#!/usr/bin/env python3\n{source}")
        (folder / "bin" / command).chmod(0o755)
    session = boto3.session.Session(DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY, region_name=REGION)
    ecr = session.client("ecr", endpoint_url=f"http://localhost:{port}")
    with contextlib.suppress(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName=name)
    uri = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}:latest"
    variables = environment(port)
    for arguments in (["build", "--tag", uri, "."], ["push", uri]):
        subprocess.run([variables["CDK_DOCKER"], *arguments], cwd=folder, env={**os.environ, **variables}, check=True)
    return uri
