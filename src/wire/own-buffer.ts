/** A Buffer whose memory nobody shares. The types of Node tell what a Buffer is over only where TypeScript is 5.7 or later. */
export type OwnBuffer = ReturnType<typeof Buffer.alloc>;
