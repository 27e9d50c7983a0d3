"""The data of PGNet against its prose: requests, texts, close codes, figures, names."""

import re
from pathlib import Path
from typing import Any

import pytest

from wirebook.spec import requirements
from wirebook.spec.pgnet import states
from wirebook.spec.pgnet.states import (
    CLIENT_CONNECTION,
    CLOSE_CODES,
    REQUESTS,
    SERVER_CONNECTION,
    ClientAction,
    ClientInput,
    ClientState,
    CloseCode,
    Request,
    ServerAction,
    ServerInput,
    ServerState,
    Text,
)

FOLDER = Path(__file__).parents[1] / "pgnet"
PROCEDURES = (FOLDER / "procedures.md").read_text(encoding="utf-8")
STATES = (FOLDER / "states.md").read_text(encoding="utf-8")
REQUIREMENTS = requirements.load("pgnet")
ROW = re.compile(r"^\| `(__pgnet__\.\w+)` \| ([^|]*) \|", re.MULTILINE)


def tables_of_requests() -> dict[str, tuple[dict[str, str], bool]]:
    """Return the arguments of each request of the prose, and whether it is the admin's."""
    found = {}
    users, _, admin = PROCEDURES.partition("## Administration")
    types = {"number": "float"}
    for part in (users, admin):
        for name, arguments in ROW.findall(part):
            pairs = re.findall(r"`(\w+)` (\w+)", arguments)
            found[name] = ({key: types.get(kind, kind) for key, kind in pairs}, part is admin)
    return found


def test_requests_are_those_of_the_chapter() -> None:
    """Names, arguments, types and who may send them are the tables of the prose, in their order."""
    known = {name: (dict(rule.arguments), rule.admin) for name, rule in REQUESTS.items()}
    assert list(known.items()) == list(tables_of_requests().items())
    assert [name for name, rule in REQUESTS.items() if rule.any_payload] == [states.HEARTBEAT]


@pytest.mark.parametrize(
    ("name", "payload", "accepted"),
    [
        ("help", {}, True),
        ("help", {"x": 1}, False),
        ("create_game", {}, True),
        ("create_game", {"name": "a", "password": ""}, True),
        ("create_game", {"name": None}, False),
        ("create_game", {"name": "a", "Password": ""}, False),
        ("set_registration", {"set_as": True}, True),
        ("set_registration", {"set_as": 1}, False),
        ("set_registration", {"set_as": "true"}, False),
        ("sleep", {"seconds": 1}, True),
        ("sleep", {"seconds": 0.5}, True),
        ("sleep", {"seconds": -1}, True),
        ("sleep", {"seconds": True}, False),
        ("sleep", {"seconds": "1"}, False),
        ("heartbeat_update", {"anything": [None]}, True),
    ],
)
def test_arguments_are_checked_by_name_and_type(
    name: str, payload: dict[str, Any], accepted: bool
) -> None:
    """An argument is known and has its own JSON type; all may be left out."""
    request: Request = REQUESTS[states.PREFIX + name]
    assert request.accepts(payload) is accepted


@pytest.mark.parametrize("text", Text)
def test_texts_are_those_of_the_prose(text: Text) -> None:
    """Each text stands in the chapter as code."""
    assert f"`{text}`" in PROCEDURES


def test_every_text_of_a_refused_login_is_known() -> None:
    """The table of reasons has no text that the data lacks."""
    reasons = re.findall(r"^\| \d+ \| [^|]+ \| `([^`]+)` \|$", PROCEDURES, re.MULTILINE)
    assert len(reasons) == 10
    assert set(reasons) <= set(Text)


