//! What the tests of all services share: documents are imported, compiled and asked, and answers compared as JSON.

use flagstone_compile::compile_imported;
use flagstone_core::{Snapshot, UnixMillis};
use flagstone_import::answer::{Request, Type};
use flagstone_import::{Imported, Options, Service, import};
use flagstone_json::Json;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A document that was imported and compiled.
pub struct Subject {
    pub imported: Imported,
    snapshot: Vec<u8>,
}

/// One question.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    pub flag: &'q str,
    pub context: &'q Value,
    pub default: &'q Value,
    pub wanted: Option<Type>,
    pub now: UnixMillis,
}

impl Subject {
    /// Imports and compiles a document; panics if either fails.
    pub fn new(service: Service, document: &str, options: &Options) -> Self {
        let imported = import(service, document, options)
            .unwrap_or_else(|error| panic!("the document {error}"));
        let compiled = compile_imported(&imported.model);
        let snapshot = compiled
            .snapshot
            .unwrap_or_else(|| panic!("{:#?}", compiled.findings));
        Snapshot::open(&snapshot).unwrap().verify().unwrap();
        Self { imported, snapshot }
    }

    /// The answer as the service's SDK would give it.
    pub fn ask(&self, question: Question<'_>) -> Value {
        let context = question.context.to_string();
        let default = question.default.to_string();
        let request = Request {
            flag: question.flag,
            context: &Json::read(&context).unwrap(),
            default: Some(&Json::read(&default).unwrap()),
            wanted: question.wanted,
            now: question.now,
        };
        self.answer(&request)
    }

    /// The same for a context whose members are in an order that matters.
    pub fn answer(&self, request: &Request<'_>) -> Value {
        let snapshot = Snapshot::open(&self.snapshot).unwrap();
        let answer = self.imported.native.answer(snapshot, request);
        serde_json::from_str(&answer.native).unwrap_or_else(|_| panic!("{}", answer.native))
    }

    /// Says what is wrong with an answer, if anything.
    pub fn check(&self, name: &str, question: Question<'_>, expected: &Value) -> Option<String> {
        let got = self.ask(question);
        (!same(&got, expected)).then(|| {
            let Question { flag, context, .. } = question;
            format!("{name}: {flag} for {context}\n  expected {expected}\n  got      {got}")
        })
    }
}

/// Whether two values are equal to JavaScript, which has one kind of number.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let equal = |(name, value): (&String, &Value)| {
                b.get(name).is_some_and(|other| same(value, other))
            };
            a.len() == b.len() && a.iter().all(equal)
        }
        _ => a == b,
    }
}

/// The folder of a service's recorded cases, from the folder that `FLAG_VECTORS` names.
///
/// Without the variable there is none, and standard error says so; with it the folder must be there.
pub fn vectors(service: Service) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where recorded cases are is not the code's to know"
    )]
    let Some(root) = env::var_os("FLAG_VECTORS") else {
        eprintln!(
            "FLAG_VECTORS is not set: recorded cases of {} are not run",
            service.name()
        );
        return None;
    };
    let folder = Path::new(&root).join(service.name());
    assert!(folder.is_dir(), "{} is not there", folder.display());
    Some(folder)
}

/// Reads a file of JSON.
pub fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// The cases of a service that are left out, each with the reason.
pub fn excluded(service: Service) -> BTreeMap<String, String> {
    let path = folder().join(format!("{}-excluded.toml", service.name()));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    toml::from_str(&text).unwrap()
}

/// The files of our own cases of a service.
pub fn own_cases(service: Service) -> Vec<PathBuf> {
    let folder = folder().join("cases").join(service.name());
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{folder:?} is empty");
    paths
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Fails with the first few of what went wrong.
pub fn finish(failures: &[String]) {
    let shown: Vec<&str> = failures.iter().take(10).map(String::as_str).collect();
    assert!(
        failures.is_empty(),
        "{} differences\n{}",
        failures.len(),
        shown.join("\n")
    );
}
