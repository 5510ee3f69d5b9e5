//! The script language: one command a line, carried out in a world of its own on virtual time.
//!
//! | command | does |
//! |---|---|
//! | `cluster <name> [default <namespace>]`, `namespace <name>` | makes one |
//! | `taskdef <family> [<port name or ->:<port>[:tcp\|grpc]]… [host] [windows] [links] [no-cpu] [no-room] [env:<value>]… [env:<NAME>=<value>]… [command:<word>]…` | says what the next deployments of the family are |
//! | `service <cluster/name> <family> [tasks <n>] [breaker off\|on\|rollback] [codedeploy] [conduct <json>] [<tag>=<value>]…` | creates one; `conduct` is the rest of its `deploymentConfiguration` |
//! | `crowd <cluster/prefix> <family> <n> <namespace>` | creates so many clients of a namespace |
//! | `tag`, `untag`, `scale`, `deploy`, `force`, `delete`, `continue` | what people do |
//! | `edit <service> off \| <namespace> [<port name>,<discovery or ->,<host or ->,<port>]… [logs] [unknown]` | a configuration by hand |
//! | `rollout <service> <seconds> complete\|fail\|stall` | how its next rollouts go |
//! | `cloudmap <namespace> <name> [gone]` | a Cloud Map service that nobody's ECS service is behind |
//! | `parameter <name> <json…>`, `parameter <name> gone` | the document, or a service's entry |
//! | `fault <operation> <kind> [<times> [<nth>]]` | what the next calls meet |
//! | `refuse <operation> <code> <text…>`, `relent` | what AWS answers until it relents, where the model has no reason to |
//! | `start [<policy>] [<n> per-cluster] [<n> per-namespace] [source tags\|ssm:<name>]… [refresh-every <seconds>]`, `crash [lost]` | the controller's life |
//! | `ack` | somebody agrees to every plan that waits for it |
//! | `advance <seconds>` | time passes; tells what was written and what changed |
//! | `show plan\|status\|needs\|truth\|document`, `calls <operation>`, `reach <service> <name>:<port>` | looks |
//!
//! Tags are written without their prefix, those of others with `other:` before them, and with `+` for a space. Everything else is a mistake.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use eastwest_core::declaration::settings::Settings;
use eastwest_core::engine::Engine;
use eastwest_core::report::news::News;
use eastwest_sim::faults::{Rule, Weather};
use eastwest_sim::judge::Checker;
use eastwest_sim::life::{Definition, Newcomer, Outside};
use eastwest_sim::model::{EcsServiceKey, Model, ModelOptions, RolloutOutcome, RolloutScript};
use eastwest_sim::run::World;
use eastwest_sim::shapes::cloud_map::{CreateServiceRequest, ListRequest, ServiceIdRequest};
use eastwest_sim::shapes::ecs::{
    ClusterServiceConnectDefaults, ContinueServiceDeploymentRequest, CreateClusterRequest,
};
use eastwest_sim::shapes::{ApiError, Time};
use serde_json::json;

use crate::scenarios::show;
use crate::scenarios::words::{self, configuration, number, read_tag, settings};

/// A story being told.
pub(crate) struct Story {
    pub(crate) world: World<Engine>,
    pub(crate) settings: Settings,
    pub(crate) definitions: BTreeMap<String, Definition>,
    pub(crate) begin: Time,
    /// Mutating calls told so far.
    pub(crate) told: usize,
    pub(crate) out: String,
}

pub(crate) type Told = Result<(), String>;

fn world(settings: &Settings) -> World<Engine> {
    let model = Model::new(ModelOptions::default());
    let mut weather = Weather::new(1);
    weather.fix_latency(100);
    let given = settings.clone();
    let make = Box::new(move |now| Engine::new(given.clone(), now));
    World::new(model, weather, Checker::new(settings.clone()), make)
}

impl Story {
    /// The world of a script before its first line; the error says what of its `start` is no setting.
    pub(crate) fn begin(script: &str) -> Result<Self, String> {
        let start = script.lines().find(|line| line.starts_with("start"));
        let settings = settings(start.unwrap_or("start"), script)?;
        let world = world(&settings);
        let begin = world.now();
        let (definitions, out) = (BTreeMap::new(), String::new());
        Ok(Self { world, settings, definitions, begin, told: 0, out })
    }

