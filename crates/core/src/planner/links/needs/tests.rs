//! What is needed, by whom, and what of it is nobody's.

use expect_test::{Expect, expect};

use crate::testing::Stage;

/// Each service's needs and what is said of them.
fn check(text: &str, expected: &Expect) {
    let plan = Stage::read(text).plan();
    let needs = plan.needs.iter().map(|(key, needs)| {
        let shown = |need: &super::Need| {
            format!("{}{}", need.name, if need.inferred { " (inferred)" } else { "" })
        };
        let all: Vec<String> = needs.iter().map(shown).collect();
        format!("{key} needs {}\n", all.join(", "))
    });
    let advice = plan
        .advice
        .iter()
        .flat_map(|(key, issues)| issues.iter().map(move |issue| format!("{key}: {issue}\n")));
    expected.assert_eq(&needs.chain(advice).collect::<String>());
}

const SERVERS: &str = "namespace internal.myapp
    namespace other.ns
    catalog - | in internal.myapp http/catalog@catalog:80
    orders mode=client-server | in internal.myapp http/orders@orders:80
    far - | in other.ns http/far@far:80";

fn with(client: &str) -> String {
    format!("{SERVERS}\n{client}")
}

#[test]
fn declared_needs_stand_as_they_are() {
    check(
        &with("ui mode=client, needs=catalog orders | in internal.myapp"),
        &expect![[r#"
            prod/ui needs catalog, orders
        "#]],
    );
}

#[test]
fn without_a_declaration_the_environment_tells() {
    check(
        &with(
            "ui mode=client | in internal.myapp | http=8080 env:http://catalog;ORDERS_HOST=orders;http://far;s3cret",
        ),
        &expect![[r#"
            prod/ui needs catalog (inferred), orders (inferred)
        "#]],
    );
}

#[test]
fn a_declaration_of_none_infers_nothing() {
    check(
        &with("ui mode=client, needs=none | in internal.myapp | http=8080 env:http://catalog"),
        &expect![[r#""#]],
    );
}

#[test]
fn another_port_of_a_host_is_another_endpoint() {
    check(
        &with("ui mode=client | in internal.myapp | http=8080 env:catalog:81;orders:80"),
        &expect![[r#"
            prod/ui needs orders (inferred)
            prod/ui: VALUE="catalog:81": VALUE names catalog on port 81, which is served on 80: name a port that is served, or serve this one under the alias
        "#]],
    );
}

#[test]
fn nobody_itself_and_another_namespace_are_issues_and_hold_nobody_up() {
    check(
        &with("ui mode=client-server, needs=catalok far ui, namespace=internal.myapp"),
        &expect![[r#"
            prod/ui needs catalok, far
            prod/ui: eastwest/needs="catalok": no service offers this name in namespace internal.myapp: correct the spelling, or remove it. Nothing waits for it; once a service offers it, this service is refreshed; did you mean "catalog"?
            prod/ui: eastwest/needs="far": no service offers this name in namespace internal.myapp; prod/far does in another, where this service cannot call it: put both into one namespace, or remove it. Nothing waits for it
            prod/ui: eastwest/needs="ui": the service itself offers this name and need not wait for itself: remove it
        "#]],
    );
}

#[test]
fn a_server_that_is_yet_to_come_is_needed_already() {
    check(
        "cart mode=client-server, namespace=internal.myapp
         ui mode=client, namespace=internal.myapp | off | http=8080 env:http://cart.internal.myapp:8080",
        &expect![[r#"
            prod/ui needs cart (inferred)
        "#]],
    );
}

#[test]
fn a_port_of_a_host_that_nobody_serves_is_an_issue_of_the_client() {
    check(
        &with(
            "ui mode=client | in internal.myapp | http=8080 env:CATALOG_URL=http://u:s3cret@catalog:8080/",
        ),
        &expect![[r#"
            prod/ui: CATALOG_URL="catalog:8080": CATALOG_URL names catalog on port 8080, which is served on 80: name a port that is served, or serve this one under the alias
        "#]],
    );
}
