//! What a controller may do and must not do at any time, or to all at once: fights, waves, windows, mass changes.
//!
//! | rule | says |
//! |---|---|
//! | I8 | what another writer changed back three times within the hour is left alone |
//! | wave | in a namespace nothing begins beside the first rollout of ours that is to complete, nor soon after one that failed |
//! | window | nothing begins while a maintenance window is closed |
//! | I12 | no more services of a namespace change in one go than the limit, unless somebody agreed |

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::declaration::Pause;
use eastwest_core::declare::Intent;
use eastwest_core::document::{Document, MassChange};
use eastwest_core::settings::Settings;
use eastwest_core::windows::{self, Place, Within};

use super::ms;
use super::papers::service_key;
use super::rules::{Broken, Sent, is_last_of_a_rename};
use super::truth::{Effective, Life, Moment};
use crate::model::EcsServiceKey;
use crate::shapes::Time;
use crate::shapes::ecs::RolloutState;

const HOUR_MS: u64 = 3_600_000;
/// How often somebody may change a service back within an hour before it is left alone.
const REVERTS: usize = 3;
/// AWS's memory of deployments that is read.
const REMEMBERED: usize = 15;
/// Two deployments closer than that may be taken for one.
const TOLD_APART_MS: u64 = 5_000;
/// How much later than it happens a failure may be seen.
const KNOWN_MS: u64 = 60_000;
/// How finely a window is looked at.
const STEP_MS: u64 = 5_000;

/// I8: three times within the hour before the window somebody led it from what is now sent to what is there.
pub(super) fn fights(sent: &Sent<'_>) -> Broken {
    let there = sent.life.now()?.effective.as_deref();
    if sent.is_refresh || there == sent.after {
        return None;
    }
    let lately = sent.life.since(sent.now.minus_ms(HOUR_MS));
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut reverts = 0;
    for pair in lately.windows(2) {
        let [one, other] = pair else { continue };
        known.insert(&one.primary);
        let is_new = !known.contains(other.primary.as_str());
        let is_back = one.effective.as_deref() == sent.after
            && other.effective.as_deref() == there
            && other.since.since_ms(one.since) > TOLD_APART_MS;
        let is_foreign = !sent.life.ours.contains(&other.primary);
        reverts += usize::from(is_back && is_new && is_foreign && other.since < sent.from);
    }
    let still = sent.throughout(|moment| moment.effective.as_deref() == there);
    let is_fight = still && reverts >= REVERTS && known.len() <= REMEMBERED;
    sent.says(is_fight, "I8", &format!("set again what was changed back {reverts} times"))
}

/// I3 of waves: where none of ours has completed since the start, one that rolls goes alone.
pub(super) fn wave(
    sent: &Sent<'_>,
    settings: &Settings,
    lives: &BTreeMap<EcsServiceKey, Life>,
) -> Broken {
    let namespace = &sent.after?.namespace;
    let is_there = |moment: &Moment| {
        moment.effective.as_ref().is_some_and(|effective| effective.namespace == *namespace)
    };
    let ours = |life: &Life, moment: &Moment| life.ours_since_start.contains(&moment.primary);
    let goes_well = lives.values().any(|life| {
        let mut moments = life.moments.iter().rev();
        moments.any(|moment| moment.rollout == RolloutState::Completed && ours(life, moment))
    });
    if goes_well {
        return None;
    }
    let stall = ms(settings.timing.stall);
    let first = lives.iter().filter(|(key, _)| *key != sent.key).find(|(_, life)| {
        let rolls = |moment: &Moment| moment.is_rolling() && ours(life, moment) && is_there(moment);
        let young = life.rolling_since().is_some_and(|at| sent.now.since_ms(at) < stall);
        young && life.since(sent.from).iter().all(rolls)
    });
    let (first, _) = first?;
    sent.says(true, "wave", &format!("begins beside {first}, which is to complete first"))
}

/// I3 of waves: what was to change before a rollout of ours failed there waits for a while. `global`: when something
/// changed last that may concern everybody.
pub(super) fn goes_on(
    sent: &Sent<'_>,
    settings: &Settings,
    (lives, global): (&BTreeMap<EcsServiceKey, Life>, Option<Time>),
) -> Broken {
    let namespace = &sent.after?.namespace;
    let wait = ms(settings.timing.backoff_max);
    // That it failed is known by then, whatever went wrong with a reading or two.
    let known = sent.from.minus_ms(2 * ms(settings.timing.interval));
    let is_recent = |at: &Time| *at <= known && sent.now.since_ms(*at) + KNOWN_MS < wait;
    let mut others = lives.iter().filter(|(key, _)| *key != sent.key);
    let (failed, at) = others.find_map(|(key, life)| {
        let failure = life.failures.iter().find(|failure| {
            failure.namespace == *namespace
                && is_recent(&failure.at)
                && life.ours_since_start.contains(&failure.deployment)
        });
        Some((key, failure?.at))
    })?;
    let wanted_since = sent.life.causes.last().copied().max(global)?;
    let was_wanted = wanted_since.plus_ms(3 * ms(settings.timing.interval)) < at;
    let goes_on = was_wanted && is_plain(sent, lives, Some(wanted_since));
    sent.says(goes_on, "wave", &format!("begins soon after the rollout of {failed} failed"))
}

