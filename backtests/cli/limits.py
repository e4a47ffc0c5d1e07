"""Too little memory: one line, before libraries that end a process without any."""

from __future__ import annotations

import errno

from data.errors import ConfigError

LEAST = 768 * 2**20  # bytes of address space: with less the linear algebra of numpy may wait for ever
SHORT = "there is not enough memory; allow more (ulimit -v), or run fewer variants or a shorter window"
SIGNS = ("failed to map segment", "cannot allocate memory", "can't start new thread")  # of libraries that cannot load


def check_limit() -> None:
    """Raise ConfigError where this process may not have the memory that any command needs."""
    try:
        import resource
    except ImportError:  # not a Unix
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST:
        raise ConfigError(
            f"memory is limited to {limit // 2**20} MB; at least {LEAST // 2**20} MB are needed: raise it (ulimit -v)"
        )


def is_short(error: BaseException) -> bool:
    """Whether an error, or one that led to it, is for want of memory."""
    cause: BaseException | None = error
    while cause is not None:
        lacking = isinstance(cause, OSError) and cause.errno == errno.ENOMEM
        if isinstance(cause, MemoryError) or lacking or any(sign in str(cause).lower() for sign in SIGNS):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
