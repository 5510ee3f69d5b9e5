//! Who has shown the token in a browser: the sessions, in memory.
//!
//! **Invariant:** at most [`MOST`] sessions live, each at most [`LASTS`]. The oldest goes for a new one, so that nobody who
//! has the token can be kept out by sessions that nobody uses.
//!
//! **Invariant:** an id is 256 bits from the system's source of randomness. A session gets a new one with each sign-in, so
//! that an id from before it opens nothing. A restart ends all of them.

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, header};
use subtle::ConstantTimeEq as _;

/// The cookie's name.
const COOKIE: &str = "eastwest-session";
/// How many sessions there may be.
const MOST: usize = 64;
/// How long one lasts: a shift.
const LASTS: Duration = Duration::from_hours(12);

/// The sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<Vec<Session>>);

struct Session {
    id: String,
    began: Instant,
}

/// No log line may show an id.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(hidden)")
    }
}

impl Sessions {
    fn live(&self, now: Instant) -> MutexGuard<'_, Vec<Session>> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|session| now.duration_since(session.began) < LASTS);
        sessions
    }

    /// Whether a request comes from a session.
    pub(crate) fn has(&self, headers: &HeaderMap, now: Instant) -> bool {
        let Some(sent) = id(headers) else { return false };
        let sessions = self.live(now);
        let same = |session: &Session| bool::from(session.id.as_bytes().ct_eq(sent.as_bytes()));
        // Every one is compared, so that the time tells nothing of which one matched.
        sessions.iter().fold(false, |found, session| found | same(session))
    }

    /// Begins a session in place of the one that the request came from: what to set as a cookie. None where the system
    /// has no randomness.
    pub(crate) fn begin(&self, headers: &HeaderMap, now: Instant) -> Option<HeaderValue> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).ok()?;
        let mut new = String::with_capacity(64);
        for byte in bytes {
            // Writing to a String cannot fail.
            let _: std::fmt::Result = write!(new, "{byte:02x}");
        }
        self.end(headers, now);
        let mut sessions = self.live(now);
        if sessions.len() >= MOST {
            sessions.remove(0);
        }
        let cookie = cookie(&new, LASTS, headers);
        sessions.push(Session { id: new, began: now });
        cookie
    }

    /// Ends the session that a request comes from.
    pub(crate) fn end(&self, headers: &HeaderMap, now: Instant) {
        let Some(sent) = id(headers) else { return };
        self.live(now).retain(|session| !bool::from(session.id.as_bytes().ct_eq(sent.as_bytes())));
    }

    /// What has a browser forget its session.
    pub(crate) fn forget(headers: &HeaderMap) -> Option<HeaderValue> {
        cookie("", Duration::ZERO, headers)
    }
}

/// The id that a request names.
fn id(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = all.flat_map(|cookies| cookies.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE).then_some(value)
    })
}

/// No script reads it, no page of another site has it sent, and where a proxy says that the reader came by HTTPS, no
/// other connection carries it. Who lies about that only loses his own cookie.
fn cookie(id: &str, lasts: Duration, headers: &HeaderMap) -> Option<HeaderValue> {
    let by_https = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let secure = if by_https { "; Secure" } else { "" };
    let age = lasts.as_secs();
    let text = format!("{COOKIE}={id}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookie: &HeaderValue) -> HeaderMap {
        let text = cookie.to_str().expect("a text").split(';').next().expect("a pair").to_owned();
        let mut headers = HeaderMap::new();
        let text = format!("other=1; {text}");
        headers.insert(header::COOKIE, text.parse().expect("a header"));
        headers
    }

    fn begin(sessions: &Sessions, headers: &HeaderMap, now: Instant) -> HeaderMap {
        sent(&sessions.begin(headers, now).expect("a cookie"))
    }

    #[test]
    fn a_session_lasts_twelve_hours_and_no_longer() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let reader = begin(&sessions, &HeaderMap::new(), now);
        assert!(sessions.has(&reader, now + Duration::from_hours(11)));
        assert!(!sessions.has(&reader, now + LASTS));
        assert!(!sessions.has(&HeaderMap::new(), now));
    }

    #[test]
    fn a_sign_in_ends_the_session_before_and_so_does_a_sign_out() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let first = begin(&sessions, &HeaderMap::new(), now);
        let second = begin(&sessions, &first, now);
        assert!(!sessions.has(&first, now) && sessions.has(&second, now));
        sessions.end(&second, now);
        assert!(!sessions.has(&second, now));
    }

    #[test]
    fn an_id_that_nobody_gave_opens_nothing() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        begin(&sessions, &HeaderMap::new(), now);
        for id in ["", "0", &"0".repeat(64)] {
            let cookie = HeaderValue::from_str(&format!("{COOKIE}={id}")).expect("a header");
            assert!(!sessions.has(&sent(&cookie), now), "{id}");
        }
    }

    #[test]
    fn the_oldest_session_goes_for_a_new_one() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let readers: Vec<_> =
            (0..=MOST).map(|_| begin(&sessions, &HeaderMap::new(), now)).collect();
        assert!(!sessions.has(&readers[0], now));
        assert!(readers[1..].iter().all(|reader| sessions.has(reader, now)));
    }

    #[test]
    fn a_cookie_is_for_this_site_alone_and_for_no_script() {
        let sessions = Sessions::default();
        let plain = sessions.begin(&HeaderMap::new(), Instant::now()).expect("a cookie");
        let plain = plain.to_str().expect("a text");
        for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=43200"] {
            assert!(plain.contains(part), "{part}");
        }
        assert!(!plain.contains("Secure"));
        let mut by_https = HeaderMap::new();
        by_https.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        let secure = sessions.begin(&by_https, Instant::now()).expect("a cookie");
        assert!(secure.to_str().expect("a text").ends_with("; Secure"));
        assert!(!format!("{sessions:?}").contains(&plain[COOKIE.len() + 1..COOKIE.len() + 65]));
    }
}
