"""The recorder: what is kept of an exchange, whatever carries it."""

from __future__ import annotations

import dataclasses

from wirebook.conformance.recorder import LIMIT, Recorder
from wirebook.conformance.verdicts import CaseResult, Transfer, Verdict

SUITE, TARGET = ("127.0.0.1", 5), ("::1", 6, 0, 0)


def test_datagrams_need_no_more_than_ever() -> None:
    """Without being told otherwise, what is sent is a datagram in clear."""
    recorder = Recorder()
    recorder.sent(b"\x01", message="package", local=SUITE, remote=TARGET)
    (sent,) = recorder.transfers()
    wanted = Transfer(sent.at, "to-target", "01", "package", "127.0.0.1:5", "[::1]:6")
    assert sent == wanted
    assert (sent.transport, sent.clear, sent.by, sent.carries) == ("udp", "", "", True)


def test_streams_and_their_ends_are_kept() -> None:
    """A close is an entry of its own, with who closed and how."""
    recorder = Recorder()
    ends = {"local": SUITE, "remote": TARGET}
    recorder.received(b"box", message="r", transport="websocket", clear=b"{}", **ends)
    recorder.closed(by="target", how="fin", transport="websocket", **ends)
    received, closed = recorder.transfers()
    assert (received.direction, received.data, received.clear) == ("from-target", "626f78", "7b7d")
    assert (closed.direction, closed.message, closed.by, closed.data) == (
        "close",
        "fin",
        "target",
        "",
    )
    assert (closed.transport, closed.local, closed.carries) == ("websocket", "127.0.0.1:5", False)


def test_transfers_of_earlier_reports_can_be_read() -> None:
    """What was written before there were streams is a datagram."""
    recorder = Recorder()
    recorder.sent(b"\x01", message="package", local=SUITE, remote=TARGET)
    result = CaseResult("b/server_a/c", "", "b", "server", "", (), Verdict.PASS, 0.1)
    data = dataclasses.replace(result, exchange=recorder.transfers()).to_json()
    for name in ("transport", "clear", "by"):
        del data["exchange"][0][name]
    assert CaseResult.from_json(data).exchange == recorder.transfers()


def test_very_long_exchange_keeps_its_ends() -> None:
    """The first and the last stay; a remark stands for those in between."""
    recorder = Recorder()
    for number in range(LIMIT + 10):
        recorder.sent(number.to_bytes(4), message="", local=SUITE, remote=TARGET)
    kept = recorder.transfers()
    assert len(kept) == LIMIT + 1
    assert kept[LIMIT // 2].message == "10 transfers are left out here"
    assert kept[-1].data == (LIMIT + 9).to_bytes(4).hex()
