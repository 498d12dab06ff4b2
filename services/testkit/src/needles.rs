//! What tells who the sample people are, in every form in which it could have been written somewhere, and a search for it
//! in bytes of any kind.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::sample;

/// Bits of the sieve that most places do not pass.
const SIEVE: u32 = 20;
/// Digits alike of those; more come by chance: 00000007.
const MOST_ALIKE: usize = 5;
/// Digits of the longest word that may be a part of a number.
const LONGEST_PART: usize = 11;
/// Digits of a number that are enough to count as it.
const RUN: usize = 8;

/// Names, numbers and phones to be searched for.
pub struct Needles {
    by_start: HashMap<[u8; 4], Vec<Needle>>,
    sieve: Vec<bool>,
    count: usize,
}

/// One of them in one form.
struct Needle {
    of: Arc<str>,
    form: &'static str,
    bytes: Vec<u8>,
    /// Plain digits: within a longer word they are none of ours.
    digits: bool,
}

/// Where one was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The secret.
    pub of: String,
    /// The form it has there.
    pub form: &'static str,
    /// At which byte.
    pub at: usize,
    /// What stands around it.
    pub context: String,
}

impl Needles {
    /// Of sample people, and of other texts that nobody may see.
    pub fn of(people: impl IntoIterator<Item = u32>, texts: &[&str]) -> Self {
        let mut needles = Self { by_start: HashMap::new(), sieve: vec![false; 1 << SIEVE], count: 0 };
        for n in people {
            needles.text(&sample::name(n));
            needles.number(&sample::id_number(n));
            needles.number(&sample::phone(n));
        }
        for text in texts {
            needles.text(text);
        }
        needles
    }

    /// How many, each form counted.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first hits in some bytes, a hundred at most.
    pub fn search(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (at, start) in bytes.windows(4).enumerate() {
            // An index loop's worth of work a byte: debug builds search gigabytes with this.
            if !self.sieve[slot([start[0], start[1], start[2], start[3]])] {
                continue;
            }
            let Some(found) = self.by_start.get(start) else { continue };
            for needle in found {
                if bytes[at..].starts_with(&needle.bytes) && !(needle.digits && in_a_longer_word(bytes, at)) {
                    hits.push(Hit {
                        of: needle.of.to_string(),
                        form: needle.form,
                        at,
                        context: context(bytes, at, needle.bytes.len()),
                    });
                }
            }
            if hits.len() >= 100 {
                break;
            }
        }
        hits
    }

    fn number(&mut self, number: &str) {
        self.text(number);
        for from in 0..=number.len() - RUN {
            let run = &number[from..from + RUN];
            if (b'0'..=b'9').any(|digit| run.bytes().filter(|byte| *byte == digit).count() > MOST_ALIKE) {
                continue;
            }
            self.add(number, "a part of it", run.as_bytes().to_vec(), true);
            self.add(number, "a part of it, backwards", run.bytes().rev().collect(), true);
            for (form, bytes) in [
                ("a part of it, UTF-16LE", wide(run, u16::to_le_bytes)),
                ("a part of it, UTF-16BE", wide(run, u16::to_be_bytes)),
                ("a part of it, in hex", hex(run.as_bytes(), "").into_bytes()),
            ] {
                self.add(number, form, bytes, false);
            }
        }
    }

    /// All forms of a whole text.
    fn text(&mut self, text: &str) {
        let utf8 = text.as_bytes();
        let (gb18030, ..) = encoding_rs::GB18030.encode(text);
        let backwards: String = text.chars().rev().collect();
        let escaped = |prefix: &str| hex(utf8, prefix).into_bytes();
        let decimal: Vec<String> = utf8.iter().map(u8::to_string).collect();
        let octal = utf8.iter().fold(String::new(), |mut all, byte| {
            write!(all, "\\{byte:03o}").expect("a string takes all");
            all
        });
        let points = text.chars().fold(String::new(), |mut all, c| {
            write!(all, "\\u{:04x}", u32::from(c)).expect("a string takes all");
            all
        });
        let mut forms = vec![
            ("UTF-8", utf8.to_vec()),
            ("GB18030", gb18030.to_vec()),
            ("GB18030 in hex", hex(&gb18030, "").into_bytes()),
            ("UTF-16LE", wide(text, u16::to_le_bytes)),
            ("UTF-16BE", wide(text, u16::to_be_bytes)),
            ("backwards", backwards.into_bytes()),
            ("hex", escaped("")),
            ("HEX", escaped("").to_ascii_uppercase()),
            ("\\x", escaped("\\x")),
            ("%", escaped("%").to_ascii_uppercase()),
            ("% in small letters", escaped("%")),
            ("\\u", points.into_bytes()),
            ("a list of bytes", decimal.join(", ").into_bytes()),
            ("octal", octal.into_bytes()),
        ];
        for offset in 0..3 {
            let coded = BASE64_STANDARD.encode([vec![0; offset], utf8.to_vec()].concat());
            // Only the characters that depend on nothing else.
            let (from, to) = ((offset * 8).div_ceil(6), (offset + utf8.len()) * 8 / 6);
            let coded = coded[from..to].to_owned();
            forms.push(("base64 for URLs", coded.replace('+', "-").replace('/', "_").into_bytes()));
            forms.push(("base64", coded.into_bytes()));
        }
        for (form, bytes) in forms {
            self.add(text, form, bytes, false);
        }
    }

