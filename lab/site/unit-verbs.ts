/** What `systemctl` and the capacity command of a site may ask, with the answers and exit codes of the real ones. */
import { unit } from '../settings.ts';
import type { ServiceUnit } from './service.ts';

export interface UnitRequest {
  readonly verb: string;
  readonly unit?: string;
  readonly percent?: string;
}

export interface UnitAnswer {
  readonly code: number;
  readonly text: string;
}

const done: UnitAnswer = { code: 0, text: '' };

export async function answerUnit(service: ServiceUnit, request: UnitRequest): Promise<UnitAnswer> {
  if (request.verb === 'capacity-get') return { code: 0, text: String(service.capacity()) };
  if (request.verb === 'capacity-set') return setCapacity(service, request.percent);
  if (request.unit !== unit && request.unit !== `${unit}.service`) return { code: 5, text: `Unit ${request.unit} could not be found.` };
  switch (request.verb) {
    case 'start':
      return attempt(() => service.start());
    case 'stop':
      return attempt(() => service.stop());
    case 'enable':
    case 'disable':
      service.enable(request.verb === 'enable');
      return done;
    case 'is-active':
      return service.running() ? { code: 0, text: 'active' } : { code: 3, text: 'inactive' };
    case 'is-enabled':
      return service.enabled() ? { code: 0, text: 'enabled' } : { code: 1, text: 'disabled' };
    case 'status':
      return { code: service.running() ? 0 : 3, text: `${unit}.service: ${service.running() ? 'active (running)' : 'inactive (dead)'}` };
    default:
      return { code: 64, text: `Unknown command verb ${request.verb}.` };
  }
}

async function setCapacity(service: ServiceUnit, percent: string | undefined): Promise<UnitAnswer> {
  if (!/^\d{1,3}$/.test(percent ?? '') || Number(percent) > 100) return { code: 64, text: 'A capacity is a whole number of percent, 0 to 100.' };
  service.setCapacity(Number(percent));
  return done;
}

async function attempt(action: () => Promise<void>): Promise<UnitAnswer> {
  try {
    await action();
    return done;
  } catch (error) {
    return { code: 1, text: (error as Error).message };
  }
}
