//! Names that the document keeps for some services.

use expect_test::expect;

use crate::testing::check_plan;

#[test]
fn a_claimed_name_is_not_for_strangers() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, discovery-name=payments",
        &expect![[r#"
            prod/web: Claimed: discovery name payments is claimed in the document for prod/payments-api; take another name, or have the claim list this service too
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_claimant_goes_before_an_older_stranger() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, discovery-name=payments | off | http=8080/http | age=1
         payments-api mode=client-server, discovery-name=payments | off | http=8080/http | age=9",
        &expect![[r#"
            prod/payments-api: connect in ns-internalmyapp http/payments@payments.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
            prod/web: Claimed: discovery name payments is claimed in the document for prod/payments-api; take another name, or have the claim list this service too
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
        "#]],
    );
}

#[test]
fn of_two_claimants_the_older_one_goes() {
    check_plan(
        "claim payments new old
         cluster prod default=internal.myapp
         new mode=client-server, discovery-name=payments | off | http=8080/http | age=9
         old mode=client-server, discovery-name=payments | off | http=8080/http | age=1",
        &expect![[r#"
            prod/new: Conflict: discovery name payments goes to prod/old (arn:aws:ecs:eu-west-1:1:service/prod/old), which comes first by age, then by ARN
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
            prod/old: connect in ns-internalmyapp http/payments@payments.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
                contested by prod/new
        "#]],
    );
}

#[test]
fn who_has_a_name_keeps_it_whatever_is_claimed() {
    check_plan(
        "claim payments payments-api
         web mode=client-server, timeout=idle=60s | in internal.myapp http/payments@payments:80
         payments-api mode=client-server, discovery-name=payments | in internal.myapp http/pay@pay:80",
        &expect![[r#"
            prod/payments-api: Conflict: discovery name payments is held by prod/web (arn:aws:ecs:eu-west-1:1:service/prod/web)
                endpoint http/pay: pay:80 -> -
                endpoint http/payments: - -> pay:80
            prod/web: connect in ns-internalmyapp http/payments@payments:80+idle=60
                timeout http/payments: idle=300s request=15s -> idle=60s request=15s
                contested by prod/payments-api
        "#]],
    );
}

#[test]
fn a_claim_covers_the_bare_name_as_an_alias() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, alias=payments:80",
        &expect![[r#"
            prod/web: Claimed: alias payments:80 is claimed in the document for prod/payments-api; take another name, or have the claim list this service too
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> payments:80
        "#]],
    );
}

#[test]
fn a_claim_covers_the_name_before_a_namespace_as_an_alias() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, alias=payments.internal.myapp",
        &expect![[r#"
            prod/web: Claimed: alias payments.internal.myapp:8080 is claimed in the document for prod/payments-api; take another name, or have the claim list this service too
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> payments.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_claim_covers_such_aliases_in_other_namespaces_too() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, namespace=other.ns, alias=payments.internal.myapp
         app mode=client-server, namespace=other.ns, discovery-name=payments, alias=app:80",
        &expect![[r#"
            prod/app: Claimed: discovery name payments is claimed in the document for prod/payments-api; take another name, or have the claim list this service too
                enabled: off -> on
                namespace: - -> ns-otherns0
                endpoint http/payments: - -> app:80
            prod/web: Claimed: alias payments.internal.myapp:8080 is claimed in the document for prod/payments-api; take another name, or have the claim list this service too
                enabled: off -> on
                namespace: - -> ns-otherns0
                endpoint http/web: - -> payments.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_dot_at_the_end_does_not_make_another_name() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, alias=payments.:80",
        &expect![[r#"
            prod/web: Claimed: alias payments.:80 is claimed in the document for prod/payments-api; take another name, or have the claim list this service too
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> payments.:80
        "#]],
    );
}

#[test]
fn a_name_that_only_begins_alike_is_free() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, discovery-name=payments-v2
         app mode=client-server, alias=payments.example.com:80",
        &expect![[r#"
            prod/app: connect in ns-internalmyapp http/app@payments.example.com:80
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/app: - -> payments.example.com:80
            prod/web: connect in ns-internalmyapp http/payments-v2@payments-v2.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments-v2: - -> payments-v2.internal.myapp:8080
            order: prod/app, prod/web
        "#]],
    );
}

#[test]
fn a_name_claimed_for_nobody_is_taken_by_nobody() {
    check_plan(
        "claim payments
         cluster prod default=internal.myapp
         payments mode=client-server",
        &expect![[r#"
            prod/payments: Claimed: discovery name payments is claimed in the document and kept from everybody; take another name, or have the claim list this service too
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
        "#]],
    );
}

#[test]
fn who_may_not_have_one_name_keeps_no_other_from_anybody() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         old mode=client-server, endpoint.http=name=payments, endpoint.rpc=name=cart | off | http=80/http rpc=81/http | age=1
         new mode=client-server, discovery-name=cart | off | http=80/http | age=9",
        &expect![[r#"
            prod/new: connect in ns-internalmyapp http/cart@cart.internal.myapp:80
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/cart: - -> cart.internal.myapp:80
            prod/old: Claimed: discovery name payments is claimed in the document for prod/payments-api; take another name, or have the claim list this service too
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:80
                endpoint rpc/cart: - -> cart.internal.myapp:81
        "#]],
    );
}
