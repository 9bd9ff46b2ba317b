"""review: the queue, both sides, verdicts, the sign-off and the report."""

from __future__ import annotations

from pathlib import Path

import pytest
from curatory.store import Store
from rich.cells import cell_len

from .conftest import Cli
from .terminals import lines, on_terminal
from .test_curating import WRITTEN
from .test_hostile import NAME, TEXT, forbidden
from .test_migrating import LONG, NEW, OLD, registered

RED = "분할기 [red]"
ALL = (f"{NEW}/detector", f"{NEW}/{RED}", f"{NEW}/{LONG}")


@pytest.fixture
def migrated(shop: Store) -> Store:
    registered(shop).migrations.run("vision")
    return shop


def verdicts(store: Store) -> list[str | None]:
    return [one.verdict for one in store.reviews.queue(store.migrations.get("vision"))]


# -- looking ----------------------------------------------------------------------------------------------------------


def test_the_queue(cli: Cli, migrated: Store) -> None:
    assert "0 of 3 accepted" in cli("review", "ls", "vision").err
    cli("review", "accept", f"{NEW}/detector")
    cli("review", "flag", f"{NEW}/{RED}", "--comment", "prod is on v1", by="kim")
    done = cli("review", "ls", NEW)
    assert [line.split()[0] for line in done.out.splitlines()] == ["collection", "detector", "분할기", LONG]
    assert "flagged   kim" in done.out
    assert "prod is on v1" in done.out
    assert "1 of 3 accepted, 1 flagged" in done.err
    assert "detector" not in cli("review", "ls", "vision", "--only", "flagged").out
    assert cli("review", "ls", "vision", "--only", "unreviewed").out.splitlines()[1].split()[0] == LONG
    cli("review", "reopen", f"{NEW}/detector")
    assert cli("review", "ls", "vision", "--only", "accepted").out == ""
    cli("review", "ls", "vision", "--only", "rejected", code=2)
    assert "Nothing of 'nope' has been migrated. Migrated: vision." in cli("review", "ls", "nope", code=1).err


def test_the_queue_as_json(cli: Cli, migrated: Store) -> None:
    cli("review", "flag", f"{NEW}/{RED}", "--comment", "no")
    document = cli("review", "ls", "vision", "--json").document
    assert [one["name"] for one in document["items"]] == ["detector", RED, LONG]
    assert document["tally"] == {"accepted": 0, "flagged": 1, "unreviewed": 2, "total": 3}
    flagged = cli("review", "ls", "vision", "--only", "flagged", "--json").document["items"]
    assert [(one["path"], one["verdict"], one["comment"], one["reviewed_by"]) for one in flagged] == [
        (f"acme/wandb-registry-{NEW}/{RED}", "flagged", "no", "ana")
    ]
    assert set(flagged[0]) == {
        "name", "target", "path", "state", "versions", "note", "copied_at", "verdict", "comment", "reviewed_by", "reviewed_at",
    }  # fmt: skip


def test_a_collection_before_and_now(cli: Cli, migrated: Store) -> None:
    done = cli("review", "show", f"{NEW}/detector")
    assert "versions  2 → 2" in done.out
    assert "Differences\n  None." in done.out
    assert f"accept it: curatory review accept {NEW}/detector" in done.err
    migrated.aliases.add(f"{NEW}/detector:v1", "prod")
    assert "alias prod: v0 → v1" in cli("review", "show", f"{OLD}/detector").out
    document = cli("review", "show", f"vision/{RED}", "--json").document
    for side, path in (("old", f"{OLD}/{RED}"), ("new", f"acme/wandb-registry-{NEW}/{RED}")):
        one = document[side]
        assert (one["path"], one["aliases"], len(one["versions"])) == (path, {"eu": 0}, 1)
    assert document["differences"] == []
    migrated.collections.remove(f"{NEW}/{RED}")
    assert "it was deleted" in cli("review", "show", f"{NEW}/{RED}").out
    document = cli("review", "show", f"{NEW}/{RED}", "--json").document
    assert (document["path"], document["new"], document["old"]["aliases"]) == (None, None, {"eu": 0})
    for registry in (f"acme/{NEW}", f"wandb-registry-{NEW}", f"acme/wandb-registry-{NEW}", "vision", OLD):
        assert cli("review", "show", f"{registry}/detector", "--json").document["name"] == "detector"
    assert "There is no collection 'nope'" in cli("review", "show", f"{NEW}/nope", code=1).err
    assert "it looks like registry/collection" in cli("review", "show", "detector", code=1).err


# -- verdicts ---------------------------------------------------------------------------------------------------------


