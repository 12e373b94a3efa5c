//! Numbers as bytes: little-endian, or seven bits a byte with the least first (LEB128).

use std::fmt;

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// They were written by another version.
    Version {
        /// The version of these bytes.
        found: u8,
        /// What can be read.
        expected: u8,
    },
    /// They end too early.
    Short,
    /// There are more of them: so many.
    Long(usize),
    /// A number is outside of its range.
    Range,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found, expected } => {
                write!(f, "written by version {found}, this is version {expected}")
            }
            Self::Short => f.write_str("the bytes end too early"),
            Self::Long(bytes) => write!(f, "there are {bytes} bytes too many"),
            Self::Range => f.write_str("a number is outside of its range"),
        }
    }
}

impl std::error::Error for ReadError {}

pub(crate) fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn write_f64(out: &mut Vec<u8>, value: f64) {
    out.extend(value.to_bits().to_le_bytes());
}

/// Reads from the front of bytes.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// After the version, which comes first.
    pub(crate) fn new(bytes: &'a [u8], expected: u8) -> Result<Self, ReadError> {
        match bytes.split_first() {
            None => Err(ReadError::Short),
            Some((found, rest)) if *found == expected => Ok(Self { rest }),
            Some((found, _)) => Err(ReadError::Version {
                found: *found,
                expected,
            }),
        }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, ReadError> {
        let (first, rest) = self.rest.split_first().ok_or(ReadError::Short)?;
        self.rest = rest;
        Ok(*first)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, ReadError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if (part << shift) >> shift != part {
                return Err(ReadError::Range);
            }
            value |= part << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(ReadError::Range)
    }

    /// A varint that fits a smaller type.
    pub(crate) fn number<T: TryFrom<u64>>(&mut self) -> Result<T, ReadError> {
        T::try_from(self.varint()?).map_err(|_| ReadError::Range)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, ReadError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(ReadError::Short)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*head))
    }

    pub(crate) fn f64(&mut self) -> Result<f64, ReadError> {
        self.u64().map(f64::from_bits)
    }

    /// What has not been read.
    pub(crate) const fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn end(self) -> Result<(), ReadError> {
        match self.rest.len() {
            0 => Ok(()),
            more => Err(ReadError::Long(more)),
        }
    }
}

#[cfg(test)]
mod tests;
