resource "aws_cloudwatch_log_group" "tasks" {
  #checkov:skip=CKV_AWS_338:How long is the operator's choice (log_days); each run's log is in the bucket as well
  #checkov:skip=CKV_AWS_158:Logs of public work; AWS's own key encrypts them
  name              = "/${var.name}/tasks"
  retention_in_days = var.log_days
}

resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:Container Insights costs more than the night; its end is watched by events (alarm.tf)
  name = var.name
}

resource "aws_ecs_task_definition" "pipeline" {
  family                   = "${var.name}-pipeline"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.pipeline_size.cpu
  memory                   = var.pipeline_size.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.pipeline.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # Fargate has no tmpfs; an empty volume takes /tmp's mode from the image.
  volume {
    name = "tmp"
  }

  dynamic "volume" {
    for_each = aws_efs_access_point.this

    content {
      name = volume.key

      efs_volume_configuration {
        file_system_id     = aws_efs_file_system.this.id
        transit_encryption = "ENABLED"

        authorization_config {
          access_point_id = volume.value.id
          iam             = "ENABLED"
        }
      }
    }
  }

  container_definitions = jsonencode([
    {
      name                   = "pipeline"
      image                  = local.pipeline_image
      essential              = true
      command                = ["nightly", "--season", var.season, "--publish"]
      user                   = "${local.uid}:${local.uid}"
      readonlyRootFilesystem = true
      # Signals reach the run, and what its workers leave behind is cleared away.
      linuxParameters = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
      # At most what Fargate allows: a race being written is finished or dropped whole.
      stopTimeout = 120
      environment = [for key, value in merge(var.pipeline_environment, local.pipeline_environment) : { name = key, value = value }]
      mountPoints = [
        { sourceVolume = "data", containerPath = "/data", readOnly = false },
        { sourceVolume = "cache", containerPath = "/cache", readOnly = false },
        { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
      ]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.tasks.name
          awslogs-region        = var.region
          awslogs-stream-prefix = "pipeline"
        }
      }
    },
  ])
}

locals {
  pipeline_environment = {
    AWS_REGION   = var.region
    F1_S3_BUCKET = aws_s3_bucket.data.id
    F1_S3_PREFIX = var.prefix
  }
}
