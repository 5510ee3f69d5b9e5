//! Decides which call fails, and how: the rules that were posted, and what each call meets.
//!
//! A rule names calls, waits for the `nth` of them since it was posted, strikes `times` times and is
//! spent. It knows nothing of HTTP: the wire turns a [`Strike`] into bytes or silence, the adapter into a failed call.
//!
//! **Invariant:** every live rule that names a call counts it, whichever rule strikes; of several
//! rules that are due, the one posted first strikes and the others stay due for the next call.
//!
//! **Invariant:** a kind strikes only calls it can mean something for ([`Kind::can_strike`]), so `*`
//! never makes a write stale.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How old a stale answer is unless the rule says otherwise.
pub const STALE_LAG: Duration = Duration::from_secs(10);

/// The oldest answer that a rule may ask for, in virtual seconds: as far back as the model remembers.
const STALE_LAG_S_MAX: f64 = 60.0;

/// The longest lag of a stale read in milliseconds. eastwest is built for this bound.
pub const LAG_MS_MAX: u64 = 10_000;

/// The ways a call can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// AWS asks the caller to slow down; nothing happens.
    Throttle,
    /// AWS fails inside, before the call took effect.
    ErrorBefore,
    /// AWS fails inside, after the call took effect.
    ErrorAfter,
    /// No answer ever comes and nothing happened.
    TimeoutBefore,
    /// No answer ever comes, yet the call took effect.
    TimeoutAfter,
    /// A read answers as things stood some time ago.
    Stale,
    /// A describe reports some of what exists as MISSING; a list gives a short or an empty page.
    Partial,
    /// The caller may not make this call.
    Denied,
    /// A proxy answers instead of AWS: status 502 and a page of HTML.
    Html,
}

/// Every kind of fault.
pub const KINDS: [Kind; 9] = [
    Kind::Throttle,
    Kind::ErrorBefore,
    Kind::ErrorAfter,
    Kind::TimeoutBefore,
    Kind::TimeoutAfter,
    Kind::Stale,
    Kind::Partial,
    Kind::Denied,
    Kind::Html,
];

/// One rule, as it is posted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which calls: `ecs.DescribeServices`, every call of one service `ecs.*`, or every call `*`.
    pub op: String,
    /// The first call to strike, counted from when the rule was posted; 1 is the next one.
    #[serde(default = "one")]
    pub nth: u32,
    /// How it fails.
    pub kind: Kind,
    /// How often the rule strikes before it is spent.
    #[serde(default = "one")]
    pub times: u32,
    /// For [`Kind::Stale`]: the age of the answer in virtual seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_s: Option<f64>,
}

fn one() -> u32 {
    1
}

/// What a call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// How the call fails.
    pub kind: Kind,
    /// For [`Kind::Stale`]: how old the answer is.
    pub lag: Duration,
    /// Which strike of its rule this is, from 1.
    pub count: u32,
}

/// A rule that has not struck for the last time, with what it has seen.
#[derive(Debug, Clone, Serialize)]
pub struct LiveRule {
    /// The rule as posted.
    #[serde(flatten)]
    pub rule: Rule,
    /// Calls it named since it was posted.
    pub seen: u32,
    /// How often it struck.
    pub struck: u32,
}

/// Why a rule is refused; the text says what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RuleError(String);

/// All live rules, and how often each kind has struck.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Vec<LiveRule>,
    struck: BTreeMap<Kind, u64>,
}

impl Kind {
    /// Whether this kind of failure means something for the call `op`.
    pub fn can_strike(self, op: &str) -> bool {
        match self {
            Self::Stale => lags(op),
            Self::Partial => is_list(op) || names_missing(op),
            _ => true,
        }
    }
}

/// Whether reads by `op` may lag behind writes: the calls the model answers out of the past.
pub fn lags(op: &str) -> bool {
    matches!(
        op,
        "ecs.DescribeServices"
            | "ecs.ListServices"
            | "ecs.ListServicesByNamespace"
            | "ecs.ListServiceDeployments"
            | "ecs.DescribeServiceDeployments"
            | "ecs.DescribeServiceRevisions"
    )
}

/// Whether the answer to `op` comes in pages.
pub fn is_list(op: &str) -> bool {
    op != "ecs.ListTagsForResource"
        && op != "servicediscovery.ListTagsForResource"
        && (verb_of(op).starts_with("List")
            || op == "ssm.GetParametersByPath"
            || op == "ssm.GetParameterHistory")
}

