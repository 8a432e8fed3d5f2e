import fc from 'fast-check'

/** Texts that break out of paths, headers, statements, encodings and terminals, or try to. */
export const text = fc.oneof(
  fc.constantFrom('a.mp4', '.mp4', 'video/mp4', '', '.', '..', 'CON', 'nul.mp4', 'a.'),
  fc.constantFrom(
    '../../../etc/passwd',
    '..\\..\\x',
    '/etc/passwd',
    '%2e%2e%2f',
    'a/b/../../c',
    '~root',
    'file:///etc/passwd',
  ),
  fc.constantFrom('\0', 'a\0b.mp4', 'a\r\nset-cookie: x=1', '\u202egpm.exe', '\ufeff', '\ud800', '\udfff.mp4'),
  fc.constantFrom('e\u0301.mp4', '\u00e9.mp4', '\u1100\u1161\u11a8', '\ufdfa', '\u{1f39e}\ufe0f.mov', '\u2028'),
  fc.constantFrom("'; drop table assets; --", '$1', '\\x00', '{{7*7}}', '<script>', '%s%n', '__proto__', 'constructor'),
  fc.constantFrom('x'.repeat(255), 'x'.repeat(4_096), `${'\u00e9'.repeat(3_000)}.mp4`, '{"a":'.repeat(300)),
  fc.string({ unit: 'binary', maxLength: 60 }),
)

/** Numbers at, beside and beyond every limit there is. */
export const number = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 0.5, 1.5, -0.1, 1e-300, 1e300, -1e300),
  fc.constantFrom(5, 100, 1_000, 5_242_879, 5_242_880, 5_242_881, 21_136_250),
  fc.constantFrom(9_999, 10_000, 10_001, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63),
  fc.constantFrom(5_368_709_120, 5_368_709_121, 5_497_558_138_880, 5_497_558_138_881),
  fc.integer(),
  fc.double({ noNaN: true }),
)

export const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  number,
  text,
  fc.array(fc.oneof(number, text), { maxLength: 3 }),
  fc.dictionary(text, fc.oneof(number, text), { maxKeys: 3 }),
)

/** Mostly of the right kind, at times missing, at times anything at all. */
export const mostly = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 6, arbitrary },
    { weight: 1, arbitrary: anything },
    { weight: 1, arbitrary: fc.constant(undefined) },
  )

/** A piece of a path or query, as a client writes it: encoded rightly, or raw where a request line can hold it. */
export const piece = text.map((value) => encodeURIComponent(value.toWellFormed()))
