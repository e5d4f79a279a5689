"""Promises of facilities as SQL: each returns the ids of what breaks it, and should return nothing."""

#: Facilities in which, on any day, more people lived than they have places.
OVER_PLACES = """
    select distinct facility_id from (
        select facility_id, sum(by) over (partition by facility_id order by day, by) as living
        from (
            select facility_id, lower(during) as day, 1 as by from residence
            union all
            select facility_id, upper(during), -1 from residence where not upper_inf(during)
        ) as changes
    ) as lived join facility using (facility_id)
    where living > places
"""

#: People with two residences on one day: what the exclusion constraint forbids, seen without it.
IN_TWO_PLACES = """
    select distinct person_id from (
        select person_id, lower(during) as begun,
            max(coalesce(upper(during), 'infinity')) over (
                partition by person_id order by lower(during), residence_id
                rows between unbounded preceding and 1 preceding
            ) as free_from
        from residence
    ) as stays
    where begun < free_from
"""

#: Residences whose events are not in the log.
EVERY_STAY_TOLD = """
    with told as (select key, type, count(*) as events from outbox group by key, type),
    kept as (
        select person_id, 'ResidenceStarted' as type, count(*) as stays from residence group by person_id
        union all
        select person_id, 'ResidenceEnded', count(*) from residence where state = 'left' group by person_id
    )
    select person_id from kept left join told on told.key = person_id and told.type = kept.type
    where coalesce(events, 0) < stays
"""

#: Tables with a province_code that do not force row-level security.
PERSONAL_TABLES_OPEN = """
    select c.relname from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'province_code' and not a.attisdropped
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
    and not (c.relrowsecurity and c.relforcerowsecurity)
"""
