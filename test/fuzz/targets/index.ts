import type { PlanTarget, Target } from '../target.ts';
import { targets as certificates } from './certificates.ts';
import { targets as conversations } from './conversations.ts';
import { targets as messages } from './messages.ts';
import { byteTargets, planTargets } from './orders.ts';
import { targets as records } from './records.ts';
import { targets as secrets } from './secrets.ts';

/** Everything that takes bytes from outside, from the wire inwards. */
export const targets: readonly (Target | PlanTarget)[] = [
  ...byteTargets,
  ...planTargets,
  ...conversations,
  ...records,
  ...messages,
  ...certificates,
  ...secrets,
];
