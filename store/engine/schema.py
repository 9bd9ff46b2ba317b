"""The tables, once for both engines. Placeholders in braces are each engine's own types (`Engine.types`).

Conventions: times are ISO-8601 UTC text; booleans are 0 or 1; sizes are bytes; roles are the numbers of
`access.Role`; what was removed keeps its row with `removed_at`, so that it can be brought back and history can
name it.
"""

from __future__ import annotations

# A statement a string: engines differ in how they run several at once.
TABLES = (
    # What this store is: its id, where its blobs are, what its owner has switched on.
    "CREATE TABLE meta (key {text} PRIMARY KEY, value {text} NOT NULL) {keyed}",
    # -- the event log ---------------------------------------------------------------------------------------
    # The head of the chain. On PostgreSQL its one row is what writers queue at.
    """CREATE TABLE chain (id {int} PRIMARY KEY CHECK (id = 1), seq {int} NOT NULL, at {text} NOT NULL,
        hash {text} NOT NULL)""",
    """CREATE TABLE event (
        seq {int} PRIMARY KEY, at {text} NOT NULL, actor_id {int}, actor {text} NOT NULL, action {text} NOT NULL,
        project_id {int}, collection_id {int}, version_id {int}, person_id {int},
        batch {text}, undoes {int}, detail {text} NOT NULL, before {text} NOT NULL, after {text} NOT NULL,
        prev {text} NOT NULL, hash {text} NOT NULL)""",
    # Which events changed a fact: an index into the log, not a second record of it.
    "CREATE TABLE event_fact (fact {text} NOT NULL, seq {int} NOT NULL, PRIMARY KEY (fact, seq)) {keyed}",
    # -- people ----------------------------------------------------------------------------------------------
    # A user, a service account, a team or an organization. Names are unique whatever the letter case (`key`).
    """CREATE TABLE entity (
        id {id}, kind {text} NOT NULL CHECK (kind IN ('user', 'service', 'team', 'organization')),
        name {text} NOT NULL, key {text} NOT NULL, title {text} NOT NULL DEFAULT '', email {text} NOT NULL DEFAULT '',
        organization_id {int} REFERENCES entity (id), team_id {int} REFERENCES entity (id),
        default_ttl {int}, created_at {text} NOT NULL, removed_at {text})""",
    """CREATE TABLE organization_member (
        organization_id {int} NOT NULL REFERENCES entity (id), user_id {int} NOT NULL REFERENCES entity (id),
        role {text} NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
        PRIMARY KEY (organization_id, user_id)) {keyed}""",
    """CREATE TABLE team_member (
        team_id {int} NOT NULL REFERENCES entity (id), user_id {int} NOT NULL REFERENCES entity (id),
        role {text} NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
        PRIMARY KEY (team_id, user_id)) {keyed}""",
    # -- projects and registries -----------------------------------------------------------------------------
    """CREATE TABLE project (
        id {id}, entity_id {int} NOT NULL REFERENCES entity (id),
        kind {text} NOT NULL CHECK (kind IN ('project', 'registry', 'legacy')),
        name {text} NOT NULL, key {text} NOT NULL, description {text} NOT NULL DEFAULT '',
        visibility {text} NOT NULL CHECK (visibility IN ('organization', 'restricted', 'team')),
        owner_id {int} REFERENCES entity (id), core {int} NOT NULL DEFAULT 0, any_type {int} NOT NULL DEFAULT 0,
        created_at {text} NOT NULL, created_by {int} REFERENCES entity (id), updated_at {text} NOT NULL,
        removed_at {text})""",
    """CREATE TABLE accepted_type (project_id {int} NOT NULL REFERENCES project (id), type {text} NOT NULL,
        PRIMARY KEY (project_id, type)) {keyed}""",
    """CREATE TABLE protected_alias (project_id {int} NOT NULL REFERENCES project (id), alias {text} NOT NULL,
        PRIMARY KEY (project_id, alias)) {keyed}""",
    # A user's or a team's role in a registry: 1 restricted viewer, 2 viewer, 3 member, 4 admin.
    """CREATE TABLE member (
        project_id {int} NOT NULL REFERENCES project (id), entity_id {int} NOT NULL REFERENCES entity (id),
        role {int} NOT NULL CHECK (role BETWEEN 1 AND 4), PRIMARY KEY (project_id, entity_id)) {keyed}""",
    # -- collections and versions ----------------------------------------------------------------------------
    """CREATE TABLE collection (
        id {id}, project_id {int} NOT NULL REFERENCES project (id),
        kind {text} NOT NULL CHECK (kind IN ('sequence', 'portfolio')),
        name {text} NOT NULL, type {text} NOT NULL, description {text} NOT NULL DEFAULT '',
        folded {text} NOT NULL, next_number {int} NOT NULL DEFAULT 0,
        created_at {text} NOT NULL, created_by {int} REFERENCES entity (id), updated_at {text} NOT NULL,
        removed_at {text})""",
    """CREATE TABLE collection_tag (collection_id {int} NOT NULL REFERENCES collection (id), tag {text} NOT NULL,
        PRIMARY KEY (collection_id, tag)) {keyed}""",
    # One immutable artifact, owned by the sequence it was logged into. ttl: seconds, -1 inherited, -2 switched off.
    """CREATE TABLE version (
        id {id}, collection_id {int} NOT NULL REFERENCES collection (id), digest {text} NOT NULL,
        state {text} NOT NULL CHECK (state IN ('pending', 'committed', 'deleted')),
        description {text} NOT NULL DEFAULT '', metadata {json} NOT NULL, ttl {int} NOT NULL DEFAULT -1,
        size {int} NOT NULL, file_count {int} NOT NULL, run_id {int}, step {int},
        created_at {text} NOT NULL, created_by {int} REFERENCES entity (id), updated_at {text} NOT NULL,
        removed_at {text}, purged_at {text})""",
    """CREATE TABLE version_tag (version_id {int} NOT NULL REFERENCES version (id), tag {text} NOT NULL,
        PRIMARY KEY (version_id, tag)) {keyed}""",
    # The folded descriptions that are searched; only versions that have one.
    "CREATE TABLE version_text (version_id {int} PRIMARY KEY REFERENCES version (id), text {text} NOT NULL)",
    # project_id is the collection's, which never moves: it makes "newest of a registry" a walk along one index.
    """CREATE TABLE membership (
        id {id}, collection_id {int} NOT NULL REFERENCES collection (id),
        project_id {int} NOT NULL REFERENCES project (id),
        version_id {int} NOT NULL REFERENCES version (id), number {int} NOT NULL,
        at {text} NOT NULL, by_id {int} REFERENCES entity (id))""",
    """CREATE TABLE alias (
        collection_id {int} NOT NULL REFERENCES collection (id), alias {text} NOT NULL,
        version_id {int} NOT NULL REFERENCES version (id), PRIMARY KEY (collection_id, alias)) {keyed}""",
    # A manifest's files: bytes of our own (sha256) or a reference (uri). `digest` is the client's (base64 md5).
    """CREATE TABLE entry (
        version_id {int} NOT NULL REFERENCES version (id), path {text} NOT NULL, digest {text} NOT NULL,
        size {int} NOT NULL, sha256 {text}, uri {text}, extra {text}, PRIMARY KEY (version_id, path)) {keyed}""",
    """CREATE TABLE blob (sha256 {text} PRIMARY KEY, md5 {text} NOT NULL, size {int} NOT NULL,
        created_at {text} NOT NULL, verified_at {text}, problem {text}) {keyed}""",
    # -- runs and lineage ------------------------------------------------------------------------------------
    """CREATE TABLE run (
        id {id}, project_id {int} NOT NULL REFERENCES project (id), name {text} NOT NULL, title {text} NOT NULL,
        state {text} NOT NULL CHECK (state IN ('running', 'finished', 'failed', 'crashed', 'killed')),
        config {json} NOT NULL, summary {json} NOT NULL, job_type {text} NOT NULL DEFAULT '',
        run_group {text} NOT NULL DEFAULT '', notes {text} NOT NULL DEFAULT '',
        created_at {text} NOT NULL, created_by {int} REFERENCES entity (id), heartbeat_at {text} NOT NULL,
        ended_at {text}, exit_code {int}, removed_at {text})""",
    # What a run streams, a line a row: 'history' (metrics, JSON objects), 'events' (system metrics), 'output'.
    """CREATE TABLE run_line (
        run_id {int} NOT NULL REFERENCES run (id), stream {text} NOT NULL, number {int} NOT NULL,
        content {text} NOT NULL, PRIMARY KEY (run_id, stream, number)) {keyed}""",
    # The lineage graph. A node is one number: twice the id for a version, one more for a run.
    "CREATE TABLE edge (src {int} NOT NULL, dst {int} NOT NULL, at {text} NOT NULL, PRIMARY KEY (src, dst)) {keyed}",
)

