//! The pages of a fleet that an engine has read, as a reader gets them.

use std::collections::BTreeMap;
use std::time::Duration;

use askama::Template as _;
use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::connect::Connect;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{
    Arn, ClusterName, DeploymentId, NamespaceId, NamespaceName, NamespaceRef,
};
use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::{
    Deployment, DeploymentController, DeploymentStatus, EcsService, Rollout, ServiceStatus,
    Strategy,
};
use eastwest_core::ecs::service_key::{ServiceKey, ServicePath};
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::engine::effect::Event;
use eastwest_core::view::reading::{Answer, ClusterReading};

use super::events::{self, EventsPage};
use super::fleet::{Asked, Fleet};
use super::frame::{Access, Reader};
use super::plan::PlanPage;
use super::service::{Graphs, NoPage, ServicePage};
use crate::daemon::clock::Clock;
use crate::daemon::meters::Metrics;
use crate::daemon::shared::Shared;

const READER: Reader = Reader { access: Access::SignedOut, notice: None };
const NEVER: AwsTime = AwsTime(1_700_000_000_000);

/// A service at rest, without Service Connect.
fn service(name: &str, tags: &[(&str, &str)]) -> EcsService {
    let arn = Arn::as_read(&format!("arn:aws:ecs:eu-west-1:111122223333:service/prod/{name}"));
    let tags = tags.iter().map(|(key, value)| (format!("eastwest/{key}"), (*value).to_owned()));
    let task_definition = Arn::as_read("arn:aws:ecs:eu-west-1:111122223333:task-definition/app:1");
    let primary = Deployment {
        id: DeploymentId::as_read("ecs-svc/1"),
        status: DeploymentStatus::Primary,
        rollout: Rollout::Completed,
        rollout_reason: String::new(),
        created_at: NEVER,
        updated_at: NEVER,
        running_count: 2,
        task_definition: task_definition.clone(),
        connect: None,
        cloud_map: Vec::new(),
    };
    EcsService {
        key: ServiceKey::of_arn(&arn).expect("a key"),
        arn,
        created_at: NEVER,
        status: ServiceStatus::Active,
        tags: tags.collect(),
        controller: DeploymentController::Ecs,
        strategy: Strategy::default(),
        events: Vec::new(),
        launch_type: "FARGATE".to_owned(),
        platform_family: "Linux".to_owned(),
        platform_version: "1.4.0".to_owned(),
        desired_count: 2,
        task_definition,
        registries: Vec::new(),
        deployments: vec![primary],
        unknown_members: Vec::new(),
    }
}

/// An eastwest that has read these services.
fn fleet(services: impl IntoIterator<Item = EcsService>) -> Shared {
    let prod = ClusterName::as_read("prod");
    let settings = Settings { clusters: Some([prod.clone()].into()), ..Settings::default() };
    let clock = Clock::start(Duration::ZERO);
    let shared = Shared::publishing_to(settings, Metrics::new(), clock, |_, _| {});
    let namespace = Namespace {
        id: NamespaceId::as_read("ns-0123456789abcdef"),
        arn: Arn::as_read(
            "arn:aws:servicediscovery:eu-west-1:111122223333:namespace/ns-0123456789abcdef",
        ),
        name: NamespaceName::as_read("internal.myapp"),
        http_name: NamespaceName::as_read("internal.myapp"),
        kind: "DNS_PRIVATE".to_owned(),
        owner: None,
    };
    let services: BTreeMap<ServiceKey, Seen<EcsService>> =
        services.into_iter().map(|each| (each.key.clone(), Seen::Known(each))).collect();
    let reading = ClusterReading {
        cluster: prod,
        default_namespace: Seen::Known(None),
        listing: Ok(()),
        services,
        unchanged: BTreeMap::new(),
    };
    for event in [
        Event::Tick,
        Event::Answered(Answer::Namespaces(Seen::Known(vec![namespace]))),
        Event::Swept(reading),
    ] {
        shared.step(event).expect("no step panics");
    }
    shared
}

