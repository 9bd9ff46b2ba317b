"""The HTTP door: what the official wandb client needs, on the store. Nothing else is served here."""

from __future__ import annotations

from .door import Door, make_door
from .serving import Settings, serve, started

__all__ = ["Door", "Settings", "make_door", "serve", "started"]
