//! The wire: a server with a generated service behind its layers, and the clients that call it.

#[path = "wire/door.rs"]
mod door;
#[path = "wire/drain.rs"]
mod drain;
#[path = "wire/errors.rs"]
mod errors;
#[path = "wire/harness.rs"]
mod harness;
#[path = "wire/load.rs"]
mod load;
#[path = "wire/passports.rs"]
mod passports;
#[path = "wire/peers.rs"]
mod peers;
#[path = "wire/trace.rs"]
mod trace;
