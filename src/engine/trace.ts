import { alertName } from '../wire/alert.ts';
import { contentName, messageName } from '../wire/code-points.ts';
import type { Sink, TraceEntry } from './sink.ts';

// What a connection tells of what it sends and receives, if anybody wants to know (`Sink.trace`). Lengths are in bytes.

/** A record by its content type. */
export function traceRecord(sink: Sink, direction: TraceEntry['direction'], type: number, length: number): void {
  sink.trace?.({ direction, kind: 'record', name: contentName(type), length });
}

/** A handshake message by its type. */
export function traceMessage(sink: Sink, direction: TraceEntry['direction'], type: number, length: number): void {
  sink.trace?.({ direction, kind: 'message', name: messageName(type) ?? `type ${type}`, length });
}

/** An alert by its description, which an empty one has not. */
export function traceAlert(
  sink: Sink,
  direction: TraceEntry['direction'],
  description: number | undefined,
  length: number,
): void {
  sink.trace?.({ direction, kind: 'alert', name: alertName(description ?? -1) ?? `${description}`, length });
}
