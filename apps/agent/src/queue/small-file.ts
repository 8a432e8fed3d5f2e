/** Files up to this size go before larger ones, and more of them are sent at once. The smallest size that a part of several may have. */
export const smallFileMaxBytes = 5_242_880
