# Two public subnets for tasks, which fetch from F1 by addresses of their own; two private ones for what only
# they and CloudFront reach. No NAT gateway: it would cost several times the rest.
locals {
  zones = [for letter in var.zones : "${var.region}${letter}"]
}

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:Flow logs would cost more than the tasks that they watch; nothing listens but the API's balancer
  cidr_block           = var.vpc_cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = var.name }
}

# The group that AWS makes by itself; without rules it lets nothing through.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_subnet" "public" {
  for_each = { for index, zone in local.zones : zone => index }

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.vpc_cidr, 3, each.value)

  tags = { Name = "${var.name}-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each = { for index, zone in local.zones : zone => index }

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.vpc_cidr, 3, 4 + each.value)

  tags = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  route_table_id = aws_route_table.public.id
  subnet_id      = each.value.id
}

# Uploads stay inside AWS; this kind of endpoint is free.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.public.id]

  tags = { Name = "${var.name}-s3" }
}

resource "aws_security_group" "pipeline" {
  #checkov:skip=CKV2_AWS_5:The schedules attach it to the tasks that they start (schedule.tf)
  name        = "${var.name}-pipeline"
  description = "The night: nothing comes in"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_egress_rule" "pipeline_https" {
  security_group_id = aws_security_group.pipeline.id
  description       = "F1, jolpica, S3, ECR and CloudWatch"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "pipeline_files" {
  security_group_id            = aws_security_group.pipeline.id
  description                  = "The shared file system"
  referenced_security_group_id = aws_security_group.files.id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

resource "aws_security_group" "files" {
  name        = "${var.name}-files"
  description = "The shared file system: NFS from the tasks"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "files_pipeline" {
  security_group_id            = aws_security_group.files.id
  description                  = "NFS from the night"
  referenced_security_group_id = aws_security_group.pipeline.id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}
