terraform {
  required_version = ">= 1.7"

  required_providers {
    # 6.41 is the first with source_md5hash (docs/decisions/0025).
    google = {
      source  = "hashicorp/google"
      version = ">= 6.41, < 7"
    }
  }
}
