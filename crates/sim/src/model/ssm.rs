//! Parameters of SSM, with versions.
//!
//! Invariants: a Standard value has at most 4 KB and an Advanced one 8 KB (SSM quotas); Intelligent-Tiering
//! takes the tier the size asks for. A hundred versions are kept. A `SecureString` is shown in the clear
//! only when asked for. A name has at most fifteen levels.

use std::collections::VecDeque;
use std::fmt::Write as _;

use super::Model;
use super::page::{PageRules, take};
use crate::model::records::{ParameterState, Version};
use crate::shapes::ApiError;
use crate::shapes::ssm::{
    DeleteParameterRequest, EmptyAnswer, GetParameterAnswer, GetParameterRequest,
    GetParametersAnswer, GetParametersByPathAnswer, GetParametersByPathRequest,
    GetParametersRequest, Parameter, ParameterTier, ParameterType, PutParameterAnswer,
    PutParameterRequest,
};

impl Model {
    /// `PutParameter`.
    pub fn put_parameter(
        &mut self,
        request: PutParameterRequest,
    ) -> Result<PutParameterAnswer, ApiError> {
        let secure = request.kind == Some(ParameterType::SecureString);
        let answer = self.logged("ssm.PutParameter", request, Self::try_put_parameter);
        if let Some(entry) = self.mutations.last_mut().filter(|_| secure) {
            entry.body["Value"] = "(hidden)".into();
        }
        answer
    }

    fn try_put_parameter(
        &mut self,
        request: PutParameterRequest,
    ) -> Result<PutParameterAnswer, ApiError> {
        check_name(&request.name)?;
        let tier = tier_of(request.tier.unwrap_or_default(), request.value.len())?;
        let now = self.now;
        let existing = self.parameters.get_mut(&request.name);
        let overwrite = request.overwrite == Some(true);
        let Some(state) = existing else {
            let kind = request.kind.ok_or_else(|| {
                ApiError::new(
                    "ValidationException",
                    "A parameter type is required when you create a parameter.",
                )
            })?;
            let versions = VecDeque::from([Version { number: 1, value: request.value, at: now }]);
            let data_type = request.data_type.unwrap_or_else(|| "text".to_owned());
            let state = ParameterState { kind, tier, data_type, versions };
            self.parameters.insert(request.name, state);
            return Ok(PutParameterAnswer { version: 1, tier });
        };
        if !overwrite {
            let text = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
            return Err(ApiError::new("ParameterAlreadyExists", text));
        }
        state.kind = request.kind.unwrap_or(state.kind);
        state.tier = tier;
        let number = state.versions.back().map_or(0, |last| last.number) + 1;
        state.versions.push_back(Version { number, value: request.value, at: now });
        if state.versions.len() > 100 {
            state.versions.pop_front();
        }
        Ok(PutParameterAnswer { version: number, tier })
    }

    /// `GetParameter`; the name may be an ARN and may end in `:<version>`.
    pub fn get_parameter(
        &self,
        request: &GetParameterRequest,
    ) -> Result<GetParameterAnswer, ApiError> {
        let clear = request.with_decryption == Some(true);
        let parameter = self.parameter(&request.name, clear)?;
        Ok(GetParameterAnswer { parameter })
    }

    /// `GetParameters`: at most ten.
    pub fn get_parameters(
        &self,
        request: &GetParametersRequest,
    ) -> Result<GetParametersAnswer, ApiError> {
        if request.names.is_empty() || request.names.len() > 10 {
            let text = "1 validation error detected: names must have length between 1 and 10.";
            return Err(ApiError::new("ValidationException", text));
        }
        let clear = request.with_decryption == Some(true);
        let mut answer = GetParametersAnswer::default();
        for name in &request.names {
            match self.parameter(name, clear) {
                Ok(parameter) => answer.parameters.push(parameter),
                Err(_) => answer.invalid_parameters.push(name.clone()),
            }
        }
        Ok(answer)
    }

