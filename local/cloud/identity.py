"""Where moto's IAM is mended: service-linked roles' names, what a role keeps, an OIDC provider's clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.cloud import mend

# https://docs.aws.amazon.com/emr/latest/ManagementGuide/using-service-linked-roles.html,
# https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/using-service-linked-roles.html,
# https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/using-service-linked-roles.html,
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html,
# https://docs.aws.amazon.com/eks/latest/userguide/using-service-linked-roles-eks.html
LINKED_ROLES: Mapping[str, str] = {
    "eks.amazonaws.com": "AWSServiceRoleForAmazonEKS",
    "elasticmapreduce.amazonaws.com": "AWSServiceRoleForEMRCleanup",
    "emr-containers.amazonaws.com": "AWSServiceRoleForAmazonEMRContainers",
    "emrwal.amazonaws.com": "AWSServiceRoleForEMRWAL",
    "ops.emr-serverless.amazonaws.com": "AWSServiceRoleForAmazonEMRServerless",
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
    "spotfleet.amazonaws.com": "AWSServiceRoleForEC2SpotFleet",
}


def install() -> None:
    """Mend moto's IAM, once it is loaded."""
    from moto.iam.models import IAMBackend
    from moto.iam.responses import IamResponse

    mend.around(IAMBackend, "create_role", _linked)
    IamResponse.update_role = _update_role
    IamResponse.add_client_id_to_open_id_connect_provider = _add_client
    IamResponse.remove_client_id_from_open_id_connect_provider = _remove_client


def _update_role(response: Any) -> Any:
    """moto 5.2.5 takes away the description and the longest session that UpdateRole does not say."""
    role = response.backend.get_role(response._get_param("RoleName"))
    description, seconds = response._get_param("Description"), response._get_param("MaxSessionDuration")
    if description is not None:
        role.description = description
    if seconds is not None:
        role.max_session_duration = seconds
    return _nothing()


def _linked(create: Callable[..., Any]) -> Callable[..., Any]:
    """CreateServiceLinkedRole ends here with a name that moto makes of the service's."""

    def create_role(backend: Any, role_name: str, *args: Any, **more: Any) -> Any:
        service = more.get("linked_service")
        if service is None:
            return create(backend, role_name, *args, **more)
        if service in LINKED_ROLES:
            # moto makes two parts of a name of two words: ops.emr-serverless is emr-serverless_Ops.
            words = 2 if len(service.removesuffix(".amazonaws.com").split(".")) > 1 else 1
            suffix = "_".join(role_name.split("_")[words:])
            role_name = LINKED_ROLES[service] + (f"_{suffix}" if suffix else "")
        if any(role.name == role_name for role in backend.get_roles()):
            from moto.iam.exceptions import InvalidInput

            raise InvalidInput(
                f"Service role name {role_name} has been taken in this account, please try a different suffix."
            )
        return create(backend, role_name, *args, **more)

    return create_role


def _add_client(response: Any) -> Any:
    """AddClientIDToOpenIDConnectProvider: one that is there already is fine."""
    clients, client = _clients(response)
    if client not in clients:
        clients.append(client)
    return _nothing()


def _remove_client(response: Any) -> Any:
    """RemoveClientIDFromOpenIDConnectProvider: one that is not there is fine."""
    clients, client = _clients(response)
    if client in clients:
        clients.remove(client)
    return _nothing()


def _clients(response: Any) -> tuple[list[str], str]:
    provider = response.backend.get_open_id_connect_provider(response._get_param("OpenIDConnectProviderArn"))
    return provider.client_id_list, response._get_param("ClientID")


def _nothing() -> Any:
    from moto.core.responses import EmptyResult

    return EmptyResult()
