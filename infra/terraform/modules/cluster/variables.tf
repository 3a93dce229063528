variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "services" {
  description = "Names of the services."
  type        = list(string)
}

variable "spot" {
  description = "Run on spare capacity, which AWS may take back at two minutes' notice."
  type        = bool
}