def test_several_are_accepted_and_undone_as_one(cli: Cli, migrated: Store) -> None:
    done = cli("review", "accept", f"{NEW}/detector", f"{OLD}/{RED}", "--comment", "fine")
    assert f"accepted {NEW}/detector: fine\naccepted {NEW}/{RED}: fine" in done.out
    assert "warning" not in done.err, "what was migrated is named by its old path, too"
    assert verdicts(migrated) == ["accepted", "accepted", None]
    assert cli("undo").out.count("took back") == 2
    assert verdicts(migrated) == [None] * 3
    cli("redo")
    assert "Nothing changed" in cli("review", "accept", f"{NEW}/detector", "--comment", "fine").out
    assert "took the verdict off" in cli("review", "reopen", f"{NEW}/detector", f"{NEW}/{RED}").out
    assert verdicts(migrated) == [None] * 3
    document = cli("review", "accept", *ALL, "--json").document
    assert set(document) == WRITTEN
    assert [one["action"] for one in document["changes"]] == ["review.accept"] * 3


def test_one_that_is_not_there_leaves_all_as_they_were(cli: Cli, migrated: Store) -> None:
    assert "There is no collection" in cli("review", "accept", f"{NEW}/detector", f"{NEW}/nope", code=1).err
    assert verdicts(migrated) == [None] * 3


def test_a_flag_needs_a_comment(cli: Cli, migrated: Store) -> None:
    assert "Missing option '--comment'" in cli("review", "flag", f"{NEW}/detector", code=2).err
    assert "a flag needs a comment" in cli("review", "flag", f"{NEW}/detector", "--comment", " ", code=1).err
    long = cli("review", "flag", f"{NEW}/detector", "--comment", "x" * 2_001, code=1)
    assert "at most 2,000 characters" in long.err
    cli("review", "flag", "--comment", "x", code=2)
    assert verdicts(migrated) == [None] * 3


def test_a_dry_run_changes_nothing(cli: Cli, migrated: Store) -> None:
    assert "would have" in cli("review", "accept", *ALL, "--dry-run").out
    assert cli("review", "flag", *ALL, "--comment", "x", "--dry-run", "--json").document["dry_run"] is True
    assert verdicts(migrated) == [None] * 3
    cli("review", "accept", *ALL)
    assert "would have\n  took the verdict off" in cli("review", "reopen", f"{NEW}/detector", "--dry-run").out
    assert "would have\n  signed off the migration" in cli("review", "sign-off", "vision", "--dry-run").out
    assert verdicts(migrated) == ["accepted"] * 3
    assert migrated.migrations.get("vision").state == "done"


def test_the_sign_off(cli: Cli, migrated: Store) -> None:
    cli("review", "accept", *ALL[:2])
    refused = cli("review", "sign-off", "vision", code=1).err
    assert "1 collection is not reviewed; `curatory review ls vision` shows the queue." in " ".join(refused.split())
    cli("review", "flag", ALL[2], "--comment", "no")
    assert "1 collection is flagged; " in cli("review", "sign-off", "vision", code=1).err
    cli("review", "accept", ALL[2])
    assert "that needs the role admin" in cli("review", "sign-off", "vision", by="kim", code=1).err
    assert cli("review", "sign-off", "vision", "--json").document["result"]["state"] == "approved"
    assert "signed off" in cli("migrate", "ls").out
    assert "3 of 3 accepted; signed off" in cli("review", "ls", "vision").err
    for refused in (["review", "reopen", ALL[0]], ["review", "sign-off", "vision"], ["migrate", "rollback", "vision"]):
        assert "signed off" in cli(*refused, code=1).err
    assert "took back event" in cli("undo").out
    cli("review", "reopen", ALL[0])


def test_who_may_not_review_is_told_why(cli: Cli, migrated: Store) -> None:
    for verb in (["accept"], ["flag", "--comment", "no"], ["reopen"]):
        done = cli("review", *verb, f"{NEW}/detector", by="lee", code=1)
        assert "lee is not allowed to review a migrated collection" in done.err
        assert "that needs the role member, lee is viewer" in done.err
    assert "not allowed" in cli("review", "sign-off", "vision", by="lee", code=1).err
    assert "alias" in cli("review", "show", f"{NEW}/detector", by="lee").out, "looking is free"
    assert verdicts(migrated) == [None] * 3
    migrated.users.add("mo")
    for verb in (["ls", "vision"], ["show", f"{NEW}/detector"], ["report", "vision"], ["accept", f"{NEW}/detector"]):
        assert "has been migrated. Migrated: nothing yet" in cli("review", *verb, by="mo", code=1).err


# -- the report -------------------------------------------------------------------------------------------------------


