/**
 * Goal: whatever goes wrong in a failover, in whatever order, the safety rules hold. Method: random schedules of faults, votes, dying workers and clock jumps against the real workflows on a
 * simulated server and a model of who may write; fast-check shrinks a schedule that breaks a rule (random-schedules.ts).
 */
import { regionalFailover } from '../driven/regional-failover.ts';
import { breaksNoRule } from './random-schedules.ts';

breaksNoRule(regionalFailover, ['aborted', 'failed', 'recovered', 'recovered with exceptions', 'stood down']);
