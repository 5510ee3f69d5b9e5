//! Tasks and instances: pages, hundreds, and answers that leave something out.

use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::ecs::name::{Arn, EcsServiceName};
use serde_json::{Value, json};

use super::{Asked, Told, played, prod};

fn arn(number: usize) -> String {
    format!("arn:aws:ecs:eu-west-1:1:task/prod/{number:03}")
}

/// A cluster of 150 tasks in two pages, of which the answer to a description leaves out what `kept` does not keep.
fn of_150(asked: &Asked, kept: impl Fn(&str) -> bool, failures: &Value) -> Told {
    let names = |numbers: std::ops::Range<usize>| numbers.map(arn).collect::<Vec<_>>();
    let answer = match asked.operation.as_str() {
        "ecs.ListTasks" if asked.body["nextToken"].is_null() => {
            json!({"taskArns": names(0..100), "nextToken": "2"})
        }
        "ecs.ListTasks" => json!({"taskArns": names(100..150)}),
        _ => {
            let asked = asked.body["tasks"].as_array().into_iter().flatten();
            let asked = asked.filter_map(Value::as_str).filter(|arn| kept(arn));
            let tasks: Vec<Value> = asked.map(|arn| json!({"taskArn": arn})).collect();
            json!({"tasks": tasks, "failures": failures})
        }
    };
    answer.into()
}

#[tokio::test]
async fn tasks_are_listed_on_every_page_and_described_a_hundred_a_call() {
    let stage = played(|asked: &Asked| of_150(asked, |_| true, &json!([])));
    let tasks = stage.world.tasks(&prod(), Some(&EcsServiceName::as_read("web"))).await;
    assert_eq!(tasks.map(|tasks| tasks.len()), Ok(150));
    let asked = stage.asked.lock().expect("not poisoned").clone();
    let calls: Vec<&str> = asked.iter().map(|each| each.operation.as_str()).collect();
    let described = "ecs.DescribeTasks";
    assert_eq!(calls, ["ecs.ListTasks", "ecs.ListTasks", described, described]);
    assert_eq!(
        (&asked[0].body["serviceName"], &asked[0].body["cluster"]),
        (&json!("web"), &json!("prod"))
    );
}

#[tokio::test]
async fn a_task_that_ended_meanwhile_is_left_out_and_one_that_is_passed_over_is_a_fault() {
    let gone = arn(7);
    let missing = json!([{"arn": gone, "reason": "MISSING"}]);
    let other = json!([{"arn": gone, "reason": "BUSY"}]);
    for (failures, expected) in [
        (missing, Ok(149)),
        (json!([]), Err(FaultKind::Incomplete)),
        (other, Err(FaultKind::Refused)),
    ] {
        let gone = gone.clone();
        let stage = played(move |asked: &Asked| of_150(asked, |arn| arn != gone, &failures));
        let tasks = stage.world.tasks(&prod(), None).await;
        assert_eq!(tasks.map(|tasks| tasks.len()).map_err(|fault| fault.kind), expected);
    }
}

#[tokio::test]
async fn instances_are_read_from_every_page_by_the_arn_of_their_service() {
    let stage = played(|asked: &Asked| {
        let instance = |id: &str| json!({"Id": id, "Attributes": {"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "80"}});
        if asked.body["NextToken"].is_null() {
            return Told::from(json!({"Instances": [instance("b")], "NextToken": "2"}));
        }
        json!({"Instances": [instance("a")]}).into()
    });
    let service = Arn::as_read("arn:aws:servicediscovery:eu-west-1:2:service/srv-1");
    let found = stage.world.instances(&service).await.expect("two pages");
    assert_eq!(found.iter().map(|each| each.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let asked = stage.asked.lock().expect("not poisoned").clone();
    assert_eq!(asked[1].body["ServiceId"], json!(service.as_str()));
}
