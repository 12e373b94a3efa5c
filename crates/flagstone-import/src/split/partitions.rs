//! Partitions: who gets which treatment.

use super::javascript::truthy;
use crate::service::Sdk;
use flagstone_json::Json;

/// The partitions of a condition.
pub(super) enum Partitions<'d> {
    /// There are none: the condition serves the default treatment.
    None,
    /// The SDK throws at them.
    Invalid,
    /// Ranges of buckets, each with its treatment; `true` if a bucket may lie beyond them.
    Ranges(Vec<Part<'d>>, bool),
}

/// Buckets of one treatment.
pub(super) struct Part<'d> {
    /// Absent for the default treatment.
    pub treatment: Option<&'d Json<'d>>,
    /// The first.
    pub from: u64,
    /// The one after the last.
    pub to: u64,
}

/// Buckets are 1 to 100.
const END: u64 = 101;

impl<'d> Partitions<'d> {
    /// The first partition whose size, together with those before it, is at least the bucket, has it.
    pub fn read(json: Option<&'d Json<'d>>, sdk: Sdk) -> Self {
        let list = match json {
            Some(Json::List(list)) => list,
            other if truthy(other) => return Self::Invalid,
            _ => return Self::None,
        };
        let mut parts = Vec::new();
        let mut sum = 0.0;
        let mut next = 1;
        for partition in list {
            if partition.is_null() {
                return Self::Invalid;
            }
            sum += match partition.get("size") {
                Some(Json::Number(size)) => *size,
                Some(Json::Boolean(size)) => f64::from(u8::from(*size)),
                Some(Json::Null) => 0.0,
                // Nothing adds up to 100 any more; in JavaScript, text is joined to the sum.
                _ => return Self::Invalid,
            };
            // What is below 0 or beyond 100 is cut off.
            let to = (sum.floor() as u64).saturating_add(1).clamp(next, END);
            if to > next {
                parts.push(Part {
                    treatment: partition.get("treatment"),
                    from: next,
                    to,
                });
            }
            next = to;
        }
        match sdk {
            Sdk::Node if sum != 100.0 => Self::Invalid,
            _ => Self::Ranges(parts, next < END),
        }
    }
}
