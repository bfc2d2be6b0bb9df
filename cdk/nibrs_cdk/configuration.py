"""The configuration of a deployment: typed, documented, checked before anything is synthesised.

Files lie in ``cdk/config/``; ``cdk synth -c config=production`` reads ``production.toml``, and a path names
a file of your own. What a file leaves out has the default below.
"""

import ipaddress
import tomllib
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal

from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.method_choices import MethodChoices
from nibrs_pipeline.plan.request import parse_request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "cdk" / "config"


#: How many availability zones CDK uses in a region that it does not know.
_ZONES_ANYWHERE = 2

#: The largest and the smallest subnet of a VPC, as lengths of their prefixes; a created VPC is at most the largest.
_LARGEST_NETWORK, _SMALLEST_NETWORK = 16, 28

#: How the names of regions begin in which CloudFormation cannot create a distribution: GovCloud's, China's.
_WITHOUT_CLOUDFRONT = ("us-gov-", "cn-")


class BadConfiguration(Exception):
    """A configuration that cannot be deployed; names the file, the key, the value and what is allowed."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _matching(pattern: str, description: str) -> Any:
    return Field(pattern=pattern, description=description)


def _zone_of_time(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError from None
    return name


def _schedule_expression(cron: str) -> str:
    """EventBridge wants a question mark for the day of the month or the weekday, and for one of them alone."""
    _, _, day, _, weekday, _ = cron.split(" ")
    if (day == "?") == (weekday == "?"):
        raise ValueError
    return cron


def _request(given: dict[str, Any]) -> dict[str, Any]:
    """A request that Plan run will understand; else each scheduled run would fail."""
    try:
        parse_request(given)
    except BadRequest as error:
        raise ValueError(str(error)) from None
    return given


SubnetId = Annotated[str, _matching(r"^subnet-[0-9a-f]+$", "the identifier of a subnet, such as subnet-0a1b2c3d")]
SecurityGroupId = Annotated[str, _matching(r"^sg-[0-9a-f]+$", "the identifier of a security group, such as sg-0a1b2c")]
SecretArn = Annotated[
    str,
    _matching(
        r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+-[A-Za-z0-9]{6}$",
        "the ARN of a secret, with the six characters at its end",
    ),
]
Email = Annotated[str, _matching(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "an address for mail")]


class _Database(_Section):
    root_certificates: str = Field(
        default="",
        description="the path of a PEM file with the certificates to check the database's against, absolute or from "
        "the repository's folder; or nothing: those of Amazon RDS, which `make deploy` fetches",
    )

    @property
    def root_certificates_path(self) -> Path | None:
        """The file, wherever the app was started."""
        return REPOSITORY / self.root_certificates if self.root_certificates else None


class GivenDatabase(_Database):
    """A database that exists already."""

    kind: Literal["given"]
    secret_arn: SecretArn = Field(
        description="the ARN of the Secrets Manager secret with host, port, username, password and dbname, with the "
        "six characters at its end"
    )
    security_group_id: SecurityGroupId = Field(description="the security group that guards the database")
    port: int = Field(default=5432, ge=1, le=65535, description="the port it listens on")
    profile: Literal["cde", "ucr_prd"] = Field(
        default="cde",
        description='whose schema it has: "cde", the Crime Data Explorer\'s, or "ucr_prd", the FBI\'s production',
    )


class TrialDatabase(_Database):
    """A small PostgreSQL that is created with the stack, and removed with it."""

    kind: Literal["trial"]
    instance_type: str = Field(
        default="t4g.small",
        pattern=r"^[a-z0-9]+\.[a-z0-9-]+$",
        description="the RDS instance type without 'db.', such as t4g.small",
    )
    storage_gb: int = Field(default=100, ge=20, le=65536, description="its storage in GB, 20 or more")


class GivenNetwork(_Section):
    """A VPC that exists already, with endpoints (or a way out) for S3, Secrets Manager, ECR and CloudWatch Logs."""

    kind: Literal["given"]
    vpc_id: str = Field(pattern=r"^vpc-[0-9a-f]+$", description="the identifier of the VPC, such as vpc-0a1b2c3d")
    availability_zones: list[str] = Field(min_length=1, description="the zones of the subnets, in the same order")
    private_subnet_ids: list[SubnetId] = Field(min_length=1, description="private subnets, one per zone")


class CreatedNetwork(_Section):
    """A VPC that is created with the stack: private subnets only, with the endpoints that are needed."""

    kind: Literal["created"]
    cidr: str = Field(
        default="10.64.0.0/24", pattern=r"^\d+\.\d+\.\d+\.\d+/\d+$", description="its range, such as 10.64.0.0/24"
    )
    zones: int = Field(default=2, ge=1, le=6, description="how many availability zones, 1 to 6")


class Schedule(_Section):
    """When a run starts by itself, and with which request."""

    enabled: bool = Field(description="true or false")
    cron: Annotated[str, Field(pattern=r"^(\S+ ){5}\S+$"), AfterValidator(_schedule_expression)] = Field(
        description="minutes, hours, day, month, weekday and year, with ? for either day or weekday, such as "
        '"0 6 1 * ? *"',
    )
    request: Annotated[dict[str, Any], AfterValidator(_request)] = Field(
        default={}, description="a request as docs/architecture.md has it, such as { estimates = false }"
    )


class Schedules(_Section):
    """The schedules; both are off unless a file says otherwise."""

    time_zone: Annotated[str, AfterValidator(_zone_of_time)] = Field(
        default="America/New_York", description="a time zone's name, such as America/New_York"
    )
    downloads: Schedule = Schedule(enabled=False, cron="0 6 1 * ? *", request={"estimates": False})
    estimates: Schedule = Schedule(enabled=False, cron="0 6 15 9 ? *", request={"estimates": True})


class Extraction(_Section):
    """How hard the database may be worked."""

    max_concurrency: int = Field(default=20, ge=1, le=1000, description="state-years extracted at once, 1 to 1000")
    tolerated_failure_percentage: float = Field(
        default=0, ge=0, le=100, description="the share of state-years that may fail without failing the run, 0 to 100"
    )
    parquet: Literal["yes", "no"] = Field(
        default="yes", description='whether state-years are written as Parquet beside their zips: "yes" or "no"'
    )


class Estimates(MethodChoices, _Section):
    """How estimates are made."""


class Image(_Section):
    """What the estimation's image is built on."""

    base: str = Field(
        default="docker.io/library/debian:12.12-slim",
        pattern=r"^[a-z0-9][^\s@]*(@sha256:[0-9a-f]{64})?$",
        description="a Debian bookworm, such as docker.io/library/debian:12.12-slim@sha256:... with the 64 digits that "
        "docs/deployment.md says how to find",
    )

    @property
    def is_by_digest(self) -> bool:
        """Whether it names one image for good; a tag names what is newest under it."""
        return "@sha256:" in self.base


