//! The lease table: one read and one conditional write, each tried once.
//!
//! **Invariant:** a write takes effect only if every member of the item is as expected. The answer to a failed condition
//! has the item that is there, so no second call is needed to know it.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::lease::{LeaseItem, LeaseKey, LeaseMember, LeaseOutcome, LeaseWrite};

use crate::operation::Operation;
use crate::pace::Lane;
use crate::world::{Leases, World};

/// The name of the table's partition key.
const KEY: &str = "lease";

/// The members of an item by their names.
type Members = HashMap<String, AttributeValue>;

impl World {
    fn leases(&self) -> Result<&Leases, Fault> {
        let text = "this process has no lease table";
        let missing = || Fault::new(FaultKind::Refused, Operation::GetItem.id(), text);
        self.leases.as_ref().ok_or_else(missing)
    }

    /// The item of a lease as it is now, if there is one.
    pub(crate) async fn read_lease(&self, key: &LeaseKey) -> Result<Option<LeaseItem>, Fault> {
        let leases = self.leases()?;
        let request = leases.client.get_item().table_name(leases.table.name.as_str());
        let request = request.key(KEY, text(key.as_str())).consistent_read(true);
        let answer = self.call(Operation::GetItem, Lane::Urgent, request.send()).await?;
        Ok(answer.item.as_ref().map(item))
    }

    /// Puts an item in the place of the one that is expected.
    pub(crate) async fn write_lease(&self, write: &LeaseWrite) -> Result<LeaseOutcome, Fault> {
        let leases = self.leases()?;
        let condition = Condition::of(write.expected.as_ref());
        let request = leases
            .client
            .put_item()
            .table_name(leases.table.name.as_str())
            .set_item(Some(members(&write.key, &write.item)))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let operation = Operation::PutItem;
        match self.turn(operation, Lane::Urgent, request.send()).await {
            Ok(_) => Ok(LeaseOutcome::Written),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(LeaseOutcome::Differs(failed.item().map(item)))
                }
                _ => Err(crate::fault::of(operation, &error)),
            },
        }
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// No map where it would be empty: DynamoDB refuses an empty one.
fn some<T>(map: HashMap<String, T>) -> Option<HashMap<String, T>> {
    (!map.is_empty()).then_some(map)
}

fn item(found: &Members) -> LeaseItem {
    LeaseItem::of(|name| match found.get(name) {
        None => LeaseMember::Absent,
        Some(AttributeValue::S(text)) => LeaseMember::Text(text.clone()),
        Some(AttributeValue::N(number)) => LeaseMember::Number(number.clone()),
        Some(_) => LeaseMember::Other,
    })
}

fn members(key: &LeaseKey, item: &LeaseItem) -> Members {
    let known = item.members().into_iter();
    let known = known.filter_map(|(name, member)| Some((name.to_owned(), value(member)?)));
    known.chain([(KEY.to_owned(), text(key.as_str()))]).collect()
}

fn value(member: &LeaseMember) -> Option<AttributeValue> {
    match member {
        LeaseMember::Text(text) => Some(AttributeValue::S(text.clone())),
        LeaseMember::Number(number) => Some(AttributeValue::N(number.clone())),
        LeaseMember::Absent | LeaseMember::Other => None,
    }
}

/// What must be in the table for a write to take effect.
#[derive(Default)]
struct Condition {
    expression: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Condition {
    fn of(expected: Option<&LeaseItem>) -> Self {
        let Some(expected) = expected else {
            let expression = format!("attribute_not_exists({KEY})");
            return Self { expression, ..Self::default() };
        };
        let mut condition = Self::default();
        let members = expected.members();
        let parts: Vec<String> =
            members.into_iter().map(|(name, member)| condition.part(name, member)).collect();
        condition.expression = parts.join(" AND ");
        condition
    }

    /// The part about one member. Names stand apart from the expression, for `session` is a reserved word (DynamoDB
    /// Developer Guide, reserved words).
    fn part(&mut self, name: &str, member: &LeaseMember) -> String {
        self.names.insert(format!("#{name}"), name.to_owned());
        if let Some(value) = value(member) {
            self.values.insert(format!(":{name}"), value);
            return format!("#{name} = :{name}");
        }
        if *member == LeaseMember::Absent {
            return format!("attribute_not_exists(#{name})");
        }
        for letter in ["S", "N"] {
            self.values.insert(format!(":type{letter}"), text(letter));
        }
        format!(
            "attribute_exists(#{name}) AND NOT attribute_type(#{name}, :typeS) AND NOT attribute_type(#{name}, :typeN)"
        )
    }
}
