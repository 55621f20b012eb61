locals {
  exposed_headers = ["Accept-Ranges", "Content-Encoding", "Content-Length", "Content-Range", "ETag", "Last-Modified"]
}

resource "aws_cloudfront_origin_access_control" "data" {
  name                              = var.name
  description                       = "Signs requests to the bucket"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# How long an answer lives is what its Cache-Control says: a year for replay generations, a minute and then a
# question by ETag for the rest. default_ttl holds only for what has none, min_ttl 0 lets the origin say less.
resource "aws_cloudfront_cache_policy" "as_stored" {
  name        = "${var.name}-as-stored"
  comment     = "By the origin's headers; one copy whatever encodings a client accepts"
  min_ttl     = 0
  default_ttl = 60
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    # Off: .json.gz files carry Content-Encoding: gzip already, and Parquet is compressed within.
    enable_accept_encoding_gzip   = false
    enable_accept_encoding_brotli = false

    cookies_config {
      cookie_behavior = "none"
    }
    headers_config {
      header_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

resource "aws_cloudfront_cache_policy" "compressed" {
  name        = "${var.name}-compressed"
  comment     = "By the origin's headers; plain JSON, which the edge compresses"
  min_ttl     = 0
  default_ttl = 60
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_gzip   = true
    enable_accept_encoding_brotli = true

    cookies_config {
      cookie_behavior = "none"
    }
    headers_config {
      header_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

data "aws_cloudfront_origin_request_policy" "cors_s3" {
  name = "Managed-CORS-S3Origin"
}

resource "aws_cloudfront_response_headers_policy" "public" {
  #checkov:skip=CKV_AWS_259:HSTS is on; subdomains and preload would speak for more of the operator's domain than this host
  name    = "${var.name}-public"
  comment = "CORS and security headers for public files"

  cors_config {
    access_control_allow_credentials = false
    access_control_max_age_sec       = 86400
    origin_override                  = true

    access_control_allow_origins {
      items = var.allowed_origins
    }
    access_control_allow_methods {
      items = ["GET", "HEAD", "OPTIONS"]
    }
    access_control_allow_headers {
      items = ["*"]
    }
    access_control_expose_headers {
      items = local.exposed_headers
    }
  }

  security_headers_config {
    content_type_options {
      override = true
    }
    content_security_policy {
      content_security_policy = "default-src 'none'; frame-ancestors 'none'"
      override                = true
    }
    frame_options {
      frame_option = "DENY"
      override     = true
    }
    referrer_policy {
      referrer_policy = "no-referrer"
      override        = true
    }
    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = false
      override                   = true
    }
  }

  custom_headers_config {
    # Pages that are cross-origin isolated, as those with a wasm DuckDB often are, load nothing without it.
    items {
      header   = "Cross-Origin-Resource-Policy"
      value    = "cross-origin"
      override = true
    }
  }
}

resource "aws_cloudfront_distribution" "data" {
  #checkov:skip=CKV_AWS_68:A firewall costs more than the whole and has nothing to guard: GET on public files
  #checkov:skip=CKV2_AWS_47:As CKV_AWS_68; no Java behind it that Log4j rules could protect
  #checkov:skip=CKV_AWS_86:An access log would collect readers' addresses; CloudFront's metrics count requests
  #checkov:skip=CKV_AWS_310:One bucket; a second origin would need a second copy of the data
  #checkov:skip=CKV_AWS_374:Public data, for every country
  #checkov:skip=CKV2_AWS_42:The operator's certificate is used where domain_name is set
  #checkov:skip=CKV_AWS_174:TLSv1.2_2021 with a domain of one's own; CloudFront's own certificate has a fixed policy
  comment             = "${var.name}: published telemetry"
  enabled             = true
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  price_class         = var.price_class
  default_root_object = "catalog.json"
  aliases             = var.domain_name == null ? [] : [var.domain_name]

  origin {
    origin_id                = "bucket"
    domain_name              = aws_s3_bucket.data.bucket_regional_domain_name
    origin_path              = var.prefix == "" ? "" : "/${var.prefix}"
    origin_access_control_id = aws_cloudfront_origin_access_control.data.id
  }

  # Frames, replay chunks and Parquet: as stored.
  default_cache_behavior {
    target_origin_id           = "bucket"
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "redirect-to-https"
    compress                   = false
    cache_policy_id            = aws_cloudfront_cache_policy.as_stored.id
    origin_request_policy_id   = data.aws_cloudfront_origin_request_policy.cors_s3.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.public.id
  }

  # Manifests, listings and schemas are stored plain.
  ordered_cache_behavior {
    path_pattern               = "*.json"
    target_origin_id           = "bucket"
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "redirect-to-https"
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.compressed.id
    origin_request_policy_id   = data.aws_cloudfront_origin_request_policy.cors_s3.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.public.id
  }

  # A race that is not there yet may be there in a minute.
  custom_error_response {
    error_code            = 404
    error_caching_min_ttl = 5
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.certificate_arn == null
    acm_certificate_arn            = var.certificate_arn
    ssl_support_method             = var.certificate_arn == null ? null : "sni-only"
    minimum_protocol_version       = var.certificate_arn == null ? "TLSv1" : "TLSv1.2_2021"
  }
}
