//! What is due, what runs, and which steps are being confirmed.
//!
//! **Invariant:** no job runs twice at once. A job that failed comes back later and later.
//!
//! **Invariant:** at most [`QUESTIONS_AT_ONCE`] questions run at once, and at most [`SWEEPS_AT_ONCE`] sweeps. No cluster
//! is swept again beside one that is swept for the first time: nothing is written before each was seen once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::effect::Effect;
use super::nudges::Nudges;
use super::polls::Polls;
use super::queue::Queue;
use crate::declaration::settings::{Timing, backoff};
use crate::ecs::name::ClusterName;
use crate::ecs::queue::QueueUrl;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::action::Action;
use crate::plan::hold::Hold;
use crate::plan::prerequisite::Prerequisite;
use crate::plan::{Missing, Plan};
use crate::view::hint::Hint;
use crate::view::reading::{Answer, Question};

/// How many questions run at once. More of them would only wait for the API quota.
const QUESTIONS_AT_ONCE: usize = 16;
/// How many clusters are swept at once. A sweep holds what it has read until its end, and more of them would only share
/// the API quota; beside a cluster of thousands the small ones have their turns.
const SWEEPS_AT_ONCE: usize = 2;

/// Something that falls due again and again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Job {
    /// List the clusters.
    FindClusters,
    /// Read all of a cluster.
    Sweep(ClusterName),
    /// Read some services of a cluster between two sweeps.
    Poll(ClusterName),
    /// Read something that the plan lacks.
    Ask(Question),
    /// Make something that services wait for.
    Make(Prerequisite),
    /// Wait for messages of the queue.
    Receive(QueueUrl),
}

impl Job {
    fn is_question(&self) -> bool {
        matches!(self, Self::Ask(_))
    }

    fn is_sweep(&self) -> bool {
        matches!(self, Self::Sweep(_))
    }

    fn is_first_sweep(&self, swept: &BTreeSet<ClusterName>) -> bool {
        matches!(self, Self::Sweep(cluster) if !swept.contains(cluster))
    }

    fn is_receive(&self) -> bool {
        matches!(self, Self::Receive(_))
    }

    fn is_other(&self) -> bool {
        !self.is_question() && !self.is_sweep() && !self.is_receive()
    }
}

/// A step whose target is being read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Confirming {
    /// What the step does.
    pub(super) action: Action,
    /// Since when its target is being read.
    pub(super) since: Now,
}

/// What is due, what runs, and which steps are being confirmed.
#[derive(Debug, Clone, Default)]
pub(super) struct Work {
    queue: Queue<Job>,
    confirming: BTreeMap<ServiceKey, Confirming>,
    /// When the sweeps under way began.
    sweeping: BTreeMap<ClusterName, Now>,
    /// The clusters that were swept before.
    swept: BTreeSet<ClusterName>,
    /// Whether another process is the one to receive messages.
    leaves_messages: bool,
    /// The looks that hints bring forward.
    nudges: Nudges,
    /// The services that a hint brought up, until a poll reads them.
    nudged: BTreeSet<ServiceKey>,
}

impl Work {
    /// Makes a job due at `at`, or earlier if it already is.
    pub(super) fn push(&mut self, job: Job, at: Now) {
        self.queue.push(job, at);
    }

    /// Notes how a job ended.
    pub(super) fn ended(&mut self, job: &Job, succeeded: bool) {
        self.queue.ended(job, succeeded);
    }

    /// Notes that the question of this answer was answered.
    pub(super) fn answered(&mut self, answer: &Answer) {
        let asked = |job: &Job| matches!(job, Job::Ask(question) if answer.answers(question));
        self.queue.ended_where(asked, answer.succeeded());
    }

    /// Whether the last run of a job failed.
    pub(super) fn is_failing(&self, job: &Job) -> bool {
        self.queue.failures(job) > 0
    }

    /// When a failed job comes back: soon, then later and later, but no later than after a success.
    pub(super) fn retry_at(&self, job: &Job, timing: &Timing, now: Now) -> Now {
        let failures = self.queue.failures(job).saturating_sub(1);
        let longest = timing.interval.max(timing.backoff_min);
        now.plus(backoff(timing, failures).min(longest))
    }

