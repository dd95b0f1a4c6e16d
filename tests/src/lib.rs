//! What the tests of the whole system stand on: a town where everything runs, the people in it, clients that are not
//! ours, and a look into what the services keep.
//!
//! The tests are in `tests/system.rs`. They start the system as `support up` does, within their own process, and use it
//! through its gateway alone; only what proves that nothing was written, lost or told looks into the databases and logs.

pub mod books;
pub mod people;
pub mod speak;
pub mod town;
pub mod wait;
