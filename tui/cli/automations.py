"""`curatory automation`: what happens when a registry changes."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import documents
from .delivering import history, redeliver, rules, test, work
from .failure import Refused
from .options import PATH, dry_run_option, json_option, noun, pass_session
from .output import DIM, GOOD, NAME, WARN, Span, number
from .tables import Column, table
from .writing import carry_out

if TYPE_CHECKING:
    from ...store import Action, Automation, Preview, Store
    from .session import Session

_SEVERITY = click.Choice(["INFO", "WARN", "ERROR"])


@noun(short_help="What happens when a registry changes: create, ls, test, …")
def automation() -> None:
    """Automations: something happens when a registry changes.

    \b
      curatory webhook add deploys https://ci.example.com/hook --token
      curatory automation create deploy model --on alias.add --pattern prod \\
          --webhook deploys
      curatory automation test deploy
      curatory automation history deploy
    """


class _Occasion(click.ParamType):
    """Something that an automation can wait for."""

    name = "event"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from ...store import OCCASIONS

        if value not in OCCASIONS:
            self.fail(f"{value!r} is none of: {', '.join(OCCASIONS)}.", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        from ...store import OCCASIONS

        return [
            CompletionItem(name, help=f"when {one.words}")
            for name, one in OCCASIONS.items()
            if name.startswith(incomplete)
        ]


def _options(required: bool) -> Any:
    """What create and edit share."""

    def add(function: Any) -> Any:
        for option in reversed(
            (
                click.option("--on", type=_Occasion(), required=required, help="What it waits for: alias.add, …"),
                click.option("--pattern", help="Of the alias, tag or role: prod, prod-*, or ~ and a regex."),
                click.option("--filter", "filter_", metavar="FILTER", help="Of the version or collection: tag:eu, …"),
                click.option("--description", help="What it is for."),
                click.option("--webhook", metavar="NAME", help="Send a payload to this webhook."),
                click.option("--payload", metavar="FILE", help="Its template, JSON with ${variables}; - reads stdin."),
                click.option("--slack", metavar="NAME", help="Send a message to this Slack webhook."),
                click.option("--title", help="The message's title; ${variables} too."),
                click.option("--message", default="", help="The message."),
                click.option("--severity", type=_SEVERITY, default="INFO", help="Its colour."),
                click.option("--run", metavar="COMMAND", help="Run a program where it is delivered; no shell."),
                click.option("--nothing", is_flag=True, help="Only keep in its history that it would have run."),
            )
        ):
            function = option(function)
        return function

    return add


def _action(store: Store, given: dict[str, Any]) -> Action | None:
    """The action that options ask for; None for none."""
    from ...store import Command, Nothing, Slack, Webhook

    asked = [name for name in ("webhook", "slack", "run", "nothing") if given[name]]
    if len(asked) > 1:
        raise click.UsageError(f"It does one thing: give one of {', '.join(f'--{name}' for name in asked)}.")
    if given["payload"] and not given["webhook"]:
        raise click.UsageError("--payload goes with --webhook.")
    if given["title"] and not given["slack"]:
        raise click.UsageError("--title goes with --slack.")
    if given["webhook"]:
        template = _read(given["payload"]) if given["payload"] else ""
        return Webhook(store.integrations.get(given["webhook"]).id, template)
    if given["slack"]:
        if not given["title"]:
            raise click.UsageError("A message needs a --title.")
        severity = given["severity"]
        return Slack(store.integrations.get(given["slack"]).id, given["title"], given["message"], severity)
    if given["run"]:
        try:
            return Command(tuple(shlex.split(given["run"])))
        except ValueError as error:
            raise click.UsageError(f"The command can't be taken apart: {error}.") from None
    return Nothing() if given["nothing"] else None


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"The template can't be read from {file}: {error}") from None


@automation.command(short_help="Make an automation.")
@click.argument("name")
@click.argument("path", type=PATH)
@_options(required=True)
@click.option("--paused", is_flag=True, help="It does not run yet.")
@dry_run_option
@json_option
@pass_session
def create(
    session: Session,
    name: str,
    path: str,
    on: str,
    pattern: str | None,
    filter_: str | None,
    description: str | None,
    paused: bool,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Make an automation. PATH is what it watches: a registry with all that will be in it, a collection, a project, or
    the name of an organization or team for all that is its.

    \b
      curatory automation create deploy model --on alias.add --pattern prod \\
          --webhook deploys
      curatory automation create tell model/detector --on version.link \\
          --slack chat --title 'New: ${artifact_version_string}'
      curatory automation create keep acme --on collection.delete --run 'keep -a'

    What it can wait for: version.link, .unlink, .create, .delete; alias.add, .remove; tag.add, .remove;
    collection.create, .delete; collection_tag.add, .remove; role.change; migration.end; review.sign_off.
    """
    action = _action(session.store, given)
    if action is None:
        raise click.UsageError("Say what it does: --webhook, --slack, --run or --nothing.")
    times: list[str] = []

    def work(store: Store) -> Automation:
        asked = {"pattern": pattern or "", "filter": filter_ or ""}
        made = store.automations.create(
            name, path, on, action, description=description or "", enabled=not paused, **asked
        )
        times.append(fired_text(store.automations.preview(made.id)))
        return made

    carry_out(session, work, as_json=as_json, dry_run=dry_run, document=documents.automation, after=lambda _: times)


