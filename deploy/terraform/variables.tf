variable "cluster" {
  description = "The name of the ECS cluster that eastwest runs in, watches and may change."
  type        = string
}

variable "image" {
  description = "The image of eastwest, best with its digest."
  type        = string
}

variable "subnets" {
  description = "Subnets with a way to AWS's endpoints: a NAT gateway, or interface endpoints."
  type        = list(string)
}

variable "security_groups" {
  description = "Groups that let monitoring reach port 8080, and nobody else. The port has no login."
  type        = list(string)
}

variable "name" {
  description = "The name of the service, its queue, its lease table and all else. Another cluster needs another name."
  type        = string
  default     = "eastwest"

  validation {
    # 31 characters leave room for what the provider adds to the names of roles.
    condition     = can(regex("^[a-zA-Z0-9_-]{3,31}$", var.name))
    error_message = "The name has 3 to 31 letters, digits, hyphens and underscores."
  }
}

variable "policy" {
  description = "What eastwest may write: observe, upsert-only or sync."
  type        = string
  default     = "observe"

  validation {
    condition     = contains(["observe", "upsert-only", "sync"], var.policy)
    error_message = "The policy is observe, upsert-only or sync."
  }
}

variable "replicas" {
  description = "How many copies run, 1 or 2. Two share a lease table. A copy that observes is alone."
  type        = number
  default     = 2

  validation {
    condition     = contains([1, 2], var.replicas)
    error_message = "One copy runs, or two."
  }
}

variable "document" {
  description = "The parameter of the document, or a path that ends with a slash, below /eastwest/. Empty: tags alone."
  type        = string
  default     = ""

  validation {
    condition     = var.document == "" || startswith(var.document, "/eastwest/")
    error_message = "The name of the document begins with /eastwest/."
  }
}

variable "create_namespaces" {
  description = "Whether the document may have eastwest create namespaces in Cloud Map."
  type        = bool
  default     = false
}

variable "namespace" {
  description = "The id of the namespace whose services may be changed, or * for every one."
  type        = string
  default     = "*"
}

variable "architecture" {
  description = "The architecture of the image: X86_64 or ARM64."
  type        = string
  default     = "X86_64"
}

variable "token" {
  description = "The ARN of the secret or of the parameter whose value is the token. Empty: no page takes a POST."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(arn:[a-z-]+:(secretsmanager|ssm):.+)?$", var.token))
    error_message = "The token is the ARN of a secret of Secrets Manager, or of a parameter of Parameter Store."
  }
}

variable "alarm_topics" {
  description = "The ARNs of SNS topics that hear the alarms."
  type        = list(string)
  default     = []
}
