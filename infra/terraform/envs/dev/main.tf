# The same file in every environment; what differs is in terraform.tfvars and backend.hcl.

terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
  # terraform init -backend-config=backend.hcl
  backend "s3" {}
}

variable "settings" {
  description = "See modules/stack/variables.tf."
  type        = any
}

variable "offline" {
  description = "Plan without asking AWS anything, for the checks."
  type        = bool
  default     = false
}

provider "aws" {
  region                      = var.settings.region
  allowed_account_ids         = var.offline ? null : [var.settings.account_id]
  skip_credentials_validation = var.offline
  skip_metadata_api_check     = var.offline
  skip_region_validation      = var.offline
  skip_requesting_account_id  = var.offline
  default_tags {
    tags = {
      project     = "realserv"
      environment = var.settings.environment
      managed-by  = "terraform"
    }
  }
}

module "realserv" {
  source   = "../../modules/stack"
  settings = var.settings
}

output "realserv" {
  description = "What people and pipelines need to know."
  value       = module.realserv
}
