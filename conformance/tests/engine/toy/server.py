"""A server for the tests of the engine: echoes datagrams, and dies or falls silent if told so."""

import socket
import sys

answering = True
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
    own.bind(("127.0.0.1", int(sys.argv[1])))
    print("listening", flush=True)
    while True:
        data, source = own.recvfrom(2048)
        if data == b"die":
            print("fatal: told to die", flush=True)
            sys.exit(3)
        if data == b"hush":
            answering = False
        if data.startswith(b"say "):
            print(data[4:].decode(), flush=True)
        if answering:
            own.sendto(data, source)
