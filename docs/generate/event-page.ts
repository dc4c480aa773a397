/** The reference page of the events that leave the system. */
import { eventTypes, sourceOf } from '../../report/events.ts';
import { table } from '../../report/markdown.ts';
import { code, page } from './page.ts';

export function eventPage(): string {
  const rows = Object.values(eventTypes).map(({ type, subject, data, meaning }) => [code(type), subject, data, meaning]);
  return page(
    'Events',
    `What leaves the system for machines is a [CloudEvent](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) 1.0. Its \`source\` is ${code(
      decodeURIComponent(sourceOf('<estate>', '<workflow id>')),
    )}; source and \`id\` together are the same whenever the same event is sent or exported again, so a receiver that has them already leaves a repeat.

- The worker posts ${code(eventTypes.serviceMoved.type)} to the plan's \`estate.monitoring.url\`, in structured mode (\`application/cloudevents+json\`). Its id is made from the execution and its epoch. Where a GET gives back the data of the last event, the step reads it back.
- \`dr report --cloudevents FILE\` writes the others as a JSON batch (\`application/cloudevents-batch+json\`), in the order of their times, from the report alone. Their ids are made from the run's start and from what happened. A run that is still open has no end among them; exported again later it gives the same events and those that came since. A vote that became void, or a failed step that people skipped later, is another event than before.`,
    [`## Types\n\n${table(['Type', 'Subject', 'Data', 'Meaning'], rows)}`],
  );
}
