//! EventBridge's calls about the targets of a rule.
//!
//! Invariants: a rule has at most five targets (EventBridge quotas); a target that has the id of another replaces it.
//! Of `Input`, `InputPath` and `InputTransformer` a target has one at most. The model has no transformers and no FIFO
//! queues, and refuses both.

use serde_json::Value;

use super::rules::{check_name, invalid};
use crate::model::Model;
use crate::model::page::take;
use crate::shapes::ApiError;
use crate::shapes::events::{
    FailedTarget, ListTargetsAnswer, ListTargetsRequest, PutTargetsRequest, RemoveTargetsRequest,
    Target, TargetsAnswer,
};

/// EventBridge quotas.
const TARGETS_MAX: usize = 5;

impl Model {
    /// `PutTargets`.
    pub fn put_targets(&mut self, request: PutTargetsRequest) -> Result<TargetsAnswer, ApiError> {
        self.logged("events.PutTargets", request, |model, request| {
            model.check_bus(request.event_bus_name.as_deref())?;
            if request.targets.is_empty() {
                return Err(invalid("Targets must have at least one entry."));
            }
            let rule = model.rule_mut(&request.rule)?;
            for target in &request.targets {
                check_name(&target.id, "targets.1.member.id")?;
            }
            let mut targets = rule.targets.clone();
            for target in request.targets {
                check_target(&target)?;
                targets.insert(target.id.clone(), target);
            }
            if targets.len() > TARGETS_MAX {
                let text = "The requested resource exceeds the maximum number allowed.";
                return Err(ApiError::new("LimitExceededException", text));
            }
            rule.targets = targets;
            Ok(TargetsAnswer::default())
        })
    }

    /// `RemoveTargets`.
    pub fn remove_targets(
        &mut self,
        request: RemoveTargetsRequest,
    ) -> Result<TargetsAnswer, ApiError> {
        self.logged("events.RemoveTargets", request, |model, request| {
            model.check_bus(request.event_bus_name.as_deref())?;
            let name = request.rule;
            let rule = model.rule_mut(&name)?;
            let mut answer = TargetsAnswer::default();
            for id in request.ids {
                if rule.targets.remove(&id).is_none() {
                    let reason = format!("Rule {name} does not have a target with id {id}.");
                    answer.add(id, "ResourceNotFoundException", &reason);
                }
            }
            Ok(answer)
        })
    }

    /// `ListTargetsByRule`, by id.
    pub fn list_targets_by_rule(
        &self,
        request: &ListTargetsRequest,
    ) -> Result<ListTargetsAnswer, ApiError> {
        self.check_bus(request.event_bus_name.as_deref())?;
        let rule = self.rule(&request.rule)?;
        let scope = format!("ListTargetsByRule {}", request.rule);
        let rules = self.event_pages(&scope);
        let page = rules.page(request.limit, request.next_token.as_deref())?;
        let (taken, next_token) = take(&rules, &page, rule.targets.values(), |t| t.id.clone());
        Ok(ListTargetsAnswer { targets: taken.into_iter().cloned().collect(), next_token })
    }
}

impl TargetsAnswer {
    fn add(&mut self, target_id: String, code: &str, message: &str) {
        self.failed_entry_count += 1;
        self.failed_entries.push(FailedTarget {
            target_id,
            error_code: code.to_owned(),
            error_message: message.to_owned(),
        });
    }
}

/// Whether this can be a target, in EventBridge's words; one that cannot fails the whole call.
fn check_target(target: &Target) -> Result<(), ApiError> {
    let Target { id, arn, .. } = target;
    let given =
        [target.input.is_some(), target.input_path.is_some(), target.input_transformer.is_some()];
    if given.into_iter().filter(|given| *given).count() > 1 {
        return Err(invalid(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )));
    }
    if target.input_transformer.is_some() {
        let text = "The simulator does not model InputTransformer: use Input or InputPath.";
        return Err(invalid(text));
    }
    if target.input.as_ref().is_some_and(|input| serde_json::from_str::<Value>(input).is_err()) {
        return Err(invalid(format!("JSON syntax error in input for target {id}.")));
    }
    if !arn.starts_with("arn:") {
        return Err(invalid(format!(
            "Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        )));
    }
    let is_queue = arn.contains(":sqs:");
    if is_queue && target.role_arn.is_some() {
        return Err(invalid(format!("RoleArn is not supported for target {arn}.")));
    }
    let is_fifo = arn.strip_suffix(".fifo").is_some();
    if is_queue && is_fifo {
        return Err(invalid("The simulator has no FIFO queues: use a standard queue."));
    }
    Ok(())
}
