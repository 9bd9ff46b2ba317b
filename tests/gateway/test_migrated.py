"""Scripts that still name a legacy registry which was migrated: they go on, with the client's own warning."""

from __future__ import annotations

from pathlib import Path

import pytest
from curatory.store import Store

from .clients import NEWEST, VERSIONS, Served

SCRIPT = """
import wandb
old = "vision/model-registry/detector"
print("read", wandb.Api().artifact(f"{old}:prod").qualified_name)
run = wandb.init(project="labs", entity="vision")
print("used", run.use_artifact(f"{old}:prod").version)
artifact = wandb.Artifact("fresh", "model")
with artifact.new_file("x.txt") as file:
    file.write("hi")
logged = run.log_artifact(artifact).wait()
run.link_artifact(logged, old, aliases=["canary"])
open("m.txt", "w").write("m")
run.link_model("m.txt", "detector")
for refused in (lambda: run.link_artifact(logged, "vision/model-registry/new"), lambda: run.link_model("m.txt", "new")):
    try:
        refused()
    except Exception as error:
        print("refused", str(error).replace("\\n", " "))
run.finish()
"""


def migrated(store: Store, folder: Path) -> None:
    for number in range(2):
        (folder / "w").write_text(f"w{number}")
        version = store.versions.log_paths([folder / "w"], "weights", "model", entity="vision", project="labs")
        store.legacy.link_model(version, "detector", ["prod"])
    store.migrations.run("vision")


@pytest.mark.parametrize("version", [NEWEST, VERSIONS[-1]])
def test_old_paths_go_on_with_the_clients_warning(served: Served, version: str) -> None:
    with served.store() as store:
        migrated(store, served.folder)
    done = served.run(SCRIPT, version, more={"WANDB_SILENT": "false"})
    assert done.returncode == 0, done.stderr
    assert "detector:prod" in done.stdout
    assert "used v1" in done.stdout
    if version == NEWEST:  # the oldest neither warns nor waits for what becomes of a link
        assert "read acme/wandb-registry-vision-mr-migrated/detector:prod" in done.stdout
        assert done.stdout.count("refused") == 2
        assert done.stdout.count("is read-only: it was migrated to acme/wandb-registry-vision-mr-migrated") == 2
        assert "This model registry has been migrated and will be discontinued" in done.stderr
    with served.store() as store:
        assert store.collections.get("vision-mr-migrated/detector").aliases == {"prod": 1, "canary": 2}
        assert store.collections.get("vision-mr-migrated/detector").versions == 4
        project = store.projects.get("vision/model-registry")
        assert [one.name for one in store.search.collections(project.path)] == ["detector"]
