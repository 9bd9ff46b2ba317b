"""The focus graph as indented text."""

from __future__ import annotations

import pytest
from curatory.tui.graph import OutlineRow, arrange, outline
from rich.cells import cell_len

from .test_graph_case import Build, lines, plain, training


def text(rows: list[OutlineRow]) -> str:
    return "\n".join(row.text for row in rows)


def test_a_training_graph() -> None:
    build, keys = training()
    assert text(outline(arrange(build.graph(keys["prepared"])), width=50)) == lines(
        """
        |■ prepared:v12  latest
        |made from
        |╰─ ▶ preprocess 2026-02
        |   ├─ ■ coco:v7
        |   ╰─ ■ augmentations:v2
        |led to
        |╰─ ▸ 30 runs  2 failed
        |   ├─ ▸ 29 models
        |   │  ╰─ ▸ 30 runs
        |   │     ╰─ ▸ 30 × evaluation
        |   │        ╰─ ▶ report
        |   │           ╰─ ● weekly-report:v9
        |   ╰─ ◆ detector:v21  prod
        |      ╰─ ▸ 30 runs  ↑ see above
        |also here
        |■ held-out:v3  gold
        |◆ backbone-large:v4
        """
    )


def test_a_repeated_node_is_shown_once_with_what_follows_it() -> None:
    rows = outline(arrange(plain("0>1 0>2 1>3 2>3 3>4")))
    assert [row.again for row in rows if row.key == 3] == [False, True]
    assert [row.key for row in rows].count(4) == 1
    assert rows[0].key == 0
    assert {row.key for row in rows} == {0, 1, 2, 3, 4, None}


@pytest.mark.parametrize("width", [1, 2, 5, 12, 20, 40])
def test_no_row_is_too_wide(width: int) -> None:
    build = Build()
    key = build.version("데이터셋" * 5 + ":v1", aliases=("latest", "프로덕션"))
    start = key
    for n in range(30):
        new = build.version(f"model-{n}\n:v{n}")
        build.run(f"run {n}", (key, start), (new,))
        key = new
    rows = outline(arrange(build.graph(start)), width=width)
    assert all(cell_len(row.text) <= width for row in rows)
    assert all(row.text.isprintable() for row in rows)
    assert {row.key for row in rows} - {None} == set(build.nodes)
