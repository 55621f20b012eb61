# Five roles, each for one thing: start containers, run the night, run the API, start the night, deploy (github.tf).
data "aws_iam_policy_document" "tasks_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    # Tasks of this account alone may use the roles, not others' by way of the service.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

# --- what ECS does before the container runs: pull the image, open the log
resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  description        = "ECS: pull the images and write the logs"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "Pull"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [aws_ecr_repository.this.arn]
  }

  statement {
    sid       = "LogInToTheRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # the action knows no resources
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.tasks.arn}:*"]
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

# --- the night
resource "aws_iam_role" "pipeline" {
  name               = "${var.name}-pipeline"
  description        = "The night and prune: read and write the published files"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
}

# What publishing needs of the bucket.
data "aws_iam_policy_document" "publish" {
  statement {
    sid       = "Find"
    actions   = ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
    resources = [aws_s3_bucket.data.arn]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.data.arn]

    # Listing is asked for with a prefix; only one below ours is answered. HeadBucket asks without one.
    condition {
      test     = "StringLikeIfExists"
      variable = "s3:prefix"
      values   = ["${local.key_prefix}*"]
    }
  }

  # `doctor` tells whether browsers may read.
  statement {
    sid       = "LookAtCors"
    actions   = ["s3:GetBucketCORS"]
    resources = [aws_s3_bucket.data.arn]
  }

  # Deleting leaves a version behind; deleting a version (s3:DeleteObjectVersion) is not allowed.
  statement {
    sid = "ReadAndWrite"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]
    resources = ["${aws_s3_bucket.data.arn}/${local.key_prefix}*"]
  }
}

data "aws_iam_policy_document" "pipeline" {
  source_policy_documents = [data.aws_iam_policy_document.publish.json]

  statement {
    sid       = "MountItsFolders"
    actions   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    resources = [aws_efs_file_system.this.arn]

    condition {
      test     = "StringEquals"
      variable = "elasticfilesystem:AccessPointArn"
      values   = [for point in aws_efs_access_point.this : point.arn]
    }
  }
}

resource "aws_iam_role_policy" "pipeline" {
  name   = "publish"
  role   = aws_iam_role.pipeline.id
  policy = data.aws_iam_policy_document.pipeline.json
}

# --- the API: reads the shared copy, and nothing of AWS's
resource "aws_iam_role" "api" {
  count = var.api_enabled ? 1 : 0

  name               = "${var.name}-api"
  description        = "The API: read the shared copy"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
}

data "aws_iam_policy_document" "api" {
  statement {
    sid       = "MountTheData"
    actions   = ["elasticfilesystem:ClientMount"]
    resources = [aws_efs_file_system.this.arn]

    condition {
      test     = "StringEquals"
      variable = "elasticfilesystem:AccessPointArn"
      values   = [aws_efs_access_point.this["data"].arn]
    }
  }
}

resource "aws_iam_role_policy" "api" {
  count = var.api_enabled ? 1 : 0

  name   = "read"
  role   = aws_iam_role.api[0].id
  policy = data.aws_iam_policy_document.api.json
}

# --- the scheduler: start this one task
data "aws_iam_policy_document" "scheduler_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name               = "${var.name}-scheduler"
  description        = "EventBridge Scheduler: start the night"
  assume_role_policy = data.aws_iam_policy_document.scheduler_assume.json
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "Run"
    actions   = ["ecs:RunTask"]
    resources = ["${aws_ecs_task_definition.pipeline.arn_without_revision}:*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [aws_ecs_cluster.this.arn]
    }
  }

  statement {
    sid       = "TagWhatItRuns"
    actions   = ["ecs:TagResource"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${var.region}:${local.account}:task/${aws_ecs_cluster.this.name}/*"]

    condition {
      test     = "StringEquals"
      variable = "ecs:CreateAction"
      values   = ["RunTask"]
    }
  }

  statement {
    sid       = "GiveTheTaskItsRoles"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.execution.arn, aws_iam_role.pipeline.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "run"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}
