# Every exception below is a decision for public, recomputable data; checkov reads them here.
resource "aws_s3_bucket" "data" {
  #checkov:skip=CKV_AWS_18:Readers come through CloudFront; an access log would collect their addresses for nothing
  #checkov:skip=CKV_AWS_144:Everything can be computed again from F1's archive; a second region would double the cost
  #checkov:skip=CKV_AWS_145:The files are public, a key of one's own would only add a fee to every request
  #checkov:skip=CKV2_AWS_62:Nothing acts on single objects; the night's end is an ECS event
  bucket = local.bucket
}

resource "aws_s3_bucket_ownership_controls" "data" {
  bucket = aws_s3_bucket.data.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "data" {
  bucket = aws_s3_bucket.data.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  bucket = aws_s3_bucket.data.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "data" {
  bucket = aws_s3_bucket.data.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_cors_configuration" "data" {
  bucket = aws_s3_bucket.data.id

  cors_rule {
    allowed_methods = ["GET", "HEAD"]
    allowed_origins = var.allowed_origins
    allowed_headers = ["*"]
    expose_headers  = local.exposed_headers
    max_age_seconds = 86400
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "data" {
  # Rules about versions need versioning first.
  depends_on = [aws_s3_bucket_versioning.data]
  bucket     = aws_s3_bucket.data.id

  rule {
    id     = "versions"
    status = "Enabled"
    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }
    expiration {
      expired_object_delete_marker = true
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  # Which replay generation is old only the manifests know, so `prune` deletes them (see schedule.tf). S3 then
  # keeps them as versions. A filter cannot say telemetry/*/*/replay/, so this holds for all of a race's files.
  rule {
    id     = "race-versions"
    status = "Enabled"
    filter {
      prefix = "${local.key_prefix}telemetry/"
    }

    noncurrent_version_expiration {
      noncurrent_days = var.replay_noncurrent_days
    }
  }

  rule {
    id     = "run-logs"
    status = "Enabled"
    filter {
      prefix = "${local.key_prefix}runs/"
    }

    expiration {
      days = var.run_log_days
    }
  }
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "ReadByTheDistribution"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.data.arn}/${local.key_prefix}*"]

    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "AWS:SourceArn"
      values   = [aws_cloudfront_distribution.data.arn]
    }
  }

  # With it a missing key is 404; without it S3 says 403, and a client could not tell the two apart. Listings
  # do not get out: the distribution passes no query on, and "/" is the catalog.
  statement {
    sid       = "TellMissingFromForbidden"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.data.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "AWS:SourceArn"
      values   = [aws_cloudfront_distribution.data.arn]
    }
  }

  statement {
    sid       = "OnlyByTLS"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.data.arn, "${aws_s3_bucket.data.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "data" {
  bucket = aws_s3_bucket.data.id
  policy = data.aws_iam_policy_document.bucket.json
}
