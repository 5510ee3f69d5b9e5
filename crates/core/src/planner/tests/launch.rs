//! Where tasks run, as the service or its task definition tells.

use expect_test::expect;

use crate::testing::check_issues;

#[test]
fn where_capacity_providers_decide_the_task_definition_tells_of_managed_instances() {
    check_issues(
        "cluster prod default=internal.myapp
         web mode=client | off | managed http=8080/http | launch=
         cron mode=client | off | http=8080/http | launch=
         unread mode=client | off | ? | launch=",
        &expect![[r#"
            prod/web: launchType="MANAGED_INSTANCES": older guides say that Service Connect does not run on Managed Instances: try it on one service first, and check that its tasks start. The instance profile must allow ecs:Poll on the task sets of the cluster, or the proxy stays unhealthy
        "#]],
    );
}
