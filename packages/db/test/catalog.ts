import type pg from 'pg'

/** What the drizzle schema can express of a database, one line each, sorted: two databases are alike when the lines are. */
export async function describeCatalog(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ line: string }>(`
    with relation as (
      select oid, relname from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'schema_migrations'
    )
    select format('table %s', relname) as line from relation
    union all
    select format('column %s.%s %s%s%s%s%s collation %s', relname, attname, format_type(atttypid, atttypmod),
      case when attnotnull then ' not null' end,
      ' default ' || pg_get_expr(adbin, adrelid),
      case when attidentity <> '' then ' identity ' || attidentity::text end,
      case when attgenerated <> '' then ' generated ' || attgenerated::text end,
      coalesce((select collname from pg_collation c where c.oid = attcollation), 'none'))
    from relation join pg_attribute a on attrelid = relation.oid
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attnum > 0 and not attisdropped
    union all
    select format('constraint %s on %s: %s', conname, relname, pg_get_constraintdef(c.oid))
    from relation join pg_constraint c on conrelid = relation.oid
    where contype <> 'n' -- NOT NULL stands with its column; since PostgreSQL 18 it is a named constraint too
    union all
    select format('index %s', pg_get_indexdef(indexrelid)) from relation join pg_index on indrelid = relation.oid
    union all
    select format('enum %s: %s', typname, string_agg(enumlabel, ', ' order by enumsortorder))
    from pg_type join pg_enum on enumtypid = pg_type.oid
    where typnamespace = 'public'::regnamespace group by typname
    union all
    select format('sequence %s %s', relname, format_type(seqtypid, null))
    from pg_sequence join pg_class on pg_class.oid = seqrelid where relnamespace = 'public'::regnamespace
    order by line`)
  return rows.map((row) => row.line)
}
