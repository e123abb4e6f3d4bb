"""Route tables, their associations, and routes."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource
from local.provider.types.common import EC2_TAGGING, NOT_MODELLED, ec2_tags, unsupported

_DESTINATIONS = {
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}
_TARGETS = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "networkInterfaceId": "NetworkInterfaceId",
    "transitGatewayId": "TransitGatewayId",
    "vpcEndpointId": "VpcEndpointId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
}
# The inline routes of a table call their destinations otherwise.
_INLINE = {"cidrBlock": "DestinationCidrBlock", "ipv6CidrBlock": "DestinationIpv6CidrBlock"}


def _params(route: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {member: route[prop] for prop, member in names.items() if route.get(prop)}


def _sync_inline(run: Run) -> None:
    """Make the table's routes those of the argument: what is not listed goes, as with the real provider."""
    names = {**_INLINE, "destinationPrefixListId": "DestinationPrefixListId"}
    old = {str(_params(one, names)): one for one in run.old.get("routes") or []}
    new = {str(_params(one, names)): one for one in run.props.get("routes") or []}
    for key in old.keys() - new.keys():
        run.call("DeleteRoute", RouteTableId=run.id, **_params(old[key], names))
    for key, route in new.items():
        params = {**_params(route, names), **_params(route, _TARGETS)}
        if key not in old:
            run.call("CreateRoute", RouteTableId=run.id, **params)
        elif _params(old[key], _TARGETS) != _params(route, _TARGETS):
            run.call("ReplaceRoute", RouteTableId=run.id, **params)


def _read_inline(run: Run) -> None:
    routes = run.answers["DescribeRouteTables"]["RouteTables"][0].get("Routes", [])
    names = {**_INLINE, "destinationPrefixListId": "DestinationPrefixListId", **_TARGETS}
    found = [
        {prop: route[member] for prop, member in names.items() if route.get(member)}
        for route in routes
        if _own(route)
    ]
    if found:
        run.found["routes"] = found


def _own(route: Mapping[str, Any]) -> bool:
    """A route that somebody made: not the local one, none of a gateway endpoint, none propagated."""
    gateway = str(route.get("GatewayId", ""))
    by_endpoint = gateway.startswith("vpce-") and "DestinationPrefixListId" in route
    return gateway != "local" and not by_endpoint and route.get("Origin") != "EnableVgwRoutePropagation"


ROUTE_TABLE = Resource(
    type="aws:ec2/routeTable:RouteTable",
    terraform="aws_route_table",
    service="ec2",
    create=Call(op="CreateRouteTable", by_name=True, args={"TagSpecifications": ec2_tags("route-table")}),
    id="=RouteTable.RouteTableId",
    reads=(
        Part(
            call=Call(op="DescribeRouteTables", args={"RouteTableIds": ["$id"]}),
            at="RouteTables.0",
            skip=frozenset({"routes", "propagatingVgws"}),
        ),
    ),
    finish=_read_inline,
    changes=(Change(props=("routes",), do=(_sync_inline,), on_create=True),),
    delete=(Call(op="DeleteRouteTable", args={"RouteTableId": "$id"}),),
    tagging=EC2_TAGGING,
    by_hook=frozenset({"routes"}),
    outputs={"arn": "arn:$partition:ec2:$region:$ownerId:route-table/$id"},
    unsupported={
        "propagatingVgws": "the local network has no VPN gateways",
        **unsupported(
            NOT_MODELLED, "routes.carrierGatewayId", "routes.coreNetworkArn", "routes.localGatewayId"
        ),
        "routes.odbNetworkArn": NOT_MODELLED,
    },
)


def _association(run: Run) -> tuple[str | None, str | None]:
    """(association id, route table id) of the subnet or gateway now. Replacing an association gives it a new
    id, which the state cannot follow, so it is found by what it associates."""
    wanted = {**run.old, **run.props}
    subnet, gateway = wanted.get("subnetId"), wanted.get("gatewayId")
    name, value = ("association.subnet-id", subnet) if subnet else ("association.gateway-id", gateway)
    answer = run.call("DescribeRouteTables", Filters=[{"Name": name, "Values": [value]}])
    for table in answer["RouteTables"]:
        for one in table.get("Associations", []):
            if value in (one.get("SubnetId"), one.get("GatewayId")):
                return str(one["RouteTableAssociationId"]), str(table["RouteTableId"])
    return None, None


