//! What AWS denies is told with the call: the action that IAM names, and AWS's words.

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::engine::effect::{Effect, Event};

use super::{Asked, Told, played};
use crate::Denied;

/// What was denied when `ListClusters` was answered with this error, and the fault of the call itself.
async fn denied(code: &'static str, text: &'static str) -> (Vec<Denied>, Fault) {
    let stage = played(move |_: &Asked| Told::error(400, code, text));
    let Event::ClustersFound(Err(fault)) = stage.execute(Effect::FindClusters).await else {
        panic!()
    };
    let counted = stage.counted.lock().unwrap();
    (counted.iter().filter_map(|call| call.denied.clone()).collect(), fault)
}

#[tokio::test]
async fn the_action_is_the_one_that_iam_names_and_else_that_of_the_call() {
    let long = "User: x is not authorized to perform: kms:DecryptDecryptDecryptDecryptDecryptDecryptDecryptDecryptDecryptDecrypt";
    let rows = [
        (
            "User: x is not authorized to perform: ecs:ListClusters on resource: *",
            "ecs:ListClusters",
        ),
        ("User: x is not authorized to perform: kms:Decrypt because no", "kms:Decrypt"),
        ("User: x is not authorized to perform: iam:PassRole", "iam:PassRole"),
        ("not authorized to perform: <script>:x on resource", "ecs:ListClusters"),
        ("not authorized to perform: ecs: on resource", "ecs:ListClusters"),
        ("not authorized to perform: ", "ecs:ListClusters"),
        (long, "ecs:ListClusters"),
        ("Access denied.", "ecs:ListClusters"),
        ("", "ecs:ListClusters"),
    ];
    for (text, action) in rows {
        let (told, fault) = denied("AccessDeniedException", text).await;
        assert_eq!(told.len(), 1, "{text}");
        assert_eq!(told[0].action, action, "{text}");
        // So that nothing is shown twice.
        assert_eq!(told[0].fault, fault, "{text}");
    }
}

#[tokio::test]
async fn what_fails_otherwise_is_not_denied() {
    let text = "User: x is not authorized to perform: ecs:ListClusters";
    for code in ["ThrottlingException", "ExpiredTokenException", "InvalidParameterException"] {
        let (told, fault) = denied(code, text).await;
        assert_ne!(fault.kind, FaultKind::Denied, "{code}");
        assert_eq!(told, [], "{code}");
    }
}
