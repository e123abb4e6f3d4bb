"""The account: settings in, components wired, one export out."""

import pulumi
import pulumi_aws as aws

from infra.account import settings as account_settings
from infra.account.github import Github, GithubArgs
from infra.account.guards import Guards, GuardsArgs
from infra.account.outputs import account
from infra.account.state import STALE_UPLOAD_DAYS, State, StateArgs
from infra.account.trail import Trail, TrailArgs
from infra.storage import bucket_policies
from infra.storage.lifecycle import Lifecycle
from infra.storage.zone import Zone, ZoneArgs
from infra.tags import default_tags

settings = account_settings.load()
names = settings.names

provider = aws.Provider(
    "aws",
    region=settings.aws.region,
    allowed_account_ids=[settings.aws.account_id],
    default_tags={"tags": default_tags(settings, names.stack)},
)
here = pulumi.ResourceOptions(providers=[provider])

access_logs = Zone(
    bucket_policies.ACCESS_LOGS,
    ZoneArgs(
        bucket=names.bucket(bucket_policies.ACCESS_LOGS),
        policy=bucket_policies.access_log_policy(names),
        key_arn=None,
        access_logs=None,
        lifecycle=Lifecycle(
            abort_upload_days=STALE_UPLOAD_DAYS,
            noncurrent_version_days=settings.audit.retention_days,
            expire_days=settings.audit.retention_days,
        ),
        deletable=settings.data_may_be_deleted,
    ),
    here,
)

guards = Guards("guards", GuardsArgs(ownership=settings.ownership), here)
state = State("state", StateArgs(names=names, settings=settings, access_logs=access_logs), here)
trail = Trail("trail", TrailArgs(names=names, settings=settings, access_logs=access_logs), here)
github = Github("github", GithubArgs(names=names, settings=settings, state_key_arn=state.key.arn), here)

pulumi.export("account", account(settings=settings, names=names, state=state, trail=trail, github=github))
