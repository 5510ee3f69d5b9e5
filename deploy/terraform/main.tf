# eastwest as an ECS service of the cluster that it watches.

locals {
  writes = var.policy != "observe"
  # A copy that observes holds no lease and takes every message, so it is alone.
  two    = local.writes && var.replicas == 2
  tokens = compact([var.token])

  environment = merge(
    {
      EASTWEST_CLUSTER     = var.cluster
      EASTWEST_POLICY      = var.policy
      EASTWEST_QUEUE_URL   = aws_sqs_queue.this.url
      EASTWEST_OWN_SERVICE = "${var.cluster}/${var.name}"
      EASTWEST_SOURCE      = var.document == "" ? "tags" : "tags,ssm:${var.document}"
    },
    local.two ? { EASTWEST_LEASE_TABLE = aws_dynamodb_table.leases[0].name } : {},
  )
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_158:The log holds no secrets, and CloudWatch Logs encrypts it with a key of its own.
  # checkov:skip=CKV_AWS_338:The log is for people who mend something. CloudTrail is the record of who wrote what.
  name              = "/eastwest/${var.name}"
  retention_in_days = 30
}

# A new table is as good as an old one.
resource "aws_dynamodb_table" "leases" {
  # checkov:skip=CKV_AWS_28:A lease is worth seconds, and one from a backup is wrong.
  # checkov:skip=CKV_AWS_119:The items are names of clusters and of copies; a key of your own would protect nothing more.
  count = local.two ? 1 : 0

  name         = var.name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "lease"

  attribute {
    name = "lease"
    type = "S"
  }

  server_side_encryption {
    enabled = true
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  container_definitions = jsonencode([{
    name                   = "eastwest"
    image                  = var.image
    essential              = true
    command                = ["run"]
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    stopTimeout            = 10
    linuxParameters        = { capabilities = { drop = ["ALL"] } }
    portMappings           = [{ name = "eastwest-8080-tcp", containerPort = 8080, protocol = "tcp", appProtocol = "http" }]
    environment            = [for name, value in local.environment : { name = name, value = value }]
    secrets                = [for arn in local.tokens : { name = "EASTWEST_TOKEN", valueFrom = arn }]

    healthCheck = {
      command     = ["CMD", "/usr/local/bin/eastwest", "healthcheck"]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 30
    }

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = data.aws_region.this.name
        awslogs-stream-prefix = "eastwest"
      }
    }
  }])
}

resource "aws_ecs_service" "this" {
  name            = var.name
  cluster         = var.cluster
  task_definition = aws_ecs_task_definition.this.arn
  launch_type     = "FARGATE"
  desired_count   = local.two ? 2 : 1

  # Without a lease table only one copy may run, so the old one stops before the new one starts.
  deployment_minimum_healthy_percent = local.two ? 50 : 0
  deployment_maximum_percent         = local.two ? 200 : 100

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnets
    security_groups  = var.security_groups
    assign_public_ip = false
  }

  depends_on = [aws_iam_role_policy.task, aws_iam_role_policy.start, aws_sqs_queue_policy.this]
}
