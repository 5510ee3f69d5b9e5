# What eastwest itself may do: the policies of deploy/iam, with their placeholders filled in.

locals {
  granted = compact([
    "observe",
    "events",
    local.writes ? "converge" : "",
    var.document != "" ? "document" : "",
    local.writes && var.create_namespaces ? "create-namespaces" : "",
    local.two ? "lease" : "",
  ])

  # The shipped policies name a queue and a table of the name eastwest. Here both have the name of the service.
  shipped      = { for name in local.granted : name => file("${path.module}/../iam/${name}.json") }
  of_queue     = { for name, text in local.shipped : name => replace(text, "REPLACE_ACCOUNT_ID:eastwest\"", "REPLACE_ACCOUNT_ID:${var.name}\"") }
  of_table     = { for name, text in local.of_queue : name => replace(text, ":table/eastwest\"", ":table/${var.name}\"") }
  of_partition = { for name, text in local.of_table : name => replace(text, "arn:aws:", "arn:${data.aws_partition.this.partition}:") }
  of_region    = { for name, text in local.of_partition : name => replace(text, "REPLACE_REGION", data.aws_region.this.name) }
  of_account   = { for name, text in local.of_region : name => replace(text, "REPLACE_ACCOUNT_ID", data.aws_caller_identity.this.account_id) }
  of_cluster   = { for name, text in local.of_account : name => replace(text, "REPLACE_CLUSTER", var.cluster) }
  of_namespace = { for name, text in local.of_cluster : name => replace(text, "REPLACE_NAMESPACE", var.namespace) }
  policies     = { for name, text in local.of_namespace : name => replace(text, "REPLACE_OWN_SERVICE", var.name) }
}

data "aws_partition" "this" {}

data "aws_region" "this" {}

data "aws_caller_identity" "this" {}

data "aws_iam_policy_document" "tasks_of_this_account" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${data.aws_partition.this.partition}:ecs:${data.aws_region.this.name}:${data.aws_caller_identity.this.account_id}:*"]
    }
  }
}

resource "aws_iam_role" "task" {
  name_prefix        = "${var.name}-task-"
  assume_role_policy = data.aws_iam_policy_document.tasks_of_this_account.json
}

resource "aws_iam_role_policy" "task" {
  for_each = local.policies

  name   = each.key
  role   = aws_iam_role.task.id
  policy = each.value
}

resource "aws_iam_role" "execution" {
  name_prefix        = "${var.name}-start-"
  assume_role_policy = data.aws_iam_policy_document.tasks_of_this_account.json
}

locals {
  # Account, Region and repository, if the image is in ECR. An image of another registry needs none of its permissions.
  repositories = [
    for found in regexall("^([0-9]{12})[.]dkr[.-]ecr(?:-fips)?[.]([a-z0-9-]+)[.][a-z.]+/([^:@]+)", var.image) :
    "arn:${data.aws_partition.this.partition}:ecr:${found[1]}:${found[0]}:repository/${found[2]}"
  ]
}

data "aws_iam_policy_document" "start" {
  dynamic "statement" {
    for_each = local.repositories

    content {
      sid       = "LogIn"
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = local.repositories

    content {
      sid       = "Pull"
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = local.tokens

    content {
      sid       = "ReadTheToken"
      actions   = [strcontains(statement.value, ":secretsmanager:") ? "secretsmanager:GetSecretValue" : "ssm:GetParameters"]
      resources = [statement.value]
    }
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
}

resource "aws_iam_role_policy" "start" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.start.json
}