def test_close_codes_are_those_of_the_requirements() -> None:
    """Each rule that names a code has it in the data, and each code of the data stands there."""
    named = {
        name: int(code[1])
        for name, found in REQUIREMENTS.items()
        if (code := re.search(r"close code (\d{4})", found.text)) and not name.startswith("PGN-ERR")
    }
    others = {"PGN-RSP-005", "PGN-CON-005", "PGN-CLI-008"}  # ends that are no violations
    assert {name: int(code) for name, code in CLOSE_CODES.items()} == {
        name: code for name, code in named.items() if name not in others
    }
    assert {name: named[name] for name in sorted(others)} == {
        "PGN-CLI-008": CloseCode.NORMAL,
        "PGN-CON-005": CloseCode.GOING_AWAY,
        "PGN-RSP-005": CloseCode.NORMAL,
    }


def test_close_codes_are_those_of_the_table() -> None:
    """The chapter on errors lists exactly the codes of the data."""
    errors = (FOLDER / "errors.md").read_text(encoding="utf-8")
    assert set(map(int, re.findall(r"^\| (\d{4}) \|", errors, re.MULTILINE))) == set(CloseCode)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("opening time limit", f"{states.OPENING_TIME_LIMIT} s"),
        ("idle time limit", f"{states.IDLE_TIME_LIMIT:.0f} s"),
        ("response time limit", f"{states.RESPONSE_TIME_LIMIT} s"),
        ("game update", f"{states.UPDATE_INTERVAL} s"),
        ("autosave", f"{states.AUTOSAVE_INTERVAL:.0f} s"),
    ],
)
def test_timers_are_those_of_the_chapter(name: str, value: str) -> None:
    """Each timer has the value of its table."""
    assert f"| {name} | {value} |" in STATES


def spaced(number: int) -> str:
    """Return a number as the prose has it."""
    return f"{number:,}".replace(",", " ") if number > 9999 else str(number)


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("PGN-WSB-006", spaced(states.MESSAGE_MOST)),
        ("PGN-WSB-007", spaced(states.MESSAGE_MOST)),
        ("PGN-JSN-008", f"{states.DEPTH_MOST} deep"),
        ("PGN-TUN-001", f"{states.NONCE_SIZE} octets"),
        ("PGN-TUN-003", f"{states.NONCE_SIZE + states.BOX_LEAST} octets"),
        ("PGN-TUN-005", spaced(states.NONCES_REMEMBERED)),
        ("PGN-SEC-002", f"{states.ATTEMPTS_MOST} refused"),
        ("PGN-SEC-002", f"{states.ATTEMPTS_PERIOD:.0f} s"),
        ("PGN-INV-003", f"{states.INVITE_CODE_BITS_LEAST} bits"),
        ("PGN-HBT-002", f"take {states.HEARTBEAT_RATE_DEFAULT:.0f} "),
        ("PGN-HBT-002", f"up to {states.HEARTBEAT_RATE_MOST:.0f}"),
        ("PGN-ADM-016", f"{states.SLEEP_MOST:.0f} s"),
        ("PGN-CON-002", f"{states.OPENING_TIME_LIMIT} s"),
        ("PGN-CON-003", f"{states.IDLE_TIME_LIMIT:.0f} s"),
        ("PGN-CLI-003", f"{states.RESPONSE_TIME_LIMIT} s"),
        ("PGN-SAV-001", f"{states.AUTOSAVE_INTERVAL:.0f} s"),
        ("PGN-GAM-006", f"{states.UPDATE_INTERVAL} s"),
    ],
)
def test_figures_are_those_of_the_requirements(name: str, figure: str) -> None:
    """Each number of the data stands in the requirement that fixes it."""
    assert figure in REQUIREMENTS[name].text


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("connections of a server", states.CONNECTIONS_MOST),
        ("users", states.USERS_MOST),
        ("games", states.GAMES_MOST),
        ("passwords checked at the same time", states.CHECKS_MOST),
        ("logins that wait for that", states.CHECKS_WAITING_MOST),
    ],
)
def test_default_limits_are_those_of_the_table(name: str, figure: int) -> None:
    """Each default stands in the chapter on limits."""
    errors = (FOLDER / "errors.md").read_text(encoding="utf-8")
    assert f"| {name} | {spaced(figure)} |" in errors


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("bob", True),
        ("a" * 20, True),
        ("Bob7", True),
        ("123", True),
        ("ab", False),
        ("a" * 21, False),
        ("", False),
        ("bob ", False),
        ("bo_b", False),
        ("bob\n", False),
        ("böb", False),
        ("bob٣", False),
        ("admin", False),
        ("xAdMiNx", False),
        ("admın", False),
    ],
)
def test_user_names(name: str, allowed: bool) -> None:
    """Three to twenty ASCII letters and digits, without admin."""
    assert states.user_name_allowed(name) is allowed


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("abc", True),
        ("a b", True),
        ("My Game 1", True),
        ("a" * 50, True),
        ("a  b", True),
        ("ab", False),
        ("a" * 51, False),
        (" abc", False),
        ("abc ", False),
        ("   ", False),
        ("a\tb", False),
        ("a\u00a0b", False),
        ("abc\n", False),
        ("the ADMIN game", False),
        ("ad min", True),
    ],
)
def test_game_names(name: str, allowed: bool) -> None:
    """Three to fifty ASCII letters, digits and inner spaces, without admin."""
    assert states.game_name_allowed(name) is allowed