    /// Takes out when the sweep of a cluster began, if one was under way.
    pub(super) fn take_sweep(&mut self, cluster: &ClusterName) -> Option<Now> {
        self.swept.insert(cluster.clone());
        self.sweeping.remove(cluster)
    }

    /// Drops all confirmations and sweeps every cluster again.
    pub(super) fn start_again<'a>(
        &mut self,
        clusters: impl Iterator<Item = &'a ClusterName>,
        now: Now,
    ) {
        self.confirming.clear();
        for cluster in clusters {
            self.queue.push(Job::Sweep(cluster.clone()), now);
        }
    }

    /// Queues these questions, each no earlier than its failures allow.
    pub(super) fn ask(&mut self, questions: BTreeSet<Question>, timing: &Timing, now: Now) {
        for question in questions {
            self.queue.ask(&Job::Ask(question), timing, now);
        }
    }

    /// Queues the making of what the plan lacks and nothing holds.
    pub(super) fn make(&mut self, plan: &Plan, timing: &Timing, now: Now) {
        for missing in plan.missing.iter().filter(|missing| may_be_made(missing)) {
            self.queue.ask(&Job::Make(missing.prerequisite.clone()), timing, now);
        }
    }

    /// Queues the polls.
    pub(super) fn poll(&mut self, polls: &Polls, at: Now) {
        for cluster in polls.clusters() {
            self.queue.push_if_absent(Job::Poll(cluster.clone()), at);
        }
    }

    /// Starts the read before a write for every step of the plan.
    pub(super) fn confirm(&mut self, plan: &Plan, now: Now) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (key, action) in plan.steps() {
            if !self.confirming.contains_key(key) {
                let confirming = Confirming { action: action.clone(), since: now };
                self.confirming.insert(key.clone(), confirming);
                effects.push(Effect::Confirm(key.clone()));
            }
        }
        effects
    }

    /// Takes out the step whose target was read again.
    pub(super) fn take_confirming(&mut self, key: &ServiceKey) -> Option<Confirming> {
        self.confirming.remove(key)
    }

    /// Receives messages from now on, or leaves them to another process.
    pub(super) fn receive_messages(&mut self, receives: bool) {
        self.leaves_messages = !receives;
    }

    /// Notes what a message points at. False if too much waits already.
    pub(super) fn nudge(&mut self, hint: Hint, now: Now) -> bool {
        self.nudges.note(hint, now)
    }

    /// Since when a message about this service waits for its effect, if one does.
    pub(super) fn nudged_since(&self, key: &ServiceKey) -> Option<Now> {
        self.nudges.since(&Hint::Service(key.clone()))
    }

    /// Takes what hints make due: services are read by the next poll, and all else by a question.
    pub(super) fn follow_hints(&mut self, lag: Duration, now: Now) {
        for hint in self.nudges.take_due(lag, now) {
            match hint {
                Hint::Service(key) => {
                    self.queue.push(Job::Poll(key.cluster.clone()), now);
                    self.nudged.insert(key);
                }
                Hint::Parameter(name) => {
                    self.queue.push(Job::Ask(Question::Parameters(name)), now);
                }
                Hint::Namespaces => self.queue.push(Job::Ask(Question::Namespaces), now),
                Hint::Clusters => self.queue.push(Job::FindClusters, now),
            }
        }
    }

    /// The services that a hint brought up and no poll has read yet.
    pub(super) fn nudged(&self) -> impl Iterator<Item = &ServiceKey> {
        self.nudged.iter()
    }

    /// The services of a poll that begins, which are no longer to be brought up.
    fn take_poll(
        &mut self,
        polls: &mut Polls,
        cluster: &ClusterName,
        now: Now,
    ) -> Option<BTreeSet<ServiceKey>> {
        let services = polls.take(cluster)?;
        self.nudged.retain(|key| !services.contains(key));
        if self.nudged.iter().any(|key| key.cluster == *cluster) {
            // More than one poll reads: the next one follows at once.
            self.queue.push(Job::Poll(cluster.clone()), now);
        }
        Some(services)
    }

    /// Starts every job that is due. Something is made only if it may be.
    pub(super) fn start_due(
        &mut self,
        mut polls: Polls,
        plan: &Plan,
        may_make: bool,
        now: Now,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        for job in self.take_due(now) {
            match job {
                Job::FindClusters => effects.push(Effect::FindClusters),
                Job::Sweep(cluster) => {
                    self.sweeping.insert(cluster.clone(), now);
                    effects.push(Effect::Sweep(cluster));
                }
                Job::Ask(question) => effects.push(Effect::Ask(question)),
                // Since it fell due, it may have become frozen or needless, or a lease may have expired.
                Job::Make(prerequisite) if !may_make || !is_to_be_made(plan, &prerequisite) => {
                    self.queue.ended(&Job::Make(prerequisite), true);
                }
                Job::Make(prerequisite) => effects.push(Effect::Make(prerequisite)),
                Job::Receive(queue) => effects.push(Effect::Receive(queue)),
                Job::Poll(cluster) => match self.take_poll(&mut polls, &cluster, now) {
                    Some(services) => effects.push(Effect::Refresh(cluster, services)),
                    None => self.queue.ended(&Job::Poll(cluster), true),
                },
            }
        }
        effects
    }

    /// Takes the jobs that are due, and of the questions and the sweeps as many as may run.
    fn take_due(&mut self, now: Now) -> Vec<Job> {
        let mut jobs = self.queue.take_due(now, usize::MAX, Job::is_other);
        if !self.leaves_messages {
            jobs.extend(self.queue.take_due(now, 1, Job::is_receive));
        }
        let is_first = |job: &Job| job.is_first_sweep(&self.swept);
        jobs.extend(self.queue.take_due(now, self.free_for_sweeps(), is_first));
        if self.may_sweep_again() {
            jobs.extend(self.queue.take_due(now, self.free_for_sweeps(), Job::is_sweep));
        }
        // What reads much comes before what reads a part of it again.
        jobs.sort_unstable();
        jobs.extend(self.queue.take_due(now, self.free_for_questions(), Job::is_question));
        jobs
    }

    fn free_for_sweeps(&self) -> usize {
        SWEEPS_AT_ONCE.saturating_sub(self.queue.running(Job::is_sweep))
    }

    fn may_sweep_again(&self) -> bool {
        self.queue.running(|job| job.is_first_sweep(&self.swept)) == 0
    }

    fn free_for_questions(&self) -> usize {
        QUESTIONS_AT_ONCE.saturating_sub(self.questions_running())
    }

    /// When the next job falls due. Those that only wait for others to end do not count.
    pub(super) fn next_due(&self) -> Option<Now> {
        let (may_ask, may_sweep) = (self.free_for_questions() > 0, self.free_for_sweeps() > 0);
        let may_sweep_again = self.may_sweep_again();
        self.queue.next_due(|job| match job {
            Job::Ask(_) => may_ask,
            Job::Sweep(_) => may_sweep && (may_sweep_again || job.is_first_sweep(&self.swept)),
            Job::Receive(_) => !self.leaves_messages,
            Job::FindClusters | Job::Poll(_) | Job::Make(_) => true,
        })
    }

    /// When the next look that a hint brings forward is due.
    pub(super) fn next_hint(&self) -> Option<Now> {
        self.nudges.next_due()
    }

    /// How many questions run.
    pub(super) fn questions_running(&self) -> usize {
        self.queue.running(Job::is_question)
    }

    /// Whether something is being made that services wait for.
    pub(super) fn is_making(&self) -> bool {
        self.queue.running(|job| matches!(job, Job::Make(_))) > 0
    }

    /// Whether a step is being confirmed.
    pub(super) fn is_confirming(&self) -> bool {
        !self.confirming.is_empty()
    }

    /// How many jobs wait or run.
    pub(super) fn depth(&self) -> usize {
        self.queue.depth() + self.nudges.len()
    }
}

fn is_to_be_made(plan: &Plan, prerequisite: &Prerequisite) -> bool {
    let mut missing = plan.missing.iter();
    missing.any(|missing| missing.prerequisite == *prerequisite && may_be_made(missing))
}

/// Whether nothing holds it now. The queue delays what failed before.
fn may_be_made(missing: &Missing) -> bool {
    matches!(missing.hold, None | Some(Hold::Refused(_)))
}

#[cfg(test)]
mod tests;
