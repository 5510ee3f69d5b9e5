//! Refuses operations of services that speak another protocol than AWS's JSON: EC2's, or the older query protocol of
//! STS, IAM, SNS, CloudFormation and others. Both put the operation into a form and answer in XML.
//!
//! **Invariant:** the simulator has no such operation, so every one is refused, in the form that an SDK of that service
//! reads: else its user sees a parser's complaint, and not that the operation does not exist. REST services call other
//! paths, which do not exist either.

use crate::wire::signature;

/// An operation that came as a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FormCall {
    /// What the form calls `Action`: letters and digits.
    action: String,
    /// The service that the request is signed for; none: nobody signed it.
    service: Option<String>,
}

impl FormCall {
    /// The call in a request without an `X-Amz-Target`, if its body is such a form.
    pub(super) fn of(authorization: Option<&str>, body: &[u8]) -> Option<Self> {
        let form = std::str::from_utf8(body).ok()?;
        let action = form.split('&').find_map(|pair| pair.strip_prefix("Action="))?;
        let is_name = !action.is_empty() && action.bytes().all(|b| b.is_ascii_alphanumeric());
        is_name.then(|| Self {
            action: action.to_owned(),
            service: authorization.and_then(signature::service_of).map(str::to_owned),
        })
    }

    /// The refusal in the protocol of the service. `id` is the request's.
    pub(super) fn refusal(&self, id: &str) -> String {
        let Self { action, service } = self;
        let message = format!("The action {action} is not valid for this web service.");
        let error = format!("<Code>InvalidAction</Code><Message>{message}</Message>");
        // EC2 has a form of its own (Smithy: AWS EC2 query protocol, operation error serialization).
        let body = if service.as_deref() == Some("ec2") {
            format!(
                "<Response><Errors><Error>{error}</Error></Errors><RequestID>{id}</RequestID></Response>"
            )
        } else {
            format!(
                "<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>{id}</RequestId></ErrorResponse>"
            )
        };
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(service: &str) -> FormCall {
        let signed = format!(
            "AWS4-HMAC-SHA256 Credential=AKIA/20261123/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=ab"
        );
        FormCall::of(Some(&signed), b"Version=2016-11-15&Action=DescribeVpcs").unwrap()
    }

    #[test]
    fn ec2_is_refused_in_its_own_form_and_others_in_that_of_the_query_protocol() {
        let text = "The action DescribeVpcs is not valid for this web service.";
        let error = format!("<Code>InvalidAction</Code><Message>{text}</Message>");
        let ec2 = call("ec2").refusal("r-1");
        assert!(
            ec2.contains(&format!("<Response><Errors><Error>{error}</Error></Errors>")),
            "{ec2}"
        );
        assert!(ec2.contains("<RequestID>r-1</RequestID>"), "{ec2}");
        let sts = call("sts").refusal("r-1");
        assert!(
            sts.contains(&format!("<ErrorResponse><Error><Type>Sender</Type>{error}")),
            "{sts}"
        );
        assert!(sts.contains("<RequestId>r-1</RequestId>"), "{sts}");
    }

    #[test]
    fn what_is_no_form_with_an_action_is_none_of_theirs() {
        for body in ["{}", "", "Action=", "Action=<x>", "Reaction=Go", "{\"a\":\"Action=Go\"}"] {
            assert_eq!(FormCall::of(None, body.as_bytes()), None, "{body}");
        }
    }
}
