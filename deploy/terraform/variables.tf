variable "name" {
  description = "Name of everything that is made here, and prefix of what needs several names."
  type        = string
  default     = "f1-precompute"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name has 3 to 24 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "region" {
  description = "AWS region of everything but CloudFront, which is everywhere."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is written like eu-central-1."
  }
}

variable "tags" {
  description = "Tags for every resource, beside Project and ManagedBy."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:")])
    error_message = "Tags that begin with aws: are AWS's own."
  }
}

variable "bucket_name" {
  description = "Name of the bucket; null: name, account and region, joined by dashes."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_name == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name has 3 to 63 lower-case letters, digits and dashes (a dot would break TLS)."
  }
}

variable "prefix" {
  description = "Folder of the bucket that the keys begin with (F1_S3_PREFIX); empty: the bucket's top."
  type        = string
  default     = ""

  validation {
    condition     = var.prefix == "" || can(regex("^[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*$", var.prefix))
    error_message = "prefix has no slash at its beginning or end."
  }
}

variable "allowed_origins" {
  description = "Web origins whose pages may read the files (CORS); [\"*\"]: all."
  type        = list(string)
  default     = ["*"]

  validation {
    condition = length(var.allowed_origins) > 0 && alltrue(
      [for origin in var.allowed_origins : origin == "*" || can(regex("^https?://[^/]+$", origin))]
    )
    error_message = "An origin is * or a scheme and a host, like https://example.org, without a path."
  }
}

variable "domain_name" {
  description = "Host name of the CDN, like data.example.org; null: CloudFront's own. Its DNS record is yours."
  type        = string
  default     = null

  validation {
    condition     = (var.domain_name == null) == (var.certificate_arn == null)
    error_message = "domain_name and certificate_arn go together."
  }
}

variable "certificate_arn" {
  description = "ACM certificate for domain_name. CloudFront takes it from us-east-1 only."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:aws[a-z-]*:acm:us-east-1:", var.certificate_arn))
    error_message = "certificate_arn is a certificate in us-east-1."
  }
}

variable "price_class" {
  description = "Which of CloudFront's edges serve: PriceClass_100 (Europe, North America), _200 or _All."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class is PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "noncurrent_days" {
  description = "Days for which overwritten and deleted versions can be brought back."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_days >= 1 && floor(var.noncurrent_days) == var.noncurrent_days
    error_message = "noncurrent_days is a whole number from 1."
  }
}

variable "replay_noncurrent_days" {
  description = "The same for race files, whose old replay generations make up most of what `prune` deletes."
  type        = number
  default     = 7

  validation {
    condition     = var.replay_noncurrent_days >= 1 && floor(var.replay_noncurrent_days) == var.replay_noncurrent_days
    error_message = "replay_noncurrent_days is a whole number from 1."
  }
}

variable "run_log_days" {
  description = "Days for which the logs and summaries of runs (runs/) stay in the bucket."
  type        = number
  default     = 400

  validation {
    condition     = var.run_log_days >= 1 && floor(var.run_log_days) == var.run_log_days
    error_message = "run_log_days is a whole number from 1."
  }
}

variable "schedule" {
  description = "When the night begins, as EventBridge Scheduler writes it: cron(minute hour day month weekday year)."
  type        = string
  default     = "cron(40 3 * * ? *)"

  validation {
    condition     = can(regex("^(cron|rate)\\(.+\\)$", var.schedule))
    error_message = "schedule is cron(...) or rate(...)."
  }
}

variable "fresh_schedule" {
  description = "When runs between the nights look for sessions that are over; null: never. Each asks F1 only then."
  type        = string
  default     = null

  validation {
    condition     = var.fresh_schedule == null || can(regex("^(cron|rate)\\(.+\\)$", var.fresh_schedule))
    error_message = "fresh_schedule is cron(...) or rate(...), like cron(0/10 * ? * FRI,SAT,SUN,MON *)."
  }
}

variable "prune_schedule" {
  description = "When replay generations that no manifest names are deleted."
  type        = string
  default     = "cron(10 12 ? * WED *)"

  validation {
    condition     = can(regex("^(cron|rate)\\(.+\\)$", var.prune_schedule))
    error_message = "prune_schedule is cron(...) or rate(...)."
  }
}

variable "schedule_timezone" {
  description = "Time zone of the schedules."
  type        = string
  default     = "UTC"

  validation {
    condition     = can(regex("^[A-Za-z_]+(/[A-Za-z_+-]+)*$", var.schedule_timezone))
    error_message = "schedule_timezone is a name like UTC or Europe/Berlin."
  }
}

variable "schedule_enabled" {
  description = "Whether the schedules run. Off for the first apply, while there is no image yet."
  type        = bool
  default     = true
}

