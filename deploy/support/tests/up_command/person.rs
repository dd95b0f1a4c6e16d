//! Operators, and what commands say to them.

use std::process::Output;

use crate::process::{Up, support};

/// An operator at a command.
pub(crate) struct Person<'u> {
    pub(crate) up: &'u Up,
    name: &'static str,
    command: &'static str,
}

/// What a command said as it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// What a command that ended has said.
pub(crate) fn said(output: Output) -> Said {
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl<'u> Person<'u> {
    pub(crate) const fn new(up: &'u Up, name: &'static str, command: &'static str) -> Self {
        Self { up, name, command }
    }

    /// Whatever comes of it.
    pub(crate) fn does(&self, arguments: &[&str]) -> Said {
        let mut all = vec![self.command];
        all.extend_from_slice(arguments);
        all.extend_from_slice(&["--data-dir", self.up.place(), "--as", self.name]);
        said(support(&all))
    }

    /// What has to go well, and what it says.
    #[track_caller]
    pub(crate) fn well(&self, arguments: &[&str]) -> String {
        let said = self.does(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}{}", said.out, said.err);
        said.out
    }

    /// What has to fail, and what it says.
    #[track_caller]
    pub(crate) fn ill(&self, arguments: &[&str]) -> Said {
        let said = self.does(arguments);
        assert_eq!(said.code, Some(1), "{arguments:?}: {}{}", said.out, said.err);
        said
    }
}
