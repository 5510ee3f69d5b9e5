//! A configuration without what may be secret, for a capture that is handed on.
//!
//! **Invariant:** the same members are unknown before and after, and values that were equal stay equal: a plan made from
//! the capture holds and compares what it held and compared.

use eastwest_core::ecs::connect::is_public_option;
use serde_json::{Value, json};

use super::Shape::{Flag, List, Number, Object, OneOf, Port, Text, Texts};
use super::{CONFIGURATION, Shape, is_absent};

/// What stands for a value that is left out.
const LEFT_OUT: &str = "(left out)";

/// Gives equal values the same stand-in, and different ones different stand-ins.
#[derive(Debug, Default)]
pub(crate) struct StandIns(std::collections::BTreeMap<String, usize>);

impl StandIns {
    fn of(&mut self, value: &str) -> String {
        let next = self.0.len() + 1;
        let number = *self.0.entry(value.to_owned()).or_insert(next);
        format!("(left out {number})")
    }
}

/// Takes out of a Service Connect configuration the values of log options, the places of secrets, and the content of
/// members that eastwest does not know.
pub(crate) fn scrub(configuration: &mut Value, stand_ins: &mut StandIns) {
    walk(configuration, &CONFIGURATION, "", stand_ins);
}

fn walk(value: &mut Value, shape: &Shape, name: &str, stand_ins: &mut StandIns) {
    match (shape, &mut *value) {
        (Text, Value::String(text)) if name == "valueFrom" => *text = stand_ins.of(text),
        (_, Value::Null)
        | (Flag, Value::Bool(_))
        | (Number | Port, Value::Number(_))
        | (Text | OneOf(_), Value::String(_)) => {}
        (Texts, Value::Object(options)) => {
            for (name, option) in options {
                match option {
                    Value::String(_) if is_public_option(name) => {}
                    Value::String(text) => *text = stand_ins.of(text),
                    other => *other = json!(0),
                }
            }
        }
        (Object(known), Value::Object(members)) => {
            for (name, member) in members.iter_mut().filter(|(_, member)| !is_absent(member)) {
                match known.iter().find(|(known, _)| known == name) {
                    Some((_, shape)) => walk(member, shape, name, stand_ins),
                    None => *member = json!(LEFT_OUT),
                }
            }
        }
        (List(item, most), Value::Array(items)) => {
            for (index, value) in items.iter_mut().enumerate() {
                if index < *most {
                    walk(value, item, "", stand_ins);
                } else {
                    *value = json!(LEFT_OUT);
                }
            }
        }
        // Not what it should be: it must stay so.
        (Text | OneOf(_), _) => *value = json!(0),
        _ => *value = json!(LEFT_OUT),
    }
}

#[cfg(test)]
mod tests {
    use super::super::look;
    use super::*;

    fn unknown(value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        look(value, &CONFIGURATION, "", &mut found);
        found
    }

    fn scrubbed(value: &Value) -> Value {
        let mut value = value.clone();
        scrub(&mut value, &mut StandIns::default());
        value
    }

    #[test]
    fn values_of_options_and_places_of_secrets_go_and_everything_that_is_compared_stays() {
        let secret = "arn:aws:secretsmanager:r:1:secret:s3cret";
        let logs = |token: &str| {
            json!({
                "logDriver": "splunk",
                "options": {"splunk-token": token, "awslogs-group": "group", "same": token},
                "secretOptions": [{"name": "n", "valueFrom": secret}],
            })
        };
        let before = json!({
            "enabled": true, "namespace": "internal",
            "services": [{"portName": "http", "tls": {"kmsKey": "key"}}],
            "logConfiguration": logs("s3cret"),
        });
        let after = scrubbed(&before);
        assert!(!after.to_string().contains("s3cret"), "{after}");
        assert_eq!(after["services"], before["services"]);
        let options = &after["logConfiguration"]["options"];
        assert_eq!(options["awslogs-group"], "group");
        assert_eq!(options["splunk-token"], options["same"]);
        let place = &after["logConfiguration"]["secretOptions"][0];
        assert_eq!(place["name"], "n");
        assert_ne!(place["valueFrom"], options["same"]);
    }

    #[test]
    fn what_is_unknown_stays_unknown_and_shows_nothing() {
        let strange = [
            json!({"newThing": {"token": "s3cret"}, "none": {}}),
            json!({"services": [{"portName": "a", "newThing": "s3cret"}]}),
            json!({"services": [{"clientAliases": [{"port": 1}, {"port": 2, "dnsName": "s3cret"}]}]}),
            json!({"services": "s3cret"}),
            json!({"namespace": {"a": "s3cret"}}),
            json!({"enabled": "s3cret"}),
            json!({"services": [{"ingressPortOverride": "s3cret"}]}),
            json!({"logConfiguration": {"options": {"a": ["s3cret"]}}}),
            json!({"logConfiguration": {"options": "s3cret"}}),
            json!({"accessLogConfiguration": {"includeQueryParameters": ["s3cret"]}}),
            json!({"containerConfigurations": [{"logLevel": "info"}, {"a": "s3cret"}]}),
        ];
        for before in strange {
            let after = scrubbed(&before);
            assert_eq!(unknown(&after), unknown(&before), "{before} became {after}");
            assert!(!after.to_string().contains("s3cret"), "{after}");
        }
    }
}
