import { kinds, type Representation } from './representation.ts'
import type { AnnotatedSchema, FixedSchema } from './schema.ts'

type Annotated = AnnotatedSchema | FixedSchema

/** The types that each known logical type may stand on. Others are ignored, as the Avro specification asks. */
const BASES: ReadonlyMap<string, readonly string[]> = new Map([
  ['decimal', ['bytes', 'fixed']],
  ['uuid', ['string', 'fixed']],
  ['date', ['int']],
  ['time-millis', ['int']],
  ['time-micros', ['long']],
  ['timestamp-millis', ['long']],
  ['timestamp-micros', ['long']],
  ['local-timestamp-millis', ['long']],
  ['local-timestamp-micros', ['long']],
])

/** Where an annotated type stands in the table of representations; only for annotations without a fault. */
export function representationOf(schema: Annotated): Representation {
  if (schema.logicalType !== undefined) {
    const annotated = `${schema.type}:${schema.logicalType}`
    if (isRepresentation(annotated)) return annotated
  }
  return schema.type === 'long' && schema.js === 'number' ? 'long:number' : schema.type
}

/** What is wrong with the annotation of a type; null when nothing is. */
export function logicalTypeFault(schema: Annotated): string | null {
  const { logicalType } = schema
  if ('js' in schema && schema.js !== undefined) {
    if (schema.type !== 'long') return `has js: '${schema.js}', which only a long may have`
    if (schema.js !== 'number' && schema.js !== 'bigint')
      return `has js: '${String(schema.js)}': it is 'bigint' or 'number'`
    if (logicalType !== undefined && BASES.has(logicalType)) return `has both js and the logical type ${logicalType}`
  }
  const bases = logicalType === undefined ? undefined : BASES.get(logicalType)
  if (bases === undefined) return null
  if (!bases.includes(schema.type))
    return `has the logical type ${logicalType} on ${schema.type}: it stands on ${bases.join(' or ')}`
  if (logicalType === 'decimal') return decimalFault(schema)
  if (logicalType === 'uuid' && schema.type === 'fixed' && schema.size !== 16)
    return `is a uuid of ${schema.size} bytes: it has 16`
  return null
}

function decimalFault(schema: Annotated): string | null {
  const { precision, scale = 0 } = schema
  if (precision === undefined || !Number.isInteger(precision) || precision < 1) {
    return 'is a decimal without a precision (how many digits it has)'
  }
  if (!Number.isInteger(scale) || scale < 0 || scale > precision) {
    return `is a decimal of scale ${scale}: it is a whole number from 0 to the precision (${precision})`
  }
  if (schema.type === 'fixed' && precision > digitsThatFit(schema.size)) {
    return `is a decimal of ${precision} digits in ${schema.size} bytes: they hold ${digitsThatFit(schema.size)}`
  }
  return null
}

/** Decimal digits that any number of so many digits needs, in two's complement. */
function digitsThatFit(bytes: number): number {
  return Math.floor(Math.log10(2) * (8 * bytes - 1))
}

function isRepresentation(key: string): key is Representation {
  return Object.hasOwn(kinds, key)
}
