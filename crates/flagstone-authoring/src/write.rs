//! From a model to the text of a `flagstone.toml`.
//!
//! For flags that a flag service had: [`write()`] gives a file whose flags decide as the model's do, to the byte of the
//! snapshot. What is plain becomes plain; the rest has the notation for flags that came from a service.

pub(crate) mod cel;
mod flag;
mod moment;
mod segment;
pub(crate) mod toml;

use std::collections::BTreeSet;
use std::fmt;
use std::io;

use flagstone_compile::model::{Condition, Edge, Flag, Segment, Serve, Test};
use flagstone_compile::{Model, compile, compile_imported};

use self::cel::Unwritable;
use crate::cel::tidy;
use crate::finding::Severity;
use crate::lower::is_element;
use crate::names::{Names, Origin, canonical, is_attribute};
use crate::path::Path;
use crate::read::read;

/// A file, and what is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The text of the file.
    pub text: String,
    /// Paths, relative to the file, and contents of the files that it names.
    pub files: Vec<(String, String)>,
    /// What could not be written, in the order of the model.
    pub left_out: Vec<LeftOut>,
}

/// Something that could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What.
    pub part: Part,
    /// Why, in a sentence without capital and full stop.
    pub why: String,
}

/// A part of a model, by its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A flag.
    Flag(String),
    /// A segment.
    Segment(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(key) => write!(f, "flag `{key}`"),
            Self::Segment(key) => write!(f, "segment `{key}`"),
        }
    }
}

/// What is said beside the flags.
pub struct Remarks<'a> {
    /// Lines at the beginning of the file.
    pub head: &'a [String],
    /// What is said of a flag, by its key; each a line.
    pub of_flag: &'a dyn Fn(&str) -> Vec<String>,
    /// Segments with more keys than this have them in files of their own.
    pub most_keys: usize,
}

/// Writes the flags and segments of a model; what the edge does with them is not written.
///
/// The text is read again, and gives the same snapshot. What has no notation, or what a strict compiler refuses (flags that
/// depend on themselves or over too many steps), is left out, together with what depends on it.
///
/// `None` if the text would mean something else, which does not happen unless this program is wrong.
pub fn write(model: &Model, remarks: &Remarks<'_>) -> Option<Written> {
    let mut kept = Model {
        edge: Edge::default(),
        ..model.clone()
    };

    let mut left_out: Vec<LeftOut> = Vec::new();
    loop {
        let mut out: Vec<LeftOut> = Vec::new();
        let mut written = Written::default();
        let mut parts = Vec::new();
        let tidied = tidied(&kept);
        for segment in &tidied.segments {
            match segment::written(segment, remarks.most_keys, &mut written.files) {
                Ok(text) => parts.push(text),
                Err(why) => out.push(LeftOut {
                    part: Part::Segment(segment.key.clone()),
                    why,
                }),
            }
        }
        for flag in &tidied.flags {
            match flag::written(flag, &(remarks.of_flag)(&flag.key)) {
                Ok(text) => parts.push(text),
                Err(why) => out.push(LeftOut {
                    part: Part::Flag(flag.key.clone()),
                    why,
                }),
            }
        }
        if out.is_empty() {
            let head = head(remarks.head, &kept);
            written.text = head.into_iter().chain(parts).collect::<Vec<_>>().join("\n");
            match refused(&kept, &written) {
                Some(refused) if refused.is_empty() => {
                    written.left_out = in_order(model, left_out);
                    return Some(written);
                }
                Some(refused) => out = refused,
                None => return None,
            }
        }
        with_dependents(&kept, &mut out);
        kept.flags
            .retain(|flag| !is_out(&out, &Part::Flag(flag.key.clone())));
        kept.segments
            .retain(|segment| !is_out(&out, &Part::Segment(segment.key.clone())));
        left_out.append(&mut out);
    }
}

/// The same model with conditions as they are read.
fn tidied(model: &Model) -> Model {
    let mut model = model.clone();
    for segment in &mut model.segments {
        segment.when = tidy(&segment.when);
    }
    for rule in model.flags.iter_mut().flat_map(|flag| &mut flag.rules) {
        rule.when = tidy(&rule.when);
    }
    model
}

/// Comments at the beginning: remarks, and the attributes that want a source.
fn head(remarks: &[String], model: &Model) -> Option<String> {
    let mut text = String::new();
    for remark in remarks {
        text += &comment(remark);
    }
    let attributes = sourceless(model);
    if !attributes.is_empty() {
        text += "#\n# At the edge these attributes are missing until they have a source:\n# [context]\n";
        for name in attributes {
            text += &comment(&format!("{} = \"cookie:NAME\"", toml::text(name)));
        }
    }
    (!text.is_empty()).then_some(text)
}

/// A comment of one line, whatever the text.
fn comment(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    format!("# {}\n", text.trim_end())
}

/// An attribute's name where it stands alone, if it is the one spelling of itself.
fn attribute(name: &str) -> Result<&str, Unwritable> {
    let is_possible = Names::default().origin(name) != Origin::Impossible;
    match is_possible && is_attribute(name) && canonical(name) == name {
        true => Ok(name),
        false => Err(format!("there is no spelling for attribute `{name}`")),
    }
}

