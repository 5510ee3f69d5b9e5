//! Answers that are honest in form and leave something out, as AWS's do at times.
//!
//! A list comes up short: every odd strike of a rule gives a page of one entry, every even one a page
//! of none; both with a token for the rest. A describe with `failures[]` reports every other thing it
//! was asked for as MISSING.
//!
//! **Invariant:** following the tokens still gives every entry, once. A caller that stops at a short
//! page, or takes MISSING for gone, is wrong; one that does neither ends up with the truth.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::api::Api;
use crate::faults;

/// What a token starts with when the page before it was emptied here; the model's own token follows.
const EMPTIED: &str = "emptied-page.";

/// How an answer comes to lack something.
pub(super) enum Cut {
    /// The request is made to ask for less.
    Shorter(Vec<u8>),
    /// The answer is edited.
    Answer(Box<dyn FnOnce(Value) -> Value>),
}

/// What the `strike`-th partial answer to `op` is, for a request with this body.
pub(super) fn cut(op: &str, body: &[u8], strike: u32) -> Cut {
    if !faults::is_list(op) {
        return Cut::Answer(Box::new(report_missing));
    }
    let [max_results, next_token] = page_members(op);
    let mut request: Value = serde_json::from_slice(body).unwrap_or_else(|_| json!({}));
    if !strike.is_multiple_of(2) {
        if let Some(members) = request.as_object_mut() {
            members.insert(max_results.to_owned(), json!(1));
        }
        return Cut::Shorter(request.to_string().into_bytes());
    }
    let token = request.get(next_token).and_then(Value::as_str).unwrap_or_default().to_owned();
    Cut::Answer(Box::new(move |answer| emptied(answer, next_token, &token)))
}

/// The body that was meant: a token of a page that was emptied here stands for the token before it.
pub(super) fn original<'a>(op: &str, body: &'a [u8]) -> Cow<'a, [u8]> {
    let marked = || body.windows(EMPTIED.len()).any(|window| window == EMPTIED.as_bytes());
    if !faults::is_list(op) || !marked() {
        return Cow::Borrowed(body);
    }
    let [_, next_token] = page_members(op);
    let Ok(mut request) = serde_json::from_slice::<Value>(body) else { return Cow::Borrowed(body) };
    let Some(members) = request.as_object_mut() else { return Cow::Borrowed(body) };
    let token = members.get(next_token).and_then(Value::as_str).unwrap_or_default();
    match token.trim_start_matches(EMPTIED).to_owned() {
        first if first.is_empty() => members.remove(next_token),
        token => members.insert(next_token.to_owned(), token.into()),
    };
    Cow::Owned(request.to_string().into_bytes())
}

/// What the API calls the size of a page and the token of the next one.
fn page_members(op: &str) -> [&'static str; 2] {
    match Api::of_op(op) {
        Some(Api::Ecs) => ["maxResults", "nextToken"],
        Some(Api::Events) => ["Limit", "NextToken"],
        _ => ["MaxResults", "NextToken"],
    }
}

fn emptied(mut answer: Value, next_token: &str, token: &str) -> Value {
    let Some(members) = answer.as_object_mut() else { return answer };
    for list in members.values_mut().filter_map(Value::as_array_mut) {
        list.clear();
    }
    members.insert(next_token.to_owned(), format!("{EMPTIED}{token}").into());
    answer
}

/// Moves the first, third, ... of what was found to `failures[]`.
fn report_missing(mut answer: Value) -> Value {
    let Some(members) = answer.as_object_mut() else { return answer };
    let mut missing = Vec::new();
    for (_, list) in members.iter_mut().filter(|(name, _)| *name != "failures") {
        let Some(found) = list.as_array_mut() else { continue };
        let mut at = 0_usize;
        found.retain(|entry| {
            at += 1;
            if !at.is_multiple_of(2) {
                missing.push(json!({ "arn": own_arn(entry), "reason": "MISSING" }));
            }
            at.is_multiple_of(2)
        });
    }
    if let Some(failures) = members.get_mut("failures").and_then(Value::as_array_mut) {
        failures.append(&mut missing);
    }
    answer
}

/// The ARN of the thing itself, which its other ARNs are the parents of.
fn own_arn(entry: &Value) -> Value {
    let own = ["serviceDeploymentArn", "serviceRevisionArn", "taskArn", "serviceArn", "clusterArn"];
    own.into_iter().find_map(|name| entry.get(name)).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(op: &str, body: &str, strike: u32, answer: Value) -> Value {
        match cut(op, body.as_bytes(), strike) {
            Cut::Answer(edit) => edit(answer),
            Cut::Shorter(_) => panic!("the answer is edited"),
        }
    }

    #[test]
    fn every_other_service_goes_missing_beginning_with_the_first() {
        let service = |name: &str| json!({ "serviceArn": name, "clusterArn": "c" });
        let answer = json!({
            "services": [service("a"), service("b"), service("c")],
            "failures": [{ "arn": "z", "reason": "MISSING" }],
        });
        let answer = edited("ecs.DescribeServices", "{}", 1, answer);
        assert_eq!(answer["services"], json!([service("b")]));
        let arns: Vec<_> =
            answer["failures"].as_array().unwrap().iter().map(|f| &f["arn"]).collect();
        assert_eq!(arns, ["z", "a", "c"]);
    }

    #[test]
    fn an_odd_strike_asks_for_a_page_of_one() {
        let Cut::Shorter(body) =
            cut("ssm.GetParametersByPath", br#"{"Path":"/a","MaxResults":9}"#, 1)
        else {
            panic!("the request is edited")
        };
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body, json!({ "Path": "/a", "MaxResults": 1 }));
    }

    #[test]
    fn an_even_strike_empties_the_page_and_its_token_leads_back() {
        for (request, meant) in [
            (json!({ "cluster": "c" }), json!({ "cluster": "c" })),
            (json!({ "nextToken": "t2" }), json!({ "nextToken": "t2" })),
        ] {
            let answer = json!({ "serviceArns": ["a"], "nextToken": "t3" });
            let answer = edited("ecs.ListServices", &request.to_string(), 2, answer);
            assert_eq!(answer["serviceArns"], json!([]));
            let mut next = request.clone();
            next["nextToken"] = answer["nextToken"].clone();
            let body = next.to_string();
            let body = original("ecs.ListServices", body.as_bytes());
            assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), meant);
        }
    }

    #[test]
    fn requests_without_such_a_token_are_not_touched() {
        let body = br#"{"nextToken":"t2"}"#;
        assert!(matches!(original("ecs.ListServices", body), Cow::Borrowed(_)));
        assert!(matches!(original("ecs.UpdateService", b"emptied-page."), Cow::Borrowed(_)));
    }
}
