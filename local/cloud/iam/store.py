"""What IAM's judgement needs of moto's state: identities and their policies, policies and tags of resources."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local.cloud.iam import language
from local.cloud.iam.language import Document

log = logging.getLogger(__name__)
_NOTHING = Document(statements=())


def document(text: str | bytes | None) -> Document | None:
    """The policy in `text`, None when there is none. What is no policy allows nothing, as an empty one."""
    if not text:
        return None
    try:
        return language.parse(text.decode() if isinstance(text, bytes) else text)
    except language.PolicyError as error:
        log.warning("a policy cannot be read and allows nothing: %s", error)
        return _NOTHING


def backends(service: str, account: str, where: str) -> Any:
    """moto's backend of a service in an account and a region, or a partition for global services."""
    from moto.backends import get_backend

    return get_backend(service)[account][where]


def accounts(service: str) -> Iterator[tuple[str, str, Any]]:
    """Account, partition or region, and backend of all that a service has so far."""
    from moto.backends import get_backend

    for account, places in list(get_backend(service).items()):
        for place, backend in list(places.items()):
            yield account, place, backend


def role(arn: str) -> Any:
    """The role with this ARN, None when there is none."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("role/"):
        return None
    roles = backends("iam", parts[4], parts[1]).roles.values()
    return next((each for each in list(roles) if each.arn == arn), None)


def role_of_profile(name_or_arn: str, account: str, partition: str) -> Any:
    """The role of an instance profile, None when there is none."""
    profiles = backends("iam", account, partition).instance_profiles.values()
    for profile in list(profiles):
        if name_or_arn in (profile.name, profile.arn):
            return profile.roles[0] if profile.roles else None
    return None


def role_named(name_or_arn: str, account: str, partition: str) -> Any:
    """A role by its name or ARN, None when there is none."""
    if name_or_arn.startswith("arn:"):
        return role(name_or_arn)
    roles = backends("iam", account, partition).roles.values()
    return next((each for each in list(roles) if each.name == name_or_arn), None)


def of_identity(owner: Any) -> list[Document]:
    """Inline and attached policies of a role, a user or a group."""
    texts = [*owner.policies.values(), *(_default(policy) for policy in owner.managed_policies.values())]
    return [found for found in map(document, texts) if found is not None]


def of_user(user: Any) -> list[Document]:
    """A user's own policies and those of the user's groups."""
    groups = backends("iam", user.account_id, user.arn.split(":")[1]).get_groups_for_user(user.name)
    return [each for owner in (user, *groups) for each in of_identity(owner)]


def boundary(owner: Any) -> Document | None:
    """The permissions boundary of a role or user. One that has gone allows nothing."""
    arn = getattr(owner, "permissions_boundary_arn", None) or getattr(owner, "permissions_boundary", None)
    if not isinstance(arn, str):
        return None
    return managed(arn) or _NOTHING


def managed(arn: str) -> Document | None:
    """A managed policy's default version, None when there is no such policy."""
    parts = arn.split(":", 5)
    places = [b for account, _, b in accounts("iam") if parts[4] in (account, "aws")]
    found = next((b.managed_policies[arn] for b in places if arn in b.managed_policies), None)
    return None if found is None else document(_default(found))


def _default(policy: Any) -> str:
    return next((str(v.document) for v in policy.versions if v.version_id == policy.default_version_id), "")


def of_resource(arn: str) -> tuple[Document | None, str]:
    """The resource's own policy, and the account that owns the resource, "" when there is no such resource."""
    parts = arn.split(":", 5)
    read = _RESOURCES.get(parts[2]) if len(parts) == 6 else None
    try:
        return read(parts) if read else (None, parts[4] if len(parts) == 6 else "")
    except LookupError:  # there is no such region
        return None, parts[4]


def bucket(name: str) -> Any:
    """The bucket called `name`, of whatever account; None when there is none."""
    return next((b.buckets[name] for _, _, b in accounts("s3") if name in b.buckets), None)


def key(name: str, account: str, region: str) -> Any:
    """A customer's KMS key by id, ARN, alias or alias ARN; None when there is none."""
    if name.startswith("arn:"):
        _, _, _, region, account, name = name.split(":", 5)
    try:
        backend = backends("kms", account, region)
    except LookupError:  # there is no such region
        return None
    name = name.removeprefix("key/")
    if name.startswith("alias/"):
        name = next((k.id for k in backend.keys.values() if name in k.aliases), "")
    return backend.keys.get(name)


