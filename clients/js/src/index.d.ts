// SPDX-License-Identifier: Apache-2.0
import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import type {
  BaseCheckpointSaver, ChannelVersions, Checkpoint, CheckpointListOptions, CheckpointMetadata, CheckpointTuple, PendingWrite, SerializerProtocol,
} from "@langchain/langgraph-checkpoint";

export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
/** Your own columns appear here once a migration has added them. */
export interface OwnColumns {
  [column: string]: any;
}

/** What every object carries. */
export interface Stored extends OwnColumns {
  id: string;
  version: number;
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
  purge_after: string | null;
}

export type CandidateStatus = "new" | "screening" | "interviewing" | "assessed" | "offer" | "hired" | "rejected" | "withdrawn" | "archived";
export interface CandidateInput extends OwnColumns {
  full_name: string;
  given_name?: string | null;
  family_name?: string | null;
  email?: string | null;
  phone?: string | null;
  locale?: string | null;
  timezone?: string | null;
  country?: string | null;
  headline?: string | null;
  source?: string | null;
  external_ref?: string | null;
  tags?: string[];
  status?: CandidateStatus;
  metadata?: Record<string, any>;
}
export type Candidate = Stored & CandidateInput & { tags: string[]; status: CandidateStatus; metadata: Record<string, any> };

export interface ResumeInput extends OwnColumns {
  candidate_id: string;
  is_current?: boolean;
  source?: "upload" | "email" | "linkedin" | "ats" | "form" | "generated";
  parse_status?: "pending" | "parsing" | "parsed" | "failed" | "skipped";
  /** A JSON Resume document. */
  parsed?: Record<string, any> | null;
  raw_text?: string | null;
  language?: string | null;
  skills?: string[];
}
export type Resume = Stored & ResumeInput & { version_no: number; file_media_type: string | null; file_bytes: number | null };

export type InterviewStatus =
  "draft" | "scheduled" | "invited" | "in_progress" | "awaiting_review" | "completed" | "cancelled" | "no_show" | "expired";
export interface InterviewInput extends OwnColumns {
  candidate_id: string;
  title: string;
  kind?: "ai_text" | "ai_voice" | "ai_video" | "human" | "human_ai_assisted" | "take_home";
  round?: number;
  language?: string;
  external_ref?: string | null;
  status?: InterviewStatus;
  scheduled_start?: string | null;
  scheduled_end?: string | null;
  expires_at?: string | null;
  plan?: Record<string, any>;
  metadata?: Record<string, any>;
}
export type Interview = Stored & InterviewInput & { status: InterviewStatus };

export type SessionStatus = "created" | "active" | "paused" | "completed" | "abandoned" | "failed" | "terminated";
export interface SessionInput extends OwnColumns {
  interview_id: string;
  attempt?: number;
  status?: SessionStatus;
  thread_id?: string | null;
  client?: Record<string, any>;
  metadata?: Record<string, any>;
}
export type Session = Stored & SessionInput & { attempt: number; status: SessionStatus; last_seq: number; message_count: number };

export type Role = "system" | "developer" | "user" | "assistant" | "tool" | "function" | "observer";
export interface MessageInput extends OwnColumns {
  role: Role;
  content?: string | null;
  content_parts?: any[] | null;
  name?: string | null;
  tool_calls?: any[] | null;
  tool_call_id?: string | null;
  status?: "streaming" | "complete" | "incomplete" | "error";
  /** Unique within the session: repeating it returns what was stored first. Made for you when left out. */
  client_message_id?: string | null;
  occurred_at?: string;
  metadata?: Record<string, any>;
}
export interface Message extends MessageInput {
  id: string;
  session_id: string;
  interview_id: string;
  seq: number;
  event_no: number;
  superseded_by: number | null;
  redacted_at: string | null;
  created_at: string;
}

export interface AssessmentInput extends OwnColumns {
  interview_id: string;
  session_id?: string | null;
  assessor_kind: "ai" | "human" | "hybrid";
  assessor_name?: string | null;
  recommendation?: "definitely_not" | "no" | "mixed" | "yes" | "strong_yes" | "no_decision" | null;
  overall_score?: number | null;
  confidence?: number | null;
  summary?: string | null;
  evidence?: any[];
  details?: Record<string, any>;
  scores?: any[];
}
export type AssessmentStatus = "draft" | "submitted" | "under_review" | "approved" | "overridden" | "rejected" | "voided";
export type Assessment = Stored & AssessmentInput & { status: AssessmentStatus };

