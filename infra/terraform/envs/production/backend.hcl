bucket       = "realserv-production-terraform-333333333333"
key          = "realserv.tfstate"
region       = "ap-south-1"
encrypt      = true
use_lockfile = true
