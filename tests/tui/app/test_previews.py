"""The beginning of a file, laid out by what it is; nothing in it can break the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from curatory.store import Forbidden, Store, Version
from curatory.tui.dialogs.preview import look
from rich.cells import cell_len

from .conftest import Open


def logged(store: Store, folder: Path, name: str, data: bytes) -> Version:
    file = folder / name
    file.write_bytes(data)
    version = store.versions.log_paths([file], "previewed", "dataset", entity="vision", project="labs")
    return store.links.add(version, "datasets/previewed")


def text_of(store: Store, version: Version) -> list[str]:
    return ["".join(word for word, _ in line) for line in look(store, version, store.versions.files(version)[0])]


def test_a_table_stands_in_columns_also_with_wide_characters(small: Store, tmp_path: Path) -> None:
    version = logged(small, tmp_path, "표.csv", "이름,score\n검출기,0.9\nab,12\n".encode())
    lines = text_of(small, version)
    assert [line.split() for line in lines] == [["이름", "score"], ["검출기", "0.9"], ["ab", "12"]]
    assert len({cell_len(line) for line in lines}) == 1
    assert {cell_len(line[: line.index(word)]) for line, word in zip(lines, ("score", "0.9", "12"), strict=True)} == {8}


def test_json_is_laid_out_and_broken_json_is_text(small: Store, tmp_path: Path) -> None:
    assert text_of(small, logged(small, tmp_path, "a.json", b'{"a":[1]}'))[1] == '  "a": ['
    assert text_of(small, logged(small, tmp_path, "b.json", b'{"a":[1}')) == ['{"a":[1}']


def test_a_binary_file_is_shown_as_bytes(small: Store, tmp_path: Path) -> None:
    lines = text_of(small, logged(small, tmp_path, "x.bin", b"\x00\x1b[2Jabc"))
    assert lines[2] == "000000  00 1b 5b 32 4a 61 62 63  ··[2Jabc"


def test_a_long_text_says_how_much_of_it_is_shown(small: Store, tmp_path: Path) -> None:
    assert text_of(small, logged(small, tmp_path, "x.txt", b"a line\n" * 20_000))[-1].startswith("… the first 65.5 kB")


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.json", "x.txt", "x.safetensors", "x.gguf"])
@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe\x00", b'"', b'"\n' * 9, b"\x1b]0;x\x07,\x1b[2J", b"[" * 5_000, b"GGUF" + b"\xff" * 40],
    ids=["nothing", "no text", "a quote", "quotes", "steering", "nested", "numbers"],
)
def test_no_content_breaks_it(small: Store, tmp_path: Path, name: str, data: bytes) -> None:
    lines = text_of(small, logged(small, tmp_path, name, data))
    assert isinstance(lines, list)


def test_who_may_not_download_may_not_look_either(small: Store, tmp_path: Path) -> None:
    version = logged(small, tmp_path, "x.txt", b"secret")
    bo = small.as_actor("bo")
    with pytest.raises(Forbidden):
        look(bo, bo.versions.get("datasets/previewed"), small.versions.files(version)[0])


async def test_enter_on_a_file_opens_it_and_escape_leaves(small: Store, desk: Open, tmp_path: Path) -> None:
    logged(small, tmp_path, "about.txt", "안녕 hello".encode())
    async with desk("datasets/previewed:v0") as hands:
        await hands.press("4", "right_square_bracket", "enter")
        assert "안녕 hello" in hands.text
        await hands.press("escape")
        assert hands.app.screen is hands.browser
