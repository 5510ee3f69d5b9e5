//! Sweeps and refreshes: every page, ten a call, and nothing absent that was merely unreadable.

use std::sync::Arc;

use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::ecs::name::NamespaceRef;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::EcsService;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::view::reading::ClusterReading;
use serde_json::{Value, json};

use super::{Asked, Stage, Told, arn, describe_asked, key, keys, played, prod};

async fn sweep(stage: &Stage) -> ClusterReading {
    match stage.execute(Effect::Sweep(prod())).await {
        Event::Swept(reading) => reading,
        other => panic!("{other:?}"),
    }
}

fn clusters() -> Value {
    json!({"clusters": [{"clusterName": "prod", "status": "ACTIVE", "serviceConnectDefaults": {"namespace": "internal"}}]})
}

/// A cluster of `count` services listed in pages of `size`, answered as AWS does.
fn cluster(count: usize, size: usize) -> impl Fn(&Asked) -> Value + Send + Sync + 'static {
    move |asked| match asked.operation.as_str() {
        "ecs.DescribeClusters" => clusters(),
        "ecs.DescribeServices" => describe_asked(asked),
        "ecs.ListServices" => {
            let from = asked.body["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
            let to = count.min(from + size);
            let arns: Vec<_> = (from..to).map(|i| arn(&format!("s{i:04}"))).collect();
            let token = (to < count).then(|| to.to_string());
            json!({"serviceArns": arns, "nextToken": token})
        }
        other => panic!("{other}"),
    }
}

