"""Changes to runs: beginning them, what they say of themselves, their files."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from ...store import Conflict, Invalid, NotFound, Run
from . import runs
from .base import Object, from_json, gid, number_of


class RunChanges(Object):
    def upsert_bucket(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a run, go on with one, or change what it says of itself."""
        store = self._store
        given: dict[str, Any] = {
            "config": _plain(from_json(input.get("config"), "config")) if input.get("config") else None,
            "summary": from_json(input["summary_metrics"], "summary") if input.get("summary_metrics") else None,
            "title": input.get("display_name") or None,
            "notes": input.get("notes"),
            "group": input.get("group_name"),
            "job_type": input.get("job_type"),
            "tags": input.get("tags"),
        }
        if input.get("id"):  # somebody edits a run of before
            found = store.runs.by_id(number_of(input["id"], "Run"))
            return {"bucket": runs.Run(self._call, store.runs.set(found, **given)), "inserted": False}
        entity = input.get("entity_name") or store.users.home()
        project = input.get("model_name") or "uncategorized"
        found = self._run(f"{entity}/{project}/{input['name']}") if input.get("name") else None
        inserted = found is None
        if found is None or found.state != "running":
            found = store.runs.start(project, entity=entity, name=input.get("name"), title=given["title"])
        return {"bucket": runs.Run(self._call, store.runs.set(found, **given)), "inserted": inserted}

    def _run(self, path: str) -> Run | None:
        try:
            return self._store.runs.get(path)
        except NotFound:
            return None

    def create_run_files(self, input: Mapping[str, Any]) -> dict[str, Any]:
        entity = input.get("entity_name") or self._store.users.home()
        path = f"{entity}/{input['project_name']}/{input['run_name']}"
        run = self._store.runs.get(path)
        names = [name.removeprefix("./") for name in input.get("files") or ()]
        actor = self._store.actor.name
        return {
            "runID": gid("Run", run.id),
            "uploadHeaders": [],
            "files": [
                {
                    "__typename": "File",
                    "name": name,
                    "uploadUrl": self._call.address("new-run-file", name, r=path, p=name, a=actor),
                }
                for name in names
            ],
        }

    def mark_run_files_uploaded(self, input: Mapping[str, Any]) -> dict[str, Any]:
        return {"success": True}

    def delete_files(self, input: Mapping[str, Any]) -> dict[str, Any]:
        return {"success": self._forget(input.get("files") or ())}

    def _forget(self, ids: Sequence[str]) -> bool:
        for text in ids:
            try:
                kind, _, rest = base64.b64decode(text).decode().partition(":")
            except ValueError:
                raise Invalid(f"{text!r} is not the id of a run's file.") from None
            number, _, path = rest.partition("/")
            if kind != "RunFile" or not number.isdigit():
                raise Invalid(f"{text!r} is not the id of a run's file.")
            self._store.runs.remove_file(self._store.runs.by_id(int(number)), path)
        return True

    def delete_run(self, input: Mapping[str, Any]) -> dict[str, Any]:
        run = self._store.runs.by_id(number_of(input["id"], "Run"))
        self._store.runs.remove(run, delete_versions=bool(input.get("delete_artifacts")))
        return {"success": True, "clientMutationId": None}

    def delete_runs(self, input: Mapping[str, Any]) -> dict[str, Any]:
        for text in input.get("ids") or ():
            self.delete_run({"id": text, "delete_artifacts": input.get("delete_artifacts")})
        return {"success": True}

    def stop_run(self, input: Mapping[str, Any]) -> dict[str, Any]:
        raise Conflict("Runs are not stopped from here: end the process that runs it.")

    def rewind_run(self, input: Mapping[str, Any]) -> dict[str, Any]:
        raise Invalid("Rewinding a run is not supported: begin a new one.")

    def notify_scriptable_run_alert(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """Nobody is told yet; a script that alerts goes on all the same."""
        return {"success": True}

    def create_custom_chart(self, input: Mapping[str, Any]) -> dict[str, Any]:
        return {"chart": {"id": gid("Chart", input.get("name", ""))}}

    def update_run(self, input: Mapping[str, Any]) -> dict[str, Any]:
        run = self._store.runs.by_id(number_of(input["id"], "Run"))
        return {"run": runs.Run(self._call, self._store.runs.set(run, tags=input.get("tags")))}

    def delete_project(self, input: Mapping[str, Any]) -> dict[str, Any]:
        record = self._store.projects.by_id(number_of(input["id"], "Project"))
        self._store.projects.remove(record.path)
        return {"success": True}


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """The client's {"lr": {"value": 0.1, "desc": null}} as {"lr": 0.1}."""
    return {
        key: value["value"] if isinstance(value, Mapping) and "value" in value else value
        for key, value in config.items()
    }
