/** The store could not be asked; asked again later it may well answer. */
export class StoreAwayError extends Error {
  readonly code = 'storeAway'
  readonly hint = 'Look whether the store of OBJECT_STORE_URL runs and can be reached'

  constructor(cause: unknown) {
    super('the store could not be asked', { cause })
    this.name = 'StoreAwayError'
  }
}
