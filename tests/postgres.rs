//! A team's ledger on a real PostgreSQL server, which the test starts. Where there is none the tests are ignored, and say so.

#[cfg(unix)]
mod postgres {
    pub mod scenes;
    pub mod server;
}

fn main() {
    #[cfg(unix)]
    postgres::scenes::run();
}
