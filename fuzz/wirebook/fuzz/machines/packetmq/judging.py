"""What a subject has done, held against what the model wants: which requirement is broken, and how.

What may live here: comparing, and finding the requirement that a difference is about. A difference
often has several that could be named; the one is taken that the last input of its kind came under.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgpack

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import Notification
from wirebook.conformance.drivers.packetmq.frames import (
    FINISH,
    FIRST_APPLICATION_ID,
    PUBIDS,
    SOFTQUIT,
)
from wirebook.conformance.drivers.values import same
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.packetmq.model import Side, Wanted
from wirebook.fuzz.machines.packetmq.subjects import Flaw, Packet
from wirebook.spec.packetmq.states import Action, Input, Reason, State

_ALL_PUBIDS = (
    Input.PUBIDS_SAME_POLICY,
    Input.PUBIDS_ADAPTIVE,
    Input.PUBIDS_UNUSABLE,
    Input.PUBIDS_OTHER_NAMES,
    Input.PUBIDS_EQUAL_NAMES,
)
_PACKETS = (Input.PACKET_KNOWN, Input.PACKET_UNKNOWN)
_BEHIND: Mapping[str, tuple[Input, ...]] = {
    Reason.VERSION_MISMATCH.value: (Input.INIT_OTHER, Input.INIT_SAME),
    Reason.SAME_POLICY.value: _ALL_PUBIDS,
    Reason.OTHER_NAMES.value: _ALL_PUBIDS,
    Reason.FRAMING.value: (Input.FRAMING, Input.END, *_PACKETS),
    Reason.MALFORMED.value: (Input.MALFORMED, Input.FINISH, *_ALL_PUBIDS, *_PACKETS),
    Reason.UNKNOWN_PACKET.value: (Input.RESERVED, *_PACKETS),
    Reason.TIMEOUT.value: (Input.DEADLINE,),
}
"""The inputs that a softquit with a reason can be about."""
_ABOUT: Mapping[int, tuple[Input, ...]] = {
    PUBIDS: (Input.INIT_SAME, Input.INIT_OTHER),
    FINISH: (*_ALL_PUBIDS, Input.FINISH),
}
"""The inputs that another internal packet can be about."""

_REASON_RULES = ("PMQ-LST-006", "PMQ-MSG-012", "PMQ-INT-001")
"""The requirements on the reason of a softquit that was read."""


def judge(
    side: Side, came: Sequence[Packet | Flaw], actor: Side, early: float, late: float
) -> None:
    """Take what has come on a connection; `actor` is the side that the step was about."""
    for at, one in enumerate(came):
        if isinstance(one, Flaw):
            raise Broken(one.malformed.requirement, "it sends what nobody may", one.data[:40].hex())
        if side.aborted:
            continue
        if not side.wanted:
            raise _unexpected(side, one, actor)
        want = side.wanted[0]
        if want.id != one.id or want.fits(one.value):
            raise _another(side, want, one, came[at + 1 :], actor)
        if one.id < FIRST_APPLICATION_ID and _has_bin(one.octets):
            raise Broken("PMQ-MSG-011", f"{called(side, one.id)} has a bin for a text")
        if want.due is not None and not want.due - early <= one.at <= want.due + late:
            when = "early" if one.at < want.due else "late"
            detail = f"{one.at - want.due:+.3f} s"
            raise Broken("PMQ-HSK-012", f"it leaves an unfinished handshake too {when}", detail)
        side.wanted.popleft()


def missing(side: Side, ended: str) -> Broken:
    """Say what it means that something was not sent."""
    want = side.wanted[0]
    name = called(side, want.id)
    if want.id == SOFTQUIT and ended == "rst":
        return Broken("PMQ-SFQ-004", "the softquit is lost in a reset")
    if want.id == SOFTQUIT and ended and not _is_about(side, Input.PACKET_UNKNOWN):
        return Broken("PMQ-ERR-002", "it ends the connection without a softquit", want.requirement)
    if want.id >= FIRST_APPLICATION_ID and want.requirement != "PMQ-LST-002" and side.over:
        if side.ending:
            return Broken(side.ending, "what waits is not sent before the end", name)
        if ended == "rst":
            return Broken("PMQ-SFQ-004", "what was sent before the softquit is lost in a reset")
    return Broken(want.requirement, f"{name} is not sent", f"the side is {side.state.value}")


def unexpected_end(side: Side, how: str, actor: Side) -> Broken:
    """Say what it means that a connection was ended that has to last."""
    if actor is not side:
        resets = any(done.given.input is Input.RESET for done in actor.done)
        rule = "PMQ-LST-004" if resets else "PMQ-ERR-001"
        return Broken(rule, "another connection is ended as well", how)
    rule = side.done[-1].requirement if side.done else "PMQ-LIM-005"
    return Broken(rule, "it ends a connection that has to last", f"{how}, {_last(side)}")


def compare_told(
    side: Side, got: Sequence[Notification], actor: Side, *, complete: bool = True
) -> Broken | None:
    """Return what is wrong with what the application was told; not `complete`: some may follow."""
    for at, (want, rule) in enumerate(zip(side.told, side.told_rules, strict=True)):
        if at >= len(got):
            if not complete:
                return None
            return Broken(rule, f"the application is not told: {want[0]}", repr(want[1:])[:80])
        if same(list(want), list(got[at])):
            continue
        if want[0] == got[at][0] == "lost":
            own = rule == "PMQ-INT-005" or (rule in _REASON_RULES and got[at][1] is not None)
            detail = f"{got[at][1]!r:.60} instead of {want[1]!r:.60}"
            kept = rule if own else "PMQ-LST-001"
            return Broken(kept, "the application is told another reason", detail)
        if want[0] == got[at][0] == "received":
            later = any(same(list(got[at]), list(one)) for one in side.told[at + 1 :])
            if later or want[1] != got[at][1]:
                return Broken("PMQ-EXC-001", "the application gets packets in another order")
            return Broken(rule, "the application gets another payload", f"{got[at]!r:.80}")
        return _told_more(side, got[at], actor)
    return _told_more(side, got[len(side.told)], actor) if len(got) > len(side.told) else None


def called(side: Side, number: int) -> str:
    """Return the name of a packet by its id on the connection."""
    names = {i: name for name, i in side.ids.items()}
    if number < FIRST_APPLICATION_ID:
        return frames.name_of(number).removeprefix("packetmq:")
    return names.get(number, "a packet with another id").removeprefix("conformance:")


def _told_more(side: Side, got: Notification, actor: Side) -> Broken:
    if got[0] == "made":
        rule = "PMQ-HSK-009" if _is_about(side, Input.FINISH) and not side.active else "PMQ-HSK-011"
        return Broken(rule, "the application is told of a connection that is not made now")
    if got[0] == "lost":
        if any(one[0] == "lost" for one in side.told):
            return Broken("PMQ-LST-001", "the application is told of a loss twice")
        rule = _blame(side, actor, ())
        return Broken(rule, "the application is told of a loss that is none", f"{got[1]!r:.60}")
    return Broken(
        _dropped(side, actor), "a packet is handled that is to be dropped", f"{got!r:.80}"
    )


def _unexpected(side: Side, one: Packet, actor: Side) -> Broken:
    name = called(side, one.id)
    if one.id == SOFTQUIT and _is_about(side, Input.SOFTQUIT) and side.state is State.CLOSED:
        return Broken("PMQ-SFQ-006", "a softquit is answered with a softquit")
    if one.id == SOFTQUIT and not side.over:
        return _leaves(side, one, actor)
    if side.state is State.SOFTQUITTED and one.id < FIRST_APPLICATION_ID:
        return Broken("PMQ-SFQ-001", f"{name} comes behind the softquit")
    if one.id >= FIRST_APPLICATION_ID:
        return Broken(_dropped(side, actor), f"{name} is sent for what has to be dropped")
    return Broken(_blame(side, actor, _ABOUT.get(one.id, ())), f"{name} is sent out of turn")


def _another(
    side: Side, want: Wanted, one: Packet, rest: Sequence[Packet | Flaw], actor: Side
) -> Broken:
    name, wanted = called(side, one.id), called(side, want.id)
    later = any(more.id == one.id and not more.fits(one.value) for more in list(side.wanted)[1:])
    if later:
        violated = one.id == SOFTQUIT and want.id >= FIRST_APPLICATION_ID
        if violated:
            return Broken("PMQ-ERR-004", f"{wanted} is not sent before the softquit")
        rule = "PMQ-EXC-001" if want.id >= FIRST_APPLICATION_ID else want.requirement
        return Broken(rule, f"{name} comes where {wanted} has to come")
    if want.id == one.id:
        return _misfit(side, want, one, name)
    if min(want.id, one.id) >= FIRST_APPLICATION_ID and not want.fits(one.value):
        own = one.id in side.registered.values()
        claim = "it goes on with its own ids" if own else "it uses ids of another connection"
        return Broken("PMQ-HSK-008" if own else "PMQ-IDS-001", claim, f"{one.id} for {want.id}")
    if one.id == SOFTQUIT:
        return _leaves(side, one, actor)
    if want.id == SOFTQUIT:
        if one.id == FINISH:
            return Broken("PMQ-HSK-007", "handshake_finish is sent to a peer that is left")
        if any(isinstance(more, Packet) and more.id == SOFTQUIT for more in rest):
            return Broken(_dropped(side, actor), f"{name} is sent for what has to be dropped")
        return Broken(want.requirement, "the softquit is not sent", f"{name} comes")
    return Broken(want.requirement, f"{name} comes where {wanted} has to come")


def _misfit(side: Side, want: Wanted, one: Packet, name: str) -> Broken:
    wrong = want.fits(one.value)
    rule, colon, claim = wrong.partition(": ")
    if not colon:
        return Broken(want.requirement, f"{name} has {wrong}", f"{one.value!r:.80}")
    if rule == "PMQ-LST-005":
        if _is_about(side, Input.MALFORMED):
            rule = "PMQ-ERR-003"
        elif not (_is_about(side, Input.DEADLINE) or _is_about(side, Input.LEAVE)):
            rule = want.requirement
    return Broken(rule, f"{name}: {claim}", f"{one.value!r:.80}")


def _leaves(side: Side, one: Packet, actor: Side) -> Broken:
    reason = one.value.get("reason") if isinstance(one.value, dict) else None
    known = reason if reason in set(Reason) else "another reason"
    if reason == Reason.TIMEOUT.value:
        return Broken("PMQ-HSK-012", "it takes leave with reason.timeout too early")
    rule = _blame(side, actor, _BEHIND.get(str(reason), ()))
    if reason == Reason.UNKNOWN_PACKET.value and _is_about(side, Input.PACKET_KNOWN):
        rule = "PMQ-IDS-001"
    return Broken(rule, f"it takes leave with {known} for no reason", _last(side))


def _blame(side: Side, actor: Side, about: tuple[Input, ...]) -> str:
    """Return the requirement of the last input that something can be about."""
    fitting = [done for done in side.done if not about or done.given.input in about]
    remarkable = [done for done in fitting if done.given.rule]
    if fitting:
        return (remarkable or fitting)[-1].requirement
    if side.done:
        return side.done[-1].requirement
    return _dropped(side, actor)


def _dropped(side: Side, actor: Side) -> str:
    """Return the requirement by which something was to be dropped or ignored in this step."""
    for done in (*reversed(side.done), *reversed(actor.done)):
        if done.action in (Action.DROP, Action.IGNORE):
            return done.requirement
    if side.state is State.SOFTQUITTED:
        return "PMQ-SFQ-001"
    return "PMQ-EXC-001" if side is actor else "PMQ-ERR-001"


def _is_about(side: Side, given: Input) -> bool:
    return any(done.given.input is given for done in side.done)


def _last(side: Side) -> str:
    return side.done[-1].given.input.value if side.done else "nothing"


def _has_bin(octets: bytes) -> bool:
    """Tell whether an internal packet has a bin, which no sender may give it."""

    def look(value: object) -> bool:
        if isinstance(value, dict):
            return any(look(key) or look(part) for key, part in value.items())
        return isinstance(value, bytes)

    return b"\xc4" in octets and look(msgpack.unpackb(octets, strict_map_key=False))
