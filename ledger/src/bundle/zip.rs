//! The ZIP that a bundle travels in: names sorted, stored, one fixed time. There is one such file for the same files, and
//! nothing else is read, so that no byte of it goes unlooked at.

use std::collections::BTreeMap;

use crate::refusal::{Refusal, need, need_that};

/// The file of these files.
///
/// # Errors
/// `bundle-too-large` for more than the plain form of a ZIP can say.
pub fn write(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, Refusal> {
    let too_large = |_| Refusal::new("bundle-too-large", "more files or bytes than a ZIP can hold");
    let count = u16::try_from(files.len()).map_err(too_large)?;
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let offset = u32::try_from(bytes.len()).map_err(too_large)?;
        let length = u32::try_from(content.len()).map_err(too_large)?;
        let name_length = u16::try_from(name.len()).map_err(too_large)?;
        let mut common = Vec::with_capacity(26);
        // needs 2.0, no flags, stored, midnight of 1980-01-01
        for short in [20_u16, 0, 0, 0, FIRST_DAY] {
            common.extend(short.to_le_bytes());
        }
        for long in [crc32(content), length, length] {
            common.extend(long.to_le_bytes());
        }
        common.extend(name_length.to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        bytes.extend(LOCAL);
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(content);
        directory.extend(CENTRAL);
        // made by 2.0 on Unix
        directory.extend([20, 3]);
        directory.extend(&common);
        // no comment, first disk, no inner attributes
        directory.extend([0; 6]);
        directory.extend((OWNER_ONLY << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let offset = u32::try_from(bytes.len()).map_err(too_large)?;
    let length = u32::try_from(directory.len()).map_err(too_large)?;
    bytes.extend(directory);
    bytes.extend(END);
    bytes.extend([0; 4]);
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend([length.to_le_bytes(), offset.to_le_bytes()].concat());
    bytes.extend([0; 2]);
    Ok(bytes)
}

/// The files of such a file.
///
/// # Errors
/// `bundle-zip`, naming the file in it that is damaged where one is.
pub fn read(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, Refusal> {
    let mut files = BTreeMap::new();
    let mut rest = bytes;
    while rest.starts_with(&LOCAL) {
        let header = rest.get(..HEADER_BYTES).ok_or_else(|| refused("it ends in the middle of a file"))?;
        let long =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let short = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let (name_length, content_length) = (short(26), usize::try_from(long(18)).unwrap_or(usize::MAX));
        let begins = HEADER_BYTES + name_length + short(28);
        let whole = begins.checked_add(content_length).and_then(|ends| rest.get(..ends));
        let whole = whole.ok_or_else(|| refused("it ends in the middle of a file"))?;
        let name = whole.get(HEADER_BYTES..HEADER_BYTES + name_length).unwrap_or_default();
        let name = String::from_utf8(name.to_vec()).map_err(|_| refused("the name of a file is no text"))?;
        need_that(short(8) == 0, CODE, || format!("{name} is compressed, and a bundle is not"))?;
        let content = &whole[begins..];
        need_that(crc32(content) == long(14), CODE, || format!("{name} was altered: its check sum differs"))?;
        need_that(files.insert(name.clone(), content.to_vec()).is_none(), CODE, || {
            format!("{name} is there twice")
        })?;
        rest = &rest[whole.len()..];
    }
    need(!files.is_empty(), CODE, "it is no ZIP, or an empty one")?;
    need(write(&files)? == bytes, CODE, "its directory was altered, or another program packed it")?;
    Ok(files)
}

fn refused(why: &str) -> Refusal {
    Refusal::new(CODE, why)
}

/// The check sum of a ZIP: CRC-32, reflected.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let index = (crc ^ u32::from(*byte)) & 0xff;
        (crc >> 8) ^ TABLE[index as usize]
    })
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

const CODE: &str = "bundle-zip";
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const HEADER_BYTES: usize = 30;
/// 1980-01-01 as a ZIP writes it.
const FIRST_DAY: u16 = (1 << 5) | 1;
/// A file that its owner reads and writes.
const OWNER_ONLY: u32 = 0o600;

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> BTreeMap<String, Vec<u8>> {
        let of = |name: &str, content: &[u8]| (name.to_owned(), content.to_vec());
        [of("bundle.json", b"{}"), of("entries/000000000000.json", b"an entry"), of("checkpoint", b"")].into()
    }

    #[test]
    fn the_check_sum_is_the_one_of_zips() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn what_is_written_is_read_back_and_no_byte_of_it_may_differ() {
        let sound = write(&files()).unwrap();
        assert_eq!(read(&sound).unwrap(), files());
        for at in 0..sound.len() {
            let mut flipped = sound.clone();
            flipped[at] ^= 1 << (at % 8);
            assert_eq!(read(&flipped).unwrap_err().code, "bundle-zip", "byte {at}");
            let mut shorter = sound.clone();
            shorter.remove(at);
            assert!(read(&shorter).is_err(), "without byte {at}");
        }
        assert!(read(&[sound, vec![0]].concat()).is_err());
    }

    #[test]
    fn a_changed_file_is_named() {
        let mut bytes = write(&files()).unwrap();
        let at = bytes.windows(8).position(|eight| eight == b"an entry").unwrap();
        bytes[at] ^= 1;
        assert!(read(&bytes).unwrap_err().detail.contains("entries/000000000000.json"));
    }
}
