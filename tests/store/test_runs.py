"""Runs: their start and end are events, what they stream is data; they use and produce versions."""

from __future__ import annotations

import json

import pytest
from curatory.store import File, Store
from curatory.store.errors import Conflict, Forbidden, Invalid, NotFound


def files(number: int = 0) -> list[File]:
    return [File("w", 1, f"etag-{number}", uri=f"s3://b/{number}")]


@pytest.fixture
def train(store: Store) -> Store:
    store.runs.start("p", name="train", title="학습 🚀", config={"lr": 0.1}, job_type="train", group="g", notes="n")
    return store


RUN = "vision/p/train"


def test_a_run_from_start_to_end(train: Store) -> None:
    run = train.runs.get(RUN)
    assert (run.path, run.title, run.state, run.config) == (RUN, "학습 🚀", "running", {"lr": 0.1})
    assert (run.job_type, run.group, run.notes, run.created_by, run.exit_code, run.ended_at) == (
        "train", "g", "n", "ana", None, None,
    )  # fmt: skip
    ended = train.runs.finish(run)
    assert (ended.state, ended.exit_code) == ("finished", 0)
    assert ended.ended_at
    assert ended.ended_at > run.created_at
    resumed = train.runs.start("p", name="train")
    assert (resumed.id, resumed.state, resumed.ended_at, resumed.exit_code) == (run.id, "running", None, None)
    assert train.runs.finish(RUN, exit_code=3).state == "failed"
    assert [event.action for event in train.events.of(limit=4)] == [
        "run.finish",
        "run.resume",
        "run.finish",
        "run.start",
    ]
    head = train.events.head()
    train.runs.finish(RUN, exit_code=3)
    assert train.events.head() == head
    for state in ("crashed", "killed"):
        assert train.runs.finish(RUN, state=state).state == state
    with pytest.raises(Invalid, match="not 'running'"):
        train.runs.finish(RUN, state="running")


def test_a_run_gets_a_name_of_its_own_where_none_is_given(train: Store) -> None:
    one, two = train.runs.start("p"), train.runs.start("p")
    assert one.name != two.name
    assert (one.title, len(one.name)) == (one.name, 8)
    assert [run.name for run in train.runs.list("vision/p", limit=2)] == [two.name, one.name]
    page = train.runs.list("vision/p", limit=2)
    assert [run.name for run in train.runs.list("vision/p", limit=2, after=page.after)] == ["train"]


@pytest.mark.parametrize("name", ["a/b", "a:b", "a\nb", "a\u202eb", "x" * 129, "a#b", "a?b", "a%b", "a\\b"])
def test_what_a_run_can_not_be_called(train: Store, name: str) -> None:
    with pytest.raises(Invalid):
        train.runs.start("p", name=name)


def test_metrics_are_kept_in_order_and_the_summary_keeps_the_last(train: Store) -> None:
    train.runs.log(RUN, [{"loss": 2.0}, {"loss": 1.5, "acc": 0.1}])
    train.runs.log(RUN, [{"loss": 1.0, "_step": 10, "bad": float("nan"), "far": float("-inf"), "한글": "값\0"}])
    assert train.runs.history(RUN) == [
        {"_step": 0, "loss": 2.0},
        {"_step": 1, "loss": 1.5, "acc": 0.1},
        {"_step": 10, "loss": 1.0, "bad": "NaN", "far": "-Infinity", "한글": "값\ufffd"},
    ]
    assert train.runs.history(RUN, ["acc"]) == [{"_step": 0}, {"_step": 1, "acc": 0.1}, {"_step": 10}]
    assert train.runs.get(RUN).summary == {
        "_step": 10, "loss": 1.0, "acc": 0.1, "bad": "NaN", "far": "-Infinity", "한글": "값\ufffd",
    }  # fmt: skip


def test_lines_have_numbers_so_that_a_client_may_send_them_twice(train: Store) -> None:
    head = train.events.head()
    for _ in range(2):
        train.runs.append(RUN, "output", ["a", "b\0", "c"], offset=0)
    train.runs.append(RUN, "output", ["C", "d"], offset=2)
    assert train.runs.lines(RUN, "output") == ["a", "b\ufffd", "C", "d"]
    assert train.runs.lines(RUN, "output", start=1, limit=2) == ["b\ufffd", "C"]
    train.runs.append(RUN, "history", [json.dumps({"loss": 1}), '{"half'], offset=0)
    assert train.runs.history(RUN) == [{"loss": 1}]
    assert train.events.head() == head
    with pytest.raises(Invalid, match="there is no 'stdout'"):
        train.runs.append(RUN, "stdout", ["x"], offset=0)
    with pytest.raises(Invalid, match="must be JSON"):
        train.runs.log(RUN, [{"x": object()}])


