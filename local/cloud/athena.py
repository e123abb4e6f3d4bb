"""Where moto's Athena is mended: workgroups that are changed, switched off, enforced, tagged and deleted as on AWS.

Queries are not executed here, so nothing is scanned and no query meets a workgroup's cutoff.
https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from local.cloud import mend

PRIMARY = "primary"
# "Valid Range: Minimum value of 10000000": WorkGroupConfiguration.
LEAST_CUTOFF_BYTES = 10_000_000
# What AUTO means today: https://docs.aws.amazon.com/athena/latest/ug/engine-versions.html
NEWEST_ENGINE = "Athena engine version 3"


def install() -> None:
    """Mend moto's Athena, once it is loaded."""
    from moto.athena.models import AthenaBackend
    from moto.athena.responses import AthenaResponse

    AthenaResponse.update_work_group = _update
    AthenaResponse.delete_work_group = _delete
    AthenaResponse.list_tags_for_resource = _list_tags
    AthenaResponse.tag_resource = _tag
    AthenaResponse.untag_resource = _untag
    mend.before(AthenaResponse, "create_work_group", _checked)
    mend.before(AthenaResponse, "get_work_group", _named)
    mend.around(AthenaResponse, "start_query_execution", _starting)
    mend.around(AthenaBackend, "create_work_group", _creating)
    mend.around(AthenaBackend, "get_work_group", _getting)


def _refusal(message: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    refusal: Exception = JsonRESTError("InvalidRequestException", message)
    return refusal


def _group(response: Any, name: str) -> Any:
    """The workgroup of that name; the words are those that the real provider looks for.

    terraform-provider-aws, internal/service/athena/workgroup.go
    """
    group = response.athena_backend.work_groups.get(name)
    if group is None:
        raise _refusal("WorkGroup is not found.")
    return group


def _named(response: Any) -> Any:
    """moto 5.2.5 answers GetWorkGroup with null for one that it does not have."""
    return _group(response, response._get_param("WorkGroup"))


def _checked(response: Any) -> None:
    _check_cutoff(response._get_param("Configuration") or {})


def _check_cutoff(configuration: Mapping[str, Any]) -> None:
    cutoff = configuration.get("BytesScannedCutoffPerQuery")
    if cutoff is not None and cutoff < LEAST_CUTOFF_BYTES:
        raise _refusal(f"BytesScannedCutoffPerQuery must be at least {LEAST_CUTOFF_BYTES}, not {cutoff}")


def _creating(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto 5.2.5 cannot do without tags, forgets when a workgroup was made, and what AUTO came to."""

    def call(backend: Any, name: str, configuration: Any, description: str, tags: Any) -> Any:
        group = original(backend, name, configuration or {}, description, tags or [])
        if group is not None:
            group.creation_time = time.time()
            _choose_engine(group.configuration)
        return group

    return call


def _choose_engine(configuration: dict[str, Any]) -> None:
    """The engine that queries run on: the one selected, or Athena's choice.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_EngineVersion.html
    """
    selected = configuration["EngineVersion"].get("SelectedEngineVersion") or "AUTO"
    configuration["EngineVersion"] = {
        "SelectedEngineVersion": selected,
        "EffectiveEngineVersion": NEWEST_ENGINE if selected == "AUTO" else selected,
    }


def _getting(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(backend: Any, name: str) -> Any:
        found = original(backend, name)
        made = getattr(
            backend.work_groups.get(name), "creation_time", None
        )  # none: of a snapshot before this mend
        return found if found is None or made is None else {**found, "CreationTime": made}

    return call


def _update(response: Any) -> str:
    """UpdateWorkGroup, which moto 5.2.5 does not have.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_UpdateWorkGroup.html
    """
    group = _named(response)
    updates = response._get_param("ConfigurationUpdates") or {}
    _check_cutoff(updates)
    description, state = response._get_param("Description"), response._get_param("State")
    if description is not None:
        group.description = description
    if state is not None:
        group.state = state
    group.configuration = _changed(group.configuration, updates)
    _choose_engine(group.configuration)
    return "{}"


def _changed(had: Mapping[str, Any], updates: Mapping[str, Any]) -> dict[str, Any]:
    """A structure after its updates: members given replace, `RemoveX` takes X away, `XUpdates` are updates of X.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_ResultConfigurationUpdates.html
    """
    found = dict(had)
    for member, value in updates.items():
        if member.startswith("Remove"):
            if value:
                found.pop(member.removeprefix("Remove"), None)
        elif member.endswith("Updates"):
            inner = member.removesuffix("Updates")
            found[inner] = _changed(found.get(inner) or {}, value)
        else:
            found[member] = value
    return found


def _delete(response: Any) -> str:
    """DeleteWorkGroup: never the primary one, and what is in another only when asked to; its tags go with it.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_DeleteWorkGroup.html
    """
    group, backend = _named(response), response.athena_backend
    if group.name == PRIMARY:
        raise _refusal("The primary workgroup cannot be deleted.")
    held = [
        (kept, key)
        for kept in (backend.executions, backend.named_queries, backend.prepared_statements)
        for key, one in kept.items()
        if getattr(one.workgroup, "name", one.workgroup) == group.name
    ]
    if held and not response._get_param("RecursiveDeleteOption"):
        raise _refusal(f"WorkGroup {group.name} is not empty")
    for kept, key in held:
        del kept[key]
    backend.delete_work_group(group.name)
    backend.tagger.delete_all_tags_for_resource(group.arn)
    return "{}"


def _starting(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """moto 5.2.5 starts queries in workgroups that are switched off, and lets a client say where results go.

    https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
    """

    def call(response: Any) -> Any:
        group = _group(response, response._get_param("WorkGroup") or PRIMARY)
        if group.state != "ENABLED":
            raise _refusal(f"WorkGroup {group.name} is disabled")
        answer = original(response)
        execution = response.athena_backend.executions[json.loads(answer)["QueryExecutionId"]]
        execution.workgroup = group
        results = group.configuration.get("ResultConfiguration") or {}
        if results and (group.configuration["EnforceWorkGroupConfiguration"] or not execution.config):
            execution.config = {**results, **_result_at(results, execution.id)}
        return answer

    return call


def _result_at(results: Mapping[str, Any], execution_id: str) -> dict[str, str]:
    location = results.get("OutputLocation")
    return {"OutputLocation": f"{location.rstrip('/')}/{execution_id}.csv"} if location else {}


def _list_tags(response: Any) -> str:
    """moto 5.2.5 says of a resource without tags that it does not exist."""
    arn = response._get_param("ResourceARN")
    return json.dumps(response.athena_backend.tagger.list_tags_for_resource(arn))


def _tag(response: Any) -> str:
    """TagResource, which moto 5.2.5 has for other services' calls only."""
    response.athena_backend.tagger.tag_resource(
        response._get_param("ResourceARN"), response._get_param("Tags")
    )
    return "{}"


def _untag(response: Any) -> str:
    response.athena_backend.untag_resource(response._get_param("ResourceARN"), response._get_param("TagKeys"))
    return "{}"
