"""Reports, all made from the one stream of events in `wirebook.conformance.verdicts`.

What may live here: only the door. Importing this package loads neither rich nor jinja2; a report's
module is imported when that report is wanted.
"""

from __future__ import annotations

from wirebook.conformance.report.directory import ReportError
from wirebook.conformance.report.reporters import Reporters

__all__ = ["ReportError", "Reporters"]
