"""Keys and values of the wrong form: missing, misspelt, of another type, beyond a limit."""

from __future__ import annotations

from tests.infra.settings.trees import Case, Tree, main


def scaled(tree: Tree) -> Tree:
    """Rules of one's own by which the task group scales."""
    rules: Tree = {
        "minimum_nodes": 1, "maximum_nodes": 4,
        "scale_out": [{"metric": "ContainerPendingRatio", "threshold": 1, "cooldown_seconds": 300}],
        "scale_in": {"available_percent": 75, "cooldown_seconds": 300},
    }  # fmt: skip
    main(tree)["autoscale"] = {"task": rules}
    return rules


BAD: list[Case] = [
    (
        "unknown key",
        lambda t: t.update(netwrk={}),
        r"^emr:netwrk: is no setting \(did you mean 'network'\?\); allowed",
    ),
    (
        "unknown inner key",
        lambda t: main(t)["core"]["types"][0].update(unit=1),
        r"^emr:clusters\.main\.core\.types\[0\]\.unit: is no setting \(did you mean 'units'\?\); allowed here are: max",
    ),
    ("missing", lambda t: t.pop("owner"), r"^emr:owner: is missing; .*Pulumi\.<stack>\.yaml"),
    (
        "no account",
        lambda t: t["aws"].pop("account_id"),
        r"^aws:allowedAccountIds: is missing; name the one account",
    ),
    (
        "two accounts",
        lambda t: t["aws"].update(account_id=["1", "2"]),
        r'^aws:allowedAccountIds: is \["1", "2"\]; must',
    ),
    (
        "region in China",
        lambda t: t["aws"].update(region="cn-north-1"),
        r'^aws:region: is "cn-north-1"; AWS in China names services as the platform does not; take a region outside',
    ),
    ("bad region", lambda t: t["aws"].update(region="mars"), r'^aws:region: is "mars"; must be'),
    (
        "text for bool",
        lambda t: t["storage"].update(deletable="yes"),
        r'deletable: is "yes"; must be true or false',
    ),
    (
        "text for number",
        lambda t: main(t).update(step_concurrency="2"),
        r'step_concurrency: is "2"; must be a whole',
    ),
    (
        "part of a number",
        lambda t: main(t).update(idle_timeout_seconds=90.5),
        r"is 90\.5; must be a whole number",
    ),
    (
        "what breaks a line",
        lambda t: t["network"].update(zones=["us-east-1a", "us-east-1\nb\x85c"]),
        r"^emr:network\.zones\[1\]: 'us-east-1\\nb\\x85c' is no zone of us-east-1",
    ),
    (
        "a key that breaks a line",
        lambda t: t["network"].update({"a\nb": 1}),
        r"^emr:network\.a\\nb: is no setting",
    ),
    (
        "text for a number with a point",
        lambda t: scaled(t)["scale_in"].update(available_percent="x"),
        r'autoscale\.task\.scale_in\.available_percent: is "x"; must be a number',
    ),
    (
        "nothing to scale",
        lambda t: (main(t).update(nodes="groups", scaling=None), scaled(t).update(maximum_nodes=1)),
        r"autoscale\.task\.maximum_nodes: is 1, as is minimum_nodes, so that nothing would scale; raise it",
    ),
    (
        "all of it",
        lambda t: scaled(t)["scale_in"].update(available_percent=100),
        r"available_percent: is 100; must be below 100",
    ),
    (
        "none of it",
        lambda t: scaled(t)["scale_out"][0].update(threshold=0),
        r"scale_out\[0\]\.threshold: is 0; must be above 0",
    ),
    ("nobody's name", lambda t: t.update(owner=" "), r'^emr:owner: is " "; must be'),
    ("number for text", lambda t: t.update(owner=7), r"^emr:owner: is 7; must be text"),
    ("list for mapping", lambda t: t.update(network=[]), r"^emr:network: is \[\]; must be a mapping"),
    ("text for list", lambda t: t["network"].update(zones="a"), r'zones: is "a"; must be a list'),
    ("too small", lambda t: main(t).update(idle_timeout_seconds=5), r"is 5; must be at least 60"),
    ("too large", lambda t: main(t).update(step_concurrency=999), r"is 999; must be at most 256"),
    (
        "not one of",
        lambda t: t["network"].update(nat="two"),
        r"nat: is \"two\"; allowed are: 'none', 'one' or",
    ),
    (
        "not a retention",
        lambda t: t["network"].update(flow_log_retention_days=31),
        r"is 31; allowed are: 1, 3, 5",
    ),
    (
        "no place for jobs",
        lambda t: t.update(clusters={}),
        r"^emr:clusters: is \{\}; no job could run: name at least",
    ),
    (
        "cluster name",
        lambda t: t["clusters"].update({"Main!": main(t)}),
        r'emr:clusters\.Main!: is "Main!"; must be',
    ),
    ("platform tag", lambda t: t.update(tags={"owner": "me"}), r"^emr:tags\.owner: is set by the platform"),
    (
        "isolated region",
        lambda t: t["aws"].update(region="us-iso-east-1"),
        r'^aws:region: is "us-iso-east-1"; AWS\'s isolated regions name services as the platform does not',
    ),
    (
        "platform tag in capitals",
        lambda t: t.update(tags={"Owner": "me"}),
        r"^emr:tags\.Owner: is set by the platform",
    ),
    (
        "tag that permissions hang on",
        lambda t: t.update(tags={"for-use-with-amazon-emr-managed-policies": "true"}),
        r"^emr:tags\.for-use.*: is set by the platform, where it is wanted",
    ),
    (
        "tags that IAM takes for one",
        lambda t: t.update(tags={"team": "a", "Team": "b"}),
        r"^emr:tags\.Team: differs from 'team' by case alone",
    ),
    (
        "more tags than an object bears",
        lambda t: t.update(tags={f"t{n}": "x" for n in range(5)}),
        r"^emr:tags: has 5 tags; at most 4, since with the platform's 6 S3 takes 10 on an object",
    ),
    ("aws tag", lambda t: t.update(tags={"aws:x": "me"}), r"^emr:tags\.aws:x: begins with 'aws:'"),
]