    /// `GetParametersByPath`: ten on a page.
    pub fn get_parameters_by_path(
        &self,
        request: &GetParametersByPathRequest,
    ) -> Result<GetParametersByPathAnswer, ApiError> {
        if !request.path.starts_with('/') {
            let text = "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\".";
            return Err(ApiError::new("ValidationException", text));
        }
        let folder = format!("{}/", request.path.trim_end_matches('/'));
        let scope = format!("GetParametersByPath {folder}");
        let rules = PageRules {
            scope: &scope,
            default: 10,
            most: 10,
            code: "InvalidNextToken",
            now: self.now,
            token_seconds: self.timings.token_seconds,
        };
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let deep = request.recursive == Some(true);
        let clear = request.with_decryption == Some(true);
        let within = self.parameters.range(folder.clone()..);
        let within = within.take_while(|(name, _)| name.starts_with(&folder));
        let wanted = within.filter(|(name, _)| deep || !name[folder.len()..].contains('/'));
        let (taken, next_token) = take(&rules, &page, wanted, |(name, _)| (*name).clone());
        let mut parameters = Vec::new();
        for (name, _) in taken {
            parameters.push(self.parameter(name, clear)?);
        }
        Ok(GetParametersByPathAnswer { parameters, next_token })
    }

    /// `DeleteParameter`.
    pub fn delete_parameter(
        &mut self,
        request: DeleteParameterRequest,
    ) -> Result<EmptyAnswer, ApiError> {
        self.logged("ssm.DeleteParameter", request, |model, request| {
            model
                .parameters
                .remove(&request.name)
                .map(|_| EmptyAnswer {})
                .ok_or_else(parameter_not_found)
        })
    }

    fn parameter(&self, reference: &str, clear: bool) -> Result<Parameter, ApiError> {
        let path = match reference.strip_prefix("arn:") {
            Some(arn) => arn.split_once(":parameter").map_or(reference, |(_, path)| path),
            None => reference,
        };
        let (name, selector) = match path.split_once(':') {
            Some((name, selector)) => (name, Some(selector)),
            None => (path, None),
        };
        let bare = name.trim_start_matches('/');
        let found = self.parameters.get(name).or_else(|| self.parameters.get(bare));
        let state = found.ok_or_else(parameter_not_found)?;
        let missing = || ApiError::new("ParameterVersionNotFound", "Version not found.");
        let version = match selector {
            None => state.versions.back(),
            Some(wanted) => {
                let number = wanted.parse::<u64>().map_err(|_| missing())?;
                state.versions.iter().find(|version| version.number == number)
            }
        }
        .ok_or_else(missing)?;
        let hidden = state.kind == ParameterType::SecureString && !clear;
        Ok(Parameter {
            name: name.to_owned(),
            kind: state.kind,
            value: if hidden { sealed(&version.value) } else { version.value.clone() },
            version: version.number,
            selector: selector.map(|selector| format!(":{selector}")),
            last_modified_date: version.at,
            arn: self.arns.parameter(name),
            data_type: state.data_type.clone(),
        })
    }
}

fn parameter_not_found() -> ApiError {
    ApiError::new("ParameterNotFound", "")
}

/// What a `SecureString` looks like to one who may not see it: not its text.
fn sealed(value: &str) -> String {
    value.bytes().rev().fold("AQICAHj".to_owned(), |mut text, byte| {
        let _ = write!(text, "{:02x}", byte ^ 0x5a);
        text
    })
}

fn tier_of(asked: ParameterTier, length: usize) -> Result<ParameterTier, ApiError> {
    let refused = |most: &str| {
        let text = format!("Parameter value exceeds the maximum of {most} characters.");
        Err(ApiError::new("ValidationException", text))
    };
    match asked {
        _ if length > 8192 => refused("8192"),
        ParameterTier::Standard if length > 4096 => refused("4096"),
        ParameterTier::Intelligent if length > 4096 => Ok(ParameterTier::Advanced),
        ParameterTier::Intelligent => Ok(ParameterTier::Standard),
        tier => Ok(tier),
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    let levels = name.trim_start_matches('/').split('/').count();
    if levels > 15 {
        let text = "A hierarchy can have a maximum of 15 levels.";
        return Err(ApiError::new("HierarchyLevelLimitExceededException", text));
    }
    if name.is_empty() || name.len() > 1011 || !name.chars().all(allowed) {
        return Err(ApiError::new("ValidationException", "Invalid parameter name."));
    }
    if name.contains('/') && !name.starts_with('/') {
        let text = "Parameter name must be a fully qualified name.";
        return Err(ApiError::new("ValidationException", text));
    }
    Ok(())
}
