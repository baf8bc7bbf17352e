"""What was "built" and "pushed": image names and the folders they stand for.

`emulator/bin/docker` reports each build and push to the routes below. A build keeps a copy of its context, as a real
image would; a push makes the image known to ECR, so that a second deployment finds it there.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError
from werkzeug.wrappers import Request, Response

from emulator import control, settings
from emulator.api import Caller, ServiceError
from emulator.clients import client
from emulator.images import dockerfile, podman

_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[\w-]+)\.[\w.]+/(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?"
)
_MEDIA_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass(frozen=True)
class Image:
    """A built image: copy of the context, the Dockerfile's place in it, the environment it sets."""

    context: Path
    dockerfile: Path
    environment: dict[str, str]
    digest: str

    @property
    def folder(self) -> Path:
        """Folder of the Dockerfile; its `bin` holds the image's commands."""
        return self.dockerfile.parent


_lock = threading.Lock()
_by_name: dict[str, Image] = {}


def resolve(uri: str) -> Image:
    """The image behind a name with tag or digest. Raises `ServiceError` when nothing of that name was pushed."""
    with _lock:
        if uri in _by_name:
            return _by_name[uri]
    name, _, digest = uri.partition("@")
    with _lock:
        for known, image in _by_name.items():
            if digest and image.digest == digest and known.partition(":")[0] == name.partition(":")[0]:
                return image
    raise ServiceError(
        "ValidationException",
        f"the image {uri} is not in the emulated account's registry: deploy the stack that builds it",
    )


def build(tag: str, context: Path, dockerfile_path: Path, arguments: Sequence[str] = ()) -> Image:
    """Keeps a copy of the context under the state directory. Raises `ServiceError` for what a real build refuses."""
    if not dockerfile_path.is_file():
        raise ServiceError("BuildFailed", f"unable to read the Dockerfile: {dockerfile_path} does not exist")
    try:
        parsed = dockerfile.read(dockerfile_path)
    except dockerfile.DockerfileError as error:
        raise ServiceError("BuildFailed", str(error)) from error
    if missing := dockerfile.missing_sources(parsed, context):
        raise ServiceError("BuildFailed", f"{dockerfile_path}: COPY of {', '.join(missing)}: not in the build context")
    digest = _digest(context, dockerfile_path)
    kept = settings.current().state_dir / "images" / digest[:24]
    if not kept.exists():
        temporary = kept.with_name(f"{kept.name}.new-{threading.get_ident()}")
        shutil.copytree(context, temporary, symlinks=True)
        try:
            temporary.rename(kept)
        except OSError:  # another build of the same context was faster
            shutil.rmtree(temporary)
    if settings.current().runtime == "container":
        podman.build(tag, context, dockerfile_path, arguments)
    image = Image(kept, kept / dockerfile_path.relative_to(context), parsed.environment, f"sha256:{digest}")
    with _lock:
        _by_name[tag] = image
    return image


def _digest(context: Path, dockerfile_path: Path) -> str:
    total = hashlib.sha256(str(dockerfile_path.relative_to(context)).encode())
    for file in sorted(path for path in context.rglob("*") if path.is_file()):
        total.update(str(file.relative_to(context)).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def tag(source: str, target: str) -> None:
    image = resolve(source)
    if settings.current().runtime == "container":
        podman.tag(source, target)
    with _lock:
        _by_name[target] = image


def push(uri: str) -> None:
    image = resolve(uri)
    match = _ECR.fullmatch(uri)
    if not match:
        return
    config = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": image.digest}
    # moto takes the digest of an image from those of its layers: without one all images would have the same.
    layers = [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 1, "digest": image.digest}]
    manifest = {"schemaVersion": 2, "mediaType": _MEDIA_TYPE, "config": config, "layers": layers}
    ecr = client("ecr", match["region"])
    try:
        ecr.put_image(
            repositoryName=match["repository"],
            imageManifest=json.dumps(manifest),
            imageManifestMediaType=_MEDIA_TYPE,
            imageTag=match["tag"] or "latest",
        )
        details = ecr.describe_images(
            repositoryName=match["repository"], imageIds=[{"imageTag": match["tag"] or "latest"}]
        )["imageDetails"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ImageAlreadyExistsException":
            raise ServiceError("PushFailed", f"{uri}: {error}") from error
        return
    # ECR computes its own digest of the manifest; the image is found by that one too.
    pushed = Image(image.context, image.dockerfile, image.environment, details[0]["imageDigest"])
    with _lock:
        _by_name[uri] = pushed


@control.route("POST", "/emulator/docker")
def _docker(request: Request, _caller: Caller, _match: re.Match[str]) -> Response:
    """What the docker shim did: `{"command": "build"|"tag"|"push"|"inspect", …}`."""
    body = request.get_json()
    match body["command"]:
        case "build":
            for name in body["tags"]:
                build(name, Path(body["context"]), Path(body["dockerfile"]), body.get("build_arguments", []))
        case "tag":
            tag(body["source"], body["target"])
        case "push":
            push(body["image"])
        case "inspect":
            resolve(body["image"])
    return control.json_response({})
