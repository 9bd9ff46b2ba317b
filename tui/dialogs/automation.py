"""Making an automation, and changing one: what it waits for, where, and what it does then.

Below the fields stands what will be made, how often it would have run, and what it would have sent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from ...store import (
    FIELDS,
    OCCASIONS,
    Action,
    Automation,
    Collection,
    Command,
    CuratoryError,
    Integration,
    Nothing,
    Preview,
    Project,
    Role,
    Store,
    read_rules,
)
from .. import automations, wording
from ..fetching import fetch
from ..plans import Work
from ..safe import clean_lines, json_text
from ..widgets.forms import Choice, Completing, Picker
from ..widgets.text import Line, Word, content
from . import completion
from .deed import SLACK, WEBHOOK, Deed
from .dialog import DEBOUNCE, PlanDialog, label
from .webhooks import WebhookDialog

REST = 0.3  # seconds after the last key until it is tried out on the past: that reads many events
MOST = 60  # lines of a payload that are shown
USUAL_OCCASION = "alias.add"


@dataclass(frozen=True, slots=True)
class Watched:
    """Where one stands: what an automation can watch from here.

    Attributes:
        collection: None on a registry or project itself.
    """

    registry: Project
    collection: Collection | None = None

    @property
    def path(self) -> str:
        return self.collection.path if self.collection is not None else self.registry.path

    @property
    def title(self) -> str:
        return self.collection.short_path if self.collection is not None else self.registry.title

    @property
    def places(self) -> list[tuple[str, str]]:
        """Paths, the nearest first, and what they are called."""
        registry, one = self.registry, self.collection
        what = {"registry": "registry", "legacy": "old registry"}.get(registry.kind, "project")
        found = [(one.path, f"this collection, {one.name}")] if one is not None else []
        return [*found, (registry.path, f"the {what} {registry.title}"), (registry.entity, f"all of {registry.entity}")]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the fields ask for, but for the name."""

    scope: str
    on: str
    pattern: str
    filter: str
    action: Action

    def preview(self, store: Store) -> Preview:
        return store.automations.preview(self.scope, self.on, self.action, pattern=self.pattern, filter=self.filter)


