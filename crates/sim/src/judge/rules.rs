//! One function for each invariant of a write; each says what is broken, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::declaration::{Declaration, Mode, Pause};
use eastwest_core::declare::Intent;
use eastwest_core::document::{Document, Limits};
use eastwest_core::name::DiscoveryName;
use eastwest_core::settings::{Policy, Settings};
use serde_json::{Value, json};

use super::ms;
use super::papers::{Evidence, service_key};
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
    /// Whether it only rolls out anew what is in force.
    pub(super) is_refresh: bool,
    /// What it could rest on in Parameter Store.
    pub(super) evidence: Evidence<'a>,
}

pub(super) type Broken = Option<(&'static str, String)>;

impl Sent<'_> {
    /// Whether it was so throughout the window.
    pub(super) fn throughout(&self, was: impl Fn(&Moment) -> bool) -> bool {
        self.life.since(self.from).iter().all(was)
    }

    /// Everything that was asked of the service, or may have been.
    pub(super) fn asked(&self) -> Vec<Intent> {
        let window = self.life.since(self.from).iter();
        window.flat_map(|each| self.evidence.intents(self.key, each.tagged.as_deref())).collect()
    }

    /// Whether it was said so in every document.
    fn in_every_document(&self, says: impl Fn(&Document) -> bool) -> bool {
        let mut documents = self.evidence.documents.iter();
        documents.all(|document| document.is_some_and(&says))
    }

    /// The configuration that was in force, if it was the same throughout the window.
    pub(super) fn before(&self) -> Option<&Effective> {
        let window = self.life.since(self.from);
        let before = window.last()?.effective.as_deref();
        before.filter(|_| window.iter().all(|m| m.effective.as_deref() == before))
    }

    /// The broken rule, if it is broken.
    pub(super) fn says(&self, is_broken: bool, rule: &'static str, text: &str) -> Broken {
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
        stopped(sent),
        paused(sent),
        allowed(sent, settings.policy),
        onto_a_rollout(sent),
        no_op(sent),
        carried_over(sent),
        given_up(sent),
        asked_for(sent, settings.policy),
        unique(sent, lives),
        claimed(sent),
    ];
    all.into_iter().flatten().collect()
}

/// I5: three members, no more.
pub(super) fn confined(body: &Value) -> Option<String> {
    let members: BTreeSet<&str> =
        body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let change = BTreeSet::from(["cluster", "service", "serviceConnectConfiguration"]);
    let refresh = BTreeSet::from(["cluster", "forceNewDeployment", "service"]);
    (members != change && members != refresh)
        .then(|| format!("a request with the members {members:?}"))
}

/// I2 and I10.
fn opted_in(sent: &Sent<'_>) -> Broken {
    let asked = sent.asked();
    let never = asked.iter().all(|intent| *intent == Intent::NotOptedIn);
    let unclear = asked.iter().all(|intent| intent.declared().is_none());
    let never = sent.says(never, "I2", "a write to a service that has not opted in");
    never.or_else(|| sent.says(unclear, "I10", "a write though its tags cannot be understood"))
}

/// I2: the document stops everything, or none was read that could.
fn stopped(sent: &Sent<'_>) -> Broken {
    let missing = sent.says(sent.evidence.is_missing(), "I2", "a write before a document was read");
    let frozen = sent.in_every_document(|document| document.freeze);
    missing.or_else(|| sent.says(frozen, "I2", "a write though the document says freeze"))
}

fn paused(sent: &Sent<'_>) -> Broken {
    let now = i64::try_from(sent.now.0).unwrap_or(i64::MAX);
    let paused = |intent: &Intent| match intent.declared().and_then(|d| d.pause) {
        Some(Pause::Open) => true,
        Some(Pause::Until(until)) => until.as_millisecond() > now,
        None => false,
    };
    sent.says(sent.asked().iter().all(paused), "I2", "a write though it is paused")
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
    let same =
        !sent.is_refresh && sent.throughout(|moment| moment.effective.as_deref() == sent.after);
    sent.says(same, "I4", "a write that changes nothing")
}

