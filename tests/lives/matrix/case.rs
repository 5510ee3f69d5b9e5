//! One case: a story, which of its calls, and what befalls it; as it is written on a command line.

use std::fmt;
use std::str::FromStr;

use eastwest_sim::faults::{Kind, Mishap};
use serde_json::json;

/// Everything that can befall a call and must change nothing in the end.
pub(crate) const MISHAPS: [Mishap; 14] = [
    Mishap::CrashBefore,
    Mishap::CrashAfter,
    Mishap::CrashAfterAndLag,
    Mishap::ErrorAfterAndLag,
    Mishap::Lag,
    Mishap::Fault(Kind::TimeoutBefore),
    Mishap::Fault(Kind::TimeoutAfter),
    Mishap::Fault(Kind::ErrorBefore),
    Mishap::Fault(Kind::ErrorAfter),
    Mishap::Fault(Kind::Throttle),
    Mishap::Fault(Kind::Stale),
    Mishap::Fault(Kind::Partial),
    Mishap::Fault(Kind::Denied),
    Mishap::Fault(Kind::Html),
];

/// One run of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    /// The story's file without its ending.
    pub(crate) story: String,
    /// Which call of the story, from 1.
    pub(crate) call: u64,
    pub(crate) mishap: Mishap,
}

/// Whether a mishap means something for a call, and something else than another of its kind does.
pub(crate) fn can_befall(mishap: Mishap, op: &str) -> bool {
    match mishap {
        Mishap::CrashBefore | Mishap::CrashAfter => true,
        // A read has no effect that an answer could come after.
        Mishap::Fault(Kind::TimeoutAfter | Kind::ErrorAfter)
        | Mishap::Lag
        | Mishap::ErrorAfterAndLag
        | Mishap::CrashAfterAndLag => is_write(op),
        Mishap::Fault(kind) => kind.can_strike(op),
    }
}

fn is_write(op: &str) -> bool {
    let verb = op.split_once('.').map_or(op, |(_, verb)| verb);
    !["Describe", "Get", "List"].iter().any(|reading| verb.starts_with(reading))
}

/// A mishap's name: a fault's is its kind.
pub(crate) fn name(mishap: Mishap) -> String {
    match mishap {
        Mishap::CrashBefore => "crash-before".to_owned(),
        Mishap::CrashAfter => "crash-after".to_owned(),
        Mishap::Lag => "lag".to_owned(),
        Mishap::ErrorAfterAndLag => "error-after-and-lag".to_owned(),
        Mishap::CrashAfterAndLag => "crash-after-and-lag".to_owned(),
        Mishap::Fault(kind) => json!(kind).as_str().unwrap_or_default().to_owned(),
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.story, self.call, name(self.mishap))
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = || MISHAPS.map(name).join(", ");
        let allowed =
            || format!("{text}: a case is story/call/mishap, and a mishap one of {}", names());
        let [story, call, wanted] = text.split('/').collect::<Vec<_>>()[..] else {
            return Err(allowed());
        };
        let mishap = MISHAPS.into_iter().find(|mishap| name(*mishap) == wanted);
        Ok(Self {
            story: story.to_owned(),
            call: call.parse().map_err(|_| allowed())?,
            mishap: mishap.ok_or_else(allowed)?,
        })
    }
}
