"""Several hosts on one machine: a target, a client and an attacker, each with its own network.

What may live here: network namespaces, the links between them, and why there are none. The
namespaces have no names: each lives as long as a descriptor of this process, or a process that was
started in it, so nothing is left behind however the suite ends, and no two runs can meet.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TARGET, CLIENT, ATTACKER = "198.18.0.1", "198.18.0.2", "198.18.0.3"
"""Addresses of RFC 2544, which are nobody's."""
SILENT = "198.18.0.4"
"""An address that a route leads to and nobody has."""
LOOPBACK_TARGET, LOOPBACK_CLIENT, LOOPBACK_ATTACKER = "127.0.0.1", "127.0.0.2", "127.0.0.3"
LOOPBACK_SILENT = "127.0.0.4"
LINK = "lan"
"""The interface of the client and of the attacker, whose other end is the target's."""
LOOPBACK_LINK = "lo"

_CLONE_NEWNET = 0x40000000
_OWN = "/proc/thread-self/ns/net"
_SETTINGS = Path("/proc/sys/net/ipv4/conf")
_IP_SECONDS = 10.0
_NO_HARDWARE = "00:00:00:00:00:00"
_OPEN = {"rp_filter": "0", "accept_local": "1", "route_localnet": "1"}
_LOOSE = ("0", "2")
"""Values of rp_filter with which a packet may come from where its answer would not go."""


class NoHosts(Exception):
    """This machine, or this user, cannot have hosts of its own; the text says why."""


