"""What EMR's control planes know that a judgement needs: tags of what is theirs, and where a session comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from local.cloud.iam import network, store
from local.cloud.iam.credentials import Identity
from local.cloud.iam.language import Context
from local.cloud.iam.network import Vpc
from local.cloud.iam.principals import Caller
from local.keys import PRINCIPALS

if TYPE_CHECKING:
    from local.cloud.emr.control import EmrControl
    from local.cloud.emr_containers.control import ContainersControl
    from local.cloud.emr_serverless.control import ServerlessControl


class Surroundings:
    """The clusters, applications and virtual clusters of one server."""

    def __init__(
        self, control: EmrControl, serverless: ServerlessControl, containers: ContainersControl
    ) -> None:
        self._control, self._serverless = control, serverless
        self._finders: Mapping[str, Callable[[str], Any]] = {
            "elasticmapreduce": control.find,
            "emr-serverless": serverless.find,
            "emr-containers": containers.find,
        }

    def tags(self, arn: str) -> Mapping[str, str]:
        """A resource's tags, where they can be judged on; none where they are not looked up."""
        find = self._finders.get(arn.split(":", 3)[2]) if arn.startswith("arn:") else None
        if find is None:
            return store.tags(arn)
        names = arn.split(":", 5)[5].strip("/").split("/")  # cluster/j-1, or applications/a1/jobruns/r1
        try:
            one = find(names[1])
            return dict((one.runs[names[3]] if len(names) > 3 else one).tags)
        except (StopIteration, LookupError, AttributeError):  # there is no such thing
            return {}

    def vpc(self, identity: Identity, session: str) -> Vpc | None:
        """Whence a session that is taken now will call: it is named after the instance, or after the job run."""
        if identity.caller.kind != "service":
            return identity.vpc
        if identity.caller.service == PRINCIPALS["ec2"]:
            cluster = self._control.with_machine(session)
            return network.vpc_of_cluster(cluster) if cluster else None
        application = self._serverless.of_run(session)
        return network.vpc_of_application(application) if application else None

    def source(self, caller: Caller, session: str) -> Context:
        """For which application EMR Serverless takes a role: the role's trust policy may ask.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html#cross-service-confused-deputy-prevention
        """
        application = self._serverless.of_run(session)
        if caller.service != PRINCIPALS["emr-serverless"] or application is None:
            return {}
        return {"aws:sourcearn": (application.arn,), "aws:sourceaccount": (application.account_id,)}
