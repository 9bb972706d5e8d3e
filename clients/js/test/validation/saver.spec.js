// The conformance suite of LangGraph's checkpointers, as it is. SPDX-License-Identifier: Apache-2.0
import { validate } from "@langchain/langgraph-checkpoint-validation";
import { KeelsonSaver } from "../../src/index.js";

validate({
  checkpointerName: "keelson",
  createCheckpointer: () => new KeelsonSaver({ baseUrl: process.env.KEELSON_URL, apiKey: process.env.KEELSON_KEY }),
  // The suite wants a checkpointer that begins empty; the server stays.
  async destroyCheckpointer(saver) {
    const threads = new Set();
    for await (const { config } of saver.list({ configurable: {} })) threads.add(config.configurable.thread_id);
    await saver.prune([...threads], { strategy: "delete" });
  },
});
