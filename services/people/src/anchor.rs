//! Heads of audit trails kept outside the database (锚点): a file of lines that are only ever added.
//!
//! A chain of hashes tells that an entry was changed or taken out of its middle. That it was cut off at its end, or written
//! anew from some entry on with all hashes right, tells only a hash that whoever did it could not reach.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The last entry of a township's trail, as it was at some time. One line of the file, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// The township's code.
    pub township: String,
    /// Number of the entry.
    pub seq: i64,
    /// Its hash, 64 hexadecimal digits.
    pub hash: String,
    /// When it was noted.
    pub at: DateTime<Utc>,
}

/// All anchors of a file, in their order; none when there is no file. A last line that was never finished (the machine
/// died) is left out; any other line that is no anchor is an error that names it.
pub fn read(file: &Path) -> io::Result<Vec<Anchor>> {
    let mut text = String::new();
    match File::open(file) {
        Ok(mut file) => file.read_to_string(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let lines = text[..whole].lines().zip(1..).filter(|(line, _)| !line.is_empty());
    lines
        .map(|(line, n)| {
            serde_json::from_str(line)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("line {n}: {error}")))
        })
        .collect()
}

/// Adds anchors to a file; they are on the disk when this returns.
pub fn append(file: &Path, anchors: &[Anchor]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(file)?;
    let mut text = String::new();
    // A line that was never finished gets its end, so that ours begins with itself.
    if file.seek(SeekFrom::End(0))? > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            let length = unfinished(&mut file)?;
            file.set_len(length)?;
        }
    }
    for anchor in anchors {
        text.push_str(&serde_json::to_string(anchor).map_err(io::Error::other)?);
        text.push('\n');
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Where a file's last, unfinished line begins.
fn unfinished(file: &mut File) -> io::Result<u64> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end as u64 + 1))
}

/// The latest anchor of each township: the one of the highest number.
pub fn latest(anchors: &[Anchor]) -> BTreeMap<&str, &Anchor> {
    let mut latest: BTreeMap<&str, &Anchor> = BTreeMap::new();
    for anchor in anchors {
        let kept = latest.entry(&anchor.township).or_insert(anchor);
        if anchor.seq >= kept.seq {
            *kept = anchor;
        }
    }
    latest
}

/// What is wrong with a township's trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An entry was changed, put in, or stands where another was taken out.
    Broken {
        /// The first of which the chain does not hold.
        entry: i64,
    },
    /// Entries that were there are not there any more.
    CutOff {
        /// The last entry now; 0: the whole trail is gone.
        last: i64,
        /// The last that is known to have been there.
        anchored: i64,
    },
    /// The trail was written anew, its hashes right.
    Rewritten {
        /// Up to this entry it is known to be as it was; 0: none.
        good: i64,
        /// This one has another hash than it had.
        entry: i64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken { entry } => write!(
                f,
                "第{entry}条被改动、插入或其前有缺失 entry {entry} was changed, put in, or follows one that was taken out"
            ),
            Self::CutOff { last: 0, anchored } => {
                write!(f, "全部日志已不存在，曾有{anchored}条 the whole trail is gone; it had {anchored} entries")
            }
            Self::CutOff { last, anchored } => write!(
                f,
                "日志止于第{last}条，曾有第{anchored}条 the trail ends at entry {last}; entry {anchored} was there before"
            ),
            Self::Rewritten { good, entry } => write!(
                f,
                "第{good}条之后的日志被重写，第{entry}条与锚点不符 the trail was written anew after entry {good}: entry {entry} has another \
                 hash than the anchor"
            ),
        }
    }
}

/// Sets what a trail is now against the anchors of its township. `last` is its last entry, `broken` the first of which the
/// chain does not hold, `hash_of` the hash that an entry has now.
pub fn compare<'a>(
    last: i64,
    broken: Option<i64>,
    hash_of: impl Fn(i64) -> Option<&'a str>,
    anchors: &[&Anchor],
) -> Vec<Finding> {
    let mut findings: Vec<_> = broken.map(|entry| Finding::Broken { entry }).into_iter().collect();
    let mut anchors = anchors.to_vec();
    anchors.sort_by_key(|anchor| anchor.seq);
    let mut good = 0;
    for anchor in &anchors {
        match hash_of(anchor.seq) {
            Some(hash) if hash == anchor.hash => good = good.max(anchor.seq),
            Some(_) => {
                findings.push(Finding::Rewritten { good, entry: anchor.seq });
                break;
            }
            // Beyond the end it is told below; within it the chain is broken there.
            None => {}
        }
    }
    if let Some(anchored) = anchors.last().map(|anchor| anchor.seq).filter(|&anchored| anchored > last) {
        findings.push(Finding::CutOff { last, anchored });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(seq: i64, hash: &str) -> Anchor {
        Anchor { township: "320685102".to_owned(), seq, hash: hash.to_owned(), at: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn what_a_chain_cannot_tell_the_anchors_do() {
        let anchors = [anchor(2, "b"), anchor(4, "d"), anchor(6, "f")];
        let anchors: Vec<_> = anchors.iter().collect();
        let table = [
            ("whole", "abcdefg", None, vec![]),
            ("broken", "abcdef", Some(3), vec![Finding::Broken { entry: 3 }]),
            ("cut off", "abcde", None, vec![Finding::CutOff { last: 5, anchored: 6 }]),
            ("cut off behind the last anchor", "abcdef", None, vec![]),
            ("written anew", "abxyzu", None, vec![Finding::Rewritten { good: 2, entry: 4 }]),
            (
                "cut off and written anew",
                "xyz",
                None,
                vec![Finding::Rewritten { good: 0, entry: 2 }, Finding::CutOff { last: 3, anchored: 6 }],
            ),
            ("gone", "", None, vec![Finding::CutOff { last: 0, anchored: 6 }]),
        ];
        for (what, hashes, broken, findings) in table {
            // A letter is the hash of an entry.
            let hash_of = |seq: i64| usize::try_from(seq - 1).ok().and_then(|at| hashes.get(at..=at));
            let last = i64::try_from(hashes.len()).expect("few");
            assert_eq!(compare(last, broken, hash_of, &anchors), findings, "{what}");
        }
    }

    #[test]
    fn anchors_come_back_and_a_line_that_was_never_finished_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("anchors");
        assert_eq!(read(&file).expect("no file"), []);
        append(&file, &[anchor(1, "a"), anchor(2, "b")]).expect("added");
        let whole = std::fs::read(&file).expect("the file");
        std::fs::write(&file, [&whole[..], b"{\"township\":\"32"].concat()).expect("torn");
        assert_eq!(read(&file).expect("anchors"), [anchor(1, "a"), anchor(2, "b")]);
        append(&file, &[anchor(3, "c")]).expect("added");
        let anchors = read(&file).expect("anchors");
        assert_eq!(anchors, [anchor(1, "a"), anchor(2, "b"), anchor(3, "c")]);
        assert_eq!(latest(&anchors)["320685102"].seq, 3);

        std::fs::write(&file, b"nonsense\n").expect("written");
        assert!(read(&file).expect_err("no anchor").to_string().contains("line 1"));
    }
}