/// A fleet of empty clusters but for one, `trouble`, that cannot be read.
fn many_clusters(number: usize) -> Shared {
    let names = (0..number).map(|n| ClusterName::as_read(&format!("c{n:02}")));
    let names = names.chain([ClusterName::as_read("trouble")]);
    let settings = Settings { clusters: Some(names.clone().collect()), ..Settings::default() };
    let clock = Clock::start(Duration::ZERO);
    let shared = Shared::publishing_to(settings, Metrics::new(), clock, |_, _| {});
    shared.step(Event::Tick).expect("no step panics");
    for cluster in names {
        let listing = match cluster.as_str() {
            "trouble" => Err(Fault::new(FaultKind::Denied, "ecs.ListServices", "no")),
            _ => Ok(()),
        };
        let (services, unchanged) = (BTreeMap::new(), BTreeMap::new());
        let default_namespace = Seen::Known(None);
        let reading = ClusterReading { cluster, default_namespace, listing, services, unchanged };
        shared.step(Event::Swept(reading)).expect("no step panics");
    }
    shared
}

fn fleet_page(shared: &Shared, asked: Asked) -> Result<String, String> {
    Fleet::new(shared, asked, READER).map(|page| page.render().expect("a page"))
}

fn service_page(shared: &Shared, name: &str) -> Result<String, NoPage> {
    let path = ServicePath::parse(&format!("prod/{name}")).expect("a path");
    let page = ServicePage::new(shared, &path, &Graphs::new(), READER)?;
    Ok(page.render().expect("a page"))
}

/// The names of the services in the list, in its order.
fn listed(page: &str) -> Vec<String> {
    let rows = page.split("<th scope=\"row\">").skip(1);
    let names = rows.filter_map(|row| row.split_once("<wbr>")?.1.split_once('<'));
    names.map(|(name, _)| name.trim().to_owned()).collect()
}

#[test]
fn what_needs_a_person_comes_first() {
    let shared = fleet([
        service("a-in-peace", &[]),
        service("b-typo", &[("mode", "clinet")]),
        service(
            "c-paused",
            &[("mode", "client"), ("namespace", "internal.myapp"), ("pause", "true")],
        ),
    ]);
    let page = fleet_page(&shared, Asked::default()).expect("a page");
    assert_eq!(listed(&page), ["b-typo", "c-paused", "a-in-peace"]);
    assert!(
        page.contains("1 service needs a person. 0 of 2 services that opted in are in order."),
        "{page}"
    );
    assert!(page.contains("did you mean &#34;client&#34;?"), "{page}");
}

#[test]
fn filters_find_what_they_name_and_refuse_what_they_do_not_know() {
    let shared =
        fleet([service("web", &[]), service("api", &[("mode", "clinet")]), service("api-2", &[])]);
    let of = |asked: Asked| listed(&fleet_page(&shared, asked).expect("a page"));
    let q = |q: &str| Asked { q: q.to_owned(), ..Asked::default() };
    assert_eq!(of(q("API")), ["api", "api-2"]);
    assert_eq!(of(q("api ambiguous")), ["api"]);
    assert_eq!(of(q("clinet")), ["api"], "the message, as the API searches it");
    assert!(of(q("nothing")).is_empty());
    assert_eq!(of(Asked { standing: "broken".to_owned(), ..Asked::default() }), ["api"]);
    assert!(of(Asked { cluster: "other".to_owned(), ..Asked::default() }).is_empty());
    assert_eq!(of(Asked { page: "9".to_owned(), ..Asked::default() }).len(), 3, "the last page");
    let refused = |asked: Asked| fleet_page(&shared, asked).expect_err("refused");
    let why = refused(Asked { standing: "fine".to_owned(), ..Asked::default() });
    assert_eq!(
        why,
        "standing=\"fine\": send one of broken, held, toChange, changing, inOrder, notOptedIn"
    );
    for page in ["0", "-1", "x", "99999999999999999999999"] {
        assert!(
            refused(Asked { page: page.to_owned(), ..Asked::default() })
                .contains("a number from 1")
        );
    }
    assert!(refused(q(&"x".repeat(201))).contains("at most 200 characters"));
}

