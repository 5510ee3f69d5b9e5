//! The hosts that services answer to, and the texts of containers as they may be written into a file.
//!
//! A capture is handed on to other people. Of the environment and the commands of containers it keeps the hosts that a
//! plan compares, and no other word: a host that nobody answers to may be a password.
//!
//! **Invariant:** what is kept names exactly the known hosts among those that the whole names, each in the same place. So
//! what is inferred about calls stays the same.

use std::collections::BTreeSet;

use super::environment::{ContainerTexts, EnvironmentHosts, Mention, MentionPlace};

/// The hosts that services answer to, now or as somebody wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownHosts {
    hosts: BTreeSet<String>,
    /// Every host below one of these is known, too.
    parents: BTreeSet<String>,
}

/// What is kept of one container's texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptTexts {
    /// The value of each variable, in their order; most are empty.
    pub environment: Vec<String>,
    /// The words of its command. The first container has those of all.
    pub command: Vec<String>,
}

impl KnownHosts {
    /// Notes a host.
    pub fn add(&mut self, host: &str) {
        self.hosts.insert(host.to_ascii_lowercase());
    }

    /// Notes every host below a name: the default alias of any endpoint ends with its namespace's name.
    pub fn add_below(&mut self, parent: &str) {
        self.parents.insert(parent.to_ascii_lowercase());
    }

    /// Whether services may answer to a host, which is in lower case.
    fn has(&self, host: &str) -> bool {
        let dots = host.match_indices('.').map(|(at, _)| &host[at + 1..]);
        self.hosts.contains(host) || dots.into_iter().any(|parent| self.parents.contains(parent))
    }

    /// What may be kept of the texts of a task definition's containers.
    pub fn kept_of(&self, containers: &[ContainerTexts<'_>]) -> Vec<KeptTexts> {
        let all = EnvironmentHosts::of(containers.iter().cloned());
        let known: Vec<&Mention> = all.iter().filter(|each| self.has(&each.host)).collect();
        let words_at = |place: &MentionPlace| -> Vec<String> {
            known.iter().filter(|each| each.place == *place).map(|each| word(each)).collect()
        };
        let kept = containers.iter().enumerate().map(|(index, container)| {
            let variables = container.environment.iter();
            let values = variables
                .map(|variable| words_at(&MentionPlace::of_variable(variable.name)).join(" "));
            let is_first = index == 0;
            let command = if is_first { words_at(&MentionPlace::Command) } else { Vec::new() };
            KeptTexts { environment: values.collect(), command }
        });
        kept.collect()
    }
}

/// A word that names the host wherever it stands. A URL is a host in each variable and each command, and this scheme
/// implies no port.
fn word(mention: &Mention) -> String {
    match mention.port {
        Some(port) => format!("tcp://{}:{port}", mention.host),
        None => format!("tcp://{}", mention.host),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ecs::environment::Variable;

    type Texts = (Vec<(String, String)>, Vec<String>);

    fn containers(texts: &[Texts]) -> Vec<ContainerTexts<'_>> {
        texts.iter().map(container_of).collect()
    }

    fn container_of((environment, command): &Texts) -> ContainerTexts<'_> {
        let variables = environment.iter();
        ContainerTexts {
            environment: variables.map(|(name, value)| Variable { name, value }).collect(),
            command: command.iter().map(String::as_str).collect(),
        }
    }

    /// The containers as they are read from a capture.
    fn captured(texts: &[Texts], known: &KnownHosts) -> Vec<Texts> {
        let kept = known.kept_of(&containers(texts));
        let container = |((environment, _), kept): (&Texts, KeptTexts)| {
            let names = environment.iter().map(|(name, _)| name.clone());
            (names.zip(kept.environment).collect(), kept.command)
        };
        texts.iter().zip(kept).map(container).collect()
    }

    fn known() -> KnownHosts {
        let mut known = KnownHosts::default();
        known.add("Orders");
        known.add_below("internal.myapp");
        known
    }

    fn texts(environment: &[(&str, &str)], command: &[&str]) -> Vec<Texts> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let words = command.iter().map(|word| (*word).to_owned());
        vec![(environment.iter().map(own).collect(), words.collect())]
    }

    #[test]
    fn a_known_host_stays_and_every_other_word_goes() {
        let environment = [
            ("API", "http://user:s3cret@api.internal.myapp:8080/?key=s3cret"),
            ("ORDERS_HOST", "orders"),
            ("ORDERS_PORT", "80"),
            ("DB_HOST", "hunter2"),
            ("JAVA_OPTS", "-Dorders.host=orders -Dtoken=s3cret"),
            ("PASSWORD", "s3cret"),
        ];
        let command = ["serve", "--token", "s3cret", "--upstream", "http://orders:81/x"];
        let kept = captured(&texts(&environment, &command), &known());
        let values: Vec<&str> = kept[0].0.iter().map(|(_, value)| value.as_str()).collect();
        let expected =
            ["tcp://api.internal.myapp:8080", "tcp://orders:80", "", "", "tcp://orders", ""];
        assert_eq!(values, expected);
        assert_eq!(kept[0].1, ["tcp://orders:81"]);
    }

    #[test]
    fn a_name_that_only_ends_like_a_namespace_is_not_below_it() {
        let known = known();
        for (host, is_known) in [
            ("api.internal.myapp", true),
            ("a.b.internal.myapp", true),
            ("internal.myapp", false),
            ("evilinternal.myapp", false),
            ("orders", true),
            ("orders2", false),
        ] {
            assert_eq!(known.has(host), is_known, "{host}");
        }
    }

    fn host() -> impl Strategy<Value = String> {
        let hosts = ["orders", "api.internal.myapp", "hunter2", "ORDERS", "x.y", "s3cret"];
        prop::sample::select(hosts.to_vec()).prop_map(str::to_owned)
    }

    fn word_of_a_text() -> impl Strategy<Value = String> {
        let form = prop::sample::select(vec![
            "{}",
            "{}:80",
            "http://{}",
            "redis://u:p@{}",
            "-Da.host={}",
            "A_PORT={}",
            "--host",
            "--a-host={}",
            "81",
            "http://{}:8080/x,{}:9",
            "",
        ]);
        (form, host()).prop_map(|(form, host)| form.replace("{}", &host))
    }

    fn container() -> impl Strategy<Value = Texts> {
        let name = prop::sample::select(vec!["A_HOST", "A_PORT", "X", "URL", "A_HOST"]);
        let values = prop::collection::vec(word_of_a_text(), 0..3).prop_map(|all| all.join(" "));
        let variable = (name.prop_map(str::to_owned), values);
        let command = prop::collection::vec(word_of_a_text(), 0..6);
        (prop::collection::vec(variable, 0..5), command)
    }

    proptest! {
        #[test]
        fn what_is_kept_names_the_known_hosts_where_they_were_and_nothing_else(
            texts in prop::collection::vec(container(), 0..3)
        ) {
            let known = known();
            let before = EnvironmentHosts::of(containers(&texts));
            let kept = captured(&texts, &known);
            let after = EnvironmentHosts::of(containers(&kept));
            let expected: Vec<_> = before.iter().filter(|each| known.has(&each.host)).collect();
            prop_assert!(after.iter().eq(expected), "{texts:?} became {kept:?}");
            let shown = format!("{kept:?}");
            prop_assert!(!shown.contains("hunter2") && !shown.contains("s3cret"), "{shown}");
        }
    }
}
