"""One polite way to the network: a deadline, back-off, Retry-After, a pause between requests, one line when it fails.

A source that means harm costs no more than its deadline and a bounded answer, and sends nobody elsewhere: a redirect
is followed on the same host, and between a host and its `www.`; for another, the configuration names the address.
"""

from __future__ import annotations

import logging
import re
import ssl
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import uniform
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from data.errors import SourceError, redacted, shortened
from data.sources import bounded

if TYPE_CHECKING:
    import httpx
    import tenacity

logger = logging.getLogger(__name__)

LARGEST = 64 * 2**20  # bytes of a file
ANSWER = 4 * 2**20  # bytes of one answer, packed or not: the largest official file has 1 MB
REDIRECTS = 5
SECONDS = re.compile(r"\d{1,9}", re.ASCII)
PASSING = frozenset({429, 500, 502, 503, 504})  # worth another attempt
IMPORT = "import files instead: divergence data import PATH"
HEADERS = {"User-Agent": "divergence (backtests of government bonds)", "Accept": "text/csv, application/json, */*"}
PACKED = {"Accept-Encoding": "gzip"}

T = TypeVar("T")


@dataclass(frozen=True)
class Policy:
    """How patient to be with a source."""

    attempts: int = 4
    timeout: float = 20.0  # seconds, to connect and between two pieces of an answer
    deadline: float = 60.0  # seconds for one address: headers, content, redirects and retries together
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
    host = _host(url)
    until = bounded.end(policy.deadline)

    def attempt() -> bytes:
        due = _left.get(host, -pause) + pause - monotonic()
        if due > 0:
            logger.debug("%s: %.1f s of pause", host, due)
            sleep(due)
        start = monotonic()
        try:
            body = _answer(url, host, {**HEADERS, **PACKED, **(headers or {})}, policy, until)
        finally:
            _left[host] = monotonic()
        logger.info("fetched %s: %d bytes in %.1f s", redacted(url), len(body), _left[host] - start)
        return body

    return patiently(attempt, host, policy, until)


def _host(url: str) -> str:
    """Return the host of an address; raise SourceError where it is none."""
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        host = None
    if not host:
        raise SourceError(f"'{shortened(url, 120)}' is not an http or https address; fix it in the configuration")
    return host


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


def patiently(call: Callable[[], T], name: str, policy: Policy, until: float | None = None) -> T:
    """Return what `call` returns; while it raises PassingError, wait and try again, as long as there is time.

    Raises
    ------
    SourceError
        It still does after the last attempt.
    """
    import tenacity

    left = (bounded.end(policy.deadline) if until is None else until) - monotonic()

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
        stop=tenacity.stop_any(tenacity.stop_after_attempt(policy.attempts), tenacity.stop_before_delay(left)),
        wait=seconds,
        retry=tenacity.retry_if_exception_type(PassingError),
        before_sleep=log,
        sleep=lambda pause: sleep(pause),
        reraise=True,
    )
    try:
        return retrying(call)
    except PassingError as error:
        attempts = retrying.statistics["attempt_number"]
        times = f"{attempts} attempt{'' if attempts == 1 else 's'}"
        raise SourceError(f"{name} {error} ({times}); try again later, or {IMPORT}") from None


def _answer(url: str, host: str, headers: Mapping[str, str], policy: Policy, until: float) -> bytes:
    import httpx

    left = until - monotonic()
    if left <= 0:
        raise SourceError(f"{host}: its time is up; try again later, or {IMPORT}")
    timeout = min(policy.timeout, left)
    try:
        with httpx.Client(headers=dict(headers), timeout=timeout) as client:
            request = client.build_request("GET", url, extensions={"trace": bounded.watch(until)})
            for _ in range(REDIRECTS + 1):
                response = client.send(request, stream=True)
                try:
                    if response.next_request is None:
                        _check_status(response, host, policy)
                        return bounded.body(response, ANSWER, until)  # h11 holds it to its Content-Length
                finally:
                    response.close()
                _check_redirect(request.url, response.next_request.url, host)
                request = response.next_request
        raise SourceError(f"{host} redirects more than {REDIRECTS} times; {_elsewhere()}")
    except bounded.TooLargeError:
        raise SourceError(f"{host} sends more than {ANSWER // 2**20} MB, which is no table; {_elsewhere()}") from None
    except bounded.EncodingError as error:
        raise SourceError(f"{host} packs its answer as '{error}', which is not asked for; {_elsewhere()}") from None
    except (bounded.BrokenError, zlib.error):
        raise PassingError("broke off in the middle of its answer") from None
    except (httpx.TimeoutException, TimeoutError) as error:
        raise _late(error, timeout, policy, until) from None
    except httpx.ConnectError as error:
        raise _unreachable(error, host) from None
    except (httpx.NetworkError, httpx.RemoteProtocolError):
        raise PassingError("broke off in the middle of its answer") from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise SourceError(f"{host} cannot be asked ({shortened(error, 120)}); {_elsewhere()}") from None


def _late(error: Exception, timeout: float, policy: Policy, until: float) -> PassingError:
    import httpx

    if monotonic() >= until - 0.01:
        return PassingError(f"was not done answering after {policy.deadline:g} s")
    if isinstance(error, httpx.ConnectTimeout):
        return PassingError(f"cannot be reached within {timeout:g} s (are you offline?)")
    return PassingError(f"did not answer within {timeout:g} s")


def _check_redirect(asked: httpx.URL, target: httpx.URL, host: str) -> None:
    """Refuse to be sent to another host, or from https to http."""
    if target.scheme not in ("http", "https"):
        raise SourceError(f"{host} redirects to what is not http or https; {_elsewhere()}")
    same = target.host.removeprefix("www.") == asked.host.removeprefix("www.")
    ports = (asked.port, target.port)
    if not same or (ports[0] != ports[1]) or (asked.scheme, target.scheme) == ("https", "http"):
        place = shortened(f"{target.scheme}://{target.netloc.decode('ascii', 'replace')}")
        raise SourceError(
            f"{host} redirects to {place}, which is not where it was asked; set that address in the configuration "
            f"if it is right, or {IMPORT}"
        )


def _check_status(response: httpx.Response, host: str, policy: Policy) -> None:
    status = response.status_code
    if status == 200:
        return
    answer = shortened(f"{status} {response.reason_phrase}".strip())
    if status in PASSING:
        wait = _asked_for(response.headers.get("Retry-After"))
        if wait is not None and wait > policy.longest:
            raise SourceError(
                f"{host} answers {answer} and asks to wait {_spoken(wait)}; try again after that, or {IMPORT}"
            )
        raise PassingError(f"answers {answer}", wait)
    if status in (401, 403):
        raise SourceError(f"{host} refuses the request ({answer}); try again later, or {IMPORT}")
    raise SourceError(f"{host} answers {answer} for {shortened(response.url, 200)}; {_elsewhere()}")


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 1e9 else "for years"


def _asked_for(retry_after: str | None) -> float | None:
    """Return the seconds a Retry-After header asks for, as a number or as a date; None where it says nothing."""
    if retry_after is None:
        return None
    if SECONDS.fullmatch(retry_after.strip()):
        return float(retry_after)
    if retry_after.strip().isdecimal():
        return float("inf")
    try:
        until = parsedate_to_datetime(retry_after)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (until - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, LookupError, ArithmeticError):
        return None


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
