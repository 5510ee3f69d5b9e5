//! A revision in which ports have names: what is sent, what is compared, and that it is made once.

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{Arn, Family, Port, PortName};
use eastwest_core::ecs::seen::Seen;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::prerequisite::{NamedPort, NamedPorts, Prerequisite};
use eastwest_core::view::reading::{Answer, Question};
use serde_json::{Value, json};

use super::{Asked, Stage, Told, played};

const READ: &str = "ecs.DescribeTaskDefinition";
const WRITE: &str = "ecs.RegisterTaskDefinition";

fn revision(number: u32) -> String {
    format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:{number}")
}

/// Revision 3 of `web`, with members that no SDK knows; port 8080 has no name.
pub(super) fn described() -> Value {
    json!({
        "taskDefinition": {
            "taskDefinitionArn": revision(3), "family": "web", "revision": 3, "status": "ACTIVE",
            "registeredAt": 1_700_000_000.5, "registeredBy": "ci", "compatibilities": ["EC2", "FARGATE"],
            "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.task-iam-role"}],
            "networkMode": "awsvpc", "cpu": "256", "memory": "512", "volumes": [],
            "newThing": {"of": ["next", "year"]},
            "containerDefinitions": [{
                "name": "app", "image": "app:1", "newThing": 1.5,
                "environment": [{"name": "PASSWORD", "value": "hunter2"}],
                "portMappings": [{"containerPort": 8080, "protocol": "tcp", "newThing": false}],
            }],
        },
        "tags": [
            {"key": "team", "value": "shop"},
            {"key": "aws:cloudformation:stack-name", "value": "stack"},
        ],
    })
}

/// The same with what ECS would have it be.
fn named(number: u32) -> Value {
    let mut answer = described();
    answer["taskDefinition"]["taskDefinitionArn"] = json!(revision(number));
    answer["taskDefinition"]["containerDefinitions"][0]["portMappings"][0]["name"] = json!("http");
    answer
}

/// What ECS answers to a registration: all of it, with what it adds.
pub(super) fn registered(asked: &Asked) -> Value {
    let mut definition = asked.body.clone();
    let tags = definition.as_object_mut().unwrap().remove("tags");
    definition["taskDefinitionArn"] = json!(revision(4));
    definition["revision"] = json!(4);
    definition["pidMode"] = json!("task");
    json!({"taskDefinition": definition, "tags": tags})
}

pub(super) fn wanted() -> Prerequisite {
    let http = NamedPort {
        container: "app".to_owned(),
        container_port: Port::parse("8080").unwrap(),
        protocol: "tcp".to_owned(),
        name: PortName::as_read("http"),
    };
    let task_definition = Arn::as_read(&revision(3));
    Prerequisite::NamedPorts(NamedPorts { task_definition, ports: vec![http] })
}

async fn make(stage: &Stage) -> Result<String, Fault> {
    match stage.execute(Effect::Make(wanted())).await {
        Event::Made(made, outcome) => {
            assert_eq!(made, wanted());
            outcome
        }
        other => panic!("{other:?}"),
    }
}

/// An AWS whose latest revision is `latest` and that answers `register` to a registration.
fn family(
    latest: impl Fn() -> Value + Send + Sync + 'static,
    register: impl Fn(&Asked) -> Value + Send + Sync + 'static,
) -> Stage {
    played(move |asked: &Asked| match asked.operation.as_str() {
        WRITE => register(asked),
        _ if asked.body["taskDefinition"] == "web" => latest(),
        _ => described(),
    })
}

#[tokio::test]
async fn the_revision_that_is_registered_has_the_name_and_every_member_and_tag() {
    let stage = family(described, registered);
    assert_eq!(make(&stage).await, Ok(revision(4)));
    let mut expected = json!({
        "family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "newThing": {"of": ["next", "year"]},
        "containerDefinitions": described()["taskDefinition"]["containerDefinitions"],
        "tags": [{"key": "team", "value": "shop"}],
    });
    expected["containerDefinitions"][0]["portMappings"][0]["name"] = json!("http");
    assert_eq!(stage.asked(WRITE), [expected]);
}

#[tokio::test]
async fn revisions_are_read_with_their_tags() {
    let stage = family(described, registered);
    make(&stage).await.unwrap();
    let expected = [revision(3), "web".to_owned()];
    let expected = expected.map(|asked| json!({"taskDefinition": asked, "include": ["TAGS"]}));
    assert_eq!(stage.asked(READ), expected);
}

#[tokio::test]
async fn a_latest_revision_that_has_the_names_is_the_answer_and_nothing_is_registered() {
    let whole = || named(9);
    let of_somebody_else = || {
        let mut answer = named(9);
        answer["taskDefinition"]["containerDefinitions"][0]["image"] = json!("app:2");
        answer["taskDefinition"].as_object_mut().unwrap().remove("newThing");
        answer
    };
    for stage in [family(whole, registered), family(of_somebody_else, registered)] {
        assert_eq!(make(&stage).await, Ok(revision(9)));
        assert_eq!(stage.asked(WRITE), [json!(null); 0]);
    }
}

