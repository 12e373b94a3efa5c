//! Values as JSON text.

use super::Machine;
use super::value::Value;
use crate::text;
use core::fmt::Write;

/// How deep lists may lie in lists.
const DEPTH: u8 = 64;

impl<'v> Machine<'_, 'v> {
    /// Writes a value as JSON; what is no JSON as JavaScript names it.
    pub(super) fn write_json(
        &self,
        value: Value<'v>,
        out: &mut dyn Write,
        depth: u8,
    ) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        let word = match value {
            Value::Undefined => "undefined",
            Value::Null => "null",
            Value::Boolean(true) => "true",
            Value::Boolean(false) => "false",
            Value::Unknown { members: 0 } => "{}",
            Value::Unknown { .. } => return None,
            Value::Number(number) => {
                return out.write_str(text::number(number).text()).ok();
            }
            Value::Text(_) | Value::Written { .. } => {
                return match core::str::from_utf8(self.bytes(value)?) {
                    Ok(text) => quoted(text, out),
                    // JSON cannot hold it.
                    Err(_) => out.write_str("half a character").ok(),
                };
            }
            Value::Object(object) => {
                out.write_str("{").ok()?;
                for index in 0..object.len() {
                    let (name, member) = object.member(index)?;
                    out.write_str(if index > 0 { "," } else { "" }).ok()?;
                    quoted(name, out)?;
                    out.write_str(":").ok()?;
                    self.write_json(member.into(), out, depth + 1)?;
                }
                "}"
            }
            Value::Pair { at, of_list } => {
                let names = if of_list {
                    ["iterator", "index"]
                } else {
                    ["accumulator", "current"]
                };
                for (offset, name) in names.into_iter().enumerate() {
                    out.write_str(if offset > 0 { "," } else { "{" }).ok()?;
                    quoted(name, out)?;
                    out.write_str(":").ok()?;
                    let member = self.memory.get(usize::from(at) + offset);
                    self.write_json(member, out, depth + 1)?;
                }
                "}"
            }
            Value::List(_) | Value::Made { .. } | Value::Constants { .. } => {
                let list = value.elements()?;
                out.write_str("[").ok()?;
                for index in 0..list.len() {
                    out.write_str(if index > 0 { "," } else { "" }).ok()?;
                    self.write_json(list.element(self, index), out, depth + 1)?;
                }
                "]"
            }
        };
        out.write_str(word).ok()
    }
}

fn quoted(text: &str, out: &mut dyn Write) -> Option<()> {
    out.write_str("\"").ok()?;
    for c in text.chars() {
        match c {
            '"' => out.write_str("\\\"").ok()?,
            '\\' => out.write_str("\\\\").ok()?,
            '\0'..='\u{1f}' => write!(out, "\\u{:04x}", u32::from(c)).ok()?,
            _ => out.write_char(c).ok()?,
        }
    }
    out.write_str("\"").ok()
}
