"""The client's own system tests, against this door: `python -m tests.gateway.conformance FOLDER PYTHON [pytest args]`.

FOLDER is a checkout of the client's repository, PYTHON an interpreter with the client and what its tests import. They
ask a fixture service for users, organizations and teams; this is one. It goes behind the store's back where no person
ever does what it does: a user of no organization, somebody put into a second one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import uvicorn
from curatory.gateway import started
from curatory.store import Store, create_store
from curatory.store.names import fold_key
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .clients import free_port


class Fixtures:
    """Makes whom the tests ask for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.app = Starlette(
            routes=[
                Route("/db/user", self.user, methods=["POST"]),
                Route("/db/organization", self.organization, methods=["POST"]),
                Route("/db/team", self.team, methods=["POST"]),
            ]
        )

    async def user(self, request: Request) -> Response:
        asked = await request.json()
        if asked["command"] == "up":
            now = self._store.events.next_time()
            with self._store.engine.write():
                self._store.engine.execute(
                    "INSERT INTO entity (kind, name, key, email, created_at) VALUES ('user', :n, :k, :e, :at)",
                    {"n": asked["username"], "k": fold_key(asked["username"]), "at": now}
                    | {"e": f"{asked['username']}@example.com"},
                )
        return JSONResponse({})

    async def organization(self, request: Request) -> Response:
        asked = await request.json()
        if asked["command"] == "up":
            user = self._store.users.id_of(asked["username"])
            organization = self._store.organizations.found(asked["orgName"], user)
            with self._store.engine.write():  # the tests make a registry "model" of their own
                self._store.engine.execute(
                    "UPDATE project SET removed_at = created_at WHERE entity_id = :o AND core = 1", {"o": organization}
                )
        elif asked["command"] == "add_members":
            for one in asked["fixtureData"]["members"]:
                self._member(asked["orgName"], one["username"], one["role"])
        return JSONResponse({})

    def _member(self, organization: str, user: str, role: str) -> None:
        ids = {"o": self._store.users.id_of(organization), "u": self._store.users.id_of(user), "r": role}
        with self._store.engine.write():
            self._store.engine.execute(
                "INSERT INTO organization_member (organization_id, user_id, role) VALUES (:o, :u, :r)", ids
            )

    async def team(self, request: Request) -> Response:
        asked: dict[str, Any] = await request.json()
        if asked["command"] == "up":
            wanted = asked["fixtureData"]
            maker = self._store.as_actor(asked["username"])
            maker.teams.create(wanted["team"]["name"], organization=wanted["organization"]["name"])
        return JSONResponse({})


def main(folder: str, python: str, *arguments: str) -> int:
    checkout = Path(folder)
    with (
        tempfile.TemporaryDirectory(prefix="conformance-") as place,
        create_store(Path(place) / "registry.db", "root", durable=False) as store,
    ):
        known = re.compile(r"[\w.-]{1,128}")

        def opener(key: str) -> str | None:
            """A user's key is their name."""
            found = known.fullmatch(key) and store.engine.value(
                "SELECT name FROM entity WHERE kind = 'user' AND key = :k", {"k": fold_key(key)}
            )
            return found or None

        port = free_port()
        config = uvicorn.Config(Fixtures(store).app, port=port, log_level="error")
        threading.Thread(target=uvicorn.Server(config).run, daemon=True).start()
        with started(store, opener) as (address, door):
            tool = checkout / "tools" / "local_wandb_server.py"
            tool.parent.mkdir(exist_ok=True)
            base = int(address.rpartition(":")[2])
            tool.write_text(f"print({json.dumps(json.dumps({'base_port': base, 'fixture_port': port}))})\n")
            settings = checkout / "pytest.ini"
            settings.write_text(
                "[pytest]\nasyncio_mode = auto\ntimeout = 120\nmarkers =\n    flaky\n    image_output\n"
            )
            command = [python, "-m", "pytest", "-c", str(settings), f"--rootdir={checkout}", *arguments]
            environment = os.environ | {"PYTHONPATH": str(checkout)}
            status = subprocess.run(command, cwd=checkout, env=environment).returncode
            for missing in sorted(door.missing):
                print("not known:", missing)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
