"""The plan of a migration, and its progress while it is carried out."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import Vertical

from ...store import CuratoryError, Migration, Plan, Store
from .. import wording
from ..actions import ANYWHERE, BY_ID, MIGRATION, bindings, keys_of
from ..fetching import fetch
from ..widgets.bars import Crumbs, Footer
from ..widgets.progress import Progress
from ..widgets.rows import Column
from ..widgets.table import VirtualTable
from ..widgets.text import Line, Word, content, width_of, wrapped
from ..widgets.window import Row
from .desk import Desk

REST = 1.0  # seconds until it is looked what has changed, however much that is meanwhile
_MOST = 200  # changes that are looked at; of more, some will matter
_ELSEWHERE = {"alias", "automation", "collection", "key", "link", "review", "run", "tag", "version", "webhook"}
_COLUMNS = (Column("", 26, most=40), Column("", 14), Column("", 14), Column(""))


class MigrationScreen(Desk):
    BINDINGS = bindings(ANYWHERE, MIGRATION)

    def __init__(self, team: str) -> None:
        super().__init__()
        self._team = team
        self._busy = False
        self._stopping = False
        self._plan: Plan | None = None
        self._seen = 0  # the newest event that is in the plan
        self._planning = False
        self._again = False
        self._migrated: Migration | None = None

    @property
    def where(self) -> str:
        return MIGRATION

    def compose(self) -> ComposeResult:
        yield Crumbs()
        with Vertical(classes="migration--box"):
            yield Progress(rate=lambda count: wording.count(count, "version"))
            yield VirtualTable(_COLUMNS, id="plan-rows")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(VirtualTable).focus()
        self.query_one(".migration--box").border_title = content([(" Plan ", "")])
        self._say([(" Migrating ", "head"), (self._team, "person"), ("   reading …", "muted")])
        self.show_footer()
        self._make_plan()

    def live(self) -> None:
        """Plan anew where what has changed matters to the plan; unseen, only once this is seen again."""
        if self._planning or self.app.screen is not self:
            self._again = True
        elif not self._busy:
            self._make_plan(REST)

    def _make_plan(self, delay: float = 0.0) -> None:
        """Plan at once; after a delay, only where something of it can have changed."""
        self._planning, self._again = True, False
        store, team, known, seen = self.store, self._team, self._plan if delay else None, self._seen

        def work() -> tuple[int, Plan | Migration | None]:
            head = store.events.head()  # before anything is read, so that no change falls between
            if known is not None and not concerned(store, known, seen, head):
                return head, None
            begun = (one for one in store.migrations.list() if one.kind == "legacy" and one.team == team)
            return head, next((one for one in begun if one.state == "running"), None) or store.migrations.plan(team)

        def done(answer: tuple[int, Plan | Migration | None]) -> None:
            self._seen, found = answer
            if isinstance(found, Plan):
                self._show(found)
            elif found is not None:
                self._begun(found)
            planned()

        def failed(error: CuratoryError) -> None:
            self._explain(str(error))
            planned()

        def planned() -> None:
            self._planning = False
            if self._again:
                self.live()

        fetch(self, "plan", work, done, failed, delay=delay)

    def _explain(self, text: str, words: Line = ()) -> None:
        """Why there is no plan to be seen."""
        self._plan = None
        rows = [
            Row(("why", number), ([(f"  {line}", "warn")],), heading=True)
            for number, line in enumerate(wrapped(text, max(self.size.width - 6, 20)))
        ]
        self.query_one(VirtualTable).show(rows)
        self._say([(" Migrating ", "head"), (self._team, "person"), *words])
        self._below("")

    def _begun(self, migration: Migration) -> None:
        """It was stopped, or somebody else is at it just now."""
        copied = f"{migration.copied:,} of {wording.count(migration.collections, 'collection')}"
        self._explain(
            f"{migration.source} is being migrated to {wording.short(migration.registry)}: {copied} are copied. "
            f"`curatory migrate rollback {migration.team}` gives up.",
            [("   ", ""), self._key, (" goes on", "muted")],
        )

    @property
    def _key(self) -> Word:
        return (keys_of(BY_ID["carry_out"], self.desk_app.keys)[0], "key")

    def _show(self, plan: Plan) -> None:
        self._plan = plan
        self.query_one(VirtualTable).show(list(_rows(plan, self.size.width)), keep=True)
        head: list[Word] = [(" Migrating ", "head"), (plan.source, "path"), (" → ", "muted")]
        head += [(wording.short(plan.registry), "path"), ("   ", "")]
        words: list[Word] = [("something must be mended first", "bad")]
        if not plan.blocked:
            words = [self._key, (" carries it out; nothing has been changed yet", "muted")]
        if width_of([*head, *words]) >= self.size.width:
            head = [(" Migrating ", "head"), (self._team, "person"), ("   ", "")]
        self._say([*head, *words])
        self._below(
            f"{wording.count(len(plan.collections), 'collection')} · {wording.count(plan.versions, 'version')} · "
            f"{wording.count(len(plan.people), 'person', 'people')}"
        )

    def on_resize(self) -> None:
        if self._plan is not None and not self._busy:
            self.call_after_refresh(self._show, self._plan)

    def _say(self, words: Line) -> None:
        self.query_one(Crumbs).show(words, ())

    def _below(self, text: str) -> None:
        self.query_one(".migration--box").border_subtitle = content([(f" {text} ", "")]) if text else ""

    # -- carrying it out ------------------------------------------------------------------------------------------

    def do_carry_out(self) -> None:
        if self._busy:
            return
        self._busy, self._stopping = True, False
        self.workers.cancel_group(self, "plan")
        store, team, bar = self.store, self._team, self.query_one(Progress)
        bar.add_class("-on")
        bar.begin()
        self._say(
            [(" Migrating ", "head"), (self._team, "person"), ("   esc stops, and the same key goes on", "muted")]
        )

        def progress(copied: int, collections: int, done: int, total: int) -> bool:
            bar.at(done, total, f"{copied:,} of {collections:,}")
            return not self._stopping and self.app.is_running

        fetch(self, "run", lambda: store.migrations.run(team, progress), self._ended, self._failed)

    def _failed(self, error: CuratoryError) -> None:
        self._over()
        self.desk_app.say(str(error), "warning")
        self._make_plan()

    def _over(self) -> None:
        self._busy = False
        bar = self.query_one(Progress)
        bar.end()
        bar.remove_class("-on")

    def _ended(self, migration: Migration) -> None:
        self._over()
        if migration.state == "running":
            copied = f"{migration.copied:,} of {wording.count(migration.collections, 'collection')}"
            self.desk_app.say(
                f"Stopped: {copied} are copied. The same key goes on; `curatory migrate rollback {migration.team}` "
                "gives up.",
                "warning",
            )
            self._make_plan()
            return
        self.desk_app.say(
            f"{migration.source} is migrated: {wording.count(migration.collections, 'collection')}, "
            f"{wording.count(migration.versions, 'version')}. Now it is reviewed.",
            "information",
        )
        self._migrated = migration
        self._go_on()

    def on_screen_resume(self) -> None:
        self._go_on()
        if self._again and not self._planning and self._migrated is None:
            self.live()

    def _go_on(self) -> None:
        """To the review; what lies over this screen, such as the help, is left first."""
        from .review import ReviewScreen

        if self._migrated is not None and self.app.screen is self:
            self.app.switch_screen(ReviewScreen(self._migrated))

    def do_out(self) -> None:
        if self._busy:
            self._stopping = True
        else:
            self.app.pop_screen()


def concerned(store: Store, plan: Plan, seen: int, head: int) -> bool:
    """Whether anything since an event can have changed a plan: in its registry, or who is what, or what there is."""
    if head - seen > _MOST:
        return True
    source = store.projects.get(plan.source).id
    return any(
        event.project_id == source
        or event.action.endswith("version.delete")  # at the source, which takes its links along
        or event.action.rpartition(":")[2].partition(".")[0] not in _ELSEWHERE
        for event in store.events.of(limit=_MOST)
        if event.seq > seen
    )


def _rows(plan: Plan, width: int) -> Iterator[Row]:
    """Problems first, then who will see it, then what will be made."""
    yield _head("Problems", wording.count(len(plan.problems), "problem") if plan.problems else "none")
    for number, one in enumerate(plan.problems):
        role = "bad" if one.blocking else "warn"
        sign = "must be mended first: " if one.blocking else ""
        for line, text in enumerate(wrapped(f"{one.subject}: {one.what}; {sign}{one.deed}", max(width - 8, 20))):
            yield Row(("problem", number, line), ([(f"  {text}", role)],), heading=True)
    yield Row("space 1", ((),), heading=True)
    changed = sum(1 for person in plan.people if person.before != person.after)
    yield _head("Access", "before → after" + (f", {changed:,} will differ" if changed else ", the same for everybody"))
    for person in plan.people:
        same = person.before == person.after
        yield Row(
            ("person", person.name),
            (
                [(person.name, "person")],
                [(person.before or "none", "")],
                [(person.after or "none", "" if same else "bad")],
                [(person.note, "muted")],
            ),
            person,
        )
    yield Row("space 2", ((),), heading=True)
    if plan.automations:
        yield _head("Automations", "copied, the old ones stay")
        for name, target in plan.automations:
            yield Row(("automation", name), ([("  ", ""), (name, "strong"), ("  as ", "muted"), (target, "strong")],))
        yield Row("space 3", ((),), heading=True)
    yield _head("Collections", "as they will be called, with their aliases")
    for collection in plan.collections:
        aliases = ", ".join(f"{alias} v{number}" for alias, number in collection.aliases.items())
        renamed = collection.target != collection.name
        yield Row(
            ("collection", collection.target),
            (
                [(collection.target, "strong"), *([(f"  was {collection.name}", "warn")] if renamed else [])],
                [(wording.count(collection.versions, "version"), "number")],
                [(", ".join(collection.tags), "tag")],
                [(aliases, "alias")],
            ),
            collection,
        )
    if not plan.collections:
        yield Row("none", ([("  None: the new registry will be empty.", "muted")],), heading=True)


def _head(title: str, said: str) -> Row:
    return Row(("head", title), ([(title, "head"), (f"  {said}", "muted")],), heading=True)
