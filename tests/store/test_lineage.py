"""Lineage: runs and versions as nodes, walked up, down and both ways, with everything left out said aloud."""

from __future__ import annotations

import pytest
from curatory.store import File, Store
from curatory.store.drafts import Draft
from curatory.store.errors import Invalid, NotFound
from curatory.store.lineage import Graph

P = "vision/p"


def log(store: Store, name: str, *, run: str | None = None, type: str = "model", number: int = 0) -> str:
    identity = store.runs.get(f"{P}/{run}").id if run else None
    files = [File("w", 1, f"{name}{number}", uri=f"s3://b/{name}{number}")]
    return store.versions.log(files, name, type, project="p", run=identity).path


@pytest.fixture
def chain(store: Store) -> Store:
    """raw → clean(run) → coco → train(run) → net → eval(run) → report; other → train; net is linked in Models."""
    log(store, "raw", type="dataset")
    log(store, "other", type="dataset")
    for run, inputs, output, kind in [
        ("clean", ["raw"], "coco", "dataset"), ("train", ["coco", "other"], "net", "model"), ("eval", ["net"], "report", "report"),
    ]:  # fmt: skip
        store.runs.start("p", name=run, title=f"{run}!")
        for name in inputs:
            store.runs.use(f"{P}/{run}", f"{P}/{name}")
        log(store, output, run=run, type=kind)
    store.links.add(f"{P}/net", "model/detector", ["prod"])
    return store


def labels(graph: Graph) -> dict[str, int]:
    return {node.label: node.depth for node in graph.nodes.values()}


def arrows(graph: Graph) -> set[str]:
    return {f"{graph.nodes[src].label}→{graph.nodes[dst].label}" for src, dst in graph.edges}


def test_up_down_and_both(chain: Store) -> None:
    up = {"net:v0": 0, "train!": -1, "coco:v0": -2, "other:v0": -2, "clean!": -3, "raw:v0": -4}
    down = {"net:v0": 0, "eval!": 1, "report:v0": 2}
    for target in (f"{P}/net", "model/detector:prod", "model/detector", chain.versions.get("model/detector")):
        assert labels(chain.lineage.graph(target, "up")) == up
        assert labels(chain.lineage.graph(target, "down")) == down
        graph = chain.lineage.graph(target)
        assert labels(graph) == up | down
        assert (graph.capped, graph.deeper, graph.note) == (False, False, "")
    assert arrows(graph) == {
        "raw:v0→clean!", "clean!→coco:v0", "coco:v0→train!", "other:v0→train!", "train!→net:v0", "net:v0→eval!", "eval!→report:v0",
    }  # fmt: skip
    run = chain.lineage.graph(f"{P}/train", depth=1)
    assert labels(run) == {"train!": 0, "coco:v0": -1, "other:v0": -1, "net:v0": 1}
    assert labels(chain.lineage.graph(chain.runs.get(f"{P}/train"), depth=0)) == {"train!": 0}


def test_a_node_says_what_it_is(chain: Store) -> None:
    graph = chain.lineage.graph("model/detector", depth=1)
    named = {node.label: node for node in graph.nodes.values()}
    net, train, evaluation = named["net:v0"], named["train!"], named["eval!"]
    assert (net.kind, net.path, net.detail, net.state, net.aliases) == (
        "version",
        f"{P}/net:v0",
        "model",
        "there",
        ("prod",),
    )
    assert (train.kind, train.path, train.detail, train.state) == ("run", f"{P}/train", "running", "there")
    assert evaluation.depth == 1
    assert chain.lineage.used_by("model/detector") == [evaluation]


def test_depth_is_kept_and_what_is_beyond_it_is_said(chain: Store) -> None:
    shallow = chain.lineage.graph("model/detector", "up", depth=2)
    assert set(labels(shallow)) == {"net:v0", "train!", "coco:v0", "other:v0"}
    assert (shallow.deeper, shallow.note) == (True, "more beyond this depth")
    assert not chain.lineage.graph("model/detector", "up", depth=4).deeper
    for depth in (-1, 101):
        with pytest.raises(Invalid, match="0 to 100"):
            chain.lineage.graph("model/detector", depth=depth)
    for cap in (0, 100_001):
        with pytest.raises(Invalid, match="1 to 100,000 nodes"):
            chain.lineage.graph("model/detector", cap=cap)
    with pytest.raises(Invalid, match="up, down or both"):
        chain.lineage.graph("model/detector", "sideways")  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        chain.lineage.graph("model/nothing")


def test_a_cap_is_said_aloud(chain: Store) -> None:
    graph = chain.lineage.graph("model/detector", cap=4)
    assert (len(graph.nodes), graph.capped, graph.note) == (4, True, "first 4 nodes; there are more")
    assert all(src in graph.nodes and dst in graph.nodes for src, dst in graph.edges)
    assert not chain.lineage.graph("model/detector", cap=8).capped


def test_arrows_that_were_left_out_are_said_too(store: Store) -> None:
    """A dense level: every node fits under the cap, but not every arrow that was read."""
    drafts = [Draft([File("w", 1, f"e{n}", uri=f"s3://b/{n}")]) for n in range(21)]
    hub, *others = store.versions.log_many(drafts, "net", "model", project="p")
    runs = [store.runs.start("p", name=f"r{n}") for n in range(19)]
    edges = [(2 * hub.id, 2 * run.id + 1) for run in runs]
    edges += [(2 * run.id + 1, 2 * other.id) for run in runs for other in others]
    store.engine.many("INSERT INTO edge (src, dst, at) VALUES (:s, :d, '')", [{"s": s, "d": d} for s, d in edges])
    tight = store.lineage.graph(hub, "down", cap=40)
    assert (len(tight.nodes), tight.capped) == (40, True)
    assert len(tight.edges) < len(edges)
    wide = store.lineage.graph(hub, "down", cap=60)
    assert (len(wide.nodes), len(wide.edges), wide.capped) == (40, len(edges), False)


