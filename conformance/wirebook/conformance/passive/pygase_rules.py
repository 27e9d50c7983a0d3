"""The rules of PyGaSe that can be seen from outside, each on one side of one session.

What may live here: functions that look at a session's packages and note what they break. A sender's
own packages tell what it holds for received, in the order of its sequences; what it may have
received is what the capture has seen of the other side before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wirebook.conformance.drivers.pygase.model import after, difference, is_newer
from wirebook.conformance.passive.ledger import ROLES, Ledger
from wirebook.conformance.passive.pygase import Package, Session

DATAGRAM_MOST = 2048
EVENTS_MOST = 5
CONNECTION_SECONDS = 5.0

_WINDOW = 32
_JITTER = 0.02
"""Packets that pass within so many seconds may stand in the capture the wrong way round."""
_SILENCE_SLACK = 1.0
_RATE_MOST = 40 * 1.05
_RATE_SECONDS = 5.0
_RATE_SLACK = 1.0

_Broken = Callable[[str, int, str], None]


def judge(session: Session, ledger: Ledger) -> None:
    """Look at both sides of a session."""
    for role in ROLES:
        packages = session.of(role)
        if not packages:
            continue
        broken = _noting(session, role, ledger)
        _form(packages, role, ledger, broken)
        own = _in_order(packages, ledger, role, broken)
        _memory(own, role, ledger, broken)
        _rate(own, role, ledger, broken)
        _silence(session, role, ledger, broken)
        if session.begun_anew:
            ledger.leave_open(session.name, "acks across a connection that has begun anew")
            continue
        _acks(session, role, own, ledger, broken)
    if not session.begun_anew:
        _beginning(session, ledger, _noting(session, "server", ledger))
        _reports(session, ledger, _noting(session, "client", ledger))
        _newcomers(session, ledger, _noting(session, "server", ledger))


def _noting(session: Session, role: str, ledger: Ledger) -> _Broken:
    def broken(requirement: str, packet: int, text: str) -> None:
        ledger.broken(requirement, role, packet, session.name, f"the {role} {text}")

    return broken


def _form(packages: list[Package], role: str, ledger: Ledger, broken: _Broken) -> None:
    """Look at each package for itself."""
    for package in packages:
        size = len(package.datagram.data)
        ledger.looked("PGS-DGM-002", role)
        if size > DATAGRAM_MOST:
            broken("PGS-DGM-002", package.number, f"sends a datagram of {size} octets")
            continue
        if package.error is not None:
            reason = f"sends a package that has to be discarded: {package.error.reason}"
            broken(package.error.requirement, package.number, reason)
            continue
        ledger.looked("PGS-HDR-001", role)
        ledger.looked("PGS-BOD-004", role)
        ledger.looked("PGS-MSG-001", role)
        events = len((package.value or {}).get("events", ()))
        if events > EVENTS_MOST:
            broken("PGS-BOD-004", package.number, f"puts {events} events into one package")
        if package.wide_floats:
            broken("PGS-MSG-001", package.number, "sends a float of 64 bits")
        if not package.ack and package.bits:
            text = "sets ack bits while its ack is 0"
            broken("PGS-ACK-002", package.number, text)


def _in_order(packages: list[Package], ledger: Ledger, role: str, broken: _Broken) -> list[Package]:
    """Return the well-formed packages by their sequence, each once."""
    by_place: dict[int, Package] = {}
    for package in packages:
        if package.error is not None or not package.sequence:
            continue
        ledger.looked("PGS-SEQ-001", role)
        first = by_place.setdefault(package.place, package)
        if first is not package and first.datagram.data != package.datagram.data:
            text = f"gives sequence {package.sequence} to another package than packet"
            broken("PGS-SEQ-001", package.number, f"{text} {first.number}")
    return [by_place[place] for place in sorted(by_place)]


def _memory(own: list[Package], role: str, ledger: Ledger, broken: _Broken) -> None:
    """Hold a sender to what it has said before: what was received stays received."""
    known: dict[int, Package] = {}  # by place of the peer's sequence
    told: set[int] = set()
    newest: tuple[int, Package] | None = None
    for package in own:
        if not package.ack:
            if newest is not None:
                text = f"acks nothing any more, after ack {newest[1].ack} in packet"
                broken("PGS-ACK-001", package.number, f"{text} {newest[1].number}")
                return
            continue
        ahead = difference(package.ack, newest[1].ack) if newest else 0
        place = newest[0] + ahead if newest else package.ack
        ledger.looked("PGS-ACK-001", role)
        if ahead < 0 and newest:
            text = f"takes its ack back to {package.ack}, after {newest[1].ack} in packet"
            broken("PGS-ACK-001", package.number, f"{text} {newest[1].number}")
            continue
        named = {place + difference(one, package.ack) for one in package.named()}
        within = range(place - _WINDOW, place + 1)
        for one in sorted(known.keys() & set(within)):
            ledger.looked("PGS-WIN-001", role)
            if one in named or one in told:
                continue
            told.add(one)
            before = known[one]
            sequence = after(1, one - 1)
            # The previously newest one is what a shift loses that is done wrongly.
            rule = "PGS-WIN-001" if before.ack == sequence else "PGS-ACK-002"
            text = f"acks {package.ack} and no longer {sequence}, which it acked in packet"
            broken(rule, package.number, f"{text} {before.number}")
        for one in named:
            known[one] = package
        known = {one: where for one, where in known.items() if one >= place - _WINDOW}
        newest = place, package


def _acks(session: Session, role: str, own: list[Package], ledger: Ledger, broken: _Broken) -> None:
    """Hold a sender to what it can have received: what has passed before, and was well-formed."""
    peer = session.of("server" if role == "client" else "client")
    passed: dict[int, float] = {}
    spoilt: dict[int, float] = {}
    for package in peer:
        times = passed if package.error is None else spoilt
        times.setdefault(package.sequence, package.time)
    complete = _complete(session, role)
    if not complete:
        text = f"acks of the {role} of what came before the capture"
        ledger.leave_open(session.name, text)
    least = peer[0].sequence if peer else 0
    told: set[int] = set()
    for package in own:
        for one in package.named():
            if not complete and (not least or difference(one, least) <= _WINDOW):
                continue
            rule = "PGS-ACK-001" if one == package.ack else "PGS-ACK-002"
            ledger.looked(rule, role)
            if passed.get(one, package.time + 1) <= package.time + _JITTER or one in told:
                continue
            told.add(one)
            if spoilt.get(one, package.time + 1) <= package.time + _JITTER:
                text = f"acks {one}, which had to be discarded"
                broken("PGS-WIN-006", package.number, text)
            else:
                broken(rule, package.number, f"acks {one}, which nobody has sent before")


def _complete(session: Session, role: str) -> bool:
    """Tell whether all is there that this side has received on the connection."""
    own, peer = session.of(role), session.of("server" if role == "client" else "client")
    if not peer:
        return False
    if peer[0].sequence == 1 and peer[0].error is None:
        return True
    # A side that begins itself while the capture is running has received nothing before.
    begins = bool(own) and own[0].sequence == 1
    return begins and (not own[0].named() or peer[0].time <= own[0].time)


def _rate(own: list[Package], role: str, ledger: Ledger, broken: _Broken) -> None:
    """See whether a side sends faster than it may: its sequences tell, whatever was lost."""
    first = 0
    for package in own:
        while package.time - own[first].time > 2 * _RATE_SECONDS:
            first += 1
        span = package.time - own[first].time
        if span < _RATE_SECONDS:
            continue
        ledger.looked("PGS-TIM-001", role)
        sent = package.place - own[first].place
        if sent > _RATE_MOST * (span + _RATE_SLACK):
            text = f"sends {sent} packages in {span:.1f} s, more than 40 per second"
            broken("PGS-TIM-001", package.number, text)
            return


def _silence(session: Session, role: str, ledger: Ledger, broken: _Broken) -> None:
    """See whether a side goes on sending though nothing has come from its peer for long."""
    rule = "PGS-CON-002" if role == "client" else "PGS-CON-009"
    heard = session.first_time
    merged = sorted((*session.client, *session.server), key=lambda one: one.number)
    own = {id(one) for one in session.of(role)}
    for package in merged:
        if id(package) not in own:
            heard = package.time
            continue
        ledger.looked(rule, role)
        if package.time - heard > CONNECTION_SECONDS + _SILENCE_SLACK:
            text = f"still sends, {package.time - heard:.1f} s after anything came from its peer"
            broken(rule, package.number, text)
            return


def _beginning(session: Session, ledger: Ledger, broken: _Broken) -> None:
    """Hold a server to what it may send to an address that has acked nothing yet."""
    server = session.server
    if not server or server[0].sequence != 1 or not session.client:
        return
    if session.client[0].time > server[0].time + _JITTER:
        return  # the first package of the client is not in the capture
    octets = 0
    whole: list[Package] = []
    seen: set[int] = set()
    for package, before in _with_news(server, session.client):
        if any(one.ack for one in before):
            return  # validated, or as good as
        if package.place not in seen:  # a capture may have it twice
            octets += len(package.datagram.data)
        seen.add(package.place)
        whole += [one for one in before if one.error is None]
        ledger.looked("PGS-CON-008", "server")
        ledger.looked("PGS-SEC-001", "server")
        ledger.looked("PGS-SEC-002", "server")
        if not whole:
            broken("PGS-CON-008", package.number, "answers what had to be discarded")
            return
        if package.place > len(whole):
            text = f"sends package {package.place} after {len(whole)} of an address that acked none"
            broken("PGS-SEC-001", package.number, text)
            return
        taken = sum(len(one.datagram.data) for one in whole)
        if octets > 3 * taken:
            text = f"has sent {octets} octets for {taken} of an address that acked none"
            broken("PGS-SEC-002", package.number, text)
            return


def _reports(session: Session, ledger: Ledger, broken: _Broken) -> None:
    """Hold a client to the time orders that it was sent."""
    if not _complete(session, "client"):
        return
    sent: dict[int, float] = {}
    for package in session.server:
        if package.value is not None:
            sent.setdefault(package.value["update"]["time_order"], package.time)
    last: tuple[int, Package] | None = None
    ordered = (one for one in session.client if one.value is not None)
    for package in sorted(ordered, key=lambda one: one.place):
        time_order = (package.value or {})["time_order"]
        ledger.looked("PGS-SYN-020", "client")
        ledger.looked("PGS-SYN-021", "client")
        if last is not None and time_order != last[0] and not is_newer(time_order, last[0]):
            text = f"goes back to time order {time_order}, after {last[0]} in packet"
            broken("PGS-SYN-021", package.number, f"{text} {last[1].number}")
            return
        if time_order and sent.get(time_order, package.time + 1) > package.time + _JITTER:
            text = f"reports time order {time_order}, which it was not sent"
            broken("PGS-SYN-020", package.number, text)
            return
        last = time_order, package


def _newcomers(session: Session, ledger: Ledger, broken: _Broken) -> None:
    """Hold a server to the full state for a client that has none."""
    if not _complete(session, "server"):
        return
    for package, before in _with_news(session.server, session.client):
        if any((one.value or {}).get("time_order") for one in before):
            return
        if package.value is None:
            continue
        update = package.value["update"]
        ledger.looked("PGS-SYN-002", "server")
        if update["time_order"] and "game_status" not in update:
            text = "sends a part of the state to a client that has none"
            broken("PGS-SYN-002", package.number, text)
            return


def _with_news(own: list[Package], peer: list[Package]) -> Iterator[tuple[Package, list[Package]]]:
    """Yield each package with those of the peer that have passed since the one before."""
    first = 0
    for package in own:
        last = first
        while last < len(peer) and peer[last].time <= package.time + _JITTER:
            last += 1
        yield package, peer[first:last]
        first = last
