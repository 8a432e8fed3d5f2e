import { type Measured, sumUp } from '@rushes/test-kit'

/** Prints a measurement as the line of JSON that whoever runs benches reads. */
export function tell(measured: Measured): void {
  console.log(JSON.stringify(sumUp(measured)))
}
