//! Parameter Store: names, paths, pages, secrets.

use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::ecs::name::ParameterName;
use eastwest_core::ecs::parameter::Parameter;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::view::reading::{Answer, Question};
use serde_json::{Value, json};

use super::{Asked, Stage, Told, played};

/// A parameter as SSM answers it.
pub(super) fn parameter(name: &str) -> Value {
    json!({
        "Name": name, "Type": "String", "Value": "{\"version\":1}", "Version": 7,
        "LastModifiedDate": 1_700_000_000.25, "DataType": "text",
        "ARN": format!("arn:aws:ssm:eu-west-1:123456789012:parameter{name}"),
    })
}

fn with(name: &str, members: &Value) -> Value {
    let mut parameter = parameter(name);
    for (member, value) in members.as_object().unwrap() {
        parameter[member] = value.clone();
    }
    parameter
}

async fn ask(stage: &Stage, name: &str) -> Seen<Vec<Parameter>> {
    let name = ParameterName::parse(name).unwrap();
    match stage.execute(Effect::Ask(Question::Parameters(name.clone()))).await {
        Event::Answered(Answer::Parameters(asked, seen)) => {
            assert_eq!(asked, name);
            seen
        }
        other => panic!("{other:?}"),
    }
}

async fn known(stage: &Stage, name: &str) -> Vec<Parameter> {
    match ask(stage, name).await {
        Seen::Known(found) => found,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_parameter_is_read_decrypted_with_its_version_and_date() {
    let stage = played(|_: &Asked| json!({"Parameter": parameter("/eastwest/prod")}));
    let found = known(&stage, "/eastwest/prod").await;
    let expected = Parameter {
        name: ParameterName::as_read("/eastwest/prod"),
        version: 7,
        modified_at: AwsTime(1_700_000_000_250),
        is_secret: false,
        text: "{\"version\":1}".to_owned(),
    };
    assert_eq!(found, [expected]);
    let asked = stage.asked("ssm.GetParameter");
    assert_eq!(asked, [json!({"Name": "/eastwest/prod", "WithDecryption": true})]);
}

#[tokio::test]
async fn a_secure_string_is_a_secret_and_a_string_list_is_text() {
    for (kind, is_secret) in [("SecureString", true), ("StringList", false), ("NewKind", false)] {
        let stage =
            played(move |_: &Asked| json!({"Parameter": with("a", &json!({"Type": kind}))}));
        assert_eq!(known(&stage, "a").await[0].is_secret, is_secret, "{kind}");
    }
}

#[tokio::test]
async fn a_parameter_by_arn_is_asked_for_by_arn() {
    let arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/eastwest/prod";
    let stage = played(|_: &Asked| json!({"Parameter": parameter("/eastwest/prod")}));
    assert_eq!(known(&stage, arn).await.len(), 1);
    assert_eq!(stage.asked("ssm.GetParameter")[0]["Name"], arn);
}

#[tokio::test]
async fn a_parameter_that_is_not_there_is_absent() {
    for code in ["ParameterNotFound", "ParameterVersionNotFound"] {
        let stage = played(move |_: &Asked| Told::error(400, code, ""));
        assert_eq!(ask(&stage, "/eastwest/prod").await, Seen::Absent);
    }
}

fn below(asked: &Asked) -> Value {
    let all: Vec<_> = (0..23).map(|n| parameter(&format!("/eastwest/p{n:02}"))).collect();
    let from: usize = asked.body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
    let page: Vec<_> = all.iter().skip(from).take(10).collect();
    let more = from + 10 < all.len();
    json!({"Parameters": page, "NextToken": more.then(|| (from + 10).to_string())})
}

#[tokio::test]
async fn what_lies_below_a_path_is_read_ten_at_a_time_to_the_end() {
    let stage = played(below);
    let found = known(&stage, "/eastwest/").await;
    assert_eq!(found.len(), 23);
    assert!(found.is_sorted_by(|a, b| a.name < b.name));
    let asked = stage.asked("ssm.GetParametersByPath");
    assert_eq!(asked.len(), 3);
    for body in asked {
        assert_eq!(
            (&body["Path"], &body["Recursive"], &body["WithDecryption"], &body["MaxResults"]),
            (&json!("/eastwest/"), &json!(true), &json!(true), &json!(10))
        );
    }
}

#[tokio::test]
async fn a_path_by_arn_is_asked_for_by_its_path() {
    let stage = played(below);
    known(&stage, "arn:aws:ssm:eu-west-1:123456789012:parameter/eastwest/").await;
    assert_eq!(stage.asked("ssm.GetParametersByPath")[0]["Path"], "/eastwest/");
}

#[tokio::test]
async fn a_path_below_which_there_is_nothing_is_known_to_be_empty() {
    let stage = played(|_: &Asked| json!({"Parameters": []}));
    assert_eq!(known(&stage, "/eastwest/").await, []);
}

#[tokio::test]
async fn a_parameter_that_comes_on_two_pages_counts_once_and_the_newer_counts() {
    let stage = played(|asked: &Asked| {
        if asked.body["NextToken"].is_string() {
            json!({"Parameters": [with("/e/a", &json!({"Version": 9}))]})
        } else {
            json!({"Parameters": [parameter("/e/a"), parameter("/e/b")], "NextToken": "2"})
        }
    });
    let found = known(&stage, "/e/").await;
    let found: Vec<_> = found.iter().map(|p| (p.name.as_str(), p.version)).collect();
    assert_eq!(found, [("/e/a", 9), ("/e/b", 7)]);
}

#[tokio::test]
async fn a_path_of_which_one_page_is_missing_is_unknown() {
    let stage = played(|asked: &Asked| -> Told {
        match asked.body["NextToken"].as_str() {
            None => below(asked).into(),
            Some(_) => Told::error(400, "ThrottlingException", "Rate exceeded"),
        }
    });
    let Seen::Unknown(fault) = ask(&stage, "/eastwest/").await else { panic!() };
    assert_eq!(fault.kind, FaultKind::Throttled);
    assert_eq!(&*fault.operation, "ssm.GetParametersByPath");
}

#[tokio::test]
async fn a_parameter_without_its_text_is_unreadable_and_never_empty() {
    for member in ["Value", "Name"] {
        let half = move || with("/e/a", &json!({member: null}));
        let stage = played(move |_: &Asked| json!({"Parameter": half(), "Parameters": [half()]}));
        for name in ["/e/a", "/e/"] {
            let Seen::Unknown(fault) = ask(&stage, name).await else { panic!() };
            assert_eq!(fault.kind, FaultKind::Unreadable);
        }
    }
}

#[tokio::test]
async fn what_may_not_be_read_or_decrypted_is_denied_in_awss_words() {
    let words = [
        "User: arn:aws:sts::1:assumed-role/eastwest/x is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:eu-west-1:1:parameter/e/a",
        "User: arn:aws:sts::1:assumed-role/eastwest/x is not authorized to perform: kms:Decrypt",
    ];
    for text in words {
        let stage = played(move |_: &Asked| Told::error(400, "AccessDeniedException", text));
        for name in ["/e/a", "/e/"] {
            let Seen::Unknown(fault) = ask(&stage, name).await else { panic!() };
            assert_eq!(fault.kind, FaultKind::Denied);
            assert_eq!(&*fault.message, format!("AccessDeniedException: {text}"));
        }
    }
}

#[tokio::test]
async fn no_text_of_a_parameter_gets_into_a_fault_or_into_what_is_logged() {
    let broken = [
        (200, "hunter2"),
        (200, r#"{"Parameter": {"Name": "a", "Value": "hunter2""#),
        (200, r#"{"Parameter": {"Name": "a", "Value": "hunter2", "Version": "hunter2"}}"#),
        (500, "hunter2"),
        (400, r#"{"Parameter": {"Value": "hunter2"}}"#),
        (502, "<html><title>hunter2</title></html>"),
    ];
    for (status, body) in broken {
        let stage = played(move |_: &Asked| Told::text(status, body));
        let seen = ask(&stage, "a").await;
        assert!(matches!(seen, Seen::Unknown(_)), "{status} {body}");
        assert!(!format!("{seen:?}").contains("hunter2"), "{seen:?}");
    }
    let stage = played(|_: &Asked| json!({"Parameter": with("a", &json!({"Value": "hunter2"}))}));
    assert!(!format!("{:?}", ask(&stage, "a").await).contains("hunter2"));
}
