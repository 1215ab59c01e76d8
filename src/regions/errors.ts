// What is wrong with a region. Content that is not whole is never given.

export type RegionErrorCode = "ERR_REGION_DAMAGED" | "ERR_REGION_STALE" | "ERR_REGION_BUSY";

/** A region that could not be read or written. */
export class RegionError extends Error {
  override readonly name = "RegionError";

  constructor(
    /**
     * ERR_REGION_DAMAGED: the newest content fails its check · ERR_REGION_STALE: older content than was there before ·
     * ERR_REGION_BUSY: it was written to all the time, or is being written to by the same object
     */
    readonly code: RegionErrorCode,
    message: string,
  ) {
    super(message);
  }
}
