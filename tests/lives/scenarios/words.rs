//! What the words of a story's lines mean.

use std::time::Duration;

use eastwest_core::declaration::settings::{Policy, Settings, Sources, Timing};
use eastwest_core::ecs::name::{ClusterName, ParameterName};
use eastwest_sim::life::{Definition, Flaw, Newcomer, definition as plain};
use eastwest_sim::model::EcsServiceKey;
use eastwest_sim::shapes::ecs::{
    LogConfiguration, ServiceConnectClientAlias, ServiceConnectConfiguration, ServiceConnectService,
};
use serde_json::json;

use crate::scenarios::story::Told;

/// A task definition: its ports, and what Service Connect does not support in it.
pub(crate) fn definition(family: &str, words: &[&str]) -> Result<Definition, String> {
    let mut made = plain(family, "", 0);
    for word in words {
        match (*word, word.split(':').collect::<Vec<_>>().as_slice()) {
            ("host", _) => made.network_mode = "host",
            ("windows", _) => made.windows = true,
            ("links", _) => made.flaw = Some(Flaw::Links),
            ("no-cpu", _) => made.flaw = Some(Flaw::NoCpu),
            ("no-room", _) => made.flaw = Some(Flaw::NoRoom),
            (_, ["env", value @ ..]) => made.environment.push(value.join(":")),
            (_, ["command", word @ ..]) => made.command.push(word.join(":")),
            (_, [name, port, rest @ ..]) => {
                let name = if *name == "-" { "" } else { name };
                let protocol = match rest {
                    ["tcp"] => "",
                    ["grpc"] => "grpc",
                    _ => "http",
                };
                made.ports.push((name.to_owned(), number(port)?, protocol));
            }
            _ => return Err(format!("{word} is neither a port nor a word of taskdef")),
        }
    }
    Ok(made)
}

/// A service to be created.
pub(crate) fn newcomer(
    key: &str,
    definition: Definition,
    words: &[&str],
) -> Result<Newcomer, String> {
    let mut newcomer = Newcomer::plain(EcsServiceKey::parse(key), definition);
    let mut rest = words;
    while let [word, more @ ..] = rest {
        rest = more;
        match (*word, more) {
            ("codedeploy", _) => newcomer.controller = "CODE_DEPLOY",
            ("tasks", [count, more @ ..]) => {
                newcomer.desired = number(count)?;
                rest = more;
            }
            ("breaker", [word, more @ ..]) => {
                newcomer.breaker = match *word {
                    "off" => (false, false),
                    "on" => (true, false),
                    "rollback" => (true, true),
                    _ => return Err("breaker off, on or rollback".to_owned()),
                };
                rest = more;
            }
            ("conduct", [text, more @ ..]) => {
                newcomer.conduct = serde_json::from_str(text).map_err(|error| error.to_string())?;
                rest = more;
            }
            (tag, _) => newcomer.tags.push(read_tag(tag)?),
        }
    }
    Ok(newcomer)
}

/// The settings that the first `start` names; every cluster of the script is watched but `elsewhere`.
pub(crate) fn settings(start: &str, script: &str) -> Result<Settings, String> {
    // Most stories are not about that wait.
    // A told time is a whole second, and the same in each run.
    let timing = Timing { refresh_every: Duration::ZERO, jitter_percent: 0, ..Timing::default() };
    let mut settings = Settings { policy: Policy::Sync, timing, ..Settings::default() };
    let clusters = script.lines().filter_map(|line| line.strip_prefix("cluster "));
    let clusters = clusters.filter_map(|rest| rest.split_whitespace().next());
    let watched = clusters.filter(|name| *name != "elsewhere").map(ClusterName::as_read);
    settings.clusters = Some(watched.collect());
    let said: Vec<&str> = start.split_whitespace().skip(1).collect();
    let mut rest = said.as_slice();
    // Tags are the source where none is named.
    settings.sources.tags = !said.contains(&"source");
    while let [word, more @ ..] = rest {
        rest = more;
        match more {
            [source, more @ ..] if *word == "source" => {
                add_source(&mut settings.sources, source)?;
                rest = more;
            }
            [seconds, more @ ..] if *word == "refresh-every" => {
                settings.timing.refresh_every = Duration::from_secs(number(seconds)?);
                rest = more;
            }
            ["per-cluster", more @ ..] => {
                settings.budget.per_cluster = number(word)?;
                rest = more;
            }
            ["per-namespace", more @ ..] => {
                settings.budget.per_namespace = number(word)?;
                rest = more;
            }
            _ => settings.policy = word.parse().map_err(|_| format!("no policy {word}"))?,
        }
    }
    Ok(settings)
}

fn add_source(sources: &mut Sources, source: &str) -> Told {
    match source.strip_prefix("ssm:") {
        Some(name) => {
            let name = ParameterName::parse(name).map_err(|refused| refused.allowed)?;
            sources.documents.insert(name);
        }
        None if source == "tags" => sources.tags = true,
        None => return Err("source tags, or ssm:<parameter>".to_owned()),
    }
    Ok(())
}

/// A configuration as a person writes it.
pub(crate) fn configuration(words: &[&str]) -> Result<ServiceConnectConfiguration, String> {
    let (namespace, rest) = match words {
        ["off"] => return Ok(ServiceConnectConfiguration::default()),
        [namespace, rest @ ..] => (namespace, rest),
        [] => return Err("off, or a namespace".to_owned()),
    };
    let mut config = ServiceConnectConfiguration {
        enabled: true,
        namespace: Some((*namespace).to_owned()),
        ..ServiceConnectConfiguration::default()
    };
    for word in rest {
        match (*word, word.split(',').collect::<Vec<_>>().as_slice()) {
            ("logs", _) => {
                config.log_configuration = Some(LogConfiguration {
                    log_driver: "awslogs".to_owned(),
                    options: Some(json!({"awslogs-group": "by-hand"})),
                    secret_options: None,
                });
            }
            ("unknown", _) => config.container_configurations = Some(json!([{"new": "thing"}])),
            (_, [port_name, discovery, host, port]) => {
                let given = |text: &str| (text != "-").then(|| text.to_owned());
                let port = number(port)?;
                let alias = ServiceConnectClientAlias {
                    port,
                    dns_name: given(host),
                    test_traffic_rules: None,
                };
                config.services.get_or_insert_default().push(ServiceConnectService {
                    port_name: (*port_name).to_owned(),
                    discovery_name: given(discovery),
                    client_aliases: Some(vec![alias]),
                    ..ServiceConnectService::default()
                });
            }
            _ => return Err(format!("{word} is no endpoint")),
        }
    }
    Ok(config)
}

pub(crate) fn read_tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or(format!("{text} is no tag"))?;
    let key = key.strip_prefix("other:").map_or(format!("eastwest/{key}"), str::to_owned);
    Ok((key, value.replace('+', " ")))
}

pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}