/// The windows of every document that it could rest on were closed all the while.
pub(super) fn windows(sent: &Sent<'_>) -> Broken {
    let documents: Option<Vec<&Document>> = sent.evidence.documents.iter().copied().collect();
    let documents = documents.filter(|all| !all.is_empty())?;
    let key = service_key(sent.key);
    let place = Place { cluster: Some(&key.cluster), namespace: Within::Nothing };
    let closed = |document: &&Document, at: Time| {
        let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
        let at = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX);
        windows::closed(&document.windows, place, at).is_some()
    };
    let steps = sent.now.since_ms(sent.from) / STEP_MS;
    let mut moments = (0..=steps).map(|step| sent.from.plus_ms(step * STEP_MS)).chain([sent.now]);
    let shut = moments.all(|at| documents.iter().all(|document| closed(document, at)));
    sent.says(shut, "window", "a write though no window is open")
}

/// What I12 is judged by.
#[derive(Debug, Clone, Default)]
pub(super) struct Consent {
    /// Since when the latest reading of a service counts that a sweep has brought.
    swept: BTreeMap<EcsServiceKey, Time>,
    /// The same when the last write to each service was decided, and when that was.
    decided: BTreeMap<EcsServiceKey, (Time, BTreeMap<EcsServiceKey, Time>)>,
    /// When somebody agreed last.
    acked: Option<Time>,
    /// Whether something was hidden: it counts as nothing until it is seen again.
    pub(super) is_blind: bool,
    /// Changes made since then, each with what was known when it was decided.
    changes: Vec<Change>,
}

#[derive(Debug, Clone)]
struct Change {
    key: EcsServiceKey,
    namespace: String,
    caused: Time,
    /// When it was decided.
    decided: Time,
    /// What sweeps had brought by then, of each service.
    swept: BTreeMap<EcsServiceKey, Time>,
}

impl Consent {
    pub(super) fn swept(&mut self, key: EcsServiceKey, from: Time) {
        self.swept.insert(key, from);
    }

    pub(super) fn decided(&mut self, key: EcsServiceKey, now: Time) {
        self.decided.insert(key, (now, self.swept.clone()));
    }

    /// Somebody agrees, or the controller ends: what was counted counts no more.
    pub(super) fn begin_anew(&mut self, acked: Option<Time>) {
        self.acked = acked.or(self.acked);
        self.changes.clear();
        if acked.is_none() {
            self.swept.clear();
        }
    }

    /// I12: all of these changes were wanted, and known to be, when the first of them was decided.
    pub(super) fn judge(
        &mut self,
        sent: &Sent<'_>,
        (settings, lives, global): (&Settings, &BTreeMap<EcsServiceKey, Life>, Option<Time>),
    ) -> Broken {
        let everywhere = lives.values().filter_map(|life| life.causes.last().copied());
        let last = everywhere.chain(global).max()?;
        let namespace = sent.after.or(sent.life.now()?.effective.as_deref())?.namespace.clone();
        let caused = sent.life.causes.last().copied()?;
        let limit = limit(sent, settings)?;
        if self.is_blind
            || !is_plain(sent, lives, self.first_at())
            || self.acked.is_some_and(|at| caused <= at)
        {
            return None;
        }
        if self.first_at().is_some_and(|first| last >= first) {
            self.changes.clear();
        }
        self.changes.retain(|change| change.key != *sent.key);
        let (decided, swept) = self.decided.get(sent.key).cloned()?;
        let (key, namespace_of_it) = (sent.key.clone(), namespace.clone());
        self.changes.push(Change { key, namespace: namespace_of_it, caused, decided, swept });
        let first = self.changes.first()?;
        if last >= first.decided {
            self.changes.clear();
            return None;
        }
        let is_known = |change: &&Change| {
            first.swept.get(&change.key).is_some_and(|from| *from > change.caused)
        };
        let there = self.changes.iter().filter(|change| change.namespace == namespace);
        let known = there.filter(is_known).count();
        let text = format!("{known} services of a namespace changed, and nobody agreed");
        sent.says(known > limit, "I12", &text)
    }

    fn first_at(&self) -> Option<Time> {
        self.changes.first().map(|first| first.decided)
    }
}

/// How many may change, where that is a number.
fn limit(sent: &Sent<'_>, settings: &Settings) -> Option<usize> {
    let said = |document: Option<&Document>| {
        document.and_then(|document| document.limits.mass_change).unwrap_or(settings.mass_change)
    };
    let counts = sent.evidence.documents.iter().copied().map(said).map(|share| match share {
        MassChange::Count(count) => Some(count),
        MassChange::Percent(_) => None,
    });
    counts.collect::<Option<Vec<usize>>>()?.into_iter().max()
}

/// Whether a change could be made all along: it waited for nobody's name, pause, refusal or truce.
fn is_plain(sent: &Sent<'_>, lives: &BTreeMap<EcsServiceKey, Life>, first: Option<Time>) -> bool {
    let since = first.unwrap_or(sent.from).min(sent.from);
    // What it had itself, and lost, ECS may have been slow to remove from Cloud Map.
    let own_since = since.minus_ms(HOUR_MS);
    let was_taken = |taken| {
        lives.iter().any(|(other, life)| {
            let since = if other == sent.key { own_since } else { since };
            let had = |moment: &Moment| moment.taken.contains(&taken);
            let has = other == sent.key && life.now().is_some_and(had);
            !has && life.since(since).iter().any(had)
        })
    };
    let freed = sent.after.into_iter().flat_map(Effective::taken).any(was_taken);
    let until = |intent: &Intent| {
        let pause = intent.declared().and_then(|declaration| declaration.pause);
        matches!(pause, Some(Pause::Until(_)))
    };
    let foreign = |moment: &Moment| {
        !sent.life.ours.contains(&moment.primary) && moment.created_at < moment.since
    };
    let written_before = sent.life.last_write.is_some();
    let is_fought = written_before && sent.life.moments.iter().any(foreign);
    !sent.is_refresh
        && !freed
        && !is_fought
        && sent.life.refused.is_none()
        && !sent.asked().iter().any(until)
        && !is_last_of_a_rename(sent)
}
