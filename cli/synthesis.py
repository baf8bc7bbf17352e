"""The templates of one environment, synthesised from this repository as `cdk synth` does, without an account."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.environment import ROOT
from cli.errors import OperatorError

# Function archives are installed from wheels; what they hold has no price.
CONTEXT = json.dumps({"aws:cdk:bundling-stacks": []})


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    stack: str
    name: str
    type: str
    properties: dict[str, Any]


def resources_of(env: str) -> list[Resource]:
    """Every resource of every stack of environment `env`; OperatorError with the reason where it cannot be made."""
    with tempfile.TemporaryDirectory(prefix="cost-") as folder:
        variables = {**os.environ, "CDK_OUTDIR": folder, "DRAWING_ENV": env, "CDK_CONTEXT_JSON": CONTEXT}
        done = subprocess.run(
            [sys.executable, str(ROOT / "app.py")], cwd=ROOT, env=variables, capture_output=True, text=True
        )
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            raise OperatorError(f"the templates of {env} cannot be made: {said[-1] if said else 'app.py said nothing'}")
        return list(resources_in(sorted(Path(folder).rglob("*.template.json"))))


def text_of(value: Any) -> str:
    """A string of a template with every reference in it replaced by `x`, so that JSON in it can be read."""
    match value:
        case str():
            return value
        case {"Fn::Join": [str(delimiter), list(parts)]}:
            return delimiter.join(text_of(part) for part in parts)
    return "x"


def resources_in(templates: Sequence[Path]) -> Iterator[Resource]:
    """Every resource of these templates, in their order."""
    for file in templates:
        template = json.loads(file.read_text(encoding="utf-8"))
        for name, resource in template.get("Resources", {}).items():
            yield Resource(
                file.name.removesuffix(".template.json"), name, resource["Type"], resource.get("Properties", {})
            )