/// Whether the answer to `op` has a `failures[]` member for what was not found.
pub fn names_missing(op: &str) -> bool {
    matches!(
        op,
        "ecs.DescribeServices"
            | "ecs.DescribeClusters"
            | "ecs.DescribeTasks"
            | "ecs.DescribeServiceDeployments"
            | "ecs.DescribeServiceRevisions"
    )
}

fn verb_of(op: &str) -> &str {
    op.split_once('.').map_or(op, |(_, verb)| verb)
}

impl Rule {
    /// A rule that strikes the next `op` once.
    pub fn next(op: &str, kind: Kind) -> Self {
        Self { op: op.to_owned(), nth: 1, kind, times: 1, lag_s: None }
    }

    /// Whether the rule names the call `op` and can strike it.
    pub fn names(&self, op: &str) -> bool {
        let named = match self.op.strip_suffix('*') {
            Some(prefix) => op.starts_with(prefix),
            None => self.op == op,
        };
        named && self.kind.can_strike(op)
    }

    fn check(&self) -> Result<(), RuleError> {
        let refuse = |text: &str| Err(RuleError(text.to_owned()));
        if self.nth == 0 {
            return refuse("nth counts from 1: 1 is the next call");
        }
        if self.times == 0 {
            return refuse("times must be at least 1");
        }
        if self.lag_s.is_some() && self.kind != Kind::Stale {
            return refuse("lag_s belongs to kind \"stale\" only");
        }
        if self.lag_s.is_some_and(|lag| !(0.0..=STALE_LAG_S_MAX).contains(&lag)) {
            return refuse("lag_s must be a number of virtual seconds from 0 to 60");
        }
        if !self.op.ends_with('*') && !self.kind.can_strike(&self.op) {
            return refuse(match self.kind {
                Kind::Stale => {
                    "stale strikes the reads of services, service deployments and revisions"
                }
                _ => "partial strikes lists, and describes whose answer has failures[]",
            });
        }
        Ok(())
    }

    fn lag(&self) -> Duration {
        let asked = self.lag_s.and_then(|lag| Duration::try_from_secs_f64(lag).ok());
        asked.unwrap_or(STALE_LAG)
    }
}

impl Faults {
    /// Adds `rules` behind those that stand; all of them or, if one cannot be followed, none.
    pub fn post(&mut self, rules: Vec<Rule>) -> Result<(), RuleError> {
        rules.iter().try_for_each(Rule::check)?;
        let live = rules.into_iter().map(|rule| LiveRule { rule, seen: 0, struck: 0 });
        self.rules.extend(live);
        Ok(())
    }

    /// Drops every rule; what has struck stays counted.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// Counts the call `op`, and says what it meets.
    pub fn strike(&mut self, op: &str) -> Option<Strike> {
        let mut due = None;
        for (at, live) in self.rules.iter_mut().enumerate() {
            if !live.rule.names(op) {
                continue;
            }
            live.seen = live.seen.saturating_add(1);
            if due.is_none() && live.seen >= live.rule.nth {
                due = Some(at);
            }
        }
        let live = self.rules.get_mut(due?)?;
        live.struck += 1;
        let (kind, lag, count) = (live.rule.kind, live.rule.lag(), live.struck);
        *self.struck.entry(kind).or_default() += 1;
        self.rules.retain(|live| live.struck < live.rule.times);
        Some(Strike { kind, lag, count })
    }

    /// The rules that are not spent, in the order they were posted.
    pub fn live(&self) -> &[LiveRule] {
        &self.rules
    }

    /// How often each kind has struck since the beginning; what never struck is absent.
    pub fn struck(&self) -> &BTreeMap<Kind, u64> {
        &self.struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rules: Vec<Rule>) -> Faults {
        let mut faults = Faults::default();
        faults.post(rules).unwrap();
        faults
    }

    fn kinds(faults: &mut Faults, op: &str, calls: usize) -> Vec<Option<Kind>> {
        (0..calls).map(|_| faults.strike(op).map(|strike| strike.kind)).collect()
    }

