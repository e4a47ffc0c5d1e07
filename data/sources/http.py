"""One polite way to the network: time-outs, back-off, Retry-After, a pause between requests, one line when it fails."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import uniform
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from data.errors import SourceError

if TYPE_CHECKING:
    import httpx
    import tenacity

logger = logging.getLogger(__name__)

LARGEST = 64 * 2**20  # bytes of one answer
PASSING = frozenset({429, 500, 502, 503, 504})  # worth another attempt
IMPORT = "import files instead: divergence data import PATH"
HEADERS = {"User-Agent": "divergence (backtests of government bonds)", "Accept": "text/csv, application/json, */*"}

T = TypeVar("T")


@dataclass(frozen=True)
class Policy:
    """How patient to be with a source."""

    attempts: int = 4
    timeout: float = 20.0  # seconds, to connect and between two pieces of an answer
    deadline: float = 180.0  # seconds for one whole answer
    backoff: float = 1.0  # seconds before the second attempt; doubles with each, plus as much again at random
    longest: float = 60.0  # seconds; a source that asks for more is left alone


DEFAULT = Policy()


class PassingError(Exception):
    """What may be gone at the next attempt; `wait` is how many seconds the source asks for."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


_left: dict[str, float] = {}  # host -> when its last answer ended, on the monotonic clock


def get(url: str, *, pause: float = 0.0, headers: Mapping[str, str] | None = None, policy: Policy = DEFAULT) -> bytes:
    """Return what the address answers, whole.

    Parameters
    ----------
    pause : seconds to leave a host alone after its last answer

    Raises
    ------
    SourceError
        Whatever went wrong, in one line that names the host and what to do.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host:
        raise SourceError(f"'{url}' is not an http or https address; fix it in the configuration")

    def attempt() -> bytes:
        due = _left.get(host, -pause) + pause - monotonic()
        if due > 0:
            logger.debug("%s: %.1f s of pause", host, due)
            sleep(due)
        start = monotonic()
        try:
            body = _answer(url, host, {**HEADERS, **(headers or {})}, policy)
        finally:
            _left[host] = monotonic()
        logger.info("fetched %s: %d bytes in %.1f s", url, len(body), _left[host] - start)
        return body

    return patiently(attempt, host, policy)


def fill(address: str, **values: object) -> str:
    """Return an address with its {placeholders} filled.

    >>> fill("https://example.org/{year}", year=2026)
    'https://example.org/2026'

    Raises
    ------
    SourceError
        A placeholder that no value fills.
    """
    try:
        return address.format(**values)
    except (AttributeError, KeyError, IndexError, ValueError):
        known = ", ".join(f"{{{name}}}" for name in values)
        raise SourceError(f"'{address}': an address may use {known} and no other braces") from None


def patiently(call: Callable[[], T], name: str, policy: Policy) -> T:
    """Return what `call` returns; while it raises PassingError, wait and try again.

    Raises
    ------
    SourceError
        It still does after the last attempt.
    """
    import tenacity

    def seconds(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, PassingError) else None
        if asked is not None:
            return asked + uniform(0.0, policy.backoff)
        longest = policy.backoff * 2.0**state.attempt_number
        return min(uniform(longest / 2, longest), policy.longest)

    def log(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        logger.warning(
            "%s %s; attempt %d of %d in %.1f s",
            name,
            error,
            state.attempt_number + 1,
            policy.attempts,
            state.upcoming_sleep,
        )

    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(policy.attempts),
        wait=seconds,
        retry=tenacity.retry_if_exception_type(PassingError),
        before_sleep=log,
        sleep=lambda pause: sleep(pause),
        reraise=True,
    )
    try:
        return retrying(call)
    except PassingError as error:
        raise SourceError(f"{name} {error} ({policy.attempts} attempts); try again later, or {IMPORT}") from None


def _answer(url: str, host: str, headers: Mapping[str, str], policy: Policy) -> bytes:
    import httpx

    try:
        with httpx.stream("GET", url, headers=dict(headers), timeout=policy.timeout, follow_redirects=True) as response:
            _check_status(response, host, policy)
            return _body(response, host, policy)  # h11 raises where it is shorter than its Content-Length
    except httpx.ConnectTimeout:
        raise PassingError(f"cannot be reached within {policy.timeout:g} s (are you offline?)") from None
    except httpx.TimeoutException:
        raise PassingError(f"did not answer within {policy.timeout:g} s") from None
    except httpx.ConnectError as error:
        raise _unreachable(error, host) from None
    except (httpx.NetworkError, httpx.RemoteProtocolError, httpx.DecodingError):
        raise PassingError("broke off in the middle of its answer") from None
    except httpx.UnsupportedProtocol:
        raise SourceError(f"{host} redirects to what is not http or https; {_elsewhere()}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"{host} cannot be asked ({' '.join(str(error).split())}); {_elsewhere()}") from None


def _check_status(response: httpx.Response, host: str, policy: Policy) -> None:
    status = response.status_code
    if status == 200:
        return
    answer = f"{status} {response.reason_phrase}".strip()
    if status in PASSING:
        wait = _asked_for(response.headers.get("Retry-After"))
        if wait is not None and wait > policy.longest:
            raise SourceError(
                f"{host} answers {answer} and asks to wait {wait:.0f} s; try again after that, or {IMPORT}"
            )
        raise PassingError(f"answers {answer}", wait)
    if status in (401, 403):
        raise SourceError(f"{host} refuses the request ({answer}); try again later, or {IMPORT}")
    raise SourceError(f"{host} answers {answer} for {response.url}; {_elsewhere()}")


def _asked_for(retry_after: str | None) -> float | None:
    """Return the seconds a Retry-After header asks for, as a number or as a date; None where it says nothing."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _body(response: httpx.Response, host: str, policy: Policy) -> bytes:
    pieces, size, until = [], 0, monotonic() + policy.deadline
    for piece in response.iter_bytes():
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST:
            raise SourceError(f"{host} sends more than {LARGEST // 2**20} MB, which is no table; {_elsewhere()}")
        if monotonic() > until:
            raise PassingError(f"was not done answering after {policy.deadline:g} s")
    return b"".join(pieces)


def _unreachable(error: BaseException, host: str) -> Exception:
    """Tell a connection that broke, and may hold next time, from one that cannot be made."""
    cause: BaseException | None = error
    while cause is not None:  # the reset may stand anywhere among the reasons
        if isinstance(cause, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ssl.SSLEOFError)):
            return PassingError("broke off while connecting")
        cause = cause.__context__
    if "SSL" in str(error):
        return SourceError(f"{host} cannot be trusted ({error}); check the clock and the proxy, or {IMPORT}")
    return SourceError(f"cannot reach {host}; are you offline? {IMPORT}")


def _elsewhere() -> str:
    return f"the address may have moved: set it in the configuration, or {IMPORT}"
