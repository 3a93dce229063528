# One environment, whole. Environments differ in `settings` and in nothing else.

locals {
  s     = var.settings
  name  = "realserv-${local.s.environment}"
  files = "${path.module}/../../.."

  services = {
    user              = { port = 5001, database = "realserv_users_db", role = "realserv_user" }
    order             = { port = 5002, database = "realserv_orders_db", role = "realserv_order" }
    payment           = { port = 5003, database = "realserv_payments_db", role = "realserv_payment" }
    catalog           = { port = 5004, database = "realserv_catalog_db", role = "realserv_catalog" }
    vendor-management = { port = 5005, database = "realserv_vendors_db", role = "realserv_vendor_management" }
    notification      = { port = 5006, database = "realserv_notifications_db", role = "realserv_notification" }
    integration       = { port = 5007, database = "realserv_integrations_db", role = "realserv_integration" }
  }
  names      = keys(local.services)
  public_api = "https://${local.s.domain}"

  # Which service is given which secret; what nobody needs to know, nobody is told.
  secrets = {
    user              = ["FIREBASE_API_KEY", "FIREBASE_SERVICE_ACCOUNT"]
    order             = []
    payment           = ["RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRETS"]
    catalog           = []
    vendor-management = ["OTP_HASH_KEY", "FIELD_HASH_KEY"]
    notification = concat(
      ["WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "FIREBASE_SERVICE_ACCOUNT"],
      lookup({
        twilio = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"]
        msg91  = ["MSG91_AUTH_KEY"]
      }, local.s.sms_provider, []),
    )
    integration = [
      "WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN",
      "FIREBASE_API_KEY", "FIREBASE_SERVICE_ACCOUNT", "GOOGLE_MAPS_API_KEY",
    ]
  }
  shared = distinct(flatten(concat(values(local.secrets), [["SERVICE_TOKEN_PUBLIC_KEYS"]])))
  # Names in Secrets Manager: one a shared variable, and each service's own signing key.
  secret_names = merge(
    { for variable in local.shared : variable => "${local.name}/shared/${variable}" },
    { for service in local.names : "${service}/SERVICE_TOKEN_PRIVATE_KEY" => "${local.name}/${service}/SERVICE_TOKEN_PRIVATE_KEY" },
  )

  field_key = "arn:aws:kms:${local.s.region}:${local.s.account_id}:alias/${local.name}-fields"

  urls = { for service, it in local.services : "${upper(replace(service, "-", "_"))}_URL" => "http://${service}:${it.port}" }
  common = merge(local.urls, {
    REALSERV_ENV             = local.s.environment == "production" ? "production" : "staging"
    RUST_LOG                 = local.s.log_level
    AWS_REGION               = local.s.region
    EVENT_BUS_NAME           = module.messaging.bus
    FIREBASE_PROJECT_ID      = local.s.firebase_project
    PUBLIC_API_URL           = local.public_api
    SHUTDOWN_GRACE_SECONDS   = "10"
    DATABASE_MAX_CONNECTIONS = tostring(local.s.connections_per_task)
  })
  own = {
    vendor-management = { FIELD_KMS_KEY_ARN = local.field_key }

    payment     = { INVOICE_BUCKET = module.media.buckets.INVOICE_BUCKET, RAZORPAY_TIMEOUT_SECONDS = "3" }
    integration = { MEDIA_BUCKET = module.media.buckets.MEDIA_BUCKET, KYC_BUCKET = module.media.buckets.KYC_BUCKET }
    notification = {
      SMS_PROVIDER               = local.s.sms_provider
      SES_FROM                   = "orders@${local.s.mail_domain}"
      SES_CONFIGURATION_SET      = module.media.configuration_set
      SES_FEEDBACK_TOPICS        = module.media.feedback_topic
      TWILIO_STATUS_CALLBACK_URL = "${local.public_api}/api/v1/notifications/webhooks/twilio"
    }
  }
  files_of = {
    payment     = ["INVOICE_BUCKET"]
    integration = ["MEDIA_BUCKET", "KYC_BUCKET"]
  }
  statements = {
    for service in local.names : service => concat(
      [for variable in lookup(local.files_of, service, []) : {
        Sid      = replace(title(lower(replace(variable, "_", " "))), " ", "")
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = ["arn:aws:s3:::${module.media.buckets[variable]}/*"]
      }],
      service == "notification" ? [{
        Sid      = "Mail"
        Effect   = "Allow"
        Action   = ["ses:SendEmail"]
        Resource = module.media.mail_arns
      }] : [],
      # A number is no resource: whoever may send SMS at all may send to any.
      service == "notification" && local.s.sms_provider == "sns" ? [{
        Sid      = "Sms"
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = ["*"]
      }] : [],
      # Wraps and unwraps the data keys that seal bank accounts, PAN and GSTIN.
      service == "vendor-management" ? [{
        Sid      = "FieldKeys"
        Effect   = "Allow"
        Action   = ["kms:Encrypt", "kms:Decrypt"]
        Resource = ["arn:aws:kms:${local.s.region}:${local.s.account_id}:key/*"]
        # By its alias: a policy that names the key itself could not be read before the key is there.
        Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = ["alias/${local.name}-fields"] } }
      }] : [],
    )
  }
  metric_names = [
    "outbox_pending", "outbox_oldest_seconds", "jobs_total", "events_consumed_total", "events_published_total",
    "payment_signature_mismatch_total", "payments_quarantined_total", "payments_given_back_total", "refunds_failed_total",
    "refunds_foreign_total", "webhook_refused_total", "whatsapp_redelivered_total", "location_guessed_total",
    "reservation_end_contradicted_total", "catalog_stock_mismatches", "bot_answers_total", "auth_refused_total",
  ]
}

