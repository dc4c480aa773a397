/** What every benchmark in the lab is about: which site fails, and where it is recovered. */
import type { LabSite } from '../lab/addresses.ts';

export const failedSite: LabSite = 'us-east-1';
export const targetSite: LabSite = 'eu-central-1';
export const thirdSite: LabSite = 'ap-southeast-1';
