//! Until when the caller waits: what `grpc-timeout` asks for, bounded by what the server grants.

use std::time::Duration;

use bangfu_kernel::{Error, error::Rule};
use http::HeaderMap;
use tokio::time::{Instant, timeout_at};

use super::method::Method;

const HEADER: &str = "grpc-timeout";

/// tonic starts its own timer for the same header, a little earlier than this layer, and answers CANCELLED. Ours rings
/// first, by a tenth of the time and at most this much.
const AHEAD: Duration = Duration::from_millis(10);

/// When the caller stops waiting: the deadline of this call. Stands in the request's extensions; statements and calls
/// to peers take what remains of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(pub Instant);

/// The deadline of a call that arrives now; `None` for a stream whose caller sets none.
pub(super) fn of(headers: &HeaderMap, method: &Method) -> Result<Option<Deadline>, Error> {
    let asked = match headers.get(HEADER) {
        Some(value) => Some(parse(value.as_bytes()).ok_or_else(malformed)?),
        None => None,
    };
    let asked = asked.map(|asked| asked.saturating_sub(AHEAD.min(asked / 10)));
    let granted = [asked, method.longest].into_iter().flatten().min();
    Ok(granted.and_then(|granted| Instant::now().checked_add(granted)).map(Deadline))
}

/// The outcome of the work, or `Error::Deadline` when it does not come in time.
pub(super) async fn within<T>(
    deadline: Option<Deadline>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match deadline {
        Some(Deadline(at)) => timeout_at(at, work).await.unwrap_or(Err(Error::Deadline)),
        None => work.await,
    }
}

/// One to eight digits and a unit, as the gRPC protocol has it; nothing else.
fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(digits).ok()?.parse::<u64>().ok()?;
    match unit {
        b'H' => Some(Duration::from_secs(number * 3600)),
        b'M' => Some(Duration::from_secs(number * 60)),
        b'S' => Some(Duration::from_secs(number)),
        b'm' => Some(Duration::from_millis(number)),
        b'u' => Some(Duration::from_micros(number)),
        b'n' => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

fn malformed() -> Error {
    let rule = Rule { en: "must be one to eight digits and a unit (H M S m u n)".into(), zh: "格式错误".into() };
    Error::field(HEADER, rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_one_to_eight_digits_and_a_unit() {
        for (text, seconds) in [("1H", 3600), ("2M", 120), ("30S", 30), ("5000m", 5), ("99999999H", 359_999_996_400)] {
            assert_eq!(parse(text.as_bytes()), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse(b"7u"), Some(Duration::from_micros(7)));
        assert_eq!(parse(b"7n"), Some(Duration::from_nanos(7)));
        for text in ["", "S", "10", "+1S", "-1S", " 1S", "1 S", "1s", "1.5S", "123456789S", "１S", "1SS"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
