# GitHub's Actions get in by OIDC: a token for minutes instead of a stored key, only for jobs of one repository
# that name one environment. They may push images, move the -live tags and restart the API; nothing else.
locals {
  github_count = var.github_repository == null ? 0 : 1
  github_oidc_arn = (
    var.github_oidc_provider_arn != null ? var.github_oidc_provider_arn :
    one(aws_iam_openid_connect_provider.github[*].arn)
  )
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_repository != null && var.github_oidc_provider_arn == null ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "github_assume" {
  count = local.github_count

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.github_oidc_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_repository}:environment:${var.github_environment}"]
    }
  }
}

resource "aws_iam_role" "github" {
  count = local.github_count

  name                 = "${var.name}-deploy"
  description          = "GitHub Actions of ${var.github_repository}: push images and roll them out"
  assume_role_policy   = data.aws_iam_policy_document.github_assume[0].json
  max_session_duration = 3600
}

data "aws_iam_policy_document" "github" {
  statement {
    sid       = "LogInToTheRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # the action knows no resources
  }

  statement {
    sid = "Push"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [aws_ecr_repository.this.arn]
  }

  dynamic "statement" {
    for_each = aws_ecs_service.api

    content {
      sid       = "RollOut"
      actions   = ["ecs:DescribeServices", "ecs:UpdateService"]
      resources = [statement.value.arn]
    }
  }
}

resource "aws_iam_role_policy" "github" {
  count = local.github_count

  name   = "deploy"
  role   = aws_iam_role.github[0].id
  policy = data.aws_iam_policy_document.github.json
}

# The night on Actions instead of Fargate, with a role of its own.
resource "aws_iam_role" "github_nightly" {
  count = var.github_nightly ? 1 : 0

  name               = "${var.name}-github-nightly"
  description        = "GitHub Actions of ${var.github_repository}: publish"
  assume_role_policy = data.aws_iam_policy_document.github_assume[0].json
  # As long as the workflow's job may take.
  max_session_duration = 21600
}

resource "aws_iam_role_policy" "github_nightly" {
  count = var.github_nightly ? 1 : 0

  name   = "publish"
  role   = aws_iam_role.github_nightly[0].id
  policy = data.aws_iam_policy_document.publish.json
}
