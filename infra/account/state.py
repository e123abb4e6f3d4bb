"""Where the states of all stacks lie: the bucket, with its versions, and the key of the secrets in them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from infra.account.places import STATE
from infra.account.settings import AccountSettings
from infra.naming import Names
from infra.security import key_policies
from infra.security.keys import sealed_key
from infra.storage import bucket_policies
from infra.storage.lifecycle import Lifecycle
from infra.storage.zone import Zone, ZoneArgs

# Uploads that an engine never finished are dropped after so long.
STALE_UPLOAD_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class StateArgs:
    """`access_logs` is the bucket that says who read a state."""

    names: Names
    settings: AccountSettings
    access_logs: Zone


class State(pulumi.ComponentResource):
    """The engine's backend. A state that went wrong is had back from the bucket's versions."""

    def __init__(self, name: str, args: StateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:account:State", name, None, opts)
        names, settings = args.names, args.settings
        self.key = sealed_key(
            STATE,
            names=names,
            what="states of the stacks and secrets in them",
            policy=key_policies.state_key_policy(names),
            rotation_days=settings.keys.rotation_days,
            deletion_window_days=settings.keys.deletion_window_days,
            deletable=settings.data_may_be_deleted,
            parent=self,
        )
        self.zone = Zone(
            STATE,
            ZoneArgs(
                bucket=names.bucket(STATE),
                policy=bucket_policies.data_policy(names, STATE),
                key_arn=self.key.arn,
                access_logs=args.access_logs,
                lifecycle=Lifecycle(
                    abort_upload_days=STALE_UPLOAD_DAYS,
                    noncurrent_version_days=settings.state.noncurrent_version_days,
                ),
                deletable=settings.data_may_be_deleted,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"bucket": self.zone.bucket.id, "key": self.key.arn})
