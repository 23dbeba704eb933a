# SPDX-License-Identifier: Apache-2.0
"""A TCP server that speaks no protocol: a test decides what each connection sends."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

_PATIENCE_SECONDS = 60


class RawServer:
    """Runs `serve` for each connection in a thread of its own, and closes it afterwards."""

    def __init__(self, serve: Callable[[socket.socket], None]):
        self._serve = serve
        self.accepted = 0
        self.open = 0
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(_PATIENCE_SECONDS)
                with self._lock:
                    self.accepted += 1
                    self.open += 1
                    self._connections.add(connection)
                threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError):
                self._serve(connection)
        finally:
            with self._lock:
                self.open -= 1
                self._connections.discard(connection)
            connection.close()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, kind, value, traceback) -> None:
        self.stop()


def silent(connection: socket.socket) -> None:
    """Takes everything and never says a word."""
    while connection.recv(65536):
        pass


def closing(connection: socket.socket) -> None:
    """Hears the first words and hangs up."""
    connection.recv(65536)


def saying(words: bytes, *, then_hold: bool = False) -> Callable[[socket.socket], None]:
    """Hears the first words and answers with these, whatever they were."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(words)
        if then_hold:
            silent(connection)

    return serve
