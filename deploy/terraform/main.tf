data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  bucket  = coalesce(var.bucket_name, "${var.name}-${local.account}-${var.region}")

  # The keys of the published format begin here.
  key_prefix = var.prefix == "" ? "" : "${var.prefix}/"

  # The images' user (USER in the Dockerfile).
  uid = 10001

  # Tags that move with each deployment; the immutable ones carry the commit.
  pipeline_image = "${aws_ecr_repository.this.repository_url}:pipeline-live"
  serve_image    = "${aws_ecr_repository.this.repository_url}:serve-live"

  cdn_url = "https://${coalesce(var.domain_name, aws_cloudfront_distribution.data.domain_name)}"
}
