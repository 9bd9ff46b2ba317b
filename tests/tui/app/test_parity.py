"""Whatever the command line can change in a registry can be changed in the app, and is held by a test of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from curatory.tui import actions
from curatory.tui.cli.app import COMMANDS, Program

READS = {
    "overview", "ls", "show", "search", "lineage", "alias ls", "alias history", "tag ls", "member ls", "team ls", "user ls",
    "history", "verify", "audit verify", "audit anchor", "stats", "migrate plan", "migrate verify", "migrate ls",
    "review ls", "review show", "review report", "automation ls", "automation show", "automation history",
    "automation rules", "webhook ls",
}  # fmt: skip
NOT_HERE = {
    "init": "before there is a store",
    "demo": "before there is a store",
    "import mlflow": "reads what the machine of the command reaches; what was imported is reviewed in the app",
    "run": "a script's own terminal; what it logs appears in the app",
    "serve": "a server's own terminal; what clients log appears in the app",
    "key create": "shown once, to whoever will put it into a script's environment",
    "key ls": "beside the making of keys",
    "key revoke": "beside the making of keys",
    "gc": "upkeep of the machine, by its keeper",
    "backup": "upkeep of the machine, by its keeper",
    "webhook rotate-key": "upkeep of the machine, by its keeper",
    "automation work": "the app delivers by itself while it is open",
}
# verb → (the action that leads to it, the file of its tests)
HERE = {
    "log": ("log", "publishing"),
    "link": ("link", "linking"),
    "unlink": ("unlink", "linking"),
    "get": ("download", "downloading"),
    "rm": ("delete", "removing"),
    "alias add": ("alias", "aliasing"),
    "alias rm": ("alias", "aliasing"),
    "tag add": ("tag", "tagging"),
    "tag rm": ("tag", "tagging"),
    "describe": ("describe", "describing"),
    "protect": ("settings", "settings"),
    "ttl": ("ttl", "removing"),
    "registry create": ("new", "making"),
    "registry edit": ("settings", "settings"),
    "registry rm": ("delete", "removing"),
    "collection create": ("new", "making"),
    "collection edit": ("rename", "making"),
    "collection rm": ("delete", "removing"),
    "member add": ("members", "members"),
    "member set": ("members", "members"),
    "member rm": ("members", "members"),
    "team create": ("organization", "organization"),
    "team add": ("organization", "organization"),
    "team set": ("organization", "organization"),
    "team rm": ("organization", "organization"),
    "team delete": ("organization", "organization"),
    "user add": ("organization", "organization"),
    "user set": ("organization", "organization"),
    "user rm": ("organization", "organization"),
    "migrate run": ("carry_out", "migrating"),
    "migrate rollback": ("roll_back", "reviewing"),
    "review accept": ("accept", "reviewing"),
    "review flag": ("flag", "reviewing"),
    "review reopen": ("reopen", "reviewing"),
    "review sign-off": ("sign_off", "reviewing"),
    "automation create": ("automation_new", "automations"),
    "automation edit": ("automation_edit", "automations"),
    "automation pause": ("automation_pause", "automations"),
    "automation resume": ("automation_pause", "automations"),
    "automation rm": ("automation_remove", "automations"),
    "automation test": ("automation_test", "automations"),
    "automation redeliver": ("redeliver", "automations"),
    "webhook add": ("webhooks", "webhooks"),
    "webhook edit": ("webhooks", "webhooks"),
    "webhook rm": ("webhooks", "webhooks"),
    "undo": ("undo", "undoing"),
    "redo": ("redo", "undoing"),
}


def verbs() -> Iterator[str]:
    """Every command and subcommand that there is."""
    program = Program("curatory")
    context = click.Context(program)
    for name in COMMANDS:
        command = program.get_command(context, name)
        if isinstance(command, click.Group):
            yield from (f"{name} {verb}" for verb in command.list_commands(context))
        else:
            yield name


def test_every_verb_is_in_the_app_or_said_not_to_be() -> None:
    assert set(verbs()) == READS | set(NOT_HERE) | set(HERE)


@pytest.mark.parametrize("verb", HERE)
def test_its_action_is_there_and_tested(verb: str) -> None:
    action, file = HERE[verb]
    assert action in actions.BY_ID
    assert (Path(__file__).parent / f"test_{file}.py").exists()
