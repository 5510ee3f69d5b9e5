//! A plan of Terraform or OpenTofu, checked before it is merged: its tags, the names that they ask for, and what eastwest
//! would roll out because of them.
//!
//! With a world, AWS's or a captured one, two looks are taken: at what is there, and at what will be there. Core tells what
//! the plan brings about. Without one, the services of the plan are compared with each other alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use eastwest_aws::{Captures, World};
use eastwest_core::declaration::issue::Issue;
use eastwest_core::declaration::proposed::{Deed, Proposed};
use eastwest_core::declaration::settings::{Settings, Sources};
use eastwest_core::declaration::terraform;
use eastwest_core::ecs::name::NamespaceRef;
use eastwest_core::ecs::namespace_names::NamespaceNames;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::look::{Look, Looked, shown_policy};
use eastwest_core::plan::Plan;
use eastwest_core::report::forecast::{Foreseen, Knowledge, Moment, Rollout, Trouble, forecast};
use eastwest_core::view::View;
use eastwest_core::view::overlay::Overlay;

use super::findings::{Findings, RolloutRow};
use crate::command::world::{self, Origin};
use crate::command::{look, offline};
use crate::config::Config;

/// What to do about a plan that is too large.
const SMALLER: &str = "leave out what is not checked with `jq '{format_version, resource_changes: [.resource_changes[] | select(.type == \"aws_ecs_service\")]}'`";

/// What a plan is compared with.
#[derive(Clone, Copy)]
pub(super) enum Against<'a> {
    /// With itself alone.
    Nothing,
    /// With what these files hold.
    Files(&'a [PathBuf]),
    /// With AWS as it is now.
    Aws,
}

/// Checks a plan.
pub(super) async fn check(
    found: &mut Findings,
    config: &Config,
    file: &Path,
    against: Against<'_>,
) -> anyhow::Result<()> {
    let (name, prefix) = (offline::name(file), &config.settings.prefix);
    let text = match offline::text_or(file, SMALLER) {
        Ok(text) => text,
        Err(message) => {
            found.file(name, message);
            return Ok(());
        }
    };
    let plan = match terraform::read(&text, prefix) {
        Ok(plan) => plan,
        Err(not_a_plan) => {
            found.file(name, not_a_plan.to_string());
            return Ok(());
        }
    };
    found.notes.extend(plan.notes);
    found.proposed = Some(plan.services.len());
    let files = match against {
        Against::Nothing => {
            alone(found, &config.settings, plan.services).await;
            return Ok(());
        }
        Against::Files(files) => files,
        Against::Aws => &[],
    };
    let Origin { world, notes } = world::origin(config, files).await?;
    found.notes.extend(notes);
    in_world(found, world, &config.settings, plan.services).await
}

/// The services of the plan, compared with each other.
async fn alone(found: &mut Findings, settings: &Settings, proposed: Vec<Proposed>) {
    found.notes.push(
        "neither --from nor --aws is given: names that others have, and rollouts, are not known"
            .to_owned(),
    );
    let overlay = Overlay::alone(proposed.clone(), settings.prefix.clone());
    let mut captures = Captures::default();
    let tag = settings.prefix.key("namespace");
    let tagged = proposed.iter().filter_map(|one| NamespaceRef::parse(one.tags.get(&tag)?).ok());
    for namespace in tagged.chain(overlay.namespaces()).chain(settings.namespace.clone()) {
        captures.mention(namespace);
    }
    // Nothing is known of a document, or of other clusters.
    let settings = Settings { clusters: None, sources: Sources::default(), ..settings.clone() };
    let ahead = Look::ahead(settings, look::now(), overlay);
    let after = look::carry_out(Arc::new(World::captured(captures)), ahead).await;
    let (view, plan) = (View::default(), Plan::default());
    let before = Moment { view: &view, plan: &plan };
    tell(found, &proposed, before, moment(&after), Knowledge::OfThePlan);
}

/// The services of the plan in their world.
async fn in_world(
    found: &mut Findings,
    world: Arc<World>,
    settings: &Settings,
    mut proposed: Vec<Proposed>,
) -> anyhow::Result<()> {
    let mut settings = settings.clone();
    settings.policy = shown_policy(settings.policy);
    if let Some(clusters) = &mut settings.clusters {
        let there = proposed.iter().filter(|one| one.deed != Deed::Create);
        clusters.extend(there.map(|one| one.cluster.clone()));
    }
    let before = look::look(Arc::clone(&world), &settings).await;
    if let Some(fault) = &before.trouble {
        bail!("the clusters cannot be listed: {fault}");
    }
    for (name, cluster) in &before.view.clusters {
        if let Some(fault) = &cluster.trouble {
            found.file(format!("cluster {name}"), fault.to_string());
        }
    }
    for one in &mut proposed {
        expect_it(one, &before.view);
    }
    let overlay = Overlay::new(proposed.clone(), settings.prefix.clone());
    let after = look::carry_out(world, Look::ahead(settings, look::now(), overlay)).await;
    tell(found, &proposed, moment(&before), moment(&after), Knowledge::OfTheWorld);
    Ok(())
}

/// A service that the plan changes and nobody sees is taken for one that comes: at least its tags are checked.
fn expect_it(one: &mut Proposed, view: &View) {
    if one.deed != Deed::Update || view.at_path(&one.key().path()).is_some() {
        return;
    }
    let words = "no such service was seen in the clusters that were read, so what eastwest would change in it is not known";
    let path = one.key().path().to_string();
    one.advice.push(Issue::new("service", &path, words).advice());
    one.deed = Deed::Create;
}

fn moment(looked: &Looked) -> Moment<'_> {
    Moment { view: &looked.view, plan: &looked.plan }
}

fn tell(
    found: &mut Findings,
    proposed: &[Proposed],
    before: Moment<'_>,
    after: Moment<'_>,
    knowledge: Knowledge,
) {
    let forecast = forecast(proposed, before, after, knowledge);
    let opted_in =
        forecast.findings.iter().map(|finding| &finding.service).chain(forecast.services());
    found.knows_rollouts = knowledge == Knowledge::OfTheWorld;
    found.services = opted_in.collect::<BTreeSet<_>>().len();
    for Foreseen { service, what } in &forecast.findings {
        let subject = subject(proposed, service);
        match what {
            Trouble::Declared(issue) => found.issue(subject, issue),
            Trouble::Held(hold) if what.is_wrong() => found.hold(subject, hold),
            Trouble::Held(_) => {}
        }
    }
    let names = after.view.namespace_names();
    let rollouts = forecast.rollouts.into_iter();
    found.rollouts.extend(rollouts.map(|rollout| row(proposed, rollout, names)));
}

fn row(proposed: &[Proposed], rollout: Rollout, names: NamespaceNames<'_>) -> RolloutRow {
    RolloutRow {
        service: subject(proposed, &rollout.service),
        action: rollout.kind.to_string(),
        tasks: rollout.tasks,
        changes: names.changes(&rollout.changes).iter().map(ToString::to_string).collect(),
        waits: rollout.waits,
    }
}

/// What people know a service by: its address in the plan, or its path if the plan does not have it.
fn subject(proposed: &[Proposed], service: &ServiceKey) -> String {
    let known = proposed.iter().find(|one| one.key().path() == service.path());
    known.map_or_else(|| service.to_string(), |one| one.address.clone())
}
