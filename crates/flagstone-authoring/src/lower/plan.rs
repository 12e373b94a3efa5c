//! Plans of rollouts.

use flagstone_compile::model::{Plan, Rule, Serve, Share, Stage};
use flagstone_core::Weight;

use super::Lower;
use super::serve::Owner;
use crate::code::{BAD_PLAN, NO_PLAN};
use crate::document::{Node, Table, elements, text};
use crate::finding::Finding;
use crate::path::Path;

mod calendar;

/// Spans of time, by the letter of their unit, in milliseconds.
const UNITS: [(char, i64); 5] = [
    ('s', 1_000),
    ('m', 60_000),
    ('h', 3_600_000),
    ('d', 86_400_000),
    ('w', 604_800_000),
];

impl Lower<'_> {
    /// The plan of a flag with these rules; `None` if there is none, or it is wrong.
    pub(super) fn plan(
        &mut self,
        flag: &Node<'_>,
        owner: Owner<'_>,
        rules: &[Rule],
        path: Path<'_>,
    ) -> Option<Plan> {
        let planned = planned(rules);
        let node = flag.get_ref().as_table()?.get("plan");
        let path = path.key("plan");
        let Some((node, table)) = node.and_then(|node| Some((node, node.get_ref().as_table()?)))
        else {
            if let Some(variant) = planned.first() {
                let message = format!("the share of `{variant}` goes by a plan, and there is none");
                let help = format!("add `[flags.{}.plan]` with `stages`", owner.key);
                let finding = Finding::new(NO_PLAN, path, flag.span(), message);
                self.report.add(finding.help(help));
            }
            return None;
        };
        let variant = match planned.as_slice() {
            [variant] if *variant != owner.default => (*variant).to_owned(),
            [] => {
                let message = "no rule goes by this plan";
                let help = "write `rollout = { VARIANT = \"plan\" }`".to_owned();
                let finding = Finding::new(BAD_PLAN, path, node.span(), message);
                self.report.add(finding.help(help));
                return None;
            }
            [_] => {
                let message = "the default variant is what others leave, it has no plan";
                self.report
                    .add(Finding::new(BAD_PLAN, path, node.span(), message));
                return None;
            }
            _ => {
                let message = format!(
                    "a plan is of one variant, but those of `{}` go by it",
                    planned.join("` and `")
                );
                self.report
                    .add(Finding::new(BAD_PLAN, path, node.span(), message));
                return None;
            }
        };
        let straight = table
            .get("straight")
            .and_then(|node| node.get_ref().as_bool());
        let straight = straight.unwrap_or_default();
        let id = self.plan_id(table, path);
        let stages = self.stages(table, path);
        let calendar = self.calendar(table, straight, path);
        let goals = self.plan_goals(table, straight, path);
        Some(Plan {
            flag: owner.key.to_owned(),
            variant,
            id: id?,
            stages: stages?,
            straight,
            calendar: calendar?,
            goals,
        })
    }

    fn plan_id(&mut self, table: &Table<'_>, path: Path<'_>) -> Option<String> {
        let Some((id, node)) = text(table, "id") else {
            return Some("1".to_owned());
        };
        if id.is_empty() || id.len() > Plan::MAX_ID || id.contains(char::is_control) {
            let message = format!("an id has 1 to {} bytes", Plan::MAX_ID);
            let finding = Finding::new(BAD_PLAN, path.key("id"), node.span(), message);
            self.report.add(finding);
            return None;
        }
        Some(id.to_owned())
    }

    fn stages(&mut self, table: &Table<'_>, path: Path<'_>) -> Option<Vec<Stage>> {
        let node = table.get("stages")?;
        let path = path.key("stages");
        let mut stages: Vec<Stage> = Vec::new();
        let mut good = true;
        for (index, node) in elements(table, "stages").enumerate() {
            let path = path.index(index);
            let Some(stage) = self.stage(node, path) else {
                good = false;
                continue;
            };
            let message = match stages.last() {
                _ if stage.share == Weight(0) || stage.share >= Weight::TOTAL => {
                    Some("the share of a stage is above 0 and below 100")
                }
                Some(before) if stage.share <= before.share => {
                    Some("this share is not above that of the stage before it")
                }
                _ => None,
            };
            if let Some(message) = message {
                let finding = Finding::new(BAD_PLAN, path, node.span(), message);
                let help = "after the last stage everybody is in".to_owned();
                self.report.add(finding.help(help));
                good = false;
            }
            stages.push(stage);
        }
        if !(1..=Plan::MAX_STAGES).contains(&elements(table, "stages").count()) {
            let message = format!("a plan has 1 to {} stages", Plan::MAX_STAGES);
            self.report
                .add(Finding::new(BAD_PLAN, path, node.span(), message));
            good = false;
        }
        good.then_some(stages)
    }

    fn stage(&mut self, node: &Node<'_>, path: Path<'_>) -> Option<Stage> {
        let table = node.get_ref().as_table()?;
        let share = self.percent(table.get("share")?, path.key("share"));
        let (dwell, node) = text(table, "dwell")?;
        let length = span(dwell);
        let allowed = Plan::LEAST_DWELL..=Plan::MOST_DWELL;
        let length = length.filter(|length| allowed.contains(length));
        if length.is_none() {
            let message = format!("`{dwell}` is not the length of a stage");
            let help = "a number and a unit, from \"30s\" to \"366d\": s, m, h, d or w".to_owned();
            let finding = Finding::new(BAD_PLAN, path.key("dwell"), node.span(), message);
            self.report.add(finding.help(help));
        }
        Some(Stage {
            share: share?,
            dwell: length?,
        })
    }
}

/// The variants whose share goes by a plan, each once.
fn planned(rules: &[Rule]) -> Vec<&str> {
    let mut variants: Vec<&str> = Vec::new();
    for rule in rules {
        let Serve::Split(split) = &rule.serve else {
            continue;
        };
        for (variant, share) in &split.shares {
            if *share == Share::Planned && !variants.contains(&variant.as_str()) {
                variants.push(variant);
            }
        }
    }
    variants
}

/// A span of time such as `4h`, in milliseconds.
fn span(text: &str) -> Option<i64> {
    let (_, unit) = UNITS
        .into_iter()
        .find(|(letter, _)| text.ends_with(*letter))?;
    let digits = text.get(..text.len() - 1)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i64>().ok()?.checked_mul(unit)
}