export interface CallOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
}
export interface Page<T> {
  items: T[];
  next: string | null;
  prev: string | null;
  count?: number;
}
/** Await it for one page, iterate it for everything. */
export interface List<T> extends PromiseLike<Page<T>>, AsyncIterable<T> {
  pages(): AsyncIterableIterator<Page<T>>;
  all(): Promise<T[]>;
  catch<R>(reject: (reason: unknown) => R): Promise<Page<T> | R>;
  finally(done: () => void): Promise<Page<T>>;
}

type Scalar = string | number | boolean | Date;
export type Operators = Partial<Record<"eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "like", Scalar>> & {
  in?: Scalar[];
  is?: null | boolean | "not_null";
  cs?: Json;
};
export interface ListOptions extends CallOptions {
  /** { status: "new" } is equality, { created_at: { gte, lt } } names operators, an array is `in`, `cs` is containment. */
  where?: Record<string, Scalar | null | Scalar[] | Operators | undefined>;
  /** "created_at.desc,id" */
  order?: string;
  limit?: number;
  cursor?: string;
  fields?: string[];
  include?: "trash";
  count?: "none" | "estimated" | "exact";
}
export interface GetOptions extends CallOptions {
  fields?: string[];
  include?: "trash";
}
export interface WriteOptions extends CallOptions {
  /** Makes the call safe to repeat; it is then repeated when the server is overloaded or cannot be reached. */
  idempotencyKey?: string;
}
export interface ChangeOptions extends WriteOptions {
  /** Instead of the version the object was read at; "*" overwrites whatever is there. */
  ifMatch?: string;
}
type Id = string | { id: string };
type Read = { id: string; version?: number };

export interface Resource<T> {
  readonly name: string;
  get(id: string, options?: GetOptions): Promise<T>;
  list(options?: ListOptions): List<T>;
}
export interface WritableResource<T, Input> extends Resource<T> {
  create(object: Input, options?: WriteOptions): Promise<T>;
  /** All or none of up to 1,000 objects; they come back in the order given. */
  createMany(objects: Iterable<Input>, options?: WriteOptions): Promise<T[]>;
  /** Merge patch: null removes a member. Refused (412) when somebody changed the object since it was read. */
  update(object: Read, patch: { [K in keyof Input]?: Input[K] | null }, options?: ChangeOptions): Promise<T>;
  update(id: string, patch: { [K in keyof Input]?: Input[K] | null }, options: ChangeOptions & { ifMatch: string }): Promise<T>;
  /** To the trash, with everything below it. */
  delete(object: Id, options?: CallOptions & { ifMatch?: string }): Promise<void>;
  restore(object: Id, options?: WriteOptions): Promise<T>;
  transition(object: Id, to: string, options?: WriteOptions & { reason?: string }): Promise<T>;
}

export interface Resumes extends WritableResource<Resume, ResumeInput> {
  putFile(
    resume: Id,
    data: Blob | ArrayBuffer | ArrayBufferView | string,
    options?: CallOptions & { type?: string; fileName?: string },
  ): Promise<any>;
  getFile(resume: Id, options?: CallOptions & { range?: string }): Promise<{ bytes: Uint8Array; type?: string; digest?: string; etag?: string }>;
}

export interface MemoryDocument {
  document: any;
  /** Pass it back as ifMatch. */
  etag?: string;
  throughSeq?: number;
}
export interface Memory {
  get(session: Id, options?: CallOptions): Promise<MemoryDocument>;
  /** Without ifMatch only where nothing was written before; "*" overwrites. */
  put(session: Id, document: object, options?: CallOptions & { ifMatch?: string; throughSeq?: number }): Promise<MemoryDocument>;
  patch(session: Id, patch: object, options: CallOptions & { ifMatch: string; throughSeq?: number }): Promise<MemoryDocument>;
}