def fired_text(preview: Preview) -> str:
    """`would have run 12 times in the last 30 days`."""
    least = f" (only the newest {preview.looked:,} events were looked through)" if preview.capped else ""
    return f"it would have run {number(preview.fired, 'time')} in the last 30 days{least}"


@automation.command(short_help="List automations.")
@click.argument("path", required=False, type=PATH)
@json_option
@pass_session
def ls(session: Session, path: str | None, as_json: bool) -> None:
    """List automations: all, or those that watch a place, what is in it, or what it is in.

    \b
      curatory automation ls
      curatory automation ls model/detector
    """
    found, out = session.store.automations.list(path), session.out
    if as_json:
        out.json(documents.items([documents.automation(one) for one in found]))
        return
    if not found:
        out.note("no automations yet: `curatory automation create NAME PATH --on EVENT …` makes one")
        return
    columns = [
        Column("name", NAME, least=8),
        Column(""),
        Column("when", least=12),
        Column("does", least=8, drop=2),
        Column("watches", least=8, drop=1),
        Column("last", DIM, drop=3),
    ]
    rows = [
        (one.name, _enabled(one), one.trigger, does(one), one.scope, out.time(one.delivered) if one.delivered else "")
        for one in found
    ]
    table(out, columns, rows)


def _enabled(one: Automation) -> Span:
    return ("on", GOOD) if one.enabled else ("paused", WARN)


def does(one: Automation) -> str:
    """What an automation does, in few words."""
    from ...store import Command, Slack, Webhook

    match one.action:
        case Webhook():
            return f"webhook {one.integration}"
        case Slack():
            return f"Slack {one.integration}"
        case Command(argv):
            return f"runs {shlex.join(argv)}"
    return "nothing"


@automation.command(short_help="One automation, and what it would send.")
@click.argument("name")
@json_option
@pass_session
def show(session: Session, name: str, as_json: bool) -> None:
    """One automation: what it waits for, what it does, and what it would have sent the last time.

    \b
      curatory automation show deploy
    """
    store, out = session.store, session.out
    one = store.automations.get(name)
    preview = store.automations.preview(one.id)
    if as_json:
        out.json(documents.automation(one) | {"preview": documents.preview(preview)})
        return
    out.line((one.name, NAME), "  ", _enabled(one))
    out.pairs(
        [
            ("when", one.trigger),
            ("watches", one.scope),
            ("does", does(one)),
            ("for", one.description or None),
            ("made", f"{out.exact(one.created_at)} by {one.created_by or 'somebody who is not here any more'}"),
            ("last", out.exact(one.delivered) if one.delivered else "never"),
        ],
        indent=2,
    )
    out.head("With an example" if preview.example else "The last time")
    out.block(preview.payload, indent=2)
    out.note(fired_text(preview))


@automation.command(short_help="Change an automation.")
@click.argument("name")
@click.option("--name", "to", metavar="NAME", help="Another name.")
@_options(required=False)
@dry_run_option
@json_option
@pass_session
def edit(
    session: Session,
    name: str,
    to: str | None,
    on: str | None,
    pattern: str | None,
    filter_: str | None,
    description: str | None,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Change an automation; what it has set off already goes out as it was.

    \b
      curatory automation edit deploy --pattern 'prod-*'
      curatory automation edit deploy --webhook deploys --payload body.json
    """
    action = _action(session.store, given)

    def work(store: Store) -> Automation:
        return store.automations.edit(
            name, to=to, on=on, pattern=pattern, filter=filter_, description=description, action=action
        )

    carry_out(session, work, as_json=as_json, dry_run=dry_run, document=documents.automation)


@automation.command(short_help="It does not run until it is resumed.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@dry_run_option
@json_option
@pass_session
def pause(session: Session, names: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Let automations rest. What they have set off already still goes out.

    \b
      curatory automation pause deploy
    """
    _enable(session, names, False, dry_run, as_json)


@automation.command(short_help="It runs again.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@dry_run_option
@json_option
@pass_session
def resume(session: Session, names: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Let automations run again. What happened meanwhile is not made up for.

    \b
      curatory automation resume deploy
    """
    _enable(session, names, True, dry_run, as_json)


def _enable(session: Session, names: tuple[str, ...], enabled: bool, dry_run: bool, as_json: bool) -> None:
    def work(store: Store) -> None:
        for name in names:
            store.automations.edit(name, enabled=enabled)

    carry_out(session, work, as_json=as_json, dry_run=dry_run, batch=len(names) > 1)


@automation.command(short_help="Remove automations.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@dry_run_option
@json_option
@pass_session
def rm(session: Session, names: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Remove automations. Their history stays; what was set off and not sent yet fails.

    \b
      curatory automation rm deploy
    """

    def work(store: Store) -> None:
        for name in names:
            store.automations.remove(name)

    carry_out(session, work, as_json=as_json, dry_run=dry_run, batch=len(names) > 1)


for one in (test, history, redeliver, work, rules):
    automation.add_command(one)
