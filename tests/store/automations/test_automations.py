"""Making, changing and removing automations: what is allowed, what is refused and why, and what is undone."""

from __future__ import annotations

import pytest
from curatory.store import (
    Command,
    Conflict,
    CuratoryError,
    FilterError,
    Forbidden,
    Integration,
    Invalid,
    NotFound,
    Nothing,
    Slack,
    Store,
    Webhook,
)

from .conftest import MODEL
from .receiver import Receiver


def test_made_read_changed_and_undone(linked: Store, hook: Integration) -> None:
    made = linked.automations.create(
        "배포 deploy",
        "model",
        "alias.add",
        Webhook(hook.id),
        pattern="prod",
        filter="tag:eu",
        description="to the cluster",
    )
    assert (made.scope_kind, made.scope, made.enabled, made.integration) == ("project", MODEL, True, "deploys")
    assert made.trigger == "an alias is added prod, tag:eu"
    assert linked.automations.get("배포 DEPLOY") == made
    assert linked.automations.get(made.id) == made
    changed = linked.automations.edit(made.id, to="deploy", pattern="~^prod", on="alias.remove")
    assert (changed.name, changed.pattern, changed.on, changed.filter) == ("deploy", "~^prod", "alias.remove", "tag:eu")
    linked.undo.undo()
    assert linked.automations.get(made.id).name == made.name
    linked.automations.edit(made.id, enabled=False)
    assert linked.events.get(linked.events.head()).action == "automation.pause"
    linked.automations.edit(made.id, enabled=True)
    assert linked.events.get(linked.events.head()).action == "automation.resume"
    linked.automations.remove(made.id)
    with pytest.raises(NotFound):
        linked.automations.get(made.id)
    linked.undo.undo()
    assert linked.automations.get(made.id).name == made.name
    linked.undo.redo()
    assert linked.automations.list() == []
    assert linked.audit.verify().ok


def test_an_edit_that_changes_nothing_is_no_event(linked: Store, hook: Integration) -> None:
    made = linked.automations.create("a", "model", "alias.add", Webhook(hook.id))
    head = linked.events.head()
    linked.automations.edit("a", to="a", enabled=True, on="alias.add")
    assert linked.events.head() == head
    assert linked.automations.get("a") == made


def test_names_are_one_organizations_own(linked: Store) -> None:
    linked.automations.create("deploy", "model", "alias.add", Nothing())
    linked.automations.create("other", "model", "alias.add", Nothing())
    for refused in (
        lambda: linked.automations.create("DEPLOY", "dataset", "alias.add", Nothing()),
        lambda: linked.automations.edit("other", to="Deploy"),
    ):
        with pytest.raises(Conflict, match="already"):
            refused()
    linked.automations.remove("deploy")
    linked.automations.edit("other", to="deploy")
    with pytest.raises(CuratoryError):
        linked.undo.undo(linked.undo.stack(limit=2)[1][0].seq)  # its name is taken by now


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": ""}, "a name of up to 255"),
        ({"name": "x" * 256}, "a name of up to 255"),
        ({"name": "a\x1bb"}, "name"),
        ({"on": "alias.moved"}, "they can for: version.link"),
        ({"pattern": "~["}, r"\["),
        ({"on": "collection.create", "pattern": "x"}, "no alias, tag or role"),
        ({"on": "role.change", "pattern": "boss"}, "no role"),
        ({"on": "role.change", "filter": "tag:x"}, "could be filtered"),
        ({"on": "collection.create", "filter": "metadata.acc>1"}, "not a field"),
        ({"filter": "tag:("}, "never closed"),
        ({"action": Webhook(99)}, "not there any more"),
        ({"action": Slack(99, "t")}, "not there any more"),
        ({"action": Command(())}, "embedded stores only|there is none"),
        ({"scope": "model/detector:v0"}, "is a version"),
        ({"scope": "nowhere"}, "nowhere"),
        ({"description": "a\0"}, "description"),
    ],
)
def test_what_is_refused_says_why_and_leaves_nothing(linked: Store, options: dict, says: str) -> None:
    given = {"name": "a", "scope": "model", "on": "alias.add", "action": Nothing()} | options
    with pytest.raises((Invalid, NotFound, FilterError), match=says):
        linked.automations.create(**given)
    assert linked.automations.list() == []


def test_a_template_and_a_message_are_checked_when_they_are_saved(linked: Store, hook: Integration) -> None:
    chat = linked.integrations.create(None, "chat", hook.address, kind="slack")
    for action, says in (
        (Webhook(hook.id, '{"a": "${nope}"}'), "no variable"),
        (Webhook(chat.id), "is a slack webhook"),
        (Slack(hook.id, "x"), "is a webhook webhook"),
        (Slack(chat.id, " "), "needs a title"),
        (Slack(chat.id, "x", "${ACCESS_TOKEN}"), "read by people"),
        (Slack(chat.id, "x", "y", "LOUD"), "no severity"),  # type: ignore[arg-type]
    ):
        with pytest.raises(Invalid, match=says):
            linked.automations.create("a", "model", "alias.add", action)
    named = linked.integrations.create(None, "named", hook.address, secret="s", secret_name="MY_SECRET")
    linked.automations.create("a", "model", "alias.add", Webhook(named.id, '{"s": "${MY_SECRET}"}'))


