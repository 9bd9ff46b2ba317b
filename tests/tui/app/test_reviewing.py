"""The review of what was migrated: verdicts by one hand, mending in place, the sign-off, and giving it all up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from curatory.store import Migration, NotFound, Store
from curatory.tui.app import CuratoryApp
from curatory.tui.dialogs.dialog import Confirm
from curatory.tui.dialogs.flag import FlagDialog
from curatory.tui.dialogs.members import MembersDialog
from curatory.tui.safety import patch_textual
from curatory.tui.screens.history import HistoryScreen
from curatory.tui.screens.review import ReviewScreen
from textual.widgets import Input

from .acting import Change, Setting, Steps, is_refused, lives_through, named, take
from .acting import Refusal as Refused
from .conftest import Hands, Open
from .test_migrating import HOSTILE, LONG, NEW, NOW, OLD, RED, SIZES, SOURCE, fits, registered
from .test_typeahead import burst

WIDE = (120, 40)


def run(store: Store) -> None:
    registered(store)
    store.migrations.run("vision")


@pytest.fixture
def migrated(small: Store) -> Store:
    """The queue: detector, RED, LONG."""
    run(small)
    return small


def migration(store: Store) -> Migration:
    return store.migrations.get("vision")


def verdicts(store: Store) -> list[str | None]:
    return [one.verdict for one in store.reviews.queue(migration(store))]


def accept_all(store: Store) -> None:
    store.reviews.accept(store.reviews.queue(migration(store)))


def review(hands: Hands) -> ReviewScreen:
    assert isinstance(hands.app.screen, ReviewScreen), hands.app.screen
    return hands.app.screen


def under(hands: Hands) -> str:
    """The collection under the cursor, which is the one that stands on the right."""
    screen = review(hands)
    assert screen.queue.row is not None
    assert screen._shown is not None
    assert screen._shown.item.id == screen.queue.row.record.id
    return screen.queue.row.record.target


def compared(hands: Hands) -> str:
    """What is under the cursor of the comparison."""
    row = review(hands).compared.row
    assert row is not None
    return row.record.name


async def told(hands: Hands, key: str) -> str:
    """The one toast that a key leads to."""
    hands.app.clear_notifications()
    await hands.press(key)
    (toast,) = hands.toasts
    return toast


def differences(hands: Hands) -> list[tuple[str, str, str]]:
    """What is marked as different on the right: sign, name, and what it is now."""
    rows = [row.record for row in review(hands).compared.known if row.record is not None]
    return [(one.sign, one.name, one.new) for one in rows if one.sign != " "]


# -- the queue ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [OLD, NEW, f"{NEW}/{RED}"])
async def test_it_opens_from_either_side_on_what_is_open(desk: Open, migrated: Store, path: str) -> None:
    migrated.reviews.accept(migrated.reviews.queue(migration(migrated))[0])
    async with desk(path, size=WIDE) as hands:
        await hands.press("P")
        assert under(hands) == RED
        assert "1 of 3 accepted" in hands.text
        assert "2 unreviewed" in hands.text
        await hands.press("home")
        assert "✓ detector" in hands.text
        assert "accepted by ana" in hands.text
        assert "0 differences" in hands.text
        await hands.press("escape")
        assert hands.app.screen is hands.browser


async def test_a_verdict_leads_to_the_next_without_one(desk: Open, migrated: Store) -> None:
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P", "y")
        assert verdicts(migrated) == ["accepted", None, None]
        assert under(hands) == RED
        assert "accepted detector   u takes it back" in hands.text
        assert hands.toasts == [], "one would lie upon the other"
        await hands.press("u")
        assert verdicts(migrated) == [None] * 3
        assert "takes it back" not in hands.text.split("\n")[0]
        assert "0 of 3 accepted" in hands.text
        await hands.press("U")
        assert verdicts(migrated) == ["accepted", None, None]
        await hands.press("y", "y")
        assert verdicts(migrated) == ["accepted"] * 3
        assert under(hands) == LONG, "there is nothing to go to"
        assert "S signs it off" in hands.text
        await hands.press("full_stop")
        assert "Everything has been reviewed." in hands.toasts


async def test_marks_are_accepted_as_one(desk: Open, migrated: Store) -> None:
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P", "space", "down", "space", "y")
        assert verdicts(migrated) == ["accepted", None, "accepted"]
        assert not review(hands).queue.marks
        assert under(hands) == RED
        assert "accepted 2 collections   u takes it back" in hands.text
        await hands.press("u")
        assert verdicts(migrated) == [None] * 3
        await hands.press("asterisk", "escape")
        assert not review(hands).queue.marks, "escape takes marks off before it leaves"
        await hands.press("asterisk", "y")
        assert verdicts(migrated) == ["accepted"] * 3


async def test_a_key_is_about_what_is_under_the_cursor_however_fast_it_comes(desk: Open, migrated: Store) -> None:
    async with desk(NEW) as hands:
        await hands.press("P")
        burst(hands, "j", "y")
        await hands.settle()
        assert verdicts(migrated) == [None, "accepted", None]
        await hands.press("home")
        burst(hands, "j", "j", "t", *"xoyn")  # none of these letters is a verdict
        await hands.settle()
        await hands.press("enter")
        assert migrated.collections.get(f"{NEW}/{LONG}").tags == ("xoyn",)
        burst(hands, "a", *"royB")
        await hands.settle()
        await hands.press("enter")
        assert migrated.collections.get(f"{NEW}/{LONG}").aliases["royB"] == 0
        assert verdicts(migrated) == [None, "accepted", None]


async def test_a_flag_says_what_is_wrong(desk: Open, migrated: Store) -> None:
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P", "n")
        assert isinstance(hands.app.screen, FlagDialog)
        assert "Say what is wrong" in hands.plan
        await hands.press("ctrl+s")
        assert isinstance(hands.app.screen, FlagDialog), "it is refused without a comment"
        await hands.type("prod is on v1")
        assert "flags vision-mr-migrated/detector: prod is on v1" in hands.plan
        await hands.press("escape")
        assert verdicts(migrated) == [None] * 3
        assert under(hands) == "detector"
        await hands.press("n")
        await hands.type("prod is on v1")
        await hands.press("enter")
        assert verdicts(migrated) == ["flagged", None, None]
        assert under(hands) == RED
        assert "1 flagged" in hands.text
        await hands.press("home")
        assert "flagged by ana “prod is on v1”" in hands.text
        await hands.press("n")
        assert hands.app.screen.query_one(Input).value == "prod is on v1", "to be mended"
        await hands.press("escape", "u")
        assert verdicts(migrated) == [None] * 3


async def test_several_are_flagged_at_once(desk: Open, migrated: Store) -> None:
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P", "space", "space", "n")
        assert "Flag 2 collections" in hands.text
        await hands.type("no")
        await hands.press("ctrl+s")
        assert verdicts(migrated) == ["flagged", "flagged", None]
        assert under(hands) == LONG
        await hands.press("u")
        assert verdicts(migrated) == [None] * 3


async def test_a_verdict_is_taken_off_and_one_stays_there(desk: Open, migrated: Store) -> None:
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P", "y", "home", "o")
        assert verdicts(migrated) == [None] * 3
        assert under(hands) == "detector"
        await hands.press("u")
        assert verdicts(migrated) == ["accepted", None, None]


async def test_to_the_next_and_the_one_before_without_a_verdict(desk: Open, migrated: Store) -> None:
    migrated.reviews.accept(migrated.reviews.queue(migration(migrated))[1])
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P")
        seen = []
        for key in ("full_stop", "full_stop", "comma", "comma", "comma"):
            await hands.press(key)
            seen.append(under(hands))
        assert seen == [LONG, "detector", LONG, "detector", LONG], "round and round, past the one that is accepted"


async def test_somebody_else_reviews_too(desk: Open, migrated: Store) -> None:
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P", "end")
        first = migrated.reviews.queue(migration(migrated))[0]
        migrated.as_actor("kim").reviews.flag(first, "not so")
        await hands.until("1 flagged")
        assert under(hands) == LONG, "the cursor stays"
        await hands.press("home")
        assert "flagged by kim “not so”" in hands.text


# -- the comparison ---------------------------------------------------------------------------------------------------------


def changed(store: Store) -> None:
    store.aliases.add(f"{NEW}/detector:v1", "prod", "new")
    store.tags.remove(f"{NEW}/detector", "robust")
    store.links.remove(f"{NEW}/{RED}:v0")
    store.members.set_role(NEW, "bo", "member")


async def test_from_difference_to_difference(desk: Open, migrated: Store) -> None:
    changed(migrated)
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P")
        assert differences(hands) == [
            ("~", "prod", "v1"),
            ("+", "new", "v1"),
            ("-", "robust", "—"),
            ("~", "bo", "member"),
        ]
        assert "4 differences" in hands.text
        seen = []
        for _ in range(4):
            await hands.press("right_square_bracket")
            seen.append(compared(hands))
        assert seen == ["prod", "new", "robust", "bo"]
        assert await told(hands, "right_square_bracket") == "No further difference in that direction."
        hands.app.clear_notifications()
        await hands.press("left_square_bracket", "f")
        assert "differences only" in hands.text
        assert [row.record.name for row in review(hands).compared.known if row.record] == seen
        assert compared(hands) == "robust"
        await hands.press("f", "escape")
        assert hands.app.focused is review(hands).queue
        await hands.press("left_square_bracket")
        assert compared(hands) == "bo", "from the queue, from the end"


async def test_where_nothing_differs_it_says_so(desk: Open, migrated: Store) -> None:
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P", "f")
        assert "Nothing differs.  y accepts it" in hands.text
        await hands.press("right_square_bracket")
        assert "No further difference in that direction." in hands.toasts
        await hands.press("enter", "enter")
        assert hands.app.screen is hands.browser


@pytest.mark.parametrize(
    ("steps", "where"),
    [
        (("enter", "end", "enter"), "detector:v0"),
        (("enter", "end", "up", "enter"), "detector:v1"),
        (("enter", "enter"), "detector"),
        (("down", "enter", "end", "enter"), RED),  # what is no more there has no place: its collection
    ],
    ids=str,
)
async def test_from_the_comparison_to_the_place_in_the_registry(
    desk: Open, migrated: Store, steps: Steps, where: str
) -> None:
    migrated.links.remove(f"{NEW}/{RED}:v0")
    async with desk("model", size=WIDE) as hands:
        hands.app.push_screen(ReviewScreen(migration(migrated)))
        await hands.settle()
        await hands.press(*steps)
        await hands.arrive()
        assert hands.app.screen is hands.browser
        subject: Any = hands.browser.subject
        assert subject.path == f"acme/wandb-registry-{NEW}/{where}"


async def test_what_was_deleted_since_is_said(desk: Open, migrated: Store) -> None:
    migrated.collections.remove(f"{NEW}/detector")
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P")
        assert "detector  deleted" in hands.text
        assert differences(hands) == [("-", "name", "—")]
        for key in ("a", "t", "e", "l", "x", "r"):
            assert "not in the registry any more" in await told(hands, key), key
        await hands.press("enter", "enter")
        assert isinstance(hands.app.screen, ReviewScreen)
        await hands.press("H")
        assert hands.app.screen.query_one("#field-of", Input).value == NEW, "the registry's history tells by whom"


# -- mending it right here ----------------------------------------------------------------------------------------------------


def new(field: str, name: str = "detector") -> Callable[[Store], Any]:
    return lambda store: getattr(store.collections.get(f"{NEW}/{name}"), field)


def aliases(store: Store) -> dict[str, int]:
    return {alias: at for alias, at in new("aliases")(store).items() if alias != "latest"}


V0 = ("P", "enter", "end")  # on v0, in the comparison
OUT = ("escape", "escape")
MENDED = [
    Change("an alias of the one under the cursor", NEW, (*V0, "a", "', eu"), ("puts eu on v0",), aliases, {"prod": 0, "eu": 0}, run, back=OUT),
    Change("a link", NEW, ("P", "l", f"'{SOURCE}:v2"), ("as detector:v2", "moves latest v1 → v2"), new("versions"), 3, run, back=("escape",)),
    Change("renamed", NEW, ("P", "r", "'2"), ("→ detector2",), new("name", "detector2"), "detector2", run, back=("escape",)),
    Change("a verdict", NEW, ("P", "n", "'no"), ("flags ",), verdicts, ["flagged", None, None], run, back=("escape",)),
    Change("the sign-off", NEW, ("P", "S"), ("signs off the migration of vision/model-registry to vision-mr-migrated; it is not rolled back then",), lambda s: migration(s).state, "approved", lambda s: (run(s), accept_all(s)), back=("escape",)),
]  # fmt: skip


@pytest.mark.parametrize("change", MENDED, ids=named)
async def test_it_is_mended_as_was_shown(desk: Open, small: Store, change: Change) -> None:
    await lives_through(desk, small, change)


@pytest.mark.parametrize(
    ("steps", "difference"),
    [
        (("a", "'eu", "ctrl+s"), ("+", "eu", "v1")),
        (("t", "ctrl+u", "'fast", "ctrl+s"), ("-", "robust", "—")),
        (("e", "'Old: ", "ctrl+s"), ("~", "card", "Old: # Detector")),
        (("l", f"'{SOURCE}:v2", "ctrl+s"), ("+", "v2", "")),
        (("x", "ctrl+s"), ("-", "v1", "—")),
        (("r", "'2", "ctrl+s"), ("~", "name", "detector2")),
        (("m", "home", "down", "enter", "left", "ctrl+s", "escape"), ("~", "bo", "restricted_viewer")),
    ],
    ids=lambda value: str(value[0]),
)
async def test_what_was_mended_appears_on_the_right(
    desk: Open, migrated: Store, steps: Steps, difference: tuple[str, str, str]
) -> None:
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P")
        assert differences(hands) == []
        await take(hands, steps)
        sign, name, now = difference
        found = [one for one in differences(hands) if one[:2] == (sign, name)]
        assert found, hands.text
        assert found[0][2].startswith(now)
        assert under(hands) == "detector"


async def test_members_and_history_are_those_of_what_is_reviewed(desk: Open, migrated: Store) -> None:
    async with desk("model", size=WIDE) as hands:
        hands.app.push_screen(ReviewScreen(migration(migrated)))
        await hands.settle()
        await hands.press("m")
        assert isinstance(hands.app.screen, MembersDialog)
        assert f"Members of {NEW}" in hands.text
        await hands.press("escape", "down", "H")
        assert isinstance(hands.app.screen, HistoryScreen)
        assert hands.app.screen.query_one("#field-of", Input).value == f"{NEW}/{RED}"
        assert f"linked {SOURCE}:v2" in hands.text or "copied" in hands.text
        await hands.press("escape")
        assert under(hands) == RED


# -- the whole ----------------------------------------------------------------------------------------------------------------


async def test_the_sign_off_is_refused_until_all_is_accepted(desk: Open, migrated: Store) -> None:
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P", "y", "S")
        assert "2 collections are not reviewed" in hands.plan
        await hands.press("ctrl+s")
        assert isinstance(hands.app.screen, Confirm), "it stays open"
        assert migration(migrated).state == "done"
        await hands.press("escape", "y", "y", "S", "ctrl+s")
        assert migration(migrated).state == "approved"
        assert "3 of 3 accepted  signed off" in hands.text
        for key in ("y", "o"):
            assert "was signed off; take the sign-off back first" in await told(hands, key)
        await hands.press("B")
        assert "was signed off" in hands.plan
        await hands.press("escape", "u")
        assert migration(migrated).state == "done"
        assert "S signs it off" in hands.text


async def test_giving_it_up(desk: Open, migrated: Store) -> None:
    changed(migrated)
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P", "y", "B")
        assert "Roll the migration of vision/model-registry back" in hands.text
        assert "deletes vision-mr-migrated, with all that was migrated from vision/model-registry" in hands.plan
        assert "vision/model-registry is written to again" in hands.plan
        assert "1 verdict and all that was done in it since go, too; u does not take it back" in hands.plan
        assert hands.dialog.danger
        assert hands.app.focused is hands.dialog.query_one("#push-cancel"), "the safe one"
        await hands.press("escape")
        assert migration(migrated).state == "done"
        await hands.press("B", "ctrl+s")
        assert hands.app.screen is hands.browser
        with pytest.raises(NotFound):
            migration(migrated)
        assert hands.toasts == [
            "Done: the migration of vision/model-registry is rolled back, vision-mr-migrated is gone, and the legacy "
            "registry is written to again"
        ]
        migrated.aliases.add(f"{OLD}/detector:v1", "eu")


@pytest.mark.parametrize("key", ["", "n", "question_mark", "H", "B"])
async def test_somebody_else_gives_it_up_meanwhile(desk: Open, migrated: Store, key: str) -> None:
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P", *([key] if key else []))
        over = hands.app.screen
        migrated.migrations.roll_back("vision")
        for _ in range(200):
            if hands.toasts:
                break
            await hands.pilot.pause(0.02)
        await hands.settle()
        assert hands.toasts == ["The migration of vision/model-registry was rolled back, or is not for you any more."]
        if key:
            assert hands.app.screen is over, "what one is at is not taken away"
            await hands.press("escape")
        assert hands.app.screen is hands.browser


async def test_somebody_else_renames_things_meanwhile(desk: Open, migrated: Store) -> None:
    async with desk(NEW, size=WIDE) as hands:
        await hands.press("P")
        migrated.collections.rename(f"{NEW}/{RED}", "finder")
        await hands.press("down")
        assert under(hands) == RED, "by the name that it was to have"
        await hands.press("t", *"x", "enter")
        assert migrated.collections.get(f"{NEW}/finder").tags == ("x",)
        migrated.registries.rename(NEW, "models of vision")
        await hands.until("→ models of vision")
        assert ("~", "name", "finder") in differences(hands)
        await hands.press("y")
        assert verdicts(migrated) == [None, "accepted", None]


# -- who may ------------------------------------------------------------------------------------------------------------------

KEYS = {"y": "review a", "n": "review a", "o": "review a", "S": "sign a", "B": "sign a", "a": "add or", "t": "add or", "e": "edit the", "l": "link a", "x": "unlink a", "r": "rename a"}  # fmt: skip


async def test_a_viewer_is_refused_with_the_reason_and_may_look(desk: Open, migrated: Store) -> None:
    head = migrated.events.head()
    async with desk(NEW, by="bo", size=WIDE) as hands:
        await hands.press("P")
        for key, what in KEYS.items():
            assert f"You are viewer of {NEW}; to {what}" in await told(hands, key), key
            review(hands)
        await hands.press("down")
        assert under(hands) == RED
        await hands.press("m", "escape", "H", "escape", "f", "full_stop", "enter", "tab")
        review(hands)
    assert migrated.events.head() == head


async def test_a_member_reviews_and_an_admin_signs_off(desk: Open, migrated: Store) -> None:
    async with desk(NEW, by="kim", size=WIDE) as hands:
        await hands.press("P", "y", "y", "y")
        assert verdicts(migrated) == ["accepted"] * 3
        assert "takes the role admin" in await told(hands, "S")
        review(hands)


def demoted(store: Store) -> None:
    run(store)
    store.members.set_role(NEW, "kim", "viewer")


@pytest.mark.parametrize(
    "refusal",
    [
        Refused("a verdict", NEW, ("P", "y"), "to review a migrated collection takes the role member", "bo", run),
        Refused("somebody lost the role", NEW, ("P", "n"), "You are viewer", "kim", demoted),
        Refused("a protected alias", NEW, ("P", "a", "'prod"), "You do not have permission to add the following alias", "kim", run),
    ],
    ids=named,
)  # fmt: skip
async def test_it_is_refused_with_the_reason(desk: Open, small: Store, refusal: Refused) -> None:
    await is_refused(desk, small, refusal)


# -- how it looks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_whatever_is_written_there_the_screen_holds(desk: Open, migrated: Store, size: tuple[int, int]) -> None:
    items = migrated.reviews.queue(migration(migrated))
    migrated.reviews.flag(items[0], HOSTILE * 20)
    migrated.reviews.flag(items[2], "가" * 2_000)
    migrated.collections.describe(f"{NEW}/detector", HOSTILE)
    migrated.engine.execute("UPDATE collection_tag SET tag = :t", {"t": HOSTILE})
    migrated.engine.execute("UPDATE alias SET alias = :t WHERE alias = 'prod'", {"t": HOSTILE})
    migrated.engine.execute(
        "UPDATE migration_item SET target = :t, note = :t WHERE target = :r", {"t": HOSTILE, "r": RED}
    )
    async with desk(NEW, size=size) as hands:
        await hands.press("P", "home")
        fits(hands, size[0])
        assert "[bold]" in hands.text, "no markup"
        for key in ("down", "down", "enter", "f", "tab"):
            await hands.press(key)
            fits(hands, size[0])
        await hands.press("home", "n")
        fits(hands, size[0])
        await hands.press("escape", "y")
        fits(hands, size[0])


@pytest.mark.parametrize("width", [80, 120])
async def test_what_it_is_all_for_has_room_in_the_footer(desk: Open, migrated: Store, width: int) -> None:
    async with desk(NEW, size=(width, 24)) as hands:
        await hands.press("P")
        for hint in ("y accept", "n flag", ". next open", "S sign off", "? help"):
            assert hint in hands.text.split("\n")[-1]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_last_verdict_has_room_above(desk: Open, migrated: Store, size: tuple[int, int]) -> None:
    async with desk(NEW, size=size) as hands:
        await hands.press("P", "y")
        assert "1 of 3 accepted" in hands.text.split("\n")[0]
        assert "accepted detector   u takes it back" in hands.text.split("\n")[0]
        await hands.press("end", "y")
        assert "accepted " in hands.text.split("\n")[0]
        assert "검   u takes it back" in hands.text.split("\n")[0]
        fits(hands, size[0])


@pytest.mark.parametrize("height", [16, 40])
async def test_the_layout_follows_the_terminal(desk: Open, migrated: Store, height: int) -> None:
    async with desk(NEW, size=(200, 60)) as hands:
        await hands.press("P", "down")
        for width in (80, 120, 60, 200):
            await hands.pilot.resize_terminal(width, height)
            await hands.settle()
            fits(hands, width)
            assert under(hands) == RED
            assert "Collection  the same" in hands.text


def judged(store: Store) -> None:
    run(store)
    first, second, _ = store.reviews.queue(migration(store))
    store.reviews.accept(first)
    store.as_actor("kim").reviews.flag(second, "eu is [red] on v1")
    store.aliases.add(f"{NEW}/{LONG}:v0", "eu")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    ("first", "steps"), [(judged, ()), (run, ("right_square_bracket",))], ids=["judged", "compared"]
)
def test_it_looks_as_it_did(
    snap_compare: Any, small: Store, first: Setting, steps: Steps, size: tuple[int, int]
) -> None:
    patch_textual()
    first(small)
    if steps:
        changed(small)
    small.now = lambda: NOW
    app = CuratoryApp(small, NEW)

    async def before(pilot: Any) -> None:
        hands = Hands(app, pilot)
        await hands.arrive()
        await take(hands, ("P", *steps))
        await pilot.pause(0.15)  # what is done after the next painting
        await hands.settle()

    assert snap_compare(app, terminal_size=size, run_before=before)