resource "aws_secretsmanager_secret" "this" {
  for_each                = local.secret_names
  name                    = each.value
  recovery_window_in_days = 7
}

# Master key of the fields that vendor-management keeps sealed. Lost, they are lost: it is deleted only after a month.
resource "aws_kms_key" "fields" {
  description             = "${local.name}: data keys of sealed fields"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Account"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${local.s.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_kms_alias" "fields" {
  name          = "alias/${local.name}-fields"
  target_key_id = aws_kms_key.fields.key_id
}

module "network" {
  source       = "../network"
  name         = local.name
  region       = local.s.region
  account_id   = local.s.account_id
  cidr         = local.s.cidr
  zones        = local.s.zones
  nat_gateways = local.s.nat_gateways
  ports        = [for service in values(local.services) : service.port]
  log_days     = local.s.log_days
}

module "messaging" {
  source       = "../messaging"
  catalogue    = "${local.files}/messaging/catalogue.json"
  region       = local.s.region
  account_id   = local.s.account_id
  archive_days = local.s.archive_days
}

module "media" {
  source      = "../media"
  name        = local.name
  region      = local.s.region
  account_id  = local.s.account_id
  catalogue   = "${local.files}/messaging/catalogue.json"
  origins     = local.s.origins
  mail_domain = local.s.mail_domain
  zone_id     = local.s.zone_id
  public_api  = local.public_api
}

module "database" {
  source               = "../database"
  name                 = local.name
  region               = local.s.region
  account_id           = local.s.account_id
  databases            = { for service, it in local.services : service => { name = it.database, role = it.role } }
  shared               = local.s.database.shared
  instance_class       = local.s.database.instance_class
  storage_gb           = local.s.database.storage_gb
  multi_az             = local.s.database.multi_az
  backup_days          = local.s.database.backup_days
  protected            = local.s.protected
  redis                = local.s.redis
  subnets              = module.network.private_subnets
  security_group       = module.network.security_groups.rds
  redis_security_group = module.network.security_groups.redis
  log_days             = local.s.log_days
}

module "cluster" {
  source   = "../cluster"
  name     = local.name
  services = local.names
  spot     = local.s.spot
}

module "edge" {
  source                 = "../edge"
  name                   = local.name
  routes                 = "${local.files}/gateway/routes.json"
  domain                 = local.s.domain
  zone_id                = local.s.zone_id
  firebase_project       = local.s.firebase_project
  origins                = local.s.origins
  subnets                = module.network.private_subnets
  security_groups        = module.network.security_groups
  protected              = local.s.protected
  log_days               = local.s.log_days
  cloudfront             = local.s.cloudfront
  cloudfront_certificate = local.s.cloudfront_certificate
}

module "service" {
  for_each          = local.services
  source            = "../service"
  name              = local.name
  region            = local.s.region
  account_id        = local.s.account_id
  service           = each.key
  port              = each.value.port
  repository        = module.cluster.repositories[each.key]
  image_tag         = local.s.image_tag
  collector_image   = local.s.collector_image
  cpu               = local.s.cpu
  memory            = local.s.memory
  arm64             = local.s.arm64
  spot              = local.s.spot
  tasks             = local.s.tasks
  requests_per_task = local.s.requests_per_task
  backlog_per_task  = local.s.backlog_per_task
  environment       = merge(local.common, { EVENT_QUEUE_URL = module.messaging.queues[each.key].url }, lookup(local.own, each.key, {}))
  secrets = merge(
    { for variable in local.secrets[each.key] : variable => aws_secretsmanager_secret.this[variable].arn },
    {
      SERVICE_TOKEN_PUBLIC_KEYS = aws_secretsmanager_secret.this["SERVICE_TOKEN_PUBLIC_KEYS"].arn
      SERVICE_TOKEN_PRIVATE_KEY = aws_secretsmanager_secret.this["${each.key}/SERVICE_TOKEN_PRIVATE_KEY"].arn
      DATABASE_URL              = "${module.database.secrets[each.key]}:url::"
    },
  )
  secret_names = merge(
    { for variable in local.secrets[each.key] : variable => local.secret_names[variable] },
    {
      SERVICE_TOKEN_PUBLIC_KEYS = local.secret_names["SERVICE_TOKEN_PUBLIC_KEYS"]
      SERVICE_TOKEN_PRIVATE_KEY = local.secret_names["${each.key}/SERVICE_TOKEN_PRIVATE_KEY"]
      DATABASE_URL              = "${local.name}/${each.key}/database"
    },
  )
  metric_names   = local.metric_names
  statements     = local.statements[each.key]
  bus_arn        = module.messaging.bus_arn
  queue          = module.messaging.queues[each.key]
  cluster_arn    = module.cluster.arn
  namespace      = module.cluster.namespace
  vpc_id         = module.network.vpc_id
  subnets        = module.network.private_subnets
  security_group = module.network.security_groups.ecs
  listener       = module.edge.listener
  alb_suffix     = module.edge.alb_suffix
  log_days       = local.s.log_days
}

module "observability" {
  source      = "../observability"
  name        = local.name
  region      = local.s.region
  account_id  = local.s.account_id
  emails      = local.s.alarm_emails
  budget_usd  = local.s.budget_usd
  log_days    = local.s.log_days
  bus         = module.messaging.bus
  queues      = module.messaging.queues
  databases   = module.database.instances
  connections = local.s.database.connections_alarm
  api_id      = module.edge.api_id
  alb_suffix  = module.edge.alb_suffix
  services = {
    for service, it in module.service : service => { target_group = it.target_group, log_group = it.log_group, tasks = local.s.tasks.min }
  }
}

module "ci_oidc" {
  source      = "../ci-oidc"
  name        = local.name
  environment = local.s.environment
  region      = local.s.region
  account_id  = local.s.account_id
  repository  = local.s.repository
  services    = local.names
}
