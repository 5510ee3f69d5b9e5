//! The words around the table.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use crate::fleet::{Fleet, Member, REGION, Trouble};
use crate::page::Page;

/// What is about to be seen.
pub(crate) fn opening(fleet: &Fleet, url: &str, listen: SocketAddr, log: &str) -> String {
    let opted_in = fleet.services().iter().filter(|member| member.opted_in()).count();
    let others = fleet.services().len() - opted_in;
    let what = if fleet.services().iter().any(|member| member.trouble.is_some()) {
        format!("Things go wrong on purpose with most of the {opted_in} services that opted in.")
    } else {
        format!(
            "{opted_in} services opted in with tags and have no Service Connect yet; {others} never opted in."
        )
    };
    format!(
        "Open the dashboard: http://{listen}/\n\n\
         A simulated AWS listens on {url}, and the real eastwest daemon watches cluster {cluster} through the AWS SDK.\n\
         {what}\n\
         For 10 s after its start the daemon only reads. Then it rolls out one service at a time.\n\n\
         \x20 services  http://{listen}/api/v1/services\n\
         \x20 plan      http://{listen}/api/v1/plan\n\
         \x20 metrics   http://{listen}/metrics\n\
         \x20 its log   {log}\n\n",
        cluster = fleet.cluster(),
    )
}

/// What was reached.
pub(crate) fn converged(page: &Page, took: Duration) -> String {
    if page.troubles().next().is_some() {
        return in_trouble(page, took);
    }
    let mut text = format!(
        "\nConverged after {} s with {} updates. These calls get through now:\n",
        took.as_secs(),
        page.updates()
    );
    for reached in page.reaches() {
        let mark = if reached.ok { "ok" } else { "NO" };
        let target = &reached.target;
        line(
            &mut text,
            format_args!("  {mark}  {} -> http://{}:{}", reached.from, target.host, target.port),
        );
    }
    let untouched: Vec<&str> = page.untouched().collect();
    if !untouched.is_empty() {
        line(
            &mut text,
            format_args!("Never opted in and never touched: {}.", untouched.join(", ")),
        );
    }
    text
}

/// What went wrong on purpose, and what eastwest says of it.
fn in_trouble(page: &Page, took: Duration) -> String {
    let mut text = format!(
        "\nAll of it has gone wrong after {} s, as it should. On the dashboard each service says what would end it:\n",
        took.as_secs()
    );
    for (name, Trouble { reason, cause }) in page.troubles() {
        line(&mut text, format_args!("  {reason:<11} {name}: {cause}"));
    }
    text
}

/// What to try next.
pub(crate) fn commands(fleet: &Fleet, url: &str, listen: SocketAddr) -> String {
    let arn = |name: &str| {
        format!("arn:aws:ecs:{REGION}:123456789012:service/{}/{name}", fleet.cluster())
    };
    let servers = || fleet.services().iter().filter(|member| member.is_server());
    let name = |member: Option<&Member>| member.map(|m| m.name.clone()).unwrap_or_default();
    // One without callers, so that trying things out breaks nothing.
    let leaf = name(servers().find(|member| !fleet.is_called(member)));
    let (first, second) = (name(servers().next()), name(servers().nth(1)));
    let mut text = format!(
        "\nIt stays up. From another terminal, with the ordinary AWS CLI (`cargo xtask test` puts one at .venv/bin/aws):\n\n\
         \x20 export AWS_ENDPOINT_URL={url} AWS_DEFAULT_REGION={REGION} AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo\n"
    );
    let tag = |arn: &str, key: &str, value: &str| {
        format!(
            "  aws ecs tag-resource --resource-arn {arn} --tags key=eastwest/{key},value={value}"
        )
    };
    let stories = [
        ("change a tag and watch the rollout", tag(&arn(&leaf), "alias", &format!("{leaf}:9000"))),
        (
            "claim a name that is taken: the holder is named",
            tag(&arn(&second), "discovery-name", &first),
        ),
        ("switch a service off", tag(&arn(&leaf), "mode", "off")),
    ];
    for (title, command) in stories {
        line(&mut text, format_args!("\n  # {title}\n{command}"));
    }
    line(&mut text, format_args!("\n  curl -s http://{listen}/api/v1/plan\n\nCtrl-C ends it.\n"));
    text
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _: Result<(), std::fmt::Error> = writeln!(text, "{what}");
}
