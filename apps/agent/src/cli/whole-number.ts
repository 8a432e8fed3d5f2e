import { InvalidArgumentError } from 'commander'

/** The value of an option that counts something. */
export function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(value)
}
