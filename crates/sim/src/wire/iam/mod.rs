//! IAM policies: whether a caller may make a call. For those who want to know whether a policy is enough, and not too much.
//!
//! Policies hold for the callers with one access key; everybody else may do everything. A denial wins, then an allowance
//! counts, and what nothing allows is refused (IAM User Guide, policy evaluation logic).
//!
//! **Invariant:** what is not known here never allows anything. A policy with an unknown element or operator is refused when
//! it is read. A statement with an unknown condition key allows nothing, and denies what it would deny.
//!
//! In reading order: `asked` (what a call asks for) · `document` (what a policy says) · `condition` (when a statement holds).

mod asked;
mod condition;
mod document;

use crate::model::Model;
use crate::shapes::ApiError;
use crate::wire::api;
use asked::Asked;
use document::{Document, Effect, Statement};

/// The policies of one access key.
#[derive(Debug, Clone)]
pub struct Policies {
    access_key: String,
    statements: Vec<Statement>,
}

impl Policies {
    /// Reads policies, as JSON, that hold together for the callers with this access key.
    pub fn read<'a>(
        access_key: &str,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, String> {
        let mut statements = Vec::new();
        for text in texts {
            let document: Document =
                serde_json::from_str(text).map_err(|error| error.to_string())?;
            statements.extend(document.statements()?);
        }
        Ok(Self { access_key: access_key.to_owned(), statements })
    }

    /// Whether they are about this caller.
    pub(super) fn bind(&self, access_key: &str) -> bool {
        self.access_key == access_key
    }

    /// AWS's refusal of a call, if one of the permissions that it needs is missing.
    pub(super) fn refusal(&self, op: &str, body: &[u8], model: &Model) -> Option<ApiError> {
        let asked = asked::by(op, &serde_json::from_slice(body).unwrap_or_default(), model);
        let account = model.account();
        let caller = vec![principal(account)];
        let by_caller = |mut asked: Asked| {
            asked.keys.insert("aws:PrincipalArn".to_owned(), caller.clone());
            asked
        };
        let asked: Vec<Asked> = asked.into_iter().map(by_caller).collect();
        let missing = asked.iter().find(|asked| !self.allow(asked))?;
        Some(api::not_authorized(op, &missing.action, account, &missing.resource))
    }

    fn allow(&self, asked: &Asked) -> bool {
        let says =
            |effect| self.statements.iter().any(|s| s.effect() == effect && s.matches(asked));
        !says(Effect::Deny) && says(Effect::Allow)
    }
}

/// Who every caller is. The key of a session of a role is the role's own ARN (IAM User Guide, aws:PrincipalArn).
fn principal(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/simulated")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(action: &str, resource: &str, keys: &[(&str, &str)]) -> Asked {
        let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()]));
        Asked { action: action.to_owned(), resource: resource.to_owned(), keys: keys.collect() }
    }

    fn policies(statements: &str) -> Policies {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        Policies::read("key", [text.as_str()]).unwrap()
    }

    const ALLOW: &str = r#"{"Effect":"Allow","Action":"ecs:*","Resource":"arn:a:service/prod/*"}"#;

    #[test]
    fn what_nothing_allows_is_refused_and_a_denial_wins() {
        let one = policies(ALLOW);
        assert!(one.allow(&asked("ecs:UpdateService", "arn:a:service/prod/web", &[])));
        assert!(!one.allow(&asked("ecs:UpdateService", "arn:a:service/dev/web", &[])));
        assert!(!one.allow(&asked("sqs:SendMessage", "arn:a:service/prod/web", &[])));
        let deny = r#"{"Effect":"Deny","Action":["ECS:updateservice"],"Resource":"*prod/own"}"#;
        let both = policies(&format!("{deny},{ALLOW}"));
        assert!(!both.allow(&asked("ecs:UpdateService", "arn:a:service/prod/own", &[])));
        assert!(both.allow(&asked("ecs:UpdateService", "arn:a:service/prod/web", &[])));
    }

    #[test]
    fn a_key_that_is_not_known_allows_nothing_and_denies() {
        let when = r#""Condition":{"Null":{"ecs:colour":"true"}}"#;
        let policy =
            |effect| format!(r#"{{"Effect":"{effect}","Action":"*","Resource":"*",{when}}}"#);
        assert!(!policies(&policy("Allow")).allow(&asked("ecs:UpdateService", "x", &[])));
        let denied = policies(&format!(
            r#"{},{{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
            policy("Deny")
        ));
        assert!(!denied.allow(&asked("ecs:UpdateService", "x", &[])));
    }

    #[test]
    fn an_element_or_an_operator_that_is_not_known_is_refused_when_it_is_read() {
        for (statement, why) in [
            (r#"{"Effect":"Allow","NotAction":"a","Resource":"*"}"#, "NotAction"),
            (
                r#"{"Effect":"Allow","Action":"a","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"::1"}}}"#,
                "IpAddress",
            ),
        ] {
            let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
            let error = Policies::read("key", [text.as_str()]).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