    fn parsed(text: &str) -> Rule {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_rule_waits_for_the_nth_call_and_is_spent_after_its_times() {
        let rule = parsed(r#"{"op":"ecs.UpdateService","nth":2,"kind":"throttle","times":2}"#);
        let mut faults = faults(vec![rule]);
        let struck = Some(Kind::Throttle);
        assert_eq!(kinds(&mut faults, "ecs.UpdateService", 5), [None, struck, struck, None, None]);
        assert!(faults.live().is_empty());
        assert_eq!(faults.struck()[&Kind::Throttle], 2);
    }

    #[test]
    fn nth_and_times_default_to_the_next_call_once() {
        let rule = parsed(r#"{"op":"ecs.UpdateService","kind":"error-after"}"#);
        assert_eq!(rule, Rule::next("ecs.UpdateService", Kind::ErrorAfter));
    }

    #[test]
    fn other_calls_are_neither_struck_nor_counted() {
        let mut faults = faults(vec![Rule::next("ecs.UpdateService", Kind::Denied)]);
        assert_eq!(kinds(&mut faults, "ecs.CreateService", 3), [None; 3]);
        assert_eq!(faults.live()[0].seen, 0);
    }

    #[test]
    fn a_star_names_every_call_and_a_prefix_one_service() {
        let mut all = faults(vec![Rule::next("*", Kind::Html)]);
        assert_eq!(kinds(&mut all, "ssm.GetParameter", 1), [Some(Kind::Html)]);
        let mut ecs = faults(vec![Rule::next("ecs.*", Kind::Html)]);
        assert_eq!(kinds(&mut ecs, "ssm.GetParameter", 1), [None]);
        assert_eq!(kinds(&mut ecs, "ecs.ListServices", 1), [Some(Kind::Html)]);
    }

    #[test]
    fn of_two_due_rules_the_first_posted_strikes_and_the_other_waits() {
        let first = Rule::next("ecs.ListServices", Kind::Throttle);
        let second = Rule::next("*", Kind::ErrorBefore);
        let mut faults = faults(vec![first, second]);
        let expected = [Some(Kind::Throttle), Some(Kind::ErrorBefore), None];
        assert_eq!(kinds(&mut faults, "ecs.ListServices", 3), expected);
    }

    #[test]
    fn a_starred_stale_rule_leaves_writes_alone() {
        let mut faults = faults(vec![Rule::next("*", Kind::Stale)]);
        assert_eq!(kinds(&mut faults, "ecs.UpdateService", 2), [None; 2]);
        let strike = faults.strike("ecs.DescribeServices").unwrap();
        assert_eq!((strike.kind, strike.lag), (Kind::Stale, STALE_LAG));
    }

    #[test]
    fn a_stale_rule_says_how_old_and_a_strike_which_of_its_rule() {
        let mut rule = Rule::next("ecs.DescribeServices", Kind::Stale);
        (rule.lag_s, rule.times) = (Some(2.5), 2);
        let mut faults = faults(vec![rule]);
        let strikes: Vec<_> =
            (0..2).filter_map(|_| faults.strike("ecs.DescribeServices")).collect();
        assert_eq!(strikes.iter().map(|strike| strike.count).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(strikes[0].lag, Duration::from_millis(2500));
    }

    #[test]
    fn a_rule_that_cannot_be_followed_is_refused_with_its_batch() {
        let good = Rule::next("*", Kind::Throttle);
        for bad in [
            Rule { nth: 0, ..good.clone() },
            Rule { times: 0, ..good.clone() },
            Rule { lag_s: Some(1.0), ..good.clone() },
            Rule { lag_s: Some(f64::NAN), ..Rule::next("*", Kind::Stale) },
            Rule::next("ecs.UpdateService", Kind::Stale),
            Rule { lag_s: Some(61.0), ..Rule::next("*", Kind::Stale) },
            Rule::next("ecs.DescribeTaskDefinition", Kind::Partial),
        ] {
            let mut faults = Faults::default();
            assert!(faults.post(vec![good.clone(), bad.clone()]).is_err(), "{bad:?}");
            assert!(faults.live().is_empty(), "{bad:?}");
        }
    }

    #[test]
    fn an_unknown_kind_or_member_names_what_is_allowed() {
        let text = r#"[{"op":"*","kind":"slow"}]"#;
        let error = serde_json::from_str::<Vec<Rule>>(text).unwrap_err().to_string();
        assert!(error.contains("timeout-after") && error.contains("html"), "{error}");
        let text = r#"[{"op":"*","kind":"html","often":3}]"#;
        let error = serde_json::from_str::<Vec<Rule>>(text).unwrap_err().to_string();
        assert!(error.contains("`times`"), "{error}");
    }

    #[test]
    fn clearing_drops_the_rules_and_keeps_the_counts() {
        let mut faults = faults(vec![Rule { times: 9, ..Rule::next("*", Kind::Throttle) }]);
        faults.strike("ecs.ListServices");
        faults.clear();
        assert_eq!(kinds(&mut faults, "ecs.ListServices", 1), [None]);
        assert_eq!(faults.struck()[&Kind::Throttle], 1);
    }
}
