"""Who may know whom (docs/architecture.md), read from the import statements of every file."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Modules that Lambda bundles carry: standard library, pydantic and each other only.
LIGHT_MODULES = [
    "drawing_ocr/__init__.py",
    "drawing_ocr/annotation.py",
    "drawing_ocr/atomic_write.py",
    "drawing_ocr/contract.py",
    "drawing_ocr/dimension.py",
    "drawing_ocr/text.py",
    "drawing_ocr/validation.py",
    "drawing_ocr/dataset/__init__.py",
    "drawing_ocr/dataset/manifest.py",
    "drawing_ocr/models/__init__.py",
    "drawing_ocr/models/calibration.py",
    "drawing_ocr/models/package.py",
    "drawing_ocr/evaluation/__init__.py",
    "drawing_ocr/evaluation/report.py",
    "drawing_ocr/evaluation/gate.py",
    "drawing_ocr/grammar/__init__.py",
    "drawing_ocr/grammar/decoding.py",
    "drawing_ocr/grammar/forms.py",
    "drawing_ocr/grammar/geometric.py",
    "drawing_ocr/grammar/interpret.py",
    "drawing_ocr/grammar/iso286.py",
    "drawing_ocr/grammar/iso286_tables.py",
    "drawing_ocr/grammar/meaning.py",
    "drawing_ocr/grammar/parse.py",
    "drawing_ocr/grammar/pattern.py",
    "drawing_ocr/grammar/quantity.py",
    "drawing_ocr/grammar/roughness.py",
    "drawing_ocr/labelling/__init__.py",
    "drawing_ocr/labelling/agreement.py",
    "drawing_ocr/labelling/answer.py",
    "drawing_ocr/labelling/consensus_record.py",
    "drawing_ocr/labelling/export.py",
    "drawing_ocr/labelling/guideline.py",
    "drawing_ocr/labelling/task.py",
    "drawing_ocr/reading/result.py",
    "drawing_ocr/reading/structure/__init__.py",
    "drawing_ocr/reading/structure/contract.py",
    "drawing_ocr/search/__init__.py",
    "drawing_ocr/search/checks.py",
    "drawing_ocr/search/document.py",
    "drawing_ocr/search/filters.py",
    "drawing_ocr/search/fusion.py",
    "drawing_ocr/search/groups.py",
    "drawing_ocr/search/opening.py",
    "drawing_ocr/search/opensearch/__init__.py",
    "drawing_ocr/search/opensearch/settings.py",
    "drawing_ocr/search/sizing.py",
    "drawing_ocr/search/store.py",
    "drawing_ocr/search/vector.py",
    "drawing_ocr/search/words.py",
]

FORBIDDEN = {
    "drawing_ocr": {"boto3", "botocore", "aws_cdk", "moto", "cli", "emulator", "drawing_platform", "stacks"},
    "lambda": {"numpy", "cv2", "paddle", "paddlex", "onnxruntime", "emulator", "cli", "drawing_platform"},
    "containers": {"emulator", "cli", "drawing_platform", "aws_cdk", "moto"},
    "constructs/drawing_platform": {"drawing_ocr", "emulator", "cli", "boto3", "moto", "sagemaker"},
    "stacks": {"drawing_ocr", "emulator", "cli", "boto3", "moto", "sagemaker"},
    "emulator": {"cli", "drawing_ocr", "drawing_platform", "stacks"},
    "drawing_ocr/reading": {"paddle", "paddlex", "paddleocr", "rapidocr"},
}
# A formula, standard library only, by which a template is sized and which the operator's command shows.
ALLOWED = {"constructs/drawing_platform/domain_size.py": {"drawing_ocr.search"}}


def python_files(folder: str) -> list[Path]:
    """Python files below `folder`, scripts without a suffix included."""
    files = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return sorted(path for path in files if path.suffix == ".py" or (path.suffix == "" and is_python_script(path)))


def is_python_script(path: Path) -> bool:
    with path.open("rb") as stream:
        first = stream.readline()
    return first.startswith(b"#!") and b"python" in first


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    """Names of the modules that `path` imports, as written."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


@pytest.mark.parametrize("room", sorted(FORBIDDEN))
def test_a_room_imports_only_what_it_may_know(room: str) -> None:
    files = python_files(room)
    assert files, f"{room} holds no Python file"
    offences = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imports(path)
        if name.split(".")[0] in FORBIDDEN[room] and name not in ALLOWED.get(str(path.relative_to(ROOT)), set())
    ]
    assert offences == []


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_a_light_module_needs_nothing_but_pydantic(module: str) -> None:
    allowed = {*sys.stdlib_module_names, "pydantic", "typing_extensions"}
    light = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in LIGHT_MODULES}
    offences = [
        name
        for name in imports(ROOT / module, top_level_only=True)
        if name.split(".")[0] not in allowed and name not in light
    ]
    assert offences == []


def test_nothing_but_the_command_and_tests_knows_the_emulator() -> None:
    rooms = ["drawing_ocr", "lambda", "containers", "constructs", "stacks"]
    offences = [
        str(path.relative_to(ROOT))
        for room in rooms
        for path in python_files(room)
        if any(name.split(".")[0] == "emulator" for name in imports(path))
    ]
    assert offences == []


def test_constructs_does_not_shadow_the_package_of_that_name() -> None:
    assert not (ROOT / "constructs" / "__init__.py").exists()


def test_no_tracked_file_names_the_host_of_a_package_registry() -> None:
    hosts = ["py" + "pi.org", "python" + "hosted.org", "registry." + "npmjs", "deb." + "debian.org"]
    command = ["git", "grep", "-lIF", *(part for host in hosts for part in ("-e", host))]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode == 128:
        pytest.skip("not a git checkout")
    assert found.stdout.splitlines() == []
