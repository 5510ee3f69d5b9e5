//! How a rollout goes on: tasks start and stop step by step until only the newest deployment has tasks.
//!
//! Invariants: the two percentages hold at every step; the last step of a rollout that completes falls
//! exactly on the end its script gives. A step of a superseded rollout does nothing. A rollout that has no
//! room to move says so in a service event and waits, as AWS's does (DG:service-event-messages-list). A
//! change of the desired count alone moves tasks in the same way and changes no state.

use std::sync::Arc;

use super::apply::end_record;
use super::percent::{Counts, Limits};
use super::records::Event;
use super::{
    Deployment, EcsServiceKey, EcsServiceState, EcsTask, Model, Rollout, RolloutKind,
    RolloutOutcome, RolloutScript, StoppedTask,
};
use crate::shapes::Time;
use crate::shapes::ecs::{
    BreakerStatus, DeploymentLifecycleHookStage, DeploymentStatus, EcsServiceStatus, RolloutState,
    ServiceDeploymentStatus,
};

/// In how many rounds of failing tasks a failing deployment reaches its threshold.
const FAILING_ROUNDS: u64 = 3;

/// DG:service-event-messages-list.
const WEDGED: &str = "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";

/// DG:service-event-messages-list.
const NO_INSTANCE: &str = "was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";

/// DG:service-event-messages-list.
const NO_CAPACITY: &str = "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";

/// How many ended tasks a service remembers.
const STOPPED_MAX: usize = 50;

impl Model {
    /// Begins to move tasks towards the PRIMARY deployment.
    pub(super) fn begin_rollout(&mut self, key: &EcsServiceKey, kind: RolloutKind) {
        let script = self.script(key, kind);
        let now = self.now;
        let deploys = kind == RolloutKind::Deploy;
        if deploys && self.shifts(key) {
            let fails = script.outcome == RolloutOutcome::Fail;
            return self.begin_shift(key, script, if fails { FAILING_ROUNDS } else { 1 });
        }
        let state = self.change(key);
        let steps = steps(state, script);
        state.generation += 1;
        let phases = Arc::default();
        state.rollout = Some(Rollout { kind, script, began: now, step: 0, steps, phases });
        let waits = deploys && self.waits(key, DeploymentLifecycleHookStage::PreScaleUp, 0);
        if !waits {
            self.move_tasks(key);
        }
        self.settle_connect(key);
        if !waits {
            self.schedule_step(key);
        }
    }

