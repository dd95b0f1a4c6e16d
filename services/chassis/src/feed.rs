//! Not written yet.

mod wake;

pub(crate) use wake::Wake;
