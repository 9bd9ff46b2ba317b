"""How a call ends: exit codes, one line that says what was refused, and a log for what should never happen.

0 done · 1 refused or failed, with a reason · 2 usage · 70 a fault of ours · 130 interrupted · 141 nobody reads any more
"""

from __future__ import annotations

import os
import secrets
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ..safe import clean, clean_lines


class Refused(click.ClickException):
    """Refused by the command line itself: exit code 1."""

    def show(self, file: Any = None) -> None:
        say("error", self.message)


class NobodyReads(Exception):
    """The reader of our output has gone, as `head` does: nothing to complain about."""


def ending(call: Callable[[], Any]) -> int:
    """Run a call and return its exit code; whatever went wrong has been said on stderr."""
    try:
        result = call()
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        _usage(error)
        return 2
    except click.ClickException as error:
        say("error", error.format_message())
        return 1
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except NobodyReads:
        # Python would complain at exit about what it could not write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        return _refused_or_crashed(error)


def _refused_or_crashed(error: Exception) -> int:
    from ...store import CuratoryError, FilterError

    if isinstance(error, FilterError):
        say("error", str(error))
        for line in _pointed(error.text, error.position):
            click.echo(line, err=True)
        return 1
    if isinstance(error, CuratoryError):
        say("error", str(error))
        return 1
    crash(error)
    return 70


def _usage(error: click.UsageError) -> None:
    if error.ctx is not None:
        click.echo(clean(error.ctx.get_usage().replace("\n", " ")), err=True)
    say("error", error.format_message())
    if error.ctx is not None:
        click.echo(f"Try '{clean(error.ctx.command_path)} --help'.", err=True)


def say(kind: str, message: str) -> None:
    """A message for a person on stderr, with one prefix."""
    colored = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    first, *rest = _wrapped(f"{kind}: {message}") if sys.stderr.isatty() else clean_lines(f"{kind}: {message}")
    first = first.removeprefix(f"{kind}: ")
    prefix = click.style(f"{kind}:", fg="red" if kind == "error" else "yellow", bold=True) if colored else f"{kind}:"
    click.echo("\n".join([f"{prefix} {first}", *rest]), err=True, color=colored or None)


def _wrapped(message: str) -> list[str]:
    """Lines broken between words, where a terminal would break them anywhere."""
    from .output import console, text, width

    printer = console(sys.stderr, width())
    return [
        part.plain.rstrip()
        for line in clean_lines(message)
        for part in text(line).wrap(printer, width(), overflow="fold") or [text(line)]
    ]


def _pointed(text: str, position: int) -> list[str]:
    """The filter with a caret under the place that is wrong; a long one only around it."""
    from rich.cells import cell_len

    start = max(0, position - 50)
    shown = clean(text[start : position + 26])
    before = clean(text[start:position]) if position > start else ""
    lead = "…" if start else ""
    return [f"  {lead}{shown}", "  " + " " * cell_len(lead + before) + "^"]


def crash(error: BaseException) -> None:
    """Keep the traceback in a log, without anybody's values, and show one line that leads to it."""
    incident = secrets.token_hex(4)
    detail = "".join(traceback.format_exception(error))
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        path = _log_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", errors="replace") as log:
            log.write(f"--- incident {incident} {stamp} {clean(' '.join(sys.argv[1:2]))}\n{detail}\n")
        where = f"details are in {path}"
    except OSError as unwritable:
        where = f"details could not be written ({unwritable.strerror})"
    say("error", f"something broke inside Curatory ({type(error).__name__}, incident {incident}); {where}.")


def _log_path() -> Path:
    from platformdirs import user_state_path

    return user_state_path("curatory") / "crashes.log"
