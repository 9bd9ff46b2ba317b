"""`curatory` itself: its commands by section, each imported when it is called, and how every call ends."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import click

from .session import Session

# Section → command → (module, one line of help). The line is here so that `--help` need not import the command;
# a test holds it against the command's own.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Start": {
        "init": ("setup", "Make a store."),
        "demo": ("setup", "Build a store with demonstration data."),
        "overview": ("overview", "What is there, what is new, what needs attention."),
    },
    "Browse": {
        "ls": ("listing", "List registries, collections, versions or files."),
        "show": ("showing", "Everything about one thing."),
        "search": ("listing", "Find registries, collections or versions."),
        "lineage": ("lineage", "Where a version came from, and where it went."),
    },
    "Publish": {
        "log": ("publishing", "Log files or references as a version."),
        "link": ("publishing", "Put a version into a registry's collection."),
        "unlink": ("removing", "Take versions out of a registry's collection."),
        "get": ("downloading", "Download a version's files."),
        "rm": ("removing", "Delete versions, collections, runs or projects."),
    },
    "Scripts": {
        "run": ("running", "Run a script that logs with wandb; it logs here."),
        "serve": ("running", "Keep a door open for wandb clients of a team."),
        "key": ("keys", "API keys for wandb clients: create, ls, revoke."),
    },
    "Curate": {
        "alias": ("aliases", "Movable names of versions: add, rm, ls, history."),
        "tag": ("tags", "Labels on collections and versions: add, rm, ls."),
        "describe": ("describing", "Write a card, a description or metadata."),
        "protect": ("registries", "Let only admins touch an alias."),
        "ttl": ("describing", "How long a version lives."),
        "registry": ("registries", "Registries: create, edit, rm."),
        "collection": ("collections", "Collections: create, edit, rm."),
    },
    "People": {
        "member": ("members", "Who may do what in a registry: add, set, rm, ls."),
        "team": ("teams", "Teams: create, ls, add, set, rm, delete."),
        "user": ("users", "Users and service accounts: add, ls, set, rm."),
    },
    "Automate": {
        "automation": ("automations", "What happens when a registry changes: create, ls, test, …"),
        "webhook": ("webhooks", "Where automations send things: add, ls, edit, rm, rotate-key."),
    },
    "Migrate": {
        "migrate": ("migrating", "Legacy registries: plan, run, verify, rollback, ls."),
        "import": ("importing", "From elsewhere: mlflow."),
        "review": ("reviewing", "Review what was migrated: ls, show, accept, flag, sign-off."),
    },
    "History": {
        "history": ("history", "Who changed what, and what was then."),
        "undo": ("undoing", "Take a change back."),
        "redo": ("undoing", "Do again what was undone."),
    },
    "Upkeep": {
        "verify": ("upkeep", "Hash stored files anew."),
        "audit": ("audit", "Is the history what it was: verify, anchor."),
        "gc": ("upkeep", "Remove what has expired and what nothing needs."),
        "backup": ("upkeep", "Write a consistent copy of the database."),
        "stats": ("upkeep", "How much is in the store, and where it is."),
    },
}

COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class Program(click.Group):
    """The group that imports a command when it is called, and turns every end into an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f".{COMMANDS[cmd_name][0]}", __package__)
        return getattr(module, f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name not in COMMANDS and not name.startswith("-") and ("/" in name or ":" in name):
            from .overview import place

            return "place", place, args
        if args and not name.startswith("-") and name not in COMMANDS:
            close = get_close_matches(name, COMMANDS, n=2)
            hint = f" Did you mean {' or '.join(close)}?" if close else " `curatory --help` lists them."
            ctx.fail(f"There is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), line) for name, (_, line) in commands.items()])

    def invoke(self, ctx: click.Context) -> Any:
        from .failure import NobodyReads

        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError as error:  # click would end with 1, as if something had been refused
            raise NobodyReads from error
        return result

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        from .failure import ending

        _print_anything()
        call: Callable[[], Any] = lambda: super(Program, self).main(  # noqa: E731
            args, prog_name, complete_var, standalone_mode=False, windows_expand_args=windows_expand_args, **extra
        )
        sys.exit(ending(call))


def _print_anything() -> None:
    """A terminal that can't show a character gets another one, never an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


@click.command(
    cls=Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="""PATH is registry/collection:alias, as in model/detector:prod; longer forms begin with the organization or
    team. Every command has --help with examples. Your shell completes paths after
    eval "$(_CURATORY_COMPLETE=bash_source curatory)" (or zsh_source, fish_source).""",
)
@click.option("--store", "url", metavar="URL", help="A file or postgresql://…  [default: $CURATORY_STORE]")
@click.option("--as", "actor", metavar="USER", help="Who is acting.  [default: you]")
@click.option("--no-files", is_flag=True, help="The app neither reads nor writes files here: for forced commands.")
@click.version_option(None, "--version", package_name="curatory", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, url: str | None, actor: str | None, no_files: bool) -> None:
    """A registry for models, datasets and any other artifact.

    Without a command it opens the app; `curatory PATH` opens it there.
    Without a terminal it prints.
    """
    ctx.obj = Session(url, actor, files=not no_files)
    ctx.call_on_close(ctx.obj.close)
    if ctx.invoked_subcommand is None:
        from .overview import begin

        begin(ctx.obj)
