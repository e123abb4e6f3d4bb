"""Identity."""

from __future__ import annotations

from tests.local.provider.examples.base import NEW_TAGS, TAGS, Example, policy, trust

EXAMPLES: dict[str, Example] = {
    "other-policy": Example(type="aws:iam/policy:Policy", props={"policy": policy("s3:ListBucket", "*")}),
    "role": Example(
        type="aws:iam/role:Role",
        props={"assumeRolePolicy": trust("ec2.amazonaws.com"), "description": "an example", **TAGS},
        change={
            "assumeRolePolicy": trust("elasticmapreduce.amazonaws.com"),
            "description": "another",
            "maxSessionDuration": 7200,
            "permissionsBoundary": "${policy}",
            **NEW_TAGS,
        },
        replace={"path": "/other/"},
    ),
    "copying-role": Example(type="aws:iam/role:Role", props={"assumeRolePolicy": trust("s3.amazonaws.com")}),
    "role-with-policies": Example(
        type="aws:iam/role:Role",
        props={
            "assumeRolePolicy": trust("ec2.amazonaws.com"),
            "managedPolicyArns": ["${policy}"],
            "inlinePolicies": [
                {"name": "read", "policy": policy("s3:GetObject", "*")},
                {"name": "list", "policy": policy("s3:ListBucket", "*")},
            ],
        },
        change={
            "managedPolicyArns": ["${other-policy}"],
            "inlinePolicies": [
                {"name": "read", "policy": policy("s3:GetObjectVersion", "*")},
                {"name": "write", "policy": policy("s3:PutObject", "*")},
            ],
        },
    ),
    "role-policy": Example(
        type="aws:iam/rolePolicy:RolePolicy",
        props={"role": "${role}", "policy": policy("s3:GetObject", "arn:aws:s3:::a/*")},
        change={"policy": policy("s3:PutObject", "arn:aws:s3:::a/*")},
        replace={"name": "another"},
    ),
    "policy": Example(
        type="aws:iam/policy:Policy",
        props={"policy": policy("s3:GetObject", "arn:aws:s3:::a/*"), **TAGS},
        change={"policy": policy("s3:PutObject", "arn:aws:s3:::a/*"), **NEW_TAGS},
        replace={"description": "another"},
    ),
    "attachment": Example(
        type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        props={"role": "${role}", "policyArn": "${policy}"},
        replace={"policyArn": "${other-policy}"},
    ),
    "profile": Example(
        type="aws:iam/instanceProfile:InstanceProfile",
        props={"role": "${role}", **TAGS},
        change={"role": None, **NEW_TAGS},
        replace={"path": "/other/"},
    ),
    "oidc-provider": Example(
        type="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        props={"url": "https://token.example.com", "clientIdLists": ["sts.amazonaws.com"], **TAGS},
        change={"clientIdLists": ["another"], "thumbprintLists": ["a" * 40], **NEW_TAGS},
        replace={"url": "https://token.example.org"},
        once=True,
    ),
    "linked-role": Example(
        type="aws:iam/serviceLinkedRole:ServiceLinkedRole",
        props={"awsServiceName": "elasticmapreduce.amazonaws.com", "description": "an example", **TAGS},
        change={"description": "another", **NEW_TAGS},
        replace={"awsServiceName": "spot.amazonaws.com"},
        once=True,
    ),
}
