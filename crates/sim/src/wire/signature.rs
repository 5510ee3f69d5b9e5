//! Reads who signed a request for where: the credential scope of its Signature Version 4 `Authorization` header.
//!
//! The signature itself is not verified: any secret will do, so that the simulator needs none. The
//! scope is, because a client that signs for the wrong service or region fails at AWS too.
//!
//! **Invariant:** the host of the request plays no part. SDKs put `data-` before it for
//! `DiscoverInstances`, and a client may call a simulator by any name.

use super::api::Api;
use crate::shapes::ApiError;

/// The algorithm every SDK signs awsJson calls with.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The region that `authorization` is scoped to, if it is a signature for `api`.
pub(super) fn region_of(authorization: Option<&str>, api: Api) -> Result<&str, ApiError> {
    let Some(header) = authorization.map(str::trim).filter(|header| !header.is_empty()) else {
        return Err(ApiError::new(
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ));
    };
    let Some(parts) = header.strip_prefix(ALGORITHM) else {
        let message =
            format!("Unsupported algorithm: the Authorization header must be {ALGORITHM}.");
        return Err(ApiError::new("IncompleteSignature", message));
    };
    let parts: Vec<&str> = parts.split(',').map(str::trim).collect();
    let part = |name: &str| {
        parts
            .iter()
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
            .filter(|v| !v.is_empty())
    };
    let missing: Vec<String> = ["Credential", "Signature", "SignedHeaders"]
        .into_iter()
        .filter(|name| part(name).is_none())
        .map(|name| format!("Authorization header requires '{name}' parameter."))
        .collect();
    if !missing.is_empty() {
        return Err(ApiError::new("IncompleteSignature", missing.join(" ")));
    }
    scope_region(part("Credential").unwrap_or_default(), api)
}

/// The access key that `authorization` is signed with.
pub(super) fn access_key_of(authorization: &str) -> Option<&str> {
    let parts = authorization.trim().strip_prefix(ALGORITHM)?;
    let credential = parts.split(',').find_map(|part| part.trim().strip_prefix("Credential="))?;
    // The scope has four parts, counted from the end.
    credential.rsplitn(5, '/').nth(4)
}

/// The service that `authorization` is scoped to, whichever it is.
pub(super) fn service_of(authorization: &str) -> Option<&str> {
    let parts = authorization.trim().strip_prefix(ALGORITHM)?;
    let credential = parts.split(',').find_map(|part| part.trim().strip_prefix("Credential="))?;
    credential.rsplit('/').nth(1)
}

/// The region of `key/date/region/service/aws4_request`.
fn scope_region(credential: &str, api: Api) -> Result<&str, ApiError> {
    // An access key id has no slash, but temporary ones of other vendors might: count from the end.
    let mut scope = credential.rsplit('/');
    let (terminator, service) = (scope.next(), scope.next());
    let (region, date) = (scope.next().unwrap_or_default(), scope.next());
    if terminator != Some("aws4_request") || date.is_none_or(str::is_empty) {
        return Err(invalid(
            "Credential should be scoped with a valid terminator: 'aws4_request'.",
        ));
    }
    if service != Some(api.signing_name()) {
        let name = api.signing_name();
        return Err(invalid(&format!("Credential should be scoped to correct service: '{name}'.")));
    }
    if !is_region(region) {
        return Err(invalid("Credential should be scoped to a valid region."));
    }
    Ok(region)
}

fn invalid(message: &str) -> ApiError {
    ApiError::new("InvalidSignatureException", message)
}

/// Whether `text` has the form of a region, such as `eu-central-1` or `us-gov-west-1`.
pub(super) fn is_region(text: &str) -> bool {
    let mut words = text.split('-').rev();
    let number = words.next().unwrap_or_default();
    let words: Vec<&str> = words.collect();
    let lower = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    matches!(number.as_bytes(), [b'1'..=b'9'])
        && (2..=4).contains(&words.len())
        && words.iter().all(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(scope: &str) -> String {
        format!("{ALGORITHM} Credential=AKIA/{scope}, SignedHeaders=host;x-amz-date, Signature=ab")
    }

    fn code(header: Option<&str>) -> &'static str {
        region_of(header, Api::CloudMap).unwrap_err().code
    }

    #[test]
    fn the_region_of_the_scope_is_taken() {
        let header = signed("20261123/eu-central-1/servicediscovery/aws4_request");
        assert_eq!(region_of(Some(&header), Api::CloudMap).unwrap(), "eu-central-1");
    }

    #[test]
    fn the_access_key_stands_before_the_scope() {
        let header = signed("20261123/eu-central-1/servicediscovery/aws4_request");
        assert_eq!(access_key_of(&header), Some("AKIA"));
        assert_eq!(access_key_of("Basic dXNlcjpwYXNz"), None);
    }

    #[test]
    fn a_request_without_a_signature_misses_its_token() {
        assert_eq!(code(None), "MissingAuthenticationTokenException");
        assert_eq!(code(Some(" ")), "MissingAuthenticationTokenException");
    }

    #[test]
    fn half_a_signature_is_incomplete_and_says_what_it_lacks() {
        assert_eq!(code(Some("Basic dXNlcjpwYXNz")), "IncompleteSignature");
        let half =
            format!("{ALGORITHM} Credential=AKIA/20261123/eu-west-1/servicediscovery/aws4_request");
        let error = region_of(Some(&half), Api::CloudMap).unwrap_err();
        assert_eq!(error.code, "IncompleteSignature");
        assert!(error.message.contains("'Signature'") && !error.message.contains("'Credential'"));
    }

    #[test]
    fn a_scope_for_another_service_or_no_region_is_an_invalid_signature() {
        for scope in [
            "20261123/eu-west-1/ecs/aws4_request",
            "20261123/nowhere/servicediscovery/aws4_request",
            "20261123//servicediscovery/aws4_request",
            "20261123/eu-west-1/servicediscovery/aws4",
            "servicediscovery/aws4_request",
        ] {
            assert_eq!(code(Some(&signed(scope))), "InvalidSignatureException", "{scope}");
        }
    }

    #[test]
    fn regions_have_the_form_aws_gives_them() {
        for region in ["eu-central-1", "us-gov-west-1", "ap-southeast-5", "us-iso-east-1"] {
            assert!(is_region(region), "{region}");
        }
        for other in ["", "eu", "eu-1-", "EU-west-1", "eu-west-0", "eu-west-1;drop"] {
            assert!(!is_region(other), "{other}");
        }
    }
}
