//! The command line as it is parsed and shown: each help has the flags that matter to its command.
//!
//! Every command takes every flag, because each is an environment variable, too, and one environment serves all commands.
//! A flag that a command makes no use of is hidden from its help.

use clap::{Arg, Command};

/// What a command reads AWS with, and makes a plan by.
const LOOK: &[&str] = &[
    "cluster",
    "region",
    "source",
    "namespace",
    "policy",
    "tag_prefix",
    "document_prefix",
    "rollouts_per_cluster",
    "rollouts_per_namespace",
    "mass_change",
    "own_service",
];

/// The flags that matter to a command, beside its own; `None` where all do.
fn matter(command: &str) -> Option<Vec<&'static str>> {
    let with = |more: &[&'static str]| Some([LOOK, more].concat());
    match command {
        "run" => None,
        "plan" => with(&["lease_table"]),
        "status" => with(&["interval"]),
        "apply" => with(&["interval", "lease_table", "lease_duration", "log_format"]),
        "explain" | "graph" | "lint" | "verify" => with(&[]),
        "import" | "capture" => {
            Some(vec!["cluster", "region", "source", "namespace", "tag_prefix", "document_prefix"])
        }
        "retry" => Some(vec!["token"]),
        "healthcheck" => Some(vec!["listen"]),
        _ => Some(Vec::new()),
    }
}

/// The command line, with the flags in each help that matter to its command.
pub(crate) fn fitted(root: Command) -> Command {
    let shared: Vec<Arg> =
        root.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    let root = root.mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
    let with_flags = |command: Command| {
        let known = matter(command.get_name());
        let is_shown =
            |arg: &Arg| known.as_ref().is_none_or(|all| all.contains(&arg.get_id().as_str()));
        command.args(shared.iter().map(|arg| {
            let hidden = arg.is_hide_set() || !is_shown(arg);
            arg.clone().hide(hidden)
        }))
    };
    root.mut_subcommands(with_flags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Cli, cli};

    fn help(command: &str) -> String {
        let mut root = cli();
        let command = root.find_subcommand_mut(command).expect("a command");
        command.render_help().to_string()
    }

    #[test]
    fn the_command_line_is_sound() {
        cli().debug_assert();
    }

    #[test]
    fn a_help_has_the_flags_that_matter_to_its_command_and_no_others() {
        let [run, plan, schema, retry] = ["run", "plan", "schema", "retry"].map(help);
        assert!(run.contains("--queue-url") && run.contains("--token"), "{run}");
        assert!(plan.contains("--mass-change") && !plan.contains("--listen"), "{plan}");
        assert!(retry.contains("--token") && !retry.contains("--cluster"), "{retry}");
        assert!(!schema.contains("--region"), "{schema}");
        assert!(!cli().render_help().to_string().contains("--region"));
    }

    #[test]
    fn every_flag_that_is_said_to_matter_is_one_and_every_command_takes_every_flag() {
        let root = cli();
        let shared: Vec<&str> = root
            .get_arguments()
            .filter(|arg| arg.is_global_set())
            .map(|arg| arg.get_id().as_str())
            .collect();
        for command in root.get_subcommands() {
            let name = command.get_name();
            for flag in matter(name).into_iter().flatten() {
                assert!(shared.contains(&flag), "{name}: {flag} is no flag");
            }
            let takes = |flag: &&str| command.get_arguments().any(|arg| arg.get_id() == *flag);
            assert!(shared.iter().all(takes), "{name} lacks a flag");
        }
    }

    #[test]
    fn a_flag_counts_before_a_command_and_after_it() {
        use clap::FromArgMatches as _;
        for words in ["eastwest --cluster prod schema", "eastwest schema --cluster prod"] {
            let matches = cli().try_get_matches_from(words.split(' ')).expect("it parses");
            let read = Cli::from_arg_matches(&matches).expect("it is read");
            assert_eq!(read.flags.cluster, ["prod"], "{words}");
        }
    }
}
