import type { Migration } from './migrate.ts'

/** What this package keeps in a database. PostgreSQL 15 must understand all of it. */
export const migrations: readonly Migration[] = [
  {
    name: 'tributary-001-outbox',
    sql: `
      create table tributary_outbox (
        seq bigint generated always as identity primary key,
        lane bigint not null,
        id text not null,
        type text not null,
        topic text not null,
        key bytea,
        value bytea not null,
        headers jsonb not null,
        event_time timestamptz(3) not null,
        created_at timestamptz not null default clock_timestamp(),
        published_at timestamptz
      );
      create index tributary_outbox_unpublished on tributary_outbox (seq) where published_at is null;
      create index tributary_outbox_published on tributary_outbox (published_at) where published_at is not null;
      create table tributary_outbox_hold (
        lane bigint primary key,
        holder uuid,
        until timestamptz not null,
        attempts integer not null default 0,
        last_error text
      );
      comment on column tributary_outbox.lane is 'Hash of topic and key: rows of one lane are published one after another, by one relay at a time.';
      comment on table tributary_outbox_hold is 'Lanes that a relay works on (holder) or that wait after a failure (attempts, last_error), until then.';
    `,
  },
  {
    name: 'tributary-002-inbox',
    sql: `
      create table tributary_inbox (
        consumer_group text not null,
        event_source text not null,
        event_id text not null,
        processed_at timestamptz not null default clock_timestamp(),
        primary key (consumer_group, event_source, event_id)
      );
      create index tributary_inbox_processed on tributary_inbox (processed_at);
    `,
  },
]
