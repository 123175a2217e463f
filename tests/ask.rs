//! Questions through everything that is there: route, pack, gate, ledger, audit log, connection, answer. The provider is a double
//! that speaks TLS for its provider's host, counts tokens, keeps a cache and sends a bill.

#[path = "doubles/provider.rs"]
mod provider;

mod ask {
    mod answers;
    mod budget;
    mod fallback;
    mod house;
}
