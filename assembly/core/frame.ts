// Page frames: what pipes keep their bytes in. A frame is counted by the slots that show it.

import { machine } from "./machine";
import { FRAMES } from "./memory";
import { FRAME_POOL, pool } from "./pool";

@unmanaged
class FrameUse {
  count: u32;
}

/** Takes an empty frame. The caller has made sure that one is left (`framesLeft`). */
export function takeFrame(): u32 {
  const frames = pool(FRAME_POOL);
  const frame = frames.take();
  assert(frame < frames.capacity, "no frame left");
  changetype<FrameUse>(frames.address(frame)).count = 1;
  return frame;
}

export function hasFrame(): bool {
  return !pool(FRAME_POOL).isFull();
}

/** Counts one more slot that shows a frame. */
export function shareFrame(frame: u32): void {
  changetype<FrameUse>(pool(FRAME_POOL).address(frame)).count++;
}

/** Whether more than one slot shows a frame. */
export function isShared(frame: u32): bool {
  return changetype<FrameUse>(pool(FRAME_POOL).address(frame)).count > 1;
}

/** Gives up one use of a frame whose bytes have been consumed by this user. The last one's are all zeroed. */
export function releaseFrame(frame: u32): void {
  const frames = pool(FRAME_POOL);
  const use = changetype<FrameUse>(frames.address(frame));
  if (use.count > 1) use.count--;
  else frames.free(frame);
}

/** The address of a frame's bytes. */
export function frameBytes(frame: u32): usize {
  return FRAMES + frame * machine.pageSize;
}
