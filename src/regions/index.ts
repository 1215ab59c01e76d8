/** Regions of shared memory whose content is checked, or sealed: the entry `linux-ipc/regions`. */
export { CheckedRegion } from "./checked-region.js";
export { RegionError, type RegionErrorCode } from "./errors.js";
export { Region, RegionContent, type RegionOptions } from "./region.js";
export { SealedRegion, type SealedRegionOptions } from "./sealed-region.js";
