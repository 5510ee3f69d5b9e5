//! Parameters of Parameter Store: one, or every one below a path.
//!
//! **Invariant:** what lies below a path is whole or unknown; a parameter without its text is no empty text.
//! Nothing here or in a fault shows a parameter's text: it may be a secret.

use aws_sdk_ssm::types as sdk;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::ParameterName;
use eastwest_core::ecs::parameter::Parameter;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::time::AwsTime;

use crate::convert::time;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::pages::Pages;
use crate::world::World;

/// SSM:GetParametersByPathRequest.MaxResults.
const PAGE: i32 = 10;

impl World {
    /// The parameter of that name or ARN, absent where it is not there; or, for a path that ends in `/`, every
    /// parameter below it, of which there may be none.
    pub(crate) async fn parameters(&self, name: &ParameterName) -> Seen<Vec<Parameter>> {
        let found = if name.is_path() {
            self.parameters_below(name).await
        } else {
            self.parameter(name).await.map(|parameter| vec![parameter])
        };
        match found {
            Ok(parameters) => Seen::Known(parameters),
            Err(fault) if fault.kind == FaultKind::NotFound && !name.is_path() => Seen::Absent,
            Err(fault) => Seen::Unknown(fault),
        }
    }

    async fn parameter(&self, name: &ParameterName) -> Result<Parameter, Fault> {
        let operation = Operation::GetParameter;
        let request = self.ssm.get_parameter().name(name.as_str()).with_decryption(true);
        let answer = self.call(operation, Lane::Urgent, request.send()).await?;
        answer.parameter.and_then(read).ok_or_else(|| half(operation))
    }

    async fn parameters_below(&self, path: &ParameterName) -> Result<Vec<Parameter>, Fault> {
        let operation = Operation::GetParametersByPath;
        let mut pages = Pages::of(operation);
        let mut found = Vec::new();
        while let Some(page) = pages.next() {
            let request = self.ssm.get_parameters_by_path().path(place(path));
            let request = request.recursive(true).with_decryption(true).max_results(PAGE);
            let sent = request.set_next_token(page.token).send();
            let answer = self.call(operation, Lane::Urgent, sent).await?;
            for parameter in pages.turn(answer.parameters, answer.next_token)? {
                found.push(read(parameter).ok_or_else(|| half(operation))?);
            }
        }
        found.sort_by(|a, b| (&a.name, b.version).cmp(&(&b.name, a.version)));
        // One that is written while we turn pages can come twice: the newer counts.
        found.dedup_by(|later, earlier| later.name == earlier.name);
        Ok(found)
    }
}

/// The path itself: unlike `GetParameter`, `GetParametersByPath` takes no ARN.
fn place(path: &ParameterName) -> &str {
    path.as_str()
        .split_once(":parameter/")
        .map_or(path.as_str(), |(arn, _)| &path.as_str()[arn.len() + ":parameter".len()..])
}

/// A parameter; `None` for one without name or text. A `StringList` is text with commas in it.
fn read(parameter: sdk::Parameter) -> Option<Parameter> {
    Some(Parameter {
        name: ParameterName::as_read(parameter.name()?),
        version: parameter.version(),
        modified_at: time(parameter.last_modified_date, AwsTime(0)),
        is_secret: parameter.r#type() == Some(&sdk::ParameterType::SecureString),
        text: parameter.value?,
    })
}

fn half(operation: Operation) -> Fault {
    let message = "the answer holds a parameter without its name or its text";
    Fault::new(FaultKind::Unreadable, operation.id(), message)
}
