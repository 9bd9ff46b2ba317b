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

# What the door for W&B's client needs besides: versions that are being uploaded, files of runs, keys of people.
DOOR = (
    # A version on its way. `draft` is what it is to become (JSON), `manifest` the client's; version_id: it arrived.
    """CREATE TABLE upload (
        id {id}, project_id {int} NOT NULL REFERENCES project (id), name {text} NOT NULL, type {text} NOT NULL,
        digest {text} NOT NULL, run_id {int} REFERENCES run (id), by_id {int} NOT NULL REFERENCES entity (id),
        client_id {text}, series_id {text}, draft {text} NOT NULL, manifest {text},
        version_id {int} REFERENCES version (id), created_at {text} NOT NULL, updated_at {text} NOT NULL)""",
    """CREATE TABLE upload_file (
        upload_id {int} NOT NULL REFERENCES upload (id), path {text} NOT NULL, digest {text} NOT NULL,
        size {int} NOT NULL, sha256 {text} NOT NULL, PRIMARY KEY (upload_id, path)) {keyed}""",
    """CREATE TABLE run_file (
        run_id {int} NOT NULL REFERENCES run (id), path {text} NOT NULL, digest {text} NOT NULL,
        size {int} NOT NULL, sha256 {text} NOT NULL, at {text} NOT NULL, PRIMARY KEY (run_id, path)) {keyed}""",
    # `hash` is the key's sha256: a key is 160 random bits, which nobody guesses.
    """CREATE TABLE api_key (
        id {id}, user_id {int} NOT NULL REFERENCES entity (id), name {text} NOT NULL, hash {text} NOT NULL,
        created_at {text} NOT NULL, used_at {text}, removed_at {text})""",
    "ALTER TABLE run ADD COLUMN tags {text} NOT NULL DEFAULT '[]'",
    "CREATE INDEX upload_client ON upload (client_id) WHERE client_id IS NOT NULL",
    "CREATE INDEX upload_project ON upload (project_id, name) WHERE version_id IS NULL",
    "CREATE INDEX upload_file_sha256 ON upload_file (sha256)",
    "CREATE INDEX run_file_sha256 ON run_file (sha256)",
    "CREATE UNIQUE INDEX api_key_hash ON api_key (hash)",
)

# Migrations into a registry of ours, and the ledger of each: a line a collection, which is also what is reviewed.
MIGRATION = (
    # `people`: what everybody was before (JSON). `source_id`: the legacy registry, where it is one of ours.
    """CREATE TABLE registry_migration (
        id {id}, kind {text} NOT NULL CHECK (kind IN ('legacy', 'mlflow')), source {text} NOT NULL,
        source_id {int} REFERENCES project (id), team_id {int} NOT NULL REFERENCES entity (id),
        registry_id {int} NOT NULL REFERENCES project (id),
        state {text} NOT NULL CHECK (state IN ('running', 'done', 'approved', 'rolled back')),
        people {text} NOT NULL, created_at {text} NOT NULL, created_by {int} NOT NULL REFERENCES entity (id),
        until {text} NOT NULL, ended_at {text})""",
    # `origin`: the collection as it was where it came from (JSON), where that is no collection of ours.
    """CREATE TABLE migration_item (
        id {id}, migration_id {int} NOT NULL REFERENCES registry_migration (id), name {text} NOT NULL,
        source_id {int} REFERENCES collection (id), origin {text}, target {text} NOT NULL,
        target_id {int} REFERENCES collection (id), state {text} NOT NULL CHECK (state IN ('waiting', 'done')),
        versions {int} NOT NULL, note {text} NOT NULL DEFAULT '', at {text},
        verdict {text} CHECK (verdict IN ('accepted', 'flagged')), comment {text} NOT NULL DEFAULT '',
        reviewed_by {int} REFERENCES entity (id), reviewed_at {text})""",
    "CREATE UNIQUE INDEX migration_source ON registry_migration (source_id) WHERE state <> 'rolled back'",
    "CREATE INDEX migration_registry ON registry_migration (registry_id)",
    "CREATE UNIQUE INDEX migration_item_target ON migration_item (migration_id, target)",
    "CREATE INDEX migration_item_state ON migration_item (migration_id, state, id)",
    "CREATE INDEX migration_item_source ON migration_item (source_id) WHERE source_id IS NOT NULL",
    "CREATE INDEX migration_item_made ON migration_item (target_id) WHERE target_id IS NOT NULL",
)

