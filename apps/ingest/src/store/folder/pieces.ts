/** What bytes are gathered in on their way to a file: pieces of memory that begin where a page does, used again and again. */
export type Pieces = {
  take(): Piece
  giveBack(piece: Piece): void
}
export type Piece = Uint8Array<ArrayBuffer>

/** What is asked of it here; Node's types do not tell of it. */
declare const WebAssembly: { Memory: new (pages: { initial: number; maximum: number }) => { buffer: ArrayBuffer } }

/** A multiple of every block and page size that is in use, and what sockets are read by. */
export const pieceBytes = 64 * 1024
/** How many come at a time; what is not in use yet takes no memory. */
const regionPieces = 512

/** There are as many as were ever out at once. */
export function createPieces(): Pieces {
  const free: Piece[] = []
  return {
    take() {
      const piece = free.pop()
      if (piece !== undefined) return piece
      // The one kind of memory whose beginning lies on a page, which the system asks for where it is to write from it directly.
      const { buffer } = new WebAssembly.Memory({ initial: regionPieces, maximum: regionPieces })
      for (let nth = regionPieces - 1; nth > 0; nth--) free.push(new Uint8Array(buffer, nth * pieceBytes, pieceBytes))
      return new Uint8Array(buffer, 0, pieceBytes)
    },
    giveBack: (piece) => void free.push(piece),
  }
}
