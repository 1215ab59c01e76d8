/** The environment variable that tells a campaign's process that it has namespaces of its own: "1". */
export const ISOLATED = "LINUX_IPC_ISOLATED";