/// What is refused of a text when it is read and compiled: empty if nothing is and it means the same; `None` if it means
/// something else.
fn refused(model: &Model, written: &Written) -> Option<Vec<LeftOut>> {
    let read_file = |path: &str| {
        let found = written.files.iter().find(|(name, _)| name == path);
        found
            .map(|(_, content)| content.clone())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    let outcome = read(&written.text, None, &read_file);
    let mut refused = Vec::new();
    for finding in outcome
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
    {
        let part = part_of(model, |section, key| {
            let section = Path::Key(&Path::Root, section);
            let prefix = section.key(key).to_string();
            let behind = finding.path.strip_prefix(&prefix);
            behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        refused.push(LeftOut {
            part: part?,
            why: finding.message.clone(),
        });
    }
    if !refused.is_empty() {
        return Some(refused);
    }
    let read = Model {
        edge: Edge::default(),
        ..outcome.model?
    };
    for finding in compile(model).findings {
        if finding.severity < flagstone_compile::Severity::Error {
            continue;
        }
        let part = part_of(model, |section, key| {
            let behind = finding.path.strip_prefix(&format!("/{section}/{key}"));
            behind.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        refused.push(LeftOut {
            part: part?,
            why: finding.message,
        });
    }
    let is_same = || compile_imported(&read).snapshot == compile_imported(model).snapshot;
    (!refused.is_empty() || is_same()).then_some(refused)
}

/// The part that a place lies in: the one with the longest key, as keys may look like paths.
fn part_of(model: &Model, is_in: impl Fn(&str, &str) -> bool) -> Option<Part> {
    let flags = model.flags.iter().map(|flag| ("flags", flag.key.as_str()));
    let segments = model
        .segments
        .iter()
        .map(|segment| ("segments", segment.key.as_str()));
    let found = flags
        .chain(segments)
        .filter(|(section, key)| is_in(section, key));
    let (section, key) = found.max_by_key(|(_, key)| key.len())?;
    Some(match section {
        "flags" => Part::Flag(key.to_owned()),
        _ => Part::Segment(key.to_owned()),
    })
}

fn is_out(out: &[LeftOut], part: &Part) -> bool {
    out.iter().any(|left_out| left_out.part == *part)
}

/// Adds what refers to something that is left out.
fn with_dependents(model: &Model, out: &mut Vec<LeftOut>) {
    loop {
        let mut found = Vec::new();
        for segment in &model.segments {
            let part = Part::Segment(segment.key.clone());
            found.extend(dependent(part, &references([&segment.when]), out));
        }
        for flag in &model.flags {
            let mut references = references(flag.rules.iter().map(|rule| &rule.when));
            let needed = flag
                .prerequisites
                .iter()
                .map(|needed| Part::Flag(needed.flag.clone()));
            references.extend(needed);
            found.extend(dependent(Part::Flag(flag.key.clone()), &references, out));
        }
        if found.is_empty() {
            return;
        }
        out.append(&mut found);
    }
}

fn dependent(part: Part, references: &BTreeSet<Part>, out: &[LeftOut]) -> Option<LeftOut> {
    if is_out(out, &part) {
        return None;
    }
    let gone = references.iter().find(|reference| is_out(out, reference))?;
    let why = format!("it depends on {gone}, which is left out");
    Some(LeftOut { part, why })
}

/// All tests of some conditions, also those about elements of lists.
fn tests<'c>(conditions: impl IntoIterator<Item = &'c Condition>) -> Vec<&'c Test> {
    let mut found = Vec::new();
    let mut open: Vec<&Condition> = conditions.into_iter().collect();
    while let Some(condition) = open.pop() {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => open.extend(parts),
            Condition::Not(inner) => open.push(inner),
            Condition::Test(test) => {
                found.push(test);
                if let Test::Within { when, .. } = test {
                    open.push(when);
                }
            }
        }
    }
    found
}

/// The flags and segments that conditions ask about.
fn references<'c>(conditions: impl IntoIterator<Item = &'c Condition>) -> BTreeSet<Part> {
    let references = tests(conditions).into_iter().filter_map(|test| match test {
        Test::Flag { key, .. } | Test::Inside(key) => Some(Part::Flag(key.clone())),
        Test::Segment(key) | Test::SegmentUnlessFails(key) => Some(Part::Segment(key.clone())),
        _ => None,
    });
    references.collect()
}

/// What is left out, in the order of the model, each once.
fn in_order(model: &Model, left_out: Vec<LeftOut>) -> Vec<LeftOut> {
    let segments = model
        .segments
        .iter()
        .map(|Segment { key, .. }| Part::Segment(key.clone()));
    let flags = model
        .flags
        .iter()
        .map(|Flag { key, .. }| Part::Flag(key.clone()));
    let found = segments
        .chain(flags)
        .filter_map(|part| left_out.iter().find(|of| of.part == part));
    found.cloned().collect()
}

/// Attributes that nothing at the edge gives a value to.
fn sourceless(model: &Model) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let rules = || model.flags.iter().flat_map(|flag| &flag.rules);
    names.extend(model.segments.iter().map(|segment| segment.by.as_str()));
    for rule in rules() {
        match &rule.serve {
            Serve::Split(split) => {
                names.insert(&split.by);
            }
            Serve::Allocation(allocation) => {
                names.extend(allocation.bucketing.by.iter().map(String::as_str));
            }
            Serve::Expression(expression) => expression.attributes(&mut names),
            Serve::Variant(_) | Serve::Default => {}
        }
    }
    let conditions = model.segments.iter().map(|segment| &segment.when);
    for test in tests(conditions.chain(rules().map(|rule| &rule.when))) {
        match test {
            Test::Attribute { name, .. } | Test::Within { name, .. } => {
                names.insert(name);
            }
            Test::Bucket { bucketing, .. } => {
                names.extend(bucketing.by.iter().map(String::as_str));
            }
            Test::Expression { expression, .. } => expression.attributes(&mut names),
            _ => {}
        }
    }
    let known = Names::default();
    names.retain(|name| known.origin(name) == Origin::Elsewhere && !is_element(name));
    names
}
