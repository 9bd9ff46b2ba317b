"""The actions that change something: each opens its dialog on what is marked or selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...store import Collection, CuratoryError, Migration, Project, Store, Version
from .. import actions, wording
from ..actions import BY_ID, keys_of
from ..fetching import fetch
from ..widgets.text import Line, Word
from .part import Part

SHOWN = 3  # damaged files that are named in a toast

if TYPE_CHECKING:
    from textual.screen import ModalScreen

    from ...store import Checked


@dataclass(frozen=True, slots=True)
class Succession:
    """What becomes of a legacy registry.

    Attributes:
        migration: begun or done; None where there is none.
        registry: what takes its place: what it is migrated into, else Models; itself where neither can be seen.
        personal: somebody's own, which is not migrated.
    """

    migration: Migration | None
    registry: Project
    personal: bool


def succession(store: Store, legacy: Project) -> Succession:
    """What becomes of a legacy registry, by the ledger."""
    team = next((one for one in store.teams.list() if one.name == legacy.entity), None)
    migration = next((one for one in store.migrations.list() if one.source_id == legacy.id), None)
    known = store.projects.list("registry")
    into = next((one for one in known if migration is not None and one.id == migration.registry_id), None)
    models = [one for one in known if one.core and one.short_name == "model"]
    models.sort(key=lambda one: team is None or one.entity != team.organization)
    return Succession(migration, into or next(iter(models), legacy), personal=team is None)


def succession_words(legacy: Project, found: Succession, keys: Mapping[str, str]) -> Line:
    """What becomes of a legacy registry, in words for who looks into it."""
    been, then = {None: ("", "migrates it"), "running": (", being migrated", "shows how far it is")}.get(
        found.migration.state if found.migration is not None else None, (", migrated", "reviews it")
    )
    words: list[Word] = [(f"The old model registry of {legacy.entity}{been}. ", "")]
    if found.registry.id != legacy.id:
        words += [(keys_of(BY_ID["registry_of"], keys)[0], "key"), (" leads to ", "")]
        words += [(found.registry.title, "strong"), (". " if found.personal else ", ", "")]
    if found.personal:
        return [*words, ("Only a team's is migrated", "muted")]
    return [*words, (keys_of(BY_ID["migrate"], keys)[0], "key"), (f" {then}", "")]


def verified(checked: Sequence[Checked]) -> tuple[str, str]:
    """What hashing files anew has shown, and how serious it is."""
    bad = [one for one in checked if one.problem is not None]
    if not checked:
        return "There is nothing to verify: no bytes of it are in the store.", "information"
    if not bad:
        return f"{wording.count(len(checked), 'file')} verified, all sound", "information"
    told = "; ".join(f"{one.path}: {one.problem}" for one in bad[:SHOWN])
    more = f"; and {len(bad) - SHOWN:,} more" if len(bad) > SHOWN else ""
    return f"{len(bad):,} of {wording.count(len(checked), 'file')} damaged. {told}{more}", "error"


class Curating(Part):
    """Mixed into the browser."""

    def _open(self, dialog: ModalScreen[Any]) -> None:
        """A dialog; when it has done something, what was marked for it is no longer marked."""
        table = self._browser.pane.table
        self._browser.app.push_screen(dialog, lambda done: table.clear_marks() if done and table.marks else None)

    def _refuse(self, text: str) -> None:
        self._browser.desk_app.say(text, "warning")

    def _versions(self) -> list[Version]:
        """What an action on versions is about."""
        browser = self._browser
        if browser.where == actions.LINEAGE or browser._current == actions.DETAILS:
            targets = browser.details.targets
        else:
            targets = browser.pane.targets
        return [target for target in targets if isinstance(target, Version)]

    def _some_versions(self, what: str) -> list[Version]:
        versions = self._versions()
        if not versions:
            self._refuse(f"There is no version here to {what}. Choose one in the versions, key 3.")
        return versions

    def _registry(self) -> Project | None:
        registry = self._browser.registry
        if registry is None:
            self._refuse("Choose a registry first.")
        return registry

    # -- versions -----------------------------------------------------------------------------------------------

    def do_link(self) -> None:
        from ..dialogs.link import LinkDialog, LinkInDialog

        versions = self._versions()
        if versions:  # the oldest first, so that the newest is the latest there, too
            versions.sort(key=lambda version: (version.entity, version.project, version.collection, version.number))
            self._open(LinkDialog(versions))
            return
        collection = self._browser.collections.selected
        if collection is None:
            self._refuse("Choose a collection to link into, or a version to link.")
        elif collection.kind == "sequence":
            self._refuse(
                f"{collection.name} holds what runs log into it. Choose a version of it (3) to link it elsewhere."
            )
        else:
            self._open(LinkInDialog(collection))

    def do_log(self) -> None:
        from ..dialogs.publishing import LogDialog

        collection = self._browser.collections.selected
        if collection is None:
            self._refuse("Choose a collection to log into; n makes one.")
        elif self._may_use_files():
            self._open(LogDialog(collection))

    def _may_use_files(self) -> bool:
        if not self._browser.desk_app.files:
            self._refuse("This session neither reads nor writes files of the machine it runs on (--no-files).")
        return self._browser.desk_app.files

    def do_unlink(self) -> None:
        from ..dialogs.link import UnlinkDialog

        versions = self._some_versions("unlink")
        own = [version for version in versions if not version.is_link]
        if own:
            self._refuse(f"{own[0].name} is not a link but the source itself; D deletes it.")
        elif versions:
            self._open(UnlinkDialog(versions))

    def do_alias(self) -> None:
        from ..dialogs.alias import AliasDialog

        browser = self._browser
        versions = self._versions()
        collection = browser.collections.selected
        if not versions and isinstance(browser.versions.selected, Version):
            versions = [browser.versions.selected]
        if not versions or collection is None:
            self._refuse("There is no version here to give an alias to.")
            return
        self._open(AliasDialog(versions, collection, browser.registry))

    def do_ttl(self) -> None:
        from ..dialogs.removing import TtlDialog

        versions = self._some_versions("set an expiry for")
        if versions:
            self._open(TtlDialog(versions))

    def do_download(self) -> None:
        from ..dialogs.download import DownloadDialog

        versions = self._some_versions("download")
        if len(versions) > 1:
            self._refuse("Download one version at a time: every one needs a folder of its own.")
        elif versions and self._may_use_files():
            self._open(DownloadDialog(versions[0]))

    def do_verify(self) -> None:
        browser, versions = self._browser, self._some_versions("verify")
        if any(worker.group == "verify" and not worker.is_finished for worker in browser.workers):
            self._refuse("Files are being verified already; what is found will be said here.")
            return
        if not versions:
            return
        store, app = browser.store, browser.desk_app
        size = wording.size(sum(version.size for version in versions))
        app.say(f"Verifying {wording.count(sum(version.file_count for version in versions), 'file')}, {size} …")

        def look(done: int, total: int, path: str) -> None:
            if not app.is_running:
                raise CuratoryError("The app was left.")

        def work() -> list[Checked]:
            return [one for version in versions for one in store.garbage.verify(version, progress=look)]

        def done(checked: list[Checked]) -> None:
            app.say(*verified(checked))
            browser.details.live()

        fetch(browser, "verify", work, done, lambda error: self._refuse(str(error)))

    # -- either -------------------------------------------------------------------------------------------------

    def do_tag(self) -> None:
        from ..dialogs.tag import TagDialog

        targets = self._browser.pane.targets
        subjects = [target for target in targets if isinstance(target, Collection | Version)]
        if subjects:
            self._open(TagDialog(subjects))
        else:
            self._refuse("Only collections and versions have tags.")

    def do_describe(self) -> None:
        from ..dialogs.card import CardDialog

        subject = self._browser.subject
        if subject is not None:
            self._open(CardDialog(subject))

    def do_metadata(self) -> None:
        from ..dialogs.metadata import MetadataDialog

        versions = self._some_versions("edit the metadata of")
        if len(versions) > 1:
            self._refuse("Metadata is edited one version at a time.")
        elif versions:
            self._open(MetadataDialog(versions[0]))

    def do_delete(self) -> None:
        from ..dialogs.removing import DeleteDialog

        targets = self._browser.pane.targets
        links = [target for target in targets if isinstance(target, Version) and target.is_link]
        if links:
            self._refuse(f"{links[0].name} is a link: x unlinks it. Its source is {links[0].source}.")
        elif any(isinstance(target, Project) and target.kind == "legacy" for target in targets):
            self._refuse("A team's legacy registry is not deleted; its collections are, in the pane on the right.")
        elif targets:
            self._open(DeleteDialog(targets))

    # -- registries ---------------------------------------------------------------------------------------------

    def do_new(self) -> None:
        from ..dialogs.making import NewCollection, NewRegistry

        if self._browser._current == actions.REGISTRIES:
            self._open(NewRegistry())
            return
        registry = self._registry()
        if registry is not None and registry.kind == "project":
            self._refuse("Collections of a source project come into being when runs log into it.")
        elif registry is not None:
            self._open(NewCollection(registry))

    def do_rename(self) -> None:
        from ..dialogs.making import Rename

        subject = self._browser.subject
        if isinstance(subject, Project | Collection):
            self._open(Rename(subject))

    def do_members(self) -> None:
        from ..dialogs.members import MembersDialog

        registry = self._registry()
        if registry is not None:
            self._open(MembersDialog(registry))

    def do_organization(self) -> None:
        from ..dialogs.organization import OrganizationDialog

        self._browser.app.push_screen(OrganizationDialog())

    def do_registry_of(self) -> None:
        registry, browser = self._registry(), self._browser
        if registry is None:
            return
        if registry.kind != "legacy":
            self._refuse(f"{registry.title} is no legacy registry; this key leads from one to what takes its place.")
            return
        store = browser.store
        fetch(
            browser,
            "successor",
            lambda: succession(store, registry).registry,
            lambda found: browser.go(found.path),
            lambda error: self._refuse(str(error)),
        )

    def do_migrate(self) -> None:
        """The plan of a legacy registry that was not migrated; the review of one that was, from either side."""
        registry, browser = self._registry(), self._browser
        if registry is None:
            return
        if registry.kind == "project":
            self._refuse("Choose a team's legacy registry, or a registry that was migrated.")
            return
        store = browser.store

        def work() -> Migration | None:
            found = [one for one in store.migrations.list() if registry.id in (one.source_id, one.registry_id)]
            if not found and registry.kind == "legacy" and succession(store, registry).personal:
                store.migrations.plan(registry.entity)  # refuses, and says why
            return found[0] if found else None

        def done(found: Migration | None) -> None:
            from .migration import MigrationScreen
            from .review import ReviewScreen

            if found is None and registry.kind != "legacy":
                self._refuse(f"{registry.title} was not migrated from anywhere.")
            elif found is None or found.state == "running":
                browser.app.push_screen(MigrationScreen(found.team if found else registry.entity))
            else:
                browser.app.push_screen(ReviewScreen(found))

        fetch(browser, "migrate", work, done, lambda error: self._refuse(str(error)))

    def do_settings(self) -> None:
        from ..dialogs.settings import SettingsDialog

        registry = self._registry()
        if registry is not None and registry.kind == "project":
            self._refuse(f"{registry.path} is a source project; only registries have settings.")
        elif registry is not None:
            self._open(SettingsDialog(registry))
