resource "aws_scheduler_schedule_group" "this" {
  name = var.name
}

locals {
  # No retry: a second attempt minutes later would find the same closed door. What a night left undone, the
  # next one finds by itself. Scheduler asks again only where ECS could not be reached.
  scheduled = {
    for name, own in {
      night = { schedule = var.schedule, input = null, window = local.window }
      # Sessions minutes after they are over: to the minute, and where another run is at work this one goes away.
      fresh = { schedule = var.fresh_schedule, input = null, window = null }
      prune = {
        schedule = var.prune_schedule
        input    = jsonencode({ containerOverrides = [{ name = "pipeline", command = ["prune"] }] })
        window   = local.window
      }
      # Without a bucket it is the working copy that is cleared.
      prune-copy = {
        schedule = var.prune_schedule
        input    = jsonencode({ containerOverrides = [{ name = "pipeline", command = ["prune", "--s3-bucket", ""] }] })
        window   = local.window
      }
    } : name => own if own.schedule != null
  }
  # Minutes that spread the requests which everyone's cron sends to F1 at the full hour.
  window = 15
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:A schedule holds no secrets; AWS's own key encrypts it
  for_each = local.scheduled

  name                         = each.key
  group_name                   = aws_scheduler_schedule_group.this.name
  schedule_expression          = each.value.schedule
  schedule_expression_timezone = var.schedule_timezone
  state                        = var.schedule_enabled ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode                      = each.value.window == null ? "OFF" : "FLEXIBLE"
    maximum_window_in_minutes = each.value.window
  }

  target {
    arn      = aws_ecs_cluster.this.arn
    role_arn = aws_iam_role.scheduler.arn
    input    = each.value.input

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.pipeline.arn
      launch_type         = "FARGATE"
      platform_version    = "LATEST"
      # Comes back as `group` in the event of the task's end, and tells the night from prune.
      group          = each.key
      propagate_tags = "TASK_DEFINITION"

      network_configuration {
        subnets          = [for subnet in aws_subnet.public : subnet.id]
        security_groups  = [aws_security_group.pipeline.id]
        assign_public_ip = true
      }
    }

    retry_policy {
      maximum_retry_attempts       = 3
      maximum_event_age_in_seconds = 3600
    }
  }
}
