"""Help: every command is explained with an example, and nothing heavy is loaded for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from curatory.tui.cli.app import COMMANDS, SECTIONS
from curatory.tui.cli.app import cli as program

from .conftest import call

READING = (
    "overview", "ls", "show", "search", "lineage", "alias ls", "alias history", "tag ls", "member ls", "team ls",
    "user ls", "history", "undo", "redo", "verify", "audit verify", "stats", "migrate plan", "migrate verify",
    "migrate ls", "review ls", "review show", "review report",
)  # fmt: skip


def commands(
    group: click.Group = program, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*before, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))


ALL = {" ".join(path): command for path, command in commands()}


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_help_with_an_example_in_80_columns(name: str) -> None:
    done = call(*name.split(), "--help")
    assert f"    curatory {name}" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    described = [option for option in ALL[name].params if isinstance(option, click.Option) and not option.hidden]
    assert [option.name for option in described if not option.help and option.name not in ("form",)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_in_the_overview_of_commands_is_the_command_s_own(name: str) -> None:
    assert ALL[name].short_help == COMMANDS[name][1]


@pytest.mark.parametrize("name", READING)
def test_every_reading_command_speaks_json(name: str) -> None:
    assert "--json" in {option for parameter in ALL[name].params for option in parameter.opts}


def test_every_writing_command_speaks_json_too() -> None:
    silent = [
        name
        for name, command in ALL.items()
        if not isinstance(command, click.Group)
        and name not in ("demo", "run", "serve")  # what these print is the app's, a script's, a server's
        and "--json" not in {option for parameter in command.params for option in parameter.opts}
    ]
    assert silent == []


def test_help_is_grouped_and_fits_80_columns() -> None:
    done = call("--help")
    for section, names in SECTIONS.items():
        assert f"\n{section}:\n" in done.out
        for name in names:
            assert f"\n  {name} " in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_a_mistyped_command_is_a_usage_error_that_helps() -> None:
    done = call("serach", code=2)
    assert "Did you mean search" in done.err
    assert done.err.count("error:") == 1


def test_a_group_without_a_verb_shows_its_help() -> None:
    assert "curatory alias add model/detector:v14 prod" in call("alias", code=2).err


HEAVY = ("textual", "psycopg", "sqlite_utils", "http", "httpx", "aiohttp", "socketserver", "asyncio", "ssl")


def loaded(*args: str) -> set[str]:
    """The packages in memory when a call has ended."""
    code = (
        "import sys, atexit\n"
        f"sys.argv = ['curatory', *{list(args)!r}]\n"
        "from curatory.tui.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0, end.code\n"
        "print('LOADED', *{m.split('.')[0] for m in sys.modules}, 'curatory.store' in sys.modules and 'STORE')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("LOADED")[2].split())


def test_help_loads_neither_rich_nor_the_store() -> None:
    found = loaded("--help")
    assert not found & {*HEAVY, "rich", "STORE", "sqlite3", "pysqlite3"}


def test_help_of_a_command_loads_neither_rich_nor_the_store() -> None:
    for command in ("get", "ls", "history"):
        assert not loaded(command, "--help") & {*HEAVY, "rich", "STORE"}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("shop")
def test_get_and_ls_load_nothing_heavy(url: str, tmp_path) -> None:
    here = ("--store", url, "--as", "ana")
    assert not loaded(*here, "get", "model/detector:prod", "--root", str(tmp_path / "got")) & set(HEAVY)
    assert not loaded(*here, "ls", "model") & set(HEAVY)
    assert not loaded(*here, "alias", "add", "model/detector:v1", "eu") & set(HEAVY)
