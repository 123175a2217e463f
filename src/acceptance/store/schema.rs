//! The tables, and the steps that led to them. A step is never changed once it was released: a new one is added.

use crate::database::Kind;

pub const KIND: Kind<'_> = Kind {
    // `Tand`
    application: 0x5461_6e64,
    steps: STEPS,
    // A power cut may cost the last seconds, never the file.
    pragmas: "PRAGMA synchronous = NORMAL;",
};

pub const STEPS: &[&str] = &["
    -- Languages, as clients name them, and engines.
    CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE suggestion (
        -- Never used twice: a server may still have to add to a row when others are deleted.
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        -- Seconds since 1970, UTC, when it was first shown.
        at INTEGER NOT NULL,
        language INTEGER NOT NULL REFERENCES name,
        engine INTEGER NOT NULL REFERENCES name,
        -- Numbers of lists in codes.rs.
        source INTEGER NOT NULL,
        trigger INTEGER NOT NULL,
        position INTEGER NOT NULL,
        lines INTEGER NOT NULL,
        characters INTEGER NOT NULL,
        tokens INTEGER,
        -- Thousandths; of a natural logarithm in the second.
        confidence INTEGER NOT NULL,
        log_probability INTEGER,
        latency_us INTEGER NOT NULL,
        visible_ms INTEGER NOT NULL,
        outcome INTEGER NOT NULL,
        -- Characters.
        accepted INTEGER NOT NULL,
        typed INTEGER NOT NULL,
        -- Percent that still stood; -1 unknown; absent where nothing was accepted, or the time is not over.
        kept_30s INTEGER,
        kept_5min INTEGER
    ) STRICT;
    CREATE INDEX suggestion_at ON suggestion (at);
"];

pub const INSERT: &str = "
    INSERT INTO suggestion (
        at, language, engine, source, trigger, position, lines, characters, tokens, confidence, log_probability,
        latency_us, visible_ms, outcome, accepted, typed
    ) VALUES (
        ?1, (SELECT id FROM name WHERE text = ?2), (SELECT id FROM name WHERE text = ?3), ?4, ?5, ?6, ?7, ?8, ?9, ?10,
        ?11, ?12, ?13, ?14, ?15, ?16
    )";
