"""Every error a user can cause. One line each: what, where, the value, the remedy."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

USER = re.compile(r"(?<=://)(\S*|[^/\n]*)@")  # and password, in an address; to the last @, as passwords hold some
SECRET = re.compile(
    r"([?&;][\w.-]*(?:key|token|secret|passw|pwd|passphrase|signature|sig|auth|credential)[\w.-]*=)[^&\s'\"#]+",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """Return a text without the passwords and keys that addresses in it hold.

    >>> redacted("https://me:pw@x.org/a?id=1&api_key=abc is not read")
    'https://***@x.org/a?id=1&api_key=*** is not read'
    """
    return SECRET.sub(r"\1***", USER.sub("***@", text)) if "://" in text else text


def visible(text: str) -> str:
    r"""Return one line in which what would steer a terminal, or write from right to left, is spelt out.

    >>> print(visible("a\x1b[31mb\nc\u202ed é"))
    a\x1b[31mb\nc\u202ed é
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class DivergenceError(Exception):
    """Something the user can fix; `exit_status` is what the command ends with."""

    exit_status = 2

    def __init__(self, message: str) -> None:
        super().__init__(visible(redacted(message)))


class ConfigError(DivergenceError):
    """A configuration file or command-line value that cannot be used."""


class DataError(DivergenceError):
    """Market data that is impossible, or that does not cover what was asked of it."""


class SourceError(DivergenceError):
    """A source, the disk or a file that could not be read or written."""

    exit_status = 3


class ReconciliationError(DivergenceError):
    """The two engines disagree; nothing either of them says can be trusted."""

    exit_status = 1


def shortened(text: object, longest: int = 60) -> str:
    """Return a value, or a message, that fits its place: what is too much is taken from its middle.

    >>> shortened("a.csv"), shortened("the value is 11111111111111; write less", 30)
    ('a.csv', 'the value is 1111 … write less')
    """
    whole, end = redacted(str(text)), longest // 3
    return whole if len(whole) <= longest else f"{whole[: longest - end - 3]} … {whole[-end:]}"


class LackingError(DataError):
    """A source without the series that a run cannot do without: `lacking` names them, `files` are of the user's own."""

    def __init__(self, message: str, lacking: str, files: str) -> None:
        super().__init__(message)
        self.lacking, self.files = lacking, files


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a message about a misspelt name.

    >>> did_you_mean("stepener", ["steepener", "flattener"])
    "; did you mean 'steepener'?"
    >>> did_you_mean("x", ["b", "a"])
    '; known: a, b'
    """
    known = sorted(known)
    exact = [name for name in known if name.lower() == word.lower()]
    close = exact or get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(known)}" if known else ""
