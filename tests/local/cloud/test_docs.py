"""docs/local.md names what is absent: no more, no less."""

from __future__ import annotations

import re

from botocore.session import get_session
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.emr.responses import ElasticMapReduceResponse

from local import paths
from local.cloud.emr.responses import OPERATIONS


def test_the_page_names_every_absent_operation_and_only_those() -> None:
    motos = set(method_names_from_class(ElasticMapReduceResponse)) - {"describe_job_flows"}
    operations = get_session().get_service_model("emr").operation_names
    absent = {o for o in operations if o not in OPERATIONS and camelcase_to_underscores(o) not in motos}

    page = (paths.root() / "docs" / "local.md").read_text()
    section = page.partition("## EMR: absent\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"\w+", section)) == absent
