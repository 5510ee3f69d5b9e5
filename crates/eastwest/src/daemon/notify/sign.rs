//! The signature of a message: who has the same key knows that it came from eastwest, and when.
//!
//! `t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA-256 of "<seconds>.<body>">`. The time is signed too, so that a message
//! that somebody kept cannot be sent again later.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The header that has it.
pub(super) const HEADER: &str = "eastwest-signature";

/// The signature of a body that is sent at a time.
pub(super) fn signature(key: &[u8], at: jiff::Timestamp, body: &[u8]) -> String {
    let seconds = at.as_second();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let mut text = format!("t={seconds},v1=");
    for byte in mac.finalize().into_bytes() {
        // Writing to a String cannot fail.
        let _: std::fmt::Result = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_other_tools() {
        // printf '1764343931.{}' | openssl dgst -sha256 -hmac 0123456789abcdef
        let at = jiff::Timestamp::from_second(1_764_343_931).expect("a date");
        let expected =
            "t=1764343931,v1=ab8037ccbfd6265b589c80fc2562eca843173d0c2fa9ceb4116ff3cd5a58330a";
        assert_eq!(signature(b"0123456789abcdef", at, b"{}"), expected);
    }
}
