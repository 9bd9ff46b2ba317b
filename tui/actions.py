"""Everything that can be done in the app, once: keys, footer, `?`, palette and refusals all come from here.

An action is carried out by the method of the screen or list that its `method` names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from textual.binding import Binding, BindingType

from ..store import Permission

REGISTRIES, COLLECTIONS, VERSIONS, DETAILS, LINEAGE = "registries", "collections", "versions", "details", "lineage"
BROWSER = "browser"  # in every pane of the main screen
LIST = "list"  # in everything that is a list
HISTORY, COMPARE = "history", "compare"
MIGRATION, REVIEW = "migration", "review"
AUTOMATIONS = "automations"
HELP = "help"
_NO_MARKS = (MIGRATION, HISTORY, COMPARE, HELP)  # nothing is done to what stands there
ANYWHERE = "anywhere"  # on every screen
PANES = (REGISTRIES, COLLECTIONS, VERSIONS, DETAILS)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done.

    Attributes:
        id: stable; keys are remapped by it.
        keys: as Textual names them, the first is the one that is shown.
        label: a word or two, for the footer.
        help: one sentence without a full stop, for `?` and the palette.
        where: in which panes or screens.
        heading: under which it stands in `?`.
        permissions: pane → what it takes there.
        undoable: `u` takes it back.
        footer: its place in the footer, the lowest first; 0 keeps it out.
    """

    id: str
    keys: str
    label: str
    help: str
    where: tuple[str, ...]
    heading: str
    permissions: Mapping[str, Permission] = field(default_factory=dict)
    undoable: bool = False
    footer: int = 0

    @property
    def method(self) -> str:
        return self.id.replace(".", "_")

    def permission(self, pane: str) -> Permission | None:
        return self.permissions.get(pane)

    def fits(self, pane: str) -> bool:
        return pane in self.where or ANYWHERE in self.where or (BROWSER in self.where and pane in (*PANES, LINEAGE))


def _everywhere(permission: Permission) -> Mapping[str, Permission]:
    return dict.fromkeys((*PANES, LINEAGE, REVIEW), permission)


MOVE, LOOK, FIND, CURATE, PEOPLE, AUTOMATE, MIGRATE, TIME, APP = (
    "Moving", "Looking", "Finding", "Curating", "Registries and people", "Automations", "Migrating",
    "Undo and history", "The app",
)  # fmt: skip
HEADINGS = (CURATE, PEOPLE, AUTOMATE, MIGRATE, TIME, FIND, LOOK, MOVE, APP)

