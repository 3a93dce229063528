# Account, zone and domain are placeholders until there is an account.
settings = {
  environment          = "staging"
  region               = "ap-south-1"
  account_id           = "222222222222"
  zones                = ["ap-south-1a", "ap-south-1b"]
  cidr                 = "10.1.0.0/16"
  nat_gateways         = 1
  domain               = "api.staging.realserv.example"
  mail_domain          = "staging.realserv.example"
  zone_id              = "Z0000000000STG"
  origins              = ["https://staging.realserv.example", "https://vendors.staging.realserv.example", "https://admin.staging.realserv.example"]
  firebase_project     = "realserv-staging"
  sms_provider         = "msg91"
  repository           = "realserv/realserv"
  image_tag            = "bootstrap"
  collector_image      = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.3"
  log_level            = "info"
  log_days             = 14
  archive_days         = 14
  protected            = false
  spot                 = true
  arm64                = true
  cpu                  = 256
  memory               = 512
  tasks                = { min = 1, max = 3 }
  requests_per_task    = 1500
  backlog_per_task     = 200
  connections_per_task = 5
  redis                = false
  cloudfront           = false
  budget_usd           = 350
  alarm_emails         = ["operations@staging.realserv.example"]
  database             = { shared = true, instance_class = "db.t4g.small", storage_gb = 20, multi_az = false, backup_days = 7, connections_alarm = 130 }
}