@dataclass(frozen=True, slots=True)
class Host:
    """One host; without a namespace of its own it is this machine, on its loopback interface."""

    address: str
    link: str
    """The interface that leads to the others."""
    hardware: str = ""
    """Hardware address of that interface; empty where the system takes no frames from outside."""
    next_hop: str = ""
    """Hardware address at the other end."""
    namespace: Namespace | None = None

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Let this thread make sockets, threads and processes in the host; they stay there."""
        if self.namespace is None:
            yield
            return
        with self.namespace.entered():
            yield


@dataclass(frozen=True, slots=True)
class Site:
    """The hosts of one case; when it is closed, their networks end with their last process."""

    target: Host
    client: Host
    attacker: Host
    namespaces: tuple[Namespace, ...] = field(default=())

    @property
    def on_loopback(self) -> bool:
        """Whether the hosts share one loopback interface, so that the attacker is on the path."""
        return self.attacker.link == LOOPBACK_LINK

    @property
    def silent(self) -> str:
        """An address that nobody listens at or answers for."""
        return LOOPBACK_SILENT if self.on_loopback else SILENT

    @property
    def isolated(self) -> bool:
        """Whether nothing but the hosts is there."""
        return bool(self.namespaces)

    def close(self) -> None:
        """Let go of the namespaces."""
        for namespace in self.namespaces:
            namespace.close()

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Namespace:
    """A network namespace without a name, held by a descriptor."""

    def __init__(self) -> None:
        before = _open_own()
        try:
            _call("unshare", _CLONE_NEWNET)
            try:
                self.descriptor = _open_own()
            finally:
                _return_to(before)
        finally:
            os.close(before)

    @property
    def path(self) -> str:
        """A path that stands for the namespace, in this process."""
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Move this thread into the namespace for a while."""
        before = _open_own()
        try:
            _call("setns", self.descriptor, _CLONE_NEWNET)
            try:
                yield
            finally:
                _return_to(before)
        finally:
            os.close(before)

    def configure(self, *lines: str) -> None:
        """Run lines of `ip -batch` in the namespace."""
        with self.entered():
            try:
                done = subprocess.run(
                    ["ip", "-batch", "-"],  # noqa: S607 - wherever the system has it
                    input="\n".join(lines) + "\n",
                    capture_output=True,
                    text=True,
                    timeout=_IP_SECONDS,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise NoHosts(f"the program ip failed: {error}") from error
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines()
            raise NoHosts(f"the program ip failed: {words[0] if words else done.returncode}")

    def close(self) -> None:
        """Let go of the namespace."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def several() -> Site:
    """Make three hosts: a target with a link to a client and one to an attacker.

    The target forwards nothing from one link to the other, so that the attacker sees nothing of
    what the client and the target say to each other. Raises NoHosts with the reason if there can
    be none.
    """
    _check_machine()
    namespaces: list[Namespace] = []
    try:
        namespaces += [Namespace() for _ in range(3)]
        target, *others = namespaces
        # Before there are links, so that these take it over; strict filters would drop what is
        # forged, which is the case's business and not the system's.
        _loosen(target)
        target.configure(
            "link set lo up",
            f"address add {TARGET}/32 dev lo",
            *_link("client", "c", others[0]),
            *_link("attacker", "a", others[1]),
            f"route add {CLIENT}/32 dev client src {TARGET}",
            f"route add {ATTACKER}/32 dev attacker src {TARGET}",
            f"route add {SILENT}/32 dev attacker src {TARGET}",
        )
        far: list[Host] = []
        for namespace, address, letter in zip(others, (CLIENT, ATTACKER), "ca", strict=True):
            namespace.configure(
                "link set lo up",
                f"address add {address}/32 dev {LINK}",
                f"link set {LINK} up",
                f"route add default dev {LINK} src {address}",
            )
            ends = _hardware(letter, 2), _hardware(letter, 1)
            far.append(Host(address, LINK, *ends, namespace))
        near = Host(TARGET, "client", namespace=target)
        return Site(near, far[0], far[1], tuple(namespaces))
    except BaseException:
        for namespace in namespaces:
            namespace.close()
        raise


def one() -> Site:
    """Make one host that has nothing but a loopback interface, and all three roles."""
    _check_machine()
    namespace = Namespace()
    try:
        namespace.configure("link set lo up")
        takes_frames = _open_loopback(namespace)
    except BaseException:
        namespace.close()
        raise
    return Site(*_on_loopback(namespace, _NO_HARDWARE if takes_frames else ""), (namespace,))


def this_machine() -> Site:
    """Give the loopback interface of this machine all three roles."""
    return Site(*_on_loopback(None, ""))


def no_raw_sockets() -> str:
    """Return why this process may not send packets of its own making; empty if it may."""
    if sys.platform != "linux":
        return f"there are no raw sockets to inject with on {sys.platform}"
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        return "raw sockets need root, or CAP_NET_RAW"
    except OSError as error:
        return f"no raw socket can be opened: {error.strerror}"
    return ""


def _on_loopback(namespace: Namespace | None, hardware: str) -> tuple[Host, Host, Host]:
    made = [
        Host(address, LOOPBACK_LINK, hardware, hardware, namespace)
        for address in (LOOPBACK_TARGET, LOOPBACK_CLIENT, LOOPBACK_ATTACKER)
    ]
    return made[0], made[1], made[2]


def _check_machine() -> None:
    if sys.platform != "linux":
        raise NoHosts(f"there are no network namespaces on {sys.platform}")
    if shutil.which("ip") is None:
        raise NoHosts("network namespaces need the program ip (iproute2)")


def _link(name: str, letter: str, other: Namespace) -> tuple[str, ...]:
    near, far = _hardware(letter, 1), _hardware(letter, 2)
    return (
        f"link add {name} address {near} type veth peer name {LINK} address {far}",
        f"link set {LINK} netns {other.path}",
        f"link set {name} up",
    )


def _hardware(letter: str, end: int) -> str:
    """Return an address of the kind that everybody may give away."""
    return f"02:00:00:00:{ord(letter):02x}:{end:02x}"


def _loosen(namespace: Namespace) -> None:
    with namespace.entered():
        for name in ("all", "default"):
            if not _set(f"{name}/rp_filter", "0") and _get(f"{name}/rp_filter") not in _LOOSE:
                raise NoHosts("the system drops forged packets (rp_filter)")


def _open_loopback(namespace: Namespace) -> bool:
    """Have the loopback interface take frames for its own addresses; tell whether it does."""
    with namespace.entered():
        for where in ("all", LOOPBACK_LINK):
            for name, value in _OPEN.items():
                if not _set(f"{where}/{name}", value):
                    return False
    return True


def _set(name: str, value: str) -> bool:
    try:
        (_SETTINGS / name).write_text(value, encoding="ascii")
    except OSError:
        return _get(name) == value
    return True


def _get(name: str) -> str:
    try:
        return (_SETTINGS / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _open_own() -> int:
    return os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)


def _return_to(descriptor: int) -> None:
    try:
        _call("setns", descriptor, _CLONE_NEWNET)
    except NoHosts as error:  # everything that follows would happen in the wrong place
        raise SystemError(f"cannot come back from a network namespace: {error}") from error


def _call(name: str, *arguments: int) -> None:
    # Python has these from 3.12 on.
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*arguments):
        error = ctypes.get_errno()
        raise NoHosts(f"network namespaces need root ({name}: {os.strerror(error)})")
