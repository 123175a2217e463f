//! The only room that opens connections to models: it takes a permit, sends what the permit holds, streams back what comes,
//! and settles the permit's reservation.
