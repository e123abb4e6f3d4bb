"""EC2: launch templates, whose every change is a new version."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource
from local.provider.types.common import EC2_TAGGING, NOT_MODELLED, ec2_tags, unsupported

_TEMPLATE = {"LaunchTemplateId": "$id"}
_DATA = (
    "blockDeviceMappings", "disableApiStop", "disableApiTermination", "ebsOptimized", "iamInstanceProfile",
    "imageId", "instanceInitiatedShutdownBehavior", "instanceMarketOptions", "instanceType", "keyName",
    "metadataOptions", "monitoring", "tagSpecifications", "userData", "vpcSecurityGroupIds",
)  # fmt: skip
_NOT_SERVED = (
    "capacityReservationSpecification", "cpuOptions", "creditSpecification", "enclaveOptions",
    "hibernationOptions", "instanceRequirements", "kernelId", "licenseSpecifications", "maintenanceOptions",
    "networkInterfaces", "networkPerformanceOptions", "placement", "privateDnsNameOptions", "ramDiskId",
    "secondaryInterfaces", "securityGroupNames",
)  # fmt: skip
_WORDS = {"vpcSecurityGroupIds": "SecurityGroupIds"}  # where the API's are others
_VERSION = {**_TEMPLATE, "VersionDescription": "$description"}
_NEW_VERSION = Call(op="CreateLaunchTemplateVersion", by_name=True, args=_VERSION)
_CREATE = Call(
    op="CreateLaunchTemplate",
    by_name=True,
    args={"VersionDescription": "$description", "TagSpecifications": ec2_tags("launch-template")},
)


def _send(run: Run, call: Call) -> dict[str, Any]:
    """A version that says nothing has its data all the same: the API asks for them."""
    return run.call(call.op, **{"LaunchTemplateData": {}, **run.params(call)})


def _create(run: Run) -> dict[str, Any]:
    return _send(run, _CREATE)


def _new_version(run: Run) -> None:
    made = _send(run, _NEW_VERSION)["LaunchTemplateVersion"]["VersionNumber"]
    if run.props.get("updateDefaultVersion"):
        _make_default(run, made)


def _set_default(run: Run) -> None:
    if run.props.get("defaultVersion") and not run.props.get("updateDefaultVersion"):
        _make_default(run, run.props["defaultVersion"])


def _make_default(run: Run, version: int) -> None:
    run.call("ModifyLaunchTemplate", LaunchTemplateId=run.id, DefaultVersion=str(int(version)))


def _latest(run: Run) -> bool:
    """The version of now, not the one that the state knows."""
    run.props["latestVersion"] = run.found["latestVersion"]
    return True


LAUNCH_TEMPLATE = Resource(
    type="aws:ec2/launchTemplate:LaunchTemplate",
    terraform="aws_launch_template",
    service="ec2",
    create=_create,
    id="=LaunchTemplate.LaunchTemplateId",
    reads=(
        Part(
            call=Call(op="DescribeLaunchTemplates", args={"LaunchTemplateIds": ["$id"]}),
            at="LaunchTemplates.0",
        ),
        Part(
            call=Call(
                op="DescribeLaunchTemplateVersions", args={**_TEMPLATE, "Versions": ["$latestVersion"]}
            ),
            at="LaunchTemplateVersions.0",
            when=_latest,
            skip=frozenset({"name", "defaultVersion"}),
        ),
    ),
    changes=(
        Change(props=(*_DATA, "description"), do=(_new_version,)),
        Change(props=("defaultVersion",), do=(_set_default,)),
    ),
    delete=(Call(op="DeleteLaunchTemplate", args=_TEMPLATE),),
    tagging=EC2_TAGGING,
    name=Name(length=128),
    names={
        **{prop: f"LaunchTemplateData.{_WORDS.get(prop, prop[0].upper() + prop[1:])}" for prop in _DATA},
        "name": "LaunchTemplateName",
        "description": "VersionDescription",
        "defaultVersion": "DefaultVersionNumber",
        "latestVersion": "LatestVersionNumber",
    },
    outputs={"arn": "arn:$partition:ec2:$region:$account:launch-template/$id"},
    keep=frozenset({"namePrefix", "updateDefaultVersion"}),
    by_hook=frozenset({*_DATA, "name", "description", "defaultVersion"}),
    volatile=frozenset({"latestVersion", "defaultVersion"}),
    unsupported=unsupported(NOT_MODELLED, *_NOT_SERVED),
)

ROWS = (LAUNCH_TEMPLATE,)
