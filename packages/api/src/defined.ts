/** Drops keys whose value is undefined: zod's optional keys may carry it, the inputs of verbs do not. */
export function defined<Input extends Record<string, unknown>>(input: Input): Defined<Input> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Defined<Input>
}

export type Defined<Input> = { [Key in keyof Input]: Exclude<Input[Key], undefined> }
