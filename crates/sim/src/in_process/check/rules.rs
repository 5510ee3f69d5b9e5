//! One function for each invariant of a write; each says what is broken, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::declaration::{Declaration, Mode, Pause};
use eastwest_core::declare::Intent;
use eastwest_core::settings::{Policy, Settings};
use serde_json::{Value, json};

use super::truth::{Effective, EffectiveEndpoint, Life, Moment, Taken};
use crate::model::{EcsServiceKey, EcsServiceState, Model};
use crate::shapes::Time;
use crate::shapes::ecs::{EcsServiceStatus, RolloutState, ServiceDeploymentStatus};

/// A write that took effect, and what could be known when it was decided.
pub(super) struct Sent<'a> {
    pub(super) key: &'a EcsServiceKey,
    pub(super) life: &'a Life,
    /// The begin of the window.
    pub(super) from: Time,
    pub(super) now: Time,
    /// What is in force since; `None`: off.
    pub(super) after: Option<&'a Effective>,
    /// Whether something changed for all within the window.
    pub(super) global: bool,
}

type Broken = Option<(&'static str, String)>;

impl Sent<'_> {
    /// Whether it was so throughout the window.
    fn throughout(&self, was: impl Fn(&Moment) -> bool) -> bool {
        self.life.since(self.from).iter().all(was)
    }

    /// The configuration that was in force, if it was the same throughout the window.
    fn before(&self) -> Option<&Effective> {
        let window = self.life.since(self.from);
        let before = window.last()?.effective.as_deref();
        before.filter(|_| window.iter().all(|m| m.effective.as_deref() == before))
    }

    /// The broken rule, if it is broken.
    fn says(&self, is_broken: bool, rule: &'static str, text: &str) -> Broken {
        is_broken.then(|| (rule, format!("{}: {text}", self.key)))
    }
}

/// Everything a write breaks, except for I6.
pub(super) fn broken(
    sent: &Sent<'_>,
    settings: &Settings,
    lives: &BTreeMap<EcsServiceKey, Life>,
) -> Vec<(&'static str, String)> {
    let all = [
        opted_in(sent),
        paused(sent),
        allowed(sent, settings.policy),
        onto_a_rollout(sent),
        no_op(sent),
        carried_over(sent),
        given_up(sent),
        asked_for(sent, settings.policy),
        unique(sent, lives),
    ];
    all.into_iter().flatten().collect()
}

/// I5: three members, no more.
pub(super) fn confined(body: &Value) -> Option<String> {
    let members: BTreeSet<&str> =
        body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let allowed = BTreeSet::from(["cluster", "service", "serviceConnectConfiguration"]);
    (members != allowed).then(|| format!("a request with the members {members:?}"))
}

fn declared(moment: &Moment) -> Option<&Declaration> {
    match &moment.intent {
        Intent::Declared(declaration) => Some(declaration),
        Intent::NotOptedIn | Intent::Ambiguous | Intent::Unread(_) => None,
    }
}

/// I2 and I10.
fn opted_in(sent: &Sent<'_>) -> Broken {
    let never = sent.throughout(|moment| moment.intent == Intent::NotOptedIn);
    let unclear = sent.throughout(|moment| declared(moment).is_none());
    let never = sent.says(never, "I2", "a write to a service that has not opted in");
    never.or_else(|| sent.says(unclear, "I10", "a write though its tags cannot be understood"))
}

fn paused(sent: &Sent<'_>) -> Broken {
    let now = i64::try_from(sent.now.0).unwrap_or(i64::MAX);
    let paused = |moment: &Moment| match declared(moment).and_then(|d| d.pause) {
        Some(Pause::Open) => true,
        Some(Pause::Until(until)) => until.as_millisecond() > now,
        None => false,
    };
    sent.says(sent.throughout(paused), "I2", "a write though it is paused")
}

fn allowed(sent: &Sent<'_>, policy: Policy) -> Broken {
    let off = policy == Policy::UpsertOnly && sent.after.is_none();
    sent.says(policy == Policy::Observe || off, "I2", "a write that the policy forbids")
}

