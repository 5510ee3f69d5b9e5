//! What is wanted of a service beside what is in force, field by field.
//!
//! **Invariant:** a field differs exactly where the plan has a change of it. The words of both sides come from different
//! places, and two different texts may mean the same.

use super::explain::{Explained, Explanation, Said};
use crate::ecs::change::{Change, Field};
use crate::ecs::connect::Endpoint;
use crate::ecs::name::PortName;
use crate::ecs::service::EcsService;
use crate::plan::Plan;
use crate::view::View;

/// One field of both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// Which field.
    pub field: &'static str,
    /// Of which endpoint.
    pub endpoint: Option<String>,
    /// What is wanted, and who said so.
    pub wanted: Option<Said>,
    /// What others said otherwise and was passed over.
    pub overruled: Vec<Said>,
    /// What is in force; none where nothing is, or where the field is not part of a configuration.
    pub actual: Option<String>,
    /// Whether the plan changes it.
    pub differs: bool,
}

/// Both sides of an explained service.
pub fn beside(view: &View, plan: &Plan, explanation: &Explanation) -> Vec<Beside> {
    let key = &explanation.service;
    let last = view.service(key).and_then(|service| service.last.as_deref());
    let changes = plan.entries.get(key).map_or(&[][..], |entry| &entry.changes);
    let row = |field: &Explained| {
        let of = field.endpoint.as_ref();
        let parts = fields_of(field.field);
        let is_it = |change: &&Change| parts.contains(&change.field) && is_of(change, of);
        Beside {
            field: field.field,
            endpoint: of.map(ToString::to_string),
            wanted: field.said.clone(),
            overruled: field.overruled.clone(),
            actual: last.and_then(|last| actual(view, last, field.field, of)),
            differs: changes.iter().any(|change| is_it(&change)),
        }
    };
    let mut rows: Vec<Beside> = explanation.fields.iter().map(row).collect();
    let told: Vec<&PortName> =
        explanation.fields.iter().filter_map(|field| field.endpoint.as_ref()).collect();
    let is_told = |change: &Change| told.iter().any(|port| is_of(change, Some(*port)));
    // An endpoint that goes is part of no wanted side.
    let gone = changes.iter().filter(|change| change.field == Field::Endpoint && !is_told(change));
    rows.extend(gone.map(|change| Beside {
        field: "endpoint",
        endpoint: change.endpoint.clone(),
        wanted: None,
        overruled: Vec::new(),
        actual: change.from.clone(),
        differs: true,
    }));
    rows
}

/// Whether a change is of that endpoint; with none, of the service as a whole.
fn is_of(change: &Change, endpoint: Option<&PortName>) -> bool {
    let port = change.endpoint.as_deref().map(|endpoint| endpoint.split('/').next());
    match (port, endpoint) {
        (None, None) => true,
        (Some(port), Some(endpoint)) => port == Some(endpoint.as_str()),
        _ => false,
    }
}

/// The parts of a configuration that an explained field decides.
fn fields_of(explained: &str) -> &'static [Field] {
    match explained {
        "mode" => &[Field::Enabled],
        "namespace" => &[Field::Namespace],
        "logs" => &[Field::Logs],
        "access-logs" => &[Field::AccessLogs],
        "port" | "discovery-name" => &[Field::Endpoint],
        "alias host" | "alias port" => &[Field::Alias, Field::Endpoint],
        "test-header" => &[Field::TestHeader],
        "timeout idle" | "timeout request" => &[Field::Timeout],
        "ingress-port" => &[Field::IngressPort],
        "tls" | "tls ca" | "tls key" | "tls role" => &[Field::Tls],
        _ => &[],
    }
}

