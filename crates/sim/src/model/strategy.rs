//! What `deploymentConfiguration` says about how a deployment goes: strategy, bake times, pauses, early success.
//!
//! Invariants: what AWS's reference forbids is refused before anything changes. A deployment that shifts
//! traffic passes its stages in AWS's order; the movements take as long as the rollout's script says, and the
//! bake times come on top (API:DeploymentConfiguration, API:LinearConfiguration, API:CanaryConfiguration).
//! Lambda hooks are accepted and succeed at once.

use serde::Deserialize;
use serde_json::{Map, Number, Value};

use crate::shapes::ApiError;
use crate::shapes::ecs::{
    CanaryConfiguration, DeploymentEarlySuccessCriteria, DeploymentLifecycleHook,
    DeploymentLifecycleHookAction, DeploymentLifecycleHookStage, DeploymentLifecycleHookTargetType,
    DeploymentStrategy, LinearConfiguration, ServiceDeploymentLifecycleStage,
    ServiceRevisionCleanup,
};

/// All of the traffic, in tenths of a percent.
const ALL: u32 = 1000;

/// How the deployments of a service go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conduct {
    /// How traffic gets to the new tasks.
    pub strategy: Strategy,
    /// Minutes for which old and new tasks run beside each other after the shift.
    pub bake_minutes: u32,
    /// Where a deployment waits for a person.
    pub pauses: Vec<PauseHook>,
    /// When a rolling deployment is done before it is over.
    pub early: Option<EarlySuccess>,
}

/// `deploymentConfiguration.strategy`, with what belongs to it. Shares of traffic are tenths of a percent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Tasks are replaced step by step.
    #[default]
    Rolling,
    /// All traffic shifts at once.
    BlueGreen,
    /// Traffic shifts in equal steps.
    Linear {
        /// The share of one step.
        step: u32,
        /// Minutes between two steps.
        bake_minutes: u32,
    },
    /// A first share of the traffic shifts, then the rest.
    Canary {
        /// The first share.
        first: u32,
        /// Minutes before the rest.
        bake_minutes: u32,
    },
}

/// A lifecycle hook of the type PAUSE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseHook {
    /// Where it stands.
    pub stages: Vec<DeploymentLifecycleHookStage>,
    /// Minutes until its time is up.
    pub timeout_minutes: u32,
    /// What happens then.
    pub on_timeout: DeploymentLifecycleHookAction,
}

/// `deploymentConfiguration.earlySuccessCriteria`, enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlySuccess {
    /// Percent of the desired count, rounded up, that must run.
    pub healthy_percent: u32,
    /// Whether the old tasks go after the deployment is done, and not before.
    pub deferred: bool,
}

impl EarlySuccess {
    /// How many new tasks are enough.
    pub(super) fn enough(self, desired: u32) -> u32 {
        let count = (u64::from(desired) * u64::from(self.healthy_percent)).div_ceil(100);
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

/// One part of a deployment that shifts traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Phase {
    /// The stage `DescribeServiceDeployments` shows.
    pub(super) stage: ServiceDeploymentLifecycleStage,
    /// The hooks that stand at its beginning.
    pub(super) hook: Option<DeploymentLifecycleHookStage>,
    /// How long it takes, in milliseconds.
    pub(super) ms: u64,
}

impl Conduct {
    /// Reads a whole `deploymentConfiguration`.
    pub(super) fn read(whole: &Map<String, Value>, minimum_percent: u32) -> Result<Self, ApiError> {
        let word: DeploymentStrategy = member(whole, "strategy")?.unwrap_or_default();
        let bake: Option<u32> = member(whole, "bakeTimeInMinutes")?;
        let strategy = match word {
            DeploymentStrategy::Rolling => Strategy::Rolling,
            DeploymentStrategy::BlueGreen => Strategy::BlueGreen,
            DeploymentStrategy::Linear => linear(whole)?,
            DeploymentStrategy::Canary => canary(whole)?,
        };
        // API:DeploymentConfiguration: it must be given with BLUE_GREEN.
        if strategy == Strategy::BlueGreen && bake.is_none() {
            return Err(invalid("bakeTimeInMinutes", "is required for BLUE_GREEN"));
        }
        let bake_minutes = within("bakeTimeInMinutes", bake.unwrap_or_default(), 0, 1440)?;
        let hooks: Vec<DeploymentLifecycleHook> =
            member(whole, "lifecycleHooks")?.unwrap_or_default();
        let pauses = hooks
            .iter()
            .filter(|hook| hook.target_type == DeploymentLifecycleHookTargetType::Pause)
            .map(pause)
            .collect::<Result<_, ApiError>>()?;
        let early = early(whole, minimum_percent)?;
        if early.is_some() && strategy != Strategy::Rolling {
            return Err(invalid("earlySuccessCriteria", "is for the strategy ROLLING alone"));
        }
        Ok(Self { strategy, bake_minutes, pauses, early })
    }