    fn say(&mut self, text: std::fmt::Arguments<'_>) {
        writeln!(self.out, "{text}").expect("a String takes everything");
    }

    /// Carries out one line of the script.
    pub(crate) fn line(&mut self, line: &str) -> Told {
        if line.trim().is_empty() || line.starts_with('#') {
            self.out.push_str(line);
            self.out.push('\n');
            return Ok(());
        }
        self.say(format_args!("> {line}"));
        let words: Vec<&str> = line.split_whitespace().collect();
        self.command(words[0], &words[1..])
    }

    fn command(&mut self, verb: &str, words: &[&str]) -> Told {
        match (verb, words) {
            ("cluster", [name]) => self.cluster(name, None),
            ("cluster", [name, "default", namespace]) => self.cluster(name, Some(namespace)),
            ("namespace", [name]) => self.outside(&Outside::Namespace((*name).to_owned())),
            ("taskdef", [family, rest @ ..]) => self.taskdef(family, rest),
            ("service", [key, family, rest @ ..]) => self.service(key, family, rest),
            ("tag", [key, tags @ ..]) => {
                let tags = tags.iter().map(|tag| read_tag(tag)).collect::<Result<_, _>>()?;
                self.tag(&Outside::Tag(EcsServiceKey::parse(key), tags))
            }
            ("untag", [key, names @ ..]) => {
                let names = names.iter().map(|name| format!("eastwest/{name}")).collect();
                self.outside(&Outside::Untag(EcsServiceKey::parse(key), names))
            }
            ("continue", [key]) => self.go_on(key),
            ("scale", [key, count]) => {
                self.outside(&Outside::Scale(EcsServiceKey::parse(key), number(count)?))
            }
            ("deploy", [key, family]) => {
                let definition = self.definition(family)?;
                self.outside(&Outside::Deploy(EcsServiceKey::parse(key), definition))
            }
            ("crowd", [prefix, family, count, namespace]) => {
                self.crowd(prefix, family, (number(count)?, namespace))
            }
            ("force", [key]) => self.outside(&Outside::Force(EcsServiceKey::parse(key))),
            ("delete", [key]) => self.outside(&Outside::Delete(EcsServiceKey::parse(key))),
            ("edit", [key, rest @ ..]) => {
                let config = configuration(rest)?;
                self.outside(&Outside::Edit(EcsServiceKey::parse(key), Box::new(config)))
            }
            ("rollout", [key, seconds, outcome]) => {
                let outcome = RolloutOutcome::parse(outcome).ok_or("complete, fail or stall")?;
                let script = RolloutScript { seconds: number(seconds)?, outcome };
                self.outside(&Outside::Rollout(EcsServiceKey::parse(key), script))
            }
            ("cloudmap", [namespace, name]) => self.cloud_map(namespace, name, true),
            ("cloudmap", [namespace, name, "gone"]) => self.cloud_map(namespace, name, false),
            ("parameter", [name, "gone"]) => {
                self.outside(&Outside::DropParameter((*name).to_owned()))
            }
            ("parameter", [name, json @ ..]) => {
                self.outside(&Outside::Parameter((*name).to_owned(), json.join(" ")))
            }
            ("fault", [op, kind, rest @ ..]) => self.fault(op, kind, rest),
            ("refuse", [op, code, text @ ..]) => self.refuse(op, code, &text.join(" ")),
            ("relent", []) => {
                self.world.with_weather(Weather::accept_again);
                Ok(())
            }
            ("start", _) => {
                self.world.start();
                Ok(())
            }
            ("ack", []) => self.acknowledge(),
            ("crash", []) => self.crash(true),
            ("crash", ["lost"]) => self.crash(false),
            ("advance", [seconds]) => self.advance(number(seconds)?),
            ("show", [what]) => self.look(what),
            ("calls", [op]) => self.calls(op),
            ("reach", [from, target]) => self.reach(from, target),
            _ => Err("no such command".to_owned()),
        }
    }

