//! Shares of a rollout.

use flagstone_compile::model::{RampPoint, Share};
use flagstone_core::Weight;
use toml::de::DeValue;

use super::Lower;
use crate::code::{BAD_RAMP, BAD_SHARE};
use crate::document::{Node, instant};
use crate::finding::Finding;
use crate::path::Path;

impl Lower<'_> {
    /// A share: a number of per cent, the points of a ramp, or `plan`.
    pub(super) fn share(&mut self, node: &Node<'_>, path: Path<'_>) -> Option<Share> {
        match node.get_ref() {
            DeValue::Array(_) => self.ramp(node, path),
            DeValue::String(text) if *text == "plan" => Some(Share::Planned),
            DeValue::String(text) => {
                let message = format!("`{text}` is not a share");
                let help =
                    "a number of per cent without quotes and sign, a ramp, or \"plan\"".to_owned();
                let finding = Finding::new(BAD_SHARE, path, node.span(), message);
                self.report.add(finding.help(help));
                None
            }
            _ => self.percent(node, path).map(Share::Fixed),
        }
    }

    /// A number of per cent.
    pub(super) fn percent(&mut self, node: &Node<'_>, path: Path<'_>) -> Option<Weight> {
        let weight = match node.get_ref() {
            DeValue::Integer(text) if text.radix() == 10 => weight(text.as_str()),
            DeValue::Float(text) => weight(text.as_str()),
            DeValue::Integer(_) => None,
            _ => return None,
        };
        if weight.is_none() {
            let raw = self.text.get(node.span()).unwrap_or_default();
            self.report.add(
                Finding::new(
                    BAD_SHARE,
                    path,
                    node.span(),
                    format!("`{raw}` is not a share"),
                )
                .help(
                    "a share is a number of per cent from 0 to 100 with at most 4 decimals"
                        .to_owned(),
                ),
            );
        }
        weight
    }

    fn ramp(&mut self, node: &Node<'_>, path: Path<'_>) -> Option<Share> {
        let mut points: Vec<RampPoint> = Vec::new();
        let mut good = true;
        for (index, node) in node.get_ref().as_array()?.iter().enumerate() {
            let path = path.index(index);
            let Some(table) = node.get_ref().as_table() else {
                continue;
            };
            let at = table
                .get("at")
                .and_then(|at| instant(at.get_ref().as_datetime()?));
            let share = table
                .get("share")
                .and_then(|share| self.percent(share, path.key("share")));
            let (Some(at), Some(share)) = (at, share) else {
                good = false;
                continue;
            };
            if points.last().is_some_and(|last| last.at > at) {
                self.report.add(
                    Finding::new(
                        BAD_RAMP,
                        path,
                        node.span(),
                        "this point is earlier than the one before it",
                    )
                    .help("list the points of a ramp in ascending time".to_owned()),
                );
                good = false;
            }
            points.push(RampPoint { at, share });
        }
        if node
            .get_ref()
            .as_array()
            .is_some_and(|list| list.is_empty())
        {
            self.report.add(
                Finding::new(BAD_RAMP, path, node.span(), "a ramp needs a point")
                    .help("for example `[{ at = 2026-12-01T08:00:00Z, share = 5 }]`".to_owned()),
            );
            good = false;
        }
        good.then_some(Share::Ramp(points))
    }
}

/// Decimal digits of per cent as parts per million, without a detour over floating point.
fn weight(text: &str) -> Option<Weight> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals = decimals.trim_end_matches('0');
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 4 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let whole: u32 = whole.parse().ok().filter(|whole| *whole <= 100)?;
    let parts: u32 = format!("{decimals:0<4}").parse().ok()?;
    Some(Weight(whole * 10_000 + parts)).filter(|weight| *weight <= Weight::TOTAL)
}

/// Parts per million as per cent, exactly: `12.5`.
pub(crate) fn per_cent(parts: u32) -> String {
    let (whole, decimals) = (parts / 10_000, parts % 10_000);
    match decimals {
        0 => whole.to_string(),
        _ => format!("{whole}.{decimals:04}")
            .trim_end_matches('0')
            .to_owned(),
    }
}

#[cfg(test)]
mod tests;
