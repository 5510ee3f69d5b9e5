output "queue_url" {
  description = "The queue of the events."
  value       = aws_sqs_queue.this.url
}

output "dead_letter_queue_url" {
  description = "Where messages go that are no events."
  value       = aws_sqs_queue.dead.url
}

output "lease_table" {
  description = "The table of the leases; none if one copy runs."
  value       = local.two ? aws_dynamodb_table.leases[0].name : null
}

output "task_role_arn" {
  description = "The role of eastwest, for example to let it pass roles of TLS."
  value       = aws_iam_role.task.arn
}

output "log_group" {
  description = "Where the log goes."
  value       = aws_cloudwatch_log_group.this.name
}
