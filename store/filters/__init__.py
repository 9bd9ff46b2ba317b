"""The one filter language of the app, the command line and the HTTP door: from text or W&B's filters to SQL."""

from __future__ import annotations

from ..folding import fold
from .compile import compile_filter
from .fields import FIELDS, GRAMMAR, Field, describe
from .language import parse
from .mongo import from_mongo
from .tree import TARGETS, Node, Target

__all__ = (
    "FIELDS",
    "GRAMMAR",
    "TARGETS",
    "Field",
    "Node",
    "Target",
    "compile_filter",
    "describe",
    "fold",
    "from_mongo",
    "parse",
)