def walk(table: Any, *inputs: Any) -> list[tuple[Any, Any]]:
    """Return action and next state of each input, from the initial state on."""
    state, found = table.initial, []
    for given in inputs:
        row = table.step(state, given)
        state = row.next_state
        found.append((row.action, state))
    return found


def test_server_connection_from_key_to_deletion() -> None:
    """A user logs in, plays, is deleted, and learns of it at the next request."""
    given = ServerInput
    steps = walk(
        SERVER_CONNECTION,
        *(given.KEY, given.LOGIN, given.ADMITTED),
        *(given.REQUEST, given.ENTERED, given.REQUEST, given.GAME_ANSWERED),
        *(given.DELETION, given.REQUEST),
    )
    assert [state for _, state in steps] == [
        ServerState.AWAITING_LOGIN,
        ServerState.CHECKING,
        *[ServerState.LOBBY] * 2,
        *[ServerState.GAME] * 3,
        ServerState.DELETED,
        ServerState.CLOSED,
    ]
    assert steps[-1][0] is ServerAction.DISMISS_USER


@pytest.mark.parametrize("state", [s for s in ServerState if s is not ServerState.CLOSED])
def test_a_server_connection_can_end_at_any_time(state: ServerState) -> None:
    """A violation and the loss of the connection end it from every state."""
    for given in (ServerInput.VIOLATION, ServerInput.LOST):
        assert SERVER_CONNECTION.step(state, given).next_state is ServerState.CLOSED


def test_client_connection_from_connect_to_disconnect() -> None:
    """A client trades keys, logs in, asks, is answered, and leaves."""
    given = ClientInput
    steps = walk(
        CLIENT_CONNECTION,
        *(given.CONNECT, given.OPENED, given.KEY, given.LOGIN),
        *(given.REQUEST, given.REQUEST, given.RESPONSE, given.REQUEST, given.DISCONNECT),
    )
    assert [action for action, _ in steps] == [
        ClientAction.OPEN,
        ClientAction.SEND_KEY,
        ClientAction.SEND_LOGIN,
        ClientAction.CONNECTED,
        ClientAction.SEND,
        ClientAction.QUEUE,
        ClientAction.HAND_OVER,
        ClientAction.SEND,
        ClientAction.CLOSE,
    ]
    assert steps[-1][1] is ClientState.DISCONNECTED


@pytest.mark.parametrize("state", [s for s in ClientState if s is not ClientState.DISCONNECTED])
def test_a_client_connection_can_end_at_any_time(state: ClientState) -> None:
    """The application and the loss of the connection end it from every state."""
    for given in (ClientInput.DISCONNECT, ClientInput.LOST):
        assert CLIENT_CONNECTION.step(state, given).next_state is ClientState.DISCONNECTED
