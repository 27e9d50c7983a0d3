"""The engine inside pytest: fixtures, marks and the verdict of each case.

What may live here: what happens in the process that runs a case. Reports and expectations are made
elsewhere (`controller.py`) from the result that leaves this process with the report of pytest.
"""

from __future__ import annotations

import inspect
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# Not among its public names, but the only way to run a case again, and there since pytest 3.
from _pytest.runner import runtestprotocol

from wirebook.conformance import selecting, signals
from wirebook.conformance.blaming import RESULT, Blame
from wirebook.conformance.corpus import Finding
from wirebook.conformance.corpus.playing import played
from wirebook.conformance.judge import judge
from wirebook.conformance.marks import MARKS
from wirebook.conformance.network import Carrier, CaseNetwork, NetworkOption, Script
from wirebook.conformance.order import dealt
from wirebook.conformance.plan import BookPlan, CaseModule, Plan, number_of_run
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.embedded import find
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import CaseResult, Unsupported, Verdict

# What helps the cases asserts as well as they do.
# A process that has imported them already, as tests of the suite do, has to do without.
pytest.register_assert_rewrite(
    *{"wirebook.conformance.cases", "wirebook.conformance.drivers"} - sys.modules.keys()
)

WORKER_SUFFIX = ".worker"
"""What the file that tells the process ID of a worker ends in; it lies beside the plan."""

_FINDING = "finding"
"""The parameter of the cases that play findings of the corpus."""
_TEARDOWN_SECONDS = 20.0
_STILL_THERE_SECONDS = 3.0
_LATENCIES = 8
_ENDS_THE_RUN = (Verdict.FAIL, Verdict.CRASH, Verdict.ERROR)


@dataclass(slots=True)
class CaseRun:
    """What is known of one case while it runs."""

    module: CaseModule
    id: str
    book: BookPlan
    seed: int
    recorder: Recorder = field(default_factory=Recorder)
    network: CaseNetwork = field(default_factory=CaseNetwork)
    began: float = field(default_factory=time.monotonic)
    raised: list[pytest.ExceptionInfo[BaseException]] = field(default_factory=list)
    server: ServerHandle | None = None
    fresh: bool = False
    mark: int = 0
    death: str = ""
    output: str = ""
    undeclared: tuple[str, ...] = ()


