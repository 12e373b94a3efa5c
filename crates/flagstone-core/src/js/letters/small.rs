//! Which small letter a letter has. The standard library's table takes ten times the space.

/// A letter's small letter; itself if it has none. Not for U+0130, which becomes two.
pub(super) fn small(letter: char) -> char {
    let code = u32::from(letter);
    let behind = RUNS.partition_point(|run| run >> 8 <= code);
    let mapped = || {
        let place = behind.checked_sub(1)?;
        let (run, shift) = (RUNS.get(place)?, SHIFTS.get(place)?);
        let (from_first, step) = (code - (run >> 8), 1 + (run & 1));
        let is_in = from_first % step == 0 && from_first / step < run >> 1 & 127;
        let low = (code as u16).wrapping_add(*shift);
        is_in.then(|| char::from_u32(code & !0xffff | u32::from(low)))?
    };
    mapped().unwrap_or(letter)
}

/// Runs of letters that are as far from their small letters, in ascending order: the first in the upper 24 bits, then their
/// number in seven, then whether they are every other code point. Made from `char::to_lowercase`, of Unicode 17; `tests.rs`
/// compares.
#[rustfmt::skip]
static RUNS: [u32; 184] = [
    0xc02e, 0xd80e, 0x10031, 0x13207, 0x13911, 0x14a2f, 0x17802, 0x17907, 0x18102, 0x18205,
    0x18602, 0x18702, 0x18904, 0x18b02, 0x18e02, 0x18f02, 0x19002, 0x19102, 0x19302, 0x19402,
    0x19602, 0x19702, 0x19802, 0x19c02, 0x19d02, 0x19f02, 0x1a007, 0x1a602, 0x1a702, 0x1a902,
    0x1ac02, 0x1ae02, 0x1af02, 0x1b104, 0x1b305, 0x1b702, 0x1b802, 0x1bc02, 0x1c402, 0x1c502,
    0x1c702, 0x1c802, 0x1ca02, 0x1cb13, 0x1de13, 0x1f102, 0x1f205, 0x1f602, 0x1f702, 0x1f829,
    0x22002, 0x22213, 0x23a02, 0x23b02, 0x23d02, 0x23e02, 0x24102, 0x24302, 0x24402, 0x24502,
    0x2460b, 0x37005, 0x37602, 0x37f02, 0x38602, 0x38806, 0x38c02, 0x38e04, 0x39122, 0x3a312,
    0x3cf02, 0x3d819, 0x3f402, 0x3f702, 0x3f902, 0x3fa02, 0x3fd06, 0x40020, 0x41040, 0x46023,
    0x48a37, 0x4c002, 0x4c10f, 0x4d061, 0x5314c, 0x10a04c, 0x10c702, 0x10cd02, 0x13a0a0, 0x13f00c,
    0x1c8902, 0x1c9056, 0x1cbd06, 0x1e0097, 0x1e9e02, 0x1ea061, 0x1f0810, 0x1f180c, 0x1f2810,
    0x1f3810, 0x1f480c, 0x1f5909, 0x1f6810, 0x1f8810, 0x1f9810, 0x1fa810, 0x1fb804, 0x1fba04,
    0x1fbc02, 0x1fc808, 0x1fcc02, 0x1fd804, 0x1fda04, 0x1fe804, 0x1fea04, 0x1fec02, 0x1ff804,
    0x1ffa04, 0x1ffc02, 0x212602, 0x212a02, 0x212b02, 0x213202, 0x216020, 0x218302, 0x24b634,
    0x2c0060, 0x2c6002, 0x2c6202, 0x2c6302, 0x2c6402, 0x2c6707, 0x2c6d02, 0x2c6e02, 0x2c6f02,
    0x2c7002, 0x2c7202, 0x2c7502, 0x2c7e04, 0x2c8065, 0x2ceb05, 0x2cf202, 0xa6402f, 0xa6801d,
    0xa7220f, 0xa7323f, 0xa77905, 0xa77d02, 0xa77e0b, 0xa78b02, 0xa78d02, 0xa79005, 0xa79615,
    0xa7aa02, 0xa7ab02, 0xa7ac02, 0xa7ad02, 0xa7ae02, 0xa7b002, 0xa7b102, 0xa7b202, 0xa7b302,
    0xa7b411, 0xa7c402, 0xa7c502, 0xa7c602, 0xa7c705, 0xa7cb02, 0xa7cc11, 0xa7dc02, 0xa7f502,
    0xff2134, 0x1040050, 0x104b048, 0x1057016, 0x1057c1e, 0x1058c0e, 0x1059404, 0x10c8066,
    0x10d502c, 0x118a040, 0x16e4040, 0x16ea032, 0x1e90044,
];

/// How far each run's are, modulo 2^16: no letter leaves its plane.
#[rustfmt::skip]
static SHIFTS: [u16; 184] = [
    32, 32, 1, 1, 1, 1, 65415, 1, 210, 1, 206, 1, 205, 1, 79, 202, 203, 1, 205, 207, 211, 209, 1,
    211, 213, 214, 1, 218, 1, 218, 1, 218, 1, 217, 1, 219, 1, 1, 2, 1, 2, 1, 2, 1, 1, 2, 1, 65439,
    65480, 1, 65406, 1, 10795, 1, 65373, 10792, 1, 65341, 69, 71, 1, 1, 1, 116, 38, 37, 64, 63, 32,
    32, 8, 1, 65476, 1, 65529, 1, 65406, 80, 32, 1, 1, 15, 1, 1, 48, 7264, 7264, 7264, 38864, 8, 1,
    62528, 62528, 1, 57921, 1, 65528, 65528, 65528, 65528, 65528, 65528, 65528, 65528, 65528,
    65528, 65528, 65462, 65527, 65450, 65527, 65528, 65436, 65528, 65424, 65529, 65408, 65410,
    65527, 58019, 57153, 57274, 28, 16, 1, 26, 48, 1, 54793, 61722, 54809, 1, 54756, 54787, 54753,
    54754, 1, 1, 54721, 1, 1, 1, 1, 1, 1, 1, 1, 30204, 1, 1, 23256, 1, 1, 23228, 23217, 23221,
    23231, 23228, 23278, 23254, 23275, 928, 1, 65488, 23229, 30152, 1, 23193, 1, 22975, 1, 32, 40,
    40, 39, 39, 39, 39, 64, 32, 32, 32, 27, 34,
];