class AutomationDialog(PlanDialog):
    BINDINGS: ClassVar = [Binding("ctrl+n", "webhook", show=False, priority=True)]
    box_classes = "-wide -tall"

    def __init__(self, watched: Watched, automation: Automation | None = None) -> None:
        self.verb = "Make" if automation is None else "Save"  # type: ignore[misc]
        super().__init__()
        self.watched, self.automation = watched, automation
        self._on = automation.on if automation is not None else USUAL_OCCASION
        self._tried: _Asked | None = None
        self._past: Sequence[Line] = ()
        self._said: tuple[Sequence[Line], bool] = ((), False)

    def heading(self) -> Line:
        if self.automation is not None:
            return [("Automation ", ""), (self.automation.name, "")]
        return [("New automation", "")]

    def fields(self) -> ComposeResult:
        given = self.automation
        yield label("Name")
        yield Input(given.name if given else "", placeholder="deploy", id="name", compact=True, select_on_focus=False)
        yield label("Where it watches")
        if given is not None:
            yield Static(content([(automations.place(given), "path"), ("  stays", "muted")]), classes="dialog--fixed")
        else:
            yield Picker(self.watched.places, self.watched.places[0][0], id="scope")
        yield label("When")
        yield Picker([(one.name, one.words) for one in OCCASIONS.values()], self._on, id="on")
        with Horizontal(classes="dialog--pair"):
            with Vertical(id="with-pattern"):
                yield label("and called: prod, prod-*, ~regex")
                yield Completing(
                    self._patterns, value=given.pattern if given else "", hint="whatever it is called", id="pattern"
                )
            with Vertical(id="with-filter"):
                yield label("and this filter fits")
                yield FilterField(self._fields, value=given.filter if given else "", hint="every one", id="filter")
        yield Deed(given.action if given else None)

    def on_mount(self) -> None:
        self._fit()
        super().on_mount()
        store = self.store

        def done(found: list[Integration]) -> None:
            self.query_one(Deed).offer(found)
            self.replan(0.0)

        fetch(self, "webhooks", store.integrations.list, done)

    def action_webhook(self) -> None:
        """Make the webhook that is missing, and choose it."""
        deed = self.query_one(Deed)
        if deed.kind not in (WEBHOOK, SLACK):
            return
        store, known = self.store, {one.id for one in deed.known or ()}

        def closed(done: bool | None) -> None:
            if done:
                fetch(self, "webhooks", store.integrations.list, offer)

        def offer(found: list[Integration]) -> None:
            deed.offer(found, next((one for one in found if one.id not in known), None))
            self.replan(0.0)

        self.app.push_screen(WebhookDialog(kind="slack" if deed.kind == SLACK else "webhook"), closed)

    # -- the fields ---------------------------------------------------------------------------------------------

    @on(Choice.Changed)
    def _fit(self) -> None:
        """Ask only for what there can be with this occasion."""
        self._on = self.query_one("#on", Picker).value
        occasion = OCCASIONS[self._on]
        self.query_one("#with-pattern").display = occasion.patterned
        self.query_one("#with-filter").display = occasion.target is not None

    def _patterns(self, text: str) -> completion.Found:
        """Names that are there already, of what the pattern is about; in a thread."""
        registry, collection, on = self.watched.registry, self.watched.collection, self._on
        if "tag" in on:
            return completion.tags(self.store, registry.path, text)
        if on.startswith("role."):
            return [(role.label, ()) for role in Role if text in role.label]
        if collection is not None:
            return completion.aliases(self.store, collection, registry.protected_aliases, text)
        return [(name, [("◆ protected", "protected")]) for name in registry.protected_aliases if text in name]

    def _fields(self, text: str) -> completion.Found:
        """What a filter's word could go on to; in a thread."""
        field, colon, value = text.partition(":")
        if colon:
            if field.lstrip("!") != "tag":
                return []
            found = completion.tags(self.store, self.watched.registry.path, value)
            return [(f"{field}:{tag}", about) for tag, about in found]
        target = OCCASIONS[self._on].target
        return [
            (f"{name}{'.' if one.kind == 'metadata' else ':'}", [(one.meaning, "muted")])
            for name, one in FIELDS.items()
            if text and target in one.targets and name.startswith(text.lstrip("!")) and not text.startswith("!")
        ]

    def _text(self, field: str) -> str:
        """What a completing field holds; nothing where the occasion has no use for it."""
        return self.query_one(f"#{field}", Completing).text if self.query_one(f"#with-{field}").display else ""

    def _wanted(self) -> _Asked | str:
        action = self.query_one(Deed).action()
        if isinstance(action, str):
            return action
        scope = self.automation.scope if self.automation is not None else self.query_one("#scope", Picker).value
        return _Asked(scope, self._on, self._text("pattern"), self._text("filter"), action)

    def work(self) -> Work | str:
        name = self.query_one("#name", Input).value.strip()
        asked = self._wanted()
        if not name:
            return "Give it a name."
        if isinstance(asked, str):
            return asked
        given: dict[str, Any] = {"pattern": asked.pattern, "filter": asked.filter}
        if self.automation is None:
            return lambda store: store.automations.create(name, asked.scope, asked.on, asked.action, **given)
        number = self.automation.id
        return lambda store: store.automations.edit(number, to=name, on=asked.on, action=asked.action, **given)

    # -- trying it out on the past --------------------------------------------------------------------------------

    def replan(self, delay: float = DEBOUNCE, *, note: str = "") -> None:
        asked = self._wanted()
        if asked != self._tried:
            self._tried, self._past = None, ()
        super().replan(delay, note=note)
        if asked != self._tried:
            self._try_out(asked, delay)

    def _try_out(self, asked: _Asked | str, delay: float) -> None:
        """How often it would have run, and what it would have sent; beside the rehearsal, which keeps others out."""
        self.workers.cancel_group(self, "preview")
        if isinstance(asked, str):
            return
        store = self.store

        def work() -> list[Line]:
            return past(asked.preview(store), asked.action)

        def done(lines: list[Line]) -> None:
            self._tried, self._past = asked, lines
            self._say(self._said[0], ready=self._said[1])

        fetch(self, "preview", work, done, lambda error: None, delay=REST if delay else 0.0)

    def _say(self, lines: Sequence[Line], *, ready: bool) -> None:
        self._said = (lines, ready)
        super()._say([*lines, *self._past], ready=ready)


class FilterField(Completing):
    """A filter; its last word is completed."""

    def _last(self) -> str:
        text = self.query_one(Input).value
        return text.replace("(", " ").rpartition(" ")[2]

    def _complete(self, number: int) -> None:
        line, last = self.query_one(Input), self._last()
        line.value = line.value[: len(line.value) - len(last)] + self._found[number][0]
        line.cursor_position = len(line.value)
        self._chosen = None


def past(preview: Preview, action: Action) -> list[Line]:
    """A preview in words; in a thread."""
    least = "at least " if preview.capped else ""
    times = wording.count(preview.fired, "time")
    words: list[Word] = [("would have run ", ""), (f"{least}{times}", "strong"), (" in the last 30 days", "")]
    if preview.capped:
        words.append((f", in the newest {preview.looked:,} events", "muted"))
    lines: list[Line] = [[("◦ ", "muted"), *words]]
    if isinstance(action, Command):
        lines += _commands()
    if isinstance(action, Nothing):
        return lines
    how = "on standard input, " if isinstance(action, Command) else "sends "
    which = "for example:" if preview.example else "as the last time:"
    lines.append([("◦ ", "muted"), (f"{how}{which}", "")])
    return lines + payload(preview.payload, "    ")


def payload(text: str, indent: str = "") -> list[Line]:
    """A payload as lines; JSON laid out."""
    try:
        parts = json_text(json.loads(text)).split("\n")
    except (ValueError, RecursionError):
        parts = clean_lines(text)
    lines: list[Line] = [[(indent + part, "string")] for part in parts[:MOST]]
    if len(parts) > MOST:
        lines.append([(f"{indent}… and {len(parts) - MOST:,} more lines", "muted")])
    return lines


def _commands() -> list[Line]:
    """Whether commands run where this is looked at from."""
    try:
        rules = read_rules()
    except CuratoryError as error:
        return [[("◦ ", "muted"), (str(error), "warn")]]
    if rules.commands:
        return []
    return [
        [("◦ ", "muted"), (f"commands don't run on this machine; commands = true in {rules.path} allows it", "warn")]
    ]