/// What is in force of an explained field.
fn actual(
    view: &View,
    service: &EcsService,
    field: &str,
    port: Option<&PortName>,
) -> Option<String> {
    let Some(connect) = service.connect() else {
        return (field == "mode").then(|| "off".to_owned());
    };
    let endpoint = port.and_then(|port| connect.endpoints.iter().find(|e| e.port_name == *port));
    match field {
        "mode" if connect.endpoints.is_empty() => Some("client".to_owned()),
        "mode" => Some("client-server".to_owned()),
        "namespace" => match view.namespace_in_force(service) {
            Some(namespace) => Some(namespace.name.to_string()),
            None => connect.namespace.as_ref().map(ToString::to_string),
        },
        "logs" => connect.logs.as_ref().map(ToString::to_string),
        "access-logs" => connect.access_logs.as_ref().map(ToString::to_string),
        _ => actual_of(view, service, field, endpoint?),
    }
}

fn actual_of(
    view: &View,
    service: &EcsService,
    field: &str,
    endpoint: &Endpoint,
) -> Option<String> {
    let alias = endpoint.alias.as_ref();
    let tls = endpoint.tls.as_ref();
    match field {
        "port" => Some(endpoint.port_name.to_string()),
        "discovery-name" => Some(endpoint.discovery().to_string()),
        "alias host" => alias?.dns_name.as_ref().map(ToString::to_string).or_else(|| {
            let namespace = view.namespace_in_force(service)?;
            Some(format!("{}.{}", endpoint.discovery(), namespace.name))
        }),
        "alias port" => Some(alias?.port.to_string()),
        "test-header" => alias?.test_header.as_ref().map(ToString::to_string),
        "timeout idle" => endpoint.timeout.idle_s.map(|seconds| seconds.to_string()),
        "timeout request" => endpoint.timeout.request_s.map(|seconds| seconds.to_string()),
        "ingress-port" => endpoint.ingress_port.map(|port| port.to_string()),
        "tls" => tls.map(ToString::to_string),
        "tls ca" => tls?.authority.as_ref().map(ToString::to_string),
        "tls key" => tls?.kms_key.clone(),
        "tls role" => tls?.role.as_ref().map(ToString::to_string),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::report::explain::explain;
    use crate::testing::{Stage, key};

    fn check(text: &str, expected: &Expect) {
        let stage = Stage::read(text);
        let plan = stage.plan();
        let explanation =
            explain(&stage.view, &stage.settings, &key("web"), &plan).expect("a service");
        let mut lines = String::new();
        for row in beside(&stage.view, &plan, &explanation) {
            let Beside { field, endpoint, wanted, actual, differs, .. } = row;
            let endpoint = endpoint.map(|port| format!("{port}: ")).unwrap_or_default();
            let wanted = wanted.map_or("-".to_owned(), |said| said.value);
            let actual = actual.unwrap_or_else(|| "-".to_owned());
            if wanted != "-" || actual != "-" {
                let mark = if differs { " !" } else { "" };
                writeln!(lines, "{endpoint}{field}: {wanted} | {actual}{mark}").expect("it does");
            }
        }
        expected.assert_eq(&lines);
    }

    #[test]
    fn what_is_to_change_differs_and_nothing_else() {
        check(
            "web mode=client-server, alias=shop:80 | in internal.myapp http/web@web:8080+idle=60 | http=8080/http",
            &expect![[r#"
                mode: client-server | client-server
                endpoints: its port alias=shop:80 | -
                namespace: internal.myapp | internal.myapp
                http: port: http | http
                http: discovery-name: web | web
                http: alias host: shop | web !
                http: alias port: 80 | 8080 !
                http: timeout idle: 60 | 60
            "#]],
        );
    }

    #[test]
    fn a_service_that_joins_has_nothing_in_force() {
        check(
            "web mode=client-server, namespace=internal.myapp | off | http=8080/http",
            &expect![[r#"
                mode: client-server | off !
                namespace: internal.myapp | - !
                http: port: http | - !
                http: discovery-name: web | - !
                http: alias host: web.internal.myapp | - !
                http: alias port: 8080 | - !
            "#]],
        );
    }

    #[test]
    fn an_endpoint_that_goes_is_shown() {
        check(
            "web mode=client | in internal.myapp http/web@web:8080 | http=8080/http",
            &expect![[r#"
                mode: client | client-server
                namespace: internal.myapp | internal.myapp
                http/web: endpoint: - | web:8080 !
            "#]],
        );
    }
}
