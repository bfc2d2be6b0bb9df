"""The table of costs counts what the template has, and uses every price that it names."""

import importlib.util
import re
from types import ModuleType
from typing import Any

from nibrs_pipeline.keys import ESTIMATE_GEOGRAPHY_GROUPS, ESTIMATE_TABLE_GROUPS

from tests.infrastructure.filled_in import FilledIn
from tests.infrastructure.synthesis import REPOSITORY

_SCRIPT = REPOSITORY / "benchmarks" / "cost.py"


def cost() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cost", _SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_costs_at_rest_is_what_the_template_has(given: dict[str, Any], trial: dict[str, Any]) -> None:
    counted, stack, created = cost(), FilledIn(given), FilledIn(trial)
    assert len(stack.of_type("AWS::CloudWatch::Alarm")) == counted.ALARMS
    assert len(stack.of_type("AWS::CloudWatch::CompositeAlarm")) == counted.COMPOSITE_ALARMS
    endpoints = created.of_type("AWS::EC2::VPCEndpoint").values()
    assert sum(len(each.get("SubnetIds", [])) for each in endpoints) == counted.ENDPOINT_ZONES
    [database] = created.of_type("AWS::RDS::DBInstance").values()
    prices = " ".join(counted.PRICES)
    assert f"RDS {database['DBInstanceClass']} PostgreSQL" in prices
    assert f"RDS {database['StorageType']}" in prices


def test_a_year_is_estimated_in_as_many_tasks_as_the_pipeline_has() -> None:
    assert len(ESTIMATE_GEOGRAPHY_GROUPS) * len(ESTIMATE_TABLE_GROUPS) == cost().ESTIMATE_TASKS


def test_every_price_is_used() -> None:
    text = _SCRIPT.read_text()
    used = set(re.findall(r'PRICES\["([^"]+)"\]', text))
    assert used == set(cost().PRICES)
