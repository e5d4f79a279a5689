"""To whom an instruction `i` goes, as SQL: the version of an account, or an entry of its campaign's list."""

JOINED = """
    join run of_run on of_run.run_id = i.run_id
    left join payout_account p on p.person_id = i.account_id and p.version = i.account_version
    left join facility_account a on a.facility_id = i.account_id and a.version = i.account_version
    left join campaign_recipient c on c.campaign_id = of_run.campaign_id and c.person_key = i.account_id
"""
#: Names, personal_id and account, encrypted.
SECRET = "coalesce(p.secret, a.secret, c.secret)"
#: By what a report's payee is recognised.
INDEX = "coalesce(p.payee_index, a.payee_index, c.payee_index)"
