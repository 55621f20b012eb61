# What outlives a night: the working copy, with the state that tells what failed and the lock that keeps two
# runs apart, and fastf1's cache, so that nothing is fetched from F1 twice. The API reads the same copy.
resource "aws_efs_file_system" "this" {
  #checkov:skip=CKV_AWS_184:AWS's own key encrypts it; the files are public
  creation_token  = var.name
  encrypted       = true
  throughput_mode = "elastic"

  lifecycle_policy {
    transition_to_ia = "AFTER_30_DAYS"
  }
  lifecycle_policy {
    transition_to_primary_storage_class = "AFTER_1_ACCESS"
  }

  tags = { Name = var.name }
}

resource "aws_efs_mount_target" "this" {
  for_each = aws_subnet.private

  file_system_id  = aws_efs_file_system.this.id
  subnet_id       = each.value.id
  security_groups = [aws_security_group.files.id]
}

resource "aws_efs_access_point" "this" {
  for_each = toset(["data", "cache"])

  file_system_id = aws_efs_file_system.this.id

  posix_user {
    uid = local.uid
    gid = local.uid
  }
  root_directory {
    path = "/${each.key}"

    creation_info {
      owner_uid   = local.uid
      owner_gid   = local.uid
      permissions = "0755"
    }
  }

  tags = { Name = "${var.name}-${each.key}" }
}

data "aws_iam_policy_document" "files" {
  statement {
    sid       = "OnlyByTLS"
    effect    = "Deny"
    actions   = ["*"]
    resources = [aws_efs_file_system.this.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "Night"
    actions   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    resources = [aws_efs_file_system.this.arn]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.pipeline.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "elasticfilesystem:AccessPointArn"
      values   = [for point in aws_efs_access_point.this : point.arn]
    }
  }

  dynamic "statement" {
    for_each = aws_iam_role.api

    content {
      sid       = "ApiReads"
      actions   = ["elasticfilesystem:ClientMount"]
      resources = [aws_efs_file_system.this.arn]

      principals {
        type        = "AWS"
        identifiers = [statement.value.arn]
      }
      condition {
        test     = "StringEquals"
        variable = "elasticfilesystem:AccessPointArn"
        values   = [aws_efs_access_point.this["data"].arn]
      }
    }
  }
}

resource "aws_efs_file_system_policy" "this" {
  file_system_id = aws_efs_file_system.this.id
  policy         = data.aws_iam_policy_document.files.json
}
