/** Dates and times of day as ISO 8601 text. Whole numbers throughout: `Date` covers a smaller range than Avro, and always has a time zone. */

const DATE = /^(\d{4}|[+-]\d{6,})-(\d{2})-(\d{2})$/
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?$/

const DAYS_PER_ERA = 146_097
/** From 0000-03-01, where the arithmetic starts, to 1970-01-01. */
const DAYS_BEFORE_EPOCH = 719_468

/** The day, counted from 1970-01-01, of `YYYY-MM-DD`; null when it is not a day of the Gregorian calendar. */
export function daysFromDate(text: string): number | null {
  const match = DATE.exec(text)
  if (match === null) return null
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const days = daysFromCivil(year, month, day)
  // A 30th of February comes out as another day, so the way back tells.
  return dateFromDays(days) === text ? days : null
}

/** `YYYY-MM-DD`; years outside 0000–9999 have a sign and at least six digits. */
export function dateFromDays(days: number): string {
  const shifted = days + DAYS_BEFORE_EPOCH
  const era = Math.floor(shifted / DAYS_PER_ERA)
  const dayOfEra = shifted - era * DAYS_PER_ERA
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  // Years begin in March here, which puts the leap day at their end.
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${yearText(year)}-${padded(month, 2)}-${padded(day, 2)}`
}

/** Units since midnight of `HH:MM[:SS[.fraction]]`; null when it is not a time of day, or finer than `fractionDigits`. */
export function timeFromText(text: string, fractionDigits: number): number | null {
  const match = TIME.exec(text)
  if (match === null) return null
  const [hours, minutes, seconds, fraction] = [
    Number(match[1]),
    Number(match[2]),
    Number(match[3] ?? 0),
    match[4] ?? '',
  ]
  if (hours > 23 || minutes > 59 || seconds > 59 || fraction.length > fractionDigits) return null
  return (hours * 3600 + minutes * 60 + seconds) * 10 ** fractionDigits + Number(fraction.padEnd(fractionDigits, '0'))
}

/** `HH:MM:SS.fraction`, always with all its digits. */
export function textFromTime(units: number, fractionDigits: number): string {
  const perSecond = 10 ** fractionDigits
  const seconds = Math.floor(units / perSecond)
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return `${clock.map((part) => padded(part, 2)).join(':')}.${padded(units % perSecond, fractionDigits)}`
}

/** Units since 1970-01-01T00:00 of `YYYY-MM-DDTHH:MM[:SS[.fraction]]`; null when it is not that. */
export function unitsFromLocal(text: string, fractionDigits: number): bigint | null {
  const [date, time, ...more] = text.split('T')
  if (date === undefined || time === undefined || more.length > 0) return null
  const days = daysFromDate(date)
  const units = timeFromText(time, fractionDigits)
  return days === null || units === null ? null : BigInt(days) * unitsPerDay(fractionDigits) + BigInt(units)
}

export function localFromUnits(units: bigint, fractionDigits: number): string {
  const perDay = unitsPerDay(fractionDigits)
  const timeOfDay = ((units % perDay) + perDay) % perDay
  const days = (units - timeOfDay) / perDay
  return `${dateFromDays(Number(days))}T${textFromTime(Number(timeOfDay), fractionDigits)}`
}

function daysFromCivil(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year
  const era = Math.floor(shiftedYear / 400)
  const yearOfEra = shiftedYear - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * DAYS_PER_ERA + dayOfEra - DAYS_BEFORE_EPOCH
}

function unitsPerDay(fractionDigits: number): bigint {
  return 86_400n * 10n ** BigInt(fractionDigits)
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return padded(year, 4)
  return `${year < 0 ? '-' : '+'}${padded(Math.abs(year), 6)}`
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
