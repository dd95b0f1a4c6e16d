//! A private PostgreSQL server, run from the binaries installed on the machine.
//!
//! Two users: `support up`, which keeps one under its data directory, and every test binary of the
//! workspace, which throws one away at its end ([`testing`]). Neither needs a database set up by hand.
//!
//! - [`find_binaries`] and [`ensure_installed`] find PostgreSQL or install it.
//! - [`Server::start`] makes the cluster where there is none, starts it and waits until it answers.
//! - [`Server::ensure_service_database`] makes a database and a role that can connect to nothing else.
//!
//! The server never outlives the process that started it, whatever ends that process: a watchdog holds
//! the reading end of a pipe and stops PostgreSQL once the writing end is gone. It listens on 127.0.0.1
//! only. Started as root, it runs as another user, for PostgreSQL refuses to run as root.

mod account;
mod binaries;
mod cluster;
mod databases;
mod error;
mod install;
mod lock;
mod place;
mod postmaster;
mod random;
mod server;
mod spawn;
pub mod testing;
mod watchdog;

pub use binaries::{Binaries, Search, find_binaries};
pub use error::{Error, Result};
pub use install::{Consent, OsFamily, Step, ensure_installed, install_plan, run_plan};
pub use server::{Options, Server};