_CASE = pytest.StashKey[CaseRun]()
_RUNNER = pytest.StashKey["CaseRunner"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the path of the plan; it reaches the workers of a parallel run as well."""
    parser.addoption("--wirebook-plan", metavar="FILE", help="what the run is to do")


def pytest_configure(config: pytest.Config) -> None:
    """Read the plan and begin to serve it."""
    path = Path(config.getoption("wirebook_plan"))
    if hasattr(config, "workerinput"):  # set by xdist in the workers only
        path.with_name(f"{os.getpid()}{WORKER_SUFFIX}").touch()
    signals.interrupt_at_most_once()
    for text in MARKS.values():
        config.addinivalue_line("markers", text)
    runner = CaseRunner(Plan.read(path))
    config.stash[_RUNNER] = runner
    config.pluginmanager.register(runner, "wirebook-cases")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every target, however the run ended."""
    runner = config.stash.get(_RUNNER, None)
    if runner is not None:
        runner.close()


@pytest.fixture
def target_server(request: pytest.FixtureRequest) -> ServerHandle:
    """Give the server under test, alive."""
    return request.config.stash[_RUNNER].serve(_case_of(request))


@pytest.fixture
def own_server(request: pytest.FixtureRequest) -> Iterator[ServerHandle]:
    """Give a server for this case alone that is not started yet, and is ended after it."""
    case = _case_of(request)
    server = ServerHandle(case.book.target, find(case.book.probe))
    case.server, case.fresh = server, True
    yield server
    if not server.in_use:  # that it does not live is no finding then
        case.server = None


@pytest.fixture
def target_client(request: pytest.FixtureRequest) -> Iterator[ClientHandle]:
    """Give a client adapter of its own to the case."""
    case = _case_of(request)
    with ClientHandle(case.book.target) as client:
        yield client
        if not client.alive() and not client.end_expected:
            case.death = client.how_ended()
        case.output = client.output()


@pytest.fixture
def exchange(request: pytest.FixtureRequest) -> Recorder:
    """Give the recorder that keeps what goes over the wire."""
    return _case_of(request).recorder


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Give randomness that depends on nothing but the seed of the run and the case."""
    case = _case_of(request)
    return random.Random(f"{case.seed}/{case.id}")  # noqa: S311 - has to be the same again


@pytest.fixture
def deadline(request: pytest.FixtureRequest) -> Callable[[float], float]:
    """Give a function that stretches a time-out in seconds for what is slow.

    That is the target, as its measured latency tells, and a network that is bad.
    """
    case = _case_of(request)

    def stretch(seconds: float) -> float:
        latency = case.server.latency if case.server else 0.0
        return seconds + _LATENCIES * latency + case.network.slack

    return stretch


@pytest.fixture
def network(request: pytest.FixtureRequest) -> CaseNetwork:
    """Give what lies between the suite and the target."""
    return _case_of(request).network


def _case_of(request: pytest.FixtureRequest) -> CaseRun:
    case: CaseRun = request.node.stash[_CASE]
    return case


class CaseRunner:
    """Chooses the cases, gives them their targets and makes their results."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        # pytest names a file as it was named to it, or resolved where it finds a link on the way.
        self._modules = {
            path: module
            for module in plan.modules()
            for path in (module.path, module.path.resolve())
        }
        self._books = {book.book: book for book in plan.books}
        self._servers: dict[str, ServerHandle] = {}
        self._began = time.monotonic()
        self._network = NetworkOption.parse(plan.network) if plan.network else None
        self._forced = self._network.script if self._network else None
        self._trying = False
        self._blame = Blame()

    def close(self) -> None:
        """End every server."""
        for server in self._servers.values():
            server.stop()
        self._servers.clear()

    def serve(self, case: CaseRun) -> ServerHandle:
        """Return the book's server, alive, newly started if the case wants it so."""
        server = self._servers.get(case.book.book)
        if server is None:
            server = ServerHandle(case.book.target, find(case.book.probe))
            self._servers[case.book.book] = server
        if case.fresh and server.external:
            raise Unsupported("the case needs a newly started server, and this one is an address")
        server.ensure(fresh=case.fresh)
        case.server = server
        case.mark = server.mark()
        return server

    def pytest_pycollect_makeitem(
        self, collector: pytest.Module, obj: object
    ) -> list[pytest.Item] | None:
        """Collect no case that plays findings where there is none to play."""
        wants = inspect.isfunction(obj) and _FINDING in inspect.signature(obj).parameters
        return [] if wants and not self._findings(collector.path) else None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make a case of each finding that the corpus has."""
        if _FINDING in metafunc.fixturenames:
            found = self._findings(metafunc.definition.path)
            metafunc.parametrize(_FINDING, found, ids=[finding.name for finding in found])

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Let `-k` choose by IDs of cases and requirements, too."""
        if self._plan.keyword:
            item.extra_keyword_matches.update({self._case_id(item), *_cited(item)})

    @pytest.hookimpl(trylast=True)  # after -k
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep only the cases that the plan wants, as often as it wants; let slow ones begin."""
        chosen = [item for item in items if selecting.wanted(self._case_id(item), self._plan)]
        audit = self._plan.audit
        if audit is not None and audit.cases:
            quick = [item for item in chosen if not _is_slow(item)]
            chosen = selecting.sample(quick, self._audited, audit.cases)
        kept = {id(item) for item in chosen}
        config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
        if not self._plan.only:
            workers = getattr(config, "workerinput", {}).get("workercount", 1)
            again = selecting.repeated(chosen, self._plan.repeat)
            items[:] = dealt(again, _is_slow, workers)
        else:
            items[:] = selecting.repeated(chosen, self._plan.repeat)

    def pytest_internalerror(self) -> bool:
        """Leave it to the controller to tell of a failure of the engine."""
        return not os.environ.get("WIREBOOK_DEBUG")

    def pytest_keyboard_interrupt(self) -> None:
        """Let no second Ctrl-C disturb the ending of the targets."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run a case; if it fails on a bad network, find out what of that it was."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        script = item.stash[_CASE].network.played
        if script is not None and not self._plan.exit_first:

            def run_again(smaller: Script) -> list[pytest.TestReport]:
                before, self._forced, self._trying = self._forced, smaller, True
                try:
                    return runtestprotocol(item, log=False, nextitem=nextitem)
                finally:
                    self._forced, self._trying = before, False

            self._blame.explain(reports, script, run_again)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Begin a case; refuse one that the target does not claim to support."""
        case = self._begin(item)
        with signals.time_limit(self._plan.case_seconds):
            if not _cited(item):
                raise TypeError("the case cites no requirement; mark it with @requires(…)")
            for mark in item.iter_markers("exact_network") if self._network else ():
                raise Unsupported(f"not on a bad network: {mark.args[0]}")
            case.undeclared = self._undeclared(item)
            if case.undeclared:
                name = case.undeclared[0]
                raise Unsupported(f'the target does not declare the feature "{name}"')
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Run a case within its time limit."""
        with signals.time_limit(self._plan.case_seconds):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """See whether the server has survived the case."""
        try:
            with signals.time_limit(_TEARDOWN_SECONDS):
                return (yield)
        finally:
            _look_after(item.stash[_CASE])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the result of the case into the last of its reports."""
        report = yield
        case = item.stash[_CASE]
        if call.excinfo is not None:
            case.raised.append(call.excinfo)
        if call.when == "teardown":
            report.user_properties.append((RESULT, self._finish(item, case)))
        return report

    def _findings(self, path: Path) -> tuple[Finding, ...]:
        module = self._modules[path]
        return played(module.book, module.role, self._plan.corpus)

    def _begin(self, item: pytest.Item) -> CaseRun:
        module = self._modules[item.path]
        case = CaseRun(
            module=module,
            id=self._case_id(item),
            book=self._books[module.book],
            seed=self._plan.seed,
            network=self._network_of(self._case_id(item)),
            fresh=item.get_closest_marker("fresh_target") is not None,
        )
        item.stash[_CASE] = case
        return case

    def _network_of(self, case_id: str) -> CaseNetwork:
        option, seed = self._network, self._plan.seed

        def drawn(carrier: Carrier) -> Script | None:
            return option.script_for(carrier, seed, case_id) if option else None

        return CaseNetwork(drawn, self._forced)

    def _finish(self, item: pytest.Item, case: CaseRun) -> str:
        judgement = judge(case.raised, case.death)
        if self._trying:
            pass  # whatever comes of it, the run goes on
        elif judgement.unreachable:
            # Every other case would only find the same, after waiting for it.
            item.session.shouldstop = judgement.reason
        elif self._plan.exit_first and judgement.verdict in _ENDS_THE_RUN:
            item.session.shouldstop = "the first violation"
        elif self._plan.audit and 0 < self._plan.audit.seconds < time.monotonic() - self._began:
            item.session.shouldstop = "the audit has taken long enough"
        result = CaseResult(
            id=case.id,
            title=_title(item),
            book=case.module.book,
            role=case.module.role,
            chapter="",
            requirements=_cited(item),
            verdict=judgement.verdict,
            seconds=time.monotonic() - case.began,
            reason=judgement.reason,
            detail=judgement.detail,
            exchange=case.recorder.transfers(),
            output=case.output,
            run=number_of_run(item.name) if self._plan.repeat > 1 else 0,
            undeclared=case.undeclared,
            measured=case.recorder.measures(),
        )
        # As text, since the way from a worker takes nothing but the plainest of values.
        return json.dumps({"result": result.to_json(), "unreachable": judgement.unreachable})

    def _undeclared(self, item: pytest.Item) -> tuple[str, ...]:
        """Return the features that the case needs and the target does not declare."""
        features = self._books[self._modules[item.path].book].target.features
        return () if features is None else tuple(n for n in _needed(item) if n not in features)

    def _audited(self, item: pytest.Item) -> tuple[str, ...]:
        """Return the features that the case needs and the audit is about."""
        audit = self._plan.audit
        return tuple(name for name in _needed(item) if audit and name in audit.features)

    def _case_id(self, item: pytest.Item) -> str:
        return self._modules[item.path].case_id(item.name)


def _look_after(case: CaseRun) -> None:
    case.network.close()
    server = case.server
    if server is None:
        return
    if case.fresh:
        # Its tables may be full or its host gone, so that a new peer's package proves nothing.
        lives = server.settle()
    else:
        lives = server.alive() and server.answers(_STILL_THERE_SECONDS)
    if not lives and not server.end_expected:
        case.death = server.how_ended() if not server.alive() else "stopped answering"
    case.output += server.output(case.mark)
    if case.fresh or not lives:
        server.stop()


def _cited(item: pytest.Item) -> tuple[str, ...]:
    cited = [one for mark in item.iter_markers("requires") for one in mark.args]
    return tuple(dict.fromkeys(cited))


def _needed(item: pytest.Item) -> tuple[str, ...]:
    return tuple(name for mark in item.iter_markers("feature") for name in mark.args)


def _is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def _title(item: pytest.Item) -> str:
    doc = inspect.getdoc(getattr(item, "obj", None)) or item.name
    return doc.strip().splitlines()[0]