def _read_association(run: Run) -> bool:
    association, table = _association(run)
    if association is None:
        return True
    run.found["routeTableId"] = table
    if not run.id.startswith("rtbassoc-"):  # an import names it by what it associates
        run.id = association
    return False


def _replace_association(run: Run) -> None:
    association, _ = _association(run)
    run.call(
        "ReplaceRouteTableAssociation", AssociationId=association, RouteTableId=run.props["routeTableId"]
    )


def _disassociate(run: Run) -> None:
    association, _ = _association(run)
    if association is not None:
        run.call("DisassociateRouteTable", AssociationId=association)


ROUTE_TABLE_ASSOCIATION = Resource(
    type="aws:ec2/routeTableAssociation:RouteTableAssociation",
    terraform="aws_route_table_association",
    service="ec2",
    create=Call(op="AssociateRouteTable", by_name=True),
    id="=AssociationId",
    import_id="$subnetId/$routeTableId",
    reads=(),
    gone=_read_association,
    changes=(Change(props=("routeTableId",), do=(_replace_association,)),),
    delete=(_disassociate,),
    by_hook=frozenset({"routeTableId"}),
    keep=frozenset({"subnetId", "gatewayId"}),
)


def _destination(props: Mapping[str, Any]) -> str:
    return next((str(props[prop]) for prop in _DESTINATIONS if props.get(prop)), "")


_CREATE_ROUTE = Call(op="CreateRoute", by_name=True)


def _create_route(run: Run) -> dict[str, Any]:
    run.send(_CREATE_ROUTE)
    return {"Id": _route_id(run.props)}


def _route_id(props: Mapping[str, Any]) -> str:
    """The real provider's own id: the table and a CRC-32 of the destination."""
    return f"r-{props['routeTableId']}{zlib.crc32(_destination(props).encode())}"


def _read_route(run: Run) -> bool:
    wanted = {**run.old, **run.props}
    routes = run.answers["DescribeRouteTables"]["RouteTables"][0].get("Routes", [])
    route = next(
        (one for one in routes if _destination(wanted) in (one.get(m) for m in _DESTINATIONS.values())), None
    )
    if route is None:
        return True
    for prop, member in {**_DESTINATIONS, **_TARGETS, "state": "State", "origin": "Origin"}.items():
        if route.get(member):
            run.found[prop] = route[member]
    run.id = _route_id(wanted)
    if str(run.found.get("gatewayId", "")).startswith("vpce-"):
        run.found["vpcEndpointId"] = run.found.pop("gatewayId")
    return False


_ROUTE_PARAMS = {"RouteTableId": "$routeTableId"} | {
    member: f"${prop}" for prop, member in _DESTINATIONS.items()
}

ROUTE = Resource(
    type="aws:ec2/route:Route",
    terraform="aws_route",
    service="ec2",
    create=_create_route,
    id="=Id",
    import_id="$routeTableId_$destinationCidrBlock",
    reads=(
        Part(
            call=Call(op="DescribeRouteTables", args={"RouteTableIds": ["$routeTableId"]}),
            at="RouteTables.0",
            skip=frozenset({"state", "origin"}),
        ),
    ),
    gone=_read_route,
    changes=(
        Change(
            props=tuple(_TARGETS),
            do=(
                lambda run: run.call("ReplaceRoute", RouteTableId=run.props["routeTableId"], **_wanted(run)),
            ),
        ),
    ),
    delete=(Call(op="DeleteRoute", args=_ROUTE_PARAMS),),
    names={"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"},
    by_hook=frozenset({*_DESTINATIONS, *_TARGETS, "routeTableId", "state", "origin"}),
    unsupported=unsupported(
        NOT_MODELLED, "carrierGatewayId", "coreNetworkArn", "localGatewayId", "odbNetworkArn"
    ),
    absent=unsupported("no route of the local network leads to an instance", "instanceId", "instanceOwnerId"),
)


def _wanted(run: Run) -> dict[str, Any]:
    return {**_params(run.props, _DESTINATIONS), **_params(run.props, _TARGETS)}


ROWS = (ROUTE, ROUTE_TABLE, ROUTE_TABLE_ASSOCIATION)
