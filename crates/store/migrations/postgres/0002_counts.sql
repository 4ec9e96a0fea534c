-- Counts are kept by hour for two weeks and by day for more than a year, and say nothing of targets:
-- browsers report each target by itself, which is as many rows as a site has visitors, and their data.

CREATE TABLE evaluation_hour (
    environment_id TEXT COLLATE "C" NOT NULL,
    flag TEXT COLLATE "C" NOT NULL,
    variation TEXT COLLATE "C" NOT NULL,
    hour_ms BIGINT NOT NULL,
    evaluations BIGINT NOT NULL,
    PRIMARY KEY (environment_id, flag, variation, hour_ms)
);

CREATE INDEX evaluation_hour_by_time ON evaluation_hour (hour_ms);

-- `last_hour_ms` is when the last hour with an evaluation began: when the flag was accessed last.
CREATE TABLE evaluation_day (
    environment_id TEXT COLLATE "C" NOT NULL,
    flag TEXT COLLATE "C" NOT NULL,
    variation TEXT COLLATE "C" NOT NULL,
    day_ms BIGINT NOT NULL,
    evaluations BIGINT NOT NULL,
    last_hour_ms BIGINT NOT NULL,
    PRIMARY KEY (environment_id, flag, variation, day_ms)
);

CREATE INDEX evaluation_day_by_time ON evaluation_day (day_ms);

INSERT INTO evaluation_hour (environment_id, flag, variation, hour_ms, evaluations)
    SELECT environment_id, flag, variation, hour_ms, CAST(sum(evaluations) AS BIGINT) FROM evaluation_count
    GROUP BY environment_id, flag, variation, hour_ms;

INSERT INTO evaluation_day (environment_id, flag, variation, day_ms, evaluations, last_hour_ms)
    SELECT environment_id, flag, variation, hour_ms - hour_ms % 86400000,
    CAST(sum(evaluations) AS BIGINT), max(hour_ms) FROM evaluation_count
    GROUP BY environment_id, flag, variation, hour_ms - hour_ms % 86400000;

DROP TABLE evaluation_count;

-- Targets that SDKs registered leave the list when nobody has seen them for long.
CREATE INDEX target_by_seen ON target (seen_ms) WHERE NOT written_by_admin;
