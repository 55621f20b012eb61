# ECS tells how each task ended. The events go to a log, and two filters count in it: nights that failed, and
# nights that ended well. Exit 75 (busy, or F1 out of reach tonight) is neither: one such night is nothing to
# wake anybody for, but two days without a good one are, whatever the cause, a schedule that never ran included.
locals {
  exit_code = "$.detail.containers[0].exitCode"
  metrics   = var.name
}

resource "aws_cloudwatch_log_group" "ends" {
  #checkov:skip=CKV_AWS_338:How long is the operator's choice (log_days)
  #checkov:skip=CKV_AWS_158:Events of public work; AWS's own key encrypts them
  name              = "/aws/events/${var.name}/ends"
  retention_in_days = var.log_days
}

resource "aws_cloudwatch_event_rule" "ends" {
  name        = "${var.name}-ends"
  description = "A night or a prune has ended"

  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail = {
      clusterArn = [aws_ecs_cluster.this.arn]
      lastStatus = ["STOPPED"]
      group      = keys(local.scheduled)
    }
  })
}

resource "aws_cloudwatch_event_target" "ends" {
  rule = aws_cloudwatch_event_rule.ends.name
  arn  = aws_cloudwatch_log_group.ends.arn
}

data "aws_iam_policy_document" "ends" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.ends.arn}:*"]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com", "events.amazonaws.com"]
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "ends" {
  policy_name     = "${var.name}-ends"
  policy_document = data.aws_iam_policy_document.ends.json
}

# No exit code: the container never started, for want of an image for instance.
resource "aws_cloudwatch_log_metric_filter" "failed" {
  name           = "failed"
  log_group_name = aws_cloudwatch_log_group.ends.name
  pattern        = "{ (${local.exit_code} NOT EXISTS) || (${local.exit_code} != 0 && ${local.exit_code} != 75) }"

  metric_transformation {
    namespace = local.metrics
    name      = "RunsFailed"
    value     = "1"
  }
}

resource "aws_cloudwatch_log_metric_filter" "good" {
  name           = "good"
  log_group_name = aws_cloudwatch_log_group.ends.name
  # A night that meets a run between the nights goes away; that one did its work.
  pattern = "{ (${local.exit_code} = 0) && (($.detail.group = \"night\") || ($.detail.group = \"fresh\")) }"

  metric_transformation {
    namespace = local.metrics
    name      = "NightsGood"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.name}-failed"
  alarm_description   = "A night or a prune failed. Its log: ${aws_cloudwatch_log_group.tasks.name}"
  namespace           = local.metrics
  metric_name         = aws_cloudwatch_log_metric_filter.failed.metric_transformation[0].name
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarm.arn]
}

resource "aws_cloudwatch_metric_alarm" "no_good_night" {
  alarm_name          = "${var.name}-no-good-night"
  alarm_description   = "No night ended well for two days. Logs: ${aws_cloudwatch_log_group.tasks.name}"
  namespace           = local.metrics
  metric_name         = aws_cloudwatch_log_metric_filter.good.metric_transformation[0].name
  statistic           = "Sum"
  period              = 86400
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  actions_enabled     = var.schedule_enabled
  alarm_actions       = [aws_sns_topic.alarm.arn]
  ok_actions          = [aws_sns_topic.alarm.arn]
}

resource "aws_sns_topic" "alarm" {
  #checkov:skip=CKV_AWS_26:An alarm's name is no secret; AWS's own key for SNS would keep CloudWatch out
  name = "${var.name}-alarm"
}

data "aws_iam_policy_document" "alarm" {
  statement {
    sid       = "AlarmsOfThisAccount"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarm.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_sns_topic_policy" "alarm" {
  arn    = aws_sns_topic.alarm.arn
  policy = data.aws_iam_policy_document.alarm.json
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alarm.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}
