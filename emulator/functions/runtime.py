"""Runs inside a function's process: AWS's runtime loop in small. Standard library only; nothing of ours is importable.

Arguments: handler, file number for results, folders to import from (the bundle first). One JSON line of standard input
is one invocation; one JSON line on the result file is its answer. Output goes to the log; a line with a zero byte
marks the end of an invocation's output.
"""

import importlib
import json
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any


class Context:
    """What AWS hands to a handler beside the event."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn = request["arn"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.aws_request_id = request["id"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self._deadline = request["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))


def failure(kind: str, message: str, trace: Iterable[str] = ()) -> dict[str, Any]:
    return {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": list(trace)}


def load(name: str) -> tuple[Callable[..., Any] | None, dict[str, Any] | None]:
    module_name, _, function_name = name.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        return None, failure("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except SyntaxError as error:
        return None, failure("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}")
    except Exception as error:
        traceback.print_exc()
        return None, failure(type(error).__name__, str(error), traceback.format_tb(error.__traceback__))
    if not hasattr(module, function_name):
        return None, failure("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'")
    return getattr(module, function_name), None


def invoke(handler: Callable[..., Any], request: dict[str, Any]) -> tuple[str | None, dict[str, Any] | None]:
    try:
        answer = handler(request["event"], Context(request))
    except Exception as error:
        trace = traceback.format_exception(type(error), error, error.__traceback__)
        print("[ERROR] " + "".join(trace).replace("\n", "\r"))
        return None, failure(type(error).__name__, str(error), traceback.format_tb(error.__traceback__)[1:])
    try:
        return json.dumps(answer), None
    except (TypeError, ValueError) as error:
        return None, failure("Runtime.MarshalError", f"Unable to marshal response: {error}")


_resolve = socket.getaddrinfo


def resolve(host: Any, *arguments: Any, **named: Any) -> Any:
    """`*.localhost` is this machine (RFC 6761, 6.3); browsers know it, the C library does not."""
    name = host.decode() if isinstance(host, bytes) else host
    return _resolve("localhost" if name and name.endswith(".localhost") else host, *arguments, **named)


def main() -> None:
    name, number, *folders = sys.argv[1:]
    socket.getaddrinfo = resolve
    sys.path[0:0] = folders
    results = os.fdopen(int(number), "w", buffering=1)
    requests = sys.stdin
    sys.stdin = open(os.devnull)  # noqa: SIM115 (open as long as the process)
    handler, broken = load(name)
    for line in requests:
        request = json.loads(line)
        answer, error = invoke(handler, request) if handler else (None, broken)
        if error:
            error["requestId"] = request["id"]
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(1, b"\0\n")
        results.write(json.dumps({"answer": answer, "error": error}) + "\n")


main()