    fn add(&mut self, of: &str, form: &'static str, bytes: Vec<u8>, digits: bool) {
        let start = [bytes[0], bytes[1], bytes[2], bytes[3]];
        let same_start = self.by_start.entry(start).or_default();
        // Digits are the same in most charsets, and people share parts of numbers.
        if same_start.iter().any(|known| known.bytes == bytes) {
            return;
        }
        same_start.push(Needle { of: of.into(), form, bytes, digits });
        self.sieve[slot(start)] = true;
        self.count += 1;
    }
}

/// All files under a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.collect::<Result<Vec<_>, io::Error>>().expect("its entries");
    let mut found = Vec::new();
    for entry in entries {
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

fn slot(start: [u8; 4]) -> usize {
    (u32::from_le_bytes(start).wrapping_mul(0x9e37_79b1) >> (32 - SIEVE)) as usize
}

/// Digits within a UUID, a hash, a trace id, an instant: any eight of them come by chance. A whole number within one is
/// searched for by itself.
fn in_a_longer_word(bytes: &[u8], at: usize) -> bool {
    let before = bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_hexdigit());
    let after = bytes[at..].iter().take_while(|byte| byte.is_ascii_hexdigit());
    let word = before.chain(after);
    word.clone().any(u8::is_ascii_alphabetic) || word.count() > LONGEST_PART
}

fn wide(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

fn hex(bytes: &[u8], prefix: &str) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{prefix}{byte:02x}").expect("a string takes all");
        text
    })
}

fn context(bytes: &[u8], at: usize, length: usize) -> String {
    let around = &bytes[at.saturating_sub(60)..bytes.len().min(at + length + 60)];
    String::from_utf8_lossy(around).replace(|c: char| c.is_control(), "·")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles() -> Needles {
        Needles::of(0..20, &["样例路七号"])
    }

    #[test]
    fn every_form_is_found_wherever_it_stands() {
        let (name, phone, id) = (sample::name(7), sample::phone(7), sample::id_number(7));
        let (gb18030, ..) = encoding_rs::GB18030.encode(&name);
        let forms = [
            name.clone().into_bytes(),
            gb18030.to_vec(),
            wide(&name, u16::to_le_bytes),
            wide(&phone, u16::to_be_bytes),
            hex(name.as_bytes(), "").into_bytes(),
            hex(id.as_bytes(), "").to_ascii_uppercase().into_bytes(),
            format!("{:?}", name.as_bytes()).into_bytes(),
            phone.chars().rev().collect::<String>().into_bytes(),
            id.as_bytes()[4..12].to_vec(),
            phone.as_bytes()[..8].to_vec(),
        ];
        for form in forms {
            for at in 0..9 {
                let hay = [vec![b'~'; at], form.clone(), vec![b'~'; 9]].concat();
                assert!(needles().search(&hay).iter().any(|hit| hit.at >= at), "{}", String::from_utf8_lossy(&form));
            }
        }
        for text in [&name, &phone, &id] {
            for at in 0..6 {
                let coded = BASE64_STANDARD.encode([vec![b'~'; at], text.clone().into_bytes(), vec![b'~'; 4]].concat());
                assert!(!needles().search(coded.as_bytes()).is_empty(), "{text} in base64 at {at}");
            }
        }
    }

    #[test]
    fn what_is_masked_or_comes_by_chance_is_not_found() {
        for text in [
            "赵*样 320699********0012 199****0007",
            "id=c19900000d",
            "20261102000000",
            "1795667671990000234",
            "2026-01-05T09:00:00.123456Z",
            "样例村",
        ] {
            assert_eq!(needles().search(text.as_bytes()), [], "{text}");
        }
    }
}