ACTIONS: tuple[Action, ...] = (
    # -- curating
    Action(
        "link",
        "l",
        "link",
        "Link the version (or all marked) into a collection",
        (COLLECTIONS, VERSIONS, DETAILS, LINEAGE, REVIEW),
        CURATE,
        {REVIEW: Permission.LINK},
        True,
        10,
    ),
    Action(
        "log",
        "p",
        "log files",
        "Log files of this machine, and link them into the collection",
        (COLLECTIONS, VERSIONS),
        CURATE,
        {},
        True,
        19,
    ),
    Action(
        "alias",
        "a",
        "alias",
        "Put aliases on the version, or take them off",
        (COLLECTIONS, VERSIONS, DETAILS, REVIEW),
        CURATE,
        _everywhere(Permission.EDIT_ALIASES),
        True,
        11,
    ),
    Action(
        "tag",
        "t",
        "tag",
        "Tag the collection or version, or all marked",
        (COLLECTIONS, VERSIONS, DETAILS, REVIEW),
        CURATE,
        _everywhere(Permission.EDIT_TAGS),
        True,
        12,
    ),
    Action(
        "describe",
        "e",
        "edit card",
        "Edit the card of the collection, or the description",
        (*PANES, REVIEW),
        CURATE,
        {
            REGISTRIES: Permission.EDIT_REGISTRY,
            COLLECTIONS: Permission.EDIT_CARD,
            VERSIONS: Permission.EDIT_VERSION,
            DETAILS: Permission.VIEW,
            REVIEW: Permission.EDIT_CARD,
        },
        True,
        14,
    ),
    Action(
        "metadata",
        "M",
        "metadata",
        "Edit the version's metadata, as JSON",
        (VERSIONS, DETAILS),
        CURATE,
        _everywhere(Permission.EDIT_VERSION),
        True,
    ),
    Action(
        "new",
        "n",
        "new",
        "New registry or collection, in the pane it will stand in",
        (REGISTRIES, COLLECTIONS, VERSIONS),
        CURATE,
        {COLLECTIONS: Permission.CREATE_COLLECTION, VERSIONS: Permission.CREATE_COLLECTION},
        True,
        16,
    ),
    Action(
        "rename",
        "r",
        "rename",
        "Rename the registry or collection; of a source collection the type, too",
        (REGISTRIES, COLLECTIONS, REVIEW),
        CURATE,
        {
            REGISTRIES: Permission.RENAME_REGISTRY,
            COLLECTIONS: Permission.RENAME_COLLECTION,
            REVIEW: Permission.RENAME_COLLECTION,
        },
        True,
        17,
    ),
    Action(
        "unlink",
        "x",
        "unlink",
        "Unlink the version (or all marked); its source stays",
        (VERSIONS, DETAILS, REVIEW),
        CURATE,
        _everywhere(Permission.UNLINK),
        True,
        15,
    ),
    Action(
        "ttl",
        "E",
        "expiry",
        "Set how long a source version lives",
        (VERSIONS, DETAILS),
        CURATE,
        _everywhere(Permission.EDIT_TTL),
        True,
    ),
    Action(
        "delete",
        "D",
        "delete",
        "Delete the registry or project, the collection, or a version at its source",
        (REGISTRIES, COLLECTIONS, VERSIONS),
        CURATE,
        {REGISTRIES: Permission.DELETE_REGISTRY, COLLECTIONS: Permission.DELETE_COLLECTION, VERSIONS: Permission.VIEW},
        True,
    ),
    Action(
        "download",
        "d",
        "download",
        "Download the version's files, with progress",
        (VERSIONS, DETAILS),
        CURATE,
        _everywhere(Permission.DOWNLOAD),
        False,
        18,
    ),
    Action(
        "verify",
        "V",
        "verify",
        "Hash the version's stored files anew, and say which are damaged",
        (VERSIONS, DETAILS),
        CURATE,
        _everywhere(Permission.DOWNLOAD),
    ),
    # -- registries and people
    Action(
        "members",
        "m",
        "members",
        "Members of the registry: roles, where each comes from, and changing them",
        (BROWSER, REVIEW),
        PEOPLE,
        _everywhere(Permission.VIEW_SETTINGS),
        True,
        13,
    ),
    Action(
        "settings",
        "S",
        "settings",
        "Visibility, accepted types and protected aliases of the registry",
        (BROWSER,),
        PEOPLE,
        _everywhere(Permission.VIEW_SETTINGS),
        True,
        30,
    ),
    Action(
        "organization",
        "O",
        "people and teams",
        "People and teams of the organization: what each is, and changing it",
        (BROWSER,),
        PEOPLE,
        {},
        True,
    ),
    Action(
        "registry_of",
        "R",
        "new registry",
        "From a team's legacy registry to the registry that takes its place",
        (BROWSER,),
        PEOPLE,
    ),
    # -- automations
    Action(
        "automations",
        "A",
        "automations",
        "Automations that watch this registry or collection, and the history of what they sent",
        PANES,
        AUTOMATE,
        footer=95,
    ),
    Action(
        "automation_new",
        "n",
        "new",
        "New automation: when something changes here, send a webhook or a message, or run a program",
        (AUTOMATIONS,),
        AUTOMATE,
        {AUTOMATIONS: Permission.CREATE_AUTOMATION},
        True,
        1,
    ),
    Action(
        "automation_edit",
        "e",
        "edit",
        "Edit the automation: its name, what it waits for and what it does",
        (AUTOMATIONS,),
        AUTOMATE,
        {AUTOMATIONS: Permission.CREATE_AUTOMATION},
        True,
        2,
    ),
    Action(
        "automation_pause",
        "p",
        "pause",
        "Pause the automation (or all marked), or let it run again",
        (AUTOMATIONS,),
        AUTOMATE,
        {AUTOMATIONS: Permission.CREATE_AUTOMATION},
        True,
        3,
    ),
    Action(
        "automation_test",
        "t",
        "test",
        "Send a test of the automation now, and say what came of it",
        (AUTOMATIONS,),
        AUTOMATE,
        {AUTOMATIONS: Permission.CREATE_AUTOMATION},
        footer=4,
    ),
    Action(
        "automation_remove",
        "x",
        "remove",
        "Remove the automation (or all marked); its history stays",
        (AUTOMATIONS,),
        AUTOMATE,
        {AUTOMATIONS: Permission.DELETE_AUTOMATION},
        True,
        5,
    ),
    Action(
        "webhooks",
        "w",
        "webhooks",
        "Webhooks that automations send to: make, change and remove them; their secrets go in, and never come out",
        (AUTOMATIONS,),
        AUTOMATE,
        footer=8,
    ),
    Action(
        "redeliver",
        "r",
        "redeliver",
        "Send the delivery again (or all marked), as if it had never been tried",
        (AUTOMATIONS,),
        AUTOMATE,
        {AUTOMATIONS: Permission.CREATE_AUTOMATION},
        footer=6,
    ),
    Action(
        "redeliver_failed",
        "R",
        "all failed",
        "Send all failed deliveries of the automation again",
        (AUTOMATIONS,),
        AUTOMATE,
        {AUTOMATIONS: Permission.CREATE_AUTOMATION},
        footer=7,
    ),
    # -- from one registry into another
    Action(
        "migrate",
        "P",
        "migrate",
        "Migrate a team's legacy registry: the plan, carrying it out, and the review of what was migrated",
        (BROWSER,),
        MIGRATE,
    ),
    Action(
        "carry_out",
        "ctrl+s",
        "migrate",
        "Carry the plan out, or go on where it was stopped",
        (MIGRATION,),
        MIGRATE,
        footer=1,
    ),
    Action(
        "accept",
        "y",
        "accept",
        "Say that it is as it should be (or all marked), and go to the next one without a verdict",
        (REVIEW,),
        MIGRATE,
        {REVIEW: Permission.REVIEW},
        undoable=True,
        footer=1,
    ),
    Action(
        "flag",
        "n",
        "flag",
        "Say what is wrong with it (or all marked), and go on",
        (REVIEW,),
        MIGRATE,
        {REVIEW: Permission.REVIEW},
        undoable=True,
        footer=2,
    ),
    Action(
        "reopen",
        "o",
        "reopen",
        "Take the verdict off again",
        (REVIEW,),
        MIGRATE,
        {REVIEW: Permission.REVIEW},
        undoable=True,
        footer=12,
    ),
    Action("next_open", "full_stop", "next open", "The next one without a verdict", (REVIEW,), MIGRATE, footer=3),
    Action("previous_open", "comma", "previous open", "The one without a verdict before", (REVIEW,), MIGRATE),
    Action(
        "sign_off",
        "S",
        "sign off",
        "Approve the whole, once every collection is accepted",
        (REVIEW,),
        MIGRATE,
        {REVIEW: Permission.SIGN_OFF},
        undoable=True,
        footer=4,
    ),
    Action(
        "roll_back",
        "B",
        "roll back",
        "Give the migration up, with all that was done in its registry",
        (REVIEW,),
        MIGRATE,
        {REVIEW: Permission.SIGN_OFF},
    ),
    # -- undo and history
    Action(
        "undo", "u,ctrl+z", "undo", "Take back your newest change, or say why it can't be", (ANYWHERE,), TIME, footer=50
    ),
    Action("redo", "U,ctrl+y", "redo", "Do again what you have undone", (ANYWHERE,), TIME),
    Action("undo_list", "Z", "undo list", "Choose from what can be undone and redone", (ANYWHERE,), TIME),
    Action(
        "history",
        "H",
        "history",
        "Who changed what and when, filtered by person, action and time",
        (BROWSER, REVIEW),
        TIME,
        footer=60,
    ),
    # -- finding
    Action(
        "filter",
        "slash",
        "filter",
        "Filter this pane: words, tag:prod, by:ana, updated>7d, metadata.acc>0.9, !, OR; find in a lineage",
        (BROWSER, HISTORY),
        FIND,
        footer=90,
    ),
    Action("goto", "colon", "go to", "Go to a path: model/detector:prod", (BROWSER,), FIND),
    Action(
        "jump",
        "ctrl+o",
        "jump",
        "A letter on all that is seen: pressing it goes there",
        (BROWSER, HISTORY, COMPARE, MIGRATION, REVIEW, AUTOMATIONS),
        FIND,
    ),
    Action("palette", "ctrl+p", "palette", "Find commands, registries, collections and versions", (ANYWHERE,), FIND),
    Action("order", "o", "order", "Order the list by the next of its columns", (COLLECTIONS, VERSIONS), FIND),
    # -- looking
    Action(
        "compare",
        "c",
        "compare",
        "Compare two marked versions, or this one with the one before",
        (VERSIONS, DETAILS),
        LOOK,
        footer=20,
    ),
    Action(
        "compare_with",
        "C",
        "compare with",
        "Choose what to compare it with: the version before, what an alias holds, or what it held before",
        (VERSIONS, DETAILS),
        LOOK,
    ),
    Action(
        "lineage",
        "i",
        "lineage",
        "Where it came from and where it went",
        (COLLECTIONS, VERSIONS, DETAILS),
        LOOK,
        footer=21,
    ),
    Action(
        "next_tab",
        "right_square_bracket",
        "next tab",
        "Next tab of the details; forward, in the lineage",
        (BROWSER,),
        LOOK,
    ),
    Action(
        "previous_tab",
        "left_square_bracket",
        "previous tab",
        "Previous tab of the details; back, in the lineage",
        (BROWSER,),
        LOOK,
    ),
    Action("zoom", "z", "zoom", "Give the pane the whole screen, or give it back", (BROWSER,), LOOK, footer=80),
    Action("wider", "greater_than_sign", "wider", "Widen the pane's column", (BROWSER,), LOOK),
    Action("narrower", "less_than_sign", "narrower", "Narrow the pane's column", (BROWSER,), LOOK),
    Action("split_down", "right_curly_bracket", "more collections", "More lines for the collections", (BROWSER,), LOOK),
    Action("split_up", "left_curly_bracket", "more versions", "More lines for the versions", (BROWSER,), LOOK),
    Action("usual_sizes", "0", "usual sizes", "Columns and lines as they were at first", (BROWSER,), LOOK),
    Action("copy", "y", "copy path", "Copy the path, through the terminal (OSC 52)", (BROWSER,), LOOK),
    Action("copy_use", "Y", "copy snippet", "Copy how to use it from Python", (COLLECTIONS, VERSIONS, DETAILS), LOOK),
    Action("reload", "f5", "reload", "Read everything again, and paint it anew", (BROWSER, HISTORY, AUTOMATIONS), LOOK),
    # -- moving
    Action("pane_1", "1", "registries", "Go to the registries", (BROWSER,), MOVE),
    Action("pane_2", "2", "collections", "Go to the collections", (BROWSER,), MOVE),
    Action("pane_3", "3", "versions", "Go to the versions", (BROWSER,), MOVE),
    Action("pane_4", "4", "details", "Go to the details", (BROWSER,), MOVE),
    Action("pane_next", "tab", "next pane", "Go to the next pane", (BROWSER, REVIEW, AUTOMATIONS), MOVE),
    Action(
        "pane_previous", "shift+tab", "previous pane", "Go to the pane before", (BROWSER, REVIEW, AUTOMATIONS), MOVE
    ),
    Action("pane_right", "right,L", "into", "Go into the pane on the right", (BROWSER,), MOVE),
    Action("pane_left", "left,h", "out", "Go back to the pane on the left", (BROWSER,), MOVE),
    Action("out", "escape", "out", "Step out one layer: filter, marks, zoom, pane", (ANYWHERE,), MOVE),
    Action("list.down", "down,j", "down", "Next row", (LIST,), MOVE),
    Action("list.up", "up,k", "up", "Row before", (LIST,), MOVE),
    Action("list.page_down", "pagedown,ctrl+d", "page down", "A page down", (LIST,), MOVE),
    Action("list.page_up", "pageup,ctrl+b", "page up", "A page up", (LIST,), MOVE),
    Action("list.top", "home,g", "first", "First row", (LIST,), MOVE),
    Action("list.bottom", "end,G", "last", "Last row", (LIST,), MOVE),
    Action("list.choose", "enter", "open", "Open it: go into the next pane", (LIST,), MOVE),
    Action("list.mark", "space", "mark", "Mark the row; keys then act on all that is marked", (LIST,), MOVE, footer=40),
    Action("list.range", "v", "mark range", "Begin a range of marks; v again ends it", (LIST,), MOVE),
    Action("list.invert", "asterisk", "invert marks", "Mark what is not marked", (LIST,), MOVE),
    # -- the lineage
    Action(
        "lineage_more",
        "plus,equals_sign",
        "further",
        "One step further in both directions",
        (LINEAGE,),
        LOOK,
        footer=22,
    ),
    Action("lineage_less", "minus", "nearer", "One step less", (LINEAGE,), LOOK, footer=23),
    Action(
        "lineage_way", "w", "way", "Only where it came from, only where it went, or both", (LINEAGE,), LOOK, footer=24
    ),
    Action(
        "lineage_lanes",
        "b",
        "lanes",
        "Between the focus graph and the lanes of the whole collection",
        (LINEAGE,),
        LOOK,
        footer=25,
    ),
    # -- comparing
    Action(
        "next_difference",
        "right_square_bracket",
        "next difference",
        "Next difference",
        (COMPARE, REVIEW),
        LOOK,
        footer=10,
    ),
    Action(
        "previous_difference",
        "left_square_bracket",
        "previous",
        "Difference before",
        (COMPARE, REVIEW),
        LOOK,
        footer=13,
    ),
    Action(
        "only_different",
        "f",
        "only differences",
        "Only what differs, or everything",
        (COMPARE, REVIEW),
        LOOK,
        footer=12,
    ),
    # -- the app
    Action("theme", "ctrl+t", "theme", "Next theme: ours dark and light, then Textual's", (ANYWHERE,), APP),
    Action(
        "help", "question_mark,f1", "help", "This list: every key, and what it does here", (ANYWHERE,), APP, footer=95
    ),
    Action("quit", "q,ctrl+q", "quit", "Leave; where you are is remembered", (ANYWHERE,), APP),
)

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}

