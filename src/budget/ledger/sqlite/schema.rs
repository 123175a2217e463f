//! The tables, and the steps that led to them.

use crate::database::Kind;

pub const KIND: Kind<'_> = Kind {
    // `Tanb`
    application: 0x5461_6e62,
    steps: STEPS,
    // On the disk, and not in the disk's memory only, before a byte is sent.
    pragmas: "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;",
};

const STEPS: &[&str] = &[
    "
    CREATE TABLE book (
        -- Seconds since 1970. The latest time that was seen: clocks that jump back are not believed.
        seen INTEGER NOT NULL,
        -- Windows that began before are presumed spent; 0 where nothing was lost.
        presumed_until INTEGER NOT NULL
    ) STRICT;
    INSERT INTO book VALUES (0, 0);
    CREATE TABLE request (
        -- Never used twice.
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        -- Seconds since 1970, when it was reserved and when it ended.
        at INTEGER NOT NULL,
        ended_at INTEGER,
        session TEXT NOT NULL,
        workspace TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        who TEXT NOT NULL,
        -- The row of the price table, with its date: new prices change nothing that was.
        price TEXT NOT NULL,
        -- 0 reserved, 1 sent, 2 streaming, 3 settled, 4 released.
        state INTEGER NOT NULL,
        -- Of a settled one: 0 counted, 1 estimated, 2 presumed.
        outcome INTEGER,
        -- Pico-dollars, tokens.
        reserved_money INTEGER NOT NULL,
        reserved_tokens INTEGER NOT NULL,
        -- What counts now: what is reserved, or more if that is known to be spent; then what it did cost.
        money INTEGER NOT NULL,
        tokens INTEGER NOT NULL,
        provider_cost INTEGER,
        -- Whose file tells whether the process lives.
        holder TEXT NOT NULL,
        pid INTEGER NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;
    CREATE INDEX request_at ON request (at);
    CREATE INDEX request_session ON request (session);
    CREATE INDEX request_open ON request (holder) WHERE state < 3;
    -- Thresholds of windows that users were told of.
    CREATE TABLE crossing (
        name TEXT NOT NULL,
        percent INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (name, percent)
    ) STRICT, WITHOUT ROWID;
",
    "
    -- What it costs by our prices, to be compared with what the provider says: `money` is the dearer one of the two.
    ALTER TABLE request ADD COLUMN own_cost INTEGER;
",
    "
    -- 0 a question, 1 a suggestion while the user types. What was there before were questions.
    ALTER TABLE request ADD COLUMN purpose INTEGER NOT NULL DEFAULT 0;
",
];
