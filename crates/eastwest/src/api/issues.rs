//! The issues of a service, out of the two places that have some: its declaration and the plan.

use eastwest_core::declaration::issue::Issue;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::plan::Plan;
use eastwest_core::view::ServiceView;

/// All issues of a service. Those that only the plan finds come last.
pub(crate) fn issues<'a>(
    key: &ServiceKey,
    view: &'a ServiceView,
    plan: &'a Plan,
) -> impl Iterator<Item = &'a Issue> {
    view.issues.iter().chain(plan.advice.get(key).into_iter().flatten())
}
