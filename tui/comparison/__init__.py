"""What differs between two versions; nothing here knows of a screen."""

from __future__ import annotations

from .difference import ADDED, CHANGED, GONE, NOTE, SAME, Difference
from .tensors import Known
from .versions import compare

__all__ = ["ADDED", "CHANGED", "GONE", "NOTE", "SAME", "Difference", "Known", "compare"]
