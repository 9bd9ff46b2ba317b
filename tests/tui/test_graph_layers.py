"""What stands in which column, what is folded, and what stays where it was."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from curatory.tui.graph import Layers, arrange, draw
from curatory.tui.graph.layers import CAP
from hypothesis import given, settings
from hypothesis import strategies as st

from .test_graph_case import Build, Graph, Node, check, plain, training


def columns(layers: Layers) -> list[list[int]]:
    return [[slot for slot in column if isinstance(slot, int)] for column in layers.columns]


def folds(layers: Layers) -> list[int]:
    return [key for key, box in layers.boxes.items() if box.members]


def test_columns_follow_the_longest_way_on_both_sides() -> None:
    assert columns(arrange(plain("0>1 1>2 0>2 2>3 3>4 2>4", 2))) == [[0], [1], [2], [3], [4]]


def test_depths_are_not_needed_but_place_what_is_neither_above_nor_below() -> None:
    graph = plain("0>1 2>3")
    graph.nodes[2] = replace(graph.nodes[2], depth=5)
    assert columns(arrange(graph)) == [[0], [1], [2], [3]]


def test_what_a_descendant_used_stands_next_to_it() -> None:
    assert columns(arrange(plain("0>1 1>2 2>3 9>3"))) == [[0], [1], [2, 9], [3]]


def test_cycles_are_cut_and_told() -> None:
    layers = arrange(plain("0>1 1>2 2>0 2>2", 1))
    assert len(layers.back) == 2
    assert (2, 2) in layers.back
    assert all(layers.boxes[key].loops for edge in layers.back for key in edge)
    check(draw(layers))


def test_five_siblings_fold_and_four_do_not() -> None:
    for count in (4, 5):
        layers = arrange(plain(" ".join(f"0>{n} {n}>99" for n in range(1, count + 1))))
        assert len(folds(layers)) == (count == 5)


def test_only_what_has_the_same_neighbours_folds() -> None:
    layers = arrange(plain("0>1 0>2 0>3 0>4 0>5 0>6 0>7 6>8 7>8"))
    assert [layers.boxes[key].members for key in folds(layers)] == [(1, 2, 3, 4, 5)]


def test_two_parents_are_not_told_as_one() -> None:
    edges = [f"{parent}>{10 * parent + n}" for parent in (1, 2, 3) for n in range(3)]
    assert not folds(arrange(plain("0>1 0>2 0>3 " + " ".join(edges))))


def test_chains_side_by_side_fold_together() -> None:
    build, keys = training()
    layers = arrange(build.graph(keys["prepared"]))
    titles = {layers.boxes[key].label: layers.boxes[key] for key in folds(layers)}
    assert set(titles) == {"30 runs", "29 models", "30 × evaluation"}
    assert any(box.notes == ("2 failed",) for box in layers.boxes.values())
    assert sum(len(box.members) or 1 for box in layers.boxes.values()) == len(build.nodes)


def test_what_looks_different_folds_apart() -> None:
    build = Build()
    data = build.version("d:v1", "dataset")
    for n in range(6):
        build.run(f"r{n}", (data,))
        build.edges.append((data, build.version(f"m:v{n}", state="deleted")))
        build.edges.append((data, build.version("x", state="hidden")))
    layers = arrange(build.graph(data))
    assert {layers.boxes[key].label for key in folds(layers)} == {"6 runs", "6 deleted", "6 hidden"}


def test_a_fold_keeps_its_key_when_siblings_come() -> None:
    before = arrange(plain(" ".join(f"0>{n}" for n in range(1, 7))))
    after = arrange(plain(" ".join(f"0>{n}" for n in range(1, 9))), previous=before)
    assert folds(before) == folds(after) == [~1]
    assert len(after.boxes[~1].members) == 8


def test_an_opened_fold_shows_its_members_and_closes_again() -> None:
    build, keys = training(8)
    graph = build.graph(keys["prepared"])
    closed = arrange(graph)
    fold = next(key for key in folds(closed) if closed.boxes[key].label == "8 runs")
    opened = arrange(graph, expanded=[fold], previous=closed)
    assert set(folds(closed)) - set(folds(opened)) == {fold}
    assert {box.fold for box in opened.boxes.values() if box.kind == "run" and "fine" in box.label} == {fold}
    check(draw(opened))
    assert arrange(graph, previous=opened).boxes == closed.boxes


def test_what_is_kept_stands_beside_its_fold() -> None:
    graph = plain(" ".join(f"0>{n}" for n in range(1, 8)))
    layers = arrange(graph, keep=[3])
    assert 3 in layers.boxes
    assert layers.boxes[~1].members == (1, 2, 4, 5, 6, 7)
    assert layers.of[4] == ~1


@pytest.mark.parametrize("cap", [5, 20, CAP])
def test_beyond_the_cap_is_counted(cap: int) -> None:
    chance = random.Random(7)
    nodes = {key: Node(key, label=f"n{key}") for key in range(900)}
    edges = {(chance.randrange(max(0, n - 60), n), n) for n in range(1, 900) for _ in range(2)}
    layers = arrange(Graph(450, nodes, tuple(edges)), cap=cap)
    assert len(layers.boxes) <= cap
    assert len(layers.boxes) > cap * 0.6
    assert 450 in layers.boxes
    assert sum(len(box.members) or 1 for box in layers.boxes.values()) == 900
    for key in folds(layers):
        box = layers.boxes[key]
        assert layers.of[box.members[0]] == key
        if box.rest:
            assert box.label == f"{len(box.members):,} more"
    check(draw(layers))


def test_a_long_chain_is_cut_at_both_ends() -> None:
    layers = arrange(plain(" ".join(f"{n}>{n + 1}" for n in range(400)), 200), cap=9)
    assert [layers.boxes[column[0]].label for column in columns(layers)] == [
        "197 more",
        *(f"n{n}" for n in range(197, 204)),
        "197 more",
    ]


def test_the_order_stays_when_something_is_added() -> None:
    chance = random.Random(3)
    edges = [f"{chance.randrange(max(0, n - 6), n)}>{n}" for n in range(1, 30)]
    before = arrange(plain(" ".join(edges), 5))
    after = arrange(plain(" ".join([*edges, "28>30"]), 5), previous=before)
    for old, new in zip(columns(before), columns(after), strict=False):
        assert [key for key in new if key in old] == [key for key in old if key in new]
    assert arrange(plain(" ".join(edges), 5), previous=before).columns == before.columns


def test_ways_through_a_graph() -> None:
    layers = arrange(plain("0>1 0>2 1>3 2>3 3>4 5>3", 3))
    assert layers.between(0, 3) == {(0, 1), (0, 2), (1, 3), (2, 3)}
    assert layers.between(3, 0) == frozenset()
    assert layers.upstream(1) == {(0, 1)}
    assert layers.through(1) == {(0, 1), (1, 3), (3, 4)}


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 40).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=90),
            st.integers(0, n - 1),
            st.integers(5, 60),
        )
    )
)
def test_any_graph_even_with_cycles_is_shown_whole(case: tuple[int, list[tuple[int, int]], int, int]) -> None:
    count, edges, start, cap = case
    nodes = {key: Node(key, label=f"n{key}", depth=key % 3 - 1) for key in range(count)}
    layers = arrange(Graph(start, nodes, tuple(edges)), cap=cap)
    at = {slot: column for column, slots in enumerate(layers.columns) for slot in slots}
    assert len(layers.boxes) <= cap
    assert set(layers.of) == set(nodes)
    assert set(layers.of.values()) == set(layers.boxes)
    assert layers.of[start] == start
    assert all(at[a] < at[b] for a, b in layers.edges)
    kept = {edge for edge in edges if edge not in layers.back}
    lifted = {(layers.of[a], layers.of[b]) for a, b in kept}
    assert set(layers.edges) == {(a, b) for a, b in lifted if a != b}
    for column in layers.columns:
        rows = [layers.rows[slot] for slot in column]
        assert rows == sorted(set(rows))
    check(draw(layers))