#[test]
fn a_text_of_others_is_never_markup() {
    const SCRIPT: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    let mut victim = service("victim", &[("mode", SCRIPT)]);
    victim.deployments[0].rollout = Rollout::Failed;
    victim.deployments[0].rollout_reason = format!("{SCRIPT}\u{202e}");
    let shared = fleet([victim]);
    let asked = Asked { q: SCRIPT.to_owned(), cluster: SCRIPT.to_owned(), ..Asked::default() };
    let pages = [
        fleet_page(&shared, Asked::default()).expect("a page"),
        fleet_page(&shared, asked).expect("a page"),
        service_page(&shared, "victim").expect("a page"),
        PlanPage::new(&shared, READER).render().expect("a page"),
        EventsPage::new(&shared, events::Asked::default(), READER)
            .expect("a page")
            .render()
            .expect("a page"),
    ];
    for page in pages {
        assert!(!page.contains("<script>") && !page.contains("<img"), "{page}");
        assert!(!page.contains('\u{202e}'), "{page}");
    }
}

#[test]
fn a_fleet_of_nothing_says_so() {
    let page = fleet_page(&fleet([]), Asked::default()).expect("a page");
    assert!(page.contains("No service was read yet."), "{page}");
    assert!(listed(&page).is_empty());
}

#[test]
fn a_fleet_of_thousands_is_one_page_at_a_time() {
    let shared = fleet((0..5000).map(|n| service(&format!("s{n:04}"), &[])));
    let page = |number: &str| {
        let asked = Asked { page: number.to_owned(), ..Asked::default() };
        fleet_page(&shared, asked).expect("a page")
    };
    let first = page("");
    assert_eq!(listed(&first).len(), 50);
    assert!(first.contains("Page 1 of 100") && first.contains("href=\"/?page=2\""), "{first}");
    assert!(first.len() < 100_000, "{} bytes", first.len());
    assert_eq!(listed(&page("100")).last().map(String::as_str), Some("s4999"));
}

#[test]
fn a_service_that_is_not_there_has_no_page_and_a_near_name_is_offered() {
    let shared = fleet([service("web", &[])]);
    let Err(NoPage::NotThere(why)) = service_page(&shared, "wep") else { panic!("there is none") };
    assert_eq!(why, "there is no ECS service prod/wep; did you mean prod/web?");
}

#[test]
fn buttons_are_there_for_who_is_signed_in_alone() {
    let shared = fleet([service("web", &[])]);
    let path = ServicePath::parse("prod/web").expect("a path");
    let button = |access: Access| {
        let reader = Reader { access, notice: None };
        let page = ServicePage::new(&shared, &path, &Graphs::new(), reader).expect("a page");
        page.render().expect("a page").contains("action=\"/actions/look\"")
    };
    assert_eq!(
        [Access::ReadOnly, Access::SignedOut, Access::SignedIn].map(button),
        [false, false, true]
    );
}

/// A client in the namespace of these fleets, as ECS names it.
fn client() -> Connect {
    let arn = "arn:aws:servicediscovery:eu-west-1:111122223333:namespace/ns-0123456789abcdef";
    let namespace = Some(NamespaceRef::as_read(arn));
    Connect { namespace, endpoints: Vec::new(), logs: None, access_logs: None, log_level: None }
}

#[test]
fn a_namespace_is_shown_by_its_name_on_every_page() {
    let joins = service("joins", &[("mode", "client"), ("namespace", "ns-0123456789abcdef")]);
    let mut stays = service("stays", &[("mode", "client"), ("namespace", "internal.myapp")]);
    stays.deployments[0].connect = Some(client());
    let shared = fleet([joins, stays]);
    let plan = PlanPage::new(&shared, READER).render().expect("a page");
    let pages = ["joins", "stays"].map(|name| service_page(&shared, name).expect("a page"));
    for page in &pages {
        assert!(page.contains("internal.myapp"), "{page}");
    }
    for page in pages.iter().chain([&plan]) {
        assert!(!page.contains("ns-0123456789abcdef"), "{page}");
    }
}

