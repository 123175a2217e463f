//! Engines over HTTP against doubles of every kind of server, and against real ones where `make test-servers` names them: texts, every
//! fault, cancels, lanes, what is found on this machine.
//!
//! Nothing here measures time; where something has to happen in a while, the double says when it did.

#[path = "doubles/servers.rs"]
mod doubles;

mod servers {
    mod cancel;
    mod detection;
    mod faults;
    mod kinds;
    mod lanes;
    mod life;
    mod prompts;
    mod real;
    mod support;
}
