"""Everything that a script does with W&B, by the real client; prints what failed and ends with 1 if anything did.

Run by the tests with the interpreter of one client version; it knows nothing of Curatory.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

import wandb

VERSION = tuple(int(part) for part in wandb.__version__.split(".")[:2])
ORG, TEAM = os.environ["TOUR_ORG"], os.environ["TOUR_TEAM"]
failed: list[str] = []
passed: list[str] = []


def check(name):
    def run(function):
        try:
            function()
        except Exception:
            failed.append(name)
            print(f"FAILED {name}\n{traceback.format_exc()}", file=sys.stderr)
        else:
            passed.append(name)
        return function

    return run


def same(found, wanted):
    assert found == wanted, f"{found!r} is not {wanted!r}"


def refused(kinds, call, *words):
    try:
        call()
    except kinds as error:
        text = f"{error} {error.__cause__ or ''}"
        for word in words:
            assert word in text, f"{word!r} is not in {text!r}"
    else:
        raise AssertionError("it was not refused")


# -- a run that trains, logs and links -----------------------------------------------------------------------------

run = wandb.init(
    project="tour",
    entity=TEAM,
    id="train1",
    name="first training",
    config={"lr": 0.1, "layers": [1, 2], "nested": {"value": 3}},
    tags=["baseline"],
    notes="the notes",
    group="g1",
    job_type="train",
)
print("curve begins")
for step in range(5):
    run.log({"acc": step / 10, "loss/train": 1 - step / 10})
run.summary["best"] = 0.9
run.config["late"] = "yes"
Path("model.txt").write_text("weights")
Path("data").mkdir(exist_ok=True)
for number in range(3):
    Path(f"data/part{number}.csv").write_text(f"a,b\n{number},2\n")
Path("extra.txt").write_text("saved by the run")
run.save("extra.txt")

artifact = wandb.Artifact("detector", "model", description="first", metadata={"acc": 0.4, "한국어": "값"})
artifact.add_file("model.txt")
artifact.add_dir("data", name="data")
Path("train.tar").write_text("elsewhere")
REFERENCE = Path("train.tar").absolute().as_uri()
artifact.add_reference(REFERENCE, name="train")
logged = run.log_artifact(artifact, aliases=["candidate"])
logged.wait()
table = wandb.Table(columns=["x", "y"], data=[[1, 2], [3, 4]])
run.log({"points": table})
link = run.link_artifact(logged, f"{ORG}/wandb-registry-model/tour-detector", aliases=["staging"])
run.finish()

api = wandb.Api()
SOURCE, LINK = f"{TEAM}/tour/detector", f"{ORG}/wandb-registry-model/tour-detector"


@check("run: config, summary, history, tags")
def _():
    found = api.run(f"{TEAM}/tour/train1")
    same(found.state, "finished")
    same(found.config["lr"], 0.1)
    same(found.config["nested"], {"value": 3})
    same(found.config["late"], "yes")
    same(found.summary["best"], 0.9)
    same((found.name, found.tags, found.group, found.job_type), ("first training", ["baseline"], "g1", "train"))
    rows = list(found.scan_history(keys=["acc"]))
    same([row["acc"] for row in rows], [0.0, 0.1, 0.2, 0.3, 0.4])
    history = found.history(pandas=False)
    assert len(history) >= 5, history
    same(len(list(found.scan_history())), 6)


@check("run: files")
def _():
    found = api.run(f"{TEAM}/tour/train1")
    names = {file.name for file in found.files()}
    assert {"config.yaml", "wandb-summary.json", "wandb-metadata.json", "extra.txt", "output.log"} <= names, names
    file = found.file("extra.txt")
    same(Path(file.download("got", replace=True).name).read_text(), "saved by the run")


@check("run: update from outside")
def _():
    found = api.run(f"{TEAM}/tour/train1")
    found.config["seen"] = True
    found.tags.append("reviewed")
    found.summary["checked"] = 1
    found.update()
    again = wandb.Api().run(f"{TEAM}/tour/train1")
    same((again.config["seen"], "reviewed" in again.tags, again.state), (True, True, "finished"))


@check("runs: filters, order, count")
def _():
    same([one.id for one in api.runs(f"{TEAM}/tour", filters={"config.lr": 0.1})], ["train1"])
    same(len(api.runs(f"{TEAM}/tour", filters={"state": "crashed"})), 0)
    same(len(api.runs(f"{TEAM}/tour", filters={"summary_metrics.best": {"$gt": 0.5}}, order="-created_at")), 1)


@check("artifact: what it says")
def _():
    found = api.artifact(f"{SOURCE}:candidate")
    same((found.version, found.type, found.description, found.state), ("v0", "model", "first", "COMMITTED"))
    same(found.metadata, {"acc": 0.4, "한국어": "값"})
    same(sorted(found.aliases), ["candidate", "latest"])
    same(found.digest, logged.digest)
    same(sorted(found.manifest.entries), ["data/part0.csv", "data/part1.csv", "data/part2.csv", "model.txt", "train"])
    same(found.logged_by().id, "train1")
    same(found.file_count, 5)


@check("artifact: download, verify, files, one file")
def _():
    found = api.artifact(f"{SOURCE}:v0")
    root = Path(found.download("download"))
    same((root / "model.txt").read_text(), "weights")
    same((root / "data/part2.csv").read_text(), "a,b\n2,2\n")
    same(sorted(file.name for file in found.files() if "part" in file.name), [f"data/part{n}.csv" for n in range(3)])
    same(Path(found.get_entry("model.txt").download("one")).read_text(), "weights")
    same(found.get_entry("train").ref, REFERENCE)
    same((root / "train").read_text(), "elsewhere")


@check("artifact: verify tells an altered file")
def _():
    found = api.artifact(f"{SOURCE}:v0")
    found.verify("download")
    Path("download/model.txt").write_text("altered")
    refused(ValueError, lambda: found.verify("download"))


@check("link: its own number and aliases, the artifact's id")
def _():
    found = api.artifact(f"{LINK}:staging")
    same((found.version, found.is_link, found.id), ("v0", True, logged.id))
    same(sorted(found.aliases), ["latest", "staging"])
    same(found.source_qualified_name, f"{SOURCE}:v0")
    same(api.artifact(f"{LINK}:v0").qualified_name, f"{LINK}:v0")
    if VERSION >= (0, 22):
        same([one.qualified_name for one in api.artifact(f"{SOURCE}:v0").linked_artifacts], [f"{LINK}:v0"])
        same(link.qualified_name, f"{LINK}:v0")


@check("link: download by the registry's path, without the organization's name")
def _():
    found = api.artifact("wandb-registry-model/tour-detector:v0")
    same((Path(found.download("by-link")) / "model.txt").read_text(), "weights")


@check("link: into another organization is refused")
def _():
    def link_there():
        api.artifact(f"{SOURCE}:v0").link("nobody/wandb-registry-model/x")

    if VERSION >= (0, 21):
        refused((ValueError, wandb.errors.CommError), link_there, "rganization")
    else:  # says it, and goes on
        link_there()


@check("use: lineage both ways")
def _():
    with wandb.init(project="tour", entity=TEAM, id="eval1", job_type="eval") as using:
        used = using.use_artifact(f"{LINK}:v0")
        used.download("used")
    found = wandb.Api()
    same([one.id for one in found.artifact(f"{SOURCE}:v0").used_by()], ["eval1"])
    same([one.name for one in found.run(f"{TEAM}/tour/eval1").used_artifacts()], ["detector:v0"])
    assert "detector:v0" in [one.name for one in found.run(f"{TEAM}/tour/train1").logged_artifacts()]


@check("edit: description, metadata, aliases, tags, by the source")
def _():
    found = api.artifact(f"{SOURCE}:v0")
    found.description = "second"
    found.metadata["f1"] = 0.5
    found.aliases.append("best")
    found.aliases.remove("candidate")
    if VERSION >= (0, 19):
        found.tags = ["robust", "검토"]
    found.save()
    again = wandb.Api().artifact(f"{SOURCE}:best")
    same((again.description, again.metadata["f1"], sorted(again.aliases)), ("second", 0.5, ["best", "latest"]))
    if VERSION >= (0, 19):
        same(sorted(again.tags), sorted(["robust", "검토"]))
        again.tags = ["robust"]
        again.save()
        same(wandb.Api().artifact(f"{SOURCE}:best").tags, ["robust"])


@check("edit: aliases of the link are the link's")
def _():
    found = api.artifact(f"{LINK}:v0")
    found.aliases.append("prod")
    found.save()
    again = wandb.Api()
    same(sorted(again.artifact(f"{LINK}:prod").aliases), ["latest", "prod", "staging"])
    assert "prod" not in again.artifact(f"{SOURCE}:v0").aliases


@check("ttl")
def _():
    from datetime import timedelta

    with wandb.init(project="tour", entity=TEAM, id="ttl1") as short:
        Path("short.txt").write_text("short")
        brief = wandb.Artifact("brief", "dataset")
        brief.add_file("short.txt")
        brief.ttl = timedelta(days=3)
        short.log_artifact(brief).wait()
    found = wandb.Api().artifact(f"{TEAM}/tour/brief:v0")
    same(found.ttl, timedelta(days=3))
    found.ttl = None
    found.save()
    same(wandb.Api().artifact(f"{TEAM}/tour/brief:v0").ttl, None)


@check("dedupe: the same content makes no version")
def _():
    with wandb.init(project="tour", entity=TEAM, id="again1") as again:
        same_ = wandb.Artifact("detector", "model", description="ignored")
        same_.add_file("model.txt")
        same_.add_dir("data", name="data")
        same_.add_reference(REFERENCE, name="train")
        same(again.log_artifact(same_, aliases=["again"]).wait().version, "v0")
    assert "again" in wandb.Api().artifact(f"{SOURCE}:v0").aliases


@check("new draft: what is not touched is not sent again")
def _():
    with wandb.init(project="tour", entity=TEAM, id="draft1") as again:
        draft = again.use_artifact(f"{SOURCE}:v0").new_draft()
        draft.remove("data/part2.csv")
        with draft.new_file("readme.md") as file:
            file.write("hello")
        made = again.log_artifact(draft).wait()
    same(made.version, "v1")
    root = Path(wandb.Api().artifact(f"{SOURCE}:v1").download("v1"))
    same(
        sorted(path.name for path in root.rglob("*") if path.is_file()),
        ["model.txt", "part0.csv", "part1.csv", "readme.md", "train"],
    )


@check("distributed: several runs make one version")
def _():
    for number in range(2):
        with wandb.init(project="tour", entity=TEAM, id=f"part{number}", group="many") as one:
            part = wandb.Artifact("together", "dataset")
            Path(f"shard{number}.txt").write_text(f"shard {number}")
            part.add_file(f"shard{number}.txt")
            one.upsert_artifact(part)
    with wandb.init(project="tour", entity=TEAM, id="last", group="many") as one:
        one.finish_artifact(wandb.Artifact("together", "dataset"))
    made = wandb.Api().artifact(f"{TEAM}/tour/together:latest")
    same((made.version, sorted(made.manifest.entries)), ("v0", ["shard0.txt", "shard1.txt"]))
    same((Path(made.download("together")) / "shard1.txt").read_text(), "shard 1")


@check("incremental: what was before stays")
def _():
    for number in range(2):
        with wandb.init(project="tour", entity=TEAM, id=f"grow{number}") as one:
            part = wandb.Artifact("growing", "dataset", incremental=True)
            Path(f"row{number}.txt").write_text(f"row {number}")
            part.add_file(f"row{number}.txt")
            one.log_artifact(part).wait()
    made = wandb.Api().artifact(f"{TEAM}/tour/growing:latest")
    same((made.version, sorted(made.manifest.entries)), ("v1", ["row0.txt", "row1.txt"]))
    same((Path(made.download("growing")) / "row0.txt").read_text(), "row 0")


@check("step: which metrics a version belongs to")
def _():
    with wandb.init(project="tour", entity=TEAM, id="steps") as one:
        for number in range(2):
            Path("stepped.txt").write_text(f"{number}")
            stepped = wandb.Artifact("stepped", "model")
            stepped.add_file("stepped.txt")
            one.log_artifact(stepped).wait()
            one.log({"m": number})
    same(wandb.Api().artifact(f"{TEAM}/tour/stepped:v1").history_step, 0)


@check("one name, one type")
def _():
    with wandb.init(project="tour", entity=TEAM, id="type1") as other:
        wrong = wandb.Artifact("detector", "dataset")
        wrong.add_file("model.txt")
        refused(
            (ValueError, wandb.errors.CommError), lambda: other.log_artifact(wrong).wait(), "already exists with type"
        )


@check("table: read back")
def _():
    found = [one for one in api.run(f"{TEAM}/tour/train1").logged_artifacts() if one.type == "run_table"]
    same(len(found), 1)
    same(found[0].get("points").data, [[1, 2], [3, 4]])


@check("resume")
def _():
    again = wandb.init(project="tour", entity=TEAM, id="train1", resume="must")
    again.log({"acc": 0.5})
    again.finish()
    rows = list(wandb.Api().run(f"{TEAM}/tour/train1").scan_history(keys=["_step", "acc"]))
    same([(row["_step"], row["acc"]) for row in rows][-2:], [(4, 0.4), (6, 0.5)])
    refused(Exception, lambda: wandb.init(project="tour", entity=TEAM, id="nobody", resume="must"), "resume")


@check("a failed run")
def _():
    dying = wandb.init(project="tour", entity=TEAM, id="dead1")
    dying.finish(exit_code=3)
    same(wandb.Api().run(f"{TEAM}/tour/dead1").state, "failed")


@check("projects, collections, types")
def _():
    found = wandb.Api()
    assert "tour" in [one.name for one in found.projects(TEAM)]
    assert {"model", "dataset"} <= {one.name for one in found.artifact_types(f"{TEAM}/tour")}
    collection = found.artifact_collection("model", SOURCE)
    same((collection.name, collection.type, collection.is_sequence()), ("detector", "model", True))
    same([one.version for one in collection.artifacts()], ["v1", "v0"])
    same([one.version for one in found.artifacts("model", SOURCE)], ["v1", "v0"])
    same(found.artifact_exists(f"{SOURCE}:v9"), False)
    same(found.artifact_exists(f"{SOURCE}:v1"), True)
    same(found.artifact_collection_exists(SOURCE, "model"), True)
    assert "detector" in [one.name for one in found.artifact_type("model", f"{TEAM}/tour").collections()]


@check("collection: description, tags, rename, delete")
def _():
    found = wandb.Api().artifact_collection("model", LINK)
    found.description = "# Card"
    found.tags = ["vision", "검토 완료"]
    found.save()
    again = wandb.Api().artifact_collection("model", LINK)
    same((again.description, sorted(again.tags), again.is_sequence()), ("# Card", ["vision", "검토 완료"], False))
    again.tags = ["vision"]
    again.name = "renamed detector"
    again.save()
    third = wandb.Api().artifact_collection("model", f"{ORG}/wandb-registry-model/renamed detector")
    same(third.tags, ["vision"])
    third.name = "tour-detector"
    third.save()
    same(sorted(wandb.Api().artifact_collection("model", LINK).aliases), ["latest", "prod", "staging"])


@check("link_model, use_model: the old registry")
def _():
    with wandb.init(project="tour", entity=TEAM, id="legacy1") as old:
        old.link_model(path="model.txt", registered_model_name="Old Model", name="old-weights", aliases=["old"])
    with wandb.init(project="tour", entity=TEAM, id="legacy2") as old:
        got = old.use_model(f"{TEAM}/model-registry/Old Model:old")
        same(Path(got).read_text(), "weights")
        old.log_model(path="model.txt", name="logged-model")


if VERSION >= (0, 20) and hasattr(api, "registry"):

    @check("registries: list, filter, order")
    def _():
        names = [one.name for one in wandb.Api().registries(ORG)]
        assert {"model", "dataset"} <= set(names), names
        same([one.name for one in wandb.Api().registries(ORG, filter={"name": {"$regex": "data"}})], ["dataset"])

    @check("registries: collections, versions")
    def _():
        found = wandb.Api().registries(ORG, filter={"name": "model"})
        assert "tour-detector" in [one.name for one in found.collections()]
        same([one.name for one in found.collections(filter={"tag": "vision"})], ["tour-detector"])
        versions = found.collections(filter={"name": "tour-detector"}).versions(filter={"alias": "prod"})
        same([one.qualified_name for one in versions], [f"{LINK}:v0"])
        same([one.name for one in wandb.Api().registries(ORG).versions(filter={"tag": "robust"})], ["tour-detector:v0"])

    @check("registry: create, edit, types, visibility, rename, delete")
    def _():
        found = wandb.Api()
        made = found.create_registry(
            "Tour Models", visibility="organization", organization=ORG, description="made", artifact_types=["model"]
        )
        same((made.name, made.allow_all_artifact_types, list(made.artifact_types)), ("Tour Models", False, ["model"]))
        made.description = "edited"
        made.artifact_types.append("dataset")
        made.save()
        again = wandb.Api().registry("Tour Models", ORG)
        same((again.description, sorted(again.artifact_types)), ("edited", ["dataset", "model"]))
        refused(ValueError, lambda: again.artifact_types.remove("model"), "Cannot remove artifact type")
        again.name = "Tour Renamed"
        again.save()
        refused(
            ValueError,
            lambda: found.create_registry("Tour Renamed", "organization", organization=ORG),
            "already exists",
        )
        third = wandb.Api().registry("Tour Renamed", ORG)
        third.visibility = "restricted"
        third.save()
        same(wandb.Api().registry("Tour Renamed", ORG).visibility, "restricted")
        third.delete()
        refused(Exception, lambda: wandb.Api().registry("Tour Renamed", ORG).load())


if VERSION >= (0, 21) and hasattr(wandb.Api().registry("model", ORG), "members"):

    @check("registry: members and roles")
    def _():
        found = wandb.Api().create_registry("Tour Members", visibility="restricted", organization=ORG)
        person = wandb.Api().user(os.environ["TOUR_PERSON"])
        team = wandb.Api().team(TEAM)
        found.add_members(person, team)
        same(
            [one.user.username for one in found.user_members() if one.user.username == person.username],
            [person.username],
        )
        same([one.team.name for one in found.team_members()], [TEAM])
        found.update_member(person, role="member")
        roles = {one.user.username: one.role for one in found.user_members()}
        same(roles[person.username], "member")
        found.remove_members(person)
        assert person.username not in [one.user.username for one in found.user_members()]
        found.delete()


@check("unlink, and what is no link")
def _():
    with wandb.init(project="tour", entity=TEAM, id="unlink1") as again:
        again.link_artifact(wandb.Api().artifact(f"{SOURCE}:v1"), f"{ORG}/wandb-registry-model/gone")
    found = wandb.Api().artifact(f"{ORG}/wandb-registry-model/gone:v0")
    found.unlink()
    same(wandb.Api().artifact_exists(f"{ORG}/wandb-registry-model/gone:v0"), False)
    refused(ValueError, lambda: wandb.Api().artifact(f"{SOURCE}:v1").unlink(), "not a linked artifact")


@check("delete: aliases are in the way")
def _():
    found = wandb.Api().artifact(f"{SOURCE}:v0")
    refused(Exception, lambda: found.delete(), "alias")
    newest = wandb.Api().artifact(f"{SOURCE}:v1")
    newest.delete(delete_aliases=True)
    same(wandb.Api().artifact_exists(f"{SOURCE}:v1"), False)


print(json.dumps({"version": wandb.__version__, "passed": passed, "failed": failed}))
sys.exit(1 if failed else 0)
