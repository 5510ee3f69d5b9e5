//! How a rollout goes on: tasks start and stop step by step until the newest deployment is all there is.
//!
//! Invariants: the two percentages hold at every step; the last step of a rollout that completes falls
//! exactly on the end its script gives. A step of a superseded rollout does nothing. A rollout that has no
//! room to move says so in a service event and waits, as AWS's does (DG:service-event-messages-list). A
//! change of the desired count alone moves tasks in the same way and changes no state.

use super::apply::end_record;
use super::events::Event;
use super::percent::{Counts, Limits};
use super::{
    Deployment, EcsServiceKey, EcsServiceState, EcsTask, Model, Rollout, RolloutKind,
    RolloutOutcome, RolloutScript, StoppedTask,
};
use crate::shapes::ecs::{
    BreakerStatus, DeploymentStatus, EcsServiceStatus, RolloutState, ServiceDeploymentStatus,
};

/// In how many rounds of failing tasks a failing deployment reaches its threshold.
const FAILING_ROUNDS: u64 = 3;

/// DG:service-event-messages-list.
const WEDGED: &str = "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";

/// How many ended tasks a service remembers.
const STOPPED_MAX: usize = 50;

impl Model {
    /// Begins to move tasks towards the PRIMARY deployment.
    pub(super) fn begin_rollout(&mut self, key: &EcsServiceKey, kind: RolloutKind) {
        let script = self.script(key, kind);
        let now = self.now;
        let state = self.change(key);
        let limits = limits(state);
        let steps = match script.outcome {
            RolloutOutcome::Fail if state.desired > 0 => FAILING_ROUNDS,
            // One more than it takes: the last one finds everything in place.
            _ => counts(state).steps(limits).unwrap_or(1) + 1,
        };
        state.generation += 1;
        state.rollout = Some(Rollout { kind, script, began: now, step: 0, steps });
        self.move_tasks(key);
        self.settle_connect(key);
        self.schedule_step(key);
    }

    fn script(&self, key: &EcsServiceKey, kind: RolloutKind) -> RolloutScript {
        let fixed = |seconds| RolloutScript { seconds, outcome: RolloutOutcome::Complete };
        match kind {
            RolloutKind::Deploy => {
                let script = self.scripts.get(key).copied();
                script.unwrap_or(fixed(self.timings.rollout_seconds))
            }
            RolloutKind::Rollback => fixed(self.timings.rollback_seconds),
            RolloutKind::Scale => fixed(self.timings.scale_seconds),
        }
    }

    /// Moves tasks to a changed desired count, unless a rollout that is under way will do so.
    pub(super) fn scale(&mut self, key: &EcsServiceKey) {
        let state = self.change(key);
        let deploying = state.rollout.is_some_and(|rollout| rollout.kind != RolloutKind::Scale);
        if deploying {
            return;
        }
        if !self.switches.scale_out_uses_old_snapshot {
            let connect = self.service(key).and_then(|service| service.connect().cloned());
            let list = self.endpoint_list(connect.as_deref());
            if let Some(primary) = self.change(key).deployments.first_mut() {
                primary.lists.push(list);
            }
        }
        self.begin_rollout(key, RolloutKind::Scale);
    }

    fn schedule_step(&mut self, key: &EcsServiceKey) {
        let Some(state) = self.service(key) else { return };
        let Some(rollout) = state.rollout else { return };
        let event = Event::Step { key: key.clone(), generation: state.generation };
        self.schedule(rollout.next_at(), event);
    }

    /// One step of the rollout of that generation.
    pub(super) fn step(&mut self, key: &EcsServiceKey, generation: u64) {
        let Some(state) = self.service(key) else { return };
        if state.generation != generation || state.status != EcsServiceStatus::Active {
            return;
        }
        let Some(mut rollout) = state.rollout else { return };
        rollout.step += 1;
        let desired = state.desired;
        self.change(key).rollout = Some(rollout);
        match rollout.script.outcome {
            RolloutOutcome::Stall => self.change(key).rollout = None,
            RolloutOutcome::Fail if desired > 0 => self.failing_step(key, rollout),
            _ => self.moving_step(key, rollout),
        }
        self.settle_connect(key);
    }