class Retention(_Section):
    """How long things are kept, in days, and what happens to data when the stack is removed."""

    logs: Literal[7, 30, 90, 180, 365, 1827] = Field(default=90, description="7, 30, 90, 180, 365 or 1827")
    runs: int = Field(default=90, ge=1, description="working files of runs, 1 or more")
    replaced_downloads: int = Field(default=365, ge=1, description="earlier versions of published files, 1 or more")
    keep_data: bool = Field(default=True, description="true: removing the stack leaves the bucket; false: it goes, too")


class Alarms(_Section):
    """Who is told, and of what."""

    emails: list[Email] = Field(default=[], description="addresses that get failures and alarms")
    days_without_publication: int = Field(
        default=40, ge=1, le=90, description="days, 1 to 90, which is how long Step Functions remembers a success"
    )


class PublicAccess(_Section):
    """Whether the downloads are on the web."""

    cloudfront: bool = Field(
        default=False, description="true: a CloudFront distribution serves downloads and estimates"
    )
    domain_name: str = Field(
        default="",
        pattern=r"^(|([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,})$",
        description="a domain name of your own in small letters, such as nibrs.example.org, or nothing",
    )
    certificate_arn: str = Field(
        default="", pattern=r"^(|arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/.+)$",
        description="the ARN of the domain's certificate, which has to be in us-east-1",
    )  # fmt: skip


class Configuration(_Section):
    """All of it."""

    stack_name: str = Field(
        default="NibrsPipeline", pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$", description="letters, digits and hyphens"
    )
    state_machine_name: str = Field(
        default="nibrs-pipeline", pattern=r"^[A-Za-z0-9-_]{1,80}$", description="letters, digits, hyphens, underscores"
    )
    account: str = Field(default="", pattern=r"^(|\d{12})$", description="twelve digits, or nothing: whoever deploys")
    region: str = Field(
        default="", pattern=r"^(|[a-z]{2}(-[a-z]+)+-\d)$", description="such as us-east-1, or nothing: whoever deploys"
    )
    database: GivenDatabase | TrialDatabase = Field(discriminator="kind", description='of kind "given" or "trial"')
    network: GivenNetwork | CreatedNetwork = Field(discriminator="kind", description='of kind "given" or "created"')
    extraction: Extraction = Extraction()
    estimates: Estimates = Estimates()
    schedules: Schedules = Schedules()
    image: Image = Image()
    retention: Retention = Retention()
    alarms: Alarms = Alarms()
    public: PublicAccess = PublicAccess()
    tags: dict[str, str] = Field(default={}, description="names and values of tags for all resources")