    /// A rollout that waited goes on.
    pub(super) fn resume(&mut self, key: &EcsServiceKey) {
        let now = self.now;
        let state = self.change(key);
        let Some(mut rollout) = state.rollout.clone() else { return };
        if !rollout.phases.is_empty() {
            return self.enter_phase(key);
        }
        if rollout.step > 0 && counts(state).settled(limits(state)) {
            return self.finish(key, rollout.kind);
        }
        rollout.began = now;
        rollout.step = 0;
        rollout.steps = steps(state, rollout.script);
        state.rollout = Some(rollout);
        self.move_tasks(key);
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
            RolloutKind::Scale | RolloutKind::Fill => fixed(self.timings.scale_seconds),
        }
    }

    /// Moves tasks to a changed desired count, unless a rollout that is under way will do so. A deployment
    /// that FAILED starts no tasks (API:Deployment).
    pub(super) fn scale(&mut self, key: &EcsServiceKey) {
        let state = self.change(key);
        let rolls =
            |rollout: &Rollout| matches!(rollout.kind, RolloutKind::Deploy | RolloutKind::Rollback);
        let failed = state.primary().is_some_and(|each| each.rollout_state == RolloutState::Failed);
        if failed || state.rollout.as_ref().is_some_and(rolls) {
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
        let Some(rollout) = &state.rollout else { return };
        self.schedule_step_at(key, rollout.next_at());
    }

    pub(super) fn schedule_step_at(&mut self, key: &EcsServiceKey, at: Time) {
        let Some(state) = self.service(key) else { return };
        let event = Event::Step { key: key.clone(), generation: state.generation };
        self.schedule(at, event);
    }

    /// One step of the rollout of that generation.
    pub(super) fn step(&mut self, key: &EcsServiceKey, generation: u64) {
        let Some(state) = self.service(key) else { return };
        if state.generation != generation || state.status != EcsServiceStatus::Active {
            return;
        }
        let Some(mut rollout) = state.rollout.clone() else { return };
        let desired = state.desired;
        if rollout.phases.is_empty() {
            rollout.step += 1;
            self.change(key).rollout = Some(rollout.clone());
            match rollout.script.outcome {
                RolloutOutcome::Stall => self.stall(key),
                RolloutOutcome::Fail if desired > 0 => self.failing_step(key, &rollout),
                _ => self.moving_step(key, &rollout),
            }
        } else {
            self.end_phase(key, rollout);
        }
        self.settle_connect(key);
    }

    /// The tasks stay pending for ever, and ECS says why.
    pub(super) fn stall(&mut self, key: &EcsServiceKey) {
        let state = self.change(key);
        state.rollout = None;
        let primary = state.primary();
        let pending = primary.is_some_and(|each| each.pending() > 0);
        let launch_type = primary.and_then(|each| each.revision.spec.launch_type.as_deref());
        let text = if launch_type == Some("FARGATE") { NO_CAPACITY } else { NO_INSTANCE };
        if pending {
            self.say(key, text);
            self.announce_placement_failure(key);
        }
    }

    fn moving_step(&mut self, key: &EcsServiceKey, rollout: &Rollout) {
        let state = self.change(key);
        let (before, limits) = (counts(state), limits(state));
        let deploys = rollout.kind == RolloutKind::Deploy;
        if before.settled(limits) {
            if rollout.step >= rollout.steps {
                let here = DeploymentLifecycleHookStage::PostScaleUp;
                if !(deploys && self.waits(key, here, 1)) {
                    self.finish(key, rollout.kind);
                }
                return;
            }
        } else if before.fresh_pending > 0 {
            self.run_pending(key);
            if deploys && self.succeeds_early(key) {
                return;
            }
        } else {
            self.move_tasks(key);
            let after = counts(self.change(key));
            if after == before {
                self.change(key).rollout = None;
                // A deployment that is done only waits for its old tasks to go.
                if rollout.kind != RolloutKind::Fill {
                    self.say(key, WEDGED);
                }
                return;
            }
        }
        self.drop_superseded(key);
        self.schedule_step(key);
    }

    /// The PRIMARY deployment's pending tasks come to run.
    pub(super) fn run_pending(&mut self, key: &EcsServiceKey) {
        let now = self.now;
        let primary = self.change(key).deployments.first_mut().into_iter();
        for task in primary.flat_map(|primary| &mut primary.tasks) {
            task.started_at = task.started_at.or(Some(now));
        }
    }

    /// A superseded deployment whose tasks are gone is shown no longer; one that completed once stays
    /// until the rollout is over, because a rollback would need it.
    pub(super) fn drop_superseded(&mut self, key: &EcsServiceKey) {
        self.change(key).deployments.retain(|each| {
            let superseded = each.status != DeploymentStatus::Primary
                && each.rollout_state == RolloutState::InProgress;
            !superseded || !each.tasks.is_empty()
        });
    }

    /// Every pending task of the PRIMARY deployment fails, and new ones take their places.
    fn failing_step(&mut self, key: &EcsServiceKey, rollout: &Rollout) {
        let (round, rounds) = (rollout.step, rollout.steps);
        self.fail_pending(key, round, rounds);
        if round < rounds {
            self.move_tasks(key);
            self.schedule_step(key);
        } else {
            self.failed(key);
        }
    }

    /// Every pending task of the PRIMARY deployment fails; the last round reaches the threshold.
    pub(super) fn fail_pending(&mut self, key: &EcsServiceKey, round: u64, rounds: u64) {
        let now = self.now;
        let state = self.change(key);
        let threshold = super::Breaker::threshold(state.desired);
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
    }

    /// Starts and stops what the percentages allow now.
    fn move_tasks(&mut self, key: &EcsServiceKey) {
        let now = self.now;
        let state = self.change(key);
        let fills = state.rollout.as_ref().is_some_and(|each| each.kind == RolloutKind::Fill);
        let (counts, limits) = (counts(state), limits(state));
        let moves = if fills { counts.fill(limits) } else { counts.moves(limits) };
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
    pub(super) fn finish(&mut self, key: &EcsServiceKey, kind: RolloutKind) {
        let state = self.change(key);
        state.rollout = None;
        let back = kind != RolloutKind::Deploy;
        // After a rollback the deployment that failed is shown for a while.
        state.deployments.retain(|each| {
            each.status == DeploymentStatus::Primary
                || (back && each.rollout_state == RolloutState::Failed)
        });
        if matches!(kind, RolloutKind::Deploy | RolloutKind::Rollback) {
            self.complete(key, kind);
        }
        self.say(key, "has reached a steady state.");
        self.announce_steady_state(key);
    }

    /// The PRIMARY deployment is COMPLETED.
    pub(super) fn complete(&mut self, key: &EcsServiceKey, kind: RolloutKind) {
        let now = self.now;
        let back = kind == RolloutKind::Rollback;
        let state = self.change(key);
        let Some(primary) = state.deployments.first_mut() else { return };
        primary.rollout_state = RolloutState::Completed;
        primary.reason = format!("ECS deployment {} completed.", primary.id);
        primary.updated_at = now;
        primary.completed_once = true;
        let id = primary.id.clone();
        let is_failed = |each: &&Deployment| each.rollout_state == RolloutState::Failed;
        let failed = state.deployments.iter().skip(1).filter(is_failed);
        let failed: Vec<String> = failed.map(|each| each.id.clone()).collect();
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
        self.announce_deployment_completed(key);
        let at = now.plus_seconds(self.timings.failed_visible_seconds);
        for deployment in failed {
            self.schedule(at, Event::FailedGone { key: key.clone(), deployment });
        }
    }
}

/// In how many steps a rollout goes from here.
fn steps(state: &EcsServiceState, script: RolloutScript) -> u64 {
    match script.outcome {
        RolloutOutcome::Fail if state.desired > 0 => FAILING_ROUNDS,
        // One more than it takes: the last one finds everything in place.
        _ => counts(state).steps(limits(state)).unwrap_or(1) + 1,
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

pub(super) fn stopped(deployment: &Deployment, task: EcsTask, stopped_at: Time) -> StoppedTask {
    let revision = deployment.revision.clone();
    StoppedTask { task, deployment: deployment.id.clone(), revision, stopped_at, failed: false }
}

pub(super) fn remember(state: &mut EcsServiceState, task: StoppedTask) {
    state.stopped.push_back(task);
    if state.stopped.len() > STOPPED_MAX {
        state.stopped.pop_front();
    }
}
