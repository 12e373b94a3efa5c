//! The health page: its files, what it shows, and what people do by it.
//!
//! What is asked is JSON: `method`, `path`, the headers `site` (`Sec-Fetch-Site`) and `kind` (`Content-Type`) if they are there,
//! `body`, `mark` for a change, and `decisions`, the latest first. The answer has a `status`, `kind`, `text` and `headers`. If it has a
//! `document` too, that and `audits`, lines with their `sequence`, are to be written first: it is the answer if they are.

use flagstone_core::Snapshot;
use flagstone_guard::{Action, Health, page};
use serde_json::{Value, json};

use crate::{Host, text};

impl Host {
    pub(crate) fn page(&self, len: usize, now_ms: i64) -> Result<Value, String> {
        let asked: Value = serde_json::from_slice(self.written(len)).map_err(text)?;
        let member = |name: &str| asked.get(name).and_then(Value::as_str);
        let path = member("path").unwrap_or_default();
        let mut answer = match (member("method").unwrap_or_default(), path) {
            ("POST", page::ACTIONS) => self.act(&member, now_ms)?,
            ("GET", page::HEALTH) => {
                let decisions = asked.get("decisions").and_then(Value::as_array);
                let decisions = decisions.into_iter().flatten().filter_map(Value::as_str);
                let decisions: Vec<String> = decisions.map(str::to_owned).collect();
                let health = Health {
                    at_ms: now_ms,
                    document: self
                        .document
                        .as_ref()
                        .ok_or("there is no control document")?,
                    snapshot: Snapshot::open(&self.bytes).map_err(text)?,
                    desk: &self.desk,
                    activity: &self.desk.activity,
                    decisions: &decisions,
                    problem: member("problem"),
                };
                json!({ "status": 200, "kind": "application/json", "text": health.json() + "\n" })
            }
            ("GET", path) => match page::file(path) {
                Some(file) => json!({ "status": 200, "kind": file.kind, "text": file.text }),
                None => plain(404, page::NOTHING),
            },
            _ => plain(405, page::ONLY_GET),
        };
        if let Value::Object(members) = &mut answer {
            members.insert("headers".to_owned(), json!(page::HEADERS));
        }
        Ok(answer)
    }

    fn act<'a>(
        &self,
        member: &impl Fn(&str) -> Option<&'a str>,
        now_ms: i64,
    ) -> Result<Value, String> {
        if !page::is_own(member("site"), member("kind")) {
            return Ok(plain(403, page::FOREIGN));
        }
        let body = member("body").unwrap_or_default();
        if body.len() > page::LARGEST {
            return Ok(plain(413, page::TOO_LARGE));
        }
        let action = match Action::read(body) {
            Ok(action) => action,
            Err(error) => return Ok(plain(400, &format!("{error}\n"))),
        };
        let document = self
            .document
            .as_ref()
            .ok_or("there is no control document")?;
        let snapshot = Snapshot::open(&self.bytes).map_err(text)?;
        let wish = match action.wish(document, &snapshot, now_ms) {
            Ok(wish) => wish,
            Err(why) => return Ok(plain(409, &(why + "\n"))),
        };
        let stamp = action.stamp(now_ms, member("mark").unwrap_or_default());
        let next = document.with(&action.flag, &wish, &stamp).map_err(text)?;
        Ok(json!({
            "status": 200,
            "kind": "application/json",
            "text": next.audit() + "\n",
            "document": next.text(),
            "audits": [{ "sequence": next.control.sequence, "text": next.audit() }],
        }))
    }
}

fn plain(status: u16, why: &str) -> Value {
    json!({ "status": status, "kind": "text/plain; charset=utf-8", "text": why })
}
