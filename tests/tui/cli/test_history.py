"""history, undo and redo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from curatory.store import Store

from .conftest import Cli

EVENT = {
    "event", "at", "actor", "action", "what", "subject", "detail", "before", "after", "batch", "undoes", "undone_by",
    "hash",
}  # fmt: skip


def test_history_of_everything_and_of_one_thing(cli: Cli, shop: Store) -> None:
    document = cli("history", "--json").document
    assert set(document) == {"items", "after"}
    assert set(document["items"][0]) == EVENT
    assert document["items"][0]["event"] == shop.events.head()
    assert "changed the card of model/detector" in cli("history", "model/detector").out
    assert "created the team vision" not in cli("history", "model/detector").out
    assert "added the user kim" in cli("history", "kim").out


def test_history_is_narrowed(cli: Cli, shop: Store) -> None:
    actions = {one["action"] for one in cli("history", "--action", "link", "--json").document["items"]}
    assert actions == {"link.add"}
    cli("tag", "add", "model/detector", "x", by="kim")
    assert {one["actor"] for one in cli("history", "--by", "kim", "--json").document["items"]} == {"kim"}
    assert cli("history", "--since", "2100-01-01", "--json").document["items"] == []
    assert "No changes" in cli("history", "--until", "2020-01-01").err
    assert len(cli("history", "--since", "2026-01-01", "--until", "2100-01-01", "--json").document["items"]) > 5


def test_history_in_pages(cli: Cli, shop: Store) -> None:
    first = cli("history", "--limit", "2", "--json").document
    second = cli("history", "--limit", "2", "--after", first["after"], "--json").document
    assert second["items"][0]["event"] == first["items"][-1]["event"] - 1
    assert "the newest 2 changes · more: --after" in cli("history", "--limit", "2").err


def test_what_held_an_alias_at_a_time(cli: Cli, shop: Store) -> None:
    first = shop.events.of("model/detector", actions="link").items[-1].at.isoformat()
    document = cli("history", "model/detector:prod", "--at", first, "--json").document
    assert document["items"] == [{"alias": "prod", "version": 0}]
    assert "model/detector:v1" in cli("history", "model/detector", "--at", "2100-01-01").out
    done = cli("history", "model/detector:best", "--at", first, code=1)
    assert "had no alias 'best'" in done.err
    assert "had no versions" in cli("history", "model/detector", "--at", "2020-01-01").err


def test_history_of_what_was_deleted(cli: Cli, shop: Store) -> None:
    cli("rm", "model/detector")
    assert "deleted the collection model/detector" in cli("history", "model/detector").out


def test_history_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "nothing called" in cli("history", "nope", code=1).err
    assert "There is no user or team" in cli("history", "--by", "ghost", code=1).err
    assert "is not a collection" in cli("history", "model", "--at", "2026-01-01", code=1).err
    for usage in ("--at today", "model/detector --at today --by ana", "--since then", "a b"):
        cli("history", *usage.split(), code=2)


def test_what_one_may_not_see_is_not_in_the_history(cli: Cli, shop: Store) -> None:
    cli("registry", "create", "secret", "--visibility", "restricted")
    assert "secret" in cli("history").out
    assert "secret" not in cli("history", by="lee").out


def test_undo_and_redo(cli: Cli, shop: Store) -> None:
    cli("tag", "add", "model/detector", "x")
    seq = shop.events.head()
    assert f"took back event {seq}: tagged model/detector: x" in cli("undo", "--dry-run").out
    done = cli("undo")
    assert f"took back event {seq}: tagged model/detector: x" in done.out
    assert shop.collections.get("model/detector").tags == ()
    assert "did again: tagged model/detector: x" in cli("redo").out
    assert shop.collections.get("model/detector").tags == ("x",)


def test_lists_of_what_can_be_undone(cli: Cli, shop: Store) -> None:
    cli("tag", "add", "model/detector", "x")
    listed = cli("undo", "--list")
    assert "tagged model/detector: x" in listed.out
    document = cli("undo", "--list", "--json").document
    assert set(document["items"][0]) == {"event", "changes"}
    assert "nothing of ana's to redo" in cli("redo", "--list").err
    cli("undo")
    assert "tagged model/detector: x" in cli("redo", "--list").out
    assert set(cli("redo", "--json").document) == {"dry_run", "changes", "automations", "undo", "result"}


def test_undo_is_refused_when_the_world_has_moved_on(cli: Cli, shop: Store) -> None:
    cli("alias", "add", "model/detector:v0", "best")
    seq = shop.events.head()
    cli("alias", "add", "model/detector:v1", "best", by="kim")
    assert "was changed again by kim" in cli("undo", str(seq), code=1).err
    assert "There is no event 99999" in cli("undo", "99999", code=1).err
    assert "nothing of lee's to undo" in cli("undo", by="lee", code=1).err
    assert "nothing of lee's to redo" in cli("redo", by="lee", code=1).err
    assert "is not an undo" in cli("redo", str(seq), code=1).err
    assert "is work" in cli("undo", str(_of(shop, "version.log")), code=1).err
    for command in ("undo", "redo"):
        cli(command, "0", code=2)
        cli(command, "soon", code=2)


def _of(shop: Store, action: str) -> int:
    return shop.events.of(actions=action).items[0].seq


@pytest.mark.parametrize("text", ["2026-01-01", "2026-01-01T10:00", "2026-01-01 10:00:30+09:00", "7d", "today", "now"])
def test_times_as_people_type_them(cli: Cli, shop: Store, text: str) -> None:
    cli("history", "--since", text)


def test_a_date_is_its_first_or_last_moment() -> None:
    from curatory.tui.cli.times import Moment

    start = Moment().convert("2026-05-01", None, None)
    end = Moment(end=True).convert("2026-05-01", None, None)
    assert start == datetime(2026, 5, 1, tzinfo=UTC)
    assert end == start + timedelta(days=1, microseconds=-1)
