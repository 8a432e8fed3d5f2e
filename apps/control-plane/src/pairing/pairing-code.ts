/** How many digits a device shows. */
export const codeLength = 6

/** The digits of what somebody typed or pasted, at most as many as a code has: `123 456`, `123-456`, `Code: 123456`. */
export const digitsOf = (text: string): string => text.replaceAll(/\D/g, '').slice(0, codeLength)
