//! EventBridge's calls about rules.
//!
//! Invariants: a rule has a pattern that EventBridge accepts, or a schedule. A rule that has targets cannot be deleted
//! (EventBridge API reference: DeleteRule). A bus holds 300 rules (EventBridge quotas).

use super::pattern::Pattern;
use super::state::Rule;
use crate::model::Model;
use crate::model::page::{PageRules, take};
use crate::shapes::ApiError;
use crate::shapes::events::{
    DescribeRuleAnswer, EmptyAnswer, ListRulesAnswer, ListRulesRequest, PutRuleAnswer,
    PutRuleRequest, RuleNameRequest, RuleShape,
};

/// The only bus there is.
const BUS: &str = "default";

/// EventBridge quotas.
const RULES_MAX: usize = 300;

/// The states of a rule (EventBridge API reference: PutRule).
const STATES: [&str; 3] = ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];

/// A refusal in the words of the framework under EventBridge.
pub(super) fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", text)
}

/// Whether a rule or target may be called so.
pub(super) fn check_name(name: &str, member: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if (1..=64).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+"
    )))
}

impl Model {
    /// `PutRule`: makes a rule or changes one; its targets stay.
    pub fn put_rule(&mut self, request: PutRuleRequest) -> Result<PutRuleAnswer, ApiError> {
        self.logged("events.PutRule", request, Self::try_put_rule)
    }

    fn try_put_rule(&mut self, request: PutRuleRequest) -> Result<PutRuleAnswer, ApiError> {
        self.check_bus(request.event_bus_name.as_deref())?;
        check_name(&request.name, "name")?;
        if request.event_pattern.is_none() && request.schedule_expression.is_none() {
            let text = "Parameter(s) EventPattern or ScheduleExpression must be specified.";
            return Err(invalid(text));
        }
        let state = request.state.unwrap_or_else(|| "ENABLED".to_owned());
        if !STATES.contains(&state.as_str()) {
            return Err(invalid(format!(
                "1 validation error detected: Value '{state}' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
                STATES.join(", ")
            )));
        }
        if request.event_pattern.as_ref().is_some_and(|text| text.len() > 4096) {
            return Err(invalid("Event pattern is too long: at most 4096 characters."));
        }
        let pattern = request.event_pattern.as_deref().map(Pattern::read).transpose()?;
        let known = self.bus.rules.remove(&request.name);
        if known.is_none() && self.bus.rules.len() >= RULES_MAX {
            let text = "The requested resource exceeds the maximum number allowed.";
            return Err(ApiError::new("LimitExceededException", text));
        }
        let arn = self.arns.rule(&request.name);
        let rule = Rule {
            pattern,
            pattern_text: request.event_pattern,
            schedule: request.schedule_expression,
            enabled: state != "DISABLED",
            state,
            description: request.description,
            role_arn: request.role_arn,
            targets: known.map(|known| known.targets).unwrap_or_default(),
        };
        self.bus.rules.insert(request.name, rule);
        Ok(PutRuleAnswer { rule_arn: arn })
    }

    /// `DescribeRule`.
    pub fn describe_rule(&self, request: &RuleNameRequest) -> Result<DescribeRuleAnswer, ApiError> {
        self.check_bus(request.event_bus_name.as_deref())?;
        let rule = self.rule_shape(&request.name, self.rule(&request.name)?);
        Ok(DescribeRuleAnswer { rule, created_by: self.arns.account.clone() })
    }

    fn rule_shape(&self, name: &str, rule: &Rule) -> RuleShape {
        RuleShape {
            name: name.to_owned(),
            arn: self.arns.rule(name),
            event_pattern: rule.pattern_text.clone(),
            schedule_expression: rule.schedule.clone(),
            state: rule.state.clone(),
            description: rule.description.clone(),
            role_arn: rule.role_arn.clone(),
            event_bus_name: BUS.to_owned(),
        }
    }

    /// `ListRules`, by name.
    pub fn list_rules(&self, request: &ListRulesRequest) -> Result<ListRulesAnswer, ApiError> {
        self.check_bus(request.event_bus_name.as_deref())?;
        let prefix = request.name_prefix.as_deref().unwrap_or_default();
        let scope = format!("ListRules {prefix}");
        let rules = self.event_pages(&scope);
        let page = rules.page(request.limit, request.next_token.as_deref())?;
        let wanted = self.bus.rules.iter().filter(|(name, _)| name.starts_with(prefix));
        let (taken, next_token) = take(&rules, &page, wanted, |(name, _)| (*name).clone());
        let shown = taken.into_iter().map(|(name, rule)| self.rule_shape(name, rule));
        Ok(ListRulesAnswer { rules: shown.collect(), next_token })
    }

    /// `DeleteRule`; one that does not exist is no error.
    pub fn delete_rule(&mut self, request: RuleNameRequest) -> Result<EmptyAnswer, ApiError> {
        self.logged("events.DeleteRule", request, |model, request| {
            model.check_bus(request.event_bus_name.as_deref())?;
            let rule = model.bus.rules.get(&request.name);
            if rule.is_some_and(|rule| !rule.targets.is_empty()) {
                return Err(invalid("Rule can't be deleted since it has targets."));
            }
            model.bus.rules.remove(&request.name);
            Ok(EmptyAnswer {})
        })
    }

    /// `EnableRule`.
    pub fn enable_rule(&mut self, request: RuleNameRequest) -> Result<EmptyAnswer, ApiError> {
        self.logged("events.EnableRule", request, |model, request| model.switch(&request, true))
    }

    /// `DisableRule`.
    pub fn disable_rule(&mut self, request: RuleNameRequest) -> Result<EmptyAnswer, ApiError> {
        self.logged("events.DisableRule", request, |model, request| model.switch(&request, false))
    }

    fn switch(&mut self, request: &RuleNameRequest, on: bool) -> Result<EmptyAnswer, ApiError> {
        self.check_bus(request.event_bus_name.as_deref())?;
        let rule = self.rule_mut(&request.name)?;
        rule.enabled = on;
        STATES[usize::from(!on)].clone_into(&mut rule.state);
        Ok(EmptyAnswer {})
    }

    /// How EventBridge pages: 100 lines at most.
    pub(super) fn event_pages<'a>(&self, scope: &'a str) -> PageRules<'a> {
        PageRules {
            scope,
            default: 100,
            most: 100,
            code: "ValidationException",
            now: self.now,
            token_seconds: self.timings.token_seconds,
        }
    }

    /// Whether a call means the bus that there is, by its name or its ARN.
    pub(super) fn check_bus(&self, named: Option<&str>) -> Result<(), ApiError> {
        let Some(named) = named else { return Ok(()) };
        if named == BUS || named == self.arns.event_bus(BUS) {
            return Ok(());
        }
        let text = format!("Event bus {named} does not exist.");
        Err(ApiError::new("ResourceNotFoundException", text))
    }

    pub(super) fn rule(&self, name: &str) -> Result<&Rule, ApiError> {
        self.bus.rules.get(name).ok_or_else(|| rule_not_found(name))
    }

    pub(super) fn rule_mut(&mut self, name: &str) -> Result<&mut Rule, ApiError> {
        self.bus.rules.get_mut(name).ok_or_else(|| rule_not_found(name))
    }
}

fn rule_not_found(name: &str) -> ApiError {
    let text = format!("Rule {name} does not exist on EventBus {BUS}.");
    ApiError::new("ResourceNotFoundException", text)
}
