"""Lists of more than a page, in every order, by the real client; prints what it found as JSON.

Run by the tests with the interpreter of one client version, on a store that they have filled.
"""

from __future__ import annotations

import itertools
import json
import os

import wandb

VERSION = tuple(int(part) for part in wandb.__version__.split(".")[:2])
ORG, TEAM = os.environ["TOUR_ORG"], os.environ["TOUR_TEAM"]
MOST = 40  # a list that never ends is cut, and seen to be too long
api = wandb.Api()


def some(items):
    return list(itertools.islice(items, MOST))


run = api.run(f"{TEAM}/many/r0")
found = {
    "runs": [one.id for one in some(api.runs(f"{TEAM}/many", per_page=2, order="+created_at"))],
    "projects": sorted(one.name for one in some(api.projects(TEAM, per_page=2))),
    "files": sorted(one.name for one in some(run.files(per_page=2))),
    "logged": [one.name for one in some(run.logged_artifacts(per_page=2))],
    "used": [one.name for one in some(run.used_artifacts(per_page=2))],
    "versions": [one.name for one in some(api.artifacts("model", f"{TEAM}/many/series", per_page=2))],
    "collections": sorted(one.name for one in some(api.artifact_type("model", f"{TEAM}/many").collections(per_page=2))),
    "contents": sorted(one.name for one in some(api.artifact(f"{TEAM}/many/series:v0").files(per_page=2))),
}
if VERSION >= (0, 20) and hasattr(api, "registries"):
    registries = api.registries(ORG, filter={"name": "model"})
    held = registries.collections(filter={"name": "served"})
    found |= {
        "registries": [one.name for one in some(api.registries(ORG, per_page=1))],
        "places": sorted(one.name for one in some(registries.collections(per_page=2))),
        "linked": sorted(one.version for one in some(held.versions(per_page=2))),
    }
if VERSION >= (0, 31):
    found |= {
        order: [one.version for one in some(held.versions(order=order, per_page=2))]
        for order in ("created_at", "-created_at", "linked_at", "-linked_at", "artifact_size")
    }
    found["since"] = [one.version for one in some(held.versions(filter={"linked_at": {"$gt": "2001-01-01T00:00:00Z"}}))]
    found["names"] = [one.name for one in some(registries.collections(order="-name", per_page=2))]
print(json.dumps(found))
