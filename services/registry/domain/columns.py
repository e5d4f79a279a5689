"""The columns of the population file."""

from libs.common.kernel.row_files import Form

#: The header of the file, in the template's order.
COLUMNS = (
    "household_number",
    "personal_id",
    "full_name",
    "birth_date",
    "sex",
    "commune_code",
    "poverty_status",
    "area",
    "disability_degree",
    "disability_certificate_on",
    "hiv_positive",
    "child_situation",
    "received_as_child_without_support",
    "studying",
    "study_continuous",
    "single_parent",
    "marital_status",
    "children",
    "pension_dong_monthly",
    "has_family_supporter",
    "has_stable_income",
    "cannot_live_in_community",
    "eligible_for_facility",
    "fostered_in_community",
    "pregnant",
    "children_under_36_months",
    "care_drawn_by_spouse",
    "carer_relation",
    "carer_personal_id",
    "already_receiving",
    "applied_for",
    "application_received_on",
    "decision_signed_on",
    "channel",
    "agency_code",
    "account_number",
    "account_name",
    "payee_name",
    "payee_personal_id",
    "payee_relation",
)
#: Columns that a file may leave out: those of care money, which older lists do not have.
OPTIONAL_COLUMNS = COLUMNS[COLUMNS.index("pregnant") : COLUMNS.index("already_receiving")]
FORM = Form(COLUMNS, OPTIONAL_COLUMNS)
