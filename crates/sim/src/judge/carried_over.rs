//! I5: a request's body has three members, of a refresh three others; what nobody asked to change is carried over.

use std::collections::BTreeSet;

use eastwest_core::declaration::declared::Declaration;
use serde_json::{Value, json};

use super::effective::EffectiveEndpoint;
use super::sent_write::{Broken, SentWrite};

/// I5: three members, no more.
pub(super) fn confined(body: &Value) -> Option<String> {
    let members: BTreeSet<&str> =
        body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let change = BTreeSet::from(["cluster", "service", "serviceConnectConfiguration"]);
    let refresh = BTreeSet::from(["cluster", "forceNewDeployment", "service"]);
    (members != change && members != refresh)
        .then(|| format!("a request with the members {members:?}"))
}

/// I5: logs and an endpoint's further members stay unless a tag or an entry speaks of them.
pub(super) fn carried_over(sent: &SentWrite<'_>) -> Broken {
    let (Some(before), Some(after)) = (sent.before(), sent.after) else { return None };
    let lost = before.unknown != json!(null) && after.unknown != before.unknown;
    let lost = sent.says(lost, "I5", "members it does not know are lost");
    let kinds = [("logs", Declared::Logs), ("access-logs", Declared::AccessLogs)];
    let logs = kinds.into_iter().enumerate().find(|(at, (word, kind))| {
        before.logs[*at] != after.logs[*at] && !speaks(sent, word, *kind)
    });
    let members = [
        ("ingress-port", Declared::Ingress),
        ("timeout", Declared::Timeout),
        ("tls", Declared::Tls),
        ("test-header", Declared::TestHeader),
    ];
    let rest = members.into_iter().enumerate().find(|(at, (word, kind))| {
        let differs = |old: &EffectiveEndpoint| {
            let on_port = |all: &[EffectiveEndpoint]| -> Vec<Value> {
                let same = all.iter().filter(|each| each.port_name == old.port_name);
                same.map(|each| each.rest[*at].clone()).collect()
            };
            let (then, now) = (on_port(&before.endpoints), on_port(&after.endpoints));
            then.len() == 1 && now.len() == 1 && then != now
        };
        before.endpoints.iter().any(differs) && !speaks(sent, word, *kind)
    });
    let changed = logs.or(rest).map(|(_, (word, _))| word);
    lost.or_else(|| {
        let text = format!("{} changed and nobody asked for it", changed?);
        sent.says(true, "I5", &text)
    })
}

/// A member that is carried over where the declaration does not say it.
#[derive(Clone, Copy)]
enum Declared {
    Logs,
    AccessLogs,
    Ingress,
    Timeout,
    Tls,
    TestHeader,
}

/// Whether a tag, or an entry, says something of a member.
fn speaks(sent: &SentWrite<'_>, word: &str, kind: Declared) -> bool {
    let is_of_endpoint = !matches!(kind, Declared::Logs | Declared::AccessLogs);
    let spoken = |tag: &String| {
        let name = tag.rsplit('/').next().unwrap_or_default();
        // Without logs there are no access logs.
        let is_said = name == word || (word == "access-logs" && name == "logs");
        is_said || (is_of_endpoint && name.starts_with("endpoint."))
    };
    sent.history.since(sent.from).iter().any(|moment| moment.tags.keys().any(spoken))
        || entry_speaks(sent, |entry| {
            let mut endpoints = entry.endpoints.iter();
            match kind {
                Declared::Logs => entry.logs.is_some(),
                Declared::AccessLogs => entry.access_logs.is_some() || entry.logs.is_some(),
                Declared::TestHeader => entry.test_header.is_some(),
                Declared::Ingress => endpoints.any(|each| each.ingress_port.is_some()),
                Declared::Timeout => endpoints
                    .any(|each| each.timeout != eastwest_core::ecs::connect::Timeout::default()),
                Declared::Tls => endpoints.any(|each| each.tls.is_some()),
            }
        })
}

/// Whether an entry of the document, or the parameter that a tag names, says such a member.
fn entry_speaks(sent: &SentWrite<'_>, speaks: impl Fn(&Declaration) -> bool) -> bool {
    let window = sent.history.since(sent.from).iter();
    let mut rests = window.flat_map(|each| sent.evidence.rests(each.tagged.as_deref()));
    rests.any(|rest| rest.declaration.as_deref().is_some_and(&speaks))
        || sent.evidence.entries(sent.key).any(speaks)
}