/// I3, the service's own part.
fn onto_a_rollout(sent: &Sent<'_>) -> Broken {
    sent.says(sent.throughout(Moment::is_rolling), "I3", "a write onto a rollout of that service")
}

/// I4.
fn no_op(sent: &Sent<'_>) -> Broken {
    let same = sent.throughout(|moment| moment.effective.as_deref() == sent.after);
    sent.says(same, "I4", "a write that changes nothing")
}

/// I5: logs and what goes along with an endpoint stay unless a tag speaks of them.
fn carried_over(sent: &Sent<'_>) -> Broken {
    let (Some(before), Some(after)) = (sent.before(), sent.after) else { return None };
    let lost = before.unknown != json!(null) && after.unknown != before.unknown;
    let speaks = |words: &[&str]| {
        let spoken = |tag: &String| words.iter().any(|word| tag.contains(word));
        sent.life.since(sent.from).iter().any(|moment| moment.tags.keys().any(spoken))
    };
    let logs = before.logs != after.logs && !speaks(&["logs"]);
    let words = ["timeout", "ingress", "tls", "test-header", "endpoint."];
    let rest = !speaks(&words)
        && before.endpoints.iter().any(|old| {
            let on_port = |all: &[EffectiveEndpoint]| -> Vec<Value> {
                let same = all.iter().filter(|each| each.port_name == old.port_name);
                same.map(|each| each.rest.clone()).collect()
            };
            let (then, now) = (on_port(&before.endpoints), on_port(&after.endpoints));
            then.len() == 1 && now.len() == 1 && then != now
        });
    let changed = sent.says(logs, "I5", "the proxy's logs changed and no tag asks for it");
    sent.says(lost, "I5", "members it does not know are lost")
        .or(changed)
        .or_else(|| sent.says(rest, "I5", "an endpoint's other members changed unasked"))
}

/// I9.
fn given_up(sent: &Sent<'_>) -> Broken {
    let last = sent.life.now()?;
    let again = sent.life.given_up.iter().any(|given| {
        given.at <= sent.from
            && given.effective.as_ref() == sent.after
            && sent.throughout(|moment| moment.task_definition == given.task_definition)
            && given.task_definition == last.task_definition
    });
    sent.says(again, "I9", "sent again what ECS had rolled back")
}

/// I11.
fn asked_for(sent: &Sent<'_>, policy: Policy) -> Broken {
    let Some(after) = sent.after else {
        let off = |moment: &Moment| declared(moment).is_some_and(|d| d.mode == Some(Mode::Off));
        let unasked = sent.throughout(|moment| !off(moment));
        return sent.says(unasked, "I11", "switched off, and no tag said off");
    };
    let before = sent.before()?;
    let has = |port: &str| after.endpoints.iter().any(|new| new.port_name == port);
    let removed = before.endpoints.iter().any(|old| !has(&old.port_name));
    let asks = |moment: &Moment| {
        declared(moment).is_some_and(|d| d.mode == Some(Mode::Client) || !d.endpoints.is_empty())
    };
    let unasked = policy == Policy::UpsertOnly || sent.throughout(|moment| !asks(moment));
    sent.says(removed && unasked, "I11", "an endpoint is gone, and nobody asked for it")
}

/// I1: what it newly takes, nobody else may have had all the while, nor may we have given it to them.
fn unique(sent: &Sent<'_>, lives: &BTreeMap<EcsServiceKey, Life>) -> Broken {
    let own = &sent.life.now()?.taken;
    for taken in sent.after?.taken().filter(|taken| !own.contains(taken)) {
        for (other, life) in lives.iter().filter(|(other, _)| *other != sent.key) {
            let window = life.since(sent.from);
            let Some(now) = window.last() else { continue };
            if now.status != EcsServiceStatus::Active || !now.taken.contains(&taken) {
                continue;
            }
            let all_along = window.iter().all(|moment| moment.taken.contains(&taken));
            let by_us = life.ours.contains(&now.primary)
                && now.effective.as_ref().is_some_and(|e| e.taken().any(|t| t == taken));
            if all_along || by_us {
                return sent.says(true, "I1", &format!("takes {taken:?}, which {other} has"));
            }
        }
    }
    None
}

