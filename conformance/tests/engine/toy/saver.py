"""A TCP server for the tests of the engine: keeps lines, and saves them when it is told to end."""

import signal
import socket
import sys
from pathlib import Path


def end(*_: object) -> None:
    sys.exit(0)


port, file = int(sys.argv[1]), Path(sys.argv[2])
lines = file.read_text().splitlines() if file.exists() else []
if "poison" in lines:
    sys.exit("the file is poisoned")
signal.signal(signal.SIGTERM, end)
with socket.create_server(("127.0.0.1", port)) as listening:
    print(f"listening, knows {lines}", flush=True)
    try:
        while True:
            connection, _ = listening.accept()
            with connection, connection.makefile("rw") as stream:
                for line in stream:
                    lines.append(line.strip())
                    stream.write(" ".join(lines) + "\n")
                    stream.flush()
    finally:
        file.write_text("\n".join(lines))
