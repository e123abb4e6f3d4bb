"""Glue: databases of the catalog."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource, Tagging
from local.provider.types.common import NOT_MODELLED

_MEMBERS = {
    "Name": "$name",
    "Description": "$description",
    "LocationUri": "$locationUri",
    "Parameters": "$parameters",
    "CreateTableDefaultPermissions": "$createTableDefaultPermissions",
}
_CREATE = Call(
    op="CreateDatabase",
    args={
        "CatalogId": "$catalogId",
        "DatabaseInput": {**_MEMBERS, "TargetDatabase": "$targetDatabase"},
        "Tags": "$tagsAll",
    },
)
_UPDATE = Call(
    op="UpdateDatabase", args={"CatalogId": "$catalogId", "Name": "$name", "DatabaseInput": _MEMBERS}
)
_ARN = "arn:$partition:glue:$region:$account:database/$name"
_DATABASE = {"CatalogId": "$catalogId", "Name": "$name"}


def _create(run: Run) -> dict[str, Any]:
    run.props["catalogId"] = run.props.get("catalogId") or run.at.account
    return run.send(_CREATE)


def _named(run: Run) -> bool:
    """The id says both what the calls ask for: an import knows nothing else."""
    run.props["catalogId"], _, run.props["name"] = run.id.partition(":")
    return True


def _update(run: Run) -> None:
    """The whole database once more: what the program leaves to AWS is said as it is."""
    _named(run)
    for computed in ("locationUri", "createTableDefaultPermissions"):
        run.props[computed] = run.props.get(computed) or run.old.get(computed)
    run.send(_UPDATE)


def _delete(run: Run) -> None:
    _named(run)
    run.call("DeleteDatabase", CatalogId=run.props["catalogId"], Name=run.props["name"])


DATABASE = Resource(
    type="aws:glue/catalogDatabase:CatalogDatabase",
    terraform="aws_glue_catalog_database",
    service="glue",
    create=_create,
    id="$catalogId:$name",
    reads=(
        Part(call=Call(op="GetDatabase", args=_DATABASE), at="Database", when=_named),
        Part(call=Call(op="GetTags", args={"ResourceArn": _ARN})),
    ),
    changes=(
        Change(
            # The real provider calls for a change within targetDatabase, too, and says nothing of it.
            props=(
                "createTableDefaultPermissions",
                "description",
                "locationUri",
                "parameters",
                "targetDatabase",
            ),
            do=(_update,),
        ),
    ),
    delete=(_delete,),
    tagging=Tagging(
        add=Call(op="TagResource", args={"ResourceArn": _ARN, "TagsToAdd": "$tagsAdded"}),
        remove=Call(op="UntagResource", args={"ResourceArn": _ARN, "TagsToRemove": "$tagsRemoved"}),
    ),
    name=Name(lower=True),
    outputs={"arn": _ARN},
    unsupported={"federatedDatabase": NOT_MODELLED},
)

ROWS = (DATABASE,)
