-- title:  Who signs in
-- about:  The newest names of everyone who signs in, applications left out.
-- grain:  one person with an id or a UPN
-- reads:  sign_in_measure
-- column: user_key text | see sign_in
-- column: user_name text | newest UPN, else the object id
-- column: user_id text | object id
-- column: display_name text | newest display name
with
person as (
    select user_key, max(user_id) as user_id
    from sign_in_measure
    where is_application = 0 and user_key is not null
    group by user_key
),

upn_use as (
    select user_key, upn, max(event_time) as used
    from sign_in_measure
    where is_application = 0 and upn is not null
    group by user_key, upn
),

upn_rank as (
    select
        user_key,
        upn,
        row_number() over (partition by user_key order by used desc, upn desc) as place
    from upn_use
),

newest_upn as (
    select user_key, upn from upn_rank where place = 1
),

name_use as (
    select user_key, display_name, max(event_time) as used
    from sign_in_measure
    where is_application = 0 and display_name is not null
    group by user_key, display_name
),

name_rank as (
    select
        user_key,
        display_name,
        row_number() over (partition by user_key order by used desc, display_name desc) as place
    from name_use
),

newest_name as (
    select user_key, display_name from name_rank where place = 1
)

select
    person.user_key,
    coalesce(newest_upn.upn, person.user_id, person.user_key) as user_name,
    person.user_id,
    newest_name.display_name
from person
left join newest_upn on person.user_key = newest_upn.user_key
left join newest_name on person.user_key = newest_name.user_key
