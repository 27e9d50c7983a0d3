"""Rules of the server's machine: the lobby and the games.

What may live here: the requests of users, one by one, in a row, and at the same time.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies

from wirebook.conformance.drivers.pgnet.responses import request
from wirebook.fuzz.machines.base import step
from wirebook.fuzz.machines.pgnet.connections import Connection
from wirebook.fuzz.machines.pgnet.messages import Json
from wirebook.fuzz.machines.pgnet.opening_rules import NAME, PASSWORD, PASSWORDS, WHO
from wirebook.fuzz.machines.pgnet.play import SHAPES, ServerPlay, shaped
from wirebook.fuzz.machines.pgnet.requests import SCRIPTS
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet.states import PREFIX, REQUESTS, ServerState

GAME: Final = strategies.integers(0, 5)
_LOOK: Final = strategies.sampled_from((True, True, True, False))
_SHAPE: Final = strategies.integers(0, SHAPES - 1)
_GAMES_NOT_ALLOWED: Final = (
    "ab",
    "z" * 51,
    " lead",
    "trail ",
    "an ADMIN game",
    "tab\tname",
    "\u00fcn\u00efcode",
    "",
    "under_score",
    "no\u00a0break",
)
_WORDS: Final = (
    "hello",
    "",
    " hello ",
    "__pgnet__.unknown",
    "n\u00e4chste Runde",
    "__pgnet__",
    "handshake",
    "x" * 200,
)
_HEARTBEATS: Final[tuple[Json, ...]] = (
    {},
    {"fail": True},
    {"fail": 1},
    {"k": [1, None]},
    {"name": "Game 1"},
)
_ARGUMENTS: Final[tuple[Any, ...]] = (None, 7, True, "yes", [], {}, 1.5)
_QUEUED: Final = (
    "game_dir",
    "leave_game",
    "heartbeat_update",
    "hello",
    "help",
    "create_game",
    "script.fail",
    "join_game",
)


class LobbyRules(ServerPlay):
    """What users who are logged in do."""

    @step(who=WHO, game=GAME, password=PASSWORD, shape=_SHAPE)
    def create_game(self, who: int, game: int, password: int, shape: int) -> None:
        """Open a game."""
        self._enter_game(who, "create_game", self.subject.names.games[game], password, shape)

    @step(who=WHO, game=GAME, password=PASSWORD, shape=_SHAPE, right=strategies.booleans())
    def join_game(self, who: int, game: int, password: int, shape: int, right: bool) -> None:
        """Join a game, which may be there or not, with the right password or any."""
        name = self.subject.names.games[game]
        room = self.world.games.get(name)
        known = right and room is not None and room.password in PASSWORDS
        chosen = PASSWORDS.index(room.password) if known and room is not None else password
        self._enter_game(who, "join_game", name, chosen, shape)

    @step(
        who=WHO,
        name=strategies.integers(0, len(_GAMES_NOT_ALLOWED) - 1),
        join=strategies.booleans(),
    )
    def misname_game(self, who: int, name: int, join: bool) -> None:
        """Try to open a game with a name that is not allowed."""
        word = "join_game" if join else "create_game"
        self._enter_game(who, word, _GAMES_NOT_ALLOWED[name], 0, 0)

    @step(who=WHO, word=strategies.sampled_from(("leave_game", "game_dir", "help")), shape=_SHAPE)
    def ask_lobby(self, who: int, word: str, shape: int) -> None:
        """Leave the game, or ask for the list of games, or for help."""
        self._ask(who, word, {}, shape)

    @step(user=NAME, game=GAME, password=PASSWORD)
    def come_and_play(self, user: int, game: int, password: int) -> None:
        """Log a user in who joins a game at once."""
        name = self.subject.names.users[user]
        if name in self.world.sessions or name == book.ADMIN:
            return
        connection = self.enter(name, PASSWORDS[password])
        if connection is not None:
            joined = self.subject.names.games[game]
            room = self.world.games.get(joined)
            word = PASSWORDS[password] if room is None else room.password
            self.ask(connection, "join_game", {"name": joined, "password": word})

    @step(who=WHO, word=strategies.integers(0, len(_WORDS) - 1), shape=_SHAPE, look=_LOOK)
    def say(self, who: int, word: int, shape: int, look: bool) -> None:
        """Say something to the game, and perhaps look at its log."""
        user = self._player(who)
        if user is None:
            return
        clear, broken = shaped(_WORDS[word], {}, shape)
        self.ask(user, _WORDS[word], {}, clear, broken)
        if look and user in self.connections:
            self.ask(user, "heartbeat_update", {})

    @step(who=WHO, kind=strategies.integers(0, len(_HEARTBEATS) - 1), shape=_SHAPE)
    def beat(self, who: int, kind: int, shape: int) -> None:
        """Send a heartbeat."""
        user = self._player(who)
        if user is not None:
            clear, broken = shaped(PREFIX + "heartbeat_update", _HEARTBEATS[kind], shape)
            self.ask(user, "heartbeat_update", _HEARTBEATS[kind], clear, broken)

    @step(who=WHO, kind=strategies.integers(0, len(SCRIPTS) - 1))
    def run_script(self, who: int, kind: int) -> None:
        """Have the game fail, dismiss the user, or answer rubbish."""
        user = self._player(who)
        if user is not None:
            self.ask(user, SCRIPTS[kind], {})

    @step(
        who=WHO,
        word=strategies.sampled_from([one.removeprefix(PREFIX) for one in REQUESTS]),
        kind=strategies.integers(0, len(_ARGUMENTS) - 1),
        unknown=strategies.booleans(),
    )
    def misargue(self, who: int, word: str, kind: int, unknown: bool) -> None:
        """Send a request with an argument that it does not have, or of another type."""
        user = self.pick_user(who)
        arguments = REQUESTS[PREFIX + word].arguments
        if user is None or word == "shutdown":
            return
        name = "extra" if unknown or not arguments else next(iter(arguments))
        payload = {name: _ARGUMENTS[kind]}
        if not REQUESTS[PREFIX + word].accepts(payload) or word == "heartbeat_update":
            self.ask(user, word, payload)

    @step(who=WHO, words=strategies.lists(strategies.sampled_from(_QUEUED), min_size=2, max_size=6))
    def hurry(self, who: int, words: list[str]) -> None:
        """Send requests without waiting for the responses (PGN-RSP-001)."""
        user = self.pick_user(who)
        if user is None or user.state is ServerState.DELETED or not self.settled:
            return
        began = self.subject.now()
        asked: list[tuple[str, Json]] = []
        for word in words:
            given = PREFIX + word in REQUESTS
            game = {"name": self.subject.names.games[0]} if word.endswith("_game") else {}
            payload = game if not word.startswith("leave") else {}
            asked.append((PREFIX + word if given else word, payload))
        self.hurrying = True
        for message, payload in asked:
            self.post(user, request(message, payload))
        self.hurrying = False
        for message, payload in asked:
            self.answered(user, message, payload, began)

    @step(who=WHO, times=strategies.sampled_from((12, 12, 30, 30, 400)), say=strategies.booleans())
    def talk(self, who: int, times: int, say: bool) -> None:
        """Ask for the same thing again and again."""
        user = self._player(who)
        for _ in range(times):
            if user is not None and user in self.connections:
                self.ask(user, "again" if say else "heartbeat_update", {})

    @step(who=WHO, other=WHO, game=GAME, password=PASSWORD)
    def create_together(self, who: int, other: int, game: int, password: int) -> None:
        """Have two users open a game of the same name at the same time."""
        pair = [self.pick(one, ServerState.LOBBY) for one in (who, other)]
        name = self.subject.names.games[game]
        first, second = pair
        if first is None or second is None or first is second or name in self.world.games:
            return
        payload = {"name": name, "password": PASSWORDS[password]}
        message = PREFIX + "create_game"
        began = self.subject.now()
        with self.subject.together():
            for one in (first, second):
                self.post(one, request(message, payload))
        responses = [self.response(one, "PGN-RSP-001") for one in (first, second)]
        # Who came first is the server's affair: who is let in, was first.
        came = zip((first, second), responses, strict=True)
        for one, response in sorted(came, key=lambda pair: bool(pair[1]["status"])):
            self.answered(one, message, payload, began, response=response)

    def _player(self, who: int) -> Connection | None:
        """Return somebody who is in a game, or who goes into one for it."""
        user = self.pick(who, ServerState.GAME) or self.pick(who, ServerState.LOBBY)
        if user is not None and user.state is ServerState.LOBBY and who % 4:
            rooms = self.world.games
            free = [one for one in self.subject.names.games if one not in rooms]
            name = next((one for one in rooms if not rooms[one].password), "")
            self.ask(user, "join_game", {"name": name or next(iter(free), "")})
        return user

    def _enter_game(self, who: int, word: str, name: str, password: int, shape: int) -> None:
        payload: Json = {"name": name}
        if PASSWORDS[password]:
            payload["password"] = PASSWORDS[password]
        self._ask(who, word, payload, shape)

    def _ask(self, who: int, word: str, payload: Json, shape: int) -> None:
        user = self.pick_user(who)
        if user is None:
            return
        message = PREFIX + word if PREFIX + word in REQUESTS else word
        clear, broken = shaped(message, payload, shape)
        self.ask(user, word, payload, clear, broken)
