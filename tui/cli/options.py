"""What commands share: where options stand, `--json`, `--dry-run`, `--yes`, and paths that complete themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from .session import Session

F = TypeVar("F", bound=Callable[..., Any])


def _set(field: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
    def callback(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        session = ctx.find_object(Session)
        if value is not None and session is not None:
            setattr(session, field, value)

    return callback


class Verb(click.Command):
    """A command that also takes `--store` and `--as` behind its name, where people write them as often."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken = {option for parameter in self.params for option in parameter.opts}
        for option, field in (("--store", "given_url"), ("--as", "actor")):
            if option not in taken:
                self.params.append(click.Option([option], expose_value=False, hidden=True, callback=_set(field)))


class Noun(click.Group):
    """A group of verbs."""

    command_class = Verb


Noun.group_class = Noun

pass_session = click.make_pass_decorator(Session)


def verb(name: str | None = None, **attributes: Any) -> Callable[[Callable[..., Any]], Verb]:
    """`@click.command` with `Verb`."""
    return click.command(name, cls=Verb, **attributes)


def noun(name: str | None = None, **attributes: Any) -> Callable[[Callable[..., Any]], Noun]:
    """`@click.group` with `Noun`."""
    return click.group(name, cls=Noun, **attributes)


def json_option(function: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")(function)


def dry_run_option(function: F) -> F:
    return click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")(function)


def yes_option(function: F) -> F:
    return click.option("--yes", "-y", is_flag=True, help="Don't ask.")(function)


def page_options(function: F) -> F:
    """`--limit` and `--after` of every list that comes in pages."""
    function = click.option("--after", metavar="CURSOR", help="Go on behind the page that ended with this cursor.")(
        function
    )
    return click.option(
        "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many at most."
    )(function)


class PathType(click.ParamType):
    """A path in the store; the shell completes it from what is there."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not str(value).strip():
            self.fail("A path can't be empty.", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from .completion import paths

        return [CompletionItem(path) for path in paths(ctx, incomplete)]


PATH = PathType()
