"""Text from the store steers no terminal, whoever put it there and however it is printed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import pytest
from curatory.store import Store
from curatory.tui.safe import clean, clean_lines, json_text
from rich.cells import cell_len

from .conftest import Cli
from .terminals import lines, on_terminal

# A title, a cleared screen, the same with C1, a turned direction, what has no width, DEL, a hyperlink, markup.
NAME = "a\x1b]0;pwn\x07\x1b[2J\x9b31m\x9d0;x\x9cb\u202ec\u200bd\x7f\u2066[bold]한글[link=x]"
TEXT = NAME + "\r\n\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\ [/] \u2028 \x0b\x0c\x85 [red]"


@pytest.fixture
def hostile(shop: Store) -> Store:
    """Hostile text wherever rules, or somebody with the database file, let it be."""
    run = shop.runs.get("vision/training/night-1")
    shop.collections.describe("model/detector", TEXT)
    shop.versions.describe("model/detector:v1", TEXT)
    shop.versions.set_metadata("model/detector:v1", {NAME: {TEXT: [TEXT]}})
    shop.runs.set(run, config={NAME: TEXT}, summary={NAME: TEXT, "loss": 0.1})
    shop.tags.add("model/detector", "plain")
    execute = shop.engine.execute
    execute(
        "UPDATE run SET title = :t, notes = :t, job_type = :t, run_group = :t WHERE id = :i", {"t": TEXT, "i": run.id}
    )
    execute("UPDATE collection_tag SET tag = :t", {"t": NAME})
    execute("UPDATE version_tag SET tag = :t", {"t": NAME})
    execute("UPDATE alias SET alias = :t WHERE alias = 'best'", {"t": NAME})
    execute("UPDATE entry SET path = :t", {"t": TEXT.replace("/", "")})
    execute("UPDATE project SET description = :t WHERE name = 'wandb-registry-model'", {"t": TEXT})
    execute("UPDATE entity SET name = :n, key = 'lee', email = :t WHERE name = 'lee'", {"n": NAME, "t": TEXT})
    execute("UPDATE blob SET problem = :t", {"t": TEXT})
    execute("UPDATE collection SET name = :n WHERE kind = 'sequence'", {"n": NAME.replace(":", "")})
    shop.tags.add(f"vision/training/{NAME}:v1", "in-the-history")
    return shop


READING = [
    ["overview"],
    ["ls"],
    ["ls", "--all"],
    ["ls", "model"],
    ["ls", "model/detector"],
    ["ls", "model/detector:v1"],
    ["ls", "vision/training"],
    ["ls", "vision/training", "--runs"],
    ["show", "model"],
    ["show", "model/detector"],
    ["show", "model/detector:v1"],
    ["show", "vision/training/night-1"],
    ["show", "vision/training"],
    ["show", "lee"],
    ["show", "acme"],
    ["search", "detector"],
    ["search", "version>=0"],
    ["lineage", "model/detector:v1"],
    ["lineage", "model/detector:v1", "--format", "dot"],
    ["alias", "ls", "model/detector"],
    ["alias", "history", "model/detector", "prod"],
    ["tag", "ls"],
    ["member", "ls", "model"],
    ["team", "ls"],
    ["team", "ls", "vision"],
    ["user", "ls"],
    ["history"],
    ["history", "lee"],
    ["undo", "--list"],
    ["redo", "--list"],
    ["verify"],
    ["audit", "verify"],
    ["stats"],
]
REFUSED = [
    ["show", f"model/{NAME}"],
    ["ls", TEXT.replace("/", "")],
    ["search", f"tag:({NAME}"],
    ["alias", "add", "model/detector:v1", NAME],
    ["tag", "add", "model/detector", NAME],
    [NAME],
]


def forbidden(text: str) -> Iterator[str]:
    """Characters that steer a terminal or lie about what is on it."""
    for character in text.replace("\n", ""):
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            yield repr(character)


@pytest.mark.usefixtures("hostile")
def test_into_a_pipe(cli: Cli) -> None:
    for arguments in (*READING, *REFUSED):  # one store for all: making it costs more than they do
        done = cli(*arguments, code=None)
        assert (done.code == 0) == (arguments in READING), done
        assert done.code in (0, 1, 2), done
        assert not list(forbidden(done.out + done.err)), arguments


@pytest.mark.usefixtures("hostile")
def test_as_json(cli: Cli) -> None:
    for arguments in READING:
        if "dot" not in arguments:
            done = cli(*arguments, "--json")
            assert not list(forbidden(done.out)), arguments
            assert done.document


def test_json_says_exactly_what_is_stored(cli: Cli, hostile: Store) -> None:
    assert cli("show", "model/detector", "--json").document["description"] == TEXT
    assert cli("show", "model/detector:v1", "--json").document["metadata"] == {NAME: {TEXT: [TEXT]}}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("columns", [80, 40])
def test_on_a_terminal(url: str, hostile: Store, columns: int) -> None:
    here = ["--store", url, "--as", "ana"]
    got = on_terminal([[*here, *one] for one in READING], columns=columns)
    printed = lines(got)
    assert not list(forbidden("".join(printed)))
    # dot is for another program, which wants its lines whole
    wide = [line for line in printed if cell_len(line) > columns and "label=" not in line]
    assert not wide
    assert "한글" in "".join(printed)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_progress_on_a_terminal(url: str, hostile: Store, tmp_path) -> None:
    here = ["--store", url, "--as", "ana"]
    got = on_terminal(
        [[*here, "verify"], [*here, "get", "model/detector:v1", "--root", str(tmp_path / "g")]], stderr=True
    )
    text = got.decode()
    for piece in ("]0;pwn", "[2J", "\x9b", "\x9d", "\u202e", "\u200b", "]8;;http"):
        assert "\x1b" + piece not in text if piece[0] in "][" else piece not in text


# -- safe.py ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("detector 검출기 🚀", "detector 검출기 🚀"),
        ("\x1b[2J", "␛[2J"),
        ("a\nb\tc\0", "a␊b␉c␀"),
        ("\x7f", "␡"),
        ("\x9b\x85", "��"),
        ("\u202e\u2066\u200b\ufeff", "����"),
        ("\ud800", "�"),
        ("\u2028\u2029", "��"),
        ("👩\u200d🚀 ❤\ufe0f 1\ufe0f\u20e3", "👩\u200d🚀 ❤\ufe0f 1\ufe0f\u20e3"),
        ("prod\u200d", "prod�"),
        ("pro\ufe0fd", "pro�d"),
        ("prod\u3164", "prod�"),
        ("\ufffe\U0001ffff", "��"),
        ("[bold]x[/]", "[bold]x[/]"),
        ("a\xa0b\u3000c", "a\xa0b\u3000c"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_clean_takes_every_character() -> None:
    for code in (*range(0x20000), *range(0xE0000, 0xE1000), 0x10FFFF):
        character = chr(code)
        if not character.isprintable():
            assert not list(forbidden(clean(f"a{character}b"))), hex(code)


def test_a_very_long_line_is_cut_and_lines_are_kept() -> None:
    assert len(clean("x" * 10_000)) == 4096
    assert clean("x" * 10_000).endswith("…")
    assert clean_lines("a\r\nb\rc\n\td\x1b") == ["a", "b", "c", "    d␛"]


def test_json_text_is_the_same_value_in_plain_characters() -> None:
    import json

    for value in (TEXT, {"k\x9b": ["\u202e", "\ud800", "한글", "\U000e0041"]}):
        text = json_text(value)
        assert json.loads(text) == value
        assert not list(forbidden(text))
    assert "한글" in json_text("한글")
    assert re.search(r"\\udb40\\udc41", json_text("\U000e0041"))