    fn moving_step(&mut self, key: &EcsServiceKey, rollout: Rollout) {
        let now = self.now;
        let state = self.change(key);
        let (before, limits) = (counts(state), limits(state));
        if before.settled(limits) {
            if rollout.step >= rollout.steps {
                return self.finish(key, rollout);
            }
        } else if before.fresh_pending > 0 {
            let primary = state.deployments.first_mut().into_iter();
            for task in primary.flat_map(|primary| &mut primary.tasks) {
                task.started_at = task.started_at.or(Some(now));
            }
        } else {
            self.move_tasks(key);
            let after = counts(self.change(key));
            if after == before {
                self.change(key).rollout = None;
                return self.say(key, WEDGED);
            }
        }
        self.drop_superseded(key);
        self.schedule_step(key);
    }

    /// A superseded deployment whose tasks are gone is shown no longer; one that completed once stays
    /// until the rollout is over, because a rollback would need it.
    fn drop_superseded(&mut self, key: &EcsServiceKey) {
        self.change(key).deployments.retain(|each| {
            let superseded = each.status != DeploymentStatus::Primary
                && each.rollout_state == RolloutState::InProgress;
            !superseded || !each.tasks.is_empty()
        });
    }

    /// Every pending task of the PRIMARY deployment fails, and new ones take their places.
    fn failing_step(&mut self, key: &EcsServiceKey, rollout: Rollout) {
        let now = self.now;
        let state = self.change(key);
        let threshold = super::Breaker::threshold(state.desired);
        let (round, rounds) = (rollout.step, rollout.steps);
        let due = u64::from(threshold) * round / rounds;
        let failures = u32::try_from(due).unwrap_or(threshold);
        let Some(primary) = state.deployments.first_mut() else { return };
        primary.failed_tasks = failures;
        primary.updated_at = now;
        let (id, revision) = (primary.id.clone(), primary.revision.clone());
        let (kept, failed) = primary.tasks.drain(..).partition(|task| task.started_at.is_some());
        primary.tasks = kept;
        let failed: Vec<EcsTask> = failed;
        for task in failed {
            let deployment = id.clone();
            let revision = revision.clone();
            remember(
                state,
                StoppedTask { task, deployment, revision, stopped_at: now, failed: true },
            );
        }
        self.change_newest_record(key, |record| record.failures = failures);
        if round < rounds {
            self.move_tasks(key);
            self.schedule_step(key);
        } else {
            self.failed(key);
        }
    }

    /// Starts and stops what the percentages allow now.
    fn move_tasks(&mut self, key: &EcsServiceKey) {
        let now = self.now;
        let state = self.change(key);
        let moves = counts(state).moves(limits(state));
        let ids: Vec<u128> = (0..moves.start).map(|_| self.ids.wide()).collect();
        let state = self.change(key);
        let mut ended = Vec::new();
        let mut stop_old = moves.stop_old as usize;
        for deployment in state.deployments.iter_mut().skip(1).rev() {
            let kept = deployment.tasks.len().saturating_sub(stop_old);
            let taken = deployment.tasks.split_off(kept);
            stop_old -= taken.len();
            ended.extend(taken.into_iter().map(|task| stopped(deployment, task, now)));
        }
        if let Some(primary) = state.deployments.first_mut() {
            let kept = primary.tasks.len().saturating_sub(moves.stop_fresh as usize);
            let taken = primary.tasks.split_off(kept);
            ended.extend(taken.into_iter().map(|task| stopped(primary, task, now)));
            let list = primary.lists.len().saturating_sub(1);
            let task = |id| EcsTask { id, created_at: now, started_at: None, list };
            primary.tasks.extend(ids.into_iter().map(task));
        }
        let (started, gone) = (moves.start, ended.len());
        for task in ended {
            remember(state, task);
        }
        if started > 0 {
            self.say(key, &format!("has started {started} tasks."));
        }
        if gone > 0 {
            self.say(key, &format!("has stopped {gone} running tasks."));
        }
    }

