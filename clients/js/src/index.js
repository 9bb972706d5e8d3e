// SPDX-License-Identifier: Apache-2.0
export { KeelsonClient } from "./client.js";
export { KeelsonError } from "./errors.js";
export { KeelsonChatMessageHistory } from "./history.js";
export { KeelsonSaver, StaleCheckpointError } from "./saver.js";
