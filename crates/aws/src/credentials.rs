//! Why AWS does not accept credentials, as far as its code and its clock tell.
//!
//! AWS's own words are not shown: about a rejected signature they quote the signed headers, session token included. But each
//! answer has AWS's time, and a clock that is wrong makes every signature wrong.
//!
//! **Invariant:** nothing of the answer is shown but the code, and no decision depends on this clock.

use std::time::SystemTime;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// "A request must reach AWS within five minutes of the time stamp in the request" (IAM User Guide, signing requests).
const SIGNATURE_SECONDS: u64 = 300;
/// The codes, without their `Exception`, of what was good once.
const EXPIRED: [&str; 3] = ["EXPIRED_TOKEN", "ExpiredToken", "RequestExpired"];

/// What is said of an answer that does not accept the credentials.
pub(crate) fn not_accepted(code: &str, raw: &HttpResponse) -> String {
    let date = raw.headers().get("date");
    let date = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
    let ahead = date.map(|date| DateTime::from(SystemTime::now()).secs() - date.secs());
    let cause = ahead.and_then(wrong_clock).or_else(|| expired(code)).unwrap_or_default();
    format!("{code}: AWS does not accept the credentials{cause}")
}

/// That the clock is wrong, if it is by more than a signature allows.
fn wrong_clock(ahead: i64) -> Option<String> {
    let seconds = ahead.unsigned_abs();
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    (seconds > SIGNATURE_SECONDS).then(|| {
        format!(
            ": the clock of this machine is {} min {side} AWS's, and a signature holds for {} min; set the clock",
            seconds / 60,
            SIGNATURE_SECONDS / 60
        )
    })
}

fn expired(code: &str) -> Option<String> {
    let base = code.strip_suffix("Exception").unwrap_or(code);
    let is_expired = EXPIRED.contains(&base);
    is_expired.then(|| ": they have expired, and what gave them must give new ones".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_by_an_hour_is_named_and_one_that_is_wrong_by_minutes_is_not() {
        let hour = ": the clock of this machine is 60 min ahead of AWS's, and a signature holds for 5 min; set the clock";
        assert_eq!(wrong_clock(3600).as_deref(), Some(hour));
        assert_eq!(wrong_clock(-3600), Some(hour.replace("ahead of", "behind")));
        assert_eq!(wrong_clock(300), None);
    }

    #[test]
    fn credentials_that_have_expired_are_told_from_wrong_ones() {
        assert!(expired("ExpiredTokenException").is_some() && expired("ExpiredToken").is_some());
        assert_eq!(expired("UnrecognizedClientException"), None);
    }
}
