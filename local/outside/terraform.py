"""HashiCorp's AWS provider 3.39.0, and a Terraform 0.14.6 for it: the code that pulumi-aws bridges, of May 2021.

No package index has them as such; two packages of 2021 carry them, for Linux on x86-64 only.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from filelock import FileLock

from local.outside import environments

VERSION = "3.39.0"
_PACKED = f"cloudrail/terraform_plugins/terraform-provider-aws_{VERSION}_linux_amd64.zip"
# Where Terraform looks for an unpacked provider below a mirror:
# https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
_IN_MIRROR = f"registry.terraform.io/hashicorp/aws/{VERSION}/linux_amd64"


def program() -> Path:
    """The `terraform` to start, made when it is missing."""
    found = environments.packages("terraform") / "cloudrail/terraform_0_14/terraform"
    found.chmod(0o755)  # a wheel's file that is no script comes without the bit
    return found


def mirror() -> Path:
    """A folder for Terraform's `filesystem_mirror` with the provider in it, made when it is missing."""
    home = environments.ensure("terraform-provider-aws")
    target = home / "mirror"
    with FileLock(home / "mirror.lock"):
        if not target.is_dir():
            draft = home / "mirror.draft"
            shutil.rmtree(draft, ignore_errors=True)
            with zipfile.ZipFile(environments.packages("terraform-provider-aws") / _PACKED) as packed:
                packed.extractall(draft / _IN_MIRROR)
            for file in (draft / _IN_MIRROR).iterdir():
                file.chmod(0o755)
            draft.rename(target)
    return target


def provider() -> Path:
    """The provider's own program, to be started as a plugin; made when it is missing."""
    return next((mirror() / _IN_MIRROR).glob("terraform-provider-aws_v*"))
