"""Parts of a simulation on a Dask cluster: the same work, the same parts, the same bytes.

Dask is no part of the engine's requirements: it is asked for when somebody names a scheduler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from dinghai.foundation.errors import InputError

PATIENCE = "10s"
"""How long a scheduler has to answer."""


class Cluster(Executor):
    """A cluster as an executor. Work goes to every worker once, parts follow one by one."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._work: Callable[..., Any] | None = None
        self._sent: Any = None

    @property
    def threads(self) -> int:
        """How many parts can run at the same time."""
        return sum(self._client.nthreads().values())

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """One part; keyword arguments go to the work."""
        if work is not self._work:
            self._work, self._sent = work, self._client.scatter(work, broadcast=True, hash=False)
        found: Future[Any] = self._client.submit(_done, self._sent, arguments, options, pure=False)
        return found


def _done(work: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return work(*arguments, **options)


@contextmanager
def cluster_at(address: str) -> Iterator[Cluster]:
    """The cluster of a scheduler (``tcp://host:port``). Raises InputError where Dask is not
    installed or nobody answers."""
    try:
        dask = import_module("distributed")
    except ImportError as error:
        raise InputError("Dask is not installed", field="--scheduler",
                         mend="install the extra: pip install 'dinghai[cluster]'") from error
    try:
        client = dask.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"no scheduler answers at {address}", field="--scheduler",
                         mend="start one with `dask scheduler`, and give its tcp:// address"
                         ) from error
    with client:
        yield Cluster(client)
