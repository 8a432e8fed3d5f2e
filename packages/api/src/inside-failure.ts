/** All that anybody outside hears of a failure that no verb foresaw: its own words may hold statements, values or addresses. */
export const insideFailure = 'Something went wrong on the server.'

/** The message of an error as it may be sent. */
export function outsideMessage(shape: { message: string; data: { code: string } }): string {
  return shape.data.code === 'INTERNAL_SERVER_ERROR' ? insideFailure : shape.message
}
