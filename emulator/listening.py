"""Sockets on which the account answers: its port on localhost, and the same port inside each container's network."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

from werkzeug.serving import BaseWSGIServer, make_server

_application: Any = None


def use(application: Any) -> None:
    """Called once by the server, with the WSGI application of the whole account."""
    global _application
    _application = application


def server(port: int, listener: socket.socket | None = None) -> BaseWSGIServer:
    """A server for 127.0.0.1:`port`; `listener`: a socket that listens already, perhaps in another network."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    made = make_server(
        "127.0.0.1",
        port,
        _application,
        threaded=True,
        request_handler=MotoRequestHandler,
        fd=listener.fileno() if listener else None,
    )
    made.daemon_threads = True  # type: ignore[attr-defined]
    return made


def serve(port: int, listener: socket.socket) -> Callable[[], None]:
    """Answers on a socket in the background; the result ends that."""
    made = server(port, listener)
    threading.Thread(target=made.serve_forever, name=f"listener-{port}", daemon=True).start()

    def end() -> None:
        made.shutdown()
        made.server_close()
        listener.close()

    return end