def test_who_may_make_them(linked: Store, hook: Integration) -> None:
    for user, role in (("kim", "member"), ("lee", "viewer"), ("adam", "admin")):
        linked.users.add(user)
        linked.members.add("model", user, role)
    made = linked.automations.create("of ana", "model/detector", "alias.add", Nothing())
    kim, lee, adam = map(linked.as_actor, ("kim", "lee", "adam"))
    kim.automations.create("of kim", "model/detector", "alias.add", Webhook(hook.id))
    kim.automations.edit(made.id, enabled=False)
    for store, scope in ((kim, "model"), (lee, "model/detector"), (kim, "acme"), (adam, "acme")):
        with pytest.raises(Forbidden):
            store.automations.create("x", scope, "alias.add", Nothing())
    adam.automations.create("of adam", "model", "alias.add", Nothing())
    with pytest.raises(Forbidden, match="needs the role admin"):
        kim.automations.remove("of adam")
    with pytest.raises(Forbidden):
        lee.automations.edit("of kim", enabled=False)
    linked.automations.create("of all", "acme", "alias.add", Nothing())
    assert len(lee.automations.list("model/detector")) == 4, "who may look sees what runs"
    linked.automations.edit("of adam", enabled=False)
    with pytest.raises(Forbidden):
        kim.undo.undo(linked.events.head())


def test_who_can_not_use_its_webhook_can_pause_it_and_not_bring_it_back(linked: Store, receiver: Receiver) -> None:
    linked.users.add("adam")
    linked.members.add("model", "adam", "admin")
    mine = linked.integrations.create("vision", "teams", receiver.url)
    made = linked.automations.create("a", "model", "alias.add", Webhook(mine.id))
    adam = linked.as_actor("adam")
    adam.automations.edit("a", enabled=False, description="paused by adam")
    adam.automations.edit("a", action=Nothing())
    seq = linked.events.head()
    with pytest.raises(NotFound, match="not there any more"):
        adam.undo.undo(seq)
    linked.undo.undo(seq)
    assert linked.automations.get(made.id).action == Webhook(mine.id)


def test_commands_are_an_organization_admins(linked: Store) -> None:
    if linked.engine.name != "sqlite":
        return
    linked.users.add("adam")
    linked.members.add("model", "adam", "admin")
    with pytest.raises(Forbidden, match="let a command run"):
        linked.as_actor("adam").automations.create("a", "model", "alias.add", Command(("/bin/true",)))
    linked.automations.create("a", "model", "alias.add", Command(("/bin/true",)))


def test_what_one_may_not_see_does_not_exist(linked: Store) -> None:
    linked.users.add("kim")
    linked.registries.create("secret", visibility="restricted")
    made = linked.automations.create("hidden", "secret", "alias.add", Nothing())
    kim = linked.as_actor("kim")
    assert kim.automations.list() == []
    for name in ("hidden", made.id):
        with pytest.raises(NotFound):
            kim.automations.get(name)
    with pytest.raises(CuratoryError):
        kim.automations.need_maker(made.id)


def test_a_webhook_of_another_organization_is_no_choice(linked: Store, hook: Integration) -> None:
    linked.organizations.create("umbrella")
    with pytest.raises(Invalid, match="another organization"):
        linked.automations.create("a", "umbrella", "alias.add", Webhook(hook.id))


def test_a_dry_run_counts_the_last_month_and_shows_the_newest(linked: Store, hook: Integration, clock) -> None:
    linked.aliases.add("model/detector:v0", "prod")
    clock.forward(days=40)
    for alias in ("prod-eu", "prod-us", "test"):
        linked.aliases.add("model/detector:v1", alias)
    found = linked.automations.preview(
        "model", "alias.add", Webhook(hook.id, '{"a": "${alias}", "k": "${ACCESS_TOKEN}"}'), pattern="prod*"
    )
    assert (found.fired, found.capped, found.example) == (2, False, False)
    assert found.payload == '{"a": "prod-us", "k": "••••"}'
    assert linked.automations.preview("model", "alias.add", pattern="prod*", filter="metadata.acc<0.85").fired == 0
    never = linked.automations.preview(
        "model", "tag.add", Webhook(hook.id, '{"t": "${tag}", "m": "${artifact_metadata.acc}"}')
    )
    assert (never.fired, never.example) == (0, True)
    assert never.payload == '{"t": "example", "m": "0.9"}'
    assert linked.automations.preview("acme", "role.change").fired == 0
    assert linked.deliveries.list().items == ()


def test_of_a_place_all_that_watch_it(linked: Store) -> None:
    linked.collections.create("model/other", "model")
    for scope in ("acme", "model", "model/detector", "model/other", "dataset"):
        linked.automations.create(scope, scope, "alias.add", Nothing())

    def names(*args: str, **options: bool) -> list[str]:
        return [one.name for one in linked.automations.list(*args, **options)]

    assert names("model/detector") == ["acme", "model", "model/detector"]
    assert names("model") == ["acme", "model", "model/detector", "model/other"]
    assert names("model", inside=False) == ["model"]
    assert names("acme") == names() == ["acme", "dataset", "model", "model/detector", "model/other"]
    linked.collections.remove("model/other")
    assert "model/other" not in names()
    linked.undo.undo()
    assert "model/other" in names()
