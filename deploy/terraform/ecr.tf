resource "aws_ecr_repository" "this" {
  #checkov:skip=CKV_AWS_51:Immutable but for the two -live tags, whose moving is the roll-out
  #checkov:skip=CKV_AWS_136:The images hold public code; AWS's own key encrypts them
  name                 = var.name
  image_tag_mutability = "IMMUTABLE_WITH_EXCLUSION"

  image_tag_mutability_exclusion_filter {
    filter      = "*-live"
    filter_type = "WILDCARD"
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Layers of builds that were pushed over"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "Enough pipeline images to go back to"
        selection    = { tagStatus = "tagged", tagPatternList = ["pipeline-*"], countType = "imageCountMoreThan", countNumber = 10 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 3
        description  = "Enough serve images to go back to"
        selection    = { tagStatus = "tagged", tagPatternList = ["serve-*"], countType = "imageCountMoreThan", countNumber = 10 }
        action       = { type = "expire" }
      },
    ]
  })
}
