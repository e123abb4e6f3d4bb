"""S3, once an account: no bucket of it stands open to the public."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource
from local.provider.types.s3 import BLOCK, BLOCKS

_ACCOUNT = {"AccountId": "$id"}


def _put(run: Run) -> dict[str, Any]:
    run.props["accountId"] = run.props.get("accountId") or run.at.account
    return run.send(_PUT)


_PUT = Call(
    op="PutPublicAccessBlock", args={"AccountId": "$accountId", "PublicAccessBlockConfiguration": BLOCK}
)

PUBLIC_ACCESS_BLOCK = Resource(
    type="aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
    terraform="aws_s3_account_public_access_block",
    service="s3control",
    create=_put,
    id="$accountId",
    reads=(Part(call=Call(op="GetPublicAccessBlock", args=_ACCOUNT), at="PublicAccessBlockConfiguration"),),
    changes=(Change(props=BLOCKS, do=(_put,)),),
    delete=(Call(op="DeletePublicAccessBlock", args=_ACCOUNT),),
    defaults=dict.fromkeys(BLOCKS, False),
    outputs={"accountId": "$id"},
    by_hook=frozenset({"accountId"}),
)

ROWS = (PUBLIC_ACCESS_BLOCK,)
