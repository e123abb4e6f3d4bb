"""docs/local.md names what is absent: no more, no less."""

from __future__ import annotations

import re

import pytest
from botocore.session import get_session
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.emr.responses import ElasticMapReduceResponse

from local import paths
from local.cloud.emr.responses import OPERATIONS
from local.cloud.emr_containers import backend as containers
from local.cloud.emr_serverless import backend as serverless

_MOTOS = set(method_names_from_class(ElasticMapReduceResponse)) - {"describe_job_flows"}


@pytest.mark.parametrize(
    ("service", "title", "ours"),
    [
        ("emr", "EMR", {*OPERATIONS}),
        ("emr-serverless", "EMR Serverless", {*serverless.OPERATIONS}),
        ("emr-containers", "EMR on EKS", {*containers.OPERATIONS}),
    ],
)
def test_the_page_names_every_absent_operation_and_only_those(
    service: str, title: str, ours: set[str]
) -> None:
    operations = get_session().get_service_model(service).operation_names
    motos = _MOTOS if service == "emr" else set()
    absent = {o for o in operations if o not in ours and camelcase_to_underscores(o) not in motos}

    page = (paths.root() / "docs" / "local.md").read_text()
    section = page.partition(f"## {title}: absent\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"\w+", section)) == absent
