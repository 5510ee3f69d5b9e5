//! How a blue/green, linear or canary deployment goes on: all new tasks start beside the old ones, traffic
//! shifts, both run for the bake time, then the old ones stop.
//!
//! Invariants: the new deployment is PRIMARY from its beginning and the old one ACTIVE until it is cleaned up;
//! no old task stops before `CLEAN_UP` (DG:blue-green-deployment-how-it-works). A deployment whose tasks fail to
//! start goes back, whatever the circuit breaker says. With nothing running that traffic could shift from,
//! a deployment rolls out like any other. Which tasks serve traffic is not modelled: both are instances in
//! Cloud Map as long as they run.

use super::rollout::{remember, stopped};
use super::{
    EcsServiceKey, EcsTask, Model, Rollout, RolloutKind, RolloutOutcome, RolloutScript, Strategy,
};
use crate::shapes::ecs::{
    DeploymentStatus, RolloutState, ServiceDeploymentLifecycleStage as Stage,
};

impl Model {
    /// Whether the newest deployment shifts traffic from tasks that run.
    pub(super) fn shifts(&self, key: &EcsServiceKey) -> bool {
        self.service(key).is_some_and(|service| {
            service.settings.conduct.strategy != Strategy::Rolling
                && service.deployments.iter().skip(1).any(|each| each.running() > 0)
        })
    }

    pub(super) fn begin_shift(&mut self, key: &EcsServiceKey, script: RolloutScript, rounds: u64) {
        let now = self.now;
        let state = self.change(key);
        let older = state.deployments.iter().skip(1).filter(|each| !each.tasks.is_empty());
        let reconciles = older.count() > 1;
        let phases = state.settings.conduct.phases(script.seconds, rounds, reconciles);
        state.generation += 1;
        state.rollout = Some(Rollout {
            kind: RolloutKind::Deploy,
            script,
            began: now,
            step: 0,
            steps: phases.len() as u64,
            phases: phases.into(),
        });
        self.enter_phase(key);
        self.settle_connect(key);
    }

    /// Enters the part of the shift that is due, or waits before it.
    pub(super) fn enter_phase(&mut self, key: &EcsServiceKey) {
        let now = self.now;
        let Some(rollout) = self.service(key).and_then(|service| service.rollout.as_ref()) else {
            return;
        };
        let (step, Some(phase)) = (rollout.step, rollout.phase()) else { return };
        self.change_newest_record(key, |record| {
            record.lifecycle_stage = Some(phase.stage);
            record.updated_at = now;
        });
        if phase.hook.is_some_and(|stage| self.waits(key, stage, step)) {
            return;
        }
        match phase.stage {
            Stage::ScaleUp => self.start_green(key),
            Stage::CleanUp => self.stop_old(key, |_| true),
            _ => {}
        }
        self.schedule_step_at(key, now.plus_ms(phase.ms));
    }

    /// A part of the shift is over.
    pub(super) fn end_phase(&mut self, key: &EcsServiceKey, mut rollout: Rollout) {
        let Some(phase) = rollout.phase() else { return };
        match (phase.stage, rollout.script.outcome) {
            (Stage::ScaleUp, RolloutOutcome::Stall) => return self.stall(key),
            (Stage::ScaleUp, RolloutOutcome::Fail) => {
                let begun = usize::try_from(rollout.step + 1).unwrap_or(usize::MAX);
                let is_round = |phase: &&super::strategy::Phase| phase.stage == Stage::ScaleUp;
                let rounds = rollout.phases.iter().filter(is_round).count() as u64;
                let round = rollout.phases.iter().take(begun).filter(is_round).count() as u64;
                self.fail_pending(key, round, rounds);
                if round == rounds {
                    return self.failed(key);
                }
            }
            (Stage::ScaleUp, RolloutOutcome::Complete) => self.run_pending(key),
            (Stage::ReconcileService, _) => {
                self.stop_old(key, |state| state == RolloutState::InProgress);
                self.drop_superseded(key);
            }
            _ => {}
        }
        rollout.step += 1;
        if rollout.phase().is_none() {
            return self.end_shift(key, rollout.kind);
        }
        self.change(key).rollout = Some(rollout);
        self.enter_phase(key);
    }

    fn end_shift(&mut self, key: &EcsServiceKey, kind: RolloutKind) {
        self.finish(key, kind);
        // The desired count may have changed on the way.
        let wanted = self.service(key).map(|service| (service.desired, service.running()));
        if wanted.is_some_and(|(desired, running)| desired != running) {
            self.begin_rollout(key, RolloutKind::Scale);
        }
    }

    /// Starts what the new deployment lacks; nothing old stops for it.
    fn start_green(&mut self, key: &EcsServiceKey) {
        let now = self.now;
        let state = self.change(key);
        let desired = state.desired as usize;
        let missing =
            state.deployments.first().map_or(0, |each| desired.saturating_sub(each.tasks.len()));
        let ids: Vec<u128> = (0..missing).map(|_| self.ids.wide()).collect();
        if let Some(primary) = self.change(key).deployments.first_mut() {
            let list = primary.lists.len().saturating_sub(1);
            let task = |id| EcsTask { id, created_at: now, started_at: None, list };
            primary.tasks.extend(ids.into_iter().map(task));
        }
        if missing > 0 {
            self.say(key, &format!("has started {missing} tasks."));
        }
    }

    /// Ends the tasks of the older deployments in a state that `of` names.
    pub(super) fn stop_old(&mut self, key: &EcsServiceKey, of: impl Fn(RolloutState) -> bool) {
        let now = self.now;
        let state = self.change(key);
        let mut ended = Vec::new();
        let older = state
            .deployments
            .iter_mut()
            .filter(|each| each.status != DeploymentStatus::Primary && of(each.rollout_state));
        for deployment in older {
            let tasks = std::mem::take(&mut deployment.tasks);
            ended.extend(tasks.into_iter().map(|task| stopped(deployment, task, now)));
        }
        let gone = ended.len();
        for task in ended {
            remember(state, task);
        }
        if gone > 0 {
            self.say(key, &format!("has stopped {gone} running tasks."));
        }
    }
}
