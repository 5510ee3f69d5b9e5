//! The calls of a client: whether its tasks know the endpoint, and whether security groups let them through.

use super::Evidence;
use super::finding::{CallReport, Check, Finding};
use super::groups::{Rules, Side, between};
use super::subject::{Listens, Subjects, VerifiedCall};
use crate::ecs::name::DiscoveryName;
use crate::ecs::service_key::ServiceKey;
use crate::plan::call::{Call, CallState};

/// What was found of one call.
pub(super) fn report(
    subjects: &Subjects,
    verified: &VerifiedCall,
    evidence: &Evidence,
    rules: Option<&Rules<'_>>,
) -> CallReport {
    let call = &verified.call;
    let mut findings = vec![known(verified)];
    if let (Some(rules), Some(server), Some(name)) = (rules, &call.server, &call.name) {
        findings.push(passes(subjects, rules, evidence, Way { call, server, name }));
    }
    CallReport {
        client: call.client.clone(),
        name: call.name.clone(),
        server: call.server.clone(),
        findings,
    }
}

/// Whether the tasks of the client know the endpoint.
fn known(VerifiedCall { call, unread }: &VerifiedCall) -> Finding {
    let Call { client, name, alias, inferred, state, .. } = call;
    let what = match (alias, name) {
        (Some(alias), _) => alias.clone(),
        (None, Some(name)) => name.to_string(),
        (None, None) => "what it calls".to_owned(),
    };
    let how = if *inferred { " (inferred from its environment)" } else { "" };
    match state {
        CallState::Reachable => {
            Finding::ok(Check::Call, format!("the tasks of {client} know {what}{how}"))
        }
        CallState::Stale => {
            let message = format!(
                "the tasks of {client} do not know {what}{how}: their deployment is older than the endpoint"
            );
            let advice = format!(
                "roll {client} out again: aws ecs update-service --cluster {} --service {} --force-new-deployment; eastwest does it for what needs names",
                client.cluster, client.name
            );
            Finding::broken(Check::Call, message).advised(advice)
        }
        CallState::Missing if call.server.is_some() => {
            let message =
                format!("{client} calls {what}{how}, and no deployment that has it has completed");
            Finding::broken(Check::Call, message)
        }
        CallState::Missing => {
            let message = format!("{client} calls {what}{how}, and no service offers it");
            Finding::broken(Check::Call, message)
        }
        CallState::Unknown => {
            let why = if unread.is_empty() {
                "something that tells was not read".to_owned()
            } else {
                unread.join("; ")
            };
            let message =
                format!("not known whether the tasks of {client} know {what}{how}: {why}");
            Finding::unknown(Check::Call, message)
        }
    }
}

/// One call whose server is known.
#[derive(Clone, Copy)]
struct Way<'a> {
    call: &'a Call,
    server: &'a ServiceKey,
    name: &'a DiscoveryName,
}

/// Whether security groups let it through.
fn passes(subjects: &Subjects, rules: &Rules<'_>, evidence: &Evidence, way: Way<'_>) -> Finding {
    let Way { call, server, name } = way;
    for service in [server, &call.client] {
        if let Some(Err(fault)) = evidence.tasks.get(service) {
            let message = format!("the tasks of {service} were not read: {fault}");
            return Finding::unknown(Check::Groups, message);
        }
    }
    let port = match subjects.endpoint(server, name).map(|endpoint| endpoint.listens) {
        Some(Listens::On(port)) => port,
        Some(Listens::Anywhere) => {
            let message = format!(
                "{server} is in bridge mode, where ECS chooses the port of each proxy: the security group of its instances must let clients reach the ephemeral ports"
            );
            return Finding::unknown(Check::Groups, message);
        }
        Some(Listens::Unread) | None => {
            let message = format!(
                "not known on which port {server} listens: its task definition was not read"
            );
            return Finding::unknown(Check::Groups, message);
        }
    };
    let side = |service| Side { service, tasks: evidence.tasks_of(service) };
    between(rules, side(&call.client), side(server), port)
}
