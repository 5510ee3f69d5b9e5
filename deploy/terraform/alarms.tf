# Alarms on what CloudWatch sees by itself. deploy/prometheus has the alerts on everything that eastwest measures.

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "${var.name}-errors"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "{ $.level = \"ERROR\" }"

  metric_transformation {
    namespace = "eastwest"
    name      = "${var.name}-errors"
    value     = "1"
  }
}

# Lines of what a person should mend: a service whose health is Degraded, a document that is not in force, a namespace or
# a revision that could not be created, a cluster that may not be read.
resource "aws_cloudwatch_log_metric_filter" "needs_person" {
  name           = "${var.name}-needs-person"
  log_group_name = aws_cloudwatch_log_group.this.name

  pattern = join(" ", [
    "{ ($.level = \"WARN\") && (($.message = \"service status\") || ($.message = \"could not be created\") ||",
    "($.message = \"the latest reading of the document is not in force\") ||",
    "(($.message = \"cluster cannot be read\") && ($.page = \"deploy/README.md#the-policies\"))) }",
  ])

  metric_transformation {
    namespace = "eastwest"
    name      = "${var.name}-needs-person"
    value     = "1"
  }
}

locals {
  alarms = {
    not-running = {
      description = "No task of eastwest has reported for ten minutes, so nothing is watched (runbook, EastwestAbsent)."
      namespace   = "AWS/ECS", metric = "CPUUtilization", statistic = "SampleCount"
      dimensions  = { ClusterName = var.cluster, ServiceName = aws_ecs_service.this.name }
      comparison  = "LessThanThreshold", threshold = 1, period = 300, periods = 2, missing = "breaching"
    }
    events-not-taken = {
      description = "Events wait for minutes, so no copy takes them (runbook, EastwestQueueUnusable, EastwestNoLeader)."
      namespace   = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum"
      dimensions  = { QueueName = aws_sqs_queue.this.name }
      comparison  = "GreaterThanThreshold", threshold = 120, period = 60, periods = 5, missing = "notBreaching"
    }
    unread-messages = {
      description = "Somebody sends messages that are no events (runbook, EastwestUnreadMessages)."
      namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum"
      dimensions  = { QueueName = aws_sqs_queue.dead.name }
      comparison  = "GreaterThanThreshold", threshold = 0, period = 300, periods = 1, missing = "notBreaching"
    }
    errors = {
      description = "eastwest logged an ERROR, which is a bug (runbook, EastwestPanicked, EastwestBreach)."
      namespace   = "eastwest", metric = "${var.name}-errors", statistic = "Sum"
      dimensions  = {}
      comparison  = "GreaterThanThreshold", threshold = 0, period = 300, periods = 1, missing = "notBreaching"
    }
    needs-person = {
      description = "A service or the document needs a person; /api/v1/services and the log say what (runbook)."
      namespace   = "eastwest", metric = "${var.name}-needs-person", statistic = "Sum"
      dimensions  = {}
      comparison  = "GreaterThanThreshold", threshold = 0, period = 300, periods = 1, missing = "notBreaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = var.alarm_topics
  # A line in the log is no state, so its alarm does not tell that it is over.
  ok_actions = each.value.namespace == "eastwest" ? [] : var.alarm_topics
}
