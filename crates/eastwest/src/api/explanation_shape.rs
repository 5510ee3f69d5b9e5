//! What an explanation looks like as JSON. As in [`super::shape`], only schemas are made of these types.

#![expect(dead_code, reason = "only JSON Schemas are made of these types")]

use schemars::JsonSchema;

use super::shape::Issue;

/// What a service is to be, field by field, and who said so.
#[derive(JsonSchema)]
pub(crate) struct Explanation {
    /// The service.
    service: String,
    /// Whether anything opts it in.
    managed: bool,
    /// Every field that is known so far.
    fields: Vec<Explained>,
    /// Why not all can be told, or why what is wanted is not done.
    #[schemars(skip_serializing_if = "Option::is_none")]
    hold: Option<String>,
    /// What cannot be honoured, and advice.
    issues: Vec<Issue>,
}

/// One field.
#[derive(JsonSchema)]
struct Explained {
    /// Which field, under the name of its tag where it has one.
    field: String,
    /// Of which endpoint, by its port.
    #[schemars(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    /// What it is, and who said so.
    #[schemars(skip_serializing_if = "Option::is_none")]
    said: Option<Said>,
    /// What others said otherwise and was passed over.
    #[schemars(skip_serializing_if = "Option::is_none")]
    overruled: Option<Vec<Said>>,
}

/// A value and who said it.
#[derive(JsonSchema)]
struct Said {
    /// The value.
    #[schemars(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// Who said it.
    by: Sayer,
    /// Where, if that has a name: the tag, the parameter.
    #[schemars(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

/// Who said a value, in the order of precedence.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Sayer {
    Document,
    Tag,
    Parameter,
    Deployed,
    DocumentDefault,
    Flag,
    ClusterDefault,
    Environment,
    BuiltIn,
}
