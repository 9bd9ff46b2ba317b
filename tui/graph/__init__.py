"""Drawings of lineage as characters: pure functions, of which nothing reads a store or knows a widget."""

from .draw import Drawing, Place, Span, draw
from .lanes import LaneCell, LaneLayout, LaneRow, newest_first
from .layers import arrange
from .outline import OutlineRow, outline
from .records import Box, Edge, GraphLike, Layers, NodeLike

__all__ = [
    "Box",
    "Drawing",
    "Edge",
    "GraphLike",
    "LaneCell",
    "LaneLayout",
    "LaneRow",
    "Layers",
    "NodeLike",
    "OutlineRow",
    "Place",
    "Span",
    "arrange",
    "draw",
    "newest_first",
    "outline",
]
