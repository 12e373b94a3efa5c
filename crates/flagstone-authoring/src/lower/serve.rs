//! What a rule serves.

use std::ops::Range;

use flagstone_compile::model::{Expression, Serve, Share, Split, TARGETING_KEY};
use flagstone_compile::{peak, wrong_sum};
use flagstone_core::Weight;

use super::Lower;
use super::share::per_cent;
use crate::code::{
    BAD_EXPRESSION, BAD_NAME, BAD_RESERVE, BAD_VALUE, SERVE_OR_ROLLOUT, SHARES_SUM, UNKNOWN_VARIANT,
};
use crate::document::{Table, entries, text};
use crate::expression;
use crate::finding::Finding;
use crate::names;
use crate::path::Path;
use crate::suggest;

/// The keys of a rule that say what is served; one of them must be there.
pub(super) const WAYS: [&str; 5] = [
    "serve",
    "rollout",
    "ranges",
    "serve_default",
    "serve_expression",
];

/// The flag that a rule belongs to.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) key: &'a str,
    pub(super) variants: &'a [&'a str],
    /// Empty for a flag without a default of its own.
    pub(super) default: &'a str,
}

impl Lower<'_> {
    /// What a table's `serve`, `rollout` or `ranges` says; `None` if there is none of them, or if it is wrong.
    pub(super) fn serve(
        &mut self,
        table: &Table<'_>,
        owner: Owner<'_>,
        path: Path<'_>,
    ) -> Option<Serve> {
        self.check_alone(table, path);
        let ways = WAYS
            .into_iter()
            .filter_map(|key| Some((key, table.get(key)?)));
        let ways: Vec<_> = ways.collect();
        let (way, node) = match ways.as_slice() {
            [] => return None,
            [only] => *only,
            [(first, serve), (second, rollout), ..] => {
                self.report.add(
                    Finding::new(
                        SERVE_OR_ROLLOUT,
                        path,
                        rollout.span(),
                        format!("`{first}` and `{second}` exclude each other"),
                    )
                    .label(serve.span(), format!("`{first}` is here"))
                    .help(
                        "`serve` is for everybody who matches, `rollout` for a part of them"
                            .to_owned(),
                    ),
                );
                return None;
            }
        };
        match way {
            "serve" => {
                let variant = node.get_ref().as_str()?;
                self.variant(variant, owner, path.key("serve"), node.span())?;
                Some(Serve::Variant(variant.to_owned()))
            }
            "serve_default" => match node.get_ref().as_bool()? {
                true => Some(Serve::Default),
                false => {
                    let message = "`serve_default` can only be `true`";
                    let path = path.key(way);
                    let finding = Finding::new(BAD_VALUE, path, node.span(), message);
                    let help = "leave it out, and say what is served".to_owned();
                    self.report.add(finding.help(help));
                    None
                }
            },
            "serve_expression" => {
                let text = node.get_ref().as_str()?;
                self.expression(text, path.key(way), node.span())
                    .map(Serve::Expression)
            }
            "rollout" => self
                .split(table, node.span(), owner, path)
                .map(Serve::Split),
            _ => self.allocation(table, owner, path).map(Serve::Allocation),
        }
    }

    /// An expression; `None` if it cannot be read, which is reported.
    pub(crate) fn expression(
        &mut self,
        text: &str,
        path: Path<'_>,
        span: Range<usize>,
    ) -> Option<Expression> {
        match expression::read(text) {
            Ok(read) => {
                let mut attributes = Vec::new();
                read.attributes(&mut attributes);
                for name in attributes {
                    if self.names.origin(name) != names::Origin::Impossible {
                        self.attribute(name, path, span.clone());
                    }
                }
                Some(read)
            }
            Err(problem) => {
                let message = format!("the expression {problem}");
                self.report.add(
                    Finding::new(BAD_EXPRESSION, path, span, message).help(
                        "for example `[\"if\", [\"attribute\", \"user.beta\"], \"on\", \"off\"]`"
                            .to_owned(),
                    ),
                );
                None
            }
        }
    }

    /// What goes with one of them means nothing without it.
    fn check_alone(&mut self, table: &Table<'_>, path: Path<'_>) {
        for (key, of) in [
            ("by", "rollout"),
            ("reserve", "rollout"),
            ("ranges", "bucketing"),
            ("rest", "bucketing"),
            ("absent", "bucketing"),
            ("bucketing", "ranges"),
        ] {
            if let Some(node) = table.get(key).filter(|_| !table.contains_key(of)) {
                let message = format!("`{key}` has no meaning without `{of}`");
                self.report.add(Finding::new(
                    SERVE_OR_ROLLOUT,
                    path.key(key),
                    node.span(),
                    message,
                ));
            }
        }
    }

    /// Checks that a flag has a variant.
    pub(super) fn variant(
        &mut self,
        variant: &str,
        owner: Owner<'_>,
        path: Path<'_>,
        span: Range<usize>,
    ) -> Option<()> {
        if owner.variants.contains(&variant) {
            return Some(());
        }
        let message = format!("flag `{}` has no variant `{variant}`", owner.key);
        let help = suggest::help(variant, "variants", owner.variants.iter().copied());
        self.report
            .add(Finding::new(UNKNOWN_VARIANT, path, span, message).help(help));
        None
    }

    /// The attribute under `by`.
    pub(super) fn by(&mut self, table: &Table<'_>, path: Path<'_>) -> String {
        let Some((by, node)) = text(table, "by") else {
            return TARGETING_KEY.to_owned();
        };
        let path = path.key("by");
        if names::is_attribute(by) {
            self.attribute(by, path, node.span());
        } else {
            let message = format!("`{by}` is not the name of an attribute");
            self.report.add(
                Finding::new(BAD_NAME, path, node.span(), message)
                    .help("for example `user.key` or `request.cookies.cart`".to_owned()),
            );
        }
        names::canonical(by)
    }

    fn split(
        &mut self,
        table: &Table<'_>,
        span: Range<usize>,
        owner: Owner<'_>,
        path: Path<'_>,
    ) -> Option<Split> {
        let by = self.by(table, path);
        let mut shares = Vec::new();
        let mut good = true;
        for (name, node) in entries(table, "rollout") {
            let path = path.key("rollout");
            let path = path.key(name.get_ref());
            let known = self.variant(name.get_ref(), owner, path, name.span());
            match (known, self.share(node, path)) {
                (Some(()), Some(share)) => shares.push((name.get_ref().to_string(), share)),
                _ => good = false,
            }
        }
        let reserve = self.reserve(table, &shares, owner, path)?;
        if good {
            self.check_sum(&shares, span, owner, path.key("rollout"));
        }
        Some(Split {
            by,
            shares,
            reserve,
        })
    }

    /// Checks that shares fit together at every moment.
    fn check_sum(
        &mut self,
        shares: &[(String, Share)],
        span: Range<usize>,
        owner: Owner<'_>,
        path: Path<'_>,
    ) {
        let fills = shares.iter().any(|(name, _)| name == owner.default);
        let Some(sum) = wrong_sum(shares, fills) else {
            return;
        };
        let sum = per_cent(u32::try_from(sum).unwrap_or(u32::MAX));
        let message = if fills {
            format!(
                "shares that include the default `{}` must add up to 100 per cent, not {sum}",
                owner.default
            )
        } else {
            format!("shares add up to {sum} per cent, more than 100")
        };
        let help = fills.then(|| {
            format!(
                "leave `{}` out: the default gets what the others leave",
                owner.default
            )
        });
        self.report
            .add(Finding::new(SHARES_SUM, path, span, message).help(help));
    }

    /// The slots under `reserve`; `None` if one is wrong.
    fn reserve(
        &mut self,
        table: &Table<'_>,
        shares: &[(String, Share)],
        owner: Owner<'_>,
        path: Path<'_>,
    ) -> Option<Vec<(String, Weight)>> {
        let mut slots = Vec::new();
        let Some(node) = table.get("reserve") else {
            return Some(slots);
        };
        let path = path.key("reserve");
        let mut good = true;
        for (name, node) in entries(table, "reserve") {
            let path = path.key(name.get_ref());
            let known = self.variant(name.get_ref(), owner, path, name.span());
            let (Some(()), Some(slot)) = (known, self.percent(node, path)) else {
                good = false;
                continue;
            };
            if name.get_ref() == owner.default {
                let message = "the default variant needs no slot, it gets what the others leave";
                self.report
                    .add(Finding::new(BAD_RESERVE, path, node.span(), message));
            }
            let share = shares.iter().find(|(variant, _)| variant == name.get_ref());
            if let Some(most) = share
                .map(|(_, share)| peak(share).0)
                .filter(|most| *most > slot.0)
            {
                let message = format!(
                    "a share of {} per cent does not fit into this slot",
                    per_cent(most)
                );
                self.report
                    .add(Finding::new(BAD_RESERVE, path, node.span(), message));
            }
            slots.push((name.get_ref().to_string(), slot));
        }
        let sum: u64 = slots.iter().map(|(_, slot)| u64::from(slot.0)).sum();
        if sum > u64::from(Weight::TOTAL.0) {
            let sum = per_cent(u32::try_from(sum).unwrap_or(u32::MAX));
            let message = format!("slots add up to {sum} per cent, more than 100");
            self.report
                .add(Finding::new(BAD_RESERVE, path, node.span(), message));
        }
        for (variant, share) in shares {
            if good
                && variant != owner.default
                && !slots.iter().any(|(slot, _)| slot == variant)
                && peak(share).0 > 0
            {
                let message = format!("`{variant}` has a share but no slot");
                self.report
                    .add(Finding::new(BAD_RESERVE, path, node.span(), message));
            }
        }
        good.then_some(slots)
    }
}
