//! The shapes of SSM Parameter Store (2014-11-06), as far as a document of declarations needs them.
//!
//! Invariant: `PascalCase`, with SSM's own spelling `ARN`.
#![expect(
    missing_docs,
    reason = "members bear AWS's names and are described in AWS's API reference"
)]

use serde_json::Value;

use crate::shapes::{Time, shapes, words};

words! {
    /// `Parameter.Type`.
    ParameterType { Text = "String", StringList = "StringList", SecureString = "SecureString" }

    /// `PutParameterResult.Tier`.
    ParameterTier { Standard = "Standard", Advanced = "Advanced", Intelligent = "Intelligent-Tiering" }
}

shapes! { "PascalCase";
    /// `PutParameter`.
    PutParameterRequest {
        name: String,
        description: Option<String>,
        value: String,
        #[serde(rename = "Type")]
        kind: Option<ParameterType>,
        key_id: Option<String>,
        overwrite: Option<bool>,
        allowed_pattern: Option<String>,
        tags: Option<Value>,
        tier: Option<ParameterTier>,
        data_type: Option<String>,
    }

    /// The answer of `PutParameter`.
    #[derive(Eq)]
    PutParameterAnswer { version: u64, tier: ParameterTier }

    /// `GetParameter`; the name may end in `:<version>`.
    #[derive(Eq)]
    GetParameterRequest { name: String, with_decryption: Option<bool> }

    /// The answer of `GetParameter`.
    #[derive(Eq)]
    GetParameterAnswer { parameter: Parameter }

    /// One parameter.
    #[derive(Eq)]
    Parameter {
        name: String,
        #[serde(rename = "Type")]
        kind: ParameterType,
        value: String,
        version: u64,
        selector: Option<String>,
        last_modified_date: Time,
        #[serde(rename = "ARN")]
        arn: String,
        data_type: String,
    }

    /// `GetParameters`.
    #[derive(Eq)]
    GetParametersRequest { names: Vec<String>, with_decryption: Option<bool> }

    /// The answer of `GetParameters`.
    #[derive(Eq)]
    GetParametersAnswer { parameters: Vec<Parameter>, invalid_parameters: Vec<String> }

    /// `GetParametersByPath`.
    GetParametersByPathRequest {
        path: String,
        recursive: Option<bool>,
        parameter_filters: Option<Value>,
        with_decryption: Option<bool>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }

    /// The answer of `GetParametersByPath`.
    #[derive(Eq)]
    GetParametersByPathAnswer { parameters: Vec<Parameter>, next_token: Option<String> }

    /// `GetParameterHistory`.
    #[derive(Eq)]
    GetParameterHistoryRequest {
        name: String,
        with_decryption: Option<bool>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }

    /// The answer of `GetParameterHistory`.
    GetParameterHistoryAnswer { parameters: Vec<ParameterHistory>, next_token: Option<String> }

    /// One version of a parameter.
    ParameterHistory {
        name: String,
        #[serde(rename = "Type")]
        kind: ParameterType,
        key_id: Option<String>,
        last_modified_date: Time,
        last_modified_user: String,
        description: Option<String>,
        value: String,
        allowed_pattern: Option<String>,
        version: u64,
        labels: Vec<String>,
        tier: ParameterTier,
        policies: Vec<Value>,
        data_type: String,
    }

    /// `DeleteParameter`.
    #[derive(Eq)]
    DeleteParameterRequest { name: String }

    /// An answer without members.
    #[derive(Eq)]
    EmptyAnswer {}
}
