"""Pictures of every screen and dialog at two sizes; a change of looks is seen in the review of the SVG.

`pytest tests/tui/app/test_snapshots.py --snapshot-update` draws them anew.
"""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import curatory.tui as tui
import pytest
from curatory.store import Store
from curatory.tui.app import CuratoryApp
from curatory.tui.safety import patch_textual
from curatory.tui.widgets.forms import Push
from textual.widgets import Input, TextArea

from .acting import Setting, Steps, nothing, take
from .conftest import Hands
from .test_automations import automated
from .test_migrating import NEW, OLD, registered
from .test_reviewing import judged

NOW = datetime(2026, 1, 8, 12, 0, tzinfo=UTC)
SIZES = {"small": (80, 24), "large": (160, 48)}
SOURCE = "vision/labs/detector"
TEAM = ("O", "end", "enter")
AUTOMATED = "acme/wandb-registry-model/detector"
SCREENS: dict[str, tuple[str, Steps]] = {
    # screens
    "browser": ("model/detector", ()),
    "registries": ("model", ()),
    "version": ("model/detector:prod", ()),
    "empty": ("secret", ("2",)),
    "marked": ("model/detector", ("3", "asterisk")),
    "filter": ("model/detector", ("slash", "'emp")),
    "lineage": ("model/detector:prod", ("i",)),
    "lanes": ("model/detector:prod", ("i", "b")),
    "compare": ("model/detector:v2", ("c",)),
    "compare-with": ("model/detector:v1", ("C",)),
    "history": ("model/detector", ("H",)),
    "help": ("model", ("question_mark",)),
    # dialogs on versions
    "alias": ("model/detector:v2", ("a", "'prod")),
    "alias-refused": ("model/detector:v2", ("a", "'v3")),
    "alias-many": ("model/detector:v1", ("asterisk", "a", "'-prod")),
    "link": (f"{SOURCE}:v1", ("l", "'model/fresh", "tab", "'prod")),
    "link-completing": (f"{SOURCE}:v1", ("l", "'model/")),
    "link-in": ("model/empty", ("l", "'vision/labs/detector:v0")),
    "log": ("model/detector", ("p", "'s3://bucket/weights")),
    "unlink": ("model/detector:v1", ("x",)),
    "ttl": (f"{SOURCE}:v0", ("E", "'never")),
    "delete-version": (f"{SOURCE}:v1", ("D", "'detector:v1")),
    "download": ("model/detector:v2", ("d",)),
    "metadata": ("model/detector:v2", ("M",)),
    "preview": ("model/detector:v2", ("4", "right_square_bracket", "enter")),
    # dialogs on collections and registries
    "tag-many": ("model/detector:v2", ("asterisk", "t", "'one, two, three, four")),
    "tag": ("model/detector", ("t", "'fast, ko")),
    "card": ("model/detector", ("e", "'More. ")),
    "new-registry": ("model", ("n", "'speech")),
    "new-collection": ("model/empty", ("n", "'fresh")),
    "rename": (SOURCE, ("r", "tab", "ctrl+u", "'model-fp16")),
    "delete-collection": ("model/detector", ("D",)),
    "delete-registry": ("secret", ("D", "'secret")),
    "settings": ("model", ("S", "tab", "tab", "tab", "'prod, eu")),
    "settings-opened": ("secret", ("S", "left")),
    # people
    "members": ("model", ("m",)),
    "member-added": ("model", ("m", "a", "'ana")),
    "member-role": ("model", ("m", "end", "enter", "right")),
    "member-removed": ("model", ("m", "end", "x")),
    "owner": ("model", ("m", "end", "o")),
    "organization": ("model", ("O",)),
    "person": ("model", ("O", "a", "'zoe")),
    "organization-role": ("model", ("O", "down", "enter", "left")),
    "person-removed": ("model", ("O", "end", "up", "x")),
    "new-team": ("model", ("O", "n", "'audio")),
    "team": ("model", TEAM),
    "team-role": ("model", (*TEAM, "a", "'bo")),
    "team-expiry": ("model", (*TEAM, "E", "'90d")),
    # migrating
    "plan": (OLD, ("P",)),
    "review": (NEW, ("P",)),
    "flag": (NEW, ("P", "n", "'prod is on v1")),
    "sign-off-refused": (NEW, ("P", "S")),
    "roll-back": (NEW, ("P", "B")),
    # the tabs of a version
    "tab-files": ("model/detector:v1", ("4", "right_square_bracket")),
    "tab-metadata": ("model/detector:v1", ("4", *["right_square_bracket"] * 2)),
    "tab-metrics": ("model/detector:v1", ("4", *["right_square_bracket"] * 3)),
    "tab-links": ("model/detector:v1", ("4", *["right_square_bracket"] * 5)),
    "tab-history": ("model/detector:v1", ("4", *["right_square_bracket"] * 6)),
    "tab-use": ("model/detector:v1", ("4", *["right_square_bracket"] * 7)),
    # automations
    "automations": (AUTOMATED, ("A", "down")),
    "automations-none": ("model/detector", ("A",)),
    "automation-new": (AUTOMATED, ("A", "n", "'ship")),
    "automation-edit": (AUTOMATED, ("A", "down", "e")),
    "automation-slack": (AUTOMATED, ("A", "n", "'say", "tab", "tab", "tab", "tab", "tab", "right", "tab")),
    "automation-removed": (AUTOMATED, ("A", "x")),
    "webhooks": (AUTOMATED, ("A", "w")),
    "webhook": (AUTOMATED, ("A", "w", "enter")),
    "webhook-new": (AUTOMATED, ("A", "w", "n", "'chat")),
    "delivery": (AUTOMATED, ("A", "down", "tab", "enter")),
    "redeliver": (AUTOMATED, ("A", "down", "R")),
    "alias-runs": (f"{AUTOMATED}:v1", ("a", "', prod-us")),
    # time, and finding
    "undo-list": ("model/detector", ("Z",)),
    "event": ("model/detector", ("H", "enter")),
    "goto": ("model", ("colon", "'model/")),
    "jump": ("model/detector", ("ctrl+o",)),
    "palette": ("model/detector", ("ctrl+p", "'theme")),
}
FIRST: dict[str, Setting] = {
    OLD: registered,
    NEW: judged,
    AUTOMATED: automated,
    f"{AUTOMATED}:v1": automated,
}  # what is done before a path is opened
SHOWN: dict[str, Steps] = {  # class → its pictures
    "Desk": (),
    "Dialog": (),
    "PlanDialog": (),
    "Roster": (),
    "Browser": ("browser",),
    "CompareScreen": ("compare",),
    "CompareWith": ("compare-with",),
    "HistoryScreen": ("history",),
    "Jump": ("jump",),
    "HelpScreen": ("help",),
    "MigrationScreen": ("plan",),
    "ReviewScreen": ("review",),
    "FlagDialog": ("flag",),
    "AutomationsScreen": ("automations", "automations-none"),
    "AutomationDialog": ("automation-new", "automation-edit", "automation-slack"),
    "WebhooksDialog": ("webhooks",),
    "WebhookDialog": ("webhook", "webhook-new"),
    "DeliveryDialog": ("delivery",),
    "RedeliverDialog": ("redeliver",),
    "Confirm": ("member-removed", "owner", "person-removed", "sign-off-refused", "roll-back", "automation-removed"),
    "AliasDialog": ("alias", "alias-refused", "alias-many", "alias-runs"),
    "LinkDialog": ("link", "link-completing"),
    "LinkInDialog": ("link-in",),
    "LogDialog": ("log",),
    "UnlinkDialog": ("unlink",),
    "TtlDialog": ("ttl",),
    "DeleteDialog": ("delete-version", "delete-collection", "delete-registry"),
    "DownloadDialog": ("download",),
    "MetadataDialog": ("metadata",),
    "Preview": ("preview",),
    "TagDialog": ("tag", "tag-many"),
    "CardDialog": ("card",),
    "NewRegistry": ("new-registry",),
    "NewCollection": ("new-collection",),
    "Rename": ("rename",),
    "SettingsDialog": ("settings", "settings-opened"),
    "MembersDialog": ("members",),
    "RoleDialog": ("member-added", "member-role"),
    "OrganizationDialog": ("organization",),
    "NewPerson": ("person",),
    "OrganizationRole": ("organization-role",),
    "NewTeam": ("new-team",),
    "TeamDialog": ("team",),
    "TeamRole": ("team-role",),
    "TeamExpiry": ("team-expiry",),
    "UndoList": ("undo-list",),
    "EventDialog": ("event",),
    "GoTo": ("goto",),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", SCREENS)
def test_it_looks_as_it_did(snap_compare, small: Store, screen: str, size: str) -> None:
    patch_textual()
    path, steps = SCREENS[screen]
    FIRST.get(path, nothing)(small)
    small.now = lambda: NOW
    app = CuratoryApp(small, path)

    async def before(pilot) -> None:
        hands = Hands(app, pilot)
        await hands.arrive()
        await take(hands, steps)
        for line in (*app.screen.query(Input), *app.screen.query(TextArea)):
            line.cursor_blink = False  # on a slow machine it would be seen or not
        await pilot.pause(0.15)  # what is done after the next painting, such as scrolling what has just come
        await hands.settle()
        for button in app.screen.query(Push):
            assert button.region in app.screen.region, "the ways out are in sight"

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


def test_every_screen_and_dialog_has_a_picture() -> None:
    """Each class that is one is named here, so that a new one is not forgotten."""
    made: set[str] = set()
    for path in Path(tui.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and any(_screen(base) for base in node.bases):
                made.add(node.name)
    assert made == set(SHOWN)
    assert {picture for pictures in SHOWN.values() for picture in pictures} <= set(SCREENS)


def _screen(base: ast.expr) -> bool:
    if isinstance(base, ast.Subscript):
        base = base.value
    return isinstance(base, ast.Name) and base.id in {"Dialog", "PlanDialog", "Desk", "Screen", "ModalScreen", "Roster"}
