'use client'
export function FleetScreen() {
  return <h1>Fleet</h1>
}
