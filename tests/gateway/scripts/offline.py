"""A run without a network, then `wandb sync`: what it logged is there after; and what the client's commands do."""

from __future__ import annotations

import glob
import json
import os
import subprocess
import sys
from pathlib import Path

os.environ["WANDB_MODE"] = "offline"

import wandb

TEAM = os.environ["TOUR_TEAM"]
Path("weights.txt").write_text("offline weights")
with wandb.init(project="offline", entity=TEAM, id="off1", config={"lr": 0.5}) as run:
    for step in range(4):
        run.log({"acc": step / 4})
    artifact = wandb.Artifact("kept", "model")
    artifact.add_file("weights.txt")
    run.log_artifact(artifact, aliases=["first"])

os.environ["WANDB_MODE"] = "online"


def command(*words):
    told = {name: value for name, value in os.environ.items() if name not in ("WANDB_SILENT", "WANDB_MODE")}
    words = [sys.executable, "-m", "wandb", *words]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, env=told)
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


command("sync", *glob.glob(os.path.join(os.environ["WANDB_DIR"], "wandb", "offline-run-*")))
api = wandb.Api()
found = api.run(f"{TEAM}/offline/off1")
synced = {
    "state": found.state,
    "lr": found.config["lr"],
    "acc": [row["acc"] for row in found.scan_history(keys=["acc"])],
    "weights": (Path(api.artifact(f"{TEAM}/offline/kept:first").download("kept")) / "weights.txt").read_text(),
}
Path("folder").mkdir()
Path("folder/a.txt").write_text("put")
command("artifact", "put", "folder", "--name", f"{TEAM}/offline/putted", "--type", "dataset", "--alias", "best")
listed = command("artifact", "ls", f"{TEAM}/offline")
command("artifact", "get", f"{TEAM}/offline/putted:best", "--root", "gotten")
print(json.dumps(synced | {"listed": "putted" in listed and "kept" in listed, "got": Path("gotten/a.txt").read_text()}))
