"""The header of a weights file as lines: what one wants to know first, what is written beside, and the tensors."""

from __future__ import annotations

from typing import BinaryIO

from .. import wording
from ..headers import Header, Unreadable, Value, read, shown
from ..safe import clean
from ..widgets.text import Line, fit, width_of

MOST = 5_000  # tensors that are shown

_QUANTISATIONS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE",
}  # fmt: skip


def header_lines(stream: BinaryIO, path: str) -> list[Line]:
    """What there is to see of a header; of one that can't be read, why."""
    try:
        return _lines(read(stream, path))
    except Unreadable as error:
        kind = "GGUF" if path.casefold().endswith(".gguf") else "safetensors"
        return [[(f"The {kind} header can't be read: {error}.", "warn")]]


def _lines(header: Header) -> list[Line]:
    lines: list[Line] = [
        [
            (f"{header.format}  ", "head"),
            (wording.count(header.tensor_count, "tensor"), "number"),
            (f"  {header.parameters:,} parameters", "number"),
        ],
        [],
    ]
    lines += [[(f"{name:<15}", "muted"), (text, "strong")] for name, text in _summary(header.metadata)]
    if header.metadata:
        lines += [[], [("Metadata", "head"), (f"  {wording.count(header.key_count, 'key')}", "muted")]]
    width = _width(header.metadata, 44)
    for key, value in header.metadata.items():
        lines.append([(_padded(key, width), "path"), (shown(value), "string" if isinstance(value, str) else "number")])
    if header.key_count > len(header.metadata):
        lines.append([(f"… {header.key_count - len(header.metadata):,} further keys are not shown", "warn")])
    if header.tensors:
        lines += [[], [("Tensors", "head")]]
    if header.twice:
        names = wording.count(header.twice, "tensor has a name", "tensors have names")
        lines.append([(f"{names} that another one had before; only the first is shown", "warn")])
    some = list(header.tensors.items())[:MOST]
    width = _width([name for name, _ in some], 60)
    for name, (shape, kind) in some:
        sides = " × ".join(str(side) for side in shape) or "scalar"
        lines.append([(_padded(name, width), "path"), (f"{kind:<8}", "type"), (sides, "number")])
    if header.tensor_count - header.twice > len(some):
        lines.append([(f"… only the first {len(some):,} tensors are shown", "warn")])
    return lines


def _width(names: dict[str, Value] | list[str], most: int) -> int:
    return min(max((width_of([(name, "")]) for name in names), default=0), most)


def _padded(name: str, width: int) -> str:
    """A name in a column, whatever the width of its letters; a longer one pushes what follows to the right."""
    return f"{fit(clean(name), max(width, width_of([(name, '')])))}  "


def _summary(metadata: dict[str, Value]) -> list[tuple[str, str]]:
    """What one wants to know first, as far as it is there."""
    kind = metadata.get("general.architecture")
    quantisation = metadata.get("general.file_type")
    if isinstance(quantisation, int):
        quantisation = _QUANTISATIONS.get(quantisation, f"file type {quantisation}")
    found = {
        "name": metadata.get("general.name"),
        "architecture": kind,
        "size": metadata.get("general.size_label"),
        "context length": metadata.get(f"{kind}.context_length"),
        "quantisation": quantisation,
        "licence": metadata.get("general.license"),
    }
    return [(name, shown(value)) for name, value in found.items() if value is not None]