#[test]
fn the_search_for_metrics_has_the_dimensions_of_each() {
    let mut web = service("web", &[]);
    web.deployments[0].connect = Some(client());
    let page = service_page(&fleet([web]), "web").expect("a page").replace("&#34;", "\"");
    let of_web = "ClusterName=\"prod\" ServiceName=\"web\"";
    for dimensions in
        ["ClusterName,DiscoveryName,ServiceName", "ClusterName,ServiceName,TargetDiscoveryName"]
    {
        let search = format!("{{AWS/ECS,{dimensions}}} {of_web}");
        assert!(page.contains(&search), "{search}: {page}");
    }
}

#[test]
fn what_is_wrong_with_a_declaration_stands_with_its_hold() {
    let shared = fleet([
        service("a", &[("mode", "clinet")]),
        service("b", &[("mode", "client"), ("namespace", "internal.myapp"), ("timeout", "x")]),
    ]);
    let page = PlanPage::new(&shared, READER).render().expect("a page");
    let issues = page.split("<ul class=\"issues\">").skip(1);
    let issues: Vec<&str> = issues.filter_map(|rest| Some(rest.split_once("</ul>")?.0)).collect();
    assert_eq!(issues.len(), 2, "{page}");
    assert!(issues[0].contains("eastwest/mode=") && issues[0].contains("clinet"), "{page}");
    assert!(issues[1].contains("eastwest/timeout="), "{page}");
}

#[test]
fn of_many_clusters_those_that_need_a_person_are_shown_and_the_others_counted() {
    let shared = many_clusters(40);
    let reader = Reader { access: Access::SignedIn, notice: None };
    let page = |cluster: &str| {
        let asked = Asked { cluster: cluster.to_owned(), ..Asked::default() };
        Fleet::new(&shared, asked, reader).expect("a page").render().expect("a page")
    };
    let links = |page: &str| page.matches("href=\"/?cluster=").count();
    let options = |page: &str| {
        let select = page.split_once("id=\"paused-cluster\"").expect("a choice").1;
        let (select, _) = select.split_once("</select>").expect("an end");
        select.matches("<option value=\"").count() - 1
    };
    let all = page("");
    assert_eq!((links(&all), options(&all)), (12, 12), "{all}");
    assert!(all.contains("and 29 more; search for a service of one"), "{all}");
    assert!(all.contains("href=\"/?cluster=trouble\""), "{all}");
    let last = page("c39");
    assert_eq!((links(&last), options(&last)), (12, 13), "{last}");
    assert!(last.contains("<option value=\"c39\" selected>"), "{last}");
}

#[test]
fn events_that_match_are_counted_also_where_the_page_has_not_all() {
    let shared = fleet((0..250).map(|n| service(&format!("s{n:03}"), &[("mode", "clinet")])));
    let page = |level: &str| {
        let asked = serde_urlencoded::from_str(level).expect("a query");
        EventsPage::new(&shared, asked, READER).expect("a page").render().expect("a page")
    };
    let warnings = page("level=warning");
    assert_eq!(warnings.matches("<li class=\"event ").count(), 200);
    assert!(warnings.contains("250 events, 250 warnings; the latest 200 are shown"), "{warnings}");
    let one = page("service=prod%2Fs007&level=warning");
    assert!(one.contains("1 event, 1 warning<"), "{one}");
}

#[test]
fn what_waits_is_not_counted_as_done_now() {
    let tags = [("mode", "client"), ("namespace", "internal.myapp")];
    let shared = fleet((0..30).map(|n| service(&format!("s{n:02}"), &tags)));
    let page = PlanPage::new(&shared, READER).render().expect("a page");
    assert!(page.contains("0 changes now, 30 held"), "{page}");
    for card in ["roll out now</dt><dd>0</dd>", "or by policy</dt><dd>30</dd>"] {
        assert!(page.contains(card), "{page}");
    }
}
