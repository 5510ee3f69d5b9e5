//! When a statement holds: IAM's condition operators, as far as the policies of ECS, SQS and Parameter Store need them.
//!
//! A key that the request does not have meets no operator, except `Null`, a negated one, one with `IfExists`, and one with
//! `ForAllValues` (IAM User Guide, condition operators).

use std::collections::BTreeMap;

/// Keys that the simulator knows of a request: their absence means something. `…/` stands for every key that begins so.
const KNOWN: [&str; 26] = [
    "aws:PrincipalArn",
    "aws:RequestTag/",
    "aws:ResourceTag/",
    "aws:TagKeys",
    "ecs:CreateAction",
    "ecs:ResourceTag/",
    "ecs:auto-assign-public-ip",
    "ecs:capacity-provider",
    "ecs:cluster",
    "ecs:enable-ebs-volumes",
    "ecs:enable-ecs-managed-tags",
    "ecs:enable-execute-command",
    "ecs:enable-service-connect",
    "ecs:enable-vpc-lattice",
    "ecs:namespace",
    "ecs:privileged",
    "ecs:propagate-tags",
    "ecs:subnet",
    "ecs:task-cpu",
    "ecs:task-definition",
    "ecs:task-memory",
    "events:source",
    "iam:PassedToService",
    "kms:EncryptionContext:PARAMETER_ARN",
    "kms:ViaService",
    "servicediscovery:NamespaceName",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Null,
    Equals,
    NotEquals,
    Like,
    NotLike,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    One,
    All,
    Any,
}

/// One key under one operator.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    operator: Operator,
    set: Set,
    if_exists: bool,
    key: String,
    values: Vec<String>,
}

impl Condition {
    /// An operator that is not known is an error that names it.
    pub(super) fn of(written: &str, key: String, values: Vec<String>) -> Result<Self, String> {
        let (set, name) = match written.split_once(':') {
            Some(("ForAllValues", name)) => (Set::All, name),
            Some(("ForAnyValue", name)) => (Set::Any, name),
            _ => (Set::One, written),
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let operator = match name {
            "Null" => Operator::Null,
            "StringEquals" | "Bool" => Operator::Equals,
            "StringNotEquals" => Operator::NotEquals,
            // `ArnEquals` and `ArnLike` behave identically (IAM User Guide).
            "StringLike" | "ArnLike" | "ArnEquals" => Operator::Like,
            "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => Operator::NotLike,
            _ => return Err(format!("the simulator knows no condition operator {written}")),
        };
        Ok(Self { operator, set, if_exists, key, values })
    }

    /// Whether it holds; `None`: the simulator does not know the key.
    pub(super) fn holds(&self, keys: &BTreeMap<String, Vec<String>>) -> Option<bool> {
        let is_known = KNOWN.iter().any(|known| {
            if known.ends_with('/') { self.key.starts_with(known) } else { self.key == *known }
        });
        if !is_known {
            return None;
        }
        let there = keys.get(&self.key);
        if self.operator == Operator::Null {
            let absent = there.is_none().to_string();
            return Some(self.values.iter().all(|value| *value == absent));
        }
        let negated = matches!(self.operator, Operator::NotEquals | Operator::NotLike);
        let Some(there) = there else {
            return Some(negated || self.if_exists || self.set == Set::All);
        };
        Some(match self.set {
            Set::Any => there.iter().any(|value| self.meets(value)),
            Set::One | Set::All => there.iter().all(|value| self.meets(value)),
        })
    }

    fn meets(&self, value: &str) -> bool {
        let mut wanted = self.values.iter();
        match self.operator {
            Operator::Null => false,
            Operator::Equals => wanted.any(|wanted| wanted == value),
            Operator::NotEquals => wanted.all(|wanted| wanted != value),
            Operator::Like => wanted.any(|wanted| like(wanted, value)),
            Operator::NotLike => wanted.all(|wanted| !like(wanted, value)),
        }
    }
}

/// Whether a text has the form of a pattern, in which `*` is any text and `?` is one character. It walks once, and goes
/// back only to the last `*`.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut star) = ((0, 0), None);
    while at.1 < text.len() {
        match pattern.get(at.0) {
            Some('*') => {
                star = Some(at);
                at.0 += 1;
            }
            Some(one) if *one == '?' || *one == text[at.1] => at = (at.0 + 1, at.1 + 1),
            _ => match star {
                Some((before, from)) => {
                    star = Some((before, from + 1));
                    at = (before + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at.0..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(operator: &str, key: &str, value: &str, there: Option<&str>) -> Option<bool> {
        let keys = there.map(|text| (key.to_owned(), vec![text.to_owned()])).into_iter().collect();
        let condition = Condition::of(operator, key.to_owned(), vec![value.to_owned()]);
        condition.unwrap().holds(&keys)
    }

    #[test]
    fn stars_and_question_marks_stand_for_text() {
        for (pattern, text, is_like) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*b*c", "aXbYbc", true),
            ("a*b", "abc", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("abc", "abcd", false),
        ] {
            assert_eq!(like(pattern, text), is_like, "{pattern} {text}");
        }
    }

    #[test]
    fn an_absent_key_meets_what_the_guide_says() {
        let key = "ecs:namespace";
        for (operator, met) in [
            ("StringEquals", false),
            ("StringEqualsIfExists", true),
            ("StringNotEquals", true),
            ("ArnLike", false),
            ("ArnLikeIfExists", true),
            ("ForAllValues:StringLike", true),
            ("ForAnyValue:StringLike", false),
        ] {
            assert_eq!(holds(operator, key, "a", None), Some(met), "{operator}");
        }
        assert_eq!(holds("Null", key, "true", None), Some(true));
        assert_eq!(holds("Null", key, "false", None), Some(false));
        assert_eq!(holds("Null", key, "false", Some("x")), Some(true));
        assert_eq!(holds("StringLike", key, "a*", Some("ab")), Some(true));
        assert_eq!(holds("StringEquals", "ecs:colour", "a", Some("a")), None);
    }
}
