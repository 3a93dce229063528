# Private buckets, and e-mail.

locals {
  catalogue = jsondecode(file(var.catalogue))
  # Bucket names are everybody's: ours carry the environment and the account.
  buckets = merge(
    { for bucket in local.catalogue.buckets : bucket.variable => replace(bucket.name, "/^realserv-(.*)$/", "${var.name}-$1-${var.account_id}") },
    { BACKUP_BUCKET = "${var.name}-backups-${var.account_id}" },
  )
  # Days until old versions go, until files move to cheaper storage, until they go; 0 is never.
  keep = {
    MEDIA_BUCKET   = { old = 30, cool = 90, gone = 0 }
    KYC_BUCKET     = { old = 90, cool = 0, gone = 0 }
    INVOICE_BUCKET = { old = 90, cool = 365, gone = 2922 }
    BACKUP_BUCKET  = { old = 7, cool = 30, gone = 365 }
  }
}

resource "aws_s3_bucket" "this" {
  for_each      = local.buckets
  bucket        = each.value
  force_destroy = false
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = aws_s3_bucket.this
  bucket                  = each.value.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id
  rule {
    id     = "keep"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
    noncurrent_version_expiration {
      noncurrent_days = local.keep[each.key].old
    }
    dynamic "transition" {
      for_each = local.keep[each.key].cool > 0 ? [local.keep[each.key].cool] : []
      content {
        days          = transition.value
        storage_class = "STANDARD_IA"
      }
    }
    dynamic "expiration" {
      for_each = local.keep[each.key].gone > 0 ? [local.keep[each.key].gone] : []
      content {
        days = expiration.value
      }
    }
  }
  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OverTlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::${each.value}", "arn:aws:s3:::${each.value}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
  depends_on = [aws_s3_bucket_public_access_block.this]
}

# Browsers and apps put files by presigned URL.
resource "aws_s3_bucket_cors_configuration" "media" {
  for_each = toset(["MEDIA_BUCKET", "KYC_BUCKET"])
  bucket   = aws_s3_bucket.this[each.key].id
  cors_rule {
    allowed_methods = ["GET", "PUT"]
    allowed_origins = var.origins
    allowed_headers = ["content-type", "content-length", "x-amz-checksum-sha256"]
    max_age_seconds = 600
  }
}

resource "aws_sesv2_configuration_set" "this" {
  configuration_set_name = var.name
  delivery_options {
    tls_policy = "REQUIRE"
  }
  reputation_options {
    reputation_metrics_enabled = true
  }
}

resource "aws_sesv2_email_identity" "this" {
  email_identity         = var.mail_domain
  configuration_set_name = aws_sesv2_configuration_set.this.configuration_set_name
  dkim_signing_attributes {
    next_signing_key_length = "RSA_2048_BIT"
  }
}

resource "aws_route53_record" "dkim" {
  count   = 3
  zone_id = var.zone_id
  name    = "${aws_sesv2_email_identity.this.dkim_signing_attributes[0].tokens[count.index]}._domainkey.${var.mail_domain}"
  type    = "CNAME"
  ttl     = 600
  records = ["${aws_sesv2_email_identity.this.dkim_signing_attributes[0].tokens[count.index]}.dkim.amazonses.com"]
}

# Bounces and complaints go back to the notification service.
resource "aws_sns_topic" "mail" {
  name = "${var.name}-mail"
}

resource "aws_sns_topic_policy" "mail" {
  arn = aws_sns_topic.mail.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "FromSes"
      Effect    = "Allow"
      Principal = { Service = "ses.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:${var.region}:${var.account_id}:${var.name}-mail"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "mail" {
  topic_arn              = aws_sns_topic.mail.arn
  protocol               = "https"
  endpoint               = "${var.public_api}/api/v1/notifications/webhooks/ses"
  endpoint_auto_confirms = false
}

resource "aws_sesv2_configuration_set_event_destination" "mail" {
  configuration_set_name = aws_sesv2_configuration_set.this.configuration_set_name
  event_destination_name = "notification"
  event_destination {
    enabled              = true
    matching_event_types = ["BOUNCE", "COMPLAINT", "DELIVERY", "REJECT"]
    sns_destination {
      topic_arn = aws_sns_topic.mail.arn
    }
  }
}
