"""Where moto's Glue is mended: databases of the catalog, their default permissions and their tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.cloud import mend

# What a new database has where Lake Formation is as an account starts with it: IAM alone decides.
# https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html
BY_IAM_ALONE = [
    {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}
]


def install() -> None:
    """Mend moto's Glue, once it is loaded."""
    from moto.glue.models import GlueBackend

    mend.before(GlueBackend, "create_database", _permit)
    mend.around(GlueBackend, "delete_database", _forgetting)


def _permit(_backend: Any, _name: str, database_input: dict[str, Any], *_more: Any) -> None:
    """moto 5.2.5 leaves out what a database that says nothing gives to new tables."""
    database_input.setdefault("CreateTableDefaultPermissions", BY_IAM_ALONE)


def _forgetting(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto 5.2.5 keeps the tags of a database that is gone, and gives them to the next of its name."""

    def call(backend: Any, database_name: str) -> None:
        from moto.utilities.utils import get_partition

        original(backend, database_name)
        place = f"{backend.region_name}:{backend.account_id}"
        arn = f"arn:{get_partition(backend.region_name)}:glue:{place}:database/{database_name}"
        backend.tagger.delete_all_tags_for_resource(arn)

    return call
