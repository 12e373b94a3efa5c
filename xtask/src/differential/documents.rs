//! The files about one document of definitions.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

/// Definitions, requests about them, and answers.
pub struct Document {
    folder: PathBuf,
    /// Which of the documents that were drawn from a seed.
    pub index: u64,
}

impl Document {
    pub fn new(folder: &Path, index: u64) -> Self {
        let folder = folder.to_owned();
        Self { folder, index }
    }

    /// Has the command line answer the requests. That it fails is seen by the answers that are missing.
    pub fn answer(&self, service: &str, flagstone: &Path) -> Result<()> {
        let mut command = Command::new(flagstone);
        command.arg("eval").arg(self.path("definitions.json"));
        command.args(["--from", service]);
        command.arg("--requests").arg(self.path("requests.ndjson"));
        command.stdin(Stdio::null());
        command.stdout(File::create(self.path("answers.ndjson"))?);
        command.stderr(File::create(self.path("messages.txt"))?);
        command
            .status()
            .with_context(|| flagstone.display().to_string())?;
        Ok(())
    }

    /// Has a snapshot of the definitions answer the requests that can be made at the edge: each with its answer, null where there is
    /// none; `None` for a request that cannot.
    pub fn at_edge(&self, service: &str, flagstone: &Path) -> Result<Vec<Option<(Value, Value)>>> {
        let started = || flagstone.display().to_string();
        let snapshot = self.path("snapshot");
        let mut import = Command::new(flagstone);
        import.arg("import").arg(self.path("definitions.json"));
        import.args(["--from", service, "-o"]).arg(&snapshot);
        import.stdout(Stdio::null()).stderr(Stdio::null());
        import.status().with_context(started)?;
        let requests = self.lines("edge.ndjson")?;
        let possible = self.text("edge.ndjson")?.replace("null\n", "");
        let asked = self.path("asked.ndjson");
        fs::write(&asked, possible)?;
        let mut eval = Command::new(flagstone);
        eval.arg("eval").arg(&snapshot).arg("--requests").arg(asked);
        let output = eval.stdin(Stdio::null()).output().with_context(started)?;
        let lines = output.stdout.split(|byte| *byte == b'\n');
        let mut answers = lines.map(|line| serde_json::from_slice(line).unwrap_or_default());
        let answered = requests.into_iter().map(|request| {
            let is_possible = !request.is_null();
            is_possible.then(|| (request, answers.next().unwrap_or_default()))
        });
        Ok(answered.collect())
    }

    pub fn definitions(&self) -> Result<Value> {
        self.json("definitions.json")
    }

    /// Keys of the flags that we refuse.
    pub fn unsupported(&self) -> Result<Vec<String>> {
        match self.path("unsupported.json").exists() {
            true => Ok(serde_json::from_value(self.json("unsupported.json")?)?),
            false => Ok(Vec::new()),
        }
    }

    /// Requests, each with what the SDK decides.
    pub fn expected(&self) -> Result<Vec<Value>> {
        self.lines("expected.ndjson")
    }

    /// A line an answer; what is no JSON is null.
    pub fn answers(&self) -> Result<Vec<Value>> {
        let text = self.text("answers.ndjson")?;
        Ok(text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_default())
            .collect())
    }

    /// What the command line said beside its answers.
    pub fn messages(&self) -> Result<String> {
        self.text("messages.txt")
    }

    pub fn remove(&self) -> Result<()> {
        for name in [
            "definitions.json",
            "requests.ndjson",
            "expected.ndjson",
            "unsupported.json",
            "answers.ndjson",
            "messages.txt",
            "snapshot",
            "edge.ndjson",
            "asked.ndjson",
        ] {
            match fs::remove_file(self.path(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    fn lines(&self, name: &str) -> Result<Vec<Value>> {
        let text = self.text(name)?;
        let lines = text.lines().map(|line| Ok(serde_json::from_str(line)?));
        lines.collect()
    }

    fn json(&self, name: &str) -> Result<Value> {
        serde_json::from_str(&self.text(name)?)
            .with_context(|| self.path(name).display().to_string())
    }

    fn text(&self, name: &str) -> Result<String> {
        let path = self.path(name);
        // An escaped NUL may stand in an answer, but no other bytes than UTF-8.
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{}.{name}", self.index))
    }
}
