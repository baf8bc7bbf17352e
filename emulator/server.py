"""The emulator's HTTP server: our own operations first, moto for the rest.

Started by `emulator.supervisor` as `python -m emulator.server`; people use `python -m emulator up`.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import io
import logging
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator import ACCOUNT, REGION, api, children, control, listening, settings
from emulator.credentials import refuse_real_account
from emulator.images import podman

log = logging.getLogger("emulator")

_CREDENTIAL = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[\w-]+)/(?P<service>[\w-]+)/aws4_request")
# Operations of these services that sign a user in are not signed themselves; their target says whose they are.
_UNSIGNED = {"AWSCognitoIdentityProviderService": "cognito-idp"}
_PR_SET_PDEATHSIG = 1

# Each registers its operations, patches or routes when imported; `start()`, where there is one, starts its thread.
_PARTS = (
    "emulator.moto_patches",
    "emulator.images.registry",
    "emulator.cloudformation.operations",
    "emulator.events.targets",
    "emulator.events.storage",
    "emulator.events.schedules",
    "emulator.stepfunctions",
    "emulator.cloudwatch.metrics",
    "emulator.cloudwatch.alarms",
    "emulator.cloudwatch.gauges",
    "emulator.functions.invocation",
    "emulator.functions.queues",
    "emulator.cognito.pools",
    "emulator.cognito.operations",
    "emulator.cognito.branding",
    "emulator.cognito.managed_login",
    "emulator.cognito.oauth",
    "emulator.http_api.operations",
    "emulator.http_api.serving",
    "emulator.cloudfront.serving",
    "emulator.sagemaker.registry",
    "emulator.sagemaker.models",
    "emulator.sagemaker.processing",
    "emulator.sagemaker.training",
    "emulator.sagemaker.transform",
    "emulator.sagemaker.pipelines",
    "emulator.sagemaker.endpoints",
    "emulator.sagemaker.invocations",
    "emulator.sagemaker.asynchronous",
    "emulator.sagemaker.search",
    "emulator.sagemaker.workteams",
    "emulator.sagemaker.labelling_jobs",
    "emulator.sagemaker.worker_portal",
)

Route = Callable[[Request, api.Caller, "re.Match[str]"], Response]


class Account:
    """WSGI application of the whole account."""

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        from emulator.s3 import serving

        self._moto = serving.guarded(DomainDispatcherApplication(create_backend_app))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        name = request.host.partition(":")[0].lower()
        for pattern, host in control.hosts():
            if of_host := pattern.fullmatch(name):
                return host(request, of_host)(environ, start_response)
        caller, service = _who(request)
        if service == "cloudformation":
            request = _with_body_kept(environ, request)
        if found := control.find(request):
            route, match = found
            return _answered(route, request, caller, match)(environ, start_response)
        operation = _operation_name(service, request)
        if operation and api.is_ours(service, operation):
            return api.answer(service, operation, request, caller)(environ, start_response)
        return self._moto(environ, start_response)


def _who(request: Request) -> tuple[api.Caller, str]:
    match = _CREDENTIAL.search(request.headers.get("Authorization", ""))
    if not match:
        target = request.headers.get("X-Amz-Target", "").partition(".")[0]
        return api.Caller(ACCOUNT, REGION), _UNSIGNED.get(target, "")
    return api.Caller(ACCOUNT, match["region"]), match["service"]


def _operation_name(service: str, request: Request) -> str:
    target = request.headers.get("X-Amz-Target", "")
    if target:
        return target.rpartition(".")[2]
    if service == "cloudformation":
        return str(request.form.get("Action", ""))
    return ""


def _with_body_kept(environ: dict[str, Any], request: Request) -> Request:
    """The operation's name is in the body; moto must be able to read it again when the operation is not ours."""
    body = request.get_data(cache=False)
    environ["wsgi.input"] = io.BytesIO(body)
    return Request(dict(environ, **{"wsgi.input": io.BytesIO(body)}))


def _answered(route: Route, request: Request, caller: api.Caller, match: re.Match[str]) -> Response:
    try:
        return route(request, caller, match)
    except api.ServiceError as error:
        return control.rest_error(error)
    except Exception as error:
        log.exception("%s %s failed", request.method, request.path)
        return control.rest_error(api.ServiceError("ServiceException", f"the emulator failed: {error}", 500))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--runtime", choices=("process", "container"), required=True)
    parser.add_argument("--speed", type=float, required=True)
    arguments = parser.parse_args()
    refuse_real_account(os.environ)
    # If the supervisor is killed, so are we, and our own shutdown takes the children along.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("werkzeug", "botocore", "urllib3", "moto"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    started = settings.Settings(arguments.port, arguments.state_dir.resolve(), arguments.runtime, arguments.speed)
    settings.use(started)
    os.environ["MOTO_PORT"] = str(arguments.port)
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
    _forget_the_previous_account(arguments.state_dir)
    if arguments.runtime == "container":
        podman.check()
        podman.remove_all()
    parts = [importlib.import_module(name) for name in _PARTS]

    listening.use(Account())
    server = listening.server(arguments.port)

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for part in parts:
        if hasattr(part, "start"):
            part.start()
    log.info("ready on http://localhost:%d", arguments.port)
    try:
        server.serve_forever()
    finally:
        children.stop_all()
        if arguments.runtime == "container":
            podman.remove_all()
        os._exit(0)


def _forget_the_previous_account(state_dir: Path) -> None:
    """moto keeps its state in memory, so what an earlier server left on disk belongs to nobody."""
    for name in ("jobs", "endpoints", "images", "functions", "file-systems"):
        shutil.rmtree(state_dir / name, ignore_errors=True)


if __name__ == "__main__":
    main()
