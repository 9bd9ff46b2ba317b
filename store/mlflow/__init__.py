"""MLflow's model registry, read from its SQLite file or its server, and imported into a registry of ours."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import Invalid
from .records import Dataset, Model, Registry, Run, Skipped, Version

__all__ = ["Dataset", "Model", "Registry", "Run", "Skipped", "Version", "read"]


def read(address: str) -> Registry:
    """A registry as it is now, from a server (http://…) or a SQLite file (a path, or sqlite:///path).

    Raises:
        NotFound, Invalid: there is no file, or it is not MLflow's.
        Unavailable, Forbidden: the server does not answer, or not to us.
    """
    scheme = re.match(r"([a-z][a-z0-9+.-]*)://", address.lower())
    if scheme and scheme[1] in ("http", "https"):
        from .server import read_server

        return read_server(address)
    if scheme and scheme[1] != "sqlite":  # the address may hold a password: it is not repeated
        raise Invalid(
            f"An address that begins with {scheme[1]}:// is not read here: start `mlflow server` on it, and give the "
            "server's, http://…"
        )
    from .file import read_file

    return read_file(Path(address.removeprefix("sqlite:///")).expanduser())
