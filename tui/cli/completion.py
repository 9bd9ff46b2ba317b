"""What a path can go on with, for the shell."""

from __future__ import annotations

import click

from .session import Session

_MOST = 200


def paths(ctx: click.Context, incomplete: str) -> list[str]:
    """Registries, then collections of one, then aliases of a collection. Whatever goes wrong completes nothing."""
    given = {**ctx.find_root().params, **ctx.params}
    session = Session(given.get("url"), given.get("actor"))
    try:
        return _found(session, incomplete)
    except Exception:
        return []
    finally:
        session.close()


def _found(session: Session, incomplete: str) -> list[str]:
    from ..safe import clean

    store = session.store
    collection, colon, _ = incomplete.partition(":")
    registry, slash, _ = incomplete.rpartition("/")
    if colon:
        one = store.collections.get(collection)
        numbers = [f"v{one.latest}"] if one.latest is not None else []
        names = [f"{collection}:{mark}" for mark in ("latest", *one.aliases, *numbers)]
    elif slash:
        names = [f"{registry}/{one.name}" for one in store.search.collections(registry, limit=_MOST)]
    else:
        names = [f"{one.short_name if one.kind == 'registry' else one.path}/" for one in store.projects.list()]
    # a name that would steer the terminal is not offered
    return [name for name in names if name.startswith(incomplete) and clean(name) == name][:_MOST]
