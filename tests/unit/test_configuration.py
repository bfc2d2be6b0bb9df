"""The configuration of a deployment: what is wrong is named, key by key, before anything is synthesised."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nibrs_cdk.configuration import BadConfiguration, CreatedNetwork, TrialDatabase, read_configuration

GOOD = """
[database]
kind = "trial"
[network]
kind = "created"
"""


def write(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


SCHEDULE = GOOD + "[schedules.downloads]\nenabled = true\ncron = '0 6 1 * ? *'\n"

_SECRET = "arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret"

DIGEST = "debian:12@sha256:" + "0" * 64


@pytest.mark.parametrize("base", ["docker.io/library/debian:12.12-slim", "debian", "debian:12@sha256:0123"])
def test_where_data_is_kept_an_image_is_given_by_digest_and_not_by_a_tag(tmp_path: Path, base: str) -> None:
    kept = GOOD + f"[retention]\nkeep_data = true\n[image]\nbase = '{base}'"
    with pytest.raises(BadConfiguration, match=rf"image.base: '{base}' was given; .*@sha256:\.\.\. with the 64 digits"):
        read_configuration(write(tmp_path, kept))
    assert read_configuration(write(tmp_path, kept.replace(base, DIGEST))).image.base == DIGEST


def test_development_needs_nothing_filled_in() -> None:
    found = read_configuration("development")
    assert isinstance(found.database, TrialDatabase)
    assert isinstance(found.network, CreatedNetwork)
    assert not found.schedules.downloads.enabled
    assert not found.schedules.estimates.enabled
    assert not found.retention.keep_data


def test_production_names_every_key_that_is_to_be_filled_in() -> None:
    with pytest.raises(BadConfiguration) as error:
        read_configuration("production")
    keys = re.findall(r"production\.toml: ([\w.]+): ", str(error.value))
    assert keys == [
        "database.secret_arn", "database.security_group_id", "network.vpc_id", "network.availability_zones",
        "network.private_subnet_ids", "image.base",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[database]\nkind = 'trial'", "network: is missing"),
        ("[database]\nkind = 'other'\n[network]\nkind = 'created'", "database: .* it has to be of kind \"given\""),
        (GOOD + "zones = 9", "network.zones: 9 was given; it has to be how many availability zones, 1 to 6"),
        (GOOD + "zones = 1", "network: one zone was given; RDS wants subnets in two zones"),
        (GOOD + "colour = 'red'", "network.colour: there is no such key"),
        (GOOD + "[extraction]\nmax_concurrency = 0", "extraction.max_concurrency: 0 was given"),
        (GOOD + '[estimates]\nbias = "jackknife"', "estimates.bias: 'jackknife' was given; it has to be how"),
        (GOOD + '[estimates]\nestimator = "ratio"', "estimates.estimator: 'ratio' was given; it has to be"),
        (GOOD + "[schedules.downloads]\nenabled = true\ncron = 'daily'", "schedules.downloads.cron: 'daily' was given"),
        (GOOD + "[alarms]\nemails = ['nobody']", "alarms.emails.0: 'nobody' was given"),
        (GOOD + "[retention]\nlogs = 8", "retention.logs: 8 was given; it has to be 7, 30"),
        (GOOD + "[public]\ndomain_name = 'x.org'", "domain_name and certificate_arn go together"),
        (GOOD + "zones = 3", "network.zones: 3 was given; without account and region CDK makes two at most"),
        (
            "region = 'us-gov-west-1'" + GOOD + "[public]\ncloudfront = true",
            "public.cloudfront: true was given; CloudFront is not in the region us-gov-west-1",
        ),
        (
            "region = 'cn-north-1'" + GOOD + "[public]\ncloudfront = true",
            "public.cloudfront: true was given; CloudFront is not in the region cn-north-1",
        ),
        # CloudFormation would refuse these after half an hour of creating, or nobody until the schedule's time.
        (SCHEDULE.replace("?", "*"), "schedules.downloads.cron: '0 6 1 .* with \\?"),
        (SCHEDULE.replace("1 *", "? *"), "schedules.downloads.cron: '0 6 \\? "),
        (
            SCHEDULE + "request = {estimate = false}",
            "schedules.downloads.request: .* estimate: there is no such field",
        ),
        (
            SCHEDULE + "request = {years = [2016], states = []}",
            "schedules.downloads.request: .* states: \\[\\] was given; allowed is",
        ),
        (GOOD + "[schedules]\ntime_zone = 'America/Washington'", "schedules.time_zone: 'America/Washington' was given"),
        (GOOD + "[schedules]\ntime_zone = '../etc'", "schedules.time_zone: '../etc' was given"),
        (GOOD + "cidr = '10.0.0.0/8'", "network.cidr: '10.0.0.0/8' was given"),
        (GOOD + "cidr = '10.64.0.0/28'", "network.cidr: '10.64.0.0/28' was given"),
        (GOOD + "cidr = '10.64.0.1/24'", "network.cidr: '10.64.0.1/24' was given"),
        (GOOD + "cidr = '300.64.0.0/24'", "network.cidr: '300.64.0.0/24' was given"),
        (GOOD.replace('"trial"', '"trial"\ninstance_type = "db.t4g.small"'), "database.instance_type: 'db.t4g.small'"),
        (GOOD + "[public]\ndomain_name = 'https://x.org'", "public.domain_name: 'https://x.org' was given"),
        (
            "region = 'us-gov-west-1'\n[database]\nkind = 'given'\nsecurity_group_id = 'sg-01'\n"
            "secret_arn = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:x-AbCdEf'\n[network]\nkind = 'given'\n"
            "vpc_id = 'vpc-01'\navailability_zones = ['a']\nprivate_subnet_ids = ['subnet-01']",
            "database.secret_arn: it is of the partition aws, the region us-gov-west-1 of aws-us-gov",
        ),
        ("account = '12'" + GOOD, "account: '12' was given; it has to be twelve digits"),
        ("this is not TOML", "not TOML"),
        (
            GOOD.replace('kind = "trial"', 'kind = "trial"\nroot_certificates = "/none"'),
            "database.root_certificates: '/none' was given; it has to be a PEM file",
        ),
        (
            '[database]\nkind = "given"\nsecret_arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:x-AbCdEf"\n'
            'security_group_id = "sg-01"\n[network]\nkind = "created"',
            "network.kind: \"created\" was given with a given database",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadConfiguration, match=said):
        read_configuration(write(tmp_path, text))


@pytest.mark.parametrize("ending", ["nibrs", "nibrs-AbCdE", "nibrs-AbCdEfG", "nibrs-AbC_Ef"])
def test_a_secret_is_given_by_its_whole_arn_since_policies_name_it(tmp_path: Path, ending: str) -> None:
    """IAM compares with the ARN that the secret has, six characters at its end included."""
    text = (
        f'[database]\nkind = "given"\nsecret_arn = "{_SECRET}:{ending}"\n'
        'security_group_id = "sg-01"\n[network]\nkind = "given"\nvpc_id = "vpc-01"\navailability_zones = ["a"]\n'
        f'private_subnet_ids = ["subnet-01"]\n[image]\nbase = "{DIGEST}"'
    )
    with pytest.raises(BadConfiguration, match=r"database.secret_arn: .*six characters"):
        read_configuration(write(tmp_path, text))
    assert read_configuration(write(tmp_path, text.replace(f":{ending}", ":nibrs-AbCdEf"))).region == ""


def test_three_zones_are_made_where_account_and_region_are_known(tmp_path: Path) -> None:
    known = "account = '111122223333'\nregion = 'us-east-1'" + GOOD + "zones = 3\n[retention]\nkeep_data = false"
    assert isinstance(network := read_configuration(write(tmp_path, known)).network, CreatedNetwork)
    assert network.zones == 3


def test_a_file_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(BadConfiguration, match=r"staging was given, .* there are development, production"):
        read_configuration("staging")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(["database", "network", "schedules", "alarms", "public", "retention", "account", "other"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(keys, values, max_size=4))
def test_whatever_is_given_is_refused_by_name_or_accepted(tmp_path: Path, content: dict[str, object]) -> None:
    text = "\n".join(f"{key} = {as_toml(value)}" for key, value in content.items())
    try:
        read_configuration(write(tmp_path, text))
    except BadConfiguration as error:
        assert str(tmp_path) in str(error)


def as_toml(value: object) -> str:
    """A value as TOML; what TOML cannot say becomes an empty text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(max(min(value, 2**62), -(2**62)))
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"k{place} = {as_toml(each)}" for place, each in enumerate(value.values())) + "}"
    return '"' + re.sub(r"[^ !#-\[\]-~]", "", str(value or "")) + '"'
