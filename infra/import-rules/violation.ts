/** A breach of the import rules; `path` is from the top of the repository. */
export type Violation = { readonly rule: string; readonly path: string; readonly what: string }