def test_the_report(cli: Cli, migrated: Store, tmp_path: Path) -> None:
    cli("review", "accept", *ALL)
    cli("review", "flag", f"{NEW}/{RED}", "--comment", "a | b\n*c*", by="kim")
    text = cli("review", "report", "vision").out
    assert "# Review of vision/model-registry" in text
    assert "**Not signed off.**" in text
    assert "2 accepted, 1 flagged, 0 not reviewed, of 3." in text
    assert "| 분할기 \\[red] | flagged | kim |" in text
    assert "| a \\| b \\*c\\* |" in text
    page = tmp_path / "review.md"
    done = cli("review", "report", "vision", "--save", str(page))
    assert done.out == ""
    assert f"written: {page} (3 collections)" in done.err
    assert page.read_text("utf-8") == text
    page.unlink()
    document = cli("review", "report", "vision", "--save", str(page), "--json").document
    assert page.read_text("utf-8") == text, "kept, whatever is printed"
    assert document["signed_off"] is None
    assert [one["verdict"] for one in document["items"]] == ["accepted", "flagged", "accepted"]
    assert "can't be written" in cli("review", "report", "vision", "--save", str(tmp_path / "a/b.md"), code=1).err


def test_the_report_says_who_signed_off_and_whose_access_is_another(cli: Cli, migrated: Store) -> None:
    cli("review", "accept", *ALL)
    cli("member", "set", NEW, "lee", "member")
    cli("review", "sign-off", "vision")
    text = cli("review", "report", "vision").out
    assert "**Signed off** by ana, 20" in text
    assert "| lee | viewer | member |" in text
    document = cli("review", "report", "vision", "--json").document
    assert document["signed_off"]["by"] == "ana"
    assert document["signed_off"]["at"].endswith("Z"), "as every other time"
    assert document["access"] == [{"name": "lee", "what": "access", "old": "viewer", "new": "member"}]


# -- hostile text -----------------------------------------------------------------------------------------------------

READING = [
    ["ls", "vision"],
    ["ls", "vision", "--only", "flagged"],
    ["show", f"{NEW}/detector"],
    ["show", f"{OLD}/detector"],
    ["report", "vision"],
]


@pytest.fixture
def hostile(migrated: Store) -> Store:
    """Hostile text in cards, comments, tags, aliases and names, on both sides."""
    item = migrated.reviews.item(migrated.migrations.get("vision"), "detector")
    migrated.reviews.flag(item, TEXT)
    migrated.collections.describe(f"{NEW}/detector", TEXT[::-1])
    execute = migrated.engine.execute
    execute("UPDATE collection_tag SET tag = :t", {"t": NAME})
    execute("UPDATE alias SET alias = :t WHERE alias = 'eu'", {"t": NAME})
    execute("UPDATE migration_item SET name = :t, target = :t, note = :t WHERE target = :n", {"t": NAME, "n": RED})
    execute("UPDATE entity SET name = :n, key = 'lee' WHERE name = 'lee'", {"n": NAME})
    return migrated


@pytest.mark.usefixtures("hostile")
def test_hostile_text_into_a_pipe_a_file_and_json(cli: Cli, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for arguments in (*READING, ["report", "vision", "--save", str(page)]):
        done = cli("review", *arguments)
        assert not list(forbidden(done.out + done.err)), arguments
        assert not list(forbidden(cli("review", *arguments, "--json").out)), arguments
    assert not list(forbidden(page.read_text("utf-8")))
    said = cli("review", "show", f"{NEW}/detector", "--json").document
    assert (said["comment"], said["old"]["description"]) == (TEXT.strip(), TEXT), "exactly what is stored"
    for refused in ([NAME], [f"{NEW}/{NAME}:"], [f"{NAME}/x"]):
        done = cli("review", "show", *refused, code=1)
        assert not list(forbidden(done.err)), refused
    for verb in (["verify", "vision"], ["ls"], ["plan", "vision"]):
        done = cli("migrate", *verb, code=None)
        assert not list(forbidden(done.out + done.err)), verb
    done = cli("review", "accept", f"{NEW}/detector", "--comment", TEXT)
    assert not list(forbidden(done.out + done.err))
    assert not list(forbidden(cli("history", NEW).out))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("columns", [80, 40])
def test_hostile_text_on_a_terminal(url: str, hostile: Store, columns: int) -> None:
    here = ["--store", url, "--as", "ana"]
    verbs = [*(["review", *one] for one in READING), ["migrate", "verify", "vision"], ["migrate", "ls"]]
    printed = lines(on_terminal([[*here, *one] for one in verbs], columns=columns))
    assert not list(forbidden("".join(printed)))
    assert max(map(cell_len, printed)) <= columns
    assert "[bold]" in "".join(printed), "no markup"