#[tokio::test]
async fn a_given_revision_that_has_the_names_is_the_answer_itself() {
    let stage = played(|_: &Asked| named(3));
    assert_eq!(make(&stage).await, Ok(revision(3)));
    assert_eq!(stage.all_asked(), [READ]);
}

#[tokio::test]
async fn a_latest_revision_that_is_newer_and_nameless_is_not_what_is_begun_from() {
    let newer = || {
        let mut answer = described();
        answer["taskDefinition"]["taskDefinitionArn"] = json!(revision(8));
        answer["taskDefinition"]["containerDefinitions"][0]["image"] = json!("app:2");
        answer
    };
    let stage = family(newer, registered);
    make(&stage).await.unwrap();
    assert_eq!(stage.asked(WRITE)[0]["containerDefinitions"][0]["image"], "app:1");
}

#[tokio::test]
async fn a_family_without_active_revisions_gets_one() {
    let stage = played(|asked: &Asked| -> Told {
        match asked.operation.as_str() {
            WRITE => registered(asked).into(),
            _ if asked.body["taskDefinition"] == "web" => {
                Told::error(400, "ClientException", "Unable to describe task definition.")
            }
            _ => described().into(),
        }
    });
    assert_eq!(make(&stage).await, Ok(revision(4)));
}

#[tokio::test]
async fn a_member_that_the_new_revision_lacks_is_a_fault_that_names_its_path_and_no_value() {
    let losing = |asked: &Asked| {
        let mut answer = registered(asked);
        answer["taskDefinition"].as_object_mut().unwrap().remove("newThing");
        answer["taskDefinition"]["containerDefinitions"][0]["environment"] = json!([]);
        answer["tags"] = json!([]);
        answer
    };
    let fault = make(&family(described, losing)).await.unwrap_err();
    assert_eq!((fault.kind, &*fault.operation), (FaultKind::Refused, WRITE));
    assert_eq!(
        &*fault.message,
        "revision web:4 has the port names but lacks containerDefinitions[0].environment, newThing, tags: deploy or deregister it"
    );
}

#[tokio::test]
async fn a_revision_that_lost_a_member_is_not_the_answer_when_asked_again() {
    let short = || {
        let mut answer = named(4);
        answer["taskDefinition"].as_object_mut().unwrap().remove("newThing");
        answer
    };
    let stage = family(short, registered);
    let fault = make(&stage).await.unwrap_err();
    assert!(fault.message.contains("web:4 has the port names but lacks newThing"), "{fault}");
    assert_eq!(stage.asked(WRITE), [json!(null); 0]);
}

#[tokio::test]
async fn a_port_that_is_not_there_is_refused_before_anything_is_registered() {
    let stage = played(|_: &Asked| {
        let mut answer = described();
        answer["taskDefinition"]["containerDefinitions"][0]["name"] = json!("other");
        answer
    });
    let fault = make(&stage).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert_eq!(&*fault.message, "port 8080/tcp of container 'app' is not mapped");
    assert_eq!(stage.all_asked(), [READ]);
}

#[tokio::test]
async fn a_registration_is_sent_once_and_its_answer_shows_no_secret() {
    for (status, body) in
        [(500, "hunter2"), (200, "hunter2"), (200, r#"{"taskDefinition": {"hunter2"#)]
    {
        let stage = played(move |asked: &Asked| -> Told {
            match asked.operation.as_str() {
                WRITE => Told::text(status, body),
                _ => described().into(),
            }
        });
        let fault = make(&stage).await.unwrap_err();
        assert!(fault.kind.leaves_effect_unknown(), "{fault}");
        assert!(!format!("{fault:?}").contains("hunter2"), "{fault}");
        assert_eq!(stage.asked(WRITE).len(), 1);
    }
}

async fn latest(stage: &Stage) -> Seen<Arn> {
    let question = Question::LatestRevision(Family::as_read("web"));
    match stage.execute(Effect::Ask(question)).await {
        Event::Answered(Answer::LatestRevision(_, Seen::Known(found))) => Seen::Known(found.arn),
        Event::Answered(Answer::LatestRevision(_, Seen::Absent)) => Seen::Absent,
        Event::Answered(Answer::LatestRevision(_, Seen::Unknown(fault))) => Seen::Unknown(fault),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_latest_revision_is_asked_for_by_family() {
    let stage = family(|| named(9), registered);
    assert_eq!(latest(&stage).await, Seen::Known(Arn::as_read(&revision(9))));
    assert_eq!(stage.asked(READ)[0]["taskDefinition"], "web");
}

#[tokio::test]
async fn a_family_that_ecs_cannot_describe_has_no_latest_revision() {
    let text = "Unable to describe task definition.";
    let stage = played(move |_: &Asked| Told::error(400, "ClientException", text));
    assert_eq!(latest(&stage).await, Seen::Absent);
    let stage = played(|_: &Asked| Told::error(400, "ClientException", "Something else."));
    assert!(
        matches!(latest(&stage).await, Seen::Unknown(fault) if fault.kind == FaultKind::Refused)
    );
    let stage = played(|_: &Asked| json!({"taskDefinition": {"family": "web"}}));
    assert!(
        matches!(latest(&stage).await, Seen::Unknown(fault) if fault.kind == FaultKind::Unreadable)
    );
}
