/** Both sides of a poster stay within this. */
const maxSide = 640

/** How large the poster of a picture is: within the bounds, in its shape, never larger than it, of even sides. */
export function posterSize(picture: { width: number; height: number }): { width: number; height: number } {
  const scale = Math.min(1, maxSide / Math.max(picture.width, picture.height))
  const even = (side: number) => Math.max(2, Math.round((side * scale) / 2) * 2)
  return { width: even(picture.width), height: even(picture.height) }
}
