// Who made an object that may be there already: IPC_CREAT and O_CREAT alone do not tell.
import { codeOf } from "./errors.js";

/**
 * Makes an object, or opens the one that is there.
 * @param create rejects with EEXIST if it is there
 * @param open rejects with ENOENT if it is not
 * @returns what was opened, and whether it was made here
 */
export async function createOrOpen<Opened>(
  create: () => Promise<Opened>,
  open: () => Promise<Opened>,
): Promise<{ readonly opened: Opened; readonly isCreated: boolean }> {
  for (;;) {
    try {
      return { opened: await create(), isCreated: true };
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    try {
      return { opened: await open(), isCreated: false };
    } catch (error) {
      // Somebody has removed it in between.
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
}
