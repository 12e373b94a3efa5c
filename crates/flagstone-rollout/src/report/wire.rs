//! Reports as bytes: a version, eight bytes each for instance and rollout, then varints; of latencies only the buckets
//! that are not empty, each with its distance from the one before. Typically 50 to 250 bytes.

use super::{Counts, Report, ReportId};
use crate::PerArm;
use crate::bytes::{ReadError, Reader, write_varint};

const VERSION: u8 = 2;

impl Report {
    /// The report with its id, as bytes.
    pub fn to_bytes(&self, id: ReportId) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend(id.instance.to_le_bytes());
        out.extend(self.rollout.to_le_bytes());
        write_varint(&mut out, id.sequence.into());
        out.push(self.stage);
        write_varint(&mut out, self.interval);
        self.write_counts(&mut out);
        write_varint(&mut out, self.units.len().into());
        for bit in self.units.bits() {
            write_varint(&mut out, bit.into());
        }
        out
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// Where the bytes are not a report, or its counts cannot be: more failures than fetches, more events than failures.
    pub fn from_bytes(bytes: &[u8]) -> Result<(ReportId, Self), ReadError> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let instance = reader.u64()?;
        let rollout = reader.u64()?;
        let sequence = reader.number()?;
        let mut report = Self {
            rollout,
            stage: reader.byte()?,
            interval: reader.varint()?,
            ..Self::default()
        };
        report.read_counts(&mut reader)?;
        for _ in 0..reader.varint()? {
            let bit = report.units.set(reader.number()?);
            bit.ok_or(ReadError::Range)?;
        }
        reader.end()?;
        Ok((ReportId { instance, sequence }, report))
    }

    /// All counts.
    pub(crate) fn write_counts(&self, out: &mut Vec<u8>) {
        self.arms.control.write(out);
        self.arms.canary.write(out);
        for count in [self.failover_saved, self.failover_failed, self.tripped] {
            write_varint(out, count);
        }
    }

    pub(crate) fn read_counts(&mut self, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        self.arms = PerArm {
            control: Counts::read(reader)?,
            canary: Counts::read(reader)?,
        };
        for count in [
            &mut self.failover_saved,
            &mut self.failover_failed,
            &mut self.tripped,
        ] {
            *count = reader.varint()?;
        }
        Ok(())
    }
}

impl Counts {
    fn write(&self, out: &mut Vec<u8>) {
        for count in [
            self.fetches,
            self.hard_requests,
            self.hard,
            self.soft,
            self.goal_exposed,
        ]
        .into_iter()
        .chain(self.goal_hits)
        .chain([self.first_exposures])
        {
            write_varint(out, count);
        }
        let used = || {
            (0u64..)
                .zip(self.latency.counts())
                .filter(|(_, count)| **count > 0)
        };
        write_varint(out, used().count() as u64);
        let mut next = 0;
        for (bucket, count) in used() {
            write_varint(out, bucket - next);
            write_varint(out, (*count).into());
            next = bucket + 1;
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let mut counts = Self::default();
        for count in [
            &mut counts.fetches,
            &mut counts.hard_requests,
            &mut counts.hard,
            &mut counts.soft,
            &mut counts.goal_exposed,
        ]
        .into_iter()
        .chain(&mut counts.goal_hits)
        .chain([&mut counts.first_exposures])
        {
            *count = reader.varint()?;
        }
        let mut next = 0usize;
        for _ in 0..reader.varint()? {
            let bucket = next.saturating_add(reader.number()?);
            if bucket >= crate::latency::BUCKETS {
                return Err(ReadError::Range);
            }
            counts.latency.add(bucket, reader.number()?);
            next = bucket + 1;
        }
        match counts.is_possible() {
            true => Ok(counts),
            false => Err(ReadError::Range),
        }
    }
}
