import { setFlagsFromString } from 'node:v8'

// Every 64 KiB that a socket reads are memory outside of the heap, and die at once. By default V8 goes through the whole heap for
// each 64 MB of such memory, which took more of the processor than the receiving of parts. With this flag that memory counts
// towards the limit of the heap, and the cheap collections of young objects free it long before.
setFlagsFromString('--external-memory-accounted-in-global-limit')
