"""A PGNet server written from the book alone, with mistakes that can be switched on.

The suite is tested on it: without a mistake every case passes, with one a case finds it. It shares
no code with the reference, the schemas or the suite, only the page; `MISTAKES` names the rules it
can break. It keeps everything in memory. Run it beside the folder `tests` as
`python -m tests.peers.pgnet_by_hand --port N [--mistake NAME]`.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import secrets
import time
from collections import defaultdict, deque
from datetime import UTC, datetime
from typing import Any

from nacl import bindings, exceptions, pwhash
from websockets.asyncio.server import Server as WebSocketServer
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.peers.pgnet_by_hand_text import (
    ADMIN_REQUESTS,
    DEFAULTS,
    GAME_NAME,
    NAME,
    USER_REQUESTS,
    Breach,
    Json,
    decoded,
    parse,
    usable,
)

MISTAKES = {
    "unknown-member": "PGN-REQ-002",  # a request with an unknown member is a violation
    "duplicate-member": "PGN-JSN-004",  # the last of the same members counts
    "reflected": "PGN-TUN-005",  # its own boxes may come back
    "login-replay": "PGN-TUN-006",  # the nonces of logins are forgotten
    "loose-base64": "PGN-TUN-003",  # whatever is not base64 is skipped
    "key-first": "PGN-KEY-003",  # any 32 octets are a usable key
    "order": "PGN-OPN-005",  # the password is looked at before anything else
    "eats-code": "PGN-OPN-007",  # a refused login uses up the invite code
    "twice": "PGN-OPN-008",  # logins that come together are both accepted
    "unicode-names": "PGN-USR-002",  # letters and digits of any script are allowed
    "used-code": "PGN-INV-002",  # a code can be used again
    "bool-number": "PGN-ARG-002",  # true and false are numbers
    "owner": "PGN-LOB-007",  # whoever opened a game needs no password
    "stays": "PGN-CON-004",  # a user whose connection breaks off stays in the game
    "overtakes": "PGN-RSP-001",  # requests are handled side by side
    "sleeps": "PGN-ADM-017",  # everybody waits for sleep
    "debug-codes": "PGN-ADM-014",  # debug shows invite codes
    "deletes-later": "PGN-ADM-009",  # what a user to be deleted asks for is done
    "fails": "PGN-GAM-003",  # a game that fails takes the connection with it
    "locks-out": "PGN-SEC-002",  # attempts count for all addresses
    "prints": "PGN-SEC-006",  # verbose prints what comes
}
mistake = ""

ADMIN, ADMIN_PASSWORD = "admin", "wirebook-admin"
LARGEST = 1 << 20


class Refused(Exception):
    """A request that is answered with status 2."""

    def __init__(self, text: str, payload: Json | None = None) -> None:
        super().__init__(text)
        self.payload = payload or {}


def hashed(password: str) -> bytes:
    return pwhash.argon2id.str(password.encode(), opslimit=1, memlimit=8192)


def right(password: str, kept: bytes) -> bool:
    try:
        return bool(pwhash.verify(kept, password.encode()))
    except exceptions.InvalidkeyError:
        return False


class Game:
    """The example game, with the script."""

    def __init__(self, name: str, password: bytes, owner: str) -> None:
        self.name, self.password, self.owner = name, password, owner
        self.users: set[str] = set()
        self.lines: list[str] = []

    def about(self) -> Json:
        return {
            "name": self.name,
            "users": len(self.users),
            "password_protected": bool(self.password),
            "info": "",
        }

    def packet(self, user: str, message: str) -> Json:
        if message == "script.fail":
            raise RuntimeError("as told")
        if message == "script.rubbish":
            raise TypeError("no response")
        self.lines.append(f"{user} says: {message!r}")
        return {"message": "Message added.", "disconnecting": message == "script.leave"}

    def heartbeat(self, payload: Json) -> Json:
        if payload.get("fail") is True:
            raise RuntimeError("as told")
        return {"message": "", "payload": {"log": self.lines[-10:]}}


class Connection:
    """One connection: the tunnel, and who is logged in."""

    def __init__(self, server: Server, socket: ServerConnection) -> None:
        self.server, self.socket = server, socket
        self.name = ""
        self.game: Game | None = None
        self.peer_key = b""
        self.nonces: dict[bytes, None] = {}
        self.address = socket.remote_address[0]

    async def receive(self, limit: float) -> Json:
        """Return the next request, with its nonce as `nonce`."""
        try:
            async with asyncio.timeout(limit):
                return self.read(await self.socket.recv())
        except TimeoutError:
            raise Breach(1008) from None

    def read(self, message: bytes | str) -> Json:
        if isinstance(message, str):
            message = message.encode()
        else:
            raise Breach(1003)
        if not self.peer_key:
            return parse(message, mistake)
        if len(message) > LARGEST:
            raise Breach(1009)
        try:
            box = decoded(message, mistake)
            nonce = box[:24]
            if len(box) < 40:
                raise ValueError("too short")
        except ValueError:
            raise Breach(1007) from None
        try:
            clear = bindings.crypto_box_open(box[24:], nonce, self.peer_key, self.server.private)
        except exceptions.CryptoError:
            raise Breach(1008) from None
        if nonce in self.nonces:
            raise Breach(1008)
        self.remember(nonce)
        return {**parse(clear, mistake), "nonce": nonce}

    def remember(self, nonce: bytes) -> None:
        self.nonces[nonce] = None
        if len(self.nonces) > 65536:
            del self.nonces[next(iter(self.nonces))]

    async def send(self, status: int, text: str, payload: Json | None, **members: Any) -> None:
        response = {
            "message": text,
            "payload": payload or {},
            "status": status,
            "created_on": datetime.now(UTC).isoformat(),
            "disconnecting": False,
            "game": self.game.name if self.game else None,
            **members,
        }
        data = json.dumps(response).encode()
        if self.peer_key:
            nonce = os.urandom(24)
            if mistake != "reflected":
                self.remember(nonce)
            box = bindings.crypto_box(data, nonce, self.peer_key, self.server.private)
            data = base64.b64encode(nonce + box)
        await self.socket.send(data.decode())

    def leave(self) -> None:
        if self.game:
            self.game.users.discard(self.name)
            self.game = None


class Server:
    """The whole server with the conformance application."""

    def __init__(self) -> None:
        self.private = os.urandom(32)
        self.public = bindings.crypto_scalarmult_base(self.private)
        self.users: dict[str, bytes] = {ADMIN: hashed(ADMIN_PASSWORD)}
        self.connected: dict[str, Connection] = {}
        self.doomed: set[str] = set()
        self.games: dict[str, Game] = {}
        self.codes: dict[str, str] = {}
        self.registration, self.verbose = True, False
        self.login_nonces: set[bytes] = set()
        self.failed: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self.locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.hashing = asyncio.Semaphore(2)
        self.over = asyncio.Event()

    async def handle(self, socket: ServerConnection) -> None:
        """Serve one connection from its first message to its end."""
        connection = Connection(self, socket)
        code = 1000
        try:
            if not await self.trade(connection, await connection.receive(5.0)):
                return
            if await self.log_in(connection, await connection.receive(5.0)):
                await self.play(connection)
        except Breach as breach:
            code = breach.code
        except ConnectionClosed:
            pass
        finally:
            self.forget(connection)
            await socket.close(code)

    def forget(self, connection: Connection) -> None:
        if self.connected.get(connection.name) is not connection:
            return
        if mistake != "stays" or connection.socket.close_code == 1000:
            connection.leave()
        del self.connected[connection.name]
        if connection.name in self.doomed:
            self.doomed.discard(connection.name)
            self.users.pop(connection.name, None)

    async def trade(self, connection: Connection, request: Json) -> bool:
        key = usable(request.get("payload", {}).get("pubkey"), self.private, mistake)
        if key is None:
            text = "Missing public key string."
            await connection.send(1, text, None, disconnecting=True)
            return False
        public = base64.b64encode(self.public).decode()
        await connection.send(0, "key_trade", {"pubkey": public})
        connection.peer_key = key
        return True

    async def log_in(self, connection: Connection, request: Json) -> bool:
        if request["nonce"] in self.login_nonces and mistake != "login-replay":
            raise Breach(1008)
        self.login_nonces.add(request["nonce"])
        login = request.get("payload", {})
        name = login.get("username")
        if not isinstance(name, str) or not name:
            reason = "Missing non-empty username."
        elif mistake == "twice":
            reason = await self.reason(connection.address, name, login)
        else:
            async with self.locks[name]:
                reason = await self.reason(connection.address, name, login)
                if not reason:
                    self.connected[name] = connection
        if reason:
            await connection.send(1, reason, None, disconnecting=True)
            return False
        self.connected[name] = connection
        connection.name = name
        await connection.send(0, "Authenticated.", None)
        return True

    async def reason(self, address: str, name: str, login: Json) -> str:
        """Return the reason to refuse a login, or register and return nothing."""
        password, code = login.get("password", ""), login.get("invite_code", "")
        if not isinstance(password, str) or not isinstance(code, str):
            return "Incorrect password."
        failed = self.failed["" if mistake == "locks-out" else address, name]
        now = time.monotonic()
        while failed and now - failed[0] > 60:
            failed.popleft()
        if len(failed) >= 10:
            return "Too many attempts."
        kept = self.users.get(name)
        known = kept is not None
        if mistake == "order" and kept and not right(password, kept):
            return "Incorrect password."
        if name in self.doomed:
            return "User deleted."
        if name in self.connected:
            return "Username already connected."
        if kept is not None:
            async with self.hashing:
                if not await asyncio.to_thread(right, password, kept):
                    failed.append(now)
                    return "Incorrect password."
            return ""
        if code:
            if self.codes.get(code) not in ("", name):
                failed.append(now)
                return "Incorrect username or invite code."
            if mistake == "eats-code":
                del self.codes[code]
        elif not self.registration:
            return "Registration blocked."
        if not known and not self.allowed(name):
            return "Username not allowed."
        if mistake != "used-code":
            self.codes.pop(code, None)
        async with self.hashing:
            self.users[name] = await asyncio.to_thread(hashed, password)
        return ""

    def allowed(self, name: str) -> bool:
        if mistake == "unicode-names":
            return 3 <= len(name) <= 20 and name.isalnum() and "admin" not in name.lower()
        return NAME.fullmatch(name) is not None

    async def play(self, connection: Connection) -> None:
        tasks: set[asyncio.Task[None]] = set()
        while True:
            request = await connection.receive(3600.0)
            if self.verbose and mistake == "prints":
                print(request, self.codes, flush=True)
            if connection.name in self.doomed:
                if mistake == "deletes-later":
                    with contextlib.suppress(Refused):
                        await self.carry_out(connection, request)
                await connection.send(0, "User deleted.", None, disconnecting=True)
                return
            if mistake == "overtakes":
                tasks.add(task := asyncio.create_task(self.answer(connection, request)))
                task.add_done_callback(tasks.discard)
            else:
                await self.answer(connection, request)

    async def answer(self, connection: Connection, request: Json) -> None:
        status = 0
        try:
            text, result = await self.carry_out(connection, request)
        except Refused as refused:
            status, text, result = 2, str(refused), refused.payload
        except Exception as error:  # whatever a game does
            if mistake == "fails":
                raise Breach(1011) from error
            status, text, result = 2, "That did not work.", {}
        await connection.send(status, text, result)
        if request["message"] == "__pgnet__.shutdown" and not status:
            self.over.set()

    async def carry_out(self, connection: Connection, request: Json) -> tuple[str, Json]:
        message, payload = request["message"], request.get("payload", {})
        word = message.removeprefix("__pgnet__.")
        tables = {**USER_REQUESTS, **ADMIN_REQUESTS}
        if word == message or word not in tables:
            return self.to_game(connection, message, payload)
        if word in ADMIN_REQUESTS and connection.name != ADMIN:
            raise Refused("Only the admin may do that.")
        arguments = {name: DEFAULTS[kind] for name, kind in tables[word].items()}
        for name, value in payload.items():
            if name not in arguments:
                raise Refused(f"There is no argument {name!r}.")
            kinds = {"str": str, "bool": bool, "float": int | float}[tables[word][name]]
            is_bool = isinstance(value, bool) and tables[word][name] == "float"
            if not isinstance(value, kinds) or (is_bool and mistake != "bool-number"):
                raise Refused(f"The argument {name!r} is of another type.")
            arguments[name] = value
        if word == "sleep":
            return await self.sleep(float(arguments["seconds"]))
        return self.carry_out_by(connection, word, arguments)

    def to_game(self, connection: Connection, message: str, payload: Json) -> tuple[str, Json]:
        game = connection.game
        if not game:
            listed = {f"__pgnet__.{word}": about for word, about in USER_REQUESTS.items()}
            raise Refused("Please create/join a game.", listed)
        if message == "__pgnet__.heartbeat_update":
            answer = game.heartbeat(payload)
        else:
            answer = game.packet(connection.name, message)
        if answer.get("disconnecting"):
            connection.leave()
        return answer["message"], answer.get("payload", {})

    def carry_out_by(self, connection: Connection, word: str, given: Json) -> tuple[str, Json]:
        match word:
            case "help":
                tables = {**USER_REQUESTS, **ADMIN_REQUESTS}
                return "help", {f"__pgnet__.{word}": about for word, about in tables.items()}
            case "game_dir":
                return "games", {"games": {name: self.games[name].about() for name in self.games}}
            case "create_game":
                return self.create_game(connection, given["name"], given["password"])
            case "join_game":
                return self.join_game(connection, given["name"], given["password"])
            case "leave_game":
                if not connection.game:
                    raise Refused("You are in no game.")
                connection.leave()
            case "set_registration":
                self.registration = given["set_as"]
            case "set_verbose":
                self.verbose = given["set_as"]
            case "create_invite":
                if given["username"] and not self.allowed(given["username"]):
                    raise Refused("That name is not allowed.")
                code = secrets.token_hex(16)
                self.codes[code] = given["username"]
                return f"The code is {code}", {"invite_code": code}
            case "delete_user":
                self.delete_user(given["username"])
            case "destroy_game":
                if not (game := self.games.pop(given["name"], None)):
                    raise Refused("There is no such game.")
                for other in self.connected.values():
                    if other.game is game:
                        other.leave()
            case "save":
                raise Refused("There is nowhere to save to.")
            case "debug":
                shown: Json = {"users": list(self.users), "games": list(self.games)}
                return "debug", {**shown, **(self.codes if mistake == "debug-codes" else {})}
        return "Done.", {}

    def create_game(self, connection: Connection, name: str, password: str) -> tuple[str, Json]:
        if connection.game or name in self.games or not GAME_NAME.fullmatch(name):
            raise Refused("That game cannot be created.")
        self.games[name] = Game(name, hashed(password) if password else b"", connection.name)
        return self.take_in(connection, self.games[name])

    def join_game(self, connection: Connection, name: str, password: str) -> tuple[str, Json]:
        game = self.games.get(name)
        if connection.game or not game:
            return self.create_game(connection, name, password)
        owner = mistake == "owner" and game.owner == connection.name
        if game.password and not owner and not right(password, game.password):
            raise Refused("That is not the password.")
        return self.take_in(connection, game)

    def take_in(self, connection: Connection, game: Game) -> tuple[str, Json]:
        connection.game = game
        game.users.add(connection.name)
        return "You are in.", {"heartbeat_rate": 10}

    def delete_user(self, username: str) -> None:
        if username == ADMIN or username not in self.users:
            raise Refused("There is no such user.")
        if username in self.connected:
            self.doomed.add(username)
        else:
            del self.users[username]

    async def sleep(self, seconds: float) -> tuple[str, Json]:
        if seconds < 0:
            raise Refused("Time does not run backwards.")
        if mistake == "sleeps":
            time.sleep(min(seconds, 5.0))  # noqa: ASYNC251 - the mistake
        else:
            await asyncio.sleep(min(seconds, 5.0))
        return "Good morning.", {}


async def run(host: str, port: int) -> None:
    server = Server()
    listening: WebSocketServer
    async with serve(
        server.handle,
        host,
        port,
        compression=None,
        max_size=LARGEST,
        ping_interval=None,
        close_timeout=1.0,
    ) as listening:
        await server.over.wait()
        listening.close(code=1001)
        await listening.wait_closed()


def main() -> None:
    """Run the server until it is shut down."""
    global mistake  # noqa: PLW0603 - one switch for the whole program, set once
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--mistake", choices=["", *MISTAKES], default="")
    chosen = arguments.parse_args()
    mistake = chosen.mistake
    asyncio.run(run(chosen.host, chosen.port))


if __name__ == "__main__":
    main()
