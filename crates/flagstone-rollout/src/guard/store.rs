//! A guard as bytes, so that it outlives its process.

use super::{Activation, Baseline, Control, Evidence, Guard, OPEN_STRATA, Plan, Totals};
use crate::bytes::{ReadError, Reader, write_varint};
use crate::report::{Instances, Report, interval};
use crate::{Ladder, PerArm, Units};

const VERSION: u8 = 2;
/// The version without units, which is read too: a new release goes on where the old one was.
const WITHOUT_UNITS: u8 = 1;

impl Guard {
    /// The whole state: about 3 KiB, and some 20 bytes for each instance.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend(self.rollout.to_le_bytes());
        self.plan.write(&mut out);
        self.evidence.write(&mut out);
        self.baseline.write(&mut out);
        write_varint(&mut out, self.open.len() as u64);
        for open in &self.open {
            out.push(open.stage);
            write_varint(&mut out, open.interval);
            open.write_counts(&mut out);
        }
        for totals in &self.stages {
            totals.write(&mut out);
        }
        out.push(self.stage);
        for control in self.recent {
            out.push(control.stage);
            write_varint(&mut out, control.fetches);
            write_varint(&mut out, control.failures);
        }
        for count in self.traffic {
            write_varint(&mut out, count.into());
        }
        write_varint(&mut out, self.newest);
        out.push(self.last_report_ms.is_some().into());
        out.extend(self.last_report_ms.unwrap_or(0).to_le_bytes());
        write_varint(&mut out, self.instances.len() as u64);
        for [id, highest, bits, heard] in self.instances.to_words() {
            out.extend(id.to_le_bytes());
            write_varint(&mut out, highest);
            out.extend(bits.to_le_bytes());
            write_varint(&mut out, heard);
        }
        for word in self.units.to_words() {
            out.extend(word.to_le_bytes());
        }
        out
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// Where the bytes are not a guard's. The rollout is to be held then, not to be begun anew under the same id.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let has_units = bytes.first() != Some(&WITHOUT_UNITS);
        let version = if has_units { VERSION } else { WITHOUT_UNITS };
        let mut reader = Reader::new(bytes, version)?;
        let rollout = reader.u64()?;
        let plan = Plan::read(&mut reader)?;
        let mut guard = Self::new(rollout, plan, Baseline::EMPTY, 0);
        guard.evidence = Evidence::read(&mut reader, &plan)?;
        guard.baseline = Baseline::read(&mut reader)?;
        let strata = reader.number::<usize>()?;
        if strata > OPEN_STRATA {
            return Err(ReadError::Range);
        }
        for _ in 0..strata {
            let mut open = Report {
                rollout,
                stage: reader.byte()?,
                interval: reader.varint()?,
                ..Report::default()
            };
            open.read_counts(&mut reader)?;
            guard.open.push(open);
        }
        for totals in &mut guard.stages {
            *totals = Totals::read(&mut reader)?;
        }
        guard.stage = reader.byte()?;
        if usize::from(guard.stage) >= plan.ladder.len().min(Ladder::MAX) {
            return Err(ReadError::Range);
        }
        for control in &mut guard.recent {
            *control = Control {
                stage: reader.byte()?,
                fetches: reader.varint()?,
                failures: reader.varint()?,
            };
        }
        for count in &mut guard.traffic {
            *count = reader.number()?;
        }
        guard.newest = reader.varint()?;
        let is_sorted = guard
            .open
            .is_sorted_by_key(|open| (open.interval, open.stage));
        let stages = plan.ladder.len();
        let is_known =
            |open: &Report| open.interval <= guard.newest && usize::from(open.stage) < stages;
        if !is_sorted || !guard.open.iter().all(is_known) || guard.newest > interval(i64::MAX) {
            return Err(ReadError::Range);
        }
        let has_report = reader.byte()? != 0;
        let last_report_ms = reader.u64()? as i64;
        guard.last_report_ms = has_report.then_some(last_report_ms);
        let instances = reader.number::<usize>()?;
        if instances > Self::INSTANCES {
            return Err(ReadError::Range);
        }
        let mut words = Vec::with_capacity(instances);
        for _ in 0..instances {
            words.push([
                reader.u64()?,
                reader.varint()?,
                reader.u64()?,
                reader.varint()?,
            ]);
        }
        guard.instances = Instances::from_words(Self::INSTANCES, words);
        if has_units {
            let mut words = Units::new().to_words();
            for word in &mut words {
                *word = reader.u64()?;
            }
            guard.units = Units::from_words(words);
        }
        reader.end()?;
        Ok(guard)
    }
}

impl Totals {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.entered_ms.to_le_bytes());
        for counts in [self.fetches, self.hard_requests, self.first_exposures] {
            write_varint(out, counts.control);
            write_varint(out, counts.canary);
        }
        write_varint(out, self.failover_saved);
        let Activation { exposed, hits } = self.activation;
        for counts in [exposed].into_iter().chain(hits) {
            write_varint(out, counts.control);
            write_varint(out, counts.canary);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let mut totals = Self {
            entered_ms: reader.u64()? as i64,
            ..Self::default()
        };
        for counts in [
            &mut totals.fetches,
            &mut totals.hard_requests,
            &mut totals.first_exposures,
        ] {
            *counts = PerArm {
                control: reader.varint()?,
                canary: reader.varint()?,
            };
        }
        totals.failover_saved = reader.varint()?;
        let Activation { exposed, hits } = &mut totals.activation;
        for counts in [exposed].into_iter().chain(hits) {
            *counts = PerArm {
                control: reader.varint()?,
                canary: reader.varint()?,
            };
        }
        Ok(totals)
    }
}
