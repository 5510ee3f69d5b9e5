//! Parameters of SSM, with versions.
//!
//! Invariants: a Standard value has at most 4 KB and an Advanced one 8 KB (SSM quotas); Intelligent-Tiering
//! takes the tier the size asks for. A hundred versions are kept. A `SecureString` is shown in the clear
//! only when asked for. A name has at most fifteen levels.

use std::collections::VecDeque;
use std::fmt::Write as _;

use super::Model;
use super::bus::{ParameterChange, ParameterOperation};
use super::page::{PageRules, take};
use crate::model::records::{ParameterState, Version};
use crate::shapes::ApiError;
use crate::shapes::ssm::{
    DeleteParameterRequest, EmptyAnswer, GetParameterAnswer, GetParameterHistoryAnswer,
    GetParameterHistoryRequest, GetParameterRequest, GetParametersAnswer,
    GetParametersByPathAnswer, GetParametersByPathRequest, GetParametersRequest, Parameter,
    ParameterHistory, ParameterTier, ParameterType, PutParameterAnswer, PutParameterRequest,
};

impl Model {
    /// `PutParameter`.
    pub fn put_parameter(
        &mut self,
        request: PutParameterRequest,
    ) -> Result<PutParameterAnswer, ApiError> {
        let secure = request.kind == Some(ParameterType::SecureString);
        let name = request.name.clone();
        let answer = self.logged("ssm.PutParameter", request, Self::try_put_parameter);
        if let Ok(PutParameterAnswer { version, .. }) = answer {
            let first = version == 1;
            let operation =
                if first { ParameterOperation::Create } else { ParameterOperation::Update };
            self.announce_parameter_change(operation, &name);
        }
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
        let mut version = Version {
            number: 1,
            value: request.value,
            at: self.now,
            tier,
            description: request.description,
            key_id: request.key_id,
            allowed_pattern: request.allowed_pattern,
        };
        let existing = self.parameters.get_mut(&request.name);
        let overwrite = request.overwrite == Some(true);
        let Some(state) = existing else {
            let kind = request.kind.ok_or_else(|| {
                ApiError::new(
                    "ValidationException",
                    "A parameter type is required when you create a parameter.",
                )
            })?;
            let versions = VecDeque::from([version]);
            let data_type = request.data_type.unwrap_or_else(|| "text".to_owned());
            let state = ParameterState { kind, data_type, versions };
            self.parameters.insert(request.name, state);
            return Ok(PutParameterAnswer { version: 1, tier });
        };
        if !overwrite {
            let text = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
            return Err(ApiError::new("ParameterAlreadyExists", text));
        }
        state.kind = request.kind.unwrap_or(state.kind);
        let number = state.versions.back().map_or(0, |last| last.number) + 1;
        version.number = number;
        state.versions.push_back(version);
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
        check_size(request.max_results, 10)?;
        let folder = format!("{}/", request.path.trim_end_matches('/'));
        let scope = format!("GetParametersByPath {folder}");
        let rules = self.parameter_pages(&scope, 10);
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

    /// How Parameter Store pages; a page that is not asked to be smaller has the most lines.
    fn parameter_pages<'a>(&self, scope: &'a str, most: u32) -> PageRules<'a> {
        PageRules {
            scope,
            default: most,
            most,
            code: "InvalidNextToken",
            now: self.now,
            token_seconds: self.timings.token_seconds,
        }
    }

    /// `GetParameterHistory`: fifty versions on a page, the oldest first.
    pub fn get_parameter_history(
        &self,
        request: &GetParameterHistoryRequest,
    ) -> Result<GetParameterHistoryAnswer, ApiError> {
        check_size(request.max_results, 50)?;
        let (name, state) = self.parameter_state(path_of(&request.name))?;
        let scope = format!("GetParameterHistory {name}");
        let rules = self.parameter_pages(&scope, 50);
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let all = state.versions.iter();
        let (taken, next_token) = take(&rules, &page, all, |each| format!("{:020}", each.number));
        let secure = state.kind == ParameterType::SecureString;
        let hidden = secure && request.with_decryption != Some(true);
        let shown = taken.into_iter().map(|each| ParameterHistory {
            name: name.to_owned(),
            kind: state.kind,
            // SSM:PutParameterRequest: the key of the account unless another is named.
            key_id: secure
                .then(|| each.key_id.clone().unwrap_or_else(|| "alias/aws/ssm".to_owned())),
            last_modified_date: each.at,
            last_modified_user: self.arns.caller(),
            description: each.description.clone(),
            value: if hidden { sealed(&each.value) } else { each.value.clone() },
            allowed_pattern: each.allowed_pattern.clone(),
            version: each.number,
            labels: Vec::new(),
            tier: each.tier,
            policies: Vec::new(),
            data_type: state.data_type.clone(),
        });
        Ok(GetParameterHistoryAnswer { parameters: shown.collect(), next_token })
    }

    /// `DeleteParameter`.
    pub fn delete_parameter(
        &mut self,
        request: DeleteParameterRequest,
    ) -> Result<EmptyAnswer, ApiError> {
        self.logged("ssm.DeleteParameter", request, |model, request| {
            model.announce_parameter_change(ParameterOperation::Delete, &request.name);
            model
                .parameters
                .remove(&request.name)
                .map(|_| EmptyAnswer {})
                .ok_or_else(parameter_not_found)
        })
    }

    /// Announces what happens to a parameter, while it is there.
    fn announce_parameter_change(&mut self, operation: ParameterOperation, name: &str) {
        let Some(state) = self.parameters.get(name) else { return };
        let change = ParameterChange {
            operation,
            name: name.to_owned(),
            kind: state.kind.as_str(),
            description: state.versions.back().and_then(|last| last.description.clone()),
        };
        self.announce_parameter(change);
    }

    /// A parameter with the name under which it is kept.
    fn parameter_state(&self, name: &str) -> Result<(&str, &ParameterState), ApiError> {
        let bare = name.trim_start_matches('/');
        let found = self.parameters.get_key_value(name);
        let found = found.or_else(|| self.parameters.get_key_value(bare));
        let (name, state) = found.ok_or_else(parameter_not_found)?;
        Ok((name, state))
    }

    /// The `SecureString`s of this name or below this path that a key of their own encrypts: each parameter's ARN and its
    /// key.
    #[cfg(feature = "wire")]
    pub(crate) fn secrets_with_a_key(
        &self,
        name: Option<&str>,
        path: Option<&str>,
    ) -> Vec<(String, String)> {
        let named = name.and_then(|name| self.parameter_state(path_of(name)).ok());
        let folder = path.map(|path| format!("{}/", path.trim_end_matches('/')));
        let is_below =
            |name: &str| folder.as_deref().is_some_and(|folder| name.starts_with(folder));
        let below = self.parameters.iter().map(|(name, state)| (name.as_str(), state));
        let all = named.into_iter().chain(below.filter(|(name, _)| is_below(name)));
        let secrets = all.filter(|(_, state)| state.kind == ParameterType::SecureString);
        let keys = secrets.filter_map(|(name, state)| {
            Some((self.arns.parameter(name), state.versions.back()?.key_id.clone()?))
        });
        keys.filter(|(_, key)| key != "alias/aws/ssm").collect()
    }

    fn parameter(&self, reference: &str, clear: bool) -> Result<Parameter, ApiError> {
        let path = path_of(reference);
        let (name, selector) = match path.split_once(':') {
            Some((name, selector)) => (name, Some(selector)),
            None => (path, None),
        };
        let (_, state) = self.parameter_state(name)?;
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

/// The name in an ARN, or the name itself.
fn path_of(reference: &str) -> &str {
    match reference.strip_prefix("arn:") {
        Some(arn) => arn.split_once(":parameter").map_or(reference, |(_, path)| path),
        None => reference,
    }
}

/// The size of a page; the text is that of the framework under SSM.
fn check_size(size: Option<u32>, most: u32) -> Result<(), ApiError> {
    let refused = |size: u32, bound: &str| {
        let text = format!(
            "1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy constraint: Member must have value {bound}"
        );
        Err(ApiError::new("ValidationException", text))
    };
    match size {
        Some(0) => refused(0, "greater than or equal to 1"),
        Some(size) if size > most => refused(size, &format!("less than or equal to {most}")),
        Some(_) | None => Ok(()),
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
