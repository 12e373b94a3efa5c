//! Random rollouts that the compiler allows.

use super::Random;
use crate::oracle::slots;
use flagstone_compile::model::{Flag, RampPoint, Share, Split};
use flagstone_core::{UnixMillis, Weight};

const TOTAL: u32 = Weight::TOTAL.0;

impl Random {
    /// A rollout for a flag with these variants.
    pub(super) fn split(&mut self, flag: &Flag) -> Split {
        let by = self.by();
        let mut split = Split {
            by,
            shares: vec![],
            reserve: vec![],
        };
        let owners: Vec<String> = flag
            .variants
            .iter()
            .map(|variant| variant.key.clone())
            .filter(|key| Some(key) != flag.default.as_ref())
            .collect();
        match (self.0.u32(..6), owners.as_slice()) {
            (_, []) => {}
            // Alone, a variant may take everything.
            (0, _) => {
                let key = self.pick(&owners).clone();
                let share = self.share(TOTAL);
                split.shares.push((key, share));
            }
            // One or two may take what the other leaves.
            (1 | 2, [only]) => {
                let share = self.share(TOTAL);
                split.shares.push((only.clone(), share));
            }
            (1, [a, b]) => {
                let cut = self.weight(TOTAL);
                split.shares.push((a.clone(), self.share(cut)));
                split.shares.push((b.clone(), self.share(TOTAL - cut)));
            }
            (2, [a, b]) => {
                let (from, to) = (self.weight(TOTAL), self.weight(TOTAL));
                let mut times = [self.time(), self.time()];
                times.sort();
                let ramp = |from: u32, to: u32| {
                    let points = times.iter().zip([from, to]);
                    Share::Ramp(
                        points
                            .map(|(at, share)| RampPoint {
                                at: *at,
                                share: Weight(share),
                            })
                            .collect(),
                    )
                };
                split.shares.push((a.clone(), ramp(from, to)));
                split
                    .shares
                    .push((b.clone(), ramp(TOTAL - from, TOTAL - to)));
            }
            (3, _) => {
                let mut left = TOTAL;
                for key in &owners {
                    let size = self.weight(left);
                    left -= size;
                    if !self.once_in(4) {
                        split.reserve.push((key.clone(), Weight(size)));
                    }
                }
                self.within_slots(flag, &mut split);
            }
            _ => self.within_slots(flag, &mut split),
        }
        self.0.shuffle(&mut split.shares);
        self.list_default(flag, &mut split);
        split
    }

    fn within_slots(&mut self, flag: &Flag, split: &mut Split) {
        let sizes: Vec<(String, u32)> = slots(flag, split)
            .into_iter()
            .map(|(key, slot)| (key.to_owned(), (slot.end - slot.start) as u32))
            .collect();
        for (key, size) in sizes {
            if !self.once_in(4) {
                let share = self.share(size);
                split.shares.push((key, share));
            }
        }
    }

    /// Now and then lists the default with what the others leave.
    fn list_default(&mut self, flag: &Flag, split: &mut Split) {
        let fixed = split.shares.iter().map(|(_, share)| match share {
            Share::Fixed(weight) => Some(weight.0),
            Share::Ramp(_) | Share::Planned => None,
        });
        if let Some(sum) = fixed.sum::<Option<u32>>()
            && let Some(default) = &flag.default
            && self.once_in(3)
        {
            let rest = Share::Fixed(Weight(TOTAL - sum));
            let place = self.0.usize(..=split.shares.len());
            split.shares.insert(place, (default.clone(), rest));
        }
    }

    /// A fixed share or a ramp, never above a limit.
    pub(super) fn share(&mut self, limit: u32) -> Share {
        if !self.once_in(3) {
            return Share::Fixed(Weight(self.weight(limit)));
        }
        let mut times: Vec<UnixMillis> = (0..self.0.usize(1..=4)).map(|_| self.time()).collect();
        // Longer ramps than 278 years are not exact to the millisecond.
        times.retain(|time| time.0.unsigned_abs() < 1 << 42);
        if times.is_empty() {
            return Share::Fixed(Weight(limit));
        }
        times.sort();
        let points = times.into_iter().map(|at| RampPoint {
            at,
            share: Weight(self.weight(limit)),
        });
        Share::Ramp(points.collect())
    }

    fn weight(&mut self, limit: u32) -> u32 {
        match self.0.u32(..8) {
            0 => 0,
            1 => limit,
            2 => limit.min(1),
            _ => self.0.u32(..=limit),
        }
    }
}