def read_configuration(name: str) -> Configuration:
    """Read a configuration by its name in ``cdk/config/``, or by its path.

    Raises:
        BadConfiguration: names the file and every key that is wrong, what it is and what is allowed.
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(sorted(each.stem for each in FOLDER.glob("*.toml")))
        raise BadConfiguration(
            f"config: {name} was given, but {path} does not exist; there are {there}, or give the path of a .toml file"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration(f"{path}: not TOML: {error}") from error
    try:
        found = Configuration.model_validate(given)
    except ValidationError as error:
        raise BadConfiguration("\n".join(_refusal(path, problem) for problem in error.errors())) from error
    _require_consistent(path, found)
    return found


def _require_consistent(path: Path, found: Configuration) -> None:
    network, certificates = found.network, found.database.root_certificates_path
    if certificates and "BEGIN CERTIFICATE" not in _text(certificates):
        raise BadConfiguration(
            f"{path}: database.root_certificates: {found.database.root_certificates!r} was given; it has to be a PEM "
            f"file that can be read; {certificates} is none"
        )
    if isinstance(network, GivenNetwork) and len(network.availability_zones) != len(network.private_subnet_ids):
        raise BadConfiguration(
            f"{path}: network.private_subnet_ids: {len(network.private_subnet_ids)} subnets for "
            f"{len(network.availability_zones)} availability_zones; give one subnet per zone"
        )
    if isinstance(found.database, GivenDatabase) and not isinstance(network, GivenNetwork):
        raise BadConfiguration(
            f'{path}: network.kind: "created" was given with a given database; the functions have to reach it, so '
            'give its VPC with kind = "given"'
        )
    if isinstance(found.database, TrialDatabase) and (
        len(network.availability_zones) if isinstance(network, GivenNetwork) else network.zones
    ) < 2:  # fmt: skip
        raise BadConfiguration(f"{path}: network: one zone was given; RDS wants subnets in two zones or more")
    if isinstance(network, CreatedNetwork) and not _holds_subnets(network):
        raise BadConfiguration(
            f"{path}: network.cidr: {network.cidr!r} was given; it has to be a range such as 10.64.0.0/24, "
            f"/{_LARGEST_NETWORK} at most, of which each of {network.zones} zones gets a /{_SMALLEST_NETWORK} at least"
        )
    secret = found.database.secret_arn.split(":") if isinstance(found.database, GivenDatabase) else []
    if secret and found.region and secret[1] != _partition(found.region):
        raise BadConfiguration(
            f"{path}: database.secret_arn: it is of the partition {secret[1]}, the region {found.region} of "
            f"{_partition(found.region)}; functions there cannot read it"
        )
    if isinstance(network, CreatedNetwork) and network.zones > _ZONES_ANYWHERE and not (found.account and found.region):
        raise BadConfiguration(
            f"{path}: network.zones: {network.zones} was given; without account and region CDK makes two at most; give "
            "both, or 2"
        )
    if found.public.cloudfront and found.region.startswith(_WITHOUT_CLOUDFRONT):
        raise BadConfiguration(
            f"{path}: public.cloudfront: true was given; CloudFront is not in the region {found.region}; give false, "
            "and serve downloads/ and estimates/ of the bucket by other means"
        )
    if bool(found.public.domain_name) != bool(found.public.certificate_arn):
        raise BadConfiguration(f"{path}: public: domain_name and certificate_arn go together; give both or neither")
    if found.retention.keep_data and not found.image.is_by_digest:
        raise BadConfiguration(
            f"{path}: image.base: {found.image.base!r} was given; where data is kept (retention.keep_data) it has to "
            f"be by digest, {Image.model_fields['base'].description}"
        )


def _holds_subnets(network: CreatedNetwork) -> bool:
    try:
        whole = ipaddress.IPv4Network(network.cidr)
    except ValueError:
        return False
    # CDK divides by the power of two that holds the zones.
    part = whole.prefixlen + (network.zones - 1).bit_length()
    return whole.prefixlen >= _LARGEST_NETWORK and part <= _SMALLEST_NETWORK


def _partition(region: str) -> str:
    return {"us-gov-": "aws-us-gov", "cn-": "aws-cn"}.get(
        next((each for each in _WITHOUT_CLOUDFRONT if region.startswith(each)), ""), "aws"
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _refusal(path: Path, problem: Any) -> str:
    # The kind of a database or network stands in the location, but is no key of the file.
    keys = [str(part) for part in problem["loc"] if part not in ("given", "trial", "created")]
    key = ".".join(keys)
    kind = problem["type"]
    if kind == "extra_forbidden":
        return f"{path}: {key}: there is no such key"
    allowed = _description(problem["loc"])
    if kind == "missing":
        return f"{path}: {key}: is missing; it has to be {allowed}"
    refusal = f"{path}: {key}: {problem['input']!r} was given; it has to be {allowed or problem['msg']}"
    why = str(problem["ctx"]["error"]) if kind == "value_error" else ""
    return f"{refusal}: {why}" if why else refusal


def _description(location: tuple[str | int, ...]) -> str:
    """What the field at a location may be, from its description."""
    sections: dict[str, type[BaseModel]] = {
        "given": GivenDatabase, "trial": TrialDatabase, "created": CreatedNetwork,
    }  # fmt: skip
    model: type[BaseModel] = Configuration
    text = ""
    for place, part in enumerate(location):
        if isinstance(part, int):
            continue
        if part in sections and location[place - 1] in ("database", "network"):
            model = GivenNetwork if (part, location[place - 1]) == ("given", "network") else sections[part]
            continue
        field = model.model_fields.get(part)
        if field is None:
            break
        text = field.description or text
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return text