# Automations, where they send things, and the outbox: a delivery is written in the transaction of what it announces.
AUTOMATIONS = (
    # `address` may be shown; `sealed` holds what may not (URL, token, secret), by a key that is not in the database.
    """CREATE TABLE integration (
        id {id}, entity_id {int} NOT NULL REFERENCES entity (id),
        kind {text} NOT NULL CHECK (kind IN ('webhook', 'slack')), name {text} NOT NULL,
        address {text} NOT NULL, sealed {text} NOT NULL DEFAULT '',
        has_token {int} NOT NULL DEFAULT 0, has_secret {int} NOT NULL DEFAULT 0,
        token_name {text} NOT NULL DEFAULT '', secret_name {text} NOT NULL DEFAULT '',
        revision {int} NOT NULL DEFAULT 1,
        created_at {text} NOT NULL, created_by {int} REFERENCES entity (id), removed_at {text})""",
    # `owner_id`: the organization, or who owns a project that is in none; names are unique in it. `definition`: JSON.
    """CREATE TABLE automation (
        id {id}, owner_id {int} NOT NULL REFERENCES entity (id), name {text} NOT NULL, key {text} NOT NULL,
        description {text} NOT NULL DEFAULT '', enabled {int} NOT NULL DEFAULT 1,
        scope {text} NOT NULL CHECK (scope IN ('organization', 'project', 'collection')), scope_id {int} NOT NULL,
        definition {text} NOT NULL, created_at {text} NOT NULL, created_by {int} REFERENCES entity (id),
        updated_at {text} NOT NULL, removed_at {text})""",
    # `ready`: the first of its lane that is not done; `since` then. `lease`: not to be touched before. `occasion` and
    # `action`: JSON. `asked_by`: who had it tested or sent again.
    """CREATE TABLE delivery (
        id {id}, automation_id {int} NOT NULL REFERENCES automation (id), event {int}, lane {text} NOT NULL,
        occasion {text} NOT NULL, action {text} NOT NULL, test {int} NOT NULL DEFAULT 0,
        asked_by {int} REFERENCES entity (id),
        state {text} NOT NULL CHECK (state IN ('pending', 'finished', 'failed')), ready {int} NOT NULL,
        owner {text}, lease {text} NOT NULL, since {text} NOT NULL, tries {int} NOT NULL DEFAULT 0,
        created_at {text} NOT NULL,
        ended_at {text}, target {text} NOT NULL DEFAULT '', request {text} NOT NULL DEFAULT '', status {int},
        response {text} NOT NULL DEFAULT '', error {text} NOT NULL DEFAULT '')""",
    # What came of the tries before the newest one.
    """CREATE TABLE delivery_try (
        id {id}, delivery_id {int} NOT NULL REFERENCES delivery (id) ON DELETE CASCADE, at {text} NOT NULL,
        status {int}, response {text} NOT NULL, error {text} NOT NULL)""",
    # Hosts that have not answered: how often in a row, and until when they are left alone.
    "CREATE TABLE circuit (host {text} PRIMARY KEY, failures {int} NOT NULL, until {text} NOT NULL) {keyed}",
    "CREATE UNIQUE INDEX integration_name ON integration (entity_id, name) WHERE removed_at IS NULL",
    "CREATE UNIQUE INDEX automation_key ON automation (owner_id, key) WHERE removed_at IS NULL",
    "CREATE INDEX automation_scope ON automation (scope, scope_id) WHERE removed_at IS NULL",
    "CREATE INDEX delivery_due ON delivery (lease, id) WHERE state = 'pending' AND ready = 1",
    "CREATE INDEX delivery_lane ON delivery (lane, id) WHERE state = 'pending'",
    "CREATE INDEX delivery_automation ON delivery (automation_id, id)",
    "CREATE INDEX delivery_created ON delivery (created_at)",
    "CREATE INDEX delivery_ended ON delivery (ended_at) WHERE state <> 'pending'",
    "CREATE INDEX delivery_try_of ON delivery_try (delivery_id, id)",
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
