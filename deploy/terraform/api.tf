# The API, where api_enabled asks for it: CloudFront -> a balancer in the private subnets -> Fargate tasks. TLS
# ends at CloudFront; the way to the balancer is a VPC origin, inside AWS's network, so that nothing here has a
# public address to be reached by. Bytes of artifacts come from the bucket's own distribution (F1_CDN_URL).
locals {
  api_port  = 8000
  api_count = var.api_enabled ? 1 : 0
}

data "aws_ec2_managed_prefix_list" "cloudfront" {
  count = local.api_count

  name = "com.amazonaws.global.cloudfront.origin-facing"
}

data "aws_cloudfront_cache_policy" "none" {
  count = local.api_count

  name = "Managed-CachingDisabled"
}

data "aws_cloudfront_origin_request_policy" "all_viewer" {
  count = local.api_count

  name = "Managed-AllViewer"
}

resource "aws_security_group" "balancer" {
  count = local.api_count

  name        = "${var.name}-balancer"
  description = "The balancer: from CloudFront, to the API"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "balancer_cloudfront" {
  count = local.api_count

  security_group_id = aws_security_group.balancer[0].id
  description       = "CloudFront"
  prefix_list_id    = data.aws_ec2_managed_prefix_list.cloudfront[0].id
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc_security_group_egress_rule" "balancer_api" {
  count = local.api_count

  security_group_id            = aws_security_group.balancer[0].id
  description                  = "The API's tasks"
  referenced_security_group_id = aws_security_group.api[0].id
  ip_protocol                  = "tcp"
  from_port                    = local.api_port
  to_port                      = local.api_port
}

resource "aws_security_group" "api" {
  count = local.api_count

  name        = "${var.name}-api"
  description = "The API: from the balancer"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "api_balancer" {
  count = local.api_count

  security_group_id            = aws_security_group.api[0].id
  description                  = "The balancer"
  referenced_security_group_id = aws_security_group.balancer[0].id
  ip_protocol                  = "tcp"
  from_port                    = local.api_port
  to_port                      = local.api_port
}

resource "aws_vpc_security_group_egress_rule" "api_https" {
  count = local.api_count

  security_group_id = aws_security_group.api[0].id
  description       = "ECR and CloudWatch"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "api_files" {
  count = local.api_count

  security_group_id            = aws_security_group.api[0].id
  description                  = "The shared file system"
  referenced_security_group_id = aws_security_group.files.id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

resource "aws_vpc_security_group_ingress_rule" "files_api" {
  count = local.api_count

  security_group_id            = aws_security_group.files.id
  description                  = "NFS from the API"
  referenced_security_group_id = aws_security_group.api[0].id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

resource "aws_lb" "api" {
  #checkov:skip=CKV_AWS_91:An access log would collect readers' addresses; the API writes one line a request
  #checkov:skip=CKV_AWS_150:It can be made again by one command, and CloudFront's address stays
  #checkov:skip=CKV2_AWS_20:Internal; browsers are sent to HTTPS by CloudFront, which speaks to it inside AWS
  count = local.api_count

  name                       = "${var.name}-api"
  internal                   = true
  load_balancer_type         = "application"
  subnets                    = [for subnet in aws_subnet.private : subnet.id]
  security_groups            = [aws_security_group.balancer[0].id]
  drop_invalid_header_fields = true
  # Below the API's own keep-alive (75 s), so that the balancer never sends into a closing connection; above
  # its WebSocket pings (20 s).
  idle_timeout = 60
}

resource "aws_lb_target_group" "api" {
  #checkov:skip=CKV_AWS_378:Inside the VPC, from the balancer to its tasks; the data is public
  count = local.api_count

  name                 = "${var.name}-api"
  vpc_id               = aws_vpc.this.id
  port                 = local.api_port
  protocol             = "HTTP"
  target_type          = "ip"
  deregistration_delay = 30

  # Whether the process answers: before the first night /health/ready is 503, which a restart does not cure.
  health_check {
    path     = "/health/live"
    matcher  = "200"
    interval = 15
    timeout  = 5
  }
}

resource "aws_lb_listener" "api" {
  #checkov:skip=CKV_AWS_2:Internal; TLS ends at CloudFront, and the rest of the way is a VPC origin inside AWS
  #checkov:skip=CKV_AWS_103:As CKV_AWS_2
  count = local.api_count

  load_balancer_arn = aws_lb.api[0].arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.api[0].arn
  }
}

resource "aws_ecs_task_definition" "api" {
  count = local.api_count

  family                   = "${var.name}-api"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.api_size.cpu
  memory                   = var.api_size.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.api[0].arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "tmp"
  }
  volume {
    name = "data"

    efs_volume_configuration {
      file_system_id     = aws_efs_file_system.this.id
      transit_encryption = "ENABLED"

      authorization_config {
        access_point_id = aws_efs_access_point.this["data"].id
        iam             = "ENABLED"
      }
    }
  }

  container_definitions = jsonencode([
    {
      name                   = "api"
      image                  = local.serve_image
      essential              = true
      user                   = "${local.uid}:${local.uid}"
      readonlyRootFilesystem = true
      linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
      stopTimeout            = 30
      portMappings           = [{ containerPort = local.api_port, protocol = "tcp" }]
      environment = [
        { name = "F1_CDN_URL", value = local.cdn_url },
        { name = "F1_CORS_ORIGINS", value = join(",", var.allowed_origins) },
        { name = "F1_PORT", value = tostring(local.api_port) },
      ]
      mountPoints = [
        { sourceVolume = "data", containerPath = "/data", readOnly = true },
        { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
      ]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.tasks.name
          awslogs-region        = var.region
          awslogs-stream-prefix = "api"
        }
      }
    },
  ])
}

resource "aws_ecs_service" "api" {
  #checkov:skip=CKV_AWS_333:A public address lets it pull its image without a NAT gateway; its group lets in the balancer alone
  count = local.api_count
  # Without a listener the balancer refuses the service.
  depends_on = [aws_lb_listener.api]

  name                  = "api"
  cluster               = aws_ecs_cluster.this.id
  task_definition       = aws_ecs_task_definition.api[0].arn
  desired_count         = var.api_count
  launch_type           = "FARGATE"
  platform_version      = "LATEST"
  propagate_tags        = "SERVICE"
  wait_for_steady_state = false

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = [for subnet in aws_subnet.public : subnet.id]
    security_groups  = [aws_security_group.api[0].id]
    assign_public_ip = true
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.api[0].arn
    container_name   = "api"
    container_port   = local.api_port
  }
}

resource "aws_cloudfront_vpc_origin" "api" {
  count = local.api_count

  vpc_origin_endpoint_config {
    name                   = "${var.name}-api"
    arn                    = aws_lb.api[0].arn
    http_port              = 80
    https_port             = 443
    origin_protocol_policy = "http-only"

    origin_ssl_protocols {
      items    = ["TLSv1.2"]
      quantity = 1
    }
  }

  # CloudFront looks for the VPC's gateway.
  depends_on = [aws_internet_gateway.this]
}

resource "aws_cloudfront_distribution" "api" {
  #checkov:skip=CKV_AWS_68:A firewall costs more than the API; it is read-only, and limits what a request may ask
  #checkov:skip=CKV2_AWS_47:As CKV_AWS_68; no Java behind it that Log4j rules could protect
  #checkov:skip=CKV_AWS_86:An access log would collect readers' addresses; the API writes one line a request
  #checkov:skip=CKV_AWS_310:One balancer over several tasks and zones; a second would double the cost
  #checkov:skip=CKV_AWS_374:Public data, for every country
  #checkov:skip=CKV2_AWS_42:CloudFront's own name and certificate
  #checkov:skip=CKV_AWS_174:CloudFront's own certificate has a fixed policy
  #checkov:skip=CKV_AWS_305:"/" is a page of the API's
  #checkov:skip=CKV2_AWS_32:The API sets CORS and security headers itself
  count = local.api_count

  comment         = "${var.name}: API"
  enabled         = true
  http_version    = "http2and3"
  is_ipv6_enabled = true
  price_class     = var.price_class

  origin {
    origin_id   = "api"
    domain_name = aws_lb.api[0].dns_name

    vpc_origin_config {
      vpc_origin_id            = aws_cloudfront_vpc_origin.api[0].id
      origin_keepalive_timeout = 50
      origin_read_timeout      = 60
    }
  }

  default_cache_behavior {
    target_origin_id         = "api"
    allowed_methods          = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods           = ["GET", "HEAD"]
    viewer_protocol_policy   = "redirect-to-https"
    compress                 = false
    cache_policy_id          = data.aws_cloudfront_cache_policy.none[0].id
    origin_request_policy_id = data.aws_cloudfront_origin_request_policy.all_viewer[0].id
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}
