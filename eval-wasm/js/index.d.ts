/** What the engine refused, and why. */
export class EngineError extends Error {
  readonly code: 'tooLarge' | 'unreadable' | 'newerFormat' | 'noSuchHandle' | 'noSuchFlag' | 'unknown';
}

export interface TargetOptions {
  identifier: string;
  /** The identifier by default. */
  name?: string;
  anonymous?: boolean;
  attributes?: Record<string, unknown>;
}

/** Whom flags are evaluated for. */
export class Target {
  constructor(options: TargetOptions);
  /** From JSON text, which keeps digits of numbers that JavaScript would round. */
  static fromJson(json: string): Target;
}

export type Reason =
  | 'flagMissing' | 'kindMismatch' | 'unsound' | 'prerequisiteUnmet' | 'off'
  | 'targetMatch' | 'ruleMatch' | 'ruleRollout' | 'defaultServe' | 'defaultRollout';

/** One flag's answer for one target. Frozen, and the same object for the same answer. */
export interface Evaluation {
  readonly flag: string;
  readonly kind: 'boolean' | 'int' | 'string' | 'json';
  /** The variation's identifier. */
  readonly identifier: string;
  /** Of the flag's kind; undefined if the text is not. */
  readonly value: unknown;
  readonly text: string;
  readonly reason: Reason;
}

/** Every check of an evaluation, in order. */
export interface Explanation {
  flag: string;
  version: number;
  target: string;
  reason: Reason;
  variation: { identifier: string; name: string; value: string } | null;
  steps: unknown[];
}

/** One environment at one version. */
export class Environment {
  /** Throws an EngineError if the snapshot is too large, unreadable, or of a newer format. */
  constructor(module: WebAssembly.Module, snapshot: string | Uint8Array);
  readonly version: number;
  readonly flagCount: number;
  /** Undefined if there is no such flag, or no value. */
  evaluate(flag: string, target: Target): Evaluation | undefined;
  value<T>(flag: string, target: Target, otherwise: T): T;
  /** All flags that have a value, in the order of their identifiers. */
  evaluateAll(target: Target): Evaluation[];
  /** The JSON text that client SDKs are sent. */
  evaluateAllJson(target: Target): string;
  evaluateJson(flag: string, target: Target): string | undefined;
  explain(flag: string, target: Target): Explanation | undefined;
  /** Gives the target's memory back now instead of when it is collected. */
  free(target: Target): void;
}

export interface ClientOptions {
  /** Where the server is, for example `https://flags.example.com`. */
  url: string;
  /** A server key: it reads rules. */
  key: string;
  /** Milliseconds between two questions for news; 60,000 by default, at least 1,000. */
  pollMs?: number;
  /** Told of each new version. */
  onChange?: (version: number) => void;
  /** Told of each failure; the client goes on with what it has and asks again. */
  onError?: (error: Error) => void;
  fetch?: typeof fetch;
}

/** Keeps one environment fresh. */
export class Client {
  constructor(options: ClientOptions);
  /** Undefined before it is ready. */
  readonly environment: Environment | undefined;
  /** When the first snapshot is there. Never rejects. */
  ready(): Promise<void>;
  evaluate(flag: string, target: Target): Evaluation | undefined;
  value<T>(flag: string, target: Target, otherwise: T): T;
  close(): void;
}

/** The engine's module, compiled. */
export function loadModule(): Promise<WebAssembly.Module>;
