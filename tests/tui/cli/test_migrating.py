"""migrate: plan, run, verify, rollback, ls; and what becomes of old paths."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from curatory.store import NotFound, Store
from rich.cells import cell_len

from .conftest import Cli
from .terminals import lines, on_terminal
from .test_hostile import TEXT, forbidden

OLD, NEW = "vision/model-registry", "vision-mr-migrated"
SOURCE = "vision/training/detector"
LONG = "검" * 128


def registered(store: Store) -> Store:
    """ana an admin, kim a member, lee a viewer of the team; three registered models, `prod` protected."""
    store.teams.set_member("vision", "lee", "viewer")
    store.legacy.link_model(f"{SOURCE}:v0", "detector", ["prod"])
    store.legacy.link_model(f"{SOURCE}:v1", "detector")
    store.legacy.link_model(f"{SOURCE}:v1", "분할기 [red]", ["eu"])
    store.legacy.link_model(f"{SOURCE}:v0", LONG)
    store.tags.add(f"{OLD}/detector", "robust")
    store.collections.describe(f"{OLD}/detector", TEXT)
    store.registries.protect(OLD, "prod")
    return store


@pytest.fixture
def legacy(shop: Store) -> Store:
    return registered(shop)


@pytest.fixture
def migrated(legacy: Store) -> Store:
    legacy.migrations.run("vision")
    return legacy


# -- plan -----------------------------------------------------------------------------------------------------------


def test_the_plan_shows_problems_access_and_collections_and_changes_nothing(cli: Cli, legacy: Store) -> None:
    head = legacy.events.head()
    done = cli("migrate", "plan", "vision")
    for said in (
        f"{OLD}  →  acme/wandb-registry-{NEW}",
        "3 collections, 4 versions",
        "its card holds invisible or control characters; it is copied",
        "분할기 [red]",
        "prod v0",
    ):
        assert said in done.out
    assert [line.split()[:3] for line in done.out.splitlines() if line.startswith(("  kim", "  lee"))] == [
        ["kim", "member", "member"],
        ["lee", "viewer", "viewer"],
    ]
    assert "carry it out: curatory migrate run vision" in done.err
    assert not list(forbidden(done.out + done.err))
    assert legacy.events.head() == head


def test_the_plan_as_json(cli: Cli, legacy: Store) -> None:
    plan = cli("migrate", "plan", "vision", "--json").document
    assert set(plan) == {
        "kind", "team", "source", "registry", "blocked", "versions", "protected_aliases", "collections", "people", "problems",
        "automations",
    }  # fmt: skip
    assert (plan["kind"], plan["team"], plan["source"], plan["blocked"]) == ("legacy", "vision", OLD, False)
    assert plan["collections"][0] == {
        "name": "detector", "target": "detector", "type": "model", "versions": 2, "aliases": {"prod": 0}, "tags": ["robust"],
    }  # fmt: skip
    assert [one["name"] for one in plan["collections"]][1:] == ["분할기 [red]", LONG]
    assert {one["name"]: (one["before"], one["after"]) for one in plan["people"]} == {
        "ana": ("admin", "admin"), "kim": ("member", "member"), "lee": ("viewer", "viewer"),
    }  # fmt: skip
    assert plan["protected_aliases"] == ["prod"]


def test_a_plan_is_kept_as_json_or_markdown(cli: Cli, legacy: Store, tmp_path: Path) -> None:
    document, page = tmp_path / "계획.json", tmp_path / "plan.md"
    done = cli("migrate", "plan", "vision", "--save", str(document))
    assert f"written: {document}" in done.err
    assert json.loads(document.read_text("utf-8")) == cli("migrate", "plan", "vision", "--json").document
    cli("migrate", "plan", "vision", "--save", str(page), "--json")
    text = page.read_text("utf-8")
    assert "| detector | the same | model | 2 | prod → v0 | robust |" in text
    assert "| 분할기 \\[red] |" in text
    assert not list(forbidden(text))


@pytest.mark.parametrize(
    ("file", "says", "code"),
    [
        ("plan.txt", "ends neither in .json nor in .md", 1),
        ("plan", "ends neither in .json nor in .md", 1),
        ("no/such/plan.md", "can't be written: No such file or directory", 1),
        (".", "is a directory", 2),
    ],
)
def test_a_plan_that_can_not_be_kept(cli: Cli, legacy: Store, tmp_path: Path, file: str, says: str, code: int) -> None:
    done = cli("migrate", "plan", "vision", "--save", str(tmp_path / file), code=code)
    assert says in done.err
    assert done.out == ""
    assert not (tmp_path / file).is_file()


def test_a_plan_says_what_must_be_mended_first(cli: Cli, legacy: Store, tmp_path: Path) -> None:
    legacy.registries.create(NEW)
    done = cli("migrate", "plan", "vision", "--save", str(tmp_path / "plan.md"))
    said = "there is a registry of that name already; must be mended first: rename or delete it first"
    assert said in done.out
    assert "carry it out" not in done.err
    assert "**must be mended first:** rename or delete" in (tmp_path / "plan.md").read_text("utf-8")
    assert cli("migrate", "plan", "vision", "--json").document["blocked"] is True
    assert "can't be migrated yet" in cli("migrate", "run", "vision", code=1).err
    assert cli("migrate", "ls", "--json").document["items"] == []


def test_plan_and_run_are_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "The team 'vision' has no legacy registry" in cli("migrate", "plan", "vision", code=1).err
    registered(shop)
    for verb in ("plan", "run"):
        assert "kim is not allowed to migrate" in cli("migrate", verb, "vision", by="kim", code=1).err
        assert "lee is not allowed to migrate" in cli("migrate", verb, "vision", by="lee", code=1).err
        assert "There is no team 'nope'" in cli("migrate", verb, "nope", code=1).err
        cli("migrate", verb, code=2)
    shop.users.add("mo")
    assert "has no legacy registry" in cli("migrate", "plan", "vision", by="mo", code=1).err, "it is not for mo to know"
    shop.migrations.run("vision", lambda *_: False)
    assert "is being migrated to" in cli("migrate", "plan", "vision", code=1).err
    shop.migrations.run("vision")
    assert f"was migrated to acme/wandb-registry-{NEW} on 2026-01-01" in cli("migrate", "plan", "vision", code=1).err


# -- run, verify, rollback, ls --------------------------------------------------------------------------------------


def test_run(cli: Cli, legacy: Store) -> None:
    done = cli("migrate", "run", "vision")
    assert f"migrated {OLD} to acme/wandb-registry-{NEW}: 3 collections, 4 versions" in done.out
    assert done.err.splitlines() == [
        "prove it:  curatory migrate verify vision",
        "review it: curatory review ls vision",
        "give up:   curatory migrate rollback vision",
    ]
    assert legacy.collections.get(f"{NEW}/detector").aliases == {"prod": 0}
    assert "has been migrated to" in cli("migrate", "run", "vision", code=1).err
    assert "is read-only: it was migrated" in cli("registry", "edit", OLD, "--description", "x", code=1).err


def test_run_goes_on_with_what_was_begun(cli: Cli, legacy: Store) -> None:
    legacy.migrations.run("vision", lambda copied, *_: copied < 1)
    assert "running  1 of 3" in cli("migrate", "ls").out
    assert "not all copied yet (1 of 3 collections)" in cli("migrate", "verify", "vision", code=1).err
    assert "goes on" in cli("review", "accept", f"{NEW}/{LONG}", code=1).err
    document = cli("migrate", "run", "vision", "--json").document
    assert (document["state"], document["copied"], document["collections"], document["versions"]) == ("done", 3, 3, 4)
    assert legacy.migrations.verify("vision").ok


def test_verify_names_what_differs_and_ends_with_1(cli: Cli, migrated: Store) -> None:
    done = cli("migrate", "verify", "vision")
    assert "both sides are the same" in done.out
    assert done.err == "", "nobody has used an old path"
    document = cli("migrate", "verify", "vision", "--json").document
    assert document["ok"] is True
    assert {"collections": 3, "versions": 4, "paths": 3, "people": 3}.items() <= document["compared"].items()
    migrated.aliases.add(f"{NEW}/detector:v1", "prod")
    done = cli("migrate", "verify", "vision", code=1)
    assert "detector: alias prod: v0 → v1" in done.out
    assert "error: 1 difference;" in done.err
    assert cli("migrate", "verify", NEW, "--json", code=1).document["differences"] == [
        {"subject": "detector", "what": "alias prod", "old": "v0", "new": "v1"}
    ]
    assert "Nothing of 'nope' has been migrated" in cli("migrate", "verify", "nope", code=1).err


def test_rollback_is_confirmed_where_something_was_done_since(cli: Cli, migrated: Store) -> None:
    cli("review", "accept", f"{NEW}/detector")
    cli("alias", "add", f"{NEW}/detector:v1", "eu")
    done = cli("migrate", "rollback", "vision", code=1)
    assert "1 change was made" in done.err
    assert "--confirm" in done.err
    assert "kim is not allowed" in cli("migrate", "rollback", "vision", "--confirm", by="kim", code=1).err
    assert f"{OLD} is written to again" in cli("migrate", "rollback", "vision", "--confirm").out
    with pytest.raises(NotFound):
        migrated.registries.get(NEW)
    assert "Nothing of 'vision' has been migrated" in cli("migrate", "rollback", "vision", code=1).err
    assert "nothing was migrated yet" in cli("migrate", "ls").err
    assert cli("alias", "add", f"{OLD}/detector:v1", "eu").err.startswith("undo:"), "no old path any more"


def test_rollback_of_what_nobody_touched(cli: Cli, migrated: Store) -> None:
    assert cli("migrate", "rollback", NEW, "--json").document["state"] == "rolled back"
    cli("migrate", "run", "vision")


def test_ls_says_how_far_each_is(cli: Cli, legacy: Store) -> None:
    assert cli("migrate", "ls", "--json").document == {"items": [], "after": None}
    legacy.migrations.run("vision")
    cli("review", "flag", f"{NEW}/detector", "--comment", "no")
    assert [" ".join(line.split()) for line in cli("migrate", "ls").out.splitlines()][1].startswith(
        f"{OLD} acme/wandb-registry-{NEW} in review 3 of 3 0 of 3 1"
    )
    (document,) = cli("migrate", "ls", "--json").document["items"]
    assert set(document) == {
        "kind", "team", "source", "registry", "state", "started_at", "started_by", "until", "ended_at", "collections",
        "copied", "versions", "review",
    }  # fmt: skip
    assert document["review"] == {"accepted": 0, "flagged": 1, "unreviewed": 2, "total": 3}
    assert len(cli("migrate", "ls", "--json", by="lee").document["items"]) == 1
    legacy.users.add("mo")
    assert cli("migrate", "ls", "--json", by="mo").document["items"] == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("columns", [80, 40])
def test_on_a_terminal(url: str, legacy: Store, columns: int) -> None:
    here = ["--store", url, "--as", "ana", "migrate"]
    verbs = [["plan", "vision"], ["run", "vision"], ["ls"], ["verify", "vision"], ["rollback", "vision"]]
    printed = lines(on_terminal([[*here, *one] for one in verbs], columns=columns))
    assert max(map(cell_len, printed)) <= columns
    assert not list(forbidden("".join(printed)))
    assert "✓ both sides are the same" in " ".join(line.strip() for line in printed)


# -- old paths --------------------------------------------------------------------------------------------------------

WARNING = f"warning: {OLD}/detector was migrated to acme/wandb-registry-{NEW}/detector; use that path from now on.\n"


OF_OLD = [
    ["show", f"{OLD}/detector"],
    ["show", f"{OLD}/detector:prod"],
    ["ls", f"{OLD}/detector"],
    ["history", f"{OLD}/detector"],
    ["lineage", f"{OLD}/detector:v1"],
    ["get", f"{OLD}/detector:prod", "--root", "{folder}"],
    ["alias", "add", f"{OLD}/detector:v1", "eu"],
    ["tag", "add", f"{OLD}/detector", "fast"],
    ["link", f"{SOURCE}:v1", f"{OLD}/detector", "--alias", "canary"],
    ["link", f"{OLD}/detector:v1", f"{OLD}/detector"],
    ["unlink", f"{OLD}/detector:v1", "--dry-run"],
]


def test_an_old_path_leads_on_and_is_told_once_beside_the_answer(cli: Cli, migrated: Store, tmp_path: Path) -> None:
    for each in OF_OLD:
        arguments = [part.replace("{folder}", str(tmp_path / "got")) for part in each]
        done = cli(*arguments, "--json")
        assert done.err.count("warning:") == 1, arguments
        assert WARNING in done.err, arguments
        assert done.document, arguments
        done = cli(*arguments)
        assert done.err.count(WARNING) == 1, arguments
        assert "warning" not in done.out, arguments
    assert "warning" not in cli("show", f"{NEW}/detector").err
    assert "warning" not in cli("show", LONG).err, "a bare name is the registry's"


def test_links_go_on_under_the_old_name_but_none_is_made_anew(cli: Cli, migrated: Store) -> None:
    done = cli("link", f"{SOURCE}:v1", f"{OLD}/{LONG}")
    assert f"linked {NEW}/{LONG}:v1 ← {SOURCE}:v1" in done.out
    head = migrated.events.head()
    done = cli("link", f"{SOURCE}:v1", f"{OLD}/fresh", code=1)
    assert f"it was migrated to acme/wandb-registry-{NEW}" in done.err
    assert "warning" not in done.err
    assert migrated.events.head() == head
    assert "(a new collection)" in cli("link", f"{SOURCE}:v1", f"{NEW}/fresh").out
