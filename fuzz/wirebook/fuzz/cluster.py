"""Workers of a Dask cluster: processes on this machine, or a scheduler's on many.

Dask moves the lots and starts those again whose worker has ended; what it does beyond that, such as
a page of its own and a log on the terminal, stays off. What may live here: everything that knows
Dask. It is imported by those only who want more than one worker, since it is an extra.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator

from wirebook.conformance.errors import CommandError
from wirebook.conformance.verdicts import ExitStatus
from wirebook.fuzz import lots
from wirebook.fuzz.lots import Lot
from wirebook.fuzz.workers import MEMORY, Done, Work, WorkersLost, run

try:
    import dask
    import distributed
    from distributed.comm.addressing import get_address_host_port
    from distributed.scheduler import KilledWorker
except ImportError as missing:
    raise CommandError(
        "several workers need Dask, which is not installed",
        hint="pip install 'wirebook[distributed]'",
    ) from missing

_CONNECT_SECONDS = 10.0
_FETCH_SECONDS = 5.0
_COUNT_EVERY_SECONDS = 2.0
_SILENT = logging.CRITICAL + 1
_SETTINGS = {
    "distributed.logging.distributed": "critical",
    # A worker that is too large is ended, and its lot begun again by another one; there is nothing
    # to be moved to the disk.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.scheduler.allowed-failures": 1,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.worker.profile.enabled": False,
}


class Cluster:
    """Workers that are reached through a Dask scheduler."""

    def __init__(
        self, client: distributed.Client, ending: contextlib.ExitStack, work: Work
    ) -> None:
        self._client = client
        self._ending = ending
        self._work = work
        # The results of another campaign may still be known to the scheduler.
        self._campaign = uuid.uuid4().hex
        self._futures: dict[int, distributed.Future[Done]] = {}
        self._workers = 1
        self._counted = float("-inf")

    @property
    def slots(self) -> int:
        """The workers that are there now; a lot waits for one where there is none."""
        if time.monotonic() > self._counted + _COUNT_EVERY_SECONDS:
            with self._reachable():
                self._workers = max(1, len(self._client.nthreads()))
            self._counted = time.monotonic()
        return self._workers

    def give(self, number: int, lot: Lot) -> None:
        """Give a lot to the scheduler."""
        with self._reachable():
            self._futures[number] = self._client.submit(
                run, self._work, number, lot, key=f"{self._campaign}-{number}", pure=False
            )

    def take(self, seconds: float) -> list[Done]:
        """Wait until a lot is done, or for so many seconds."""
        if not self._futures:
            return []
        with self._reachable(), contextlib.suppress(TimeoutError):
            distributed.wait(
                list(self._futures.values()), timeout=seconds, return_when="FIRST_COMPLETED"
            )
        ready = [number for number, future in self._futures.items() if future.done()]
        return [done for number in ready if (done := self._fetched(number)) is not None]

    def drop(self, number: int) -> None:
        """Give a lot up, and start its worker again: nothing else ends what it does."""
        future = self._futures.pop(number)
        with contextlib.suppress(Exception):  # not every worker has somebody who starts it again
            at = [name for name, keys in self._client.processing().items() if future.key in keys]
            future.cancel()
            if at:
                self._client.restart_workers(at, timeout=_CONNECT_SECONDS, raise_for_error=False)

    def close(self) -> None:
        """Forget the lots, and end the workers if they were started here."""
        with contextlib.suppress(Exception):
            self._client.cancel(list(self._futures.values()))
        self._ending.close()

    def _fetched(self, number: int) -> Done | None:
        future = self._futures[number]
        try:
            done: Done = future.result(timeout=_FETCH_SECONDS)
        except TimeoutError:
            # The worker has ended before it could hand its harvest over: the lot runs again.
            return None
        except KilledWorker as error:
            done = Done(number, error=f"its workers ended, {error.allowed_failures + 1} times")
        except Exception as error:
            with self._reachable():
                done = Done(number, error=f"{type(error).__name__}: {error}")
        # From now on the scheduler knows nothing of the lot, and cannot run it again.
        del self._futures[number]
        future.release()
        return done

    @contextlib.contextmanager
    def _reachable(self) -> Iterator[None]:
        if self._client.status != "running":
            raise WorkersLost("the scheduler is gone")
        try:
            yield
        except (OSError, RuntimeError) as error:
            raise WorkersLost(f"the scheduler is gone: {error}") from error


def local(jobs: int, work: Work = lots.work, *, memory: int = MEMORY) -> Cluster:
    """Start so many workers on this machine, each a process."""
    with _ending() as ending:
        folder = ending.enter_context(tempfile.TemporaryDirectory(prefix="wirebook-dask-"))
        cluster = ending.enter_context(
            distributed.LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs=_SILENT,
                memory_limit=memory,
                local_directory=folder,
            )
        )
        client = ending.enter_context(distributed.Client(cluster))
        return Cluster(client, ending.pop_all(), work)


def remote(address: str, work: Work = lots.work) -> Cluster:
    """Reach the workers of a scheduler, or say in one line why that does not work."""
    with _ending() as ending:
        try:
            # A client that cannot connect complains once more when it is forgotten.
            host, port = get_address_host_port(address)
            socket.create_connection((host, port), _CONNECT_SECONDS).close()
            client = distributed.Client(address, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError, TypeError) as error:
            raise CommandError(
                f"cannot reach the scheduler {address}: {error}",
                hint="give the address that dask scheduler prints, e.g. tcp://127.0.0.1:8786",
                status=ExitStatus.UNREACHABLE,
            ) from error
        ending.enter_context(client)
        try:
            client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except TimeoutError as error:
            raise CommandError(
                f"the scheduler {address} has no workers",
                hint=f"start some: dask worker {address} --nthreads 1",
                status=ExitStatus.UNREACHABLE,
            ) from error
        return Cluster(client, ending.pop_all(), work)


@contextlib.contextmanager
def _ending() -> Iterator[contextlib.ExitStack]:
    """Collect what has to be ended, with Dask silent until then."""
    log = logging.getLogger("distributed")
    with contextlib.ExitStack() as ending:
        ending.enter_context(dask.config.set(_SETTINGS))
        before = log.level
        ending.callback(log.setLevel, before)
        log.setLevel(_SILENT)
        yield ending