export interface WindowOptions extends CallOptions {
  afterSeq?: number;
  beforeSeq?: number;
  tail?: number;
  role?: Role;
  maxTokens?: number;
  format?: "keelson" | "langchain-js" | "langchain-py" | "openai" | "ai-sdk";
  limit?: number;
  cursor?: string;
}
export interface Sessions extends WritableResource<Session, SessionInput> {
  readonly memory: Memory;
  /** All or none; safe to repeat, and repeated when the server is overloaded or cannot be reached. */
  append(
    session: Id,
    messages: MessageInput | MessageInput[],
    options?: CallOptions & { expectLastSeq?: number },
  ): Promise<{ items: Message[]; last_seq: number }>;
  messages(session: Id, options?: WindowOptions): List<Message>;
}

export interface ClientOptions {
  /** Default http://127.0.0.1:8080 */
  baseUrl?: string;
  apiKey?: string;
  fetch?: typeof globalThis.fetch;
  /** For one attempt; default 30,000. */
  timeoutMs?: number;
  /** Further attempts of calls that are safe to repeat; default 4. */
  maxRetries?: number;
}

export interface Conversation {
  candidateId: string;
  interviewId: string;
  sessionId: string;
  candidate: Candidate | { id: string };
  interview: Interview | { id: string };
  session: Session | { id: string };
}

export class KeelsonClient {
  constructor(options?: ClientOptions);
  readonly candidates: WritableResource<Candidate, CandidateInput>;
  readonly resumes: Resumes;
  readonly interviews: WritableResource<Interview, InterviewInput>;
  readonly sessions: Sessions;
  readonly messages: Resource<Message>;
  readonly assessments: WritableResource<Assessment, AssessmentInput>;
  /** A resource of your own tables. */
  resource<T = any, Input = any>(name: string): WritableResource<T, Input>;
  /** A candidate, an interview and a session in three calls; an object with an `id` is used as it is. */
  startConversation(
    parts: { candidate: CandidateInput | { id: string }; interview?: Partial<InterviewInput>; session?: Partial<SessionInput> },
    options?: CallOptions,
  ): Promise<Conversation>;
  request(
    method: string,
    path: string,
    options?: CallOptions & { query?: Record<string, unknown>; json?: unknown; headers?: Record<string, string>; safe?: boolean },
  ): Promise<any>;
}

export class KeelsonError extends Error {
  /** 0: no answer arrived. */
  readonly status: number;
  /** The slug of the problem ("stale-version", ...), or "network", "timeout". */
  readonly code: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors: { pointer: string; code: string; message: string }[];
  readonly problem?: Record<string, any>;
  readonly requestId?: string;
  readonly retryable: boolean;
  /** Seconds. */
  readonly retryAfter?: number;
}

export interface HistoryOptions extends ClientOptions {
  /** Must exist: KeelsonClient.startConversation() makes one. */
  sessionId: string;
  /** Shared instead of one of its own. */
  client?: KeelsonClient;
}
export class KeelsonChatMessageHistory extends BaseListChatMessageHistory {
  constructor(options: HistoryOptions);
  lc_namespace: string[];
  readonly sessionId: string;
  readonly client: KeelsonClient;
  getMessages(): Promise<BaseMessage[]>;
  addMessage(message: BaseMessage): Promise<void>;
  addMessages(messages: BaseMessage[]): Promise<void>;
  /** Begin anew; nothing is deleted. */
  clear(): Promise<void>;
}

/** The thread has moved on since this run read it: nothing was stored, begin the run again. */
export class StaleCheckpointError extends KeelsonError {
  newestCheckpointId: string | undefined;
}

export interface KeelsonSaverOptions extends ClientOptions {
  client?: KeelsonClient;
  serde?: SerializerProtocol;
}
/** A checkpointer for LangGraph. Turns at once on one thread cannot lose each other: who was overtaken gets a StaleCheckpointError. */
export class KeelsonSaver extends BaseCheckpointSaver {
  readonly client: KeelsonClient;
  constructor(options?: KeelsonSaverOptions);
  getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined>;
  list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple>;
  put(config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, newVersions: ChannelVersions): Promise<RunnableConfig>;
  putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string, taskPath?: string): Promise<void>;
  deleteThread(threadId: string): Promise<void>;
  /** Of each namespace of these threads only the newest checkpoint is kept; "delete": nothing. */
  prune(threadIds: string[], options?: { strategy?: "keep_latest" | "delete" }): Promise<void>;
  copyThread(from: string, to: string): Promise<void>;
  deleteForRuns(runIds: string[]): Promise<void>;
}
