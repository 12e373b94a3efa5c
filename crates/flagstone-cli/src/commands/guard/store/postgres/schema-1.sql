-- The tables of guards that share their work, in the first schema of the connection's search_path.

-- One row. Whoever has locked it has its turn.
CREATE TABLE flagstone_guard (
    -- How many of these files have been applied.
    format integer NOT NULL,
    -- How many turns have changed something.
    turn bigint NOT NULL DEFAULT 0,
    -- Batches with tallies that were counted lately.
    batches bigint[] NOT NULL DEFAULT '{}',
    -- The control document that was gone by last, and when.
    sequence bigint NOT NULL DEFAULT 0,
    sequence_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO flagstone_guard (format) VALUES (0);

-- States of rollouts, and the turn in which each was stored. Under id 0: when flags were last reported.
CREATE TABLE flagstone_rollouts (
    id bigint PRIMARY KEY,
    turn bigint NOT NULL,
    state bytea NOT NULL
);
CREATE INDEX flagstone_rollouts_turn ON flagstone_rollouts (turn);

-- CloudEvents as JSON.
CREATE TABLE flagstone_decisions (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event text NOT NULL,
    -- Whether the webhook has taken it, or there is none.
    told boolean NOT NULL
);
CREATE INDEX flagstone_decisions_untold ON flagstone_decisions (number) WHERE NOT told;

-- How many bytes of a file a guard has read.
CREATE TABLE flagstone_inputs (
    file text PRIMARY KEY,
    read bigint NOT NULL
);

-- What each guard has heard lately, for the health pages of all.
CREATE TABLE flagstone_heard (
    guard bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    heard text NOT NULL
);
