"""What is asked of a person, and what the shell is told."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest
from curatory.store import NotFound, Store

from .conftest import Cli


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits at the terminal."""
    for module in ("writing", "registries", "describing"):
        monkeypatch.setattr(f"curatory.tui.cli.{module}.interactive", lambda: True)


@pytest.mark.usefixtures("person")
def test_a_registry_goes_when_its_name_is_typed(cli: Cli, shop: Store) -> None:
    cli("registry", "create", "golden")
    done = cli("registry", "rm", "golden", input="gold\n", code=1)
    assert "That is not its name" in done.err
    assert shop.registries.get("golden")
    cli("registry", "rm", "golden", input="\n", code=1)
    done = cli("registry", "rm", "golden", input="golden\n")
    assert "This deletes the registry acme/wandb-registry-golden with 0 collections" in done.err
    with pytest.raises(NotFound):
        shop.registries.get("golden")


@pytest.mark.usefixtures("person")
def test_who_will_newly_see_a_registry_is_asked_about(cli: Cli, shop: Store) -> None:
    cli("registry", "create", "golden", "--visibility", "restricted")
    edit = ("registry", "edit", "golden", "--visibility", "organization")
    done = cli(*edit, input="n\n", code=1)
    assert "2 people will newly see golden: kim, lee" in done.err
    assert "Nothing was changed" in done.err
    cli(*edit, input="y\n")
    assert shop.registries.get("golden").visibility == "organization"


@pytest.mark.usefixtures("person")
def test_no_answer_is_an_interruption(cli: Cli, shop: Store) -> None:
    assert "interrupted" in cli("rm", "vision/training/night-2", input="", code=130).err


@pytest.mark.usefixtures("person")
def test_the_editor_gets_the_text_and_gives_it_back(cli: Cli, shop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def edit(text: str, **_: object) -> str:
        seen.append(text)
        return f"{text}\n\nMore.\n"

    monkeypatch.setattr(click, "edit", edit)
    cli("describe", "model/detector")
    assert seen == ["# Detector\n\nFinds things."]
    assert shop.collections.get("model/detector").description == "# Detector\n\nFinds things.\n\nMore."
    monkeypatch.setattr(click, "edit", lambda *_, **__: None)
    assert "left as it was" in cli("describe", "model/detector", code=1).err


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ls mo", {"model/"}),
        ("ls ", {"model/", "dataset/", "vision/training/"}),
        ("show model/", {"model/detector", "model/검출기"}),
        ("show model/detector:", {"model/detector:" + mark for mark in ("latest", "v1", "best", "prod")}),
        ("show nowhere/", set()),
        ("al", {"alias"}),
    ],
)
def test_the_shell_completes_paths(url: str, shop: Store, typed: str, offered: set[str]) -> None:
    shop.collections.create("model/검출기", "model")
    words = f"curatory --store {url} --as ana {typed}"
    done = subprocess.run(
        [sys.executable, "-m", "curatory.tui"],
        env={
            **os.environ,
            "_CURATORY_COMPLETE": "zsh_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    # zsh wants colons that are not separators escaped; descriptions follow on lines of their own
    listed = [line.replace("\\:", ":") for line in done.stdout.splitlines()]
    assert {value for kind, value in zip(listed[::3], listed[1::3], strict=False) if kind == "plain"} == offered
