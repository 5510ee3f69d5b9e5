//! A past rollout of a service: a service deployment of AWS.

use std::time::Duration;

use super::connect::Connect;
use super::name::Arn;
use super::time::AwsTime;

/// One service deployment (API:ServiceDeploymentBrief), with its target revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The configuration it carried.
    pub connect: Option<Connect>,
    /// The task definition it ran.
    pub task_definition: Arn,
    /// API:ServiceDeployment.status: `SUCCESSFUL`, `ROLLBACK_SUCCESSFUL`, …
    pub status: String,
    /// Why, in ECS's words.
    pub reason: String,
    /// When it was created.
    pub created_at: AwsTime,
    /// When it ended.
    pub finished_at: Option<AwsTime>,
    /// API:ServiceDeployment.lifecycleStage of one that runs: `BAKE_TIME`, …; empty where AWS gives none.
    pub stage: String,
    /// The stage at which a PAUSE lifecycle hook holds it (API:DeploymentLifecycleHookDetail).
    pub paused_at: Option<String>,
}

impl Past {
    /// Whether ECS rolled it back, or is doing so.
    pub fn is_taken_back(&self) -> bool {
        self.status.starts_with("ROLLBACK_")
    }

    /// Whether it failed. STOPPED alone is no failure: a newer deployment or a person may have stopped it. But a
    /// deployment also ends as STOPPED if the circuit breaker stops it and does not roll it back.
    pub fn is_failed(&self) -> bool {
        let given_up = || self.reason.to_ascii_lowercase().contains("circuit breaker");
        self.is_taken_back() || (self.status == "STOPPED" && given_up())
    }

    /// Whether it completed.
    pub fn is_completed(&self) -> bool {
        self.status == "SUCCESSFUL"
    }

    /// Whether it still runs. A status that we do not know counts as running.
    pub fn is_under_way(&self) -> bool {
        let over = ["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"];
        !over.contains(&self.status.as_str())
    }

    /// How long it took, once it has ended.
    pub fn took(&self) -> Option<Duration> {
        Some(self.finished_at?.since(self.created_at))
    }
}
