"""init, demo, overview, and `curatory` alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from curatory.store import Store, open_store
from curatory.tui.cli.session import Session

from .conftest import Cli, call


def test_init_makes_a_store_with_the_caller_as_admin(url: str, tmp_path: Path) -> None:
    blobs = str(tmp_path / "files")
    done = call("--store", url, "--as", "ana", "init", "--organization", "acme", "--team", "vision", "--blobs", blobs)
    assert "made a store at" in done.out
    assert "next: curatory log" in done.err
    with open_store(url, "ana") as store:
        assert [one.name for one in store.organizations.list()] == ["acme"]
        assert store.teams.get("vision").role == "admin"
        assert str(store.blobs.root) == blobs


def test_init_says_as_json_what_it_made(url: str, tmp_path: Path) -> None:
    done = call("--store", url, "--as", "ana", "init", "--blobs", str(tmp_path / "files"), "--json")
    assert set(done.document) == {"store", "id", "organization", "team", "actor", "blobs"}


def test_a_store_that_is_there_is_left_alone(cli: Cli) -> None:
    done = cli("init", code=1)
    assert done.err.startswith("error: There is a store at")
    assert done.out == ""


def test_init_refuses_names_that_clash(url: str) -> None:
    assert "need different names" in call("--store", url, "--as", "ana", "init", "--team", "ana", code=1).err


def test_init_takes_no_arguments(url: str) -> None:
    assert "unexpected extra argument" in call("--store", url, "init", "here", code=2).err


def test_init_makes_only_its_own_default_folder(tmp_path: Path) -> None:
    done = call("--store", str(tmp_path / "nowhere" / "r.db"), "--as", "ana", "init", code=1)
    assert "no folder" in done.err
    home = tmp_path / "data"
    call("--as", "ana", "init", env={"XDG_DATA_HOME": str(home)})
    assert (home / "curatory" / "registry.db").exists()


def test_the_store_is_the_option_then_the_environment_then_the_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("CURATORY_STORE", raising=False)
    assert Session().url == str(tmp_path / "curatory" / "registry.db")
    monkeypatch.setenv("CURATORY_STORE", "there.db")
    assert Session().url == "there.db"
    assert Session("here.db").url == "here.db"


def test_options_may_stand_behind_the_command(url: str, store: Store) -> None:
    assert "model" in call("ls", "--store", url, "--as", "ana").out


def test_an_unknown_actor_and_a_missing_store_are_refused(cli: Cli, tmp_path: Path) -> None:
    assert "is not a user of this store" in cli("ls", by="nobody", code=1).err
    assert "is not a user of this store" in cli(by="nobody", code=1).err
    assert "Make one with `curatory init`" in call("--store", str(tmp_path / "none.db"), "ls", code=1).err
    assert "not a store Curatory can open" in call("--store", "mysql://x/y", "ls", code=1).err


def test_alone_without_a_store_it_teaches(tmp_path: Path) -> None:
    done = call(env={"XDG_DATA_HOME": str(tmp_path)})
    assert "curatory init" in done.out
    assert "curatory demo --open" in done.out


def test_alone_it_shows_the_overview(cli: Cli, shop: Store) -> None:
    done = cli()
    assert done.out == cli("overview").out
    assert "ana · admin" in done.out
    assert "model" in done.out
    assert "changed the card of model/detector" in done.out


def test_the_overview_of_an_empty_store_teaches(cli: Cli) -> None:
    assert "curatory log model.bin --name detector --type model" in cli("overview").out


def test_the_overview_has_what_needs_attention(cli: Cli, shop: Store) -> None:
    assert "Needs attention" not in cli("overview").out
    file = shop.versions.files("model/detector:v0")[0]
    assert file.sha256
    shop.blobs.path_of(file.sha256).unlink()
    shop.garbage.verify()
    assert "1 stored file not what" in cli("overview").out


def test_overview_document(cli: Cli, shop: Store) -> None:
    document = cli("overview", "--json").document
    assert set(document) == {
        "store", "actor", "organizations", "teams", "registries", "legacy_registries", "newest", "attention",
    }  # fmt: skip
    assert document["organizations"] == [{"name": "acme", "role": "admin"}]
    assert sorted(one["name"] for one in document["registries"]) == ["dataset", "model"]


def test_overview_is_refused_without_a_store_and_takes_no_arguments(tmp_path: Path, cli: Cli) -> None:
    assert call("--store", str(tmp_path / "none.db"), "overview", code=1).err.startswith("error: ")
    cli("overview", "model", code=2)


def test_demo_builds_once_and_opens_what_is_there(tmp_path: Path) -> None:
    where = str(tmp_path / "new" / "demo.db")
    done = call("demo", "--store", where)
    assert "built a demonstration store" in done.out
    assert "--as ana" in done.err
    assert "There is a store" in call("demo", "--store", where, code=1).err
    opened = call("--store", where, "demo", "--open")
    assert "Registries" in opened.out
    assert "built" not in opened.out
    assert "음성 모델" in call("--store", where, "--as", "ana", "ls").out
    call("demo", "extra", code=2)