    /// Ends the pending tasks of every deployment.
    pub(super) fn end_pending(&mut self, key: &EcsServiceKey) {
        let now = self.now;
        let state = self.change(key);
        let mut ended = Vec::new();
        for deployment in &mut state.deployments {
            let (kept, taken) =
                deployment.tasks.drain(..).partition(|task| task.started_at.is_some());
            deployment.tasks = kept;
            let taken: Vec<EcsTask> = taken;
            ended.extend(taken.into_iter().map(|task| stopped(deployment, task, now)));
        }
        for task in ended {
            remember(state, task);
        }
    }

    /// The PRIMARY deployment is all there is.
    fn finish(&mut self, key: &EcsServiceKey, rollout: Rollout) {
        let now = self.now;
        let state = self.change(key);
        state.rollout = None;
        if rollout.kind == RolloutKind::Scale {
            return self.say(key, "has reached a steady state.");
        }
        let back = rollout.kind == RolloutKind::Rollback;
        // After a rollback the deployment that failed is shown for a while.
        state.deployments.retain(|each| {
            each.status == DeploymentStatus::Primary
                || (back && each.rollout_state == RolloutState::Failed)
        });
        let Some(primary) = state.deployments.first_mut() else { return };
        primary.rollout_state = RolloutState::Completed;
        primary.reason = format!("ECS deployment {} completed.", primary.id);
        primary.updated_at = now;
        primary.completed_once = true;
        let id = primary.id.clone();
        let failed = state.deployments.iter().skip(1).map(|each| each.id.clone());
        let failed: Vec<String> = failed.collect();
        let status = if back {
            ServiceDeploymentStatus::RollbackSuccessful
        } else {
            ServiceDeploymentStatus::Successful
        };
        self.change_newest_record(key, |record| {
            end_record(record, status, now);
            if record.breaker == BreakerStatus::Monitoring {
                record.breaker = BreakerStatus::MonitoringComplete;
            }
        });
        self.say(key, &format!("(deployment {id}) deployment completed."));
        self.say(key, "has reached a steady state.");
        let at = now.plus_seconds(self.timings.failed_visible_seconds);
        for deployment in failed {
            self.schedule(at, Event::FailedGone { key: key.clone(), deployment });
        }
    }
}

fn limits(state: &EcsServiceState) -> Limits {
    Limits::of(state.desired, state.settings.minimum_percent, state.settings.maximum_percent)
}

/// Tasks by generation; pending tasks of older deployments have ended when they were superseded.
fn counts(state: &EcsServiceState) -> Counts {
    let (fresh, old) = match state.deployments.split_first() {
        Some((fresh, old)) => (Some(fresh), old),
        None => (None, state.deployments.as_slice()),
    };
    Counts {
        fresh_running: fresh.map_or(0, Deployment::running),
        fresh_pending: fresh.map_or(0, Deployment::pending),
        old_running: old.iter().map(Deployment::running).sum(),
    }
}

pub(super) fn stopped(
    deployment: &Deployment,
    task: EcsTask,
    stopped_at: crate::shapes::Time,
) -> StoppedTask {
    let revision = deployment.revision.clone();
    StoppedTask { task, deployment: deployment.id.clone(), revision, stopped_at, failed: false }
}

pub(super) fn remember(state: &mut EcsServiceState, task: StoppedTask) {
    state.stopped.push_back(task);
    if state.stopped.len() > STOPPED_MAX {
        state.stopped.pop_front();
    }
}
