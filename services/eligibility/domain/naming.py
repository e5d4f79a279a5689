"""What the keys of a simulation's rows are called on a chart: in Vietnamese."""

from datetime import date

from libs.common.kernel.headings import age_name, category_name, sex_name, unknown_name
from libs.common.kernel.units import Units
from services.eligibility.domain.charts import Naming
from services.eligibility.domain.simulation import AGE, CATEGORY, PROVINCE


def naming(units: Units) -> Naming:
    """Rows are of the provinces of today, whatever the month."""
    provinces = {unit.code: unit.name for unit in units.provinces(date.max)}

    def name(dimension: str, key: str) -> str:
        if dimension == PROVINCE:
            return provinces.get(key) or unknown_name(english=False)
        spoken = {CATEGORY: category_name, AGE: age_name}.get(dimension, sex_name)
        return spoken(key, english=False)

    return name
