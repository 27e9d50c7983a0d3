"""Bad networks in a run: what a case is given, what a failure says, and what is left out."""

from __future__ import annotations

from typing import Any

FRAGILE = """
from wirebook.conformance.network import Script

def arrived(network):
    line, came = network.line(), []
    for number in range(20):
        if line is None:
            came.append(number)
        else:
            line.send(bytes([number]), lambda data: came.append(data[0]), 0.0, told=False)
    return came

@requires("TOY-A-001")
def test_fragile(network):
    if not {7, 11} & set(arrived(network)):
        raise Violation("expected 7 or 11")

@requires("TOY-A-001")
def test_own(network):
    network.play(Script.parse("udp to 2:x 3:x 4:x 5:x 60:x"))
    if 4 not in arrived(network):
        raise Violation("expected 4")

@requires("TOY-A-001")
def test_hopeless(network):
    arrived(network)
    raise Violation("expected more")
"""
EXACT = """
from wirebook.conformance.marks import exact_network

@exact_network("it counts")
@requires("TOY-A-001")
def test_exact():
    pass
"""
SCHEDULE = "udp to 1:x 7:x 9:0+60 11:x 13:x 30:x"


def test_a_failure_says_what_it_was(workspace: Any) -> None:
    """The entries that matter are in the reason, the detail and the line that plays them again."""
    workspace.write_cases(FRAGILE)
    case = workspace.run(network=SCHEDULE).cases["toy/server_basic/fragile"]
    assert case["verdict"] == "fail"
    assert case["reason"] == "expected 7 or 11 (network: udp to 7:x 11:x)"
    assert "2 of 5 entries, found in" in case["detail"]
    assert "--network 'udp to 7:x 11:x'" in case["replay"]


def test_on_a_perfect_network_it_passes(workspace: Any) -> None:
    """Cases that play scripts of their own fail all the same, and say what it was."""
    workspace.write_cases(FRAGILE)
    run = workspace.run()
    assert run.verdicts["toy/server_basic/fragile"] == "pass"
    own = run.cases["toy/server_basic/own"]
    assert own["reason"] == "expected 4 (network: udp to 4:x)"
    assert "--network 'udp to 4:x'" in own["replay"]


def test_a_schedule_that_is_given_replaces_that_of_the_case(workspace: Any) -> None:
    """Otherwise it could not be played again."""
    workspace.write_cases(FRAGILE)
    run = workspace.run(network="udp to 5:x", only=["toy/server_basic/own"])
    assert run.verdicts == {"toy/server_basic/own": "pass"}


def test_what_fails_anyway_is_not_blamed_on_the_network(workspace: Any) -> None:
    """It is tried without."""
    workspace.write_cases(FRAGILE)
    run = workspace.run(network=SCHEDULE, only=["toy/server_basic/hopeless"])
    case = run.cases["toy/server_basic/hopeless"]
    assert case["reason"] == "expected more (it also fails on a perfect network)"


def test_the_same_in_a_parallel_run(workspace: Any) -> None:
    """The workers are told of the network, too."""
    workspace.write_cases(FRAGILE)
    case = workspace.run(network=SCHEDULE, jobs=2).cases["toy/server_basic/fragile"]
    assert case["reason"] == "expected 7 or 11 (network: udp to 7:x 11:x)"


def test_rates_are_part_of_the_replay(workspace: Any) -> None:
    """With the seed they say the same."""
    workspace.write_cases(FRAGILE)
    case = workspace.run(network="loss=50%", seed=3).cases["toy/server_basic/hopeless"]
    assert case["replay"].endswith("@3 --target toy --network loss=50%")


def test_a_case_that_needs_an_exact_network_is_left_out(workspace: Any) -> None:
    """With the reason; without the option it runs."""
    workspace.write_cases(EXACT)
    case = workspace.run(network="loss=5%").cases["toy/server_basic/exact"]
    assert (case["verdict"], case["reason"]) == ("unsupported", "not on a bad network: it counts")
    assert workspace.run().verdicts == {"toy/server_basic/exact": "pass"}
