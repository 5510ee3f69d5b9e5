//! `serviceConnectConfiguration` and its children, typed because every rule of Service Connect reads them.
//!
//! Invariant: what a caller sent survives the round trip; TLS and test traffic rules, which the simulator
//! does not read, stay raw JSON.
#![expect(
    missing_docs,
    reason = "members bear AWS's names and are described in AWS's API reference"
)]

use serde_json::Value;

use crate::shapes::shapes;

shapes! { "camelCase";
    /// What one deployment of one ECS service says about Service Connect.
    ServiceConnectConfiguration {
        enabled: bool,
        namespace: Option<String>,
        services: Option<Vec<ServiceConnectService>>,
        log_configuration: Option<LogConfiguration>,
        access_log_configuration: Option<ServiceConnectAccessLogConfiguration>,
        container_configurations: Option<Value>,
    }

    /// One endpoint: one entry of `services[]`.
    ServiceConnectService {
        port_name: String,
        discovery_name: Option<String>,
        client_aliases: Option<Vec<ServiceConnectClientAlias>>,
        ingress_port_override: Option<u32>,
        timeout: Option<TimeoutConfiguration>,
        tls: Option<Value>,
    }

    /// What clients call: a port, and a name unless the default is meant.
    ServiceConnectClientAlias { port: u32, dns_name: Option<String>, test_traffic_rules: Option<Value> }

    /// Seconds; zero switches the limit off.
    #[derive(Eq)]
    TimeoutConfiguration { idle_timeout_seconds: Option<u32>, per_request_timeout_seconds: Option<u32> }

    /// Where the proxy's logs go.
    LogConfiguration { log_driver: String, options: Option<Value>, secret_options: Option<Vec<Value>> }

    /// Access logs of the proxy.
    #[derive(Eq)]
    ServiceConnectAccessLogConfiguration { format: String, include_query_parameters: Option<String> }

    /// The Cloud Map service that stands for one endpoint.
    #[derive(Eq)]
    ServiceConnectServiceResource { discovery_name: String, discovery_arn: String }
}
