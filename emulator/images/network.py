"""The network of one container: a loopback interface with the emulated account on its port, and nothing else."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor

from emulator import listening, settings

_CLONE_NEWNET = 0x40000000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_INTERFACE = struct.Struct("16sh22x")


class LoopbackNetwork:
    """A network namespace that lives as long as this object.

    One thread is in the namespace; sockets that it makes stay there wherever they are used. So the account listens
    inside on the very address that it has outside, and requests from outside reach the container's port.

    Raises `OSError` when this process may not make a namespace (it needs CAP_SYS_ADMIN).
    """

    def __init__(self) -> None:
        self._inside = ThreadPoolExecutor(1, thread_name_prefix="network")
        try:
            self.path = self._inside.submit(_enter_new_namespace).result()
            port = settings.current().port
            listener = self._inside.submit(socket.create_server, ("127.0.0.1", port)).result()
            self._end = listening.serve(port, listener)
        except BaseException:
            self._inside.shutdown(wait=False)
            raise

    def connect(self, port: int, timeout: float) -> socket.socket:
        """A connection to 127.0.0.1:`port` inside. Raises `OSError`."""
        return self._inside.submit(socket.create_connection, ("127.0.0.1", port), timeout).result()

    def close(self) -> None:
        self._end()
        self._inside.shutdown(wait=False)


def _enter_new_namespace() -> str:
    """Moves this thread alone into a namespace whose loopback is up; gives back the path that names it."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, f"a network namespace cannot be made: {os.strerror(number)}; containers need root")
    with contextlib.closing(socket.socket()) as any_socket:
        asked = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, _INTERFACE.pack(b"lo", 0))
        name, flags = _INTERFACE.unpack(asked)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, _INTERFACE.pack(name, flags | _IFF_UP))
    return f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net"
