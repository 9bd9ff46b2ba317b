"""What a query's selection is projected over: a class a type, a method a field."""

from __future__ import annotations
