"""Finding out from the sources which checks cite which requirements."""

from __future__ import annotations

from pathlib import Path

from wirebook.conformance.catalog import by_requirement, cases, model_checks

MODULE = """
import pytest
from wirebook.conformance import marks
from wirebook.conformance.marks import requires

TABLE = [pytest.param(1, marks=requires("PGS-A-009"))]

@requires("PGS-A-001", "PGS-A-002")
def test_one(): pass

@pytest.mark.parametrize("n", [pytest.param(1, marks=requires("PGS-A-003"))])
@marks.requires("PGS-A-001")
def test_two(n): pass

def test_three(): pass

@requires("PGS-A-004")
class TestMany:
    @requires("PGS-A-005")
    def test_four(self): pass
"""


def found_in(tmp_path: Path) -> dict[str, tuple[str, ...]]:
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "test_server_topic.py").write_text(MODULE)
    return {check.name: check.requirements for check in cases("toy", tmp_path)}


def test_marks_of_cases_are_found(tmp_path: Path) -> None:
    """Marks on functions, parameters and classes are found, and what belongs to a whole module."""
    assert found_in(tmp_path) == {
        "toy/server_topic": ("PGS-A-009",),
        "toy/server_topic/one": ("PGS-A-001", "PGS-A-002"),
        "toy/server_topic/two": ("PGS-A-001", "PGS-A-003"),
        "toy/server_topic/TestMany.test_four": ("PGS-A-005",),
        "toy/server_topic/TestMany": ("PGS-A-004",),
    }


def test_place_leads_to_the_source(tmp_path: Path) -> None:
    """Each check says where it stands."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "test_client_topic.py").write_text('@requires("PGS-A-001")\ndef test_one(): pass\n')
    (check,) = cases("toy", tmp_path)
    assert check.place == "test_client_topic.py:2"


def test_tests_of_the_model_are_found_in_both_parts(tmp_path: Path) -> None:
    """Tests of the reference and of the books say with `covers` what they check."""
    for part in ("reference", "spec"):
        folder = tmp_path / part / "tests"
        folder.mkdir(parents=True)
        (folder / f"test_{part}.py").write_text('@covers("PGS-A-001")\ndef test_it(): pass\n')
    names = [check.name for check in model_checks(tmp_path)]
    assert names == ["test_reference::test_it", "test_spec::test_it"]


def test_checks_are_gathered_by_requirement(tmp_path: Path) -> None:
    """Each requirement gets its checks, each once."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "test_server_topic.py").write_text(MODULE)
    table = by_requirement(cases("toy", tmp_path))
    assert table["PGS-A-001"] == ("toy/server_topic/one", "toy/server_topic/two")