fn fault_of(seen: &Seen<EcsService>) -> FaultKind {
    match seen {
        Seen::Unknown(fault) => fault.kind,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn of_a_service_that_is_as_it_was_known_a_sweep_holds_what_is_known() {
    let mut stage = played(cluster(235, 100));
    let known = Arc::new(match &sweep(&stage).await.services[&key("s0100")] {
        Seen::Known(service) => service.clone(),
        other => panic!("{other:?}"),
    });
    let as_known = Arc::clone(&known);
    stage.world.unchanged =
        Arc::new(move |read| (*read == *as_known).then(|| Arc::clone(&as_known)));
    let reading = sweep(&stage).await;
    assert_eq!(reading.services.len(), 234);
    let (key, held) = reading.unchanged.first_key_value().expect("one is known");
    assert!(*key == known.key && Arc::ptr_eq(held, &known), "{key}");
}

#[tokio::test]
async fn a_sweep_costs_one_call_for_a_hundred_listed_and_one_for_ten_described() {
    for (count, lists, describes) in
        [(0, 1, 0), (1, 1, 1), (100, 1, 10), (101, 2, 11), (235, 3, 24)]
    {
        let stage = played(cluster(count, 100));
        let reading = sweep(&stage).await;
        assert_eq!(reading.listing, Ok(()));
        assert_eq!(reading.services.len(), count);
        assert!(reading.services.values().all(|seen| seen.known().is_some()));
        assert_eq!(stage.asked("ecs.ListServices").len(), lists, "{count}");
        assert_eq!(stage.asked("ecs.DescribeServices").len(), describes, "{count}");
        assert_eq!(stage.asked("ecs.DescribeClusters").len(), 1);
    }
}

#[tokio::test]
async fn tens_are_filled_across_short_pages() {
    let stage = played(cluster(40, 7));
    assert_eq!(sweep(&stage).await.services.len(), 40);
    let described = stage.asked("ecs.DescribeServices");
    assert_eq!(described.len(), 4);
    assert!(described.iter().all(|body| body["services"].as_array().unwrap().len() == 10));
}

#[tokio::test]
async fn a_sweep_asks_for_a_hundred_names_and_for_tags() {
    let stage = played(cluster(1, 100));
    sweep(&stage).await;
    assert_eq!(stage.asked("ecs.ListServices"), [json!({"cluster": "prod", "maxResults": 100})]);
    let asked = json!({"cluster": "prod", "services": ["s0000"], "include": ["TAGS"]});
    assert_eq!(stage.asked("ecs.DescribeServices"), [asked]);
    assert_eq!(stage.asked("ecs.DescribeClusters"), [json!({"clusters": ["prod"]})]);
}

#[tokio::test]
async fn the_clusters_default_namespace_is_read() {
    let stage = played(cluster(0, 100));
    let expected = Seen::Known(Some(NamespaceRef::as_read("internal")));
    assert_eq!(sweep(&stage).await.default_namespace, expected);
}

#[tokio::test]
async fn a_cluster_without_a_default_namespace_is_known_to_have_none() {
    let stage = played(|asked: &Asked| match asked.operation.as_str() {
        "ecs.DescribeClusters" => json!({"clusters": [{"clusterName": "prod"}]}),
        _ => json!({"serviceArns": []}),
    });
    assert_eq!(sweep(&stage).await.default_namespace, Seen::Known(None));
}

#[tokio::test]
async fn an_empty_page_with_a_token_is_not_the_end() {
    let stage = played(|asked: &Asked| match asked.operation.as_str() {
        "ecs.DescribeClusters" => clusters(),
        "ecs.DescribeServices" => describe_asked(asked),
        _ if asked.body["nextToken"] == "second" => json!({"serviceArns": [arn("web")]}),
        _ => json!({"serviceArns": [], "nextToken": "second"}),
    });
    let reading = sweep(&stage).await;
    assert_eq!(reading.listing, Ok(()));
    assert_eq!(reading.services.into_keys().collect::<Vec<_>>(), [key("web")]);
}

#[tokio::test]
async fn a_service_listed_twice_is_described_once() {
    let stage = played(|asked: &Asked| match asked.operation.as_str() {
        "ecs.DescribeClusters" => clusters(),
        "ecs.DescribeServices" => describe_asked(asked),
        _ if asked.body["nextToken"] == "2" => json!({"serviceArns": [arn("web"), arn("api")]}),
        _ => json!({"serviceArns": [arn("web"), arn("web")], "nextToken": "2"}),
    });
    assert_eq!(sweep(&stage).await.services.len(), 2);
    assert_eq!(stage.asked("ecs.DescribeServices")[0]["services"], json!(["web", "api"]));
}

#[tokio::test]
async fn a_listing_that_goes_round_in_circles_ends_and_is_not_complete() {
    let stage = played(|asked: &Asked| match asked.operation.as_str() {
        "ecs.DescribeClusters" => clusters(),
        "ecs.DescribeServices" => describe_asked(asked),
        _ => json!({"serviceArns": [arn("web")], "nextToken": "again"}),
    });
    let reading = sweep(&stage).await;
    assert_eq!(reading.listing.unwrap_err().kind, FaultKind::Unreadable);
    assert_eq!(reading.services.len(), 1, "what was listed is described all the same");
    assert_eq!(stage.asked("ecs.ListServices").len(), 2);
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_not_complete_and_what_came_before_stands() {
    let stage = played(|asked: &Asked| -> Told {
        match asked.operation.as_str() {
            "ecs.DescribeClusters" => clusters().into(),
            "ecs.DescribeServices" => describe_asked(asked).into(),
            _ if asked.body["nextToken"] == "2" => Told::error(400, "AccessDeniedException", "no"),
            _ => json!({"serviceArns": [arn("web")], "nextToken": "2"}).into(),
        }
    });
    let reading = sweep(&stage).await;
    assert_eq!(reading.listing.unwrap_err().kind, FaultKind::Denied);
    assert!(reading.services[&key("web")].known().is_some());
}

#[tokio::test]
async fn an_answer_without_a_list_is_not_an_empty_cluster() {
    let stage = played(|_: &Asked| json!({}));
    assert_eq!(sweep(&stage).await.listing.unwrap_err().kind, FaultKind::Unreadable);
}

#[tokio::test]
async fn a_missing_cluster_is_named_with_its_region_and_what_to_do() {
    let stage = played(|asked: &Asked| -> Told {
        match asked.operation.as_str() {
            "ecs.DescribeClusters" => {
                json!({"clusters": [], "failures": [{"reason": "MISSING"}]}).into()
            }
            _ => Told::error(400, "ClusterNotFoundException", "Cluster not found."),
        }
    });
    let reading = sweep(&stage).await;
    let fault = reading.listing.unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    for word in ["'prod'", "eu-west-1", "--cluster", "--region"] {
        assert!(fault.message.contains(word), "{fault}");
    }
    assert!(matches!(reading.default_namespace, Seen::Unknown(f) if f.kind == FaultKind::NotFound));
}

#[tokio::test]
async fn a_failed_describe_leaves_its_ten_unknown_and_the_others_seen() {
    let stage = played(|asked: &Asked| -> Told {
        let is_second = asked.body["services"].as_array().is_some_and(|s| s[0] == "s0010");
        match asked.operation.as_str() {
            "ecs.DescribeServices" if is_second => Told::error(400, "AccessDeniedException", "no"),
            _ => cluster(30, 100)(asked).into(),
        }
    });
    let reading = sweep(&stage).await;
    assert_eq!(reading.listing, Ok(()));
    let unknown: Vec<_> = reading.services.iter().filter(|(_, s)| s.known().is_none()).collect();
    assert_eq!(unknown.len(), 10);
    assert!(unknown.iter().all(|(_, seen)| fault_of(seen) == FaultKind::Denied));
}

#[tokio::test]
async fn an_entry_of_failures_is_unknown_never_absent() {
    let stage = played(|_: &Asked| {
        json!({"services": [], "failures": [
            {"arn": arn("gone"), "reason": "MISSING"},
            {"arn": arn("odd"), "reason": "SOMETHING", "detail": "else"},
        ]})
    });
    let effect = Effect::Refresh(prod(), keys(&["gone", "odd"]));
    let Event::Refreshed(_, services) = stage.execute(effect).await else { panic!() };
    assert_eq!(fault_of(&services[&key("gone")]), FaultKind::NotFound);
    assert_eq!(fault_of(&services[&key("odd")]), FaultKind::Refused);
}

#[tokio::test]
async fn a_service_that_the_answer_leaves_out_is_unknown() {
    let stage = played(
        |_: &Asked| json!({"services": [super::described("api"), super::described("stranger")]}),
    );
    let effect = Effect::Refresh(prod(), keys(&["web", "api"]));
    let Event::Refreshed(_, services) = stage.execute(effect).await else { panic!() };
    assert_eq!(services.len(), 2);
    assert_eq!(fault_of(&services[&key("web")]), FaultKind::Incomplete);
    assert!(services[&key("api")].known().is_some());
}

#[tokio::test]
async fn a_refresh_asks_ten_at_a_time() {
    let stage = played(describe_asked);
    let all: Vec<_> = (0..25).map(|i| format!("s{i}")).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    let Event::Refreshed(_, services) = stage.execute(Effect::Refresh(prod(), keys(&all))).await
    else {
        panic!()
    };
    assert_eq!(services.len(), 25);
    let mut sizes: Vec<_> = stage
        .asked("ecs.DescribeServices")
        .iter()
        .map(|b| b["services"].as_array().unwrap().len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [5, 10, 10]);
}

#[tokio::test]
async fn a_throttled_read_is_tried_again_and_every_attempt_is_counted() {
    let stage = {
        let first = std::sync::atomic::AtomicBool::new(true);
        played(move |asked: &Asked| -> Told {
            if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
                return Told::error(400, "ThrottlingException", "Rate exceeded");
            }
            describe_asked(asked).into()
        })
    };
    let Event::Refreshed(_, services) =
        stage.execute(Effect::Refresh(prod(), keys(&["web"]))).await
    else {
        panic!()
    };
    assert!(services[&key("web")].known().is_some());
    assert_eq!(stage.counted(), ["ecs.DescribeServices Throttled", "ecs.DescribeServices Ok"]);
}

#[tokio::test]
async fn a_read_is_tried_three_times_and_no_more() {
    let stage = played(|_: &Asked| Told::error(500, "ServerException", "oops"));
    let Event::Refreshed(_, services) =
        stage.execute(Effect::Refresh(prod(), keys(&["web"]))).await
    else {
        panic!()
    };
    assert_eq!(fault_of(&services[&key("web")]), FaultKind::ServerError);
    assert_eq!(stage.all_asked().len(), 3);
}
