"""Talks to a cluster's job server: hand over a job, take it back, ask how it is. Ray's own client does it.

Ray is loaded when it is first needed, never at import. A cluster that does not answer costs a few seconds, not minutes.
Knows no run folder.
"""

import importlib.util
import os
import socket
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from unetkd_core.errors import ClusterBusyError, RunError
from unetkd_core.runs.placement import Placement

if TYPE_CHECKING:
    from ray.job_submission import JobDetails, JobSubmissionClient

ANSWER_SECONDS: Final = 3.0
"""A head that does not take the connection within so long is not there."""
REQUEST_SECONDS: Final = 10.0
"""A head that has taken the connection and says nothing for so long is frozen. Ray's client would wait for ever."""
UP_SECONDS: Final = 8.0
"""A head that has just been started answers before it takes jobs; it is given so long, less than who waits for the
run's lock waits (locks.py).
"""
SILENT_SECONDS: Final = 10.0
"""A head that did not answer is not asked again within so long."""
KEPT_SECONDS: Final = 3.0
"""What a job was is not asked again within so long: a page of hundred runs asks for all of them."""
_asked: dict[tuple[str, str], tuple[float, bool | None]] = {}
_silent: dict[str, float] = {}


def submit(address: str, entrypoint: str, job: str, env: Mapping[str, str]) -> None:
    """Run the command `entrypoint` on the cluster's head as the job of this name. Raises RunError, ClusterBusyError."""
    deadline = time.monotonic() + UP_SECONDS
    try:
        client = connect(address)
        while not _taken(client, entrypoint, job, env):
            if time.monotonic() > deadline:
                raise RuntimeError("its head is not ready yet")
            time.sleep(1.0)
    except (RuntimeError, ValueError, OSError) as error:
        raise ClusterBusyError(f"The cluster at {address} did not take the job: {_first_line(error)}") from error


def _taken(client: "JobSubmissionClient", entrypoint: str, job: str, env: Mapping[str, str]) -> bool:
    """False when the head was started so recently that nobody there takes jobs yet."""
    try:
        client.submit_job(entrypoint=entrypoint, submission_id=job, runtime_env={"env_vars": dict(env)})
    except RuntimeError as error:
        if "No available agent" in str(error):
            return False
        raise
    return True


def withdraw(address: str, job: str) -> bool:
    """Stop the job. False when it cannot be: the cluster does not answer, or does not know it."""
    try:
        connect(address).stop_job(job)
    except (RunError, RuntimeError, OSError):
        return False
    _asked.pop((address, job), None)
    return True


def details(address: str, job: str) -> "JobDetails":
    """The job as the cluster tells it. Raises RunError."""
    try:
        return connect(address).get_job_info(job)
    except (RuntimeError, OSError) as error:
        raise ClusterBusyError(f"The cluster at {address} does not know the job {job}: {_first_line(error)}") from error


def logs(address: str, job: str) -> str:
    """What the job printed. Raises RunError."""
    try:
        return connect(address).get_job_logs(job)
    except (RuntimeError, OSError) as error:
        raise ClusterBusyError(
            f"The cluster at {address} does not show {job}'s output: {_first_line(error)}"
        ) from error


def job_over(where: Placement) -> bool | None:
    """Whether the run's job has ended: None when the cluster does not answer. Raises nothing."""
    key, now = (where.address, where.job), time.monotonic()
    if now - _silent.get(where.address, -1e9) < SILENT_SECONDS:
        return None
    if key not in _asked or now - _asked[key][0] > KEPT_SECONDS:
        if len(_asked) > 10_000:
            _asked.clear()
        _asked[key] = (now, _ask(where))
    return _asked[key][1]


def _ask(where: Placement) -> bool | None:
    try:
        return bool(connect(where.address).get_job_status(where.job).is_terminal())
    except RunError:
        _silent[where.address] = time.monotonic()
        return None
    except OSError:  # requests' errors are OSErrors
        return None
    except RuntimeError as error:  # a head that was started again knows nothing of before
        return True if "does not exist" in str(error) else None


def connect(address: str) -> "JobSubmissionClient":
    """Ray's client for the job server there. Raises RunError with what to try."""
    if importlib.util.find_spec("ray") is None:
        raise RunError(
            'UNETKD_RAY_ADDRESS is set, but the package ray is not installed here; `pip install -e ".[cluster]"` in '
            "the checkout brings it, or unset it to train on this machine."
        )
    _knock(address)
    os.environ["RAY_API_SERVER_ADDRESS"] = address  # else RAY_ADDRESS, where it is set, would win over what we say
    try:
        return _client()(address)
    except (RuntimeError, ValueError, OSError) as error:
        raise RunError(
            f"What answers at {address} is not Ray's job server ({_first_line(error)}); expected the address of the "
            "head's dashboard, as http://head:8265."
        ) from error


@cache
def _client() -> "type[JobSubmissionClient]":
    """Ray's client with a limit on time, which it has not: a page, a lock or a worker may wait for the answer."""
    import requests
    from ray.job_submission import JobSubmissionClient

    class Client(JobSubmissionClient):
        def _do_request(self, *args: Any, **more: Any) -> Any:
            try:
                return super()._do_request(*args, **{"timeout": REQUEST_SECONDS, **more})
            except (requests.Timeout, requests.ConnectionError) as error:
                why = f"no answer within {REQUEST_SECONDS:.0f} s" if isinstance(error, requests.Timeout) else error
                raise _no_answer(self._address, str(why)) from error

    return Client


def _knock(address: str) -> None:
    """Whether anybody takes the connection; to hear that nobody does takes requests minutes. Raises
    ClusterBusyError.
    """
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 8265), timeout=ANSWER_SECONDS).close()
    except OSError as error:
        raise _no_answer(address, str(error.strerror or error)) from error


def _no_answer(address: str, why: str) -> ClusterBusyError:
    return ClusterBusyError(
        f"No Ray cluster answers at {address} ({why}); is it started, is its dashboard open to this machine "
        "(`ray start --head --dashboard-host=0.0.0.0`), and is UNETKD_RAY_ADDRESS right?"
    )


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines and lines[0].endswith("Traceback") else lines[0] if lines else repr(error))[:300]