    fn look(&mut self, what: &str) -> Told {
        match what {
            "plan" => self.show(|_, engine| show::plan(engine)),
            "needs" => self.show(|_, engine| show::needs(engine)),
            "document" => self.show_document(),
            "status" => self.show(|_, engine| show::status(engine)),
            "truth" => {
                let text = self.world.with_model(|model| show::truth(model));
                self.out.push_str(&text);
                Ok(())
            }
            _ => Err("show plan, status, needs, document or truth".to_owned()),
        }
    }

    /// What people do takes effect at once; what AWS refuses is told.
    #[expect(clippy::unnecessary_wraps, reason = "one shape for every command")]
    fn outside(&mut self, outside: &Outside) -> Told {
        self.world.outside(outside);
        let refused = self.world.with_model(|model| {
            let new = model.mutations().iter().skip(self.told);
            let refused = new.filter_map(show::refusal).collect::<Vec<_>>();
            self.told = model.mutations().len();
            refused
        });
        for text in refused {
            self.say(format_args!("  refused: {text}"));
        }
        if matches!(outside, Outside::Namespace(_)) {
            self.world.run_for(5);
        }
        Ok(())
    }

    fn cluster(&mut self, name: &str, default: Option<&str>) -> Told {
        let service_connect_defaults =
            default.map(|name| ClusterServiceConnectDefaults { namespace: Some(name.to_owned()) });
        let request = CreateClusterRequest {
            cluster_name: Some(name.to_owned()),
            service_connect_defaults,
            ..CreateClusterRequest::default()
        };
        let made = self.world.with_model(|model| model.create_cluster(request));
        made.map(drop).map_err(|error| error.to_string())
    }

    fn taskdef(&mut self, family: &str, words: &[&str]) -> Told {
        self.definitions.insert(family.to_owned(), words::definition(family, words)?);
        Ok(())
    }

    fn definition(&self, family: &str) -> Result<Definition, String> {
        self.definitions.get(family).cloned().ok_or(format!("there is no taskdef {family} yet"))
    }

    fn service(&mut self, key: &str, family: &str, words: &[&str]) -> Told {
        let newcomer = words::newcomer(key, self.definition(family)?, words)?;
        self.outside(&Outside::Create(Box::new(newcomer)))?;
        // Whoever came first is older.
        self.world.run_for(1);
        Ok(())
    }

    /// So many clients of a namespace, at rest.
    fn crowd(&mut self, prefix: &str, family: &str, (count, namespace): (u32, &str)) -> Told {
        let definition = self.definition(family)?;
        for number in 0..count {
            let key = EcsServiceKey::parse(&format!("{prefix}{number}"));
            let mut newcomer = Newcomer::plain(key, definition.clone());
            newcomer.desired = 0;
            newcomer.connect = Some(configuration(&[namespace])?);
            self.outside(&Outside::Create(Box::new(newcomer)))?;
        }
        Ok(())
    }

    fn fault(&mut self, op: &str, kind: &str, words: &[&str]) -> Told {
        let kind = serde_json::from_value(json!(kind)).map_err(|error| error.to_string())?;
        let (times, nth) = match words {
            [] => (1, 1),
            [times] => (number(times)?, 1),
            [times, nth] => (number(times)?, number(nth)?),
            _ => return Err("times and nth".to_owned()),
        };
        let rule = Rule { times, nth, ..Rule::next(op, kind) };
        let posted = self.world.with_weather(|weather| weather.post(vec![rule]));
        posted.map_err(|error| error.to_string())
    }

    /// Tags are set, unless the story has AWS refuse that.
    fn tag(&mut self, outside: &Outside) -> Told {
        let refusal = self
            .world
            .with_weather(|weather| weather.refusal("ecs.TagResource").map(ToString::to_string));
        match refusal {
            Some(text) => {
                self.say(format_args!("  refused: {text}"));
                Ok(())
            }
            None => self.outside(outside),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "one shape for every command")]
    fn refuse(&mut self, op: &str, code: &str, text: &str) -> Told {
        // A story is short: its codes may live as long as the program.
        let mut error = ApiError::new(code.to_owned().leak(), text);
        if code == "ServerException" {
            error.status = 500;
        }
        self.world.with_weather(|weather| weather.refuse(op, error));
        Ok(())
    }

    /// How often the controller made that call, since the story began.
    #[expect(clippy::unnecessary_wraps, reason = "one shape for every command")]
    fn calls(&mut self, op: &str) -> Told {
        let calls = self.world.with_weather(|weather| weather.calls().get(op).copied());
        self.say(format_args!("  {} calls of {op}", calls.unwrap_or_default()));
        Ok(())
    }

