"""What the store refuses, and why: a small family whose messages a person can act on.

Every message says what was refused, which rule refused it, and what to do instead. Where the official
client's rules have an exact text, that text is kept (W&B Registry behaviour, client 0.31).
"""

from __future__ import annotations


class CuratoryError(Exception):
    """Anything the store refuses or can't do. `str(error)` is one paragraph meant for a person."""


class Invalid(CuratoryError, ValueError):
    """A name, value or path breaks a rule; nothing was changed."""


class FilterError(Invalid):
    """A filter can't be understood.

    Attributes:
        text: the filter as it was given.
        position: offset in characters of the first thing that is wrong, 0 ≤ position ≤ len(text).
    """

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__(message)
        self.text = text
        self.position = position

    def pointed(self) -> str:
        """The message with the filter below it and a caret under the place that is wrong."""
        return f"{self}\n  {self.text}\n  {' ' * self.position}^"


class NotFound(CuratoryError, LookupError):
    """It does not exist, or not for this actor: the two are never told apart."""


class Ambiguous(Invalid):
    """A short path fits several things; the message lists them."""


class Forbidden(CuratoryError, PermissionError):
    """The actor's role does not allow it; the message names the role that would."""


class Conflict(CuratoryError):
    """It clashes with what is there already: a taken name, a protected alias, a version in use."""


class Moved(Conflict):
    """An undo or redo is refused because the world has moved on; the message says what moved it, when and by whom."""


class Unavailable(CuratoryError):
    """The database or a file can't be reached or written now; acknowledged work is intact."""


class Busy(Unavailable):
    """Another process held the write lock for longer than the busy timeout."""


class Damaged(CuratoryError):
    """Stored data is not what it was: a corrupt file, a missing or altered blob, a broken audit chain."""
