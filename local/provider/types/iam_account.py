"""IAM, once an account: who may come with a token of another identity provider, and the roles of services."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource, Tagging

_PROVIDER = {"OpenIDConnectProviderArn": "$id"}


def _bare(url: str) -> str:
    return url.removeprefix("https://")


def _set_clients(run: Run) -> None:
    old, new = set(run.old.get("clientIdLists") or []), set(run.props.get("clientIdLists") or [])
    for client in sorted(new - old):
        run.call("AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=run.id, ClientID=client)
    for client in sorted(old - new):
        run.call("RemoveClientIDFromOpenIDConnectProvider", OpenIDConnectProviderArn=run.id, ClientID=client)


OIDC_PROVIDER = Resource(
    type="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    terraform="aws_iam_openid_connect_provider",
    service="iam",
    create=Call(
        op="CreateOpenIDConnectProvider",
        args={
            "Url": "$url",
            "ClientIDList": "$clientIdLists",
            "ThumbprintList": "$thumbprintLists",
            "Tags": "$tagsAll",
        },
    ),
    id="=OpenIDConnectProviderArn",
    reads=(Part(call=Call(op="GetOpenIDConnectProvider", args=_PROVIDER)),),
    changes=(
        Change(props=("clientIdLists",), do=(_set_clients,)),
        # With no thumbprints left the real provider calls nothing: AWS wants at least one, or none from the start.
        Change(
            props=("thumbprintLists",),
            do=(
                Call(
                    op="UpdateOpenIDConnectProviderThumbprint",
                    args={**_PROVIDER, "ThumbprintList": "$thumbprintLists"},
                ),
            ),
            unset=False,
        ),
    ),
    delete=(Call(op="DeleteOpenIDConnectProvider", args=_PROVIDER),),
    tagging=Tagging(
        add=Call(op="TagOpenIDConnectProvider", args={**_PROVIDER, "Tags": "$tagsAdded"}),
        remove=Call(op="UntagOpenIDConnectProvider", args={**_PROVIDER, "TagKeys": "$tagsRemoved"}),
    ),
    names={"clientIdLists": "ClientIDList", "thumbprintLists": "ThumbprintList"},
    outputs={"arn": "$id"},
    same={"url": lambda one, other: _bare(str(one)) == _bare(str(other))},
)


def _of_arn(run: Run) -> tuple[str, str, str]:
    """Service, role and suffix in …:role/aws-service-role/SERVICE/ROLE_SUFFIX."""
    _, _, service, role = run.id.rpartition(":")[2].split("/")
    return service, role, role.partition("_")[2]


def _read_linked(run: Run) -> bool:
    service, role, suffix = _of_arn(run)
    run.props["name"] = role
    run.found |= {"awsServiceName": service, **({"customSuffix": suffix} if suffix else {})}
    return True


def _create_linked(run: Run) -> dict[str, Any]:
    """It is tagged by its name afterwards: the call that makes it takes no tags."""
    made = run.send(_CREATE_LINKED)
    run.props["name"] = made["Role"]["RoleName"]
    return made


def _role(run: Run) -> dict[str, str]:
    return {"RoleName": _of_arn(run)[1]}


def _describe(run: Run) -> None:
    run.call("UpdateRole", **_role(run), Description=run.props.get("description") or "")


def _delete_linked(run: Run) -> None:
    task = run.call("DeleteServiceLinkedRole", **_role(run))["DeletionTaskId"]

    def done() -> bool:
        status = run.call("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)["Status"]
        return bool(status in ("SUCCEEDED", "FAILED"))

    run.wait(f"the deletion of {run.id}", done)


_NAMED = {"RoleName": "$name"}
_CREATE_LINKED = Call(
    op="CreateServiceLinkedRole",
    args={
        "AWSServiceName": "$awsServiceName",
        "CustomSuffix": "$customSuffix",
        "Description": "$description",
    },
)

SERVICE_LINKED_ROLE = Resource(
    type="aws:iam/serviceLinkedRole:ServiceLinkedRole",
    terraform="aws_iam_service_linked_role",
    service="iam",
    create=_create_linked,
    id="=Role.Arn",
    reads=(
        Part(
            call=Call(op="GetRole", args=_NAMED), at="Role", when=_read_linked,
            skip=frozenset({"awsServiceName", "customSuffix"}),
        ),
    ),
    changes=(Change(props=("description",), do=(_describe,)),),
    delete=(_delete_linked,),
    tagging=Tagging(
        add=Call(op="TagRole", args={**_NAMED, "Tags": "$tagsAdded"}),
        remove=Call(op="UntagRole", args={**_NAMED, "TagKeys": "$tagsRemoved"}),
        on_create=True,
    ),
    names={"name": "RoleName", "uniqueId": "RoleId"},
    by_hook=frozenset({"awsServiceName", "customSuffix"}),
)  # fmt: skip

ROWS = (OIDC_PROVIDER, SERVICE_LINKED_ROLE)