def test_a_hub_with_five_thousand_children(store: Store) -> None:
    hub = log(store, "hub")
    version = store.versions.get(hub).id
    project = store.projects.get(P).id
    store.engine.many(
        "INSERT INTO run (id, project_id, name, title, state, config, summary, created_at, heartbeat_at) "
        "VALUES (:id, :p, :name, :name, 'finished', '{}', '{}', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')",
        [{"id": n, "p": project, "name": f"r{n:04}"} for n in range(1, 5001)],
    )
    store.engine.many(
        "INSERT INTO edge (src, dst, at) VALUES (:s, :d, '')",
        [{"s": 2 * version, "d": 2 * n + 1} for n in range(1, 5001)],
    )
    graph = store.lineage.graph(hub)
    assert (len(graph.nodes), graph.capped, graph.note) == (2000, True, "first 2,000 nodes; there are more")
    assert len(graph.edges) == 1999
    whole = store.lineage.graph(hub, "down", cap=10_000)
    assert (len(whole.nodes), len(whole.edges), whole.capped, whole.note) == (5001, 5000, False, "")
    for run in ("r0001", "r5000"):
        found = store.lineage.graph(f"{P}/{run}", "up", depth=1)
        assert labels(found) == {run: 0, "hub:v0": -1}
        path = store.lineage.path(hub, f"{P}/{run}")
        assert path
        assert [node.label for node in path.nodes.values()] == ["hub:v0", run]
    assert store.lineage.path(f"{P}/r0001", f"{P}/r0002") is None


def test_the_way_from_one_node_to_another(chain: Store) -> None:
    path = chain.lineage.path(f"{P}/raw", f"{P}/report")
    assert path
    assert [node.label for node in path.nodes.values()] == [
        "raw:v0", "clean!", "coco:v0", "train!", "net:v0", "eval!", "report:v0",
    ]  # fmt: skip
    assert [node.depth for node in path.nodes.values()] == list(range(7))
    assert len(path.edges) == 6
    assert chain.lineage.path(f"{P}/report", f"{P}/raw") is None  # data flows one way
    assert chain.lineage.path(f"{P}/other", f"{P}/coco") is None
    same = chain.lineage.path(f"{P}/net", "model/detector")
    assert same
    assert [node.label for node in same.nodes.values()] == ["net:v0"]
    chain.runs.use(f"{P}/eval", f"{P}/raw")  # a shorter way
    path = chain.lineage.path(f"{P}/raw", f"{P}/report")
    assert path
    assert [node.label for node in path.nodes.values()] == ["raw:v0", "eval!", "report:v0"]


def test_a_circle_ends(chain: Store) -> None:
    chain.runs.use(f"{P}/clean", f"{P}/report")
    assert len(chain.lineage.graph("model/detector", depth=100).nodes) == 8
    assert len(chain.lineage.graph(f"{P}/net", "down", depth=100).nodes) == 6
    path = chain.lineage.path(f"{P}/net", f"{P}/coco")
    assert path
    assert [node.label for node in path.nodes.values()] == ["net:v0", "eval!", "report:v0", "clean!", "coco:v0"]


def test_what_was_deleted_stays_in_the_graph_as_a_broken_piece(chain: Store) -> None:
    chain.versions.remove(f"{P}/coco")
    chain.runs.remove(f"{P}/clean")
    graph = chain.lineage.graph("model/detector")
    broken = {node.label: (node.state, node.path) for node in graph.nodes.values() if node.state != "there"}
    assert broken == {"coco": ("deleted", ""), "clean!": ("deleted", "")}
    assert "raw:v0" in labels(graph)  # it goes on behind it
    assert len(graph.edges) == 7


def test_what_one_may_not_see_is_a_blank_in_the_graph(chain: Store) -> None:
    chain.users.add("kim")
    kim = chain.as_actor("kim")
    graph = kim.lineage.graph("model/detector")
    seen = {node.label for node in graph.nodes.values() if node.state != "hidden"}
    assert seen == {"detector:v0"}
    [net] = [node for node in graph.nodes.values() if node.state == "there"]
    assert (net.path, net.detail) == ("acme/wandb-registry-model/detector:v0", "model")  # where it can be found by them
    assert kim.versions.get(net.path).id == net.key // 2
    hidden = [node for node in graph.nodes.values() if node.state == "hidden"]
    assert {(node.label, node.path, node.created_at, node.aliases) for node in hidden} == {
        ("(not visible to you)", "", None, ())
    }
    assert len(graph.edges) == 7
    assert not any(word in str(hidden) for word in ("coco", "raw", "report", "vision"))
    with pytest.raises(NotFound):
        kim.lineage.graph(f"{P}/net")


def test_aliases_of_registries_that_one_may_not_see_are_not_shown(chain: Store) -> None:
    chain.registries.create("secret", visibility="restricted")
    chain.links.add(f"{P}/net", "secret/x", ["classified"])
    chain.links.add(f"{P}/net", "model/gone", ["forgotten"])
    chain.collections.remove("model/gone")
    chain.users.add("kim")

    def aliases(store: Store) -> tuple[str, ...]:
        [node] = store.lineage.graph("model/detector", depth=0).nodes.values()
        return node.aliases

    assert aliases(chain) == ("classified", "prod")
    assert aliases(chain.as_actor("kim")) == ("prod",)
