//! Photos of the sample: small drawings, each marked as a sample, made here and kept like any photo.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::json;
use wuping_domain::said::Photo;
use wuping_ledger::attachments::{AttachmentError, Attachments};
use wuping_ledger::encoding::{hex_encode, sha256};

/// The drawings, each a PNG.
pub(super) struct Photos(Vec<(Photo, Vec<u8>)>);

impl Photos {
    /// Draw them.
    pub(super) fn drawn() -> Self {
        let drawn = (0..DRAWINGS).map(|number| {
            let bytes = png(number);
            let photo = Photo {
                bytes: bytes.len() as u64,
                sha256: hex_encode(&sha256(&bytes)),
                media_type: "image/png".to_owned(),
            };
            (photo, bytes)
        });
        Self(drawn.collect())
    }

    /// Keep them beside the ledger, before an entry names them.
    pub(super) async fn keep(&self, attachments: &Attachments) -> Result<(), AttachmentError> {
        for (_, bytes) in &self.0 {
            attachments.put(bytes.clone()).await?;
        }
        Ok(())
    }

    /// The photo shown for an indicator: the same one always.
    pub(super) fn of(&self, indicator: &str) -> serde_json::Value {
        let place = indicator.bytes().map(usize::from).sum::<usize>() % self.0.len().max(1);
        self.0.get(place).map_or(serde_json::Value::Null, |(photo, _)| json!(photo))
    }
}

/// A drawing of a wall, a door and a window, with the word SAMPLE across it. Each number has its own colours.
fn png(number: u8) -> Vec<u8> {
    let mut rows = Vec::with_capacity(HEIGHT * (1 + 3 * WIDTH));
    for y in 0..HEIGHT {
        rows.push(0);
        for x in 0..WIDTH {
            rows.extend(colour(number, x, y));
        }
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let packed = packed.write_all(&rows).and_then(|()| packed.finish()).unwrap_or_default();
    let size = |n: usize| u32::try_from(n).unwrap_or_default().to_be_bytes();
    let head = [&size(WIDTH)[..], &size(HEIGHT)[..], &[8, 2, 0, 0, 0]].concat();
    let parts = [chunk(b"IHDR", &head), chunk(b"IDAT", &packed), chunk(b"IEND", &[])];
    [SIGNATURE.to_vec(), parts.concat()].concat()
}

fn colour(number: u8, x: usize, y: usize) -> [u8; 3] {
    let wall = [206 - number * 6, 200 - number * 3, 186 + number * 4];
    if lettered(x, y) {
        return [179, 32, 44];
    }
    let (door, window) = (40 + usize::from(number) * 9, 150 + usize::from(number) * 8);
    match (x, y) {
        (_, y) if y > FLOOR => [142, 134, 122],
        (x, y) if (door..door + 44).contains(&x) && y > 84 => [112, 82 + number * 8, 60],
        (x, y) if (window..window + 56).contains(&x) && (50..104).contains(&y) => {
            if (x - window) % 28 < 2 || (y - 50) % 26 < 2 { [88, 96, 104] } else { [172, 204, 222] }
        }
        // A seam every so often, so that it does not look like paper.
        (x, y) if y % 24 == 0 || (x + (y / 24) * 20) % 48 == 0 => wall.map(|part| part - 10),
        _ => wall,
    }
}

/// Whether the word covers this point: letters of five by seven dots, four points a dot.
fn lettered(x: usize, y: usize) -> bool {
    let (Some(x), Some(y)) = (x.checked_sub(LETTERS_X), y.checked_sub(LETTERS_Y)) else { return false };
    let (letter, column, row) = (x / (6 * DOT), x % (6 * DOT) / DOT, y / DOT);
    let rows = LETTERS.get(letter).and_then(|rows| rows.get(row));
    column < 5 && rows.is_some_and(|dots| dots >> (4 - column) & 1 == 1)
}

fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(body);
    let length = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
    [&length[..], kind, body, &crc.sum().to_be_bytes()].concat()
}

const DRAWINGS: u8 = 8;
const WIDTH: usize = 320;
const HEIGHT: usize = 240;
const FLOOR: usize = 200;
const DOT: usize = 4;
const LETTERS_X: usize = 88;
const LETTERS_Y: usize = 206;
const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
/// S A M P L E, a row of five dots a number.
const LETTERS: [[u8; 7]; 6] = [
    [0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110],
    [0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001],
    [0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001],
    [0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000, 0b10000],
    [0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111],
    [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_a_small_picture_that_readers_know() {
        let photos = Photos::drawn();
        for (photo, bytes) in &photos.0 {
            assert!(matches!(imagesize::image_type(bytes), Ok(imagesize::ImageType::Png)));
            let size = imagesize::blob_size(bytes).unwrap();
            assert_eq!((size.width, size.height), (WIDTH, HEIGHT));
            assert!(photo.bytes < 20_000, "{} bytes", photo.bytes);
        }
        assert_eq!(photos.of("smoke_alarm"), photos.of("smoke_alarm"));
    }
}