_SHOWN = {
    "slash": "/", "colon": ":", "full_stop": ".", "comma": ",", "question_mark": "?", "asterisk": "*", "plus": "+",
    "right_square_bracket": "]", "left_square_bracket": "[", "escape": "esc", "space": "space", "minus": "-",
    "equals_sign": "=", "greater_than_sign": ">", "less_than_sign": "<", "left_curly_bracket": "{",
    "right_curly_bracket": "}", "pagedown": "pgdn", "pageup": "pgup", "down": "↓", "up": "↑", "right": "→",
    "left": "←", "shift+tab": "⇧tab",
}  # fmt: skip


def shown_key(key: str) -> str:
    """A key as people read it."""
    key = key.strip()
    return _SHOWN.get(key) or key.replace("ctrl+", "^")


def keys_of(action: Action, keymap: Mapping[str, str] | None = None) -> list[str]:
    keys = (keymap or {}).get(action.id, action.keys)
    return [shown_key(key) for key in keys.split(",")]


def bindings(*where: str) -> list[BindingType]:
    """The bindings of a list or a screen, made from the actions that belong there."""
    return [
        Binding(
            action.keys,
            action.method if LIST in action.where else f"act('{action.id}')",
            action.label,
            show=False,
            tooltip=action.help,
            id=action.id,
        )
        for action in ACTIONS
        if any(place in where for place in action.where)
    ]


def in_footer(pane: str) -> list[Action]:
    """What the footer shows in a pane, in order."""
    listed = pane not in _NO_MARKS
    found = [one for one in ACTIONS if one.footer and (one.fits(pane) or (listed and LIST in one.where))]
    return sorted(found, key=lambda action: action.footer)


def by_heading(actions: Iterable[Action] = ACTIONS) -> dict[str, list[Action]]:
    found: dict[str, list[Action]] = {heading: [] for heading in HEADINGS}
    for action in actions:
        found[action.heading].append(action)
    return {heading: some for heading, some in found.items() if some}
