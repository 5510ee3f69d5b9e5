//! The shapes of EventBridge (2015-10-07), as far as rules lead events into queues.
//!
//! Invariant: `PascalCase`. Parameters of targets that are no queues are kept and echoed as they were sent.
#![expect(
    missing_docs,
    reason = "members bear AWS's names and are described in AWS's API reference"
)]

use serde_json::{Map, Value};

use crate::shapes::{Time, shapes};

shapes! { "PascalCase";
    /// `PutRule`.
    PutRuleRequest {
        name: String,
        schedule_expression: Option<String>,
        event_pattern: Option<String>,
        state: Option<String>,
        description: Option<String>,
        role_arn: Option<String>,
        tags: Option<Value>,
        event_bus_name: Option<String>,
    }

    /// The answer of `PutRule`.
    #[derive(Eq)]
    PutRuleAnswer { rule_arn: String }

    /// `DescribeRule`, `DeleteRule`, `EnableRule` and `DisableRule`.
    #[derive(Eq)]
    RuleNameRequest { name: String, event_bus_name: Option<String> }

    /// The answer of `DescribeRule`.
    #[derive(Eq)]
    DescribeRuleAnswer {
        #[serde(flatten)]
        rule: RuleShape,
        created_by: String,
    }

    /// `ListRules`.
    #[derive(Eq)]
    ListRulesRequest {
        name_prefix: Option<String>,
        event_bus_name: Option<String>,
        next_token: Option<String>,
        limit: Option<u32>,
    }

    /// The answer of `ListRules`.
    ListRulesAnswer { rules: Vec<RuleShape>, next_token: Option<String> }

    /// One rule, in a list or alone.
    #[derive(Eq)]
    RuleShape {
        name: String,
        arn: String,
        event_pattern: Option<String>,
        schedule_expression: Option<String>,
        state: String,
        description: Option<String>,
        role_arn: Option<String>,
        event_bus_name: String,
    }

    /// `PutTargets`.
    PutTargetsRequest { rule: String, event_bus_name: Option<String>, targets: Vec<Target> }

    /// One target of a rule.
    Target {
        id: String,
        arn: String,
        role_arn: Option<String>,
        input: Option<String>,
        input_path: Option<String>,
        input_transformer: Option<Value>,
        dead_letter_config: Option<Value>,
        retry_policy: Option<Value>,
        #[serde(flatten)]
        other: Map<String, Value>,
    }

    /// The answer of `PutTargets` and `RemoveTargets`.
    #[derive(Eq)]
    TargetsAnswer { failed_entry_count: u32, failed_entries: Vec<FailedTarget> }

    /// A target that was not put or removed.
    #[derive(Eq)]
    FailedTarget { target_id: String, error_code: String, error_message: String }

    /// `RemoveTargets`.
    #[derive(Eq)]
    RemoveTargetsRequest { rule: String, event_bus_name: Option<String>, ids: Vec<String> }

    /// `ListTargetsByRule`.
    #[derive(Eq)]
    ListTargetsRequest {
        rule: String,
        event_bus_name: Option<String>,
        next_token: Option<String>,
        limit: Option<u32>,
    }

    /// The answer of `ListTargetsByRule`.
    ListTargetsAnswer { targets: Vec<Target>, next_token: Option<String> }

    /// `TestEventPattern`.
    #[derive(Eq)]
    TestEventPatternRequest { event_pattern: String, event: String }

    /// The answer of `TestEventPattern`.
    #[derive(Eq)]
    TestEventPatternAnswer { result: bool }

    /// `PutEvents`.
    PutEventsRequest { entries: Vec<PutEventsEntry> }

    /// One event to send.
    #[derive(Eq)]
    PutEventsEntry {
        time: Option<Time>,
        source: Option<String>,
        resources: Option<Vec<String>>,
        detail_type: Option<String>,
        detail: Option<String>,
        event_bus_name: Option<String>,
    }

    /// The answer of `PutEvents`.
    #[derive(Eq)]
    PutEventsAnswer { failed_entry_count: u32, entries: Vec<PutEventsResult> }

    /// What became of one event.
    #[derive(Eq)]
    PutEventsResult {
        event_id: Option<String>,
        error_code: Option<String>,
        error_message: Option<String>,
    }

    /// An answer without members.
    #[derive(Eq)]
    EmptyAnswer {}
}