def secret(name: str, account: str, region: str) -> str | None:
    """The ARN of the secret with this name, None when there is none."""
    try:
        secrets = list(backends("secretsmanager", account, region).secrets.values())
    except LookupError:  # there is no such region
        return None
    return next((str(each.arn) for each in secrets if each.name == name), None)


def _of_bucket(parts: list[str]) -> tuple[Document | None, str]:
    found = bucket(parts[5].partition("/")[0])
    return (None, "") if found is None else (document(found.policy), found.account_id)


def _of_key(parts: list[str]) -> tuple[Document | None, str]:
    found = key(parts[5], parts[4], parts[3]) if parts[5].startswith("key/") else None
    return (document(found.policy) if found else None), parts[4]


def _of_role(parts: list[str]) -> tuple[Document | None, str]:
    found = role(":".join(parts))
    return (document(found.assume_role_policy_document) if found else None), parts[4]


def _of_topic(parts: list[str]) -> tuple[Document | None, str]:
    topic = backends("sns", parts[4], parts[3]).topics.get(":".join(parts)) if parts[3] else None
    return (document(topic.policy) if topic else None), parts[4]


def _of_queue(parts: list[str]) -> tuple[Document | None, str]:
    queue = backends("sqs", parts[4], parts[3]).queues.get(parts[5]) if parts[3] else None
    return (document(getattr(queue, "policy", None)) if queue else None), parts[4]


def key_of(arn: str) -> Any:
    """The KMS key that seals a topic or a queue, None when it has none of its own."""
    _, _, service, region, account, name = arn.split(":", 5)
    sealed = (
        backends("sns", account, region).topics.get(arn)
        if service == "sns"
        else backends("sqs", account, region).queues.get(name)
    )
    found = getattr(sealed, "kms_master_key_id", None)
    return key(found, account, region) if found else None


def _of_secret(parts: list[str]) -> tuple[Document | None, str]:
    secrets = backends("secretsmanager", parts[4], parts[3]).secrets
    arn = ":".join(parts)
    found = next((each for each in list(secrets.values()) if each.arn == arn), None)
    return (document(found.policy) if found else None), parts[4]


_RESOURCES = {
    "s3": _of_bucket,
    "kms": _of_key,
    "iam": _of_role,
    "sns": _of_topic,
    "sqs": _of_queue,
    "secretsmanager": _of_secret,
}


def tags(arn: str) -> Mapping[str, str]:
    """A resource's tags, where they can be judged on; none where they are not looked up."""
    parts = arn.split(":", 5)
    read = _TAGS.get(parts[2]) if len(parts) == 6 and parts[4] and "*" not in parts[5] else None
    try:
        return read(parts) if read else {}
    except (LookupError, AttributeError):  # there is no such resource
        return {}


def _ec2_tags(parts: list[str]) -> Mapping[str, str]:
    found: Mapping[str, str] = backends("ec2", parts[4], parts[3]).tags.get(parts[5].partition("/")[2], {})
    return found


def _iam_tags(parts: list[str]) -> Mapping[str, str]:
    kind = parts[5].partition("/")[0]
    backend = backends("iam", parts[4], parts[1])
    if kind == "role":
        return plain_tags(role(":".join(parts)).tags)
    return plain_tags(backend.tagger.list_tags_for_resource(":".join(parts))["Tags"])


def _kms_tags(parts: list[str]) -> Mapping[str, str]:
    tagger = backends("kms", parts[4], parts[3]).tagger  # an alias has none
    return plain_tags(tagger.list_tags_for_resource(parts[5].removeprefix("key/"))["Tags"])


_TAGS = {
    "ec2": _ec2_tags,
    "iam": _iam_tags,
    "kms": _kms_tags,
}


def plain_tags(found: Any) -> Mapping[str, str]:
    """Tags in any of the APIs' forms as a mapping."""
    if isinstance(found, Mapping):
        return {
            str(key): str(value.get("Value", "")) if isinstance(value, Mapping) else str(value)
            for key, value in found.items()
        }
    several: Iterable[Any] = found or []
    return {
        str(each.get("Key", each.get("TagKey", each.get("key", "")))): str(
            each.get("Value", each.get("TagValue", each.get("value", ""))) or ""
        )
        for each in several
        if isinstance(each, Mapping)
    }
