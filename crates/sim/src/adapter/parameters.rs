//! Parameters, read as the real adapter reads them: decrypted, ten on a page, whole or unknown.

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::ParameterName;
use eastwest_core::ecs::parameter::Parameter;
use eastwest_core::ecs::seen::Seen;

use super::calls::Aws;
use super::convert;
use crate::shapes::ssm::{GetParameterRequest, GetParametersByPathRequest};

/// SSM:GetParametersByPathRequest.MaxResults.
const PAGE: u32 = 10;

impl Aws {
    pub(super) async fn parameters(&self, name: &ParameterName) -> Seen<Vec<Parameter>> {
        self.asked.borrow_mut().insert(name.clone(), self.clock.now());
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
        let request = GetParameterRequest { name: name.to_string(), with_decryption: Some(true) };
        let answer =
            self.read("ssm.GetParameter", |model, _| model.get_parameter(&request)).await?;
        Ok(convert::other::parameter(answer.parameter))
    }

    async fn parameters_below(&self, name: &ParameterName) -> Result<Vec<Parameter>, Fault> {
        let path = name.as_str().split_once(":parameter").map_or(name.as_str(), |(_, path)| path);
        let (found, ended) = self
            .pages("ssm.GetParametersByPath", |model, _, (limit, token)| {
                let request = GetParametersByPathRequest {
                    path: path.to_owned(),
                    recursive: Some(true),
                    with_decryption: Some(true),
                    max_results: Some(limit.min(PAGE)),
                    next_token: token.cloned(),
                    parameter_filters: None,
                };
                let answer = model.get_parameters_by_path(&request)?;
                Ok((answer.parameters, answer.next_token))
            })
            .await;
        ended?;
        let mut found: Vec<Parameter> = found.into_iter().map(convert::other::parameter).collect();
        found.sort_by(|a, b| (&a.name, b.version).cmp(&(&b.name, a.version)));
        found.dedup_by(|later, earlier| later.name == earlier.name);
        Ok(found)
    }
}
