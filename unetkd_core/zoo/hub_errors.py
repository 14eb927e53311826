"""What can go wrong with the Hub, as one sentence each. Sentences are made here from what is known, never from the
client's own messages: those may hold addresses with signatures, and a malformed token word for word.
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from unetkd_core.errors import HubError, UnetKDError

_KEEPS: Final = "What was pulled before and your own checkpoints work as ever."
_TOKEN: Final = re.compile(r"[!-~]+")


@contextmanager
def speaking(repo_id: str, revision: str | None = None, *, writing: bool = False) -> Iterator[None]:
    """What the Hub's client raises inside becomes a HubError. UnetKDErrors pass."""
    try:
        yield
    except UnetKDError:
        raise
    except Exception as error:
        raise sentence(error, repo_id, revision, writing=writing) from None


def checked_token(token: str | bool | None) -> str | bool | None:
    """The token without blanks around it; None and True mean HF_TOKEN or the login, False none at all.

    Raises HubError, which does not repeat it, when it has signs that no token has.
    """
    if not isinstance(token, str):
        return token
    token = token.strip()
    if token and not _TOKEN.fullmatch(token):
        raise HubError("The access token has blanks or signs that no token has; copy it anew from the Hub's settings.")
    return token or None


def sentence(error: BaseException, repo_id: str, revision: str | None = None, *, writing: bool = False) -> HubError:
    """The HubError that says what `error`, raised by the client, means for this repository."""
    from huggingface_hub import errors

    inner = error.__cause__
    if isinstance(error, errors.LocalEntryNotFoundError | RuntimeError) and inner is not None:
        return sentence(inner, repo_id, revision, writing=writing)  # wrapped by the client
    if isinstance(error, errors.OfflineModeIsEnabled):
        return HubError(
            f"The Hub is switched off here (HF_HUB_OFFLINE), so {repo_id} cannot be reached; unset it. {_KEEPS}"
        )
    if isinstance(error, errors.HfHubHTTPError):
        return _answered(error, repo_id, revision, writing)
    return _unanswered(error, repo_id)


def _answered(error: Any, repo_id: str, revision: str | None, writing: bool) -> HubError:
    """The Hub said no."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return HubError(
            f"{repo_id} is gated: ask for access on its page on the Hub, then come with a token of that account "
            "(HF_TOKEN, or `hf auth login`)."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return HubError(
            f"The Hub shows no repository {repo_id}: the name is wrong, or it is private and needs a token that may "
            "see it (HF_TOKEN, or `hf auth login`)."
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return HubError(f"{repo_id} has no revision {revision or 'main'!r}; expected a branch, tag or commit of it.")
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return HubError(f"A file of {repo_id} has gone from the Hub in the meantime; pull again.", temporary=True)
    return _status(error, repo_id, writing)


def _status(error: Any, repo_id: str, writing: bool) -> HubError:
    status = error.response.status_code
    if status == 401:
        return HubError(
            "The Hub did not accept the access token (401): it is missing, mistyped or expired. Make one in the Hub's "
            "settings and put it into HF_TOKEN, or `hf auth login`."
        )
    if status == 403:
        right = "write to" if writing else "read"
        return HubError(f"The Hub forbids it (403): the token may not {right} {repo_id}, or the repository is closed.")
    if status == 404:
        return HubError(f"The Hub knows no {repo_id} (404); check the name, or the token if it is private.")
    if status == 429:
        return HubError(f"The Hub has had too many requests (429); {_wait(error.response)}. {_KEEPS}", temporary=True)
    if status >= 500:
        return HubError(f"The Hub is out of order just now ({status}); try again later. {_KEEPS}", temporary=True)
    return HubError(f"The Hub refused {repo_id} ({status}); look at its page there. {_KEEPS}")


def _wait(response: Any) -> str:
    """How long, where the Hub says so."""
    from huggingface_hub.utils import parse_ratelimit_headers

    limit = parse_ratelimit_headers(response.headers)
    after = str(limit.reset_in_seconds) if limit else response.headers.get("retry-after", "")
    return f"wait {after} s" if after.isdecimal() else "wait a few minutes"


def _unanswered(error: BaseException, repo_id: str) -> HubError:
    """No answer, half of one, or one that is none."""
    import httpx2

    if isinstance(error, httpx2.ConnectError | httpx2.TimeoutException | httpx2.ProxyError):
        return HubError(f"The Hub cannot be reached; is there a network? {_KEEPS}", temporary=True)
    cut = isinstance(error, OSError) and "Consistency check failed" in str(error)
    if cut or isinstance(error, httpx2.NetworkError | httpx2.RemoteProtocolError):
        return HubError(
            f"The connection to the Hub was cut while {repo_id} was under way; try again: whole files are kept.",
            temporary=True,
        )
    if isinstance(error, OSError) and error.errno is not None:
        reason = errno.errorcode.get(error.errno, "")
        hint = "free space" if reason in {"ENOSPC", "EDQUOT"} else "check HF_HOME"
        return HubError(f"The Hub's cache cannot be used ({error.strerror or reason}); {hint}.")
    return HubError(
        f"What answered for {repo_id} does not speak as the Hub does ({type(error).__name__}); check HF_ENDPOINT and "
        "the network's sign-in page."
    )