variable "season" {
  description = "Which seasons the night looks after: auto, or years like 2024,2025 (--season)."
  type        = string
  default     = "auto"

  validation {
    condition     = can(regex("^(auto|20[0-9]{2}(,20[0-9]{2})*)$", var.season))
    error_message = "season is auto or years like 2024,2025."
  }
}

variable "pipeline_size" {
  description = "CPU units (1024: one processor) and MiB of memory of the night; a race takes about 600 MB a job."
  type        = object({ cpu = number, memory = number })
  default     = { cpu = 2048, memory = 4096 }

  validation {
    condition     = contains([1024, 2048, 4096, 8192], var.pipeline_size.cpu)
    error_message = "Fargate has 1024, 2048, 4096 or 8192 CPU units for this."
  }
  validation {
    condition = (
      var.pipeline_size.memory >= 2 * var.pipeline_size.cpu &&
      var.pipeline_size.memory <= 8 * var.pipeline_size.cpu &&
      var.pipeline_size.memory % 1024 == 0
    )
    error_message = "Fargate gives 2 to 8 GB a processor, in whole GB (4 GB steps at 8192 CPU units)."
  }
}

variable "pipeline_environment" {
  description = "More F1_* settings for the pipeline, like { F1_JOBS = \"2\" }. No secrets: they would be in the state."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.pipeline_environment) : can(regex("^(F1_[A-Z0-9_]+|HTTPS?_PROXY|NO_PROXY)$", key))])
    error_message = "Settings are named F1_*, HTTP_PROXY, HTTPS_PROXY or NO_PROXY."
  }
}

variable "log_days" {
  description = "Days for which CloudWatch keeps logs; one of the periods that it offers."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731 days."
  }
}

variable "alarm_email" {
  description = "Who is told when a night fails; null: nobody, until something subscribes to the topic."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@\\s]+@[^@\\s]+$", var.alarm_email))
    error_message = "alarm_email is an address."
  }
}

variable "vpc_cidr" {
  description = "Address range of the network that is made; matters only if it is to be joined to others."
  type        = string
  default     = "10.81.0.0/24"

  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 3, 7))
    error_message = "vpc_cidr is a range like 10.81.0.0/24, of which eight parts can be made."
  }
}

variable "zones" {
  description = "Letters of the two availability zones. Named, for a list asked of AWS changes when AWS adds one. Not every account has both in every region (Tokyo: a, c): see aws ec2 describe-availability-zones."
  type        = list(string)
  default     = ["a", "b"]

  validation {
    condition     = length(distinct(var.zones)) == 2 && alltrue([for letter in var.zones : can(regex("^[a-z]$", letter))])
    error_message = "zones are two different letters, like [\"a\", \"b\"]."
  }
}

variable "api_enabled" {
  description = "Whether the API runs beside the bucket. It needs a load balancer, which costs more than the rest."
  type        = bool
  default     = false
}

variable "api_size" {
  description = "CPU units and MiB of memory of one API task."
  type        = object({ cpu = number, memory = number })
  default     = { cpu = 256, memory = 512 }

  validation {
    condition     = contains([256, 512, 1024, 2048], var.api_size.cpu)
    error_message = "Fargate has 256, 512, 1024 or 2048 CPU units for this."
  }
  validation {
    condition     = var.api_size.memory >= 2 * var.api_size.cpu && var.api_size.memory <= 8 * var.api_size.cpu
    error_message = "Fargate gives 2 to 8 GB a processor."
  }
}

variable "api_count" {
  description = "How many API tasks run."
  type        = number
  default     = 1

  validation {
    condition     = var.api_count >= 1 && var.api_count <= 20 && floor(var.api_count) == var.api_count
    error_message = "api_count is a whole number from 1 to 20."
  }
}

variable "github_repository" {
  description = "OWNER/NAME whose Actions may push images and roll them out; null: none."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[\\w.-]+/[\\w.-]+$", var.github_repository))
    error_message = "github_repository is written OWNER/NAME, without wildcards."
  }
}

variable "github_environment" {
  description = "GitHub environment that the jobs must name; its protection rules then hold for this account."
  type        = string
  default     = "aws"

  validation {
    condition     = can(regex("^[\\w.-]+$", var.github_environment))
    error_message = "github_environment has letters, digits, dots, dashes and underscores, and no wildcards."
  }
}

variable "github_nightly" {
  description = "Whether Actions may publish too: for those who run the night there (.github/workflows/nightly.yml)."
  type        = bool
  default     = false

  validation {
    condition     = !var.github_nightly || var.github_repository != null
    error_message = "github_nightly needs github_repository."
  }
}

variable "github_oidc_provider_arn" {
  description = "The account's OIDC provider for GitHub, where it has one already; null: it is made."
  type        = string
  default     = null

  validation {
    condition = var.github_oidc_provider_arn == null || can(
      regex(":oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.github_oidc_provider_arn)
    )
    error_message = "github_oidc_provider_arn ends with :oidc-provider/token.actions.githubusercontent.com."
  }
}
