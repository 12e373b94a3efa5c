#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn varints() {
    for value in [0, 1, 127, 128, 300, 65_535, u64::MAX - 1, u64::MAX] {
        let mut bytes = vec![7];
        write_varint(&mut bytes, value);
        let mut reader = Reader::new(&bytes, 7).unwrap();
        assert_eq!(reader.varint(), Ok(value));
        assert_eq!(reader.end(), Ok(()));
    }
    let too_long = [7, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2];
    assert_eq!(
        Reader::new(&too_long, 7).unwrap().varint(),
        Err(ReadError::Range)
    );
    let endless = [7, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 0];
    assert_eq!(
        Reader::new(&endless, 7).unwrap().varint(),
        Err(ReadError::Range)
    );
    assert_eq!(
        Reader::new(&[7, 128], 7).unwrap().varint(),
        Err(ReadError::Short)
    );
}

#[test]
fn errors() {
    assert!(matches!(Reader::new(&[], 1), Err(ReadError::Short)));
    let other = Reader::new(&[2], 1).err().unwrap();
    assert_eq!(other.to_string(), "written by version 2, this is version 1");
    assert_eq!(
        Reader::new(&[1, 0, 0], 1).unwrap().end(),
        Err(ReadError::Long(2))
    );
    assert_eq!(
        Reader::new(&[1, 128, 2], 1).unwrap().number::<u8>(),
        Err(ReadError::Range)
    );
}
