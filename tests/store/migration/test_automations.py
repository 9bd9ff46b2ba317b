"""A team's automations come along, and what was copied sets nothing off."""

from __future__ import annotations

from pathlib import Path

import pytest
from curatory.store import NotFound, Nothing, Store

from .conftest import NEW, OLD


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURATORY_DELIVERY", str(tmp_path / "delivery.toml"))


def test_they_watch_the_new_registry_as_they_watched_the_old(legacy: Store) -> None:
    legacy.automations.create("whole", OLD, "alias.add", Nothing(), pattern="prod*", description="of all")
    legacy.automations.create("one", f"{OLD}/detector", "tag.add", Nothing(), enabled=False)
    legacy.automations.create("end", OLD, "migration.end", Nothing())
    legacy.automations.create("ends", "vision", "migration.end", Nothing())
    legacy.automations.create("team", "vision", "alias.add", Nothing())
    legacy.automations.create("logged", "vision", "version.create", Nothing())
    legacy.automations.create("links", "acme", "version.link", Nothing())
    legacy.automations.create("one (migrated)", "acme", "version.link", Nothing())  # takes that name
    planned = dict(legacy.migrations.plan("vision").automations)
    assert planned == {
        "whole": "whole (migrated)", "one": "one (migrated 2)", "team": "team (migrated)",
    }  # fmt: skip
    legacy.automations.remove("one (migrated)")
    legacy.migrations.run("vision")
    copies = {one.name: one for one in legacy.automations.list(NEW) if "(migrated)" in one.name}
    assert set(copies) == {"whole (migrated)", "one (migrated)", "team (migrated)"}
    whole, one = copies["whole (migrated)"], copies["one (migrated)"]
    assert (whole.scope, whole.pattern, whole.description) == (f"acme/wandb-registry-{NEW}", "prod*", "of all")
    assert (one.scope, one.enabled) == (f"acme/wandb-registry-{NEW}/detector", False)
    assert {d.automation for d in legacy.deliveries.list()} == {"end", "ends"}, "copying is no news; its end is"
    assert legacy.migrations.verify("vision").ok
    legacy.aliases.add(f"{NEW}/other:v0", "prod-eu")
    assert {d.automation for d in legacy.deliveries.list().items[:2]} == {"whole (migrated)", "team (migrated)"}
    assert legacy.audit.verify().ok


def test_a_roll_back_takes_them_along_and_frees_their_names(legacy: Store) -> None:
    legacy.automations.create("whole", OLD, "alias.add", Nothing())
    legacy.automations.create("one", f"{OLD}/detector", "tag.add", Nothing())
    legacy.migrations.run("vision")
    legacy.migrations.roll_back("vision")
    with pytest.raises(NotFound):
        legacy.automations.get("whole (migrated)")
    assert [one.name for one in legacy.automations.list()] == ["one", "whole"]
    legacy.migrations.run("vision")
    assert legacy.automations.get("whole (migrated)").enabled