def test_configuration_and_summary_are_replaced(train: Store) -> None:
    head = train.events.head()
    changed = train.runs.set(RUN, config={"a": 1}, summary={"b": 2})
    assert (changed.config, changed.summary) == ({"a": 1}, {"b": 2})
    assert (train.runs.set(RUN, config={}).summary, train.events.head()) == ({"b": 2}, head)


def test_a_run_logs_into_its_own_project(train: Store) -> None:
    run = train.runs.get(RUN)
    made = train.versions.log(files(), "detector", "model", project="p", run=run.id)
    assert made.run == RUN
    train.runs.start("other", name="r")
    foreign = train.runs.get("vision/other/r").id
    for wrong in (foreign, 4711):
        with pytest.raises(Invalid, match=f"There is no run {wrong} in vision/p; a run logs into its own project"):
            train.versions.log(files(1), "detector", "model", project="p", run=wrong)
    train.legacy.ensure("vision")
    with pytest.raises(Invalid, match="vision/model-registry is a registry: runs belong to source projects"):
        train.runs.start("model-registry", name="r")


def test_logging_what_is_there_already_still_tells_who_made_it(train: Store) -> None:
    made = train.versions.log(files(), "detector", "model", project="p")
    head = train.events.head()
    for _ in range(2):  # the second time nothing is new
        train.versions.log(files(), "detector", "model", project="p", run=train.runs.get(RUN).id)
    assert train.events.head() == head + 1
    assert len(train.lineage.graph(made, "up").edges) == 1
    assert train.audit.verify(tables=True).ok


def test_what_a_run_uses_is_an_event_once(train: Store) -> None:
    made = train.versions.log(files(), "coco", "dataset", project="p")
    train.links.add(made, "dataset/coco", ["gold"])
    used = train.runs.use(RUN, "dataset/coco:gold")
    assert used.path == "acme/wandb-registry-dataset/coco:v0"
    event = train.events.get(train.events.head())
    assert (event.action, event.subject, event.detail["run"]) == ("run.use", used.path, RUN)
    train.runs.use(RUN, made)
    assert train.events.head() == event.seq
    assert [node.label for node in train.lineage.used_by(made)] == ["학습 🚀"]


def test_deleting_a_run_leaves_its_versions_unless_asked_and_linked_ones_always(train: Store) -> None:
    run = train.runs.get(RUN)
    for n in range(3):
        train.versions.log(files(n), "detector", "model", project="p", run=run.id, aliases=[f"a{n}"])
    train.links.add("vision/p/detector:v1", "model/detector")
    assert train.runs.remove(run, delete_versions=True) == ["vision/p/detector:v0", "vision/p/detector:v2"]
    assert [v.number for v in train.search.versions("vision/p/detector")] == [1]
    for gone in (lambda: train.runs.get(RUN), lambda: train.runs.by_id(run.id), lambda: train.runs.history(run)):
        with pytest.raises(NotFound):
            gone()
    assert train.runs.list("vision/p").items == ()
    with pytest.raises(Conflict, match="has been deleted; its name can't be used again"):
        train.runs.start("p", name="train")
    kept = train.runs.start("p", name="kept")
    train.versions.log(files(8), "other", "model", project="p", run=kept.id)
    assert train.runs.remove(kept) == []
    assert train.versions.get("vision/p/other").number == 0


def test_a_run_that_one_may_not_see_is_not_there(train: Store) -> None:
    run = train.runs.get(RUN)
    train.runs.log(RUN, [{"loss": 1}])
    train.users.add("ben")
    ben = train.as_actor("ben")
    for hidden in (
        lambda: ben.runs.get(RUN),
        lambda: ben.runs.by_id(run.id),
        lambda: ben.runs.history(run),
        lambda: ben.runs.lines(run, "output"),
        lambda: ben.runs.list("vision/p"),
    ):
        with pytest.raises(NotFound):
            hidden()
    train.teams.set_member("vision", "ben", "viewer")
    assert ben.runs.history(run) == [{"_step": 0, "loss": 1}]
    with pytest.raises(Forbidden):
        ben.runs.log(run, [{"loss": 2}])


def test_an_end_that_is_told_twice_was_the_first(store: Store, clock) -> None:
    run = store.runs.start("training", name="twice")
    first = store.runs.finish(run, exit_code=3)
    head = store.events.head()
    clock.forward(hours=1)
    assert store.runs.finish(run, exit_code=3).ended_at == first.ended_at
    assert store.events.head() == head
    assert store.runs.finish(run, exit_code=0).state == "finished"
