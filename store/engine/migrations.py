"""The ordered steps that make the schema. A step that has been released is never changed; a new one is added below."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import CuratoryError
from . import Engine, schema


def first_schema(engine: Engine) -> None:
    """Every table of 0.1, with its indexes, the guards of the event log and the trigram index."""
    for statement in schema.TABLES + schema.INDEXES:
        engine.execute(statement.format_map(engine.types))
    engine.execute("INSERT INTO chain (id, seq, at, hash) VALUES (1, 0, '', :genesis)", {"genesis": schema.GENESIS})
    if engine.name == "sqlite":
        for statement in schema.SQLITE_GUARDS:
            engine.execute(statement)
        _sqlite_search(engine)
    else:
        for statement in schema.POSTGRES_GUARDS:
            engine.execute(statement)
        _postgres_search(engine)


def _sqlite_search(engine: Engine) -> None:
    from sqlite_utils import Database

    from .sqlite import SQLite

    assert isinstance(engine, SQLite)
    # Text is stored folded, so the index compares letter for letter.
    Database(engine.connection).table("version_text").enable_fts(
        ["text"], create_triggers=True, tokenize="trigram case_sensitive 1"
    )


def _postgres_search(engine: Engine) -> None:
    for _ in range(2):  # a store in another schema may be making the extension right now
        try:
            with engine.write():
                if not engine.value("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'"):
                    engine.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public")
                place = engine.value(
                    "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
                    "WHERE e.extname = 'pg_trgm'"
                )
                engine.execute(
                    f"CREATE INDEX version_text_trigram ON version_text USING gin (text {place}.gin_trgm_ops)"
                )
        except CuratoryError:
            # No right to make the extension, or none installed: search is the same, only slower.
            continue
        return


def door(engine: Engine) -> None:
    """Uploads under way, files and tags of runs, API keys."""
    for statement in schema.DOOR:
        engine.execute(statement.format_map(engine.types))


def migration(engine: Engine) -> None:
    """Migrations, their ledgers, and the review of each."""
    for statement in schema.MIGRATION:
        engine.execute(statement.format_map(engine.types))


def automations(engine: Engine) -> None:
    """Automations, where they send things, and the outbox."""
    for statement in schema.AUTOMATIONS:
        engine.execute(statement.format_map(engine.types))


STEPS: tuple[Callable[[Engine], None], ...] = (first_schema, door, migration, automations)


def names() -> list[str]:
    """The steps' names, in order."""
    return [step.__name__ for step in STEPS]
