//! What checking finds.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The model compiles; somebody should look at it.
    Warning,
    /// The model does not compile.
    Error,
}

/// Something that is wrong with a model, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name of the kind of finding, in kebab-case.
    pub code: &'static str,
    /// Where in the model: `/flags/KEY/rules/2/when`, counted from 0.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What is allowed, or what to do.
    pub help: Option<String>,
}

impl Finding {
    pub(crate) fn error(
        code: &'static str,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        // `text!` says why they may be empty.
        let is_read = cfg!(feature = "findings");
        Self {
            severity: Severity::Error,
            code,
            path: if is_read { path.into() } else { String::new() },
            message: if is_read {
                message.into()
            } else {
                String::new()
            },
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        if cfg!(feature = "findings") {
            self.help = Some(help.into());
        }
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}
