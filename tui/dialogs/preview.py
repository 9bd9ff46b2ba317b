"""The beginning of a file: text as it is, JSON and CSV laid out, and of safetensors and GGUF what the header says."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress

from rich.cells import cell_len
from textual.app import ComposeResult

from ...store import CuratoryError, File, Store, Version
from .. import wording
from ..fetching import fetch
from ..headers import kind_of
from ..safe import clean, clean_lines, json_text
from ..widgets.table import VirtualTable
from ..widgets.text import Line, fit
from ..widgets.window import Row
from .dialog import Dialog
from .tensors import header_lines

MOST = 64 * 1024  # bytes of a text that are read


class Preview(Dialog[None]):
    box_classes = "-wide -tall"

    def __init__(self, version: Version, file: File) -> None:
        super().__init__()
        self.version, self.file = version, file

    def heading(self) -> Line:
        return [(self.file.path, ""), (f"  {wording.size(self.file.size)}", "")]

    def fields(self) -> ComposeResult:
        yield VirtualTable(cursor=False)

    def on_mount(self) -> None:
        super().on_mount()
        store, version, file = self.store, self.version, self.file
        fetch(self, "preview", lambda: look(store, version, file), self._show, self._refuse)

    def _show(self, lines: list[Line]) -> None:
        self.query_one(VirtualTable).show([Row(number, (line,)) for number, line in enumerate(lines)])

    def _refuse(self, error: CuratoryError) -> None:
        self._show([[(str(error), "warn")]])


def look(store: Store, version: Version, file: File) -> list[Line]:
    """What is at the beginning of a file.

    Raises:
        Forbidden: who may not download a file may not look into it either.
        Damaged: its bytes are gone.
    """
    store.versions.downloadable(version)
    if file.sha256 is None:
        return [[("A reference; its bytes are not in the store:", "muted")], [], [(file.uri or "", "link")]]
    known: list[Line] = [
        [("✗ ", "bad"), (f"Damaged when it was verified, {wording.ago(check.at, store.now())}: {check.problem}", "bad")]
        for check in store.garbage.checks(version, path=file.path)
        if check.problem is not None and check.at is not None
    ]
    if known:
        known.append([])
    with store.blobs.open(file.sha256) as stream:
        if kind_of(file.path) is not None:
            return known + header_lines(io.BufferedReader(stream), file.path)
        data = stream.read(MOST)
    return known + _text(file.path, data, file.size)


def _text(path: str, data: bytes, size: int) -> list[Line]:
    if b"\0" in data[:8_192]:
        return [[(f"A binary file of {wording.size(size)}; its first bytes:", "muted")], [], *_bytes(data[:1_024])]
    text = data.decode("utf-8", "replace")
    lines: list[Line]
    if path.endswith((".csv", ".tsv")):
        lines = _table(text, "\t" if path.endswith(".tsv") else ",")
    else:
        if path.endswith(".json") and len(data) == size:
            with suppress(ValueError, RecursionError):
                text = json_text(json.loads(text))
        lines = [[(line, "")] for line in clean_lines(text)]
    if len(data) < size:
        lines += [[], [(f"… the first {wording.size(len(data))} of {wording.size(size)}", "warn")]]
    return lines


def _table(text: str, delimiter: str) -> list[Line]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    rows = [[clean(cell) for cell in row] for _, row in zip(range(500), reader, strict=False)]
    widths = [
        min(max(cell_len(row[at]) for row in rows if at < len(row)), 24) for at in range(max(map(len, rows), default=0))
    ]
    return [
        [(fit(cell, widths[at]) + "  ", "head" if number == 0 else "") for at, cell in enumerate(row)]
        for number, row in enumerate(rows)
    ]


def _bytes(data: bytes) -> list[Line]:
    return [
        [
            (f"{at:06x}  ", "muted"),
            (data[at : at + 16].hex(" "), "number"),
            ("  " + "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data[at : at + 16]), ""),
        ]
        for at in range(0, len(data), 16)
    ]
