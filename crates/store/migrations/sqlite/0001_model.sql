-- The model of Burgee: one project is the unit of writing, every object keeps its history, and every
-- change row is audit and outbox at once. Columns use five types only, times are Unix milliseconds,
-- lists and rules are JSON text. ARCHITECTURE.md explains the write protocol that keeps this consistent.

CREATE TABLE organisation (
    account TEXT NOT NULL,
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (account, identifier)
);

-- `head` is the hash of the project's newest change row. A deleted project keeps its row: its id is
-- never used again and its chain can still be verified.
CREATE TABLE project (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    organisation TEXT NOT NULL,
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    tags TEXT NOT NULL,
    revision BIGINT NOT NULL,
    head BLOB NOT NULL,
    created_ms BIGINT NOT NULL,
    modified_ms BIGINT NOT NULL,
    deleted BOOLEAN NOT NULL
);

CREATE UNIQUE INDEX project_by_identifier ON project (account, organisation, identifier) WHERE NOT deleted;

CREATE TABLE environment (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id),
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    tags TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    modified_ms BIGINT NOT NULL,
    deleted BOOLEAN NOT NULL
);

CREATE UNIQUE INDEX environment_by_identifier ON environment (project_id, identifier) WHERE NOT deleted;

-- History, append-only. `scope` is a project's or an environment's id; a NULL body is a tombstone.
CREATE TABLE object_version (
    scope TEXT NOT NULL,
    kind TEXT NOT NULL,
    identifier TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT,
    PRIMARY KEY (scope, kind, identifier, version)
);

-- The newest row of each object, written in the same batch as its history.
CREATE TABLE current_object (
    scope TEXT NOT NULL,
    kind TEXT NOT NULL,
    identifier TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL,
    body TEXT,
    PRIMARY KEY (scope, kind, identifier)
);

CREATE INDEX current_object_by_version ON current_object (scope, version);

-- Who names whom: a flag its prerequisites, a flag configuration and a segment their segments.
CREATE TABLE current_reference (
    scope TEXT NOT NULL,
    kind TEXT NOT NULL,
    identifier TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_identifier TEXT NOT NULL,
    PRIMARY KEY (scope, kind, identifier, target_kind, target_identifier)
);

CREATE INDEX current_reference_by_target ON current_reference (scope, target_kind, target_identifier);

-- Audit and outbox. `environment_id` is NULL for what concerns the project only; then `version` is the
-- project's revision. `hash` chains the rows of a project in (revision, position) order.
CREATE TABLE change (
    project_id TEXT NOT NULL REFERENCES project (id),
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    change_id TEXT NOT NULL,
    environment_id TEXT,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    identifier TEXT NOT NULL,
    event TEXT NOT NULL,
    dependants TEXT NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    comment TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    before_body TEXT,
    after_body TEXT,
    erased BOOLEAN NOT NULL,
    body_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    sent BOOLEAN NOT NULL,
    PRIMARY KEY (project_id, revision, position)
);

CREATE INDEX change_by_id ON change (change_id);

CREATE INDEX change_by_environment ON change (environment_id, version);

CREATE INDEX change_unsent ON change (environment_id, version) WHERE NOT sent;

-- SDK keys by the SHA-256 of their clear text; unique over the installation.
CREATE TABLE sdk_key (
    hash TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    prefix TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT,
    last_used_ms BIGINT,
    UNIQUE (environment_id, identifier)
);

-- Access tokens of the admin API. NULL account or project: not restricted to one.
CREATE TABLE admin_token (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    role TEXT NOT NULL,
    account TEXT,
    project_id TEXT,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT,
    last_used_ms BIGINT
);

-- What the installation decided for itself, such as the keys that sign SDK tokens in embedded mode.
CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Targets too large for a token, under the SHA-256 of their JSON.
CREATE TABLE token_target (
    hash TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);

CREATE TABLE target (
    environment_id TEXT NOT NULL REFERENCES environment (id),
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    attributes TEXT NOT NULL,
    written_by_admin BOOLEAN NOT NULL,
    created_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    PRIMARY KEY (environment_id, identifier)
);

-- A job is given to one worker until `available_ms`. Identifiers sort by time of arrival.
CREATE TABLE work_queue (
    id TEXT NOT NULL PRIMARY KEY,
    payload BLOB NOT NULL,
    available_ms BIGINT NOT NULL
);

CREATE INDEX work_queue_by_time ON work_queue (available_ms, id);

-- Jobs that have been counted: a job that is given out twice is counted once.
CREATE TABLE metrics_job (
    id TEXT NOT NULL PRIMARY KEY,
    done_ms BIGINT NOT NULL
);

CREATE INDEX metrics_job_by_time ON metrics_job (done_ms);

-- Evaluations of a variation in one hour. `target` is empty where the SDK reports a total.
CREATE TABLE evaluation_count (
    environment_id TEXT NOT NULL,
    flag TEXT NOT NULL,
    variation TEXT NOT NULL,
    target TEXT NOT NULL,
    hour_ms BIGINT NOT NULL,
    evaluations BIGINT NOT NULL,
    PRIMARY KEY (environment_id, flag, variation, target, hour_ms)
);

-- Answers of writes that carried an Idempotency-Key, kept for a day.
CREATE TABLE idempotency_key (
    actor TEXT NOT NULL,
    name TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    status BIGINT NOT NULL,
    answer TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (actor, name)
);

CREATE INDEX idempotency_key_by_time ON idempotency_key (created_ms);
