-- The stand-in's data. A write of a customer is one row: (customer, sequence) makes a repeated request harmless, and token is what
-- a verification writes and reads back. Run once as the database administrator, before the first standby is copied.

create table customers (
    customer   text primary key,
    name       text not null,
    written_at timestamptz not null default now()
);

create table api_records (
    customer   text not null,
    sequence   bigint not null,
    token      text not null,
    written_at timestamptz not null default now(),
    primary key (customer, sequence)
);

create table payments (
    customer     text not null,
    sequence     bigint not null,
    token        text not null,
    amount_cents integer not null default 100,
    written_at   timestamptz not null default now(),
    primary key (customer, sequence)
);

create table analytics_events (
    customer   text not null,
    sequence   bigint not null,
    token      text not null,
    written_at timestamptz not null default now(),
    primary key (customer, sequence)
);

create table admin_settings (
    customer   text not null,
    sequence   bigint not null,
    token      text not null,
    written_at timestamptz not null default now(),
    primary key (customer, sequence)
);

-- A row for each site that has been the primary, rewritten by its agent each second while it is: the settings that decide what an acknowledgement means.
create table dr_heartbeat (
    site                          text primary key,
    written_at                    timestamptz not null,
    synchronous_standby_names     text not null,
    synchronous_commit            text not null,
    overrides                     text not null,
    standbys                      text not null,
    cache_min_replicas_to_write   integer not null,
    cache_min_replicas_max_lag    integer not null,
    cache_replicas                integer not null,
    settings_loaded_at            timestamptz,
    flushed_lsn                   pg_lsn
);

-- Scratch table of the site agent's write test: proof that a database accepts, or refuses, a write.
create table dr_write_test (
    id         integer primary key,
    token      text not null,
    written_at timestamptz not null
);

-- Seed rows belong to customers named seed-N and are older than any run; negative numbers are free for the stand-in's probes.
insert into customers (customer, name, written_at)
select 'seed-' || n, 'Seeded customer ' || n, timestamptz '2026-01-01' from generate_series(1, 20) as n;

insert into api_records (customer, sequence, token, written_at)
select 'seed-' || (n % 20 + 1), n, 'seed-api-' || n, timestamptz '2026-01-01' + n * interval '1 second' from generate_series(1, 2000) as n;

insert into payments (customer, sequence, token, amount_cents, written_at)
select 'seed-' || (n % 20 + 1), n, 'seed-payment-' || n, 100 + n % 900, timestamptz '2026-01-01' + n * interval '1 second' from generate_series(1, 2000) as n;

insert into analytics_events (customer, sequence, token, written_at)
select 'seed-' || (n % 20 + 1), n, 'seed-event-' || n, timestamptz '2026-01-01' + n * interval '1 second' from generate_series(1, 2000) as n;

insert into admin_settings (customer, sequence, token, written_at)
select 'seed-' || (n % 20 + 1), n, 'seed-setting-' || n, timestamptz '2026-01-01' + n * interval '1 second' from generate_series(1, 200) as n;

-- The stand-in's login writes; the observer's reads statistics, the probed tables and the heartbeat, and can write nothing.
grant select, insert, update, delete on customers, api_records, payments, analytics_events, admin_settings to erlmcp;
grant pg_read_all_stats to dr_observer;
grant select on customers, api_records, payments, analytics_events, admin_settings, dr_heartbeat to dr_observer;
alter role dr_observer set default_transaction_read_only = on;