    /// The shares of production traffic that the new tasks have after each step.
    fn shares(&self) -> (Vec<u32>, u32) {
        match self.strategy {
            Strategy::Linear { step, bake_minutes } => {
                let steps = (1..=ALL.div_ceil(step)).map(|number| (number * step).min(ALL));
                (steps.collect(), bake_minutes)
            }
            Strategy::Canary { first, bake_minutes } if first < ALL => {
                (vec![first, ALL], bake_minutes)
            }
            Strategy::Rolling | Strategy::BlueGreen | Strategy::Canary { .. } => (vec![ALL], 0),
        }
    }

    /// The parts of a deployment whose movements take so many seconds. Tasks that fail to start do so in
    /// `rounds` rounds; `reconciles`: more than one older revision has tasks.
    pub(super) fn phases(&self, seconds: u64, rounds: u64, reconciles: bool) -> Vec<Phase> {
        use DeploymentLifecycleHookStage as Hook;
        use ServiceDeploymentLifecycleStage as Stage;
        let span = seconds * 1000;
        let part = span / if reconciles { 9 } else { 8 };
        let phase = |stage, hook, ms| Phase { stage, hook, ms };
        let mut phases = Vec::new();
        if reconciles {
            phases.push(phase(Stage::ReconcileService, Some(Hook::ReconcileService), part));
        }
        phases.push(phase(Stage::PreScaleUp, Some(Hook::PreScaleUp), part));
        phases.extend((0..rounds).map(|_| phase(Stage::ScaleUp, None, part / rounds)));
        phases.push(phase(Stage::PostScaleUp, Some(Hook::PostScaleUp), part));
        phases.push(phase(Stage::TestTrafficShift, None, part));
        phases.push(phase(Stage::PostTestTrafficShift, Some(Hook::PostTestTrafficShift), part));
        let (shares, between) = self.shares();
        let each = part / shares.len().max(1) as u64;
        for (number, share) in shares.iter().enumerate() {
            // No stage of that name is ever shown: the one before it stays.
            let before = if number == 0 {
                Stage::PostTestTrafficShift
            } else {
                Stage::ProductionTrafficShift
            };
            phases.push(phase(before, Some(Hook::PreProductionTrafficShift), 0));
            let wait = if *share < ALL { u64::from(between) * 60_000 } else { 0 };
            phases.push(phase(Stage::ProductionTrafficShift, None, each + wait));
        }
        let after = Some(Hook::PostProductionTrafficShift);
        phases.push(phase(Stage::PostProductionTrafficShift, after, part));
        phases.push(phase(Stage::BakeTime, None, u64::from(self.bake_minutes) * 60_000));
        let baking = (shares.len().saturating_sub(1) as u64) * u64::from(between) * 60_000
            + u64::from(self.bake_minutes) * 60_000;
        let so_far: u64 = phases.iter().map(|phase| phase.ms).sum();
        phases.push(phase(Stage::CleanUp, None, (span + baking).saturating_sub(so_far)));
        phases
    }
}

fn linear(whole: &Map<String, Value>) -> Result<Strategy, ApiError> {
    const NAME: &str = "linearConfiguration";
    let given: LinearConfiguration = member(whole, NAME)?.unwrap_or_default();
    let step = given.step_percent.as_ref().map_or(Ok(100), |number| tenths(NAME, number))?;
    let step = within(NAME, step, 30, ALL)?;
    let bake_minutes = within(NAME, given.step_bake_time_in_minutes.unwrap_or(6), 0, 1440)?;
    Ok(Strategy::Linear { step, bake_minutes })
}

fn canary(whole: &Map<String, Value>) -> Result<Strategy, ApiError> {
    const NAME: &str = "canaryConfiguration";
    let given: CanaryConfiguration = member(whole, NAME)?.unwrap_or_default();
    let first = given.canary_percent.as_ref().map_or(Ok(50), |number| tenths(NAME, number))?;
    let first = within(NAME, first, 1, ALL)?;
    let bake_minutes = within(NAME, given.canary_bake_time_in_minutes.unwrap_or(10), 0, 1440)?;
    Ok(Strategy::Canary { first, bake_minutes })
}

/// API:DeploymentLifecycleHook: a pause cannot stand where a rollback would meet it too.
fn pause(hook: &DeploymentLifecycleHook) -> Result<PauseHook, ApiError> {
    use DeploymentLifecycleHookStage::{ProductionTrafficShift, TestTrafficShift};
    let name = "lifecycleHooks";
    let stages = hook.lifecycle_stages.clone();
    if stages.is_empty() {
        return Err(invalid(name, "must name at least one lifecycle stage"));
    }
    if stages.iter().any(|stage| matches!(stage, ProductionTrafficShift | TestTrafficShift)) {
        let text =
            "of the type PAUSE cannot stand at TEST_TRAFFIC_SHIFT or PRODUCTION_TRAFFIC_SHIFT";
        return Err(invalid(name, text));
    }
    let timeout = hook.timeout_configuration.clone().unwrap_or_default();
    // API:DeploymentLifecycleHookTimeoutConfiguration: a day, then ROLLBACK; at most fourteen days.
    let timeout_minutes = within(name, timeout.timeout_in_minutes.unwrap_or(1440), 1, 20_160)?;
    Ok(PauseHook { stages, timeout_minutes, on_timeout: timeout.action.unwrap_or_default() })
}

/// API:DeploymentEarlySuccessCriteria: with `enable` the two others must be there.
fn early(whole: &Map<String, Value>, minimum: u32) -> Result<Option<EarlySuccess>, ApiError> {
    let name = "earlySuccessCriteria";
    let given: DeploymentEarlySuccessCriteria = member(whole, name)?.unwrap_or_default();
    if !given.enable {
        return Ok(None);
    }
    let (Some(percent), Some(cleanup)) =
        (given.healthy_percent, given.source_service_revision_cleanup)
    else {
        return Err(invalid(name, "needs healthyPercent and sourceServiceRevisionCleanup"));
    };
    let healthy_percent = within(name, percent, minimum.min(100), 100)?;
    Ok(Some(EarlySuccess {
        healthy_percent,
        deferred: cleanup == ServiceRevisionCleanup::Deferred,
    }))
}

fn member<'a, T: Deserialize<'a>>(
    whole: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<T>, ApiError> {
    let given = whole.get(name).filter(|value| !value.is_null());
    let read = given.map(T::deserialize).transpose();
    read.map_err(|error| invalid(name, &format!("cannot be read: {error}")))
}

/// A multiple of 0.1, in tenths.
fn tenths(name: &str, number: &Number) -> Result<u32, ApiError> {
    let text = number.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
    let whole = whole.parse::<u32>().ok().filter(|whole| *whole <= 100);
    let part = part.parse::<u32>().ok().filter(|tenth| *tenth <= 9 && part.len() == 1);
    whole
        .zip(part)
        .map(|(whole, part)| whole * 10 + part)
        .ok_or_else(|| invalid(name, "must have a percentage that is a multiple of 0.1"))
}

fn within(name: &str, value: u32, least: u32, most: u32) -> Result<u32, ApiError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(invalid(name, "is out of range"))
}

fn invalid(name: &str, what: &str) -> ApiError {
    ApiError::invalid_parameter(format!("deploymentConfiguration.{name} {what}."))
}