/// I6: a cause lies between the evidence of the write before and this one. A name that somebody gave up meanwhile
/// is one too, even if it was given up by our own hand, as when two services swap theirs.
pub(super) fn flap(
    sent: &Sent<'_>,
    global: Option<Time>,
    lives: &BTreeMap<EcsServiceKey, Life>,
) -> Broken {
    let (written, before) = sent.life.last_write?;
    let since = |at: &Time| *at > before && *at <= sent.now;
    let own = sent.life.causes.last().is_some_and(since);
    let caused = own || sent.global || global.as_ref().is_some_and(since);
    let was_taken = |taken: &Taken| {
        lives.iter().filter(|(other, _)| *other != sent.key).any(|(_, life)| {
            life.since(written).first().is_some_and(|moment| moment.taken.contains(taken))
        })
    };
    let own_now = sent.life.now().map(|moment| &moment.taken);
    let mut new = sent.after.into_iter().flat_map(Effective::taken);
    let freed =
        new.any(|taken| !own_now.is_some_and(|own| own.contains(&taken)) && was_taken(&taken));
    sent.says(!caused && !freed, "I6", "written again though nothing else changed")
}

/// Whether the rollout that runs now is one of our making, or the way back from one, and the controller can
/// know it: after a restart it can tell only by the tags.
fn is_ours(state: &EcsServiceState, life: &Life) -> bool {
    let Some(primary) = state.primary() else { return false };
    if primary.rollout_state != RolloutState::InProgress {
        return false;
    }
    let back = state.records.last();
    let back = back.filter(|r| r.status == ServiceDeploymentStatus::RollbackInProgress);
    let begun = back.map_or(&primary.id, |record| &record.deployment);
    let since = primary.created_at.min(primary.updated_at);
    let opted_in = life.since(since).iter().all(|moment| moment.intent != Intent::NotOptedIn);
    life.ours_since_start.contains(begun) || (life.ours.contains(begun) && opted_in)
}

/// I3: rollouts of our making, by cluster and by namespace, the one just begun included.
pub(super) fn over_budget(
    model: &Model,
    lives: &BTreeMap<EcsServiceKey, Life>,
    (key, settings): (&EcsServiceKey, &Settings),
) -> Broken {
    let stall = u64::try_from(settings.timing.stall.as_millis()).unwrap_or(u64::MAX);
    let namespace_of = |key: &EcsServiceKey| {
        let life = lives.get(key)?;
        let effective = |moment: &Moment| moment.effective.as_ref().map(|e| e.namespace.clone());
        life.now()
            .and_then(effective)
            .or_else(|| life.moments.iter().rev().nth(1).and_then(effective))
    };
    let namespace = namespace_of(key);
    let (mut in_cluster, mut in_namespace) = (Vec::new(), Vec::new());
    for (other, state) in model.services().filter(|(_, s)| s.status == EcsServiceStatus::Active) {
        let Some(life) = lives.get(other).filter(|life| is_ours(state, life)) else { continue };
        let began = life.rolling_since().unwrap_or(model.now());
        if other != key && model.now().since_ms(began) >= stall {
            continue;
        }
        if other.cluster == key.cluster {
            in_cluster.push(other.to_string());
        }
        if namespace.is_some() && namespace_of(other) == namespace {
            in_namespace.push(other.to_string());
        }
    }
    if in_cluster.len() > settings.budget.per_cluster {
        return Some(("I3", format!("{} roll at once in a cluster", in_cluster.join(", "))));
    }
    if in_namespace.len() > settings.budget.per_namespace {
        return Some(("I3", format!("{} roll at once in a namespace", in_namespace.join(", "))));
    }
    None
}
