//! How everything stands at the end of a life that broke a rule: the truth, and what the controller says of it.

use eastwest_core::ecs::name::Arn;
use eastwest_core::ecs::service_key::ServiceKey;

use super::controller::Controller;
use super::world::World;
use crate::judge::{AtRest, Effective};
use crate::model::EcsServiceState;

/// One line for the document, and for each service its state, and what the controller says of it and plans for it.
pub(super) fn lines<C: Controller>(world: &mut World<C>, asked: &AtRest) -> Vec<String> {
    let services: Vec<_> = world.with_model(|model| {
        model
            .services()
            .map(|(key, state)| (state.arn.clone(), key.clone(), state_text(state)))
            .collect()
    });
    let mut lines = vec![format!("document in force: {:?}", asked.document)];
    let engine = world.controller().map(Controller::engine);
    for (arn, key, state) in services {
        lines.push(format!("{key}: {state}"));
        let key = ServiceKey::of_arn(&Arn::as_read(&arn));
        let (Some(engine), Some(key)) = (engine, key) else { continue };
        if let Some(status) = engine.status(&key).map(|published| &published.status) {
            let message = status.message.as_deref().unwrap_or_default();
            lines.push(format!("    said: {:?} {:?} {message}", status.sync, status.reason));
        }
        if let Some(entry) = engine.plan().entries.get(&key) {
            lines.push(format!(
                "    plan: {:?}, needs {:?}",
                entry.verdict,
                engine.plan().needs.get(&key)
            ));
        }
    }
    lines
}

fn state_text(state: &EcsServiceState) -> String {
    let connect = state.connect().map(|connect| Effective::of(connect));
    let endpoints = connect.as_ref().map(|connect| {
        let endpoints = connect.endpoints.iter();
        let shown = endpoints.map(|each| (&each.port_name, &each.discovery_name, &each.alias));
        (&connect.namespace, shown.collect::<Vec<_>>())
    });
    let deployments = state.deployments.iter();
    let deployments = deployments
        .map(|each| (&each.id, each.rollout_state, each.completed_once, each.created_at));
    format!(
        "{:?}, {} tasks, tags {:?}, in force {endpoints:?}, deployments {:?}",
        state.status,
        state.running(),
        state.tags,
        deployments.collect::<Vec<_>>(),
    )
}
