"""What EMR keeps once for an account and region: whether clusters may stand open to the public."""

from __future__ import annotations

from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource

_PUT = Call(
    op="PutBlockPublicAccessConfiguration",
    args={
        "BlockPublicAccessConfiguration": {
            "BlockPublicSecurityGroupRules": "$blockPublicSecurityGroupRules",
            "PermittedPublicSecurityGroupRuleRanges": "$permittedPublicSecurityGroupRuleRanges",
        }
    },
)


def _default(run: Run) -> None:
    """It cannot be deleted: the real provider puts back what a new account has.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-block-public-access.html
    """
    ranges = [{"MinRange": 22, "MaxRange": 22}]
    wanted = {"BlockPublicSecurityGroupRules": True, "PermittedPublicSecurityGroupRuleRanges": ranges}
    run.call(_PUT.op, BlockPublicAccessConfiguration=wanted)


BLOCK_PUBLIC_ACCESS = Resource(
    type="aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration",
    terraform="aws_emr_block_public_access_configuration",
    service="emr",
    create=_PUT,
    id="current",
    reads=(Part(call=Call(op="GetBlockPublicAccessConfiguration"), at="BlockPublicAccessConfiguration"),),
    changes=(
        Change(props=("blockPublicSecurityGroupRules", "permittedPublicSecurityGroupRuleRanges"), do=(_PUT,)),
    ),
    delete=(_default,),
)

ROWS = (BLOCK_PUBLIC_ACCESS,)
