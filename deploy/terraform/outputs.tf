output "ecr_repository_url" {
  description = "Where images are pushed, as pipeline-live and serve-live."
  value       = aws_ecr_repository.this.repository_url
}

output "bucket" {
  description = "The bucket of the published files."
  value       = aws_s3_bucket.data.id
}

output "cdn_url" {
  description = "Where everyone reads them."
  value       = local.cdn_url
}

output "api_url" {
  description = "The API; null where it is not enabled."
  value       = one([for distribution in aws_cloudfront_distribution.api : "https://${distribution.domain_name}"])
}

output "log_group" {
  description = "The logs of the night and of the API."
  value       = aws_cloudwatch_log_group.tasks.name
}

output "alarm_topic_arn" {
  description = "The topic that is told when a night fails; subscribe what you like."
  value       = aws_sns_topic.alarm.arn
}

output "cluster" {
  description = "The ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "api_service" {
  description = "The ECS service of the API; null where it is not enabled."
  value       = one(aws_ecs_service.api[*].name)
}

output "deploy_role_arn" {
  description = "The role for GitHub's Actions; null without github_repository."
  value       = one(aws_iam_role.github[*].arn)
}

output "nightly_role_arn" {
  description = "The role for the nightly workflow on GitHub; null without github_nightly."
  value       = one(aws_iam_role.github_nightly[*].arn)
}

output "run_now" {
  description = "Command that starts a night at once."
  value = join(" ", [
    "aws ecs run-task --launch-type FARGATE --group night",
    "--region ${var.region} --cluster ${aws_ecs_cluster.this.name}",
    "--task-definition ${aws_ecs_task_definition.pipeline.family}",
    "--network-configuration 'awsvpcConfiguration={subnets=[${join(",", [for subnet in aws_subnet.public : subnet.id])}],securityGroups=[${aws_security_group.pipeline.id}],assignPublicIp=ENABLED}'",
  ])
}