    /// Somebody makes or removes a Cloud Map service by hand.
    fn cloud_map(&mut self, namespace: &str, name: &str, comes: bool) -> Told {
        let done = self.world.with_model(|model| {
            let all = ListRequest { max_results: Some(100), ..ListRequest::default() };
            let namespaces = model.list_namespaces(&all)?.namespaces;
            let found = namespaces.into_iter().find(|each| each.name == namespace);
            if comes {
                let request = CreateServiceRequest {
                    name: name.to_owned(),
                    namespace_id: found.map(|found| found.id),
                    ..CreateServiceRequest::default()
                };
                return model.create_cloud_map_service(request).map(drop);
            }
            let services = model.list_cloud_map_services(&all)?.services;
            let id = services.into_iter().find(|each| each.name == name).map(|each| each.id);
            let request = ServiceIdRequest { id: id.unwrap_or_default() };
            model.delete_cloud_map_service(request).map(drop)
        });
        self.told = self.world.with_model(|model| model.mutations().len());
        done.map_err(|error: ApiError| error.to_string())
    }

    /// A person lets a deployment go on that a PAUSE hook holds.
    fn go_on(&mut self, key: &str) -> Told {
        self.told = self.world.with_model(|model| {
            let state = model.services().find(|(each, _)| each.to_string() == key);
            let record = state.and_then(|(_, state)| state.record()).cloned();
            let record = record.ok_or("it was never deployed")?;
            let hook =
                record.hooks.iter().find(|hook| hook.is_awaiting()).ok_or("none holds it")?;
            let request = ContinueServiceDeploymentRequest {
                service_deployment_arn: record.arn.clone(),
                hook_id: hook.detail.hook_id.clone(),
                ..ContinueServiceDeploymentRequest::default()
            };
            model.continue_service_deployment(request).map_err(|error| error.to_string())?;
            Ok::<_, String>(model.mutations().len())
        })?;
        Ok(())
    }

    fn acknowledge(&mut self) -> Told {
        let engine = self.world.controller().ok_or("nothing runs: start first")?;
        let plans = engine.plan().consents().len();
        self.say(format_args!("  {plans} plan(s) acknowledged"));
        self.world.outside(&Outside::Acknowledge);
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "one shape for every command")]
    fn crash(&mut self, letters_arrive: bool) -> Told {
        self.world.crash(letters_arrive);
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "one shape for every command")]
    fn advance(&mut self, seconds: u64) -> Told {
        let mut lines = Vec::new();
        // Second by second, so that what is told has its time.
        for _ in 0..seconds {
            self.world.run_for(1);
            let at = self.world.now().since_ms(self.begin) / 1000;
            let told = self.told;
            let writes = self.world.with_model(|model| {
                let all = model.mutations();
                let told: Vec<String> = all.iter().skip(told).map(show::write).collect();
                (told, all.len())
            });
            self.told = writes.1;
            lines.extend(writes.0.into_iter().map(|text| format!("  {at:>5} {text}\n")));
            let news = std::mem::take(&mut self.world.news);
            let news = news.iter().filter(|news| !matches!(news, News::Changing(..)));
            lines.extend(news.map(|each| format!("  {at:>5} {}\n", show::news(each))));
        }
        self.out.extend(lines);
        Ok(())
    }

    fn show(&mut self, look: impl Fn(&Settings, &Engine) -> String) -> Told {
        let engine = self.world.controller().ok_or("nothing runs: start first")?;
        let text = look(&self.settings, engine);
        self.out.push_str(&text);
        Ok(())
    }

    fn show_document(&mut self) -> Told {
        let begun = self.world.controllers_now();
        self.show(|_, engine| show::document(engine, begun))
    }

    fn reach(&mut self, from: &str, target: &str) -> Told {
        let (name, port) = target.rsplit_once(':').ok_or("a name and a port")?;
        let port = number(port)?;
        let reach = self.world.with_model(|model| model.reach(from, name, port));
        let word = if reach.ok { "yes" } else { "no" };
        self.say(format_args!("  {word}: {}", reach.why));
        Ok(())
    }
}
