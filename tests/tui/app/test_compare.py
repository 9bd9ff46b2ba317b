"""The comparison of two versions on the screen: tensors from headers, what can't be read, and walking through it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from curatory.store import File, Store, Version
from curatory.tui.comparison import compare
from curatory.tui.screens.compare import CompareScreen, lay_out
from curatory.tui.widgets.table import VirtualTable
from curatory.tui.widgets.text import fit_dotted
from rich.cells import cell_len

from .conftest import Hands, Open

Shapes = dict[str, tuple[str, list[int]]]
OLD: Shapes = {
    "인코더.0.가중치": ("F32", [4, 4]),
    "model.layers.0.self_attn.q_proj.weight": ("F16", [8, 4]),
    "old": ("F32", [2]),
}
NEW: Shapes = {
    "인코더.0.가중치": ("F16", [4, 4]),
    "model.layers.0.self_attn.q_proj.weight": ("F16", [8, 4]),
    "new[b]": ("F32", [3]),
}


def weights(shapes: Shapes, data: bytes = b"", **about: str) -> bytes:
    document = {"__metadata__": about} | {
        name: {"dtype": kind, "shape": shape, "data_offsets": [0, 0]} for name, (kind, shape) in shapes.items()
    }
    text = json.dumps(document, ensure_ascii=False).encode()
    return struct.pack("<Q", len(text)) + text + data


def put(store: Store, tmp_path: Path, files: dict[str, bytes], name: str = "net", into: str = "model") -> Version:
    """Log files as the next version, and link it."""
    for file, data in files.items():
        (tmp_path / file).write_bytes(data)
    version = store.versions.log_paths(
        [tmp_path / file for file in files], name, "model", entity="vision", project="labs"
    )
    for file in files:
        (tmp_path / file).unlink()
    return store.links.add(version, f"{into}/{name}")


async def shown(hands: Hands) -> str:
    assert isinstance(hands.app.screen, CompareScreen)
    await hands.settle()
    return hands.text


def rows(hands: Hands) -> list[str]:
    table = hands.app.screen.query_one(VirtualTable)
    return ["".join(word for cell in row.cells for word, _ in cell) for row in table.known]


@pytest.mark.parametrize("width", [80, 120])
async def test_tensors_are_compared_beside_the_rest(desk: Open, small: Store, tmp_path: Path, width: int) -> None:
    put(small, tmp_path, {"net.safetensors": weights(OLD, format="pt")})
    put(small, tmp_path, {"net.safetensors": weights(NEW, b"data", format="np\u202e")})
    async with desk("model/net:v1", size=(width, 40)) as hands:
        await hands.press("c")
        text = await shown(hands)
        assert "Tensors  net.safetensors" in text
        assert "+1 -1 ~1" in text
        lines = {
            name: line
            for line in text.splitlines()
            for name in ("인코더.0.가중치", "new[b]", "old")
            if f" {name} " in line
        }
        assert all(sign in lines[name] for name, sign in (("인코더.0.가중치", "~"), ("new[b]", "+"), ("old", "-")))
        places = {
            cell_len(line[: line.index(word)])
            for line, word in ((lines["인코더.0.가중치"], "F32"), (lines["old"], "F32"))
        }
        assert len(places) == 1, "wide letters keep the columns where they are"
        assert "q_proj" not in text, "a tensor that is the same is only counted"
        assert "\u202e" not in text
        assert "format" in text


async def test_the_end_of_a_long_name_is_seen(desk: Open, small: Store, tmp_path: Path) -> None:
    put(small, tmp_path, {"net.safetensors": weights({})})
    put(
        small,
        tmp_path,
        {"net.safetensors": weights({f"model.layers.{n}.self_attn.q_proj.weight": ("F16", [8]) for n in range(3)})},
    )
    async with desk("model/net:v1", size=(80, 40)) as hands:
        await hands.press("c")
        text = await shown(hands)
        assert all(f"m.l.{number}.s.q_proj.weight" in text for number in range(3)), "layers are told apart"


@pytest.mark.parametrize(
    ("name", "width", "short"),
    [
        ("model.layers.12.self_attn.q_proj.weight", 60, "model.layers.12.self_attn.q_proj.weight"),
        ("model.layers.12.self_attn.q_proj.weight", 34, "m.l.12.self_attn.q_proj.weight"),
        ("model.layers.12.self_attn.q_proj.weight", 22, "m.l.12.s.q_proj.weight"),
        ("model.layers.12.self_attn.q_proj.weight", 21, "m.l.12.s.q.weight"),
        ("model.layers.12.self_attn.q_proj.weight", 12, "m.l…q.weight"),
        ("인코더.층.3.가중치", 15, "인.층.3.가중치"),
        ("인코더인코더인코더", 9, "인…인코더"),
        ("...", 2, "…."),
        ("가나다", 1, "…"),
    ],
)
def test_a_dotted_name_is_shortened_from_its_front(name: str, width: int, short: str) -> None:
    assert fit_dotted(name, width) == short
    assert cell_len(short) <= width


async def test_the_same_bytes_are_not_read(
    desk: Open, small: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(small, tmp_path, {"net.safetensors": weights(OLD), "a.txt": b"1"})
    put(small, tmp_path, {"net.safetensors": weights(OLD), "a.txt": b"2"})

    def never(*_: object) -> None:
        raise AssertionError("a header was read")

    monkeypatch.setattr("curatory.tui.comparison.tensors.read", never)
    async with desk("model/net:v1", size=(110, 40)) as hands:
        await hands.press("c")
        assert "same bytes" in await shown(hands)
        await hands.press("f")
        assert "net.safetensors" not in hands.text


async def test_a_header_is_read_once_however_often_the_screen_is_drawn_anew(
    small: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = put(small, tmp_path, {"net.safetensors": weights(OLD)})
    new = put(small, tmp_path, {"net.safetensors": weights(NEW)})
    known: dict = {}
    first = compare(small, old, new, known)
    assert len(known) == 2
    monkeypatch.setattr("curatory.tui.comparison.tensors.read", None)
    assert compare(small, old, new, known) == first


def test_what_is_too_much_is_counted_and_not_kept(
    small: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many: Shapes = {f"t{number}": ("F32", [1]) for number in range(30)}
    old = put(small, tmp_path, {f"{name}.safetensors": weights({}, name.encode()) for name in "abc"})
    new = put(small, tmp_path, {f"{name}.safetensors": weights(many, name.encode()) for name in "abc"})
    monkeypatch.setattr("curatory.tui.comparison.tensors.LISTED", 40)
    monkeypatch.setattr("curatory.tui.comparison.tensors.KEPT", 50)
    known: dict = {}
    found = compare(small, old, new, known)
    assert sum(1 for one in found if one.kind == "tensor") == 40
    assert found[-1].name == "50 further tensors that differ are not listed."
    assert [one.change for one in found if one.name == "tensors"] == ["+30"] * 3, "all are counted"
    assert sum(len(header.tensors) for header in known.values()) <= 50
    monkeypatch.setattr("curatory.tui.comparison.tensors.FILES", 2)
    assert compare(small, old, new)[-1].name == "Not read: the headers of 1 further weights file that differs."


async def test_what_can_not_be_read_is_a_line_and_the_rest_is_there(desk: Open, small: Store, tmp_path: Path) -> None:
    put(small, tmp_path, {"broken.gguf": b"GGUF\3", "net.safetensors": weights(OLD)})
    second = put(small, tmp_path, {"broken.gguf": b"GGUF\3\0", "net.safetensors": weights(NEW)})
    gone = next(file for file in small.versions.files(second) if file.path == "net.safetensors")
    small.blobs.path_of(gone.sha256 or "").unlink()
    async with desk("model/net:v1", size=(110, 48)) as hands:
        await hands.press("c")
        text = await shown(hands)
        assert "v0: the header can't be read: it is cut off" in text
        assert "v1: " in text
        assert "Metadata" in text or "Version" in text
        assert hands.toasts == []


async def test_references_are_said_to_be_elsewhere(desk: Open, small: Store) -> None:
    for number in range(2):
        file = File("가중치.safetensors", 9, f"etag-{number}", uri=f"s3://bucket/{number}")
        version = small.versions.log([file], "far", "model", entity="vision", project="labs")
        small.links.add(version, "model/far")
    async with desk("model/far:v1", size=(110, 40)) as hands:
        await hands.press("c")
        text = await shown(hands)
        assert "v0: a reference; its bytes are not in the store: s3://bucket/0" in text
        assert "s3://bucket/1" in text


async def test_who_may_not_download_is_told_instead(desk: Open, small: Store, tmp_path: Path) -> None:
    put(small, tmp_path, {"net.safetensors": weights(OLD)}, into="secret")
    put(small, tmp_path, {"net.safetensors": weights(NEW)}, into="secret")
    small.members.add("secret", "bo", "restricted_viewer")
    async with desk("secret/net:v1", by="bo", size=(110, 40)) as hands:
        await hands.press("c")
        text = await shown(hands)
        assert "Tensors are not compared: " in text
        assert "F32" not in text
        assert "net.safetensors" in text, "that there is such a file may be seen"


async def test_versions_without_weights_have_no_such_section(desk: Open) -> None:
    async with desk() as hands:
        await hands.press("c")
        assert "Tensors" not in await shown(hands)


async def test_walking_goes_through_tensors_and_not_through_notes(desk: Open, small: Store, tmp_path: Path) -> None:
    put(small, tmp_path, {"a.gguf": b"1", "net.safetensors": weights(OLD)})
    put(small, tmp_path, {"a.gguf": b"2", "net.safetensors": weights(NEW)})
    async with desk("model/net:v1", size=(110, 40)) as hands:
        await hands.press("c", "f")
        await shown(hands)
        table = hands.app.screen.query_one(VirtualTable)
        names = []
        for _ in range(40):
            await hands.press("right_square_bracket")
            assert table.row is not None
            names.append(table.row.record.name)
        assert "new[b]" in names
        assert "No further difference in that direction." in hands.toasts


def test_a_hundred_thousand_tensors_are_laid_out_without_the_screen(small: Store, tmp_path: Path) -> None:
    count = 100_000
    old = put(small, tmp_path, {"net.safetensors": weights({})})
    new = put(small, tmp_path, {"net.safetensors": weights({f"layer.{n}": ("F16", [n % 7, 2]) for n in range(count)})})
    found = compare(small, old, new)
    _, made = lay_out(found, 78, everything=True)
    assert len(made) > count
    assert len({row.key for row in made}) == len(made)


async def test_a_resize_gives_names_more_room(desk: Open, small: Store, tmp_path: Path) -> None:
    put(small, tmp_path, {"net.safetensors": weights({})})
    name = "model.layers.0.self_attn.q_proj.weight"
    put(small, tmp_path, {"net.safetensors": weights({name: ("F16", [8])})})
    async with desk("model/net:v1", size=(80, 40)) as hands:
        await hands.press("c")
        assert name not in await shown(hands)
        await hands.pilot.resize_terminal(140, 40)
        assert name in await shown(hands)