/// I5: logs and what goes along with an endpoint stay unless a tag speaks of them.
fn carried_over(sent: &Sent<'_>) -> Broken {
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

/// A member of a declaration that is carried over where it says nothing.
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
fn speaks(sent: &Sent<'_>, word: &str, kind: Declared) -> bool {
    let is_of_endpoint = !matches!(kind, Declared::Logs | Declared::AccessLogs);
    let spoken = |tag: &String| {
        let name = tag.rsplit('/').next().unwrap_or_default();
        // Without logs there are no access logs.
        let is_said = name == word || (word == "access-logs" && name == "logs");
        is_said || (is_of_endpoint && name.starts_with("endpoint."))
    };
    sent.life.since(sent.from).iter().any(|moment| moment.tags.keys().any(spoken))
        || entry_speaks(sent, |entry| {
            let mut endpoints = entry.endpoints.iter();
            match kind {
                Declared::Logs => entry.logs.is_some(),
                Declared::AccessLogs => entry.access_logs.is_some() || entry.logs.is_some(),
                Declared::TestHeader => entry.test_header.is_some(),
                Declared::Ingress => endpoints.any(|each| each.ingress_port.is_some()),
                Declared::Timeout => {
                    endpoints.any(|each| each.timeout != eastwest_core::connect::Timeout::default())
                }
                Declared::Tls => endpoints.any(|each| each.tls.is_some()),
            }
        })
}

/// Whether an entry, of the document or of a parameter that a tag names, speaks of such a thing.
fn entry_speaks(sent: &Sent<'_>, speaks: impl Fn(&Declaration) -> bool) -> bool {
    let window = sent.life.since(sent.from).iter();
    let mut rests = window.flat_map(|each| sent.evidence.rests(each.tagged.as_deref()));
    rests.any(|rest| rest.declaration.as_deref().is_some_and(&speaks))
        || sent.evidence.entries(sent.key).any(speaks)
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
        let off = |intent: &Intent| intent.declared().is_some_and(|d| d.mode == Some(Mode::Off));
        let unasked = !sent.asked().iter().any(off);
        return sent.says(unasked, "I11", "switched off, and nobody said off");
    };
    let before = sent.before()?;
    let has = |port: &str| after.endpoints.iter().any(|new| new.port_name == port);
    let removed = before.endpoints.iter().any(|old| !has(&old.port_name));
    let asks = |intent: &Intent| {
        intent.declared().is_some_and(|d| d.mode == Some(Mode::Client) || !d.endpoints.is_empty())
    };
    let unasked = policy == Policy::UpsertOnly || !sent.asked().iter().any(asks);
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

/// I1: a name that it newly takes must not be kept for others, whatever of the document was known.
fn claimed(sent: &Sent<'_>) -> Broken {
    let own = &sent.life.now()?.taken;
    let key = service_key(sent.key);
    let mut new = sent.after?.endpoints.iter().map(|each| &each.discovery_name).filter(|name| {
        !own.iter().any(|taken| matches!(taken, Taken::Discovery(_, own) if own == *name))
    });
    let kept = |name: &String| {
        sent.in_every_document(|document| {
            let by = document.claims.get(&DiscoveryName::as_read(name));
            by.is_some_and(|by| !by.contains(&key))
        })
    };
    let name = new.find(|name| !sent.evidence.is_missing() && kept(name))?;
    sent.says(true, "I1", &format!("takes {name}, which the document keeps for others"))
}

/// I6: a cause lies between the evidence of the write before and this one. A name that somebody gave up meanwhile
/// is one too, even if it was given up by our own hand, as when two services swap theirs.
pub(super) fn flap(
    sent: &Sent<'_>,
    global: Option<Time>,
    lives: &BTreeMap<EcsServiceKey, Life>,
) -> Broken {
    let (written, before, all_before) = sent.life.last_write?;
    let since = |at: &Time| *at > before && *at <= sent.now;
    let own = sent.life.causes.last().is_some_and(since);
    let for_all = |at: Time| at > all_before && at <= sent.now;
    let caused = own || sent.global || global.is_some_and(for_all);
    let was_taken = |taken: &Taken| {
        lives.iter().filter(|(other, _)| *other != sent.key).any(|(_, life)| {
            life.since(written).first().is_some_and(|moment| moment.taken.contains(taken))
        })
    };
    let own_now = sent.life.now().map(|moment| &moment.taken);
    let mut new = sent.after.into_iter().flat_map(Effective::taken);
    let freed =
        new.any(|taken| !own_now.is_some_and(|own| own.contains(&taken)) && was_taken(&taken));
    // A refresh answers to what others came to offer, which has a rule of its own.
    let idle = !caused && !freed && !sent.is_refresh && !is_last_of_a_rename(sent);
    sent.says(idle, "I6", "written again though nothing else changed")
}

/// Whether all that goes is an endpoint beside which another serves the same port: the last step of a rename, whose
/// first is a write too.
pub(super) fn is_last_of_a_rename(sent: &Sent<'_>) -> bool {
    let (Some(before), Some(after)) = (sent.before(), sent.after) else { return false };
    let stays = |each: &EffectiveEndpoint| after.endpoints.contains(each);
    let mut gone = before.endpoints.iter().filter(|each| !stays(each));
    after.endpoints.iter().all(|each| before.endpoints.contains(each))
        && gone.all(|old| after.endpoints.iter().any(|new| new.port_name == old.port_name))
}

/// Whether the rollout that runs now is one of our making, or the way back from one, and the controller can
/// know it: after a restart it can tell only by the tags.
fn is_ours(
    (key, state): (&EcsServiceKey, &EcsServiceState),
    life: &Life,
    evidence: &Evidence<'_>,
) -> bool {
    let Some(primary) = state.primary() else { return false };
    if primary.rollout_state != RolloutState::InProgress {
        return false;
    }
    let back = state.records.last();
    let back = back.filter(|r| r.status == ServiceDeploymentStatus::RollbackInProgress);
    let begun = back.map_or(&primary.id, |record| &record.deployment);
    let since = primary.created_at.min(primary.updated_at);
    let asked = |moment: &Moment| evidence.intents(key, moment.tagged.as_deref());
    let mut asked = life.since(since).iter().flat_map(asked);
    let opted_in = asked.all(|intent| intent != Intent::NotOptedIn);
    life.ours_since_start.contains(begun) || (life.ours.contains(begun) && opted_in)
}

/// I3: rollouts of our making, by cluster and by namespace, the one just begun included.
pub(super) fn over_budget(
    model: &Model,
    (lives, evidence): (&BTreeMap<EcsServiceKey, Life>, &Evidence<'_>),
    (key, settings): (&EcsServiceKey, &Settings),
) -> Broken {
    let stall = ms(settings.timing.stall);
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
        let ours = |life: &&Life| is_ours((other, state), life, evidence);
        let Some(life) = lives.get(other).filter(ours) else { continue };
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
    let most = |limit: fn(&Limits) -> Option<usize>, flag: usize| {
        let documents = evidence.documents.iter().flatten();
        documents.map(|document| limit(&document.limits).unwrap_or(flag)).max().unwrap_or(flag)
    };
    let flags = &settings.budget;
    if in_cluster.len() > most(|limits| limits.rollouts_per_cluster, flags.per_cluster) {
        return Some(("I3", format!("{} roll at once in a cluster", in_cluster.join(", "))));
    }
    if in_namespace.len() > most(|limits| limits.rollouts_per_namespace, flags.per_namespace) {
        return Some(("I3", format!("{} roll at once in a namespace", in_namespace.join(", "))));
    }
    None
}
