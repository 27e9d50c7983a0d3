"""Findings, tried again: does what broke once still break?

What may live here: which way leads back to what a finding has found. Findings with steps are played
on servers by the suite, too; here is what the suite cannot know: scripts, and the reference's own
codecs and cores.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from wirebook.conformance.corpus import Finding
from wirebook.fuzz import cores, differential, octets
from wirebook.fuzz.machines import replay as replay_script
from wirebook.fuzz.machines.base import signature_of

TargetData = Mapping[str, Any] | None
"""A target as `Target.to_json` gives it; None for the cores of the reference."""


def in_process(finding: Finding) -> bool:
    """Tell whether a finding can be tried again on the reference without starting anything."""
    return bool(finding.script) or finding.way in ("differential", "octets")


def asks_targets(finding: Finding) -> bool:
    """Tell whether a finding can be tried again on a target; others are played by their steps."""
    return bool(finding.script) or (finding.way == "differential" and finding.role == "server")


def still_breaks(finding: Finding, target: TargetData = None) -> str:
    """Try a finding again; return what breaks, or nothing if it holds."""
    if finding.script:
        return _script(finding, target)
    if finding.way == "differential":
        return differential.replay(finding, target)
    if finding.way == "octets" and target is None:
        return _octets(finding)
    raise ValueError(f"{finding.name} is played by its steps: it is of the way {finding.way}")


def _octets(finding: Finding) -> str:
    subject = cores.of(finding.book).subject(finding.role)
    error = octets.replay(subject, cores.actions_of(finding.steps))
    return signature_of(error) if error else ""


def _script(finding: Finding, target: TargetData) -> str:
    module = importlib.import_module(f"wirebook.fuzz.machines.{finding.book}")
    with module.machines(finding.role, target) as make:
        try:
            replay_script(make, finding.script)
        except Exception as error:  # whatever it raises, it breaks
            return signature_of(error)
    return ""
