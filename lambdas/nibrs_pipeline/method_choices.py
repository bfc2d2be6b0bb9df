"""What an operator may choose of the estimation's method, by the names and words of the R package's settings."""

from typing import Literal

from pydantic import BaseModel, Field

#: How the bias of estimates is found, as the R package's setting BIAS has it.
Bias = Literal["none", "copula", "copula_return_a"]


class MethodChoices(BaseModel):
    """The choices; a deployment's configuration and the functions' environment have them as fields of their own.

    ``bias`` and ``imputations`` decide which stages run, with which variables; the others, ``areas`` too, which adds a
    task, reach the stages through what the year is estimated from (``inputs.json``).
    """

    bias: Bias = Field(default="none", description='how their bias is found: "none", "copula" or "copula_return_a"')
    imputations: int = Field(default=1, ge=1, le=99, description="how often unknown items are imputed, 1 to 99")
    estimator: Literal["model_assisted", "reference"] = Field(
        default="model_assisted", description='"model_assisted", with Return A of silent agencies, or "reference"'
    )
    months: Literal["own", "reference"] = Field(
        default="own", description='how missing months are filled: "own" or "reference"'
    )
    outlier_rule: Literal["seasonal", "documented", "legacy"] = Field(
        default="seasonal", description='which months are called low: "seasonal", "documented" or "legacy"'
    )
    return_a: Literal["trend", "reference"] = Field(
        default="trend", description='Return A of an earlier year: "trend", brought to the data year, or "reference"'
    )
    error_correction: Literal["few_respondents", "none"] = Field(
        default="few_respondents", description='of the estimator "reference": "few_respondents" or "none"'
    )
    tables: Literal["all", "crimes"] = Field(
        default="all", description='which tables are estimated: "all", or "crimes", those of incidents and offenses'
    )
    areas: Literal["none", "all"] = Field(
        default="none",
        description='whether metropolitan areas, judicial districts and field offices are estimated: "none" or "all"',
    )
    workbooks: Literal["all", "nation", "none"] = Field(
        default="all", description='which geographies have a workbook: "all", "nation" or "none"'
    )

    @property
    def of_stages(self) -> dict[str, str]:
        """What reaches the stages and is not the default: by the name of the stage's variable."""
        return {
            name.upper(): str(getattr(self, name))
            for name, field in MethodChoices.model_fields.items()
            if name not in ("bias", "imputations") and getattr(self, name) != field.default
        }


#: Nothing was chosen.
DEFAULT = MethodChoices()
#: Their names as variables of the environment.
VARIABLES = tuple(name.upper() for name in MethodChoices.model_fields)
