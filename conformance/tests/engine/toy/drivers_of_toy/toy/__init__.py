"""The driver of the protocol that the toys speak: whoever answers is there."""

import logging
import socket
import threading
import time
from typing import TextIO


def probe(address: tuple[str, int], timeout: float) -> float:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(timeout)
        began = time.monotonic()
        own.sendto(b"probe", address)
        own.recv(2048)
        return time.monotonic() - began


def tcp_probe(address: tuple[str, int], timeout: float) -> float:
    began = time.monotonic()
    with socket.create_connection(address, timeout):
        return time.monotonic() - began


class EmbeddedToy:
    """What an embedded server's function returns; nothing serves behind it."""

    port = 1

    def alive(self) -> bool:
        return True

    def stop(self) -> None:
        pass


def silent_server(host: str, port: int) -> EmbeddedToy:
    return EmbeddedToy()


class EchoThread:
    """An embedded server: echoes datagrams, logs on request, and dies of the word `die`."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"stop", ("127.0.0.1", self.port))
        self._thread.join()

    def _serve(self) -> None:
        with self._socket:
            while (received := self._socket.recvfrom(2048))[0] != b"stop":
                data, source = received
                if data == b"die":
                    raise RuntimeError("told to die")
                logging.getLogger("toy").warning("echoing %s", data.decode())
                self._socket.sendto(data, source)


def echo_server(host: str, port: int) -> EchoThread:
    return EchoThread(host, port)


def saving_server(host: str, port: int, *, save_file: str | None = None) -> EchoThread:
    logging.getLogger("toy").warning("saving to %s", save_file)
    return EchoThread(host, port)


def failing_server(host: str, port: int) -> EmbeddedToy:
    raise RuntimeError("no luck today")


def embedded_client(stdin: TextIO, stdout: TextIO) -> None:
    stdout.write('{"event": "ready", "protocol": "toy", "version": 1}\n')
    while stdin.readline():
        stdout.write('{"id": 1, "ok": true, "embedded": true}\n')