INDEXES = (
    "CREATE INDEX event_at ON event (at)",
    "CREATE INDEX event_actor ON event (actor_id, seq)",
    "CREATE INDEX event_project ON event (project_id, seq) WHERE project_id IS NOT NULL",
    "CREATE INDEX event_collection ON event (collection_id, seq) WHERE collection_id IS NOT NULL",
    "CREATE INDEX event_version ON event (version_id, seq) WHERE version_id IS NOT NULL",
    "CREATE INDEX event_person ON event (person_id, seq) WHERE person_id IS NOT NULL",
    "CREATE INDEX event_batch ON event (batch) WHERE batch IS NOT NULL",
    "CREATE INDEX event_undoes ON event (undoes) WHERE undoes IS NOT NULL",
    "CREATE UNIQUE INDEX entity_key ON entity (key) WHERE removed_at IS NULL",
    "CREATE INDEX organization_member_user ON organization_member (user_id, organization_id)",
    "CREATE INDEX team_member_user ON team_member (user_id, team_id)",
    "CREATE INDEX member_entity ON member (entity_id, project_id)",
    "CREATE UNIQUE INDEX project_key ON project (entity_id, key) WHERE removed_at IS NULL",
    "CREATE INDEX project_by_key ON project (key)",
    "CREATE UNIQUE INDEX collection_name ON collection (project_id, name) WHERE removed_at IS NULL",
    "CREATE INDEX collection_by_name ON collection (name)",
    "CREATE INDEX collection_updated ON collection (project_id, updated_at, id)",
    "CREATE INDEX collection_tag_tag ON collection_tag (tag, collection_id)",
    "CREATE INDEX version_digest ON version (collection_id, digest)",
    "CREATE INDEX version_run ON version (run_id) WHERE run_id IS NOT NULL",
    "CREATE INDEX version_removed ON version (removed_at) WHERE removed_at IS NOT NULL",
    "CREATE INDEX version_ttl ON version (created_at) WHERE ttl > 0",
    "CREATE INDEX version_tag_tag ON version_tag (tag, version_id)",
    "CREATE UNIQUE INDEX membership_number ON membership (collection_id, number)",
    "CREATE INDEX membership_project ON membership (project_id, id)",
    "CREATE UNIQUE INDEX membership_version ON membership (version_id, collection_id)",
    "CREATE INDEX alias_alias ON alias (alias, collection_id)",
    "CREATE INDEX alias_version ON alias (collection_id, version_id)",
    "CREATE INDEX entry_sha256 ON entry (sha256) WHERE sha256 IS NOT NULL",
    "CREATE INDEX blob_problem ON blob (sha256) WHERE problem IS NOT NULL",
    "CREATE UNIQUE INDEX run_name ON run (project_id, name)",
    "CREATE INDEX edge_dst ON edge (dst, src)",
)

GENESIS = "0" * 64

# The log can only grow. Whoever owns the database can drop these; the chain of hashes then shows what was done.
SQLITE_GUARDS = (
    """CREATE TRIGGER event_no_update BEFORE UPDATE ON event
        BEGIN SELECT raise(ABORT, 'the event log is append-only'); END""",
    """CREATE TRIGGER event_no_delete BEFORE DELETE ON event
        BEGIN SELECT raise(ABORT, 'the event log is append-only'); END""",
    # INSERT OR REPLACE deletes without firing delete triggers unless recursive_triggers is on.
    """CREATE TRIGGER event_no_replace BEFORE INSERT ON event WHEN EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq)
        BEGIN SELECT raise(ABORT, 'the event log is append-only'); END""",
)
POSTGRES_GUARDS = (
    """CREATE FUNCTION event_append_only() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''the event log is append-only''; END'""",
    """CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event
        FOR EACH ROW EXECUTE FUNCTION event_append_only()""",
    "CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event EXECUTE FUNCTION event_append_only()",
)
